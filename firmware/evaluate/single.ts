/**
 * One fault from one start state: what the guide expects, what the simulated cluster did, how long the
 * takeover took, and whether it healed when the fault was repaired. Source: guide 3.2.1, 1.2.3 (T1 to T4),
 * 1.2.4; reliability.md 2.5; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Noted, World } from "../simulator/world.ts";
import { repair, settleMs, strike } from "./blow.ts";
import { acceptsTwo, coverOf } from "./cover.ts";
import { type Expectation, expectedOf, type Outcome, type SimulatedMethod } from "./expected.ts";
import type { Fault, FaultKind } from "./fault.ts";
import { troublesAfterRepair } from "./healed.ts";
import { outcomeOf } from "./outcome.ts";
import { Overlap } from "./overlap.ts";
import { calmCluster, type StartState } from "./stage.ts";

export interface ServerEnd {
  readonly name: string;
  /** `member`, `sole member`, `off (REASON)`, ... */
  readonly shows: string;
  readonly runs: readonly string[];
}

export interface FaultRow {
  readonly fault: Fault;
  readonly start: string;
  readonly expected: Expectation;
  /** A group runs on a server that is struck; else those that are left have nothing to take over. */
  readonly takesOver: boolean;
  /** null = something that no row of the guide knows. */
  readonly simulated: Outcome | null;
  /** From the last blow until every group that changed its server runs again, ms; null = none did. */
  readonly takeoverMs: number | null;
  /** Longest that the method's times allow, ms. */
  readonly takeoverMaxMs: number;
  readonly servers: readonly ServerEnd[];
  /** Servers that have shut themselves down or given up. */
  readonly shutDown: readonly string[];
  /** What broke a rule that holds in every moment, or did not heal after the repair. */
  readonly troubles: readonly string[];
  readonly permitted: boolean;
  /** Events from the first blow to the repair, for the manual. */
  readonly notes: readonly Noted[];
  /** Longest time in which a group ran on two servers that were awake, ms; 0 = never. */
  readonly overlapMs: number;
}

/** null = the method does not know this fault. */
export function runFault(
  config: LoadedConfig,
  method: SimulatedMethod,
  start: StartState,
  fault: Fault,
): FaultRow | null {
  const { timeoutMs, watchdogMs } = config.budget;
  const policy = fault.group === null ? [] : (config.groups[fault.group]?.policy ?? []);
  const onlyServer = fault.group !== null && policy.length < 2;
  const expected = expectedOf(fault.kind, method, {
    timeoutMs,
    watchdogMs,
    onlyServer,
    servers: config.servers.length,
    lan: lanKind(config, fault),
  });
  if (expected === null) return null;
  const world = calmCluster(config, start);
  // A group that is stopped for its move is begun by somebody in any case.
  const ranOnStruck = fault.servers.some((server) => start.owners.includes(server));
  const takesOver = ranOnStruck || fault.kind === "move-power";
  const takeoverMost = takeoverMaxMs(config, fault);
  const head = { fault, start: start.id, expected, takesOver, takeoverMaxMs: takeoverMost };
  if (world === null) return { ...head, ...notReached };
  return { ...head, ...play(world, method, start, fault, expected) };
}

function lanKind(config: LoadedConfig, { kind, what }: Fault): "private" | "public" | null {
  return kind === "lan" ? (config.lans.find(({ id }) => id === what)?.kind ?? null) : null;
}

type Played = Omit<FaultRow, "fault" | "start" | "expected" | "takesOver" | "takeoverMaxMs">;

const notReached: Played = {
  simulated: null,
  takeoverMs: null,
  servers: [],
  shutDown: [],
  troubles: ["the start state was not reached"],
  permitted: false,
  notes: [],
  overlapMs: 0,
};

function play(
  world: World,
  method: SimulatedMethod,
  start: StartState,
  fault: Fault,
  expected: Expectation,
): Played {
  const { config } = world;
  const fromNote = world.notes.length;
  const overlap = new Overlap(world);
  let struckAtMs = world.clock.nowMs;
  for (const [at, blow] of fault.blows.entries()) {
    if (at > 0 && fault.blows[at - 1]?.kind !== "move") overlap.run(settleMs(config));
    struckAtMs = world.clock.nowMs;
    strike(world, blow);
  }
  overlap.run(settleMs(config) + restartsMs(config, fault));
  const simulated = outcomeOf(world, start, fault, expected.permitted);
  const onWay = fault.kind === "move-power" ? fault.group : null;
  const takeoverMs = takeoverOf(world, start, struckAtMs, onWay);
  const servers = endsOf(world);
  const shutDown = [...new Set(world.wills.map(({ index }) => nameOf(config, index)))];
  const notes = world.notes.slice(fromNote);
  repair(world);
  overlap.run(settleMs(config) + config.budget.timeoutMs);
  const { longestMs: overlapMs } = overlap;
  // Without an arbiter a server that is heard no more, but hears, is told by the other one's first beat alone.
  const acceptedMs = config.method === "none" ? config.budget.marginMs : 0;
  const isRisk = acceptsTwo(fault.kind, method) || isOutside(fault.kind, config);
  const troubles = [
    ...(overlapMs > acceptedMs && !isRisk
      ? [`a group ran twice for ${Math.round(overlapMs)} ms`]
      : []),
    ...(takeoverMs !== null && takeoverMs > takeoverMaxMs(config, fault)
      ? [`takeover took ${takeoverMs} ms`]
      : []),
    ...world.checks.failures,
    ...troublesAfterRepair(world, fault.group !== null && onWay === null),
  ];
  const fits = simulated !== null && expected.permitted.includes(simulated);
  const permitted = fits && troubles.length === 0;
  return { simulated, takeoverMs, servers, shutDown, troubles, permitted, notes, overlapMs };
}

/** The level of this configuration does not cover what a server may do in that instant. */
const isOutside = (kind: FaultKind, { budget }: LoadedConfig): boolean =>
  coverOf(kind, budget.protection) !== "inside";

/** Verdict, the beats on their way, one give-up, and milliseconds for each resource. */
function takeoverMaxMs(config: LoadedConfig, fault: Fault): number {
  const { judgeMs, sigmaMs, marginMs, timeoutMs } = config.budget;
  const resources = config.groups.reduce((sum, group) => sum + group.resources.length, 0);
  // One server is still heard until it shuts itself down: its silence begins only then.
  const isHeard = ["keys", "lans-one-way", "lans-deaf", "between-best"].includes(fault.kind);
  const heardMs = isHeard || fault.kind === "kill-both" ? judgeMs + timeoutMs : 0;
  const viewMs = config.servers.length > 2 ? 2 * sigmaMs : 0;
  const startMs = resources * RESOURCE_MS + VIEW_MS + restartsMs(config, fault);
  return Math.round(judgeMs + heardMs + sigmaMs + marginMs + viewMs + startMs);
}

/** A resource of the simulator takes up to 61 ms. */
const RESOURCE_MS = 70;
const VIEW_MS = 200;

/** A program that cannot work is restarted as often as its configuration says, ms. */
function restartsMs(config: LoadedConfig, fault: Fault): number {
  const resources = config.groups[fault.group ?? -1]?.resources ?? [];
  const most = resources.map((one) => (one.kind === "program" ? one.restartMax + 1 : 0));
  return fault.kind === "program-broken" ? Math.max(0, ...most) * RESTART_MS : 0;
}

/** From one end of a broken program to the next. */
const RESTART_MS = 300;

/** `onWay`: a group that was being moved, so that it is taken over wherever it begins. */
function takeoverOf(
  world: World,
  start: StartState,
  struckAtMs: number,
  onWay: number | null,
): number | null {
  const first = new Map<number, number>();
  for (const { atMs, index, group } of world.starts) {
    const isNew = atMs > struckAtMs && (group === onWay || start.owners[group] !== index);
    if (isNew && !first.has(group)) first.set(group, atMs);
  }
  if (first.size === 0) return null;
  return Math.round(Math.max(...first.values()) - struckAtMs);
}

function endsOf(world: World): readonly ServerEnd[] {
  return world.hosts.map((host) => ({
    name: nameOf(world.config, host.index),
    shows: world.shows(host.index),
    runs: world.config.groups
      .filter(({ index }) => host.running[index] === true)
      .map(({ name }) => name as string),
  }));
}

export const nameOf = (config: LoadedConfig, server: number): string =>
  config.servers[server]?.name ?? `server ${server}`;
