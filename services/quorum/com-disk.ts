/**
 * COM + shared disk. As COM, but "together" is settled by a claim on the arbitration partition: write the
 * own claim, then read the other's; seeing a valid one means lost. So two never win, whatever the times.
 *
 * | COM word         | claim   | owner            | server without groups | guide  |
 * |------------------|---------|------------------|-----------------------|--------|
 * | alive / presence | any     | ES at A3         | ES at T               | C5     |
 * | faulty before    | any     | ES at A3         | ES at T               | C4, C6 |
 * | together         | won     | goes on at T     | takes over at T       | C7     |
 * | together         | lost    | ES at A3         | ES at T               | C7     |
 * | together         | no word | ES at A3         | ES at T + DIO         | D5     |
 *
 * Source: requirements 1.2.4 C1-C7, R80-R85, D4, D5; protocol.md 1.5 and its model (chapter 3).
 */
import type { Budget } from "../configuration/model.ts";
import type { Evidence } from "../events.ts";
import { comDoubt, isSilent, stopAtDeadline } from "./com.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

export function judgeComDisk(evidence: Evidence, claim: ClaimProgress, budget: Budget): Judgement {
  if (evidence.ageMs < budget.a1Ms) return claim === "none" ? WAIT : { kind: "withdraw" };
  const doubt = comDoubt(evidence);
  if (doubt !== null) return stopAtDeadline(doubt, evidence, budget);
  switch (claim) {
    case "won":
      return isSilent(evidence, budget) ? { kind: "survive" } : WAIT;
    case "lost":
      return stopAtDeadline("claim-lost", evidence, budget);
    case "none": {
      const startMs = evidence.first ? budget.a1Ms : budget.a2Ms;
      const worthTrying = evidence.diskHealthy && withinReach(evidence, budget);
      if (evidence.ageMs >= startMs && worthTrying) return { kind: "claim" };
      return stopWithoutClaim(evidence, budget);
    }
    case "pending":
    case "failed":
      return stopWithoutClaim(evidence, budget);
  }
}

/** A start alone wins a claim first; the second in priority leaves the first its claim budget. */
export function judgeComDiskStart(
  evidence: StartEvidence,
  claim: ClaimProgress,
  budget: Budget,
): Judgement {
  const headStartMs = evidence.first ? 0 : budget.claimMs + budget.sigmaMs;
  if (evidence.overdueMs < headStartMs) return WAIT;
  if (evidence.presence) return { kind: "refuse", reason: "presence" };
  switch (claim) {
    case "none":
      return evidence.diskHealthy ? { kind: "claim" } : { kind: "refuse", reason: "disk-faulty" };
    case "won":
      return { kind: "survive" };
    case "lost":
      return { kind: "refuse", reason: "claim-lost" };
    case "failed":
      return { kind: "refuse", reason: "disk-faulty" };
    case "pending":
      return WAIT;
  }
}

/** An owner past A3 or a standby past T + DIO gains nothing by a claim: the deadline has spoken. */
function withinReach(evidence: Evidence, budget: Budget): boolean {
  return evidence.ageMs < stopDeadlineMs(evidence, budget);
}

function stopDeadlineMs(evidence: Evidence, budget: Budget): number {
  return evidence.mayOwn ? budget.a3Ms : budget.timeoutMs + budget.diskWaitMs;
}

function stopWithoutClaim(evidence: Evidence, budget: Budget): Judgement {
  return evidence.ageMs >= stopDeadlineMs(evidence, budget)
    ? { kind: "stop", reason: "disk-faulty" }
    : WAIT;
}
