/**
 * From what was measured to the times that cover it. Intuition: a time of the budget that is shorter than
 * what happens under load is the one dangerous mistake, so proposals only lengthen, each with its reason;
 * to shorten is the operator's decision.
 * Source: guide 3.2.3 (parameters to adjust), D51; protocol.md 1.2 (P, G, D).
 */
import { assumedTimes, smallestTimeoutMs } from "./budget.ts";
import type { JsonPath } from "./finding.ts";
import type { LoadedConfig } from "./load.ts";

/** Worst values, ms; null = nothing was measured. */
export interface Measurements {
  /** Lateness of a pulse's wake (P). */
  readonly lateMs: number | null;
  /** One access to the array; a claim is a write and a read (D). */
  readonly diskMs: number | null;
  /** A complete give-up (G). */
  readonly giveUpMs: number | null;
  /** Difference between the servers' common starts. */
  readonly spreadMs: number | null;
  readonly scripts: readonly ScriptTime[];
}

export interface ScriptTime {
  readonly group: string;
  readonly resource: string;
  readonly run: "start" | "stop";
  /** Longest run, ms. */
  readonly tookMs: number;
  readonly count: number;
}

export type TuneReason =
  | "reasonPause"
  | "reasonClaim"
  | "reasonGiveUp"
  | "reasonSpread"
  | "reasonDiskWait"
  | "reasonScript"
  | "reasonTimeout";

export interface Proposal {
  readonly at: JsonPath;
  /** In force, ms. */
  readonly nowMs: number;
  /** Always longer, ms. */
  readonly proposedMs: number;
  readonly reason: TuneReason;
  /** What it rests on, ms. */
  readonly measuredMs: number;
}

/** A measurement never catches the worst; the margin of the guide is left to the operator above it. */
const SAFETY = 2;
const SCRIPT_SAFETY = 3;
/** Bounds of the schema. */
const BUDGET_TIME_MAX_MS = 60_000;
const DISK_WAIT_MAX_MS = 600_000;
const DAY_MS = 86_400_000;

/** Empty = what is in force covers everything that was measured. */
export function proposeTimes(config: LoadedConfig, measured: Measurements): readonly Proposal[] {
  const found: Proposal[] = [];
  const want = (
    at: JsonPath,
    reason: TuneReason,
    nowMs: number,
    measuredMs: number | null,
    factor: number,
    maxMs: number,
  ): number => {
    const proposedMs = Math.min(Math.ceil((measuredMs ?? 0) * factor), maxMs);
    if (measuredMs === null || proposedMs <= nowMs) return nowMs;
    found.push({ at, nowMs, proposedMs, reason, measuredMs });
    return proposedMs;
  };
  const { budget, timing, method } = config;
  const { lateMs, diskMs, giveUpMs, spreadMs } = measured;
  const at = (key: string): JsonPath => ["timing", key];
  const max = BUDGET_TIME_MAX_MS;
  const pauseMs = want(at("pauseMs"), "reasonPause", budget.pauseMs, lateMs, SAFETY, max);
  const gaveMs = want(at("giveUpMs"), "reasonGiveUp", budget.giveUpMs, giveUpMs, SAFETY, max);
  const usesDisk = method === "com-disk";
  const claimed = diskMs === null || !usesDisk ? null : 2 * diskMs;
  const claimMs = want(at("claimMs"), "reasonClaim", budget.claimMs, claimed, SAFETY, max);
  const waited = config.disk === null ? null : diskMs;
  const { diskWaitMs, startSyncWaitMs } = timing;
  want(at("diskWaitMs"), "reasonDiskWait", diskWaitMs, waited, SAFETY, DISK_WAIT_MAX_MS);
  want(at("startSyncWaitMs"), "reasonSpread", startSyncWaitMs, spreadMs, SAFETY, DAY_MS);
  const assumed = assumedTimes(timing.heartbeatTimeoutMs);
  // What is assumed and not given grows with T.
  const given = (ms: number, assumedMs: number): number | undefined =>
    ms === assumedMs ? undefined : ms;
  const facts = {
    baud: config.com?.baud ?? null,
    pauseMs: given(pauseMs, assumed.pauseMs),
    giveUpMs: given(gaveMs, assumed.giveUpMs),
    claimMs: usesDisk ? given(claimMs, assumed.claimMs) : undefined,
  };
  const timingAt = (heartbeatTimeoutMs: number) => ({ ...timing, heartbeatTimeoutMs });
  const nowMs = timing.heartbeatTimeoutMs;
  const leastMs = smallestTimeoutMs(method, nowMs, timingAt, facts);
  if (leastMs !== null && leastMs > nowMs) {
    const reason = "reasonTimeout";
    const proposedMs = leastMs;
    found.push({ at: at("heartbeatTimeoutMs"), nowMs, proposedMs, reason, measuredMs: leastMs });
  }
  return [...found, ...measured.scripts.flatMap((script) => scriptProposal(config, script))];
}

function scriptProposal(config: LoadedConfig, script: ScriptTime): readonly Proposal[] {
  const group = config.groups.findIndex(({ name }) => name === script.group);
  const resources = config.groups[group]?.resources ?? [];
  const position = resources.findIndex(({ name }) => name === script.resource);
  const resource = resources[position];
  if (resource?.kind !== "script") return [];
  const key = script.run === "start" ? "startTimeoutMs" : "stopTimeoutMs";
  const nowMs = resource[key];
  const proposedMs = Math.min(Math.ceil(script.tookMs * SCRIPT_SAFETY), DAY_MS);
  if (proposedMs <= nowMs) return [];
  const at = ["groups", group, "resources", position, key];
  return [{ at, nowMs, proposedMs, reason: "reasonScript", measuredMs: script.tookMs }];
}

/** An event of a server's log, as much of it as counts here. */
export interface TimedEvent {
  readonly server: string;
  readonly key: string;
  /** Wall clock, ms since 1970. */
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Starts further apart are two starts, not one (the guide's grace time is 5 minutes). */
const COMMON_START_MS = 1_800_000;

/** What the event logs say about starts, give-ups and scripts, with how often. */
export function measureEvents(events: readonly TimedEvent[]): {
  readonly giveUpMs: number | null;
  readonly giveUps: number;
  readonly spreadMs: number | null;
  readonly starts: number;
  readonly scripts: readonly ScriptTime[];
} {
  const took = events
    .filter(({ key }) => key === "give-up.completed")
    .map(({ data }) => Number(data["tookMs"]))
    .filter((ms) => ms >= 0);
  const spreads = startSpreads(events);
  const worst = (list: readonly number[]): number | null =>
    list.length === 0 ? null : Math.max(...list);
  return {
    giveUpMs: worst(took),
    giveUps: took.length,
    spreadMs: worst(spreads),
    starts: spreads.length,
    scripts: scriptTimes(events),
  };
}

/** One of them is said once per start of the operating system, never when an agent is restarted. */
const START_KEYS: ReadonlySet<string> = new Set(["start.first", "start.clean", "start.unclean"]);

/** For each start of a server the distance to the nearest start of a later-named one. */
function startSpreads(events: readonly TimedEvent[]): number[] {
  const starts = events.filter(({ key }) => START_KEYS.has(key));
  return starts.flatMap(({ server, atMs }) => {
    const away = starts
      .filter((other) => other.server > server)
      .map((other) => Math.abs(other.atMs - atMs))
      .filter((ms) => ms <= COMMON_START_MS);
    return away.length === 0 ? [] : [Math.min(...away)];
  });
}

function scriptTimes(events: readonly TimedEvent[]): readonly ScriptTime[] {
  const longest = new Map<string, ScriptTime>();
  for (const { key, data } of events) {
    if (key !== "script.ended") continue;
    const tookMs = Number(data["tookMs"]);
    if (!(tookMs >= 0)) continue;
    const run = data["run"] === "stop" ? "stop" : "start";
    const group = String(data["group"]);
    const resource = String(data["resource"]);
    const name = `${group}/${resource}/${run}`;
    const before = longest.get(name);
    const worst = Math.max(before?.tookMs ?? 0, Math.round(tookMs));
    longest.set(name, { group, resource, run, tookMs: worst, count: (before?.count ?? 0) + 1 });
  }
  return [...longest.values()];
}
