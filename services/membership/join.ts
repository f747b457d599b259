/**
 * How a server comes into a view and how a member leaves it in peace: invitation, promise, clean leave.
 * Intuition: nobody is taken in who does not promise, nobody is dropped who may still own something, and
 * a sole server first makes sure that its own agent would not teach it the view that it is about to leave.
 * Source: protocol.md 1.4.1-1.4.3, 1.4.8, 1.7; requirements D14-D17, R102, R190, R202-R204.
 */
import { compareEpochs, sameEpoch, type View } from "../../hal/base/view.ts";
import { lacksMethod } from "../failover/hear.ts";
import type { LanBeat } from "../heartbeat/beat.ts";
import { done, install, installSole, told } from "./change.ts";
import {
  isMember,
  isSole,
  type MembershipState,
  note,
  type Result,
  type Surroundings,
} from "./state.ts";

/** What the peer's newest words mean for who is in: heard both ways, and no newer view binds. */
export function joinOrPart(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  if (beat.configHash !== around.config.hash) {
    // By whatever text it lives: who stands outside and owns nothing is no member any more.
    const isCommon = isMember(state) && !isSole(state.view, state.self);
    return isCommon && isOutside(beat)
      ? partFrom(state, beat, around)
      : noteMismatch(state, beat, around);
  }
  if (state.mismatchAtMs !== null) {
    return joinOrPart({ ...state, mismatchAtMs: null, mismatchNoted: false }, beat, around);
  }
  // R102: no view is shared with software that does not say that it carries the method out.
  const isAble = !lacksMethod(beat, around.config.method);
  if (state.server === "member" && isSole(state.view, state.self)) {
    return isAble ? invite(state, beat, around) : done(state);
  }
  if (isMember(state)) return partFrom(state, beat, around);
  if (state.server === "starting" || state.server === "returning") {
    return isAble ? enter(state, beat, around) : beginBeside(state, beat, around);
  }
  return done(state);
}

/** A sole member takes in a server that asks to come in and owns nothing. */
function invite(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const asks = beat.state === "starting" || beat.state === "returning";
  if (!asks || beat.mayOwn) return done(state);
  return promiseBoth(state, beat, around);
}

/** Two clean starters: the better priority proposes. A proposal of a member is adopted. */
function enter(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const offered = beat.promise;
  const proposed = state.promise !== null && state.promise.epoch.coordinator === state.self;
  if (offered?.members.includes(state.self) && !proposed) {
    const above = state.promise === null || compareEpochs(offered.epoch, state.promise.epoch) > 0;
    if (!above || offered.epoch.counter <= state.floor) return done(state);
    return told({ ...state, promise: offered, promiseAtMs: around.atMs }, []);
  }
  const bothStart = state.server === "starting" && beat.state === "starting";
  if (bothStart && state.self < beat.from) return promiseBoth(state, beat, around);
  return beginBeside(state, beat, around);
}

/** Whoever is outside and owns nothing is in nobody's way. */
function beginBeside(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const alone = state.server === "starting" && beat.state === "detached" && !beat.mayOwn;
  return alone ? installSole(state, "others-detached", around) : done(state);
}

/** Proposes the view of both, and installs it once the other shows the same promise (1.4.3). */
function promiseBoth(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const { promise } = state;
  if (promise !== null && beat.promise !== null && sameEpoch(promise.epoch, beat.promise.epoch)) {
    if (isHeld(state, promise, around)) return install(state, promise, "joined", around);
    const asked = state.agreed !== null && sameEpoch(state.agreed, promise.epoch);
    return asked ? done(state) : told({ ...state, agreed: promise.epoch }, []);
  }
  const theirFloor = beat.view?.epoch.counter ?? 0;
  const counter = Math.max(state.floor, theirFloor) + 1;
  if (promise !== null && promise.epoch.counter >= counter) return done(state);
  const epoch = { counter, coordinator: state.self, host: state.host };
  const members = [state.self, beat.from].sort((a, b) => a - b);
  return told({ ...state, promise: { epoch, members }, promiseAtMs: around.atMs }, []);
}

/**
 * Rule 1.4.8: a sole view needs no lease, so it must not be taught again once the other server may be in
 * and may go on alone. The sole server therefore leaves its view only when the agent would teach the next.
 */
function isHeld(state: MembershipState, promise: View, { held }: Surroundings): boolean {
  return !isSole(state.view, state.self) || (held !== null && sameEpoch(held, promise.epoch));
}

/** The other member announced a clean leave with all groups stopped, or is outside already. */
function partFrom(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  if (beat.mayOwn || state.server === "stopping" || state.view === null) return done(state);
  const inView = beat.view !== null && sameEpoch(beat.view.epoch, state.view.epoch);
  const left = beat.state === "leaving" && inView;
  return left || (isOutside(beat) && !isJoining(state, beat, around))
    ? installSole(state, "peer-left", around)
    : done(state);
}

/** The newcomer's own installation may still be on its way; its older beats do not undo the view. */
function isJoining(state: MembershipState, beat: LanBeat, around: Surroundings): boolean {
  const promised =
    beat.promise !== null && state.view !== null && sameEpoch(beat.promise.epoch, state.view.epoch);
  return promised || around.atMs - state.baseMs < around.config.budget.timeoutMs / 2;
}

const isOutside = (beat: LanBeat): boolean =>
  beat.state === "detached" || beat.state === "returning" || beat.state === "starting";

/** The text in force is being handed over, piece by piece and then by restarts, before this is news. */
const HAND_OVER_MS = 10_000;

function noteMismatch(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  if (state.mismatchNoted) return done(state);
  const sinceMs = state.mismatchAtMs ?? around.atMs;
  const graceMs = Math.max(HAND_OVER_MS, 2 * around.config.budget.timeoutMs);
  if (around.atMs - sinceMs < graceMs) return done({ ...state, mismatchAtMs: sinceMs });
  const server = around.config.servers[beat.from]?.name ?? "";
  const data = { server, theirs: beat.configHash, ours: around.config.hash };
  return { state: { ...state, mismatchNoted: true }, effects: [note("config.mismatch", data)] };
}
