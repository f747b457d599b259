/**
 * What a sick telemetry process does to the heartbeat of its own server: the largest lateness of a beat
 * at the moment at which the kernel hands it to the peer's socket, with telemetry well, spinning, leaking
 * up to its heap limit again and again, and stopped. On the rack, because there the fault can be put into
 * the process from outside; a tap on loopback at the peer's addresses does the measuring.
 * Source: work order 3 "Speed"; packet(7) (PACKET_HOST); proc(5) (smaps_rollup).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ApplianceDirs,
  applianceDirs,
  rackSocket,
  serverPlaces,
} from "../../firmware/places.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { StatusDocument } from "../../services/status.ts";
import { untilWithin } from "../deadline.ts";
import { pause } from "../lab/command.ts";
import { type Appliance, startAppliance } from "../scenarios/appliance-process.ts";
import { askRack, askStatus, readMachines } from "../scenarios/rack-client.ts";
import { INSPECTABLE, runInside, spinProcess } from "../scenarios/spin-process.ts";
import { type Row, round } from "./figures.ts";
import { ArrivalTap, monotonicMs, type Tools } from "./tools.ts";

const TIMEOUT_MS = 1000;
const INTERVAL_MS = 100;
const PHASE_S_MAX = 20;
const READY_WITHIN_MS = 60_000;
/** After a fault the next phase begins when telemetry is back. */
const BACK_WITHIN_MS = 30_000;
/** Young heaps are still being filled at the start. */
const SETTLE_MS = 5000;
const LOOK_MS = 50;
/** The sick one is the owner's; its beats are awaited by the other. */
const SICK = "SERVER1";
const PEER = "SERVER2";

/** About 10 MB/s: the limit of 96 MB is met within one phase, with the collector at work before. */
const LEAK = `globalThis.hoard = [];
setInterval(() => globalThis.hoard.push(Array.from({ length: 12500 }, (_, at) => ({ at }))), 50);`;

type Health = "well" | "spinning" | "leaking" | "stopped";

export interface FaultPhase {
  readonly telemetry: Health;
  readonly seconds: number;
  /** Beats that reached the peer, both LANs. */
  readonly beats: number;
  /** Longest time between two beats of one LAN beyond the interval, ms. */
  readonly latestMs: number;
  /** Largest age of a LAN path that the peer's own pulse reported, ms. */
  readonly oldestPathMs: number | null;
  /** Telemetry processes that ended meanwhile. */
  readonly ends: number;
  readonly sameView: boolean;
}

export interface ProcessWeight {
  readonly name: "telemetry and web" | "embedded broker";
  readonly rssMib: number;
  readonly pssMib: number;
}

export interface TelemetryResult {
  readonly name: "telemetry";
  readonly setting: string;
  readonly phases: readonly FaultPhase[];
  readonly memory: readonly ProcessWeight[];
  readonly rows: readonly Row[];
}

interface Stage {
  readonly dirs: ApplianceDirs;
  readonly tap: ArrivalTap;
  readonly seconds: number;
}

export async function measureTelemetry(
  tools: Tools,
  seconds: number,
  say: (line: string) => void,
): Promise<TelemetryResult> {
  const dirs = applianceDirs(mkdtempSync(join(tmpdir(), "kage-bench-rack-")));
  const words = ["--state", dirs.stateDir, "--method", "com-disk"];
  words.push("--timeout", String(TIMEOUT_MS), "--interval", String(INTERVAL_MS));
  const appliance = startAppliance(words, INSPECTABLE);
  let tap: ArrivalTap | null = null;
  try {
    await ready(dirs, appliance);
    const { host, ports } = peerSockets(dirs);
    tap = new ArrivalTap(tools, host, ports);
    const stage: Stage = { dirs, tap, seconds: Math.min(seconds, PHASE_S_MAX) };
    await pause(SETTLE_MS);
    const memory = weigh(dirs, await telemetryPid(dirs));
    const phases: FaultPhase[] = [];
    for (const health of ["well", "spinning", "leaking", "stopped"] as const) {
      const phase = await play(stage, health);
      say(`telemetry: ${JSON.stringify(phase)}`);
      phases.push(phase);
    }
    const setting = `rack, com-disk, timeout ${TIMEOUT_MS} ms, interval ${INTERVAL_MS} ms`;
    const rows = [...phases.map(rowOf), ...memory.map(weightRow)];
    return { name: "telemetry", setting, phases, memory, rows };
  } finally {
    await tap?.close();
    await appliance.stop();
    rmSync(dirs.stateDir, { recursive: true, force: true });
    rmSync(dirs.runDir, { recursive: true, force: true });
  }
}

async function play(stage: Stage, health: Health): Promise<FaultPhase> {
  const { dirs, tap, seconds } = stage;
  const before = await epochOf(dirs);
  const pids = new Set([await telemetryPid(dirs)]);
  await strike(dirs, [...pids][0] ?? 0, health);
  const fromMs = monotonicMs();
  const untilMs = fromMs + seconds * 1000;
  let oldestPathMs: number | null = null;
  while (monotonicMs() < untilMs) {
    const status = await askStatus(serverPlaces(dirs, PEER).agentSocket);
    oldestPathMs = Math.max(oldestPathMs ?? 0, oldestLan(status));
    const pid = await telemetryPidNow(dirs);
    if (pid !== null && !pids.has(pid)) {
      pids.add(pid);
      // The next one leaks as well.
      if (health === "leaking") await strike(dirs, pid, health);
    }
    await pause(LOOK_MS);
  }
  const { beats, longestMs } = tap.silence(fromMs, monotonicMs());
  const after = await epochOf(dirs);
  await heal(dirs, health);
  return {
    telemetry: health,
    seconds,
    beats,
    latestMs: round(Math.max(0, longestMs - INTERVAL_MS)),
    oldestPathMs: oldestPathMs === null ? null : round(oldestPathMs),
    ends: pids.size - 1,
    sameView: before !== null && before === after,
  };
}

async function strike(dirs: ApplianceDirs, pid: number, health: Health): Promise<void> {
  const { consoleFile } = serverPlaces(dirs, SICK);
  if (health === "spinning") await spinProcess(pid, consoleFile);
  else if (health === "leaking") await runInside(pid, consoleFile, LEAK);
  else if (health === "stopped") process.kill(pid, "SIGSTOP");
}

/** A fresh process for the next phase. */
async function heal(dirs: ApplianceDirs, health: Health): Promise<void> {
  if (health === "well") return;
  const sick = await telemetryPidNow(dirs);
  if (sick !== null) process.kill(sick, "SIGKILL");
  await untilWithin("a new telemetry process", BACK_WITHIN_MS, async () => {
    const pid = await telemetryPidNow(dirs);
    return pid !== null && pid !== sick ? pid : null;
  });
  await pause(SETTLE_MS);
}

async function ready(dirs: ApplianceDirs, appliance: Appliance): Promise<void> {
  await untilWithin("both servers members and their telemetry there", READY_WITHIN_MS, async () => {
    if (appliance.exit() !== null) throw new Error(`the appliance ended: ${appliance.output()}`);
    if ((await telemetryPidNow(dirs)) === null) return null;
    const status = await askStatus(serverPlaces(dirs, PEER).agentSocket);
    return status?.servers.every(({ state }) => state === "member") === true ? true : null;
  });
}

async function telemetryPidNow(dirs: ApplianceDirs): Promise<number | null> {
  try {
    const machines = readMachines(await askRack(rackSocket(dirs), "status"));
    return machines.find(({ name }) => name === SICK)?.pids.telemetry ?? null;
  } catch (error) {
    // The rack's socket is not there before the rack is; whoever waits has a deadline.
    if (error instanceof Error) return null;
    throw error;
  }
}

const telemetryPid = (dirs: ApplianceDirs): Promise<number> =>
  untilWithin(`telemetry of ${SICK}`, BACK_WITHIN_MS, () => telemetryPidNow(dirs));

async function epochOf(dirs: ApplianceDirs): Promise<number | null> {
  const status = await askStatus(serverPlaces(dirs, PEER).agentSocket);
  return status?.cluster.epoch ?? null;
}

const oldestLan = (status: StatusDocument | null): number =>
  Math.max(
    0,
    ...(status?.paths ?? [])
      .filter(({ kind, from }) => kind.startsWith("lan") && from === SICK)
      .map(({ lastHeardMs }) => lastHeardMs ?? 0),
  );

/** Where the peer receives the LANs' beats. */
function peerSockets(dirs: ApplianceDirs): { host: string; ports: number[] } {
  const path = join(dirs.stateDir, "cluster.jsonc");
  const loaded = loadConfiguration(readFileSync(path, "utf8"), path);
  if (loaded.kind !== "ok") throw new Error(`${path}: ${JSON.stringify(loaded.findings)}`);
  const { lans, servers } = loaded.config;
  const index = servers.findIndex(({ name }) => name === PEER);
  const sockets = lans.flatMap(({ addresses }) => addresses[index] ?? []);
  return { host: sockets[0]?.host ?? "", ports: sockets.map(({ port }) => port) };
}

function weigh(dirs: ApplianceDirs, telemetry: number): ProcessWeight[] {
  const broker = Number(readFileSync(join(dirs.runDir, "broker.pid"), "utf8"));
  return [
    { name: "telemetry and web", ...weightOf(telemetry) },
    { name: "embedded broker", ...weightOf(broker) },
  ];
}

function weightOf(pid: number): { rssMib: number; pssMib: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (key: string): number =>
    round(Number(new RegExp(`^${key}: +(\\d+)`, "m").exec(text)?.[1]) / 1024);
  return { rssMib: of("Rss"), pssMib: of("Pss") };
}

const rowOf = (phase: FaultPhase): Row => ({
  name: `latest beat at the peer, telemetry ${phase.telemetry} ${phase.seconds} s`,
  value: `${phase.latestMs} ms (oldest path ${phase.oldestPathMs} ms, ${phase.beats} beats, ${phase.ends} ends)`,
  target: "no new view",
  met: phase.sameView,
});

const weightRow = ({ name, rssMib, pssMib }: ProcessWeight): Row => ({
  name: `memory of ${name}`,
  value: `Rss ${rssMib} MiB, Pss ${pssMib} MiB`,
  target: "",
  met: null,
});
