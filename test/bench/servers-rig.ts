/**
 * A virtual appliance of 2 to 16 servers under the bench: started as `npm start` does, with dashboard, broker
 * and demo service, looked at from outside by its sockets and by /proc. Needs no root, gets real-time priority
 * where the user has it.
 * Source: work order 4, "Speed and size"; proc(5).
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord } from "../../firmware/cli/client.ts";
import { applianceDirs, rackSocket, serverPlaces } from "../../firmware/places.ts";
import type { StatusDocument } from "../../services/status.ts";
import { readProc } from "../lab/command.ts";
import { applianceArguments, startAppliance } from "../scenarios/appliance-process.ts";
import type { Role } from "../scenarios/command-grammar.ts";
import { askHealth } from "../scenarios/http-client.ts";
import type { ClusterLine, ScenarioMethod } from "../scenarios/language.ts";
import { askRack, askStatus, readFloating, readMachines } from "../scenarios/rack-client.ts";
import { round } from "./figures.ts";
import { memoryOf } from "./footprint.ts";

export interface ManyOptions {
  readonly servers: number;
  readonly method: ScenarioMethod;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** With broker, telemetry and dashboard. */
  readonly view: boolean;
}

export type Usage = Readonly<Record<Role, number>>;

export interface Sample {
  /** Of all servers together, by role, s. */
  readonly cpuS: Usage;
  /** The launcher: wires, switch, boards. */
  readonly rackCpuS: number;
  /** Put on all LANs so far. */
  readonly frames: number;
  /** Histograms of the pulses by `server kind`. */
  readonly late: ReadonlyMap<string, readonly number[]>;
  readonly epoch: number | null;
  readonly members: number;
}

export interface Many {
  readonly servers: number;
  /** From the start to the first moment at which all say that all are members and a client is served, ms. */
  oneView(): Promise<number>;
  sample(): Promise<Sample>;
  /** RSS of the mean server by role, MiB. */
  memory(): Usage;
  /** Cuts the power of the owner and of the last `count - 1` at once; ms to the next answer, null = none. */
  lose(count: number, limitMs: number): Promise<number | null>;
  close(): Promise<readonly string[]>;
}

const ROLES: readonly Role[] = ["pulse", "agent", "disk", "telemetry"];
const LOOK_EVERY_MS = 20;
/** A cold start of one server on a loaded machine of few cores, twice. */
const READY_WITHIN_MS = 30_000;
const READY_PER_SERVER_MS = 4000;
/** USER_HZ, the same on every Linux that Node runs on. */
const CLOCK_TICKS_PER_S = 100;
/** The status of a real server is asked often; sixteen at a time are load. */
const STATUS_EVERY_MS = 200;

export async function openMany(options: ManyOptions): Promise<Many> {
  const names = Array.from({ length: options.servers }, (_, index) => `SERVER${index + 1}`);
  const dirs = applianceDirs(mkdtempSync(join(tmpdir(), "kage-many-")));
  const { stateDir, runDir } = dirs;
  const startedMs = performance.now();
  const appliance = startAppliance(
    applianceArguments(clusterOf(options, names), stateDir, null),
    {},
  );
  const socket = rackSocket(dirs);
  const rack = (verb: string, fields = {}) => askRack(socket, verb, fields);
  const statusOf = (name: string) => askStatus(serverPlaces(dirs, name).agentSocket);
  const close = async (): Promise<readonly string[]> => {
    const late = await appliance.stop();
    rmSync(stateDir, { recursive: true, force: true });
    rmSync(runDir, { recursive: true, force: true });
    return late === null ? [] : [late];
  };
  const known = new Map<string, StatusDocument>();
  /** Newest word of every agent: on a starved machine there is always one that is late just now. */
  const look = async (): Promise<readonly (StatusDocument | null)[]> => {
    await Promise.all(
      names.map(async (name) => {
        const word = await statusOf(name);
        if (word !== null) known.set(name, word);
      }),
    );
    return names.map((name) => known.get(name) ?? null);
  };
  let pids: readonly (readonly [Role, number])[] = [];
  const client = async (): Promise<string | null> => {
    const [at] = readFloating(await rack("status"));
    return at === undefined ? null : ((await askHealth(at.address, at.port))?.server ?? null);
  };
  return {
    servers: options.servers,
    close,
    async oneView() {
      await until(() => existsSync(socket), `the rack: ${appliance.output()}`, names.length);
      await until(
        async () => {
          await pause(STATUS_EVERY_MS);
          return isOneView(await look(), names.length) && (await client()) !== null;
        },
        `one view of ${names.length}`,
        names.length,
      );
      const took = Math.round(performance.now() - startedMs);
      pids = pidsOf(await rack("status"));
      return took;
    },
    async sample() {
      const words = await look();
      const status = await rack("status");
      const [first] = words;
      return {
        cpuS: byRole(pids, cpuSeconds),
        rackCpuS: cpuSeconds(appliance.pid),
        frames: framesOf(status),
        late: new Map(words.flatMap((word, at) => latenessOf(names[at] ?? "", word))),
        epoch: isOneView(words, names.length) ? (first?.cluster.epoch ?? null) : null,
        members: membersOf(first ?? null),
      };
    },
    memory: () => {
      const whole = byRole(pids, (pid) => memoryOf([pid]).rssMib);
      return mapUsage(whole, (mib) => round(mib / options.servers));
    },
    async lose(count, limitMs) {
      const owner = await client();
      const others = names.filter((name) => name !== owner).slice(-(count - 1));
      const lost = owner === null ? [] : [owner, ...(count > 1 ? others : [])];
      const cutMs = performance.now();
      const off = Promise.all(lost.map((server) => rack("power", { server, on: false })));
      for (let answer: string | null = null; performance.now() - cutMs < limitMs; ) {
        answer = await client();
        if (answer !== null && !lost.includes(answer)) {
          const tookMs = Math.round(performance.now() - cutMs);
          await off;
          return tookMs;
        }
        await pause(LOOK_EVERY_MS);
      }
      await off;
      return null;
    },
  };
}

function clusterOf(options: ManyOptions, servers: string[]): ClusterLine {
  const { method, timeoutMs, intervalMs, view } = options;
  return {
    method,
    servers,
    timeoutMs,
    intervalMs,
    groups: [{ name: "web", policy: servers, start: "auto" }],
    watchdogMs: null,
    internalFailure: null,
    diskWaitMs: null,
    startWaitMs: null,
    worlds: ["rack"],
    view,
    alone: true,
    set: "more",
    script: null,
    twoOwners: "forbidden",
  };
}

/** Something did not come about while the rig had patience. */
export class NotInTime extends Error {
  override readonly name = "NotInTime";
}

async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  servers: number,
): Promise<void> {
  const withinMs = READY_WITHIN_MS + servers * READY_PER_SERVER_MS;
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new NotInTime(`not within ${withinMs} ms: ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

const membersOf = (status: StatusDocument | null): number =>
  status?.servers.filter(({ state }) => state === "member").length ?? 0;

function isOneView(words: readonly (StatusDocument | null)[], servers: number): boolean {
  const views = new Set(words.map((word) => `${word?.cluster.epoch} ${word?.cluster.coordinator}`));
  return views.size === 1 && words.every((word) => membersOf(word) === servers);
}

function pidsOf(status: Readonly<Record<string, unknown>>): (readonly [Role, number])[] {
  return readMachines(status).flatMap(({ pids }) =>
    ROLES.flatMap((role) => {
      const pid = pids[role];
      return pid === undefined ? [] : [[role, pid] as const];
    }),
  );
}

function framesOf(status: Readonly<Record<string, unknown>>): number {
  const frames = isRecord(status["frames"]) ? Object.values(status["frames"]) : [];
  return frames.reduce<number>((sum, count) => sum + Number(count), 0);
}

/** Histograms of own wakes and of others' beats, as the server's own agent passes them on. */
function latenessOf(
  name: string,
  status: StatusDocument | null,
): (readonly [string, readonly number[]])[] {
  const own = status?.servers.find((server) => server.name === name)?.details?.["measured"];
  if (!isRecord(own)) return [];
  return ["late", "heard"].flatMap((kind) => {
    const counts = own[kind];
    return Array.isArray(counts) ? [[`${name} ${kind}`, counts.map(Number)] as const] : [];
  });
}

/** Seconds of processor time so far; 0 when the process is gone. */
function cpuSeconds(pid: number): number {
  const fields = readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
  const ticks = fields.slice(11, 13).reduce((sum, field) => sum + Number(field), 0);
  return ticks / CLOCK_TICKS_PER_S;
}

function byRole(
  pids: readonly (readonly [Role, number])[],
  measure: (pid: number) => number,
): Usage {
  const sums: Record<Role, number> = { pulse: 0, agent: 0, disk: 0, telemetry: 0 };
  for (const [role, pid] of pids) sums[role] += measure(pid);
  return sums;
}

const mapUsage = (
  { pulse, agent, disk, telemetry }: Usage,
  act: (value: number) => number,
): Usage => ({
  pulse: act(pulse),
  agent: act(agent),
  disk: act(disk),
  telemetry: act(telemetry),
});
