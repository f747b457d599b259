/**
 * COM method. The serial line says whether the peer lived on after its last LAN word.
 *
 * | COM word          | owner            | server without groups | guide  |
 * |-------------------|------------------|-----------------------|--------|
 * | alive / presence  | ES at A3         | ES at T               | A5     |
 * | faulty before     | ES at A3         | ES at T               | A4, A6 |
 * | together          | goes on at T     | takes over at T       | A3, A7 |
 *
 * A7 (everything cut in one instant: both go on) is the stated, accepted risk of this method.
 * Source: requirements 1.2.4 A1-A7, R57-R64, D3; protocol.md 1.5.
 */
import type { Budget } from "../configuration/model.ts";
import type { Evidence, StopReason } from "../events.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

export function judgeCom(evidence: Evidence, _claim: ClaimProgress, budget: Budget): Judgement {
  if (evidence.ageMs < budget.a1Ms) return WAIT;
  const doubt = comDoubt(evidence);
  if (doubt !== null) return stopAtDeadline(doubt, evidence, budget);
  return isSilent(evidence, budget) ? { kind: "survive" } : WAIT;
}

/** Alone only if the line was silent throughout; a word on it means the peer lives: wait and alert. */
export function judgeComStart(
  evidence: StartEvidence,
  _claim: ClaimProgress,
  _budget: Budget,
): Judgement {
  if (evidence.overdueMs < 0) return WAIT;
  if (evidence.presence) return { kind: "refuse", reason: "presence" };
  if (evidence.comHeard) return { kind: "refuse", reason: "partition" };
  return { kind: "survive" };
}

/** Why the COM word forbids going on, or null when it says "together". */
export function comDoubt(evidence: Evidence): StopReason | null {
  if (evidence.presence) return "presence";
  switch (evidence.com) {
    case "alive":
      return "partition";
    case "faulty":
      return "arbiter-faulty";
    case "together":
      return null;
  }
}

/** An owner must be gone by A3, before any other server may take over; the others have until T. */
export function stopAtDeadline(reason: StopReason, evidence: Evidence, budget: Budget): Judgement {
  const deadlineMs = evidence.mayOwn ? budget.a3Ms : budget.timeoutMs;
  return evidence.ageMs >= deadlineMs ? { kind: "stop", reason } : WAIT;
}

/** The peer's lease has run out by its own clock and by ours. */
export function isSilent(evidence: Evidence, budget: Budget): boolean {
  return evidence.ageMs >= budget.timeoutMs && evidence.silenceMs >= evidence.grantedMs;
}
