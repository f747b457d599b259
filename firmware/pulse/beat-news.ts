/**
 * Whether what this server says has changed, so that the next beat goes out at once.
 * Source: protocol.md 1.3 (all state is in the beat), 1.4.5 (two beats sent at once, no timer).
 */
import type { PulseEvent } from "../../services/events.ts";
import type { MembershipState } from "../../services/membership/state.ts";
import { mayOwn, type Owning } from "./agent-watch.ts";

interface Said extends Owning {
  readonly membership: MembershipState;
  readonly revision: object;
  readonly quorum: { readonly claim: string };
}

export function hasNews(before: Said, after: Said): boolean {
  if (before.revision !== after.revision) return true;
  const a = before.membership;
  const b = after.membership;
  if (a.server !== b.server || a.view !== b.view || a.promise !== b.promise) return true;
  if (mayOwn(before) !== mayOwn(after) || before.quorum.claim !== after.quorum.claim) return true;
  return !sameBytes(before.agent.token?.blob, after.agent.token?.blob);
}

/**
 * A beat of a process that cannot prove itself, or has nothing of ours that proves us, before it has heard this
 * one: answered at once, so that a new pulse acknowledges within milliseconds and not an interval or two later.
 */
export function asksBack(event: PulseEvent): boolean {
  if (event.kind !== "beat.received" || event.beat.kind !== "lan-beat") return false;
  return !event.proven || event.beat.heardStampMs === null;
}

/** The agent repeats its words with every token; only other words are news. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((byte, index) => byte === b[index]);
}
