/**
 * Do not resolve. Without shared data nothing can be destroyed: who hears nothing for T goes on.
 * A peer whose frames fail authentication is alive, so nothing is taken over from it (D56). A peer whose software
 * does not say that it carries this method out may do anything when the LANs fall silent: never beside it.
 *
 * | the other server           | LANs silent: owner | server without groups | start alone   | guide |
 * |----------------------------|--------------------|-----------------------|---------------|-------|
 * | does not say "none"        | ES at A3           | ES at T               | no, and alert | H3    |
 * | says it, presence          | goes on, takes nothing over, from T        | no, and alert | D56   |
 * | says it, or was not heard  | goes on at T       | takes over at T       | starts        | H2    |
 *
 * A view of both is made only between servers that say it (membership/join.ts), so the first row speaks of
 * software that was changed below a running cluster. A new pulse that has not heard the other member yet relies
 * on that view.
 * Source: requirements 1.2.4 H1-H3, R100-R103; protocol.md 1.5, 1.7.
 */
import type { Budget } from "../configuration/model.ts";
import type { Evidence } from "../events.ts";
import { isSilent, stopAtDeadline } from "./com.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

export function judgeNone(evidence: Evidence, _claim: ClaimProgress, budget: Budget): Judgement {
  if (evidence.lacksMethod === true) {
    return stopAtDeadline("method-unsupported", evidence, budget);
  }
  if (!isSilent(evidence, budget)) return WAIT;
  return evidence.presence ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}

export function judgeNoneStart(
  evidence: StartEvidence,
  _claim: ClaimProgress,
  _budget: Budget,
): Judgement {
  if (evidence.overdueMs < 0) return WAIT;
  if (evidence.lacksMethod === true) return { kind: "refuse", reason: "method-unsupported" };
  return evidence.presence ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}
