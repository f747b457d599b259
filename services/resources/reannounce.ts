/**
 * When a floating address is announced: at the takeover, and when somebody else claims it.
 * Intuition: answering a claim at once heals a segment that believed the wrong one; answering every
 * claim makes two owners shout at each other for ever. So a few answers per window, then one alert
 * and silence until a window has passed without any claim. Without a lease nobody answers: he may
 * not be the owner.
 * Source: RFC 5227 2.4 (b), (c); spec/peers.md 4.6 (5 + 5); requirements R112-R114.
 */

/** Announcements at once: one may be lost, and a switch may still be learning the port. */
const BURST = 5;
/** Second burst, ms: for switches and hosts that were busy or still forwarding to the old port. */
const SECOND_BURST_AFTER_MS = 5000;
/** Answers to claims per window. */
export const REANNOUNCE_MAX = 3;
/** RFC 5227 DEFEND_INTERVAL is 10 s per answer; three answers share the same rate over 30 s. */
export const REANNOUNCE_WINDOW_MS = 30_000;

export interface ReannounceState {
  /** Moments of the answers within the window, ascending, ms. */
  readonly answeredAtMs: readonly number[];
  /** The limit was exceeded and told; silence until a window without claims. */
  readonly isDamped: boolean;
  /** Newest claim, ms; -Infinity = none. */
  readonly lastClaimAtMs: number;
}

export interface ReannounceVerdict {
  readonly state: ReannounceState;
  /** Announce the address once, now. */
  readonly announce: boolean;
  /** Tell the operator: first claim of a quarrel, and the moment the answers end. */
  readonly alert: boolean;
}

export function createReannounce(): ReannounceState {
  return { answeredAtMs: [], isDamped: false, lastClaimAtMs: Number.NEGATIVE_INFINITY };
}

/** Moments of the announcements after an address came up at `nowMs`, ascending, ms. */
export function announceSchedule(nowMs: number): number[] {
  const burst = (atMs: number): number[] => Array.from({ length: BURST }, () => atMs);
  return [...burst(nowMs), ...burst(nowMs + SECOND_BURST_AFTER_MS)];
}

/**
 * Somebody else claims an address that is up here. `mayAnnounce`: the lease is valid in this very
 * turn. Moments are monotonic ms; an earlier one than the last is taken as the last.
 */
export function judgeForeignClaim(
  state: ReannounceState,
  nowMs: number,
  mayAnnounce: boolean,
): ReannounceVerdict {
  const atMs = Math.max(nowMs, state.lastClaimAtMs);
  const isNewQuarrel = atMs - state.lastClaimAtMs >= REANNOUNCE_WINDOW_MS;
  const isDamped = state.isDamped && !isNewQuarrel;
  const recent = state.answeredAtMs.filter((answered) => atMs - answered < REANNOUNCE_WINDOW_MS);
  const next = { answeredAtMs: recent, isDamped, lastClaimAtMs: atMs };
  if (!mayAnnounce || isDamped) return { state: next, announce: false, alert: isNewQuarrel };
  if (recent.length >= REANNOUNCE_MAX) {
    return { state: { ...next, isDamped: true }, announce: false, alert: true };
  }
  return {
    state: { ...next, answeredAtMs: [...recent, atMs] },
    announce: true,
    alert: isNewQuarrel,
  };
}
