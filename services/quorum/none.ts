/**
 * Do not resolve. Without shared data nothing can be destroyed: who hears nothing for T goes on.
 * A peer whose frames fail authentication is alive, so nothing is taken over from it (D56).
 * Source: requirements 1.2.4 H1-H3, R100-R103; protocol.md 1.5, 1.7.
 */
import type { Budget } from "../configuration/model.ts";
import type { Evidence } from "../events.ts";
import { isSilent } from "./com.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

export function judgeNone(evidence: Evidence, _claim: ClaimProgress, budget: Budget): Judgement {
  if (!isSilent(evidence, budget)) return WAIT;
  return evidence.presence ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}

export function judgeNoneStart(
  evidence: StartEvidence,
  _claim: ClaimProgress,
  _budget: Budget,
): Judgement {
  if (evidence.overdueMs < 0) return WAIT;
  return evidence.presence ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}
