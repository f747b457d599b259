/**
 * Membership by majority, 3-16 servers: what the agent wishes, what the others show, and what silence means.
 * Intuition: first the own lease, for whoever has lost it has nothing more to decide; then the views that
 * others have installed, which bind; then promises; and last, if the picture asks for it, an own proposal.
 * Source: protocol.md 1.3-1.4, 1.7-1.8; guide 1.2.4 J1-J4; R86-R94, D15-D19, R190, R202-R204.
 */
import type { HostIncarnation } from "../../../hal/base/ids.ts";
import { compareEpochs, sameEpoch, type View } from "../../../hal/base/view.ts";
import type { PulseEvent, Wish } from "../../events.ts";
import type { LanBeat } from "../../heartbeat/beat.ts";
import { acknowledgedMs } from "../../heartbeat/peer.ts";
import { become, detach, giveUp, nameOf } from "../change.ts";
import { isSole, note } from "../state.ts";
import { decidesByDisk, describeWitness, groundOf, highestInSlots, unproven } from "./disk-rule.ts";
import * as slots from "./disk-turn.ts";
import {
  isEnough,
  isLeaseOpen,
  isUnleased,
  LONG_OVER_MS,
  leaseEndMs,
  verdictAtMs,
} from "./lease.ts";
import { adopt, agreedView, isSame, isSameCrew, propose } from "./propose.ts";
import { isHeard, isIn, isInMyView, isLiveMember, isLost, peerAt } from "./sight.ts";
import { type Field, type MajorityState, type Outcome, spoken, still } from "./state.ts";
import { countsOf, quorumIn, survivableLosses } from "./votes.ts";

/** One event; heartbeat and agent watch have seen it before. */
export function step(state: MajorityState, event: PulseEvent, field: Field): Outcome {
  const lapsed = lapse(state, field);
  const heard = takeEvent(lapsed.state, event, field);
  return join(lapsed, heard);
}

/** Looks at everybody's newest words; run after every event. */
export function observe(state: MajorityState, field: Field): Outcome {
  if (state.gaveUp !== null || state.server === "observing") return still(state);
  const heard = obeyViews(remember(state, field), field);
  if (heard.state.gaveUp !== null) return heard;
  const obeyed = join(heard, slots.obeySlots(heard.state, field));
  if (obeyed.state.gaveUp !== null) return obeyed;
  const adopted = adopt(watchStuck(obeyed.state, field), field);
  const proposed = propose(adopted.state, field);
  const agreed = agreedView(proposed.state, field);
  const installed =
    agreed === null ? still(proposed.state) : install(proposed.state, agreed, field);
  return join(join(obeyed, adopted), join(proposed, installed));
}

/** Once per tick, when all sockets have been drained: who is in the minority goes (J2-J4). */
export function judge(state: MajorityState, field: Field): Outcome {
  if (state.gaveUp !== null || state.server === "stopping") return still(state);
  const onDisk = decidesByDisk(field);
  if (state.server === "starting") return onDisk ? still(state) : noteRefusal(state, field);
  if (!isIn(state) || state.provisional !== null) return still(state);
  if (onDisk) return slots.leaveByDisk(state, field);
  if (field.atMs < verdictAtMs(state, field)) return still(state);
  return fall(state, field);
}

function takeEvent(state: MajorityState, event: PulseEvent, field: Field): Outcome {
  switch (event.kind) {
    case "agent.spoke": {
      const held = event.token.holds ?? null;
      const heeded = heed(state, event.token.wish, held, field);
      return { ...heeded, state: hold(heeded.state, held) };
    }
    case "gap.noticed":
      return wake(state, event.gapMs, field);
    case "will.done":
      return event.off || state.gaveUp === null
        ? still(state)
        : spoken({ ...state, gaveUp: null }, []);
    default:
      return still(state);
  }
}

/**
 * Looked at before anything else, so that no acknowledgement of a beat sent after the end of the lease can
 * lengthen it (1.3.3, 1.3.5). An owner goes at once.
 */
function lapse(state: MajorityState, field: Field): Outcome {
  if (!isIn(state) || state.gaveUp !== null || state.provisional !== null) return still(state);
  if (isLeaseOpen(state, field)) return still(state);
  const isOwner = field.mayOwn && state.server !== "stopping";
  if (isOwner) return isUnleased(state, field) ? still(state) : fall(state, field);
  const hadLease = leaseEndMs(state, field) > LONG_OVER_MS;
  return hadLease && !state.lapsed ? still({ ...state, lapsed: true }) : still(state);
}

/**
 * A process that was away for as long as a lease has none, whatever its clock says: the monotonic one stands
 * still while the host is suspended (1.3.5). What it slept through is no silence of the others.
 */
function wake(state: MajorityState, gapMs: number, field: Field): Outcome {
  if (gapMs < field.config.budget.a3Ms) return still(state);
  const onDisk = decidesByDisk(field) ? slots.wakeOnDisk(state, gapMs, field) : null;
  if (onDisk !== null) return onDisk;
  const { atMs } = field;
  const needsNobody = leaseEndMs(state, field) === Number.POSITIVE_INFINITY;
  const isLeased = isIn(state) && state.provisional === null && !needsNobody;
  if (isLeased && field.mayOwn && state.server !== "stopping") {
    const evidence = `not scheduled for ${Math.round(gapMs)} ms`;
    const gone = keep(state, giveUp(state, "deposed", evidence, true, field));
    return {
      ...gone,
      effects: [note("gap.deposed", { gapMs: Math.round(gapMs) }), ...gone.effects],
    };
  }
  const carriedUntilMs = Number.NEGATIVE_INFINITY;
  const lapsed = isLeased ? { lapsed: true, carriedUntilMs } : {};
  return still({ ...state, ...lapsed, baseMs: atMs, listensFromMs: atMs });
}

function fall(state: MajorityState, field: Field): Outcome {
  const { view } = state;
  if (decidesByDisk(field)) {
    const words = describeWitness(state, field);
    return keep(state, giveUp(state, "disk-faulty", words, true, field));
  }
  const configured = field.config.servers.length;
  const { a3Ms } = field.config.budget;
  const carrying = (view?.members ?? []).filter((index) => {
    const peer = peerAt(field, index);
    const ackedMs = peer === null || view === null ? null : acknowledgedMs(peer, view);
    return ackedMs !== null && field.atMs - ackedMs < a3Ms;
  });
  const evidence =
    `acknowledged by ${carrying.length} of ${(view?.members.length ?? 1) - 1} other members ` +
    `within ${a3Ms} ms, needs ${quorumIn(view, configured) - 1}`;
  return keep(state, giveUp(state, "partition", evidence, true, field));
}

function heed(state: MajorityState, wish: Wish, held: View | null, field: Field): Outcome {
  if (state.gaveUp !== null) return still(state);
  const { atMs, config } = field;
  const { abstainMs, a3Ms, stampLeaseMs } = config.budget;
  const leaseMs = decidesByDisk(field) ? Math.min(a3Ms, stampLeaseMs) : a3Ms;
  const floor = "floor" in wish ? Math.max(state.floor, wish.floor) : state.floor;
  const turn = (server: Parameters<typeof become>[1], more: Partial<MajorityState> = {}): Outcome =>
    spoken({ ...state, ...become(state, server, atMs), floor, ...more }, []);
  switch (wish.kind) {
    case "start": {
      if (state.server !== "observing" && state.server !== "starting") return still(state);
      const earliestMs = (state.server === "starting" ? state.sinceMs : atMs) + abstainMs;
      const waitUntilMs = Math.max(wish.waitUntilMs, earliestMs);
      if (state.server === "starting" && waitUntilMs >= state.waitUntilMs) return still(state);
      return turn("starting", { waitUntilMs });
    }
    case "resume": {
      // Others may have let it go already: by the disk nothing begins here before a view of after that.
      if (state.server === "leaving")
        return turn("member", { lapsed: state.lapsed || decidesByDisk(field) });
      if (state.server !== "observing") return still(state);
      const wasDeaf = wish.unheard === true || !field.mayOwn;
      return turn("member", {
        view: wish.view,
        floor: Math.max(state.floor, wish.view.epoch.counter),
        carriedUntilMs: wish.ackedStampMs === null ? LONG_OVER_MS : wish.ackedStampMs + leaseMs,
        baseMs: atMs,
        listensFromMs: atMs,
        promise: held,
        promiseAtMs: atMs,
        // Nobody knows what the pulse before this one has promised: it grants and promises nothing yet.
        abstainUntilMs: wish.remembered ? state.abstainUntilMs : atMs + abstainMs,
        provisional: wish.provisional === true ? "taught" : null,
        listenUntilMs: slots.listensFirst(wish.view, wasDeaf, state.self, field),
      });
    }
    case "detached": {
      const mayTurn = ["observing", "returning", "starting"].includes(state.server);
      return mayTurn ? turn("detached", { promise: null }) : still(state);
    }
    case "return":
      return state.server === "detached" || state.server === "observing"
        ? turn("returning")
        : still(state);
    case "found":
      return found({ ...state, floor }, field);
    case "leave":
      return state.server === "member" && !isAlone(state) ? turn("leaving") : still(state);
    case "stop":
      return state.server === "member" ? turn("stopping") : still(state);
  }
}

/** Once the agent holds the promise it may be shown. */
function hold(state: MajorityState, held: View | null): MajorityState {
  const { promise } = state;
  const isHeld = promise !== null && held !== null && isSame(promise, held);
  return isHeld && state.shown !== promise ? { ...state, shown: promise } : state;
}

/** Force-return (1.8): a view of this server alone, in which nothing can start before a majority is in. */
function found(state: MajorityState, field: Field): Outcome {
  // A new pulse has listened to nobody yet; the wish is repeated.
  if (state.server === "observing") {
    return spoken({ ...state, ...become(state, "detached", field.atMs) }, []);
  }
  if (state.server !== "detached" || field.peers.some((peer) => isLiveMember(peer, field))) {
    return still(state);
  }
  const onDisk = decidesByDisk(field);
  const floor = onDisk ? Math.max(state.floor, highestInSlots(field)) : state.floor;
  const epoch = { counter: floor + 1, coordinator: state.self, host: state.host };
  const founded = { ...state, provisional: "founded" as const };
  const members = [state.self];
  const view = onDisk ? { epoch, members, absent: unproven(members, field) } : { epoch, members };
  return install(founded, view, field, "force-return");
}

/** Others' installed views bind: with this server in it, it follows; without it, it goes (1.4.4). */
function obeyViews(state: MajorityState, field: Field): Outcome {
  let highest: { readonly view: View; readonly beat: LanBeat } | null = null;
  let { floor } = state;
  for (const peer of field.peers) {
    const { beat } = peer;
    if (beat?.view == null || !isHeard(peer, field)) continue;
    floor = Math.max(floor, beat.view.epoch.counter);
    if (!beat.view.members.includes(peer.index) || beat.state === "detached") continue;
    if (slots.isUnprovenBeside(state, beat.view, field)) continue;
    const isHigher = highest === null || compareEpochs(beat.view.epoch, highest.view.epoch) > 0;
    if (isHigher) highest = { view: beat.view, beat };
  }
  const known = floor === state.floor ? state : { ...state, floor };
  if (highest === null) return still(known);
  const { view } = highest;
  const mine = known.view;
  if (isIn(known) && mine !== null && compareEpochs(view.epoch, mine.epoch) <= 0)
    return still(known);
  return view.members.includes(known.self)
    ? followView(known, view, field)
    : leaveTo(known, view, field);
}

function followView(state: MajorityState, view: View, field: Field): Outcome {
  const isPromised = state.accepted.some((epoch) => sameEpoch(epoch, view.epoch));
  const isInvited = state.server === "starting" || state.server === "returning";
  if (!isIn(state) && !(isInvited && isPromised)) return still(state);
  return install(state, view, field);
}

function leaveTo(state: MajorityState, view: View, field: Field): Outcome {
  if (!isIn(state)) return still(state);
  if (field.mayOwn) {
    const evidence = "a newer view without us";
    return keep(state, giveUp(state, "excluded", evidence, true, field));
  }
  const { counter } = view.epoch;
  const server = nameOf(state.self, field);
  const event =
    state.server === "member"
      ? note("server.excluded", { epoch: counter, server })
      : note("server.detached", { epoch: counter, server });
  return keep(state, detach(state, counter, event, field));
}

/** Installs a view: ages begin anew, and what the last lease still carries is taken along, no more. */
function install(state: MajorityState, view: View, field: Field, why?: string): Outcome {
  const { atMs, config } = field;
  const wasIn = isIn(state);
  const carriedUntilMs =
    wasIn && !state.lapsed ? leaseEndMs(state, field) : Number.NEGATIVE_INFINITY;
  const dropped = wasIn ? (state.view?.members ?? []).filter((i) => !view.members.includes(i)) : [];
  const lost = dropped.filter((index) => {
    const peer = peerAt(field, index);
    return peer !== null && isLost(state, peer, field);
  });
  const reason =
    why ??
    (lost.length > 0 ? "peer-down" : dropped.length > 0 ? "peer-left" : grown(state, view, field));
  const onDisk = decidesByDisk(field);
  const isMajority = isEnough(view, field);
  // Who is the only one left does not leave: its groups would be nowhere.
  const isLeaving = state.server === "leaving" && !isSole(view, state.self);
  const stays = isLeaving || state.server === "stopping";
  // A higher promise goes on to bind: who refused the view for it would be left behind by both.
  const isBound = state.promise !== null && compareEpochs(state.promise.epoch, view.epoch) > 0;
  const next: MajorityState = {
    ...state,
    ...(stays ? {} : become(state, "member", atMs)),
    view,
    hosts: hostsIn(view, state, field),
    baseMs: atMs,
    carriedUntilMs: slots.takenAlongMs(carriedUntilMs, field),
    lapsed: false,
    stuckSinceMs: null,
    listensFromMs: wasIn ? state.listensFromMs : atMs,
    floor: Math.max(state.floor, view.epoch.counter),
    promise: isBound ? state.promise : null,
    shown: isBound ? state.shown : null,
    accepted: [],
    refused: null,
    conflict: false,
    provisional: isMajority ? null : (state.provisional ?? "founded"),
  };
  const names = view.members.map((index) => nameOf(index, field)).join(", ");
  const installed = note("view.installed", { epoch: view.epoch.counter, members: names, reason });
  const verdicts = lost.map((index) => {
    const silentMs = Math.round(atMs - (peerAt(field, index)?.lanHeardAtMs ?? state.listensFromMs));
    const evidence = `${nameOf(index, field)} silent ${silentMs} ms, ${groundOf(state, view, index, field)}`;
    return note("verdict.survive", { evidence, method: config.method });
  });
  const isEdge = !onDisk && isMajority && survivableLosses(view, config.servers.length) === 0;
  const edge = isEdge ? [note("majority.edge", countsOf(view, config.servers.length))] : [];
  return spoken(next, [...verdicts, installed, ...edge, ...slots.proven(state, isMajority, field)]);
}

/** Why a view has come that nobody is dropped from. */
function grown(state: MajorityState, view: View, field: Field): string {
  const isRenewed = isIn(state) && state.view !== null && isSameCrew(state.view, view);
  if (!isRenewed) return "joined";
  const hasText = field.peers.some(({ beat }) => {
    return beat?.view != null && isSame(beat.view, view) && beat.configHash !== field.config.hash;
  });
  return field.renews === true || hasText ? "configuration" : "renewed";
}

/**
 * The boots that are in the view: of those who show it, or have shown that they will come into it. Of the
 * others the last word may be that of an earlier boot; they are remembered when they are heard in it.
 */
function hostsIn(
  view: View,
  state: MajorityState,
  field: Field,
): readonly (HostIncarnation | null)[] {
  return state.hosts.map((_, index) => {
    if (index === state.self || !view.members.includes(index)) return null;
    const peer = peerAt(field, index);
    const shown = [peer?.beat?.view, peer?.beat?.promise];
    return shown.some((word) => word != null && isSame(word, view)) ? (peer?.host ?? null) : null;
  });
}

/** A member first heard in the view after this server has come into it. */
function remember(state: MajorityState, field: Field): MajorityState {
  if (!isIn(state)) return state;
  const missing = field.peers.filter(
    ({ index, host, beat }) =>
      state.hosts[index] === null &&
      host !== null &&
      beat !== null &&
      state.view?.members.includes(index) === true &&
      isInMyView(state, beat),
  );
  if (missing.length === 0) return state;
  const hosts = state.hosts.map(
    (known, index) => known ?? missing.find((peer) => peer.index === index)?.host ?? null,
  );
  return { ...state, hosts };
}

/** A promise that nobody installs blocks its givers; after T the candidate raises a new one. */
function watchStuck(state: MajorityState, field: Field): MajorityState {
  const counter = state.view?.epoch.counter ?? 0;
  const isHanging = (view: View | null | undefined): boolean =>
    view != null && view.epoch.counter > counter;
  const stands =
    isIn(state) &&
    (isHanging(state.promise) ||
      field.peers.some(
        (peer) =>
          state.view?.members.includes(peer.index) === true &&
          isHeard(peer, field) &&
          isHanging(peer.beat?.promise),
      ));
  if (!stands) return state.stuckSinceMs === null ? state : { ...state, stuckSinceMs: null };
  return state.stuckSinceMs === null ? { ...state, stuckSinceMs: field.atMs } : state;
}

/** The start sync wait is over and there is no majority of starting servers (protocol.md 1.7). */
function noteRefusal(state: MajorityState, field: Field): Outcome {
  if (field.atMs < state.waitUntilMs || state.promise !== null) return still(state);
  if (state.refused !== null || field.peers.some((peer) => isLiveMember(peer, field))) {
    return still(state);
  }
  const heard = field.peers.filter((peer) => isHeard(peer, field)).length;
  const evidence = `hears ${heard} of ${field.peers.length} other servers`;
  const data = { reason: "partition", evidence };
  return spoken({ ...state, refused: "partition" }, [note("start.refused-alone", data)]);
}

const isAlone = (state: MajorityState): boolean => state.view?.members.length === 1;

/** Result of a shared rule in the words of this state. */
function keep(
  state: MajorityState,
  result: { readonly state: object; readonly effects: Outcome["effects"] },
): Outcome {
  return { state: { ...state, ...result.state }, effects: result.effects };
}

const join = (first: Outcome, second: Outcome): Outcome =>
  first.effects.length === 0
    ? second
    : { state: second.state, effects: [...first.effects, ...second.effects] };
