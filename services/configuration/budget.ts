/**
 * The timing budget: from the operator's few times to every instant of lease, claim and verdict.
 * Intuition: the old owner must be gone M before anybody may hold it lost, and two claims plus the
 * way of a beat there and back must fit before that; what does not fit is refused, with the number
 * of milliseconds that are missing. All arithmetic rounds to the cautious side, whole ms.
 * Source: protocol.md 1.2, 1.5, 1.7; D1-D5, D9, D54; peers.md 4.9.
 */
import type { Budget, QuorumMethod, TimingInput } from "./model.ts";

/** rho: bound on the rate difference of two monotonic clocks, 500 ppm (protocol.md 1.2). */
export const CLOCK_RATE_BOUND = 0.0005;
/** Longest COM frame in bytes; the codec promises not to exceed it. */
export const COM_FRAME_BYTES_MAX = 80;
/** 8N1: start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Share of the line a beat may use; the rest is room for resynchronisation after garbage. */
export const COM_LINE_USE_MAX = 0.3;
/** Ten beats per timeout: one lost packet costs a tenth of the lease (protocol.md L13). */
const BEATS_PER_TIMEOUT = 10;
/** Above this a COM word says nothing newer about life than the LAN does. */
const COM_INTERVAL_DEFAULT_MAX_MS = 1000;

/** What the arithmetic needs beside the times: the line, and measured or assumed lateness. All ms. */
export interface BudgetFacts {
  /** Speed of the COM line, bit/s; null = no COM path configured. */
  readonly baud: number | null;
  /** P: worst lateness of the pulse process. Default T/40, 6-250. */
  readonly pauseMs?: number | undefined;
  /** G: worst time of a fast give-up. Default T/40, 8-1000. */
  readonly giveUpMs?: number | undefined;
  /** D: one claim = write + read. Default T/25, 4-2000; only methods with a disk use it. */
  readonly claimMs?: number | undefined;
}

/** The budget with the assumptions it rests on, for `kage config explain` and for measuring against. */
export interface DetailedBudget extends Budget {
  /** P */
  readonly pauseMs: number;
  /** G */
  readonly giveUpMs: number;
  /** delta: one-way delivery including scheduling. */
  readonly deliveryMs: number;
  /** Share of the COM line that beats of the longest frame take, 0-1; 0 without COM. */
  readonly comLineUse: number;
}

/** Keys of the `timing` section; a violated inequality names the one to change. */
export type TimingKey =
  | "heartbeatTimeoutMs"
  | "heartbeatIntervalMs"
  | "comIntervalMs"
  | "diskWaitMs"
  | "watchdogTimeoutMs";

export interface BudgetViolation {
  /** The inequality as protocol.md 1.2 writes it. */
  readonly rule:
    | "T >= 10 I"
    | "T >= 10 Icom"
    | "T >= 2 w-"
    | "A1 >= 2 sigma"
    | "A1 >= w- + sigma"
    | "COM line use <= 30 %"
    | "DIO >= D"
    | "DIO >= M + D + 4 Idisk"
    | "W >= 2 (I + P)";
  readonly key: TimingKey;
  /** How much the left side is too short, whole ms, at least 1. */
  readonly shortMs: number;
  /** Why the inequality must hold, in words. */
  readonly meaning: string;
  /** Meaning, shortage and rule as one line. */
  readonly text: string;
}

export type BudgetResult =
  | { readonly kind: "budget"; readonly budget: DetailedBudget }
  | { readonly kind: "violated"; readonly violations: readonly BudgetViolation[] };

/** Stamps per disk wait: a lost or slow one costs a tenth of what carries the server. */
const STAMPS_PER_DISK_WAIT = 10;
const STAMP_INTERVAL_MIN_MS = 100;
/** More often than once a second says nothing that an operator waits for, and the array is shared. */
const STAMP_INTERVAL_MAX_MS = 1000;

/** True for the methods that write to the arbitration partition. */
export function usesDisk(method: QuorumMethod): boolean {
  return method === "disk" || method === "com-disk";
}

/**
 * Time between two words of the agent to its pulse, ms. A stamp needs a new one, so that a hung agent
 * never looks like life (G9).
 */
export function tokenIntervalMs(heartbeatTimeoutMs: number): number {
  return clamp(heartbeatTimeoutMs / 5, 50, 1000);
}

/** True for the two methods that read the COM word as evidence. */
export function usesCom(method: QuorumMethod): boolean {
  return method === "com" || method === "com-disk";
}

/**
 * Default of `comIntervalMs`: the heartbeat interval, at most 1 s, and never more often than the line
 * carries. `baud` null (no COM path) gives the interval without the line's term.
 */
export function defaultComIntervalMs(heartbeatIntervalMs: number, baud: number | null): number {
  const wanted = Math.min(heartbeatIntervalMs, COM_INTERVAL_DEFAULT_MAX_MS);
  if (baud === null) return wanted;
  return Math.max(wanted, Math.ceil(comIntervalMinMs(baud) / 10) * 10);
}

/** P, G and D as they are taken where none is given; they grow with the timeout `T`. All ms. */
export function assumedTimes(T: number): {
  readonly pauseMs: number;
  readonly giveUpMs: number;
  readonly claimMs: number;
} {
  return {
    pauseMs: clamp(Math.ceil(T / 40), 6, 250),
    giveUpMs: clamp(Math.ceil(T / 40), 8, 1000),
    claimMs: clamp(Math.ceil(T / 25), 4, 2000),
  };
}

/** Computes every derived time and checks every inequality; all violated ones are reported at once. */
export function computeBudget(
  method: QuorumMethod,
  timing: TimingInput,
  facts: BudgetFacts,
): BudgetResult {
  const budget = derive(method, timing, facts);
  const violations = violatedRules(method, budget, facts);
  return violations.length === 0 ? { kind: "budget", budget } : { kind: "violated", violations };
}

/**
 * Smallest `heartbeatTimeoutMs` at or above `fromMs` that makes the set valid when nothing else that
 * the operator gave changes; `timingAt` completes the times for a timeout, because defaults follow it.
 * null = a longer timeout alone does not help.
 */
export function smallestTimeoutMs(
  method: QuorumMethod,
  fromMs: number,
  timingAt: (heartbeatTimeoutMs: number) => TimingInput,
  facts: BudgetFacts,
): number | null {
  const fits = (heartbeatTimeoutMs: number) =>
    computeBudget(method, timingAt(heartbeatTimeoutMs), facts).kind === "budget";
  let low = fromMs;
  if (fits(low)) return low;
  let high = low * 2;
  // Doubling 24 times passes any timeout the schema accepts; then bisect between the two.
  for (let doubled = 0; doubled < 24 && !fits(high); doubled += 1) high *= 2;
  if (!fits(high)) return null;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function derive(method: QuorumMethod, timing: TimingInput, facts: BudgetFacts): DetailedBudget {
  const T = timing.heartbeatTimeoutMs;
  const I = timing.heartbeatIntervalMs;
  const Icom = timing.comIntervalMs;
  const assumed = assumedTimes(T);
  const pauseMs = facts.pauseMs ?? assumed.pauseMs;
  const giveUpMs = facts.giveUpMs ?? assumed.giveUpMs;
  const claimMs = usesDisk(method) ? (facts.claimMs ?? assumed.claimMs) : 0;
  const deliveryMs = clamp(Math.ceil(I / 20), 2, 50);
  const sigmaMs = 2 * I + 2 * deliveryMs;
  const onDisk = method === "disk";
  const quietMs = onDisk ? Math.max(T, timing.diskWaitMs) : T;
  const judgeMs = onDisk ? 2 * quietMs : T;
  const marginMs = Math.ceil(pauseMs + giveUpMs + 2 * CLOCK_RATE_BOUND * judgeMs);
  const stampIntervalMs = onDisk ? stampInterval(T, timing.diskWaitMs) : 0;
  const earlyVerdict = onDisk && timing.earlyVerdict === true && timing.diskWaitMs <= T;
  const a3Ms = T - marginMs;
  // A stamp is no claim: nothing has to fit between suspicion and the end of the lease.
  const roomMs = onDisk ? 0 : claimMs;
  const a2Ms = a3Ms - roomMs - I;
  const a1Ms = a2Ms - roomMs - sigmaMs;
  const withCom = facts.baud !== null;
  const lineMs = facts.baud === null ? 0 : comFrameMs(facts.baud);
  // Shared disk: nobody takes over before T, nor before the newest stamp is DIO old.
  const staleMs = stampIntervalMs + claimMs;
  const boundMs = onDisk ? Math.min(T - sigmaMs, timing.diskWaitMs - staleMs) : T - sigmaMs;
  const resetFits = timing.watchdogTimeoutMs + 2 * CLOCK_RATE_BOUND * T <= boundMs;
  return {
    timeoutMs: T,
    intervalMs: I,
    comIntervalMs: Icom,
    diskWaitMs: timing.diskWaitMs,
    marginMs,
    a3Ms,
    a2Ms,
    a1Ms,
    comFaultyMs: withCom ? 3 * Icom : 0,
    comAliveMs: withCom ? 2 * Icom + I + Math.ceil(lineMs + deliveryMs) : 0,
    abstainMs: Math.ceil(T * (1 + 2 * CLOCK_RATE_BOUND) + marginMs),
    watchdogMs: timing.watchdogTimeoutMs,
    sigmaMs,
    claimMs,
    judgeMs,
    leaveMs: judgeMs - marginMs,
    quietMs,
    stampLeaseMs: onDisk ? timing.diskWaitMs - marginMs : 0,
    stampIntervalMs,
    earlyVerdict,
    protection: timing.watchdogTimeoutMs > 0 && resetFits ? "reset-bounded" : "software-bounded",
    pauseMs,
    giveUpMs,
    deliveryMs,
    comLineUse: withCom ? lineMs / Icom : 0,
  };
}

function stampInterval(timeoutMs: number, diskWaitMs: number): number {
  const wanted = diskWaitMs / STAMPS_PER_DISK_WAIT;
  const period = clamp(wanted, STAMP_INTERVAL_MIN_MS, STAMP_INTERVAL_MAX_MS);
  return Math.ceil(Math.max(period, tokenIntervalMs(timeoutMs)));
}

function violatedRules(
  method: QuorumMethod,
  budget: DetailedBudget,
  facts: BudgetFacts,
): BudgetViolation[] {
  const found: BudgetViolation[] = [];
  const demand = (
    rule: BudgetViolation["rule"],
    key: TimingKey,
    leftMs: number,
    rightMs: number,
    meaning: string,
  ) => {
    if (leftMs >= rightMs) return;
    const shortMs = Math.ceil(rightMs - leftMs);
    const text = `${meaning}: too short by ${shortMs} ms (${rule})`;
    found.push({ rule, key, shortMs, meaning, text });
  };
  const b = budget;
  const T = b.timeoutMs;
  const tenI = BEATS_PER_TIMEOUT * b.intervalMs;
  demand("T >= 10 I", "heartbeatTimeoutMs", T, tenI, "the timeout must hold ten intervals");
  const twoWays = "suspicion must begin after two round trips of a beat";
  demand("A1 >= 2 sigma", "heartbeatTimeoutMs", b.a1Ms, 2 * b.sigmaMs, twoWays);
  if (usesCom(method)) {
    // w+ = 3 Icom stays below a third of T, so "together" (A7, C7) keeps meaning one instant.
    const tenCom = BEATS_PER_TIMEOUT * b.comIntervalMs;
    const tenWords = "the timeout must hold ten COM intervals";
    demand("T >= 10 Icom", "heartbeatTimeoutMs", T, tenCom, tenWords);
    const alive = "the timeout must be twice the time in which the COM word proves life";
    demand("T >= 2 w-", "heartbeatTimeoutMs", T, 2 * b.comAliveMs, alive);
    const word = "the COM word must have arrived before suspicion begins";
    const need = b.comAliveMs + b.sigmaMs;
    demand("A1 >= w- + sigma", "heartbeatTimeoutMs", b.a1Ms, need, word);
  }
  if (facts.baud !== null) {
    const least = comIntervalMinMs(facts.baud);
    const line = `a frame of ${COM_FRAME_BYTES_MAX} bytes at ${facts.baud} bit/s must leave room`;
    demand("COM line use <= 30 %", "comIntervalMs", b.comIntervalMs, least, line);
  }
  if (method === "com-disk") {
    const wait = "the disk wait must be longer than one claim";
    demand("DIO >= D", "diskWaitMs", b.diskWaitMs, b.claimMs, wait);
  }
  if (method === "disk") {
    const least = b.marginMs + b.claimMs + 4 * b.stampIntervalMs;
    const stamps = "four stamps and the give-up margin must fit into the disk wait";
    demand("DIO >= M + D + 4 Idisk", "diskWaitMs", b.diskWaitMs, least, stamps);
  }
  if (b.watchdogMs > 0) {
    const feed = "a healthy pulse feeds once per interval and may be late";
    const least = 2 * (b.intervalMs + b.pauseMs);
    demand("W >= 2 (I + P)", "watchdogTimeoutMs", b.watchdogMs, least, feed);
  }
  return found;
}

/** Time of the longest COM frame on the line, ms (fraction). */
function comFrameMs(baud: number): number {
  return (COM_FRAME_BYTES_MAX * BITS_PER_BYTE * 1000) / baud;
}

/** Shortest COM interval that keeps the line below the permitted use, ms (fraction). */
function comIntervalMinMs(baud: number): number {
  return comFrameMs(baud) / COM_LINE_USE_MAX;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
