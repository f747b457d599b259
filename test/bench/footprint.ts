/**
 * What an idle server of the cluster costs: memory "alone" and processor time per minute.
 *   alone = anonymous pages of all its processes, plus every file or shared mapping once (its
 *           most resident user): what the set takes on a machine of its own. PSS would be
 *           flattered by strangers that share the same libraries.
 * The echo program and the namespace's first process are the lab's, not ours, and are left out.
 * Source: proc(5), smaps; cgroup-v2.rst, cpu.stat.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bay } from "../lab/cabinet.ts";
import { pause, readProc } from "../lab/command.ts";
import { processesOf } from "../lab/server.ts";
import { groupPrograms } from "../lab/server-processes.ts";
import { type Row, round } from "./figures.ts";
import { openKagemusha } from "./kagemusha.ts";
import { SERVERS } from "./stack.ts";
import type { Tools } from "./tools.ts";

const ALONE_MAX_MIB = 100;
const CPU_MAX_S_PER_MIN = 2;
/** Young heaps are still being filled; look when the processes have settled. */
const SETTLE_MS = 15_000;
const KIB_PER_MIB = 1024;

export interface ProcessMemory {
  readonly name: string;
  readonly rssMib: number;
  readonly anonymousMib: number;
}

export interface Footprint {
  readonly setting: string;
  readonly server: string;
  readonly role: "owner" | "standby";
  readonly aloneMib: number;
  readonly rssMib: number;
  readonly cpuSPerMin: number;
  readonly processes: readonly ProcessMemory[];
}

export interface FootprintResult {
  readonly name: "footprint";
  readonly footprints: readonly Footprint[];
  readonly rows: readonly Row[];
}

export async function measureFootprint(
  tools: Tools,
  seconds: number,
  say: (line: string) => void,
): Promise<FootprintResult> {
  const footprints: Footprint[] = [];
  const settings = [
    { timeoutMs: 30_000, intervalMs: 3_000 },
    { timeoutMs: 1_000, intervalMs: 100 },
  ];
  for (const { timeoutMs, intervalMs } of settings) {
    const stack = await openKagemusha(tools, "com-disk", timeoutMs, intervalMs);
    try {
      const owner = await stack.owner();
      // The client would be load.
      await stack.probe.close();
      await pause(SETTLE_MS);
      const bays = SERVERS.map((server) => stack.cabinet.bay(server));
      const before = bays.map(cpuSeconds);
      await pause(seconds * 1000);
      for (const [index, bay] of bays.entries()) {
        const used = cpuSeconds(bay) - (before[index] ?? 0);
        const footprint: Footprint = {
          setting: stack.setting,
          server: bay.name,
          role: bay.name === owner ? "owner" : "standby",
          cpuSPerMin: Math.round((used * 60 * 1000) / seconds) / 1000,
          ...memoryOf(ownProcesses(bay)),
        };
        footprints.push(footprint);
        say(`footprint: ${JSON.stringify(footprint)}`);
      }
    } finally {
      await stack.close();
    }
  }
  return { name: "footprint", footprints, rows: footprints.flatMap(rowsOf) };
}

function rowsOf(footprint: Footprint): Row[] {
  const { setting, role, aloneMib, cpuSPerMin } = footprint;
  const aimed = setting.includes("timeout 1000");
  return [
    {
      name: `memory alone, ${role} (${setting})`,
      value: `${aloneMib} MiB`,
      target: aimed ? `<= ${ALONE_MAX_MIB}` : "",
      met: aimed ? aloneMib <= ALONE_MAX_MIB : null,
    },
    {
      name: `CPU per minute, ${role} (${setting})`,
      value: `${cpuSPerMin} s`,
      target: aimed ? `<= ${CPU_MAX_S_PER_MIN}` : "",
      met: aimed ? cpuSPerMin <= CPU_MAX_S_PER_MIN : null,
    },
  ];
}

/**
 * The server's processes without the lab's own: its first process and that one's guard, and the
 * groups' programs.
 */
function ownProcesses(bay: Bay): number[] {
  const { life } = bay;
  if (life === null) return [];
  const programs = new Set(groupPrograms(bay).map(({ pid }) => pid));
  return processesOf(life).filter((pid) => {
    const argv = readProc(`/proc/${pid}/cmdline`) ?? "";
    return !programs.has(pid) && !argv.includes("kage-init");
  });
}

/** Seconds of processor time so far, ended children included. */
function cpuSeconds(bay: Bay): number {
  const file = bay.cgroup === null ? null : join(bay.cgroup, "cpu.stat");
  if (file !== null && existsSync(file)) {
    return Number(/^usage_usec (\d+)/m.exec(readFileSync(file, "utf8"))?.[1]) / 1e6;
  }
  const ticks = ownProcesses(bay).map((pid) => {
    const fields = readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  });
  return ticks.reduce((sum, value) => sum + value, 0) / CLOCK_TICKS_PER_S;
}

/** USER_HZ, the same on every Linux that Node runs on. */
const CLOCK_TICKS_PER_S = 100;

export function memoryOf(pids: readonly number[]): {
  aloneMib: number;
  rssMib: number;
  processes: ProcessMemory[];
} {
  const shared = new Map<string, number>();
  const processes: ProcessMemory[] = [];
  let anonymousKib = 0;
  let rssKib = 0;
  for (const pid of pids) {
    const own = { rss: 0, anonymous: 0 };
    for (const mapping of readMappings(pid)) {
      own.rss += mapping.rssKib;
      own.anonymous += mapping.anonymousKib;
      const common = mapping.rssKib - mapping.anonymousKib;
      shared.set(mapping.key, Math.max(shared.get(mapping.key) ?? 0, common));
    }
    anonymousKib += own.anonymous;
    rssKib += own.rss;
    processes.push({
      name: commandOf(pid),
      rssMib: round(own.rss / KIB_PER_MIB),
      anonymousMib: round(own.anonymous / KIB_PER_MIB),
    });
  }
  const sharedKib = [...shared.values()].reduce((sum, kib) => sum + kib, 0);
  return {
    aloneMib: round((anonymousKib + sharedKib) / KIB_PER_MIB),
    rssMib: round(rssKib / KIB_PER_MIB),
    processes,
  };
}

const commandOf = (pid: number): string =>
  (readProc(`/proc/${pid}/cmdline`) ?? "")
    .split("\0")
    .filter((word) => !word.includes("\n"))
    .map((word) => word.split("/").at(-1) ?? "")
    .slice(0, 3)
    .join(" ");

interface Mapping {
  /** Same text = the same pages of the same file. */
  readonly key: string;
  rssKib: number;
  anonymousKib: number;
}

export function readMappings(pid: number): Mapping[] {
  return parseMappings(readProc(`/proc/${pid}/smaps`) ?? "", pid);
}

/**
 * A mapping's first line is `from-to perms offset device inode path`; figures follow as `Name: n
 * kB`.
 */
export function parseMappings(smaps: string, pid: number): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of smaps.split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) (\S+) (\d+)/.exec(line);
    if (head !== null) {
      const [, offset = "", device = "", inode = ""] = head;
      const key = inode === "0" ? `${pid} ${line}` : `${device} ${inode} ${offset}`;
      mappings.push({ key, rssKib: 0, anonymousKib: 0 });
      continue;
    }
    const figure = /^(Rss|Anonymous):\s+(\d+) kB/.exec(line);
    const mapping = mappings.at(-1);
    if (figure === null || mapping === undefined) continue;
    if (figure[1] === "Rss") mapping.rssKib += Number(figure[2]);
    else mapping.anonymousKib += Number(figure[2]);
  }
  return mappings;
}
