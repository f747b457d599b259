/**
 * Membership of two servers: who is in the view, who waits outside, and who has to go.
 * Intuition: a view changes only by a promise of the one who joins, by the clean leave of one member, or
 * by the verdict of the resolution method; whoever sees a newer view without itself gives up.
 * Source: protocol.md 1.4, 1.5.7, 1.7; requirements D14-D19, D53, R190, R202-R204.
 */
import { compareEpochs, sameEpoch } from "../../hal/base/view.ts";
import type { PulseEvent, Wish } from "../events.ts";
import type { LanBeat } from "../heartbeat/beat.ts";
import { isTwoWay, type PeerHealth } from "../heartbeat/peer.ts";
import type { Judgement } from "../quorum/judgement.ts";
import {
  become,
  detach,
  done,
  giveUp,
  hostsWith,
  install,
  installSole,
  isBound,
  nameOf,
  told,
} from "./change.ts";
import { confirm, found, refusalOf, shortenWait } from "./force-return.ts";
import { joinOrPart } from "./join.ts";
import { awaitsText, followRevision, isSameCrew } from "./revision.ts";
import {
  isMember,
  isSole,
  type MembershipState,
  note,
  type Result,
  type Surroundings,
  takesPart,
} from "./state.ts";

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
  // The serial line may carry the first word of a server that was started anew.
  if (beat === null) return takeOverRebooted(settled, peer, around) ?? done(settled);
  if (!isHeard(around)) return done(settled);
  // The peer's views count as well: its restarted pulse may have forgotten what it showed.
  const shown = beat.view?.epoch.counter ?? 0;
  const current = shown > settled.floor ? { ...settled, floor: shown } : settled;
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
      if (state.provisional !== null) return confirm(state, evidence, around);
      const verdict = note("verdict.survive", { evidence, method: around.config.method });
      const starts = state.server === "starting";
      const alone = starts ? [note("start.alone", { method: around.config.method })] : [];
      const sole = installSole(state, starts ? "started-alone" : "peer-down", around);
      return { state: sole.state, effects: [verdict, ...alone, ...sole.effects] };
    }
    case "stop":
      // "none" stops for the other one's software only, and ends as every method does (H3).
      return giveUp(state, judgement.reason, evidence, true, around);
    case "refuse": {
      if (state.refused === judgement.reason) return done(state);
      const key = refusalOf(state);
      const data = { reason: judgement.reason, evidence };
      return { state: { ...state, refused: judgement.reason }, effects: [note(key, data)] };
    }
    case "wait":
    case "claim":
    case "withdraw":
      return endRefusal(state, around);
  }
}

/** What was refused to a member because nobody could tell is over with the next firm contact. */
function endRefusal(state: MembershipState, around: Surroundings): Result {
  if (state.refused === null || !isMember(state)) return done(state);
  return isTwoWay(around.peer, around.atMs, around.config)
    ? told({ ...state, refused: null }, [])
    : done(state);
}

function heed(state: MembershipState, wish: Wish, around: Surroundings): Result {
  if (state.gaveUp !== null) return done(state);
  const { atMs, config } = around;
  switch (wish.kind) {
    case "start": {
      if (state.server === "starting") return shortenWait(state, wish.waitUntilMs, around);
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
      const { timeoutMs, diskWaitMs, judgeMs } = config.budget;
      const unknown = atMs - Math.max(timeoutMs + diskWaitMs, judgeMs);
      const abstainUntilMs = wish.remembered
        ? state.abstainUntilMs
        : atMs + config.budget.abstainMs;
      const floor = Math.max(state.floor, wish.view.epoch.counter);
      const baseMs = wish.ackedStampMs ?? unknown;
      // The own lease may be long over, but the peer's is not: this process has not listened for T yet.
      const taught = { ...state, floor, view: wish.view, baseMs, abstainUntilMs };
      const waits = wish.provisional === true && isSole(wish.view, state.self);
      const provisional = waits ? ("taught" as const) : null;
      // Nobody bounds a sole view: who was deaf listens first whether another owner has met it meanwhile.
      const wasDeaf = wish.unheard === true || !around.mayOwn;
      const listens = isSole(wish.view, state.self) && wasDeaf;
      const listenUntilMs = listens ? listenedAtMs(around) : state.listenUntilMs;
      const next = { ...taught, listensFromMs: atMs, provisional, listenUntilMs };
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
    case "found":
      return found(state, wish.floor, around);
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
  const onDisk = config.method === "disk" && mayOwn && !isSole(state.view, state.self);
  // Its own stamps may carry an owner for longer than the LAN; whether they do is seen at the verdict.
  const { a3Ms, stampLeaseMs } = config.budget;
  const leaseMs = onDisk ? Math.max(a3Ms, stampLeaseMs) : a3Ms;
  if (!isMember(state) || gapMs < leaseMs) return done(state);
  if (!mayOwn) return { state: { ...state, baseMs: atMs, listensFromMs: atMs }, effects: [] };
  const evidence = `not scheduled for ${Math.round(gapMs)} ms`;
  const gap = note("gap.deposed", { gapMs: Math.round(gapMs) });
  if (onDisk || (config.method === "com-disk" && !isSole(state.view, state.self))) {
    const gone = giveUp(state, "deposed", evidence, true, around);
    return { state: gone.state, effects: [gap, ...gone.effects] };
  }
  return told({ ...state, listenUntilMs: listenedAtMs(around) }, [gap]);
}

/** Who lives and speaks has been heard by then. */
function listenedAtMs({ atMs, config }: Surroundings): number {
  const { intervalMs, comAliveMs } = config.budget;
  return atMs + 2 * intervalMs + comAliveMs;
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
    if (!due) return null;
    if (!isMember(state) || !isSameCrew(mine, theirs)) {
      return install(state, theirs, "joined", around);
    }
    return awaitsText(beat, around) ? done(state) : followRevision(state, theirs, around);
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

/**
 * D53: two sole views have met. Who owns nothing or has the worse priority gives way. With a mirror both who own
 * keep their groups and their copies until an operator has chosen the source (D13).
 */
function meetConflict(state: MembershipState, beat: LanBeat, around: Surroundings): Result {
  const counter = beat.view?.epoch.counter ?? 0;
  const effects = state.conflict ? [] : [note("sole.conflict", { epoch: counter })];
  const mine = { ...state, conflict: true, floor: Math.max(state.floor, counter) };
  const worse = around.mayOwn === beat.mayOwn ? state.self > beat.from : !around.mayOwn;
  const keeps = around.config.method === "mirror" && around.mayOwn && beat.mayOwn;
  if (!worse || keeps) return state.conflict ? { state: mine, effects } : told(mine, effects);
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

function dropStalePromise(state: MembershipState, around: Surroundings): MembershipState {
  if (state.promise === null) return state;
  const stale = around.atMs - state.promiseAtMs >= around.config.budget.timeoutMs;
  if (!stale) return state;
  const { epoch } = state.promise;
  // The agent may hold a proposal that came to nothing: its epoch is not proposed a second time.
  const floor = epoch.coordinator === state.self ? epoch.counter : 0;
  return { ...state, promise: null, floor: Math.max(state.floor, floor) };
}

function rememberHost(state: MembershipState, peer: PeerHealth): MembershipState {
  if (!isMember(state) || !state.view?.members.includes(peer.index)) return state;
  if (state.hosts[peer.index] !== null || peer.host === null) return state;
  return { ...state, hosts: hostsWith(state, peer.index, peer.host) };
}

function isHeard(around: Surroundings): boolean {
  const { peer, atMs, config } = around;
  return peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < config.budget.timeoutMs;
}
