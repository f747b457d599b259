/**
 * The times of a server that has installed a revision and does not yet know that the other one has: it owes
 * by the shorter budget and waits by the longer. Intuition: whichever of the two the other still lives by,
 * this one is gone before the other may take it for lost, and takes it for lost only after it is gone.
 *
 * Example: T 30 s -> 10 s. Until the other shows the new epoch, the own lease ends as if T were 10 s and
 * the other is lost as if T were 30 s. T 10 s -> 30 s gives the same two numbers.
 * Source: protocol.md 1.2, 1.3.4, 1.9, L10.
 */
import type { Budget } from "./model.ts";

/** null = the two are too far apart for one step: the claims or the COM word would have no room. */
export function blendBudgets(old: Budget, next: Budget): Budget | null {
  const min = (key: NumberKey): number => Math.min(old[key], next[key]);
  const max = (key: NumberKey): number => Math.max(old[key], next[key]);
  const timeoutMs = max("timeoutMs");
  // A frozen owner must be reset before the shorter timeout.
  const watchdogMs = max("watchdogMs") === 0 ? 0 : max("watchdogMs") + timeoutMs - min("timeoutMs");
  const resets = old.protection === next.protection;
  const blended: Budget = {
    timeoutMs,
    intervalMs: min("intervalMs"),
    comIntervalMs: min("comIntervalMs"),
    diskWaitMs: max("diskWaitMs"),
    marginMs: max("marginMs"),
    a1Ms: min("a1Ms"),
    a2Ms: min("a2Ms"),
    a3Ms: min("a3Ms"),
    comFaultyMs: max("comFaultyMs"),
    comAliveMs: max("comAliveMs"),
    abstainMs: max("abstainMs"),
    watchdogMs,
    sigmaMs: max("sigmaMs"),
    claimMs: max("claimMs"),
    judgeMs: max("judgeMs"),
    leaveMs: min("leaveMs"),
    quietMs: max("quietMs"),
    stampLeaseMs: min("stampLeaseMs"),
    stampIntervalMs: min("stampIntervalMs"),
    earlyVerdict: old.earlyVerdict && next.earlyVerdict,
    protection: resets ? next.protection : "software-bounded",
  };
  const { a1Ms, a2Ms, a3Ms, sigmaMs, comAliveMs, claimMs } = blended;
  const word = a1Ms >= Math.max(2 * sigmaMs, comAliveMs === 0 ? 0 : comAliveMs + sigmaMs);
  const claims = a2Ms === a3Ms || a3Ms - a2Ms >= Math.min(claimMs, next.a3Ms - next.a2Ms);
  return word && claims && a1Ms <= a2Ms && a2Ms <= a3Ms && a3Ms < timeoutMs ? blended : null;
}

type NumberKey = Exclude<keyof Budget, "protection" | "earlyVerdict">;
