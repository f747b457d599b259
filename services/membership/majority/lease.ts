/**
 * The lease of a view of three or more: so many other members have acknowledged this server so recently
 * that no majority without it can have come together.
 * Intuition: the q-1 freshest acknowledgements carry; the oldest of these says how long. Whoever starts
 * something needs the present view's own ones; whoever runs something may finish the last view's lease.
 * Where the shared disk decides all others have to acknowledge, or the own rounds on it carry (disk-rule.ts).
 * Source: protocol.md 1.3.2-1.3.3, 1.4.5, 1.6, 2.1 L1, L7; R93.
 */
import { sameEpoch, type View } from "../../../hal/base/view.ts";
import { acknowledgedMs, showsView } from "../../heartbeat/peer.ts";
import { decidesByDisk, roundLeaseEndMs } from "./disk-rule.ts";
import { isHeard, isIn } from "./sight.ts";
import type { Field, MajorityState } from "./state.ts";
import { quorumIn } from "./votes.ts";

/** Other members whose acknowledgement it takes: a majority with this server, or all where the disk decides. */
function neededBy(view: View, field: Field): number {
  if (decidesByDisk(field)) return view.members.length - 1;
  return quorumIn(view, field.config.servers.length) - 1;
}

/** Where the disk decides, what the own rounds of this view carry beside the LAN. */
const onDiskUntilMs = (state: MajorityState, field: Field): number =>
  decidesByDisk(field) ? roundLeaseEndMs(state, field) : Number.NEGATIVE_INFINITY;

/**
 * Groups may run in it. Where the disk decides, a force-returned view counts those whom nobody has proved to be
 * gone as absent (`judgeAlone`).
 */
export function isEnough(view: View, field: Field): boolean {
  if (decidesByDisk(field)) return (view.absent ?? []).length === 0;
  return view.members.length >= quorumIn(view, field.config.servers.length);
}

/**
 * Own stamp up to which enough members have acknowledged this server in the present view, ms; -Infinity =
 * not enough did, Infinity = this server alone is a majority of what is counted.
 */
export function carriedByMs(state: MajorityState, field: Field): number {
  const { view } = state;
  if (view === null) return Number.NEGATIVE_INFINITY;
  const needed = neededBy(view, field);
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
function isCarried(state: MajorityState, field: Field): boolean {
  const { view } = state;
  if (view === null) return false;
  const { peers, atMs, config } = field;
  let needed = neededBy(view, field);
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
  const { atMs } = field;
  return (
    atMs < state.carriedUntilMs || isCarried(state, field) || atMs < onDiskUntilMs(state, field)
  );
}

/** End of the lease without further acknowledgements, the last view's included, ms. */
export function leaseEndMs(state: MajorityState, field: Field): number {
  const ownMs = carriedByMs(state, field) + field.config.budget.a3Ms;
  return Math.max(ownMs, state.carriedUntilMs, onDiskUntilMs(state, field));
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
  if (state.provisional !== null || state.conflict || state.listenUntilMs !== null) return false;
  if (isCarried(state, field)) return true;
  return field.atMs < onDiskUntilMs(state, field) && !isBehind(state, field);
}

/** The view's text is its coordinator's: whoever is behind it begins nothing on the word of the disk (1.3.1, 1.9). */
function isBehind({ view }: MajorityState, field: Field): boolean {
  const coordinator = field.peers.find(({ index }) => index === view?.epoch.coordinator);
  if (coordinator?.beat == null || view === null || !isHeard(coordinator, field)) return false;
  return showsView(coordinator, view) && coordinator.beat.configHash !== field.config.hash;
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
