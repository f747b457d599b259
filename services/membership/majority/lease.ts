/**
 * The lease of a view of three or more: so many other members have acknowledged this server so recently
 * that no majority without it can have come together.
 * Intuition: the q-1 freshest acknowledgements carry; the oldest of these says how long. Whoever starts
 * something needs the present view's own ones; whoever runs something may finish the last view's lease.
 * Source: protocol.md 1.3.2-1.3.3, 1.4.5, 2.1 L1, L7; R93.
 */
import { acknowledgedMs } from "../../heartbeat/peer.ts";
import { isIn } from "./sight.ts";
import type { Field, MajorityState } from "./state.ts";
import { quorumIn } from "./votes.ts";

/**
 * Own stamp up to which enough members have acknowledged this server in the present view, ms; -Infinity =
 * not enough did, Infinity = this server alone is a majority of what is counted.
 */
export function carriedByMs(state: MajorityState, field: Field): number {
  const { view } = state;
  if (view === null) return Number.NEGATIVE_INFINITY;
  const needed = quorumIn(view, field.config.servers.length) - 1;
  if (needed <= 0) return Number.POSITIVE_INFINITY;
  const stamps = field.peers
    .filter(({ index }) => view.members.includes(index))
    .map((peer) => acknowledgedMs(peer, view) ?? Number.NEGATIVE_INFINITY)
    .sort((a, b) => b - a);
  return stamps[needed - 1] ?? Number.NEGATIVE_INFINITY;
}

/** End of the lease without further acknowledgements, the last view's included, ms. */
export function leaseEndMs(state: MajorityState, field: Field): number {
  const ownMs = carriedByMs(state, field) + field.config.budget.a3Ms;
  return Math.max(ownMs, state.carriedUntilMs);
}

/** Groups may be started and addresses announced. */
export function holdsLease(state: MajorityState, field: Field): boolean {
  if (!isIn(state) || state.lapsed || state.gaveUp !== null) return false;
  if (state.provisional !== null || state.conflict) return false;
  return field.atMs < carriedByMs(state, field) + field.config.budget.a3Ms;
}

/**
 * Moment at which this member has to conclude that it is in the minority, ms: an owner when its lease ends,
 * any other T after the last moment at which it was carried.
 */
export function verdictAtMs(state: MajorityState, field: Field): number {
  if (field.mayOwn) return leaseEndMs(state, field);
  const { timeoutMs, a3Ms } = field.config.budget;
  const restMs = timeoutMs - a3Ms;
  return Math.max(leaseEndMs(state, field) + restMs, state.baseMs + timeoutMs);
}
