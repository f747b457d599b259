/**
 * Which view there should be, who proposes it, and who may promise it.
 * Intuition: everybody draws the same picture from the same beats, so one member steps forward: the best of
 * those that hear all the others. Nobody promises to drop a server that he has not himself lost, and a
 * promise is kept until a higher one takes its place. Source: protocol.md 1.4.1-1.4.3, 1.7; D15; L1, L8.
 */
import type { ServerIndex } from "../../../hal/base/ids.ts";
import { compareEpochs, sameEpoch, type View } from "../../../hal/base/view.ts";
import { isAside } from "../../heartbeat/liveness.ts";
import { isTwoWay, type PeerHealth } from "../../heartbeat/peer.ts";
import {
  type DiskField,
  decidesByDisk,
  highestInSlots,
  isLosing,
  isProvenAlone,
  isSettled,
  ownDrop,
  starters,
  staysByDisk,
  unproven,
} from "./disk-rule.ts";
import {
  asksIn,
  doesHear,
  hasLeft,
  hearEachOther,
  isGone,
  isHeard,
  isIn,
  isInMyView,
  isLiveMember,
  isLost,
  isRebooted,
  peerAt,
} from "./sight.ts";
import { type Field, type MajorityState, type Outcome, spoken, still } from "./state.ts";
import { quorumIn, quorumOf } from "./votes.ts";

/** A view that this server would like to see; null = it is content, or cannot have another. */
interface Wanted {
  readonly members: readonly ServerIndex[];
  readonly absent: readonly ServerIndex[];
  /** The disk has said that it is this server's to propose. */
  readonly isOurs?: boolean;
}

/** Steps forward when it is this server's turn, and again when nothing came of it within T. */
export function propose(state: MajorityState, field: Field): Outcome {
  const wanted = isIn(state) ? wantedInView(state, field) : wantedAtStart(state, field);
  if (wanted === null || !isOurTurn(state, wanted, field)) return still(state);
  const { promise } = state;
  if (promise !== null && isOwn(state, promise) && isSameCrew(promise, wanted)) {
    const { timeoutMs, judgeMs } = field.config.budget;
    // Who is put out by the disk has to have read it: that takes as long as a verdict.
    const isPatient = decidesByDisk(field) && ownDrop(state) !== null;
    const waitMs = isPatient ? 2 * judgeMs + timeoutMs : timeoutMs;
    if (field.atMs - state.promiseAtMs < waitMs) return still(state);
  }
  const counter = Math.max(highestCounter(state, field), promise?.epoch.counter ?? 0) + 1;
  const epoch = { counter, coordinator: state.self, host: state.host };
  const { members, absent } = wanted;
  const view: View = absent.length === 0 ? { epoch, members } : { epoch, members, absent };
  return spoken(give(state, view, field), []);
}

/** The best of those that hear all the others; the same view for a new text is its coordinator's to propose. */
function isOurTurn(state: MajorityState, wanted: Wanted, field: Field): boolean {
  const { view } = state;
  if (wanted.isOurs === true) return true;
  const isSame = view !== null && isIn(state) && isSameCrew(view, wanted);
  if (!isSame || !renewsOwn(state, field)) return candidateFor(state, wanted, field) === state.self;
  return wanted.members.every((other) => hearEachOther(state, state.self, other, field));
}

const renewsOwn = (state: MajorityState, field: Field): boolean =>
  field.renews === true && state.view?.epoch.coordinator === state.self;

/** Proposals that cross at a start are few; the oldest are void. */
const ACCEPTED_MAX = 8;

/** The promise, and from outside the word that this server will come into that view. */
function give(state: MajorityState, promise: View, field: Field): MajorityState {
  const next = { ...state, promise, promiseAtMs: field.atMs };
  if (isIn(state)) return next;
  return { ...next, accepted: [...state.accepted, promise.epoch].slice(-ACCEPTED_MAX) };
}

/** Adopts the highest promise that is offered, where this server may give it. */
export function adopt(state: MajorityState, field: Field): Outcome {
  let next = state;
  for (const peer of field.peers) {
    const offered = peer.beat?.promise ?? null;
    if (offered === null || offered.epoch.coordinator !== peer.index) continue;
    if (!isTwoWay(peer, field.atMs, field.config) || !isAbove(next, offered)) continue;
    if (peer.beat?.configHash !== field.config.hash) continue;
    if (!mayPromise(next, offered, peer, field)) continue;
    next = give(next, offered, field);
  }
  return next === state ? still(state) : spoken(next, []);
}

/** The own proposal, once all of its members show it and enough of them had a vote; null = not yet. */
export function agreedView(state: MajorityState, field: Field): View | null {
  const { promise } = state;
  if (promise === null || !isOwn(state, promise) || !isAboveView(state, promise)) return null;
  const showing = promise.members.filter((index) => {
    if (index === state.self) return shownPromise(state) !== null;
    const peer = peerAt(field, index);
    const shown = peer?.beat?.promise ?? null;
    return peer !== null && isHeard(peer, field) && shown !== null && isSame(shown, promise);
  });
  if (showing.length < promise.members.length) return null;
  if (decidesByDisk(field) && beginsAlone(state, promise)) {
    return isProvenAlone(state, promise.members, field) ? promise : null;
  }
  if (isSubQuorum(state)) return promise;
  if (decidesByDisk(field)) {
    const drop = isIn(state) ? ownDrop(state) : null;
    return drop === null || isSettled(state, drop, field) ? promise : null;
  }
  const needed = quorumIn(state.view, field.config.servers.length);
  return votersAmong(state, showing, field).length >= needed ? promise : null;
}

/** From a start, or out of a force-return: what the slots have said has to hold when it is installed as well. */
const beginsAlone = (state: MajorityState, promise: View): boolean =>
  (!isIn(state) || isSubQuorum(state)) && (promise.absent ?? []).length === 0;

/** What the beats say: a member's promise only once its agent holds it, for it binds the next pulse too. */
export function shownPromise(state: MajorityState): View | null {
  const { promise, shown } = state;
  if (!isIn(state) || promise === null) return promise;
  return shown !== null && isSame(shown, promise) ? promise : null;
}

/** A force-returned view that is not yet a majority: no lease can be had in it, so it grows freely. */
const isSubQuorum = (state: MajorityState): boolean => state.provisional !== null;

/** Only members of the present view vote on the next (L8); at a start, those that start. */
function votersAmong(
  state: MajorityState,
  servers: readonly ServerIndex[],
  field: Field,
): readonly ServerIndex[] {
  return servers.filter((index) => {
    if (index === state.self) return true;
    const beat = peerAt(field, index)?.beat ?? null;
    if (beat === null) return false;
    if (!isIn(state)) return beat.state === "starting";
    return isInMyView(state, beat) && state.view?.members.includes(index) === true;
  });
}

function mayPromise(state: MajorityState, offered: View, from: PeerHealth, field: Field): boolean {
  if (!offered.members.includes(state.self) || state.gaveUp !== null) return false;
  if (isIn(state)) {
    if (field.atMs < state.abstainUntilMs) return false;
    if (decidesByDisk(field)) return ownDrop(state)?.members.includes(from.index) !== false;
    const dropped = (state.view?.members ?? []).filter((index) => !offered.members.includes(index));
    return dropped.every((index) => {
      const peer = peerAt(field, index);
      return peer !== null && isGone(state, peer, field);
    });
  }
  const { beat } = from;
  if (beat === null) return false;
  // Who comes into a living view has no vote in it: his word only says that he is ready.
  const isInvited = beat.state === "member" || beat.state === "leaving";
  if (state.server === "returning") return isInvited;
  if (state.server !== "starting") return false;
  return isInvited || mayFound(state, offered.members, field);
}

/** A cold start needs everybody, or the end of the wait, a majority, and silence of all the others. */
function mayFound(state: MajorityState, members: readonly ServerIndex[], field: Field): boolean {
  const { atMs, config } = field;
  if (members.length === config.servers.length) return true;
  const isEarly = decidesByDisk(field)
    ? atMs < state.waitUntilMs
    : atMs < state.waitUntilMs || members.length < quorumOf(config.servers.length);
  if (isEarly) return false;
  return field.peers.every((peer) => {
    if (members.includes(peer.index)) return true;
    return isLost(state, peer, field) || (isHeard(peer, field) && isAside(peer.beat));
  });
}

function wantedInView(state: MajorityState, field: Field): Wanted | null {
  const { view } = state;
  if (view === null || state.server === "stopping" || state.gaveUp !== null) return null;
  if (field.atMs < state.abstainUntilMs) return null;
  if (decidesByDisk(field)) return wantedByDisk(state, view, field);
  const configured = field.config.servers.length;
  const released = view.members.filter((index) => !isOut(state, index, field));
  // Who leaves in order waits while the rest would be no majority: somebody has failed meanwhile.
  const isEnough = released.length >= quorumIn(view, configured);
  const waits = (index: ServerIndex): boolean =>
    !isEnough && peerAt(field, index)?.beat?.state === "leaving";
  const loose = view.members.filter((index) => {
    return released.includes(index) || (waits(index) && !isSilent(state, index, field));
  });
  // Whoever is still heard by one that stays is not dropped: that one would not promise it.
  const stays = view.members.filter((index) => {
    if (loose.includes(index)) return true;
    const peer = peerAt(field, index);
    if (peer === null || !isLost(state, peer, field)) return false;
    return loose.some((other) => other !== state.self && doesHear(other, index, field));
  });
  const joiners = field.peers.filter((peer) => !stays.includes(peer.index) && asksIn(peer, field));
  // Whom a takeover waits for is decided without newcomers, who might not answer.
  const isWhole = stays.length === view.members.length;
  const comeIn = isWhole ? admitted(view, joiners) : [];
  const members = [...stays, ...comeIn].sort((a, b) => a - b);
  const absent = nextAbsent(state, view, members, field);
  if (!isSubQuorum(state) && stays.length < quorumIn(view, configured)) return null;
  const wanted = { members, absent };
  const isNew = !isSameCrew(view, wanted) || needsAnew(state, stays, field);
  return isNew ? wanted : null;
}

/** Who is silent is put out by the disk's rule; who has left, comes in or begins anew, as everywhere. */
function wantedByDisk(state: MajorityState, view: View, field: DiskField): Wanted | null {
  const isFree = state.provisional !== null;
  const kept = isFree ? null : staysByDisk(state, field);
  if (kept !== null) return { members: kept, absent: [], isOurs: true };
  if (!isFree && isLosing(state, field)) return null;
  const stays = view.members.filter((index) => !isOut(state, index, field));
  const joiners = field.peers.filter((peer) => !stays.includes(peer.index) && asksIn(peer, field));
  const comeIn = stays.length === view.members.length ? joiners.map(({ index }) => index) : [];
  const members = [...stays, ...comeIn].sort((a, b) => a - b);
  // A force-returned view is one like any other as soon as the slots prove that nobody else lives.
  const isFirst = view.members[0] === state.self;
  const isProved = !isFree || (isFirst && isProvenAlone(state, members, field));
  const wanted = { members, absent: isProved ? [] : unproven(members, field) };
  return !isSameCrew(view, wanted) || needsAnew(state, stays, field) ? wanted : null;
}

function isOut(state: MajorityState, index: ServerIndex, field: Field): boolean {
  if (index === state.self) return false;
  const peer = peerAt(field, index);
  return peer === null || isGone(state, peer, field);
}

function isSilent(state: MajorityState, index: ServerIndex, field: Field): boolean {
  const peer = peerAt(field, index);
  return peer === null || isLost(state, peer, field) || isRebooted(state, peer);
}

/** One change of the count at a time, so that the majorities before and after it share a server. */
function admitted(view: View, joiners: readonly PeerHealth[]): readonly ServerIndex[] {
  const absent = view.absent ?? [];
  const counted = joiners.filter(({ index }) => !absent.includes(index));
  const back = joiners.find(({ index }) => absent.includes(index));
  const all = back === undefined ? counted : [...counted, back];
  return all.map(({ index }) => index);
}

function nextAbsent(
  state: MajorityState,
  view: View,
  members: readonly ServerIndex[],
  field: Field,
): readonly ServerIndex[] {
  const before = view.absent ?? [];
  const kept = before.filter((index) => !members.includes(index));
  if (kept.length < before.length) return kept;
  const leaver = view.members.find((index) => {
    if (members.includes(index)) return false;
    const peer = peerAt(field, index);
    return peer?.beat?.state === "leaving" && hasLeft(state, peer, field);
  });
  return leaver === undefined ? kept : [...kept, leaver].sort((a, b) => a - b);
}

/** A member has lost its lease, or hangs on a promise that came to nothing. */
function needsAnew(state: MajorityState, stays: readonly ServerIndex[], field: Field): boolean {
  const { stuckSinceMs } = state;
  if (state.lapsed || renewsOwn(state, field)) return true;
  if (stuckSinceMs !== null && field.atMs - stuckSinceMs >= field.config.budget.timeoutMs)
    return true;
  return field.peers.some((peer) => {
    if (!stays.includes(peer.index) || peer.beat === null) return false;
    return peer.beat.lapsed === true && isInMyView(state, peer.beat);
  });
}

function wantedAtStart(state: MajorityState, field: Field): Wanted | null {
  if (state.server !== "starting" || state.gaveUp !== null) return null;
  if (field.peers.some((peer) => isLiveMember(peer, field))) return null;
  const members = starters(state, field);
  if (!mayFound(state, members, field)) return null;
  // Without everybody the slots have to say that nobody else lives.
  const isRefused = decidesByDisk(field) && !isProvenAlone(state, members, field);
  return isRefused ? null : { members, absent: [] };
}

/** The best member among those that hear all the others of the wanted view; null = nobody does. */
function candidateFor(state: MajorityState, wanted: Wanted, field: Field): ServerIndex | null {
  const isVoter = (index: ServerIndex): boolean =>
    index === state.self || !isIn(state) || state.view?.members.includes(index) === true;
  const hearsAll = (index: ServerIndex): boolean =>
    wanted.members.every((other) => hearEachOther(state, index, other, field));
  return wanted.members.find((index) => isVoter(index) && hearsAll(index)) ?? null;
}

function highestCounter(state: MajorityState, field: Field): number {
  const shown = field.peers.map(({ beat }) =>
    Math.max(beat?.view?.epoch.counter ?? 0, beat?.promise?.epoch.counter ?? 0),
  );
  const inSlots = decidesByDisk(field) ? highestInSlots(field) : 0;
  return Math.max(state.floor, state.view?.epoch.counter ?? 0, inSlots, ...shown);
}

const isOwn = (state: MajorityState, { epoch }: View): boolean =>
  epoch.coordinator === state.self && epoch.host === state.host;

export const isSame = (a: View, b: View): boolean => sameEpoch(a.epoch, b.epoch);

/** Above the present view and above what was promised before: a promise is only ever raised. */
function isAbove(state: MajorityState, offered: View): boolean {
  if (!isAboveView(state, offered)) return false;
  return state.promise === null || compareEpochs(offered.epoch, state.promise.epoch) > 0;
}

function isAboveView(state: MajorityState, offered: View): boolean {
  if (isIn(state) && state.view !== null) return compareEpochs(offered.epoch, state.view.epoch) > 0;
  return offered.epoch.counter > state.floor;
}

export function isSameCrew(a: Wanted | View, b: Wanted | View): boolean {
  return sameList(a.members, b.members) && sameList(a.absent ?? [], b.absent ?? []);
}

const sameList = (a: readonly ServerIndex[], b: readonly ServerIndex[]): boolean =>
  a.length === b.length && a.every((index, at) => index === b[at]);
