/**
 * Membership of two servers: who is in the view, who waits outside, and who has to go.
 * Intuition: a view changes only by a promise of the one who joins, by the clean leave of one member, or
 * by the verdict of the resolution method; whoever sees a newer view without itself gives up.
 * Source: protocol.md 1.4, 1.5.7, 1.7; requirements D14-D19, D53, R190, R202-R204.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import { compareEpochs, type ServerState, sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { PulseEffect, Step } from "../effects.ts";
import type { PulseEvent, StopReason, Wish } from "../events.ts";
import type { LanBeat } from "../heartbeat/beat.ts";
import { isTwoWay, type PeerHealth } from "../heartbeat/peer.ts";
import type { Judgement } from "../quorum/judgement.ts";
import { isMember, isSole, type MembershipState, note, takesPart } from "./state.ts";

type Result = Step<MembershipState, PulseEffect>;

/** What membership sees of its surroundings at one moment. */
export interface Surroundings {
  readonly peer: PeerHealth;
  readonly mayOwn: boolean;
  readonly atMs: number;
  readonly config: ClusterConfig;
}

/** The agent's wish and a gap in this process's own time. */
export function step(state: MembershipState, event: PulseEvent, around: Surroundings): Result {
  switch (event.kind) {
    case "agent.spoke":
      return heed(state, event.token.wish, around);
    case "gap.noticed":
      return deposeIfLate(state, event.gapMs, around);
    case "will.done":
      return event.off || state.gaveUp === null
        ? done(state)
        : told({ ...state, gaveUp: null }, []);
    default:
      return done(state);
  }
}

/** Looks at the peer's newest words; run after every event. */
export function observe(state: MembershipState, around: Surroundings): Result {
  if (state.gaveUp !== null || state.server === "observing") return done(state);
  const settled = endConflict(endListening(dropStalePromise(state, around), around), around);
  const { peer } = around;
  const beat = peer.beat;
  if (beat === null || !isHeard(around)) return done(settled);
  // The peer's views count as well: its restarted pulse may have forgotten what it showed.
  const known = { ...settled, floor: Math.max(settled.floor, beat.view?.epoch.counter ?? 0) };
  const current = known.floor === settled.floor ? settled : known;
  const rebooted = takeOverRebooted(current, peer, around);
  if (rebooted !== null) return rebooted;
  const judged = obeyPeerView(current, beat, around);
  if (judged !== null) return judged;
  const twoWay = isTwoWay(peer, around.atMs, around.config);
  return twoWay ? joinOrPart(rememberHost(current, peer), beat, around) : done(current);
}

/** Takes the verdict of the resolution method in the common view. */
export function resolve(
  state: MembershipState,
  judgement: Judgement,
  evidence: string,
  around: Surroundings,
): Result {
  switch (judgement.kind) {
    case "survive": {
      const verdict = note("verdict.survive", { evidence, method: around.config.method });
      const sole = installSole(state, "peer-down", around);
      return { state: sole.state, effects: [verdict, ...sole.effects] };
    }
    case "stop":
      return giveUp(state, judgement.reason, evidence, isBound(around), around);
    case "refuse": {
      if (state.refused === judgement.reason) return done(state);
      const key = state.server === "starting" ? "start.refused-alone" : "failover-not-possible";
      const data = { reason: judgement.reason, evidence };
      return { state: { ...state, refused: judgement.reason }, effects: [note(key, data)] };
    }
    case "wait":
    case "claim":
    case "withdraw":
      return done(state);
  }
}

/** Executes the last will: final for this host incarnation. */
export function giveUp(
  state: MembershipState,
  reason: StopReason,
  evidence: string,
  off: boolean,
  around: Surroundings,
): Result {
  if (state.gaveUp !== null) return done(state);
  const next = become(state, "detached", around.atMs);
  return {
    state: { ...next, gaveUp: reason, view: null, promise: null },
    effects: [{ kind: "will.execute", reason, evidence, off }, { kind: "agent.tell" }],
  };
}

/** Every method that shares data shuts the server down; "none" has nothing to protect but its address. */
const isBound = (around: Surroundings): boolean => around.config.method !== "none";

function heed(state: MembershipState, wish: Wish, around: Surroundings): Result {
  if (state.gaveUp !== null) return done(state);
  const { atMs, config } = around;
  switch (wish.kind) {
    case "start": {
      if (state.server !== "observing") return done(state);
      const floor = Math.max(state.floor, wish.floor);
      // A restarted pulse may have promised a view: whoever installed that must have had its lease.
      const waitUntilMs = Math.max(wish.waitUntilMs, atMs + config.budget.abstainMs);
      const next = { ...state, floor, waitUntilMs };
      return told(become(next, "starting", atMs), []);
    }
    case "resume": {
      if (state.server === "leaving") return told(become(state, "member", atMs), []);
      if (state.server !== "observing") return done(state);
      const unknown = atMs - config.budget.timeoutMs - config.budget.diskWaitMs;
      const abstainUntilMs = wish.remembered
        ? state.abstainUntilMs
        : atMs + config.budget.abstainMs;
      const floor = Math.max(state.floor, wish.view.epoch.counter);
      const baseMs = wish.ackedStampMs ?? unknown;
      // The own lease may be long over, but the peer's is not: this process has not listened for T yet.
      const taught = { ...state, floor, view: wish.view, baseMs, abstainUntilMs };
      const next = { ...taught, listensFromMs: atMs };
      return told(become(next, "member", atMs), []);
    }
    case "detached": {
      if (state.server !== "observing" && state.server !== "returning") {
        if (state.server !== "starting") return done(state);
      }
      const floor = Math.max(state.floor, wish.floor);
      return told(become({ ...state, floor, promise: null }, "detached", atMs), []);
    }
    case "return": {
      if (state.server !== "detached" && state.server !== "observing") return done(state);
      const floor = Math.max(state.floor, wish.floor);
      return told(become({ ...state, floor }, "returning", atMs), []);
    }
    case "leave":
      // The only server does not leave: nobody would be left to take its groups or to drop it.
      return state.server === "member" && !isSole(state.view, state.self)
        ? told(become(state, "leaving", atMs), [])
        : done(state);
    case "stop":
      return state.server === "member" ? told(become(state, "stopping", atMs), []) : done(state);
  }
}

/**
 * This process was away for `gapMs`. A server without groups counts its ages anew: it owes nobody a
 * lease, and what it missed is not the peer's silence. With a claim-bound method an owner past its lease is deposed; with
 * the others it drops its addresses and listens before it decides (protocol.md 1.5).
 */
function deposeIfLate(state: MembershipState, gapMs: number, around: Surroundings): Result {
  const { config, atMs, mayOwn } = around;
  if (!isMember(state) || gapMs < config.budget.a3Ms) return done(state);
  if (!mayOwn) return { state: { ...state, baseMs: atMs, listensFromMs: atMs }, effects: [] };
  const evidence = `not scheduled for ${Math.round(gapMs)} ms`;
  const gap = note("gap.deposed", { gapMs: Math.round(gapMs) });
  if (config.method === "com-disk" && !isSole(state.view, state.self)) {
    const gone = giveUp(state, "deposed", evidence, true, around);
    return { state: gone.state, effects: [gap, ...gone.effects] };
  }
  const { intervalMs, comAliveMs } = config.budget;
  const listenUntilMs = atMs + 2 * intervalMs + comAliveMs;
  return told({ ...state, listenUntilMs }, [gap]);
}

function endListening(state: MembershipState, around: Surroundings): MembershipState {
  const over = state.listenUntilMs !== null && around.atMs >= state.listenUntilMs;
  return over ? { ...state, listenUntilMs: null } : state;
}

/** Over when the other owner is heard no more, or shows a sole view no more, whichever way it went. */
function endConflict(state: MembershipState, around: Surroundings): MembershipState {
  if (!state.conflict) return state;
  const { beat } = around.peer;
  const stillMet = isHeard(around) && beat !== null && isSole(beat.view, beat.from);
  return stillMet ? state : { ...state, conflict: false };
}

/** A new host incarnation of a member is the one proof that its old groups are gone (L3). */
function takeOverRebooted(
  state: MembershipState,
  peer: PeerHealth,
  around: Surroundings,
): Result | null {
  const known = state.hosts[peer.index] ?? null;
  if (known === null || peer.host === null || peer.host === known) return null;
  const forgotten = { ...state, hosts: hostsWith(state, peer.index, null) };
  if (!isMember(state) || isSole(state.view, state.self)) return observe(forgotten, around);
  const server = around.config.servers[peer.index]?.name ?? "";
  const sole = installSole(forgotten, "peer-rebooted", around);
  return { state: sole.state, effects: [note("peer.rebooted", { server }), ...sole.effects] };
}

/** A newer view binds (1.4.4): with this server in it it is installed, without it this server goes. */
function obeyPeerView(state: MembershipState, beat: LanBeat, around: Surroundings): Result | null {
  const theirs = beat.view;
  if (theirs === null || theirs.members.length === 0 || beat.state === "detached") return null;
  if (isSole(state.view, state.self) && isMember(state)) {
    return isSole(theirs, beat.from) ? meetConflict(state, beat, around) : null;
  }
  const mine = state.view;
  if (theirs.members.includes(state.self)) {
    const promised = state.promise !== null && sameEpoch(state.promise.epoch, theirs.epoch);
    const newer = mine !== null && compareEpochs(theirs.epoch, mine.epoch) > 0;
    const due = isMember(state) ? newer : promised;
    return due ? install(state, theirs, "joined", around) : null;
  }
  if (mine === null || compareEpochs(theirs.epoch, mine.epoch) <= 0) return null;
  if (!takesPart(state)) return null;
  if (around.mayOwn)
    return giveUp(state, "excluded", "a newer view without us", isBound(around), around);
  const key = state.server === "member" ? "server.excluded" : "server.detached";
  return detach(
    state,
    theirs.epoch.counter,
    note(key, { epoch: theirs.epoch.counter, server: nameOf(state.self, around) }),
    around,
  );
}

/** D53: two sole views have met. Who owns nothing or has the worse priority gives way. */
function meetConflict(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const counter = beat.view?.epoch.counter ?? 0;
  const effects = state.conflict ? [] : [note("sole.conflict", { epoch: counter })];
  const mine = { ...state, conflict: true, floor: Math.max(state.floor, counter) };
  const worse = around.mayOwn === beat.mayOwn ? state.self > beat.from : !around.mayOwn;
  if (!worse) return state.conflict ? { state: mine, effects } : told(mine, effects);
  if (!around.mayOwn)
    return detach(
      mine,
      counter,
      note("server.detached", { server: nameOf(state.self, around) }),
      around,
    );
  const gone = giveUp(mine, "conflict", "another sole owner was met", isBound(around), around);
  return { state: gone.state, effects: [...effects, ...gone.effects] };
}

function joinOrPart(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  if (beat.configHash !== around.config.hash) return noteMismatch(state, beat, around);
  if (state.server === "member" && isSole(state.view, state.self)) {
    return invite(state, beat, around);
  }
  if (isMember(state)) return partFrom(state, beat, around);
  if (state.server === "starting" || state.server === "returning") {
    return enter(state, beat, around);
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
  const alone = state.server === "starting" && beat.state === "detached" && !beat.mayOwn;
  return alone ? installSole(state, "others-detached", around) : done(state);
}

/** Proposes the view of both, and installs it once the other shows the same promise (1.4.3). */
function promiseBoth(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const { promise } = state;
  if (promise !== null && beat.promise !== null && sameEpoch(promise.epoch, beat.promise.epoch)) {
    return install(state, promise, "joined", around);
  }
  const theirFloor = beat.view?.epoch.counter ?? 0;
  const counter = Math.max(state.floor, theirFloor) + 1;
  if (promise !== null && promise.epoch.counter >= counter) return done(state);
  const epoch = { counter, coordinator: state.self, host: state.host };
  const members = [state.self, beat.from].sort((a, b) => a - b);
  return told({ ...state, promise: { epoch, members }, promiseAtMs: around.atMs }, []);
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

function installSole(state: MembershipState, reason: string, around: Surroundings): Result {
  const counter = state.floor + 1;
  const epoch = { counter, coordinator: state.self, host: state.host };
  return install(state, { epoch, members: [state.self] }, reason, around);
}

function install(state: MembershipState, view: View, reason: string, around: Surroundings): Result {
  const alone = isSole(view, state.self);
  const leaving = (state.server === "leaving" && !alone) || state.server === "stopping";
  const next = leaving ? state : become(state, "member", around.atMs);
  const names = view.members.map((index) => around.config.servers[index]?.name ?? `#${index}`);
  const hosts = view.members.includes(around.peer.index)
    ? hostsWith(state, around.peer.index, around.peer.host)
    : hostsWith(state, around.peer.index, null);
  const installed: MembershipState = {
    ...next,
    view,
    hosts,
    baseMs: around.atMs,
    listensFromMs: around.atMs,
    floor: Math.max(state.floor, view.epoch.counter),
    promise: null,
    refused: null,
    conflict: false,
  };
  const data = { epoch: view.epoch.counter, members: names.join(", "), reason };
  return told(installed, [note("view.installed", data)]);
}

function detach(
  state: MembershipState,
  counter: number,
  effect: PulseEffect,
  around: Surroundings,
): Result {
  const floor = Math.max(state.floor, counter);
  const next = become({ ...state, view: null, promise: null, floor }, "detached", around.atMs);
  return told({ ...next, conflict: false, refused: null }, [effect]);
}

function noteMismatch(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  if (state.mismatchNoted) return done(state);
  const server = around.config.servers[beat.from]?.name ?? "";
  const data = { server, theirs: beat.configHash, ours: around.config.hash };
  return { state: { ...state, mismatchNoted: true }, effects: [note("config.mismatch", data)] };
}

function dropStalePromise(state: MembershipState, around: Surroundings): MembershipState {
  if (state.promise === null) return state;
  const stale = around.atMs - state.promiseAtMs >= around.config.budget.timeoutMs;
  return stale ? { ...state, promise: null } : state;
}

function rememberHost(state: MembershipState, peer: PeerHealth): MembershipState {
  if (!isMember(state) || !state.view?.members.includes(peer.index)) return state;
  if (state.hosts[peer.index] !== null || peer.host === null) return state;
  return { ...state, hosts: hostsWith(state, peer.index, peer.host) };
}

function hostsWith(
  state: MembershipState,
  index: number,
  host: HostIncarnation | null,
): readonly (HostIncarnation | null)[] {
  return state.hosts.map((old, at) => (at === index ? host : old));
}

function isHeard(around: Surroundings): boolean {
  const { peer, atMs, config } = around;
  return peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < config.budget.timeoutMs;
}

function become(state: MembershipState, server: ServerState, atMs: number): MembershipState {
  return state.server === server ? state : { ...state, server, sinceMs: atMs };
}

function told(state: MembershipState, effects: readonly PulseEffect[]): Result {
  return { state, effects: [...effects, { kind: "agent.tell" }] };
}

const done = (state: MembershipState): Result => ({ state, effects: [] });

const nameOf = (index: number, around: Surroundings): string =>
  around.config.servers[index]?.name ?? `#${index}`;
