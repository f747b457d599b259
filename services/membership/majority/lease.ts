/**
 * The lease of a view of three or more: so many other members have acknowledged this server so recently
 * that no majority without it can have come together.
 * Intuition: the q-1 freshest acknowledgements carry; the oldest of these says how long. Whoever starts
 * something needs the present view's own ones; whoever runs something may finish the last view's lease.
 * Source: protocol.md 1.3.2-1.3.3, 1.4.5, 2.1 L1, L7; R93.
 */
import { sameEpoch } from "../../../hal/base/view.ts";
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
  // The freshest first; a list this short is sorted as it is filled.
  const stamps: number[] = [];
  for (const peer of field.peers) {
    const stampMs = view.members.includes(peer.index) ? acknowledgedMs(peer, view) : null;
    if (stampMs === null) continue;
    let at = stamps.length;
    for (; at > 0 && (stamps[at - 1] ?? 0) < stampMs; at -= 1) stamps[at] = stamps[at - 1] ?? 0;
    stamps[at] = stampMs;
  }
  return stamps[needed - 1] ?? Number.NEGATIVE_INFINITY;
}

/** Whether enough members have acknowledged this server in the present view lately. */
function isCarried(state: MajorityState, { peers, atMs, config }: Field): boolean {
  const { view } = state;
  if (view === null) return false;
  let needed = quorumIn(view, config.servers.length) - 1;
  const { a3Ms } = config.budget;
  for (const peer of peers) {
    if (needed <= 0) break;
    const { acked } = peer;
    // By the same sum as the end of the lease, so that both say the same at its last moment.
    if (acked === null || atMs >= acked.stampMs + a3Ms) continue;
    if (view.members.includes(peer.index) && sameEpoch(acked.epoch, view.epoch)) needed -= 1;
  }
  return needed <= 0;
}

/** The lease, the last view's included, is not over: what `leaseEndMs` says, without finding the end. */
export function isLeaseOpen(state: MajorityState, field: Field): boolean {
  return field.atMs < state.carriedUntilMs || isCarried(state, field);
}

/** End of the lease without further acknowledgements, the last view's included, ms. */
export function leaseEndMs(state: MajorityState, field: Field): number {
  const ownMs = carriedByMs(state, field) + field.config.budget.a3Ms;
  return Math.max(ownMs, state.carriedUntilMs);
}

/**
 * End of a lease of which nobody knows when it ended, ms: what may run here has to go at once. No clock of a
 * host has ever shown it.
 */
export const LONG_OVER_MS = Number.MIN_SAFE_INTEGER;

/**
 * No lease has begun since this server came in: nothing can have been started under it, and nothing is lost
 * that would have to end. The will may be laid down already (1.3.2).
 */
export function isUnleased(state: MajorityState, field: Field): boolean {
  return leaseEndMs(state, field) === Number.NEGATIVE_INFINITY;
}

/** Groups may be started and addresses announced. */
export function holdsLease(state: MajorityState, field: Field): boolean {
  if (!isIn(state) || state.lapsed || state.gaveUp !== null) return false;
  if (state.provisional !== null || state.conflict) return false;
  return isCarried(state, field);
}

/**
 * Moment at which this member has to conclude that it is in the minority, ms: an owner when its lease ends,
 * any other T after the last moment at which it was carried.
 */
export function verdictAtMs(state: MajorityState, field: Field): number {
  if (field.mayOwn && !isUnleased(state, field)) return leaseEndMs(state, field);
  const { timeoutMs, a3Ms } = field.config.budget;
  const restMs = timeoutMs - a3Ms;
  return Math.max(leaseEndMs(state, field) + restMs, state.baseMs + timeoutMs);
}
