/**
 * What a cluster of 2, 4, 8 and 16 servers costs, on the virtual appliance of this machine: processor time and
 * memory of each server, frames it sends, how long one view takes to form, how it bears the loss of as many
 * servers as may be lost, and the smallest sound timeout.
 * Smallest sound timeout: the shortest heartbeatTimeoutMs with an interval of a tenth of it that the budget of
 * the configuration accepts (services/configuration/budget.ts) with P = twice the worst lateness of any pulse
 * or beat (twice, as `kage tune` takes it). It is run at once, because a shorter interval is more load and may
 * be later; the P of that run is put in again, until the timeout bears its own run or eight were not enough; after a
 * view that fell twice the P is tried. A
 * run bears it when one view of all forms and is the same at its end, which the agents have to bear as well.
 * Source: work order 4, "Speed and size"; protocol.md 1.2 (P); D51.
 */
import { loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { worstBetween } from "../../hal/base/histogram.ts";
import { defaultComIntervalMs, smallestTimeoutMs } from "../../services/configuration/budget.ts";
import type { ScenarioMethod } from "../scenarios/language.ts";
import { type Row, round } from "./figures.ts";
import { type Many, NotInTime, openMany, type Usage } from "./servers-rig.ts";

const TIMEOUT_MS = 1000;
/**
 * Where no view of all forms at that, because others use the machine: agents have no real-time priority. Frames
 * and processor time hang on the interval, which stays.
 */
const BUSY_TIMEOUT_MS = 5000;
const INTERVAL_MS = 100;
/** Young heaps are being filled and the last server has just joined. */
const SETTLE_MS = 10_000;
const TRIES_MAX = 8;
/** Shorter ones the command line does not take. */
const TIMEOUT_LEAST_MS = 50;
/** As `kage tune`: a measurement never catches the worst (services/configuration/tuning.ts). */
const SAFETY = 2;
const COM_BAUD = 38_400;
/** Lines of the final table that are held against something. */
const LOSS_MAX_MS = 30_000;

export interface ServersFigures {
  readonly servers: number;
  readonly method: ScenarioMethod;
  readonly timeoutMs: number;
  readonly oneViewMs: number;
  /** Mean of one server, s per minute. */
  readonly cpuSPerMin: Usage;
  readonly rackCpuSPerMin: number;
  readonly framesPerS: number;
  /** Mean of one server, MiB: resident, and alone as in `footprint`. */
  readonly rssMib: Usage;
  /** Worst lateness of wakes and of others' beats, ms. */
  readonly lateMs: number;
  readonly lost: number;
  /** From the power cut of all of them, the owner among them, to the next answer for a client. */
  readonly lossMs: number | null;
  /** null = none was found. */
  readonly soundTimeoutMs: number | null;
  /** P of the run that bore it. */
  readonly soundPauseMs: number | null;
}

export interface ServersResult {
  readonly name: "servers";
  readonly figures: readonly ServersFigures[];
  readonly rows: readonly Row[];
}

type Say = (line: string) => void;

export async function measureServers(
  counts: readonly number[],
  seconds: number,
  say: Say,
): Promise<ServersResult> {
  const figures: ServersFigures[] = [];
  const rows: Row[] = [];
  for (const servers of counts) {
    // Of a busy machine the figures say little: it is told.
    say(`servers: ${servers}, load average ${loadavg()[0]?.toFixed(1)}`);
    const one =
      (await measureCount(servers, TIMEOUT_MS, seconds, say)) ??
      (await measureCount(servers, BUSY_TIMEOUT_MS, seconds, say));
    if (one === null) {
      const name = `one view (${servers} servers)`;
      rows.push({ name, value: "not in time", target: "one view", met: false });
      continue;
    }
    say(`servers: ${JSON.stringify(one)}`);
    figures.push(one);
    rows.push(...rowsOf(one));
  }
  return { name: "servers", figures, rows };
}

const methodFor = (servers: number): ScenarioMethod => (servers > 2 ? "majority" : "com-disk");

/** A majority of those configured must stay; of two, one. */
export const lossesFor = (servers: number): number =>
  servers === 2 ? 1 : servers - (Math.floor(servers / 2) + 1);

/** null = no view of all came about with that timeout. */
async function measureCount(
  servers: number,
  timeoutMs: number,
  seconds: number,
  say: Say,
): Promise<ServersFigures | null> {
  const method = methodFor(servers);
  const intervalMs = INTERVAL_MS;
  const many = await openMany({ servers, method, timeoutMs, intervalMs, view: true });
  const lost = lossesFor(servers);
  let run: Omit<ServersFigures, "soundTimeoutMs" | "soundPauseMs">;
  try {
    const oneViewMs = await many.oneView();
    await pause(SETTLE_MS);
    const spent = await spend(many, seconds);
    const lossMs = await many.lose(lost, LOSS_MAX_MS);
    run = { servers, method, timeoutMs, oneViewMs, ...spent, lost, lossMs };
  } catch (error) {
    if (!(error instanceof NotInTime)) throw error;
    say(`servers: ${servers} at ${timeoutMs} ms: ${error.message}`);
    return null;
  } finally {
    for (const line of await many.close()) say(`servers: left behind: ${line}`);
  }
  return { ...run, ...(await findSound(servers, method, run.lateMs, seconds, say)) };
}

type Spent = Pick<
  ServersFigures,
  "cpuSPerMin" | "rackCpuSPerMin" | "framesPerS" | "rssMib" | "lateMs"
>;

async function spend(many: Many, seconds: number): Promise<Spent> {
  const before = await many.sample();
  await pause(seconds * 1000);
  const after = await many.sample();
  const { servers } = many;
  const perMin = (key: keyof Usage): number =>
    Math.round(((after.cpuS[key] - before.cpuS[key]) * 60_000) / seconds / servers) / 1000;
  return {
    cpuSPerMin: {
      pulse: perMin("pulse"),
      agent: perMin("agent"),
      disk: perMin("disk"),
      telemetry: perMin("telemetry"),
    },
    rackCpuSPerMin: round(((after.rackCpuS - before.rackCpuS) * 60) / seconds),
    framesPerS: round((after.frames - before.frames) / seconds / servers),
    rssMib: many.memory(),
    lateMs: worstLateness(before.late, after.late),
  };
}

/** Over all servers, classes that were hit meanwhile. */
function worstLateness(
  before: ReadonlyMap<string, readonly number[]>,
  after: ReadonlyMap<string, readonly number[]>,
): number {
  const worst = [...after].map(
    ([name, counts]) => worstBetween(before.get(name) ?? null, counts)?.atMostMs ?? 0,
  );
  return Math.max(0, ...worst);
}

async function findSound(
  servers: number,
  method: ScenarioMethod,
  lateMs: number,
  seconds: number,
  say: Say,
): Promise<Pick<ServersFigures, "soundTimeoutMs" | "soundPauseMs">> {
  let pauseMs = SAFETY * lateMs;
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const timeoutMs = smallestFor(method, pauseMs);
    if (timeoutMs === null) break;
    const borne = await tryTimeout(servers, method, timeoutMs, seconds);
    const seen = borne === null ? "the view did not stand" : `lateness up to ${borne} ms`;
    say(`servers: ${servers} at ${timeoutMs} ms (P ${pauseMs} ms): ${seen}`);
    if (borne !== null && SAFETY * borne <= pauseMs) {
      return { soundTimeoutMs: timeoutMs, soundPauseMs: pauseMs };
    }
    // A view that fell says nothing about how late it was.
    pauseMs = borne === null ? 2 * pauseMs : SAFETY * borne;
  }
  return { soundTimeoutMs: null, soundPauseMs: null };
}

/** A tenth, and no shorter than the command line takes. */
const intervalFor = (timeoutMs: number): number => Math.max(5, Math.floor(timeoutMs / 10));

function smallestFor(method: ScenarioMethod, pauseMs: number): number | null {
  const baud = method === "com-disk" ? COM_BAUD : null;
  const timingAt = (heartbeatTimeoutMs: number) => {
    const heartbeatIntervalMs = intervalFor(heartbeatTimeoutMs);
    return {
      heartbeatTimeoutMs,
      heartbeatIntervalMs,
      comIntervalMs: defaultComIntervalMs(heartbeatIntervalMs, baud),
      diskWaitMs: heartbeatTimeoutMs,
      startSyncWaitMs: 0,
      watchdogTimeoutMs: 0,
    };
  };
  return smallestTimeoutMs(method, TIMEOUT_LEAST_MS, timingAt, { baud, pauseMs });
}

/** Worst lateness of a run with that timeout, ms; null = its one view did not stand. */
async function tryTimeout(
  servers: number,
  method: ScenarioMethod,
  timeoutMs: number,
  seconds: number,
): Promise<number | null> {
  const intervalMs = intervalFor(timeoutMs);
  const many = await openMany({ servers, method, timeoutMs, intervalMs, view: true });
  try {
    await many.oneView();
    await pause(SETTLE_MS);
    const before = await many.sample();
    await pause(seconds * 1000);
    const after = await many.sample();
    const stands =
      before.epoch !== null && before.epoch === after.epoch && after.members === servers;
    return stands ? worstLateness(before.late, after.late) : null;
  } catch (error) {
    if (error instanceof NotInTime) return null;
    throw error;
  } finally {
    await many.close();
  }
}

function rowsOf(figures: ServersFigures): Row[] {
  const { servers, method, timeoutMs, cpuSPerMin, rssMib } = figures;
  const of = `${servers} servers, ${method}, ${timeoutMs}/${INTERVAL_MS} ms`;
  const row = (name: string, value: string): Row => ({
    name: `${name} (${of})`,
    value,
    target: "",
    met: null,
  });
  const parts = ({ pulse, agent, disk, telemetry }: Usage): string => {
    const all = Math.round((pulse + agent + disk + telemetry) * 100) / 100;
    return `${all} (pulse ${pulse}, agent ${agent}, disk ${disk}, telemetry ${telemetry})`;
  };
  const loss = figures.lossMs;
  return [
    row("one view after", `${figures.oneViewMs} ms`),
    row("CPU s per minute and server", parts(cpuSPerMin)),
    row("CPU s per minute of the rack", `${figures.rackCpuSPerMin}`),
    row("frames sent per second and server", `${figures.framesPerS}`),
    row("RSS MiB per server", parts(rssMib)),
    row("worst lateness of wakes and beats", `<= ${figures.lateMs} ms`),
    {
      name: `loss of ${figures.lost} at once, next answer (${of})`,
      value: loss === null ? "none" : `${loss} ms`,
      target: "one view",
      met: loss !== null,
    },
    row(
      "smallest sound timeout",
      figures.soundTimeoutMs === null
        ? "not found"
        : `${figures.soundTimeoutMs} ms (P ${figures.soundPauseMs} ms)`,
    ),
  ];
}
