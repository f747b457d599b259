/**
 * How a text on its way is taken back. Intuition: the coordinator decides, and it may have decided on what the
 * others showed it an instant ago. Whoever showed that it is ready therefore lets its pulse hold the text, so that
 * it can follow, until the coordinator shows that nothing comes of it; only then is the outcome known and told.
 * Source: protocol.md 1.9, V3; Bernstein, Hadzilacos and Goodman 1987, ch. 7 (uncertainty period of two-phase commit).
 */
import {
  type Draft,
  isCoordinator,
  membersOf,
  type RolloutEffect,
  type RolloutState,
  type RolloutStep,
  type Sight,
  shows,
  type WithdrawReason,
} from "./rollout-state.ts";

/** 131 pieces at one per beat of the guide's 3 s profile, when every second one is lost. */
export const SLOW_MS = 900_000;
/** An install is over after T; what was said of it before may be as old as T. */
const LOOSE_TIMEOUTS = 2;

export const quiet = (state: RolloutState): RolloutStep => ({ state, effects: [] });

/** It cannot have been decided on, or this server decides. */
export function drop(state: RolloutState, draft: Draft, reason: WithdrawReason): RolloutStep {
  return {
    state: { ...state, draft: null },
    effects: [dropping(draft, reason), { kind: "say" }],
  };
}

export const dropping = (draft: Draft, reason: WithdrawReason): RolloutEffect => ({
  kind: "dropped",
  revision: { rev: draft.rev, hash: draft.hash },
  reason,
  isOwn: draft.part === "offers" && !draft.isCatchUp,
});

/** Nobody is told any more that this server has it; the pulse holds it while it may yet be installed. */
export function withdraw(
  state: RolloutState,
  draft: Draft,
  reason: WithdrawReason,
  see: Sight,
): RolloutStep {
  // An agent before this one may have shown it ready.
  const wasReady = draft.prepared === "yes" || isHeld(draft, see);
  const mayBeDecided = wasReady && see.isIn && see.epoch === draft.epoch;
  const coordinator = see.peers.find(({ index }) => index === see.coordinator);
  // Who decides took it back itself; or a member refuses, without which nothing is decided.
  const isOff =
    (draft.part !== "offers" && coordinator?.words?.underWay === null) ||
    membersOf(see).some((peer) => shows(peer, draft)?.part === "refuses");
  // What was ordered here is in the pulse's hands: nobody takes that back who has not seen what came of it.
  const isOrdered = draft.installAtMs !== null;
  const isOurs = !isOrdered && (isCoordinator(see) || isOff);
  if (!mayBeDecided || isOurs) return drop(state, draft, reason);
  return { state: { ...state, draft: null, doubt: { draft, reason } }, effects: [{ kind: "say" }] };
}

/** What is told of a withdrawn text that cannot come into force any more. */
export const doubtEnds = ({ doubt }: RolloutState): RolloutEffect[] =>
  doubt === null ? [] : [dropping(doubt.draft, doubt.reason)];

const isHeld = ({ hash }: Draft, { pulseHolds }: Sight): boolean =>
  pulseHolds !== null && hash.startsWith(pulseHolds);

/** The view in which it could be installed is over, or this pulse could not follow any more; null = it may come. */
export function settleDoubt(state: RolloutState, see: Sight): RolloutStep | null {
  const { doubt } = state;
  if (doubt === null) return null;
  const { epoch, sinceMs } = doubt.draft;
  const isOver = !see.isIn || see.epoch !== epoch || see.atMs - sinceMs >= SLOW_MS;
  if (isHeld(doubt.draft, see) && !isOver) return null;
  return { state: { ...state, doubt: null }, effects: doubtEnds(state) };
}

/**
 * The pulse holds a text that nobody brings: this server withdrew it, or an agent before this one handed it over
 * and died. While anybody may yet install it, the pulse needs it to follow; when all members run by the present
 * one and bring nothing, nobody does.
 */
export function takeBack(state: RolloutState, see: Sight): RolloutStep {
  const { pulseHolds } = see;
  const isSilent = membersOf(see).every(
    ({ words }) => words?.underWay === null && words.current.hash === state.current.hash,
  );
  if (pulseHolds === null || !see.isIn || see.hasTrouble || !isSilent) {
    return quiet(state.looseSinceMs === null ? state : { ...state, looseSinceMs: null });
  }
  const looseSinceMs = state.looseSinceMs ?? see.atMs;
  if (see.atMs - looseSinceMs < LOOSE_TIMEOUTS * see.timeoutMs) {
    return quiet({ ...state, looseSinceMs });
  }
  const told = doubtEnds(state);
  const effects = told.length > 0 ? told : [{ kind: "leftover", hash: pulseHolds } as const];
  return { state: { ...state, looseSinceMs: null, doubt: null }, effects };
}
