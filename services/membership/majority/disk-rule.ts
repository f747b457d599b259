/**
 * Views of three and more servers that decide by the shared disk: what carries a lease, whom a slot puts out,
 * when somebody may be put out, and when a server may start alone.
 * Intuition: whoever goes on without another nails that to the church door first, then looks at all other
 * doors, then waits for as long as an old look can carry the one who is named. Who reads his own absence on a
 * door goes home. Of two that nail against each other at least one reads the other, so no clock is compared.
 *
 * - A lease is carried by the acknowledgements of *all* other members, or by a whole round on the disk: the own
 *   stamp written, every other slot read, nothing there against this server. It counts from the issue of the write.
 * - A view that drops somebody is promised, which ends what those who promise acknowledge of him, and stands on the
 *   own slot. It is installed when every slot was read after that, and each of the dropped has either proved gone or
 *   silent, or could read it for one disk wait.
 * - Who decides: the living server of best cluster priority; those that it reaches stay (B5, D7).
 * Source: protocol.md 1.4, 1.5 (claim 2, "why two never win"), 1.6, 1.7; guide 1.2.4 B1-B8; R67-R79, D1, D6, D7.
 */
import type { ServerIndex } from "../../../hal/base/ids.ts";
import { sameEpoch, type View } from "../../../hal/base/view.ts";
import type { Budget } from "../../configuration/model.ts";
import type { Evidence } from "../../events.ts";
import { isAside } from "../../heartbeat/liveness.ts";
import { acknowledgedMs, isPresent, isTwoWay, type PeerHealth } from "../../heartbeat/peer.ts";
import {
  type DiskStartWitness,
  type DiskWitness,
  judgeDisk,
  judgeDiskStart,
  type MemberWitness,
  settleMs,
  topOf,
} from "../../quorum/disk.ts";
import { lifeOf, rivalUnless } from "../../quorum/disk-witness.ts";
import { type Judgement, WAIT } from "../../quorum/judgement.ts";
import { bitsOf, type Stamp } from "../../quorum/stamp.ts";
import type { SlotSight, StampState } from "../../quorum/stamp-state.ts";
import { announced, isInTime, wholeLeaseEndMs } from "../../quorum/stamping.ts";
import { asksIn, hasLeft, isHeard, isIn, isLost, isRebooted, peerAt } from "./sight.ts";
import type { Field, MajorityState } from "./state.ts";

/** What the arbitration partition has shown; only asked where three and more decide by it. */
export type DiskField = Field & { readonly disk: StampState };

export const decidesByDisk = (field: Field): field is DiskField => field.disk !== undefined;

/**
 * End of what the own whole rounds carry in this view, ms. Nobody is put out before it is over. What the rounds
 * before it carry has been taken along as the last view's lease.
 */
export function roundLeaseEndMs({ baseMs }: MajorityState, { disk, config }: DiskField): number {
  return disk.wholeFromMs < baseMs ? Number.NEGATIVE_INFINITY : wholeLeaseEndMs(disk, config);
}

/**
 * The server whose slot goes on without this one in a higher epoch; null = none does. Void are the words of a
 * boot that is over, and of a server that could not put this one out: it is in no view that this one is in or
 * has promised, so it had to be put out before; and one that came after the own standing word was read against
 * all slots: its writer has to read that one.
 */
export function excluder(state: MajorityState, field: DiskField): ServerIndex | null {
  const { view, self } = state;
  if (!isIn(state) || view === null || state.provisional !== null) return null;
  const { counter } = view.epoch;
  const found = field.disk.slots.find((sight) => {
    const { stamp, server } = sight;
    if (server === self || stamp === null || !isMeant(stamp, self, counter)) return false;
    const peer = peerAt(field, server);
    const isOver = peer !== null && isHeard(peer, field) && peer.host !== stamp.host;
    return !isOver && counts(state, server, field);
  });
  return found?.server ?? null;
}

function isMeant(
  { state, epoch, members = 0 }: NonNullable<SlotSight["stamp"]>,
  self: ServerIndex,
  counter: number,
): boolean {
  const goesOn = state === "running" || state === "alone";
  return goesOn && members !== 0 && (members & (1 << self)) === 0 && epoch.counter > counter;
}

function counts(state: MajorityState, writer: ServerIndex, field: DiskField): boolean {
  const { view, promise, abstainUntilMs, baseMs } = state;
  const dropping = ownDrop(state);
  // What the last reading of the announcing round shows was there before: this server has read it, and goes.
  if (dropping !== null && hasAnnounced(dropping, field) && field.atMs > readBackMs(field))
    return dropping.members.includes(writer);
  // What the processes before these have promised in this view is forgotten (1.4.8).
  if (abstainUntilMs > baseMs) return true;
  const stands = promise !== null && promise.epoch.counter > (view?.epoch.counter ?? 0);
  return stands || view?.members.includes(writer) === true;
}

/** The own proposal that somebody of the present view is not in; null = there is none. */
export function ownDrop({ self, host, view, promise, provisional }: MajorityState): View | null {
  if (promise === null || view === null || provisional !== null) return null;
  if (promise.epoch.coordinator !== self || promise.epoch.host !== host) return null;
  if (promise.epoch.counter <= view.epoch.counter) return null;
  return view.members.every((index) => promise.members.includes(index)) ? null : promise;
}

/** The own slot says so, and every other slot was read after it was written. */
function hasAnnounced(drop: View, { disk }: DiskField): boolean {
  const saying = announced(disk);
  if (saying === null || !sameEpoch(saying.epoch, drop.epoch)) return false;
  return saying.members === bitsOf(drop.members);
}

/** When every slot had been read for the first time after the own word was written, ms. */
const readBackMs = ({ disk }: DiskField): number =>
  disk.saying?.wholeAtMs ?? Number.POSITIVE_INFINITY;

/**
 * Nobody outside the own proposal can own anything any more: neither those that it drops, nor whoever has come
 * into a view that this server has promised and never seen installed.
 */
export function isSettled(state: MajorityState, drop: View, field: DiskField): boolean {
  const { atMs, config } = field;
  const saying = announced(field.disk);
  const isSaid = saying !== null && hasAnnounced(drop, field);
  const { diskWaitMs, timeoutMs } = config.budget;
  const { members } = witnessOf(state, field);
  const dropped = (state.view?.members ?? []).filter((index) => !drop.members.includes(index));
  const strangers = field.disk.slots.filter(({ server }) => {
    return !drop.members.includes(server) && state.view?.members.includes(server) !== true;
  });
  const isClear = strangers.every((sight) => ownsNothing(sight, field));
  if (isClear && dropped.every((index) => hasGone(state, index, field))) return true;
  if (!isClear && (!isSaid || atMs - saying.writtenAtMs < diskWaitMs)) return false;
  const away = members.filter(({ index }) => dropped.includes(index));
  const waitMs = settleMs(away, config.budget);
  return away.every((member) => {
    const peer = peerAt(field, member.index);
    if (peer === null || !isSaid) return false;
    const left = hasLeft(state, peer, field);
    // Whoever comes in may say outside until its first beat of the view arrives, and be in it meanwhile.
    const answersIt = (peer.heardOwnStampMs ?? 0) >= saying.writtenAtMs;
    if (isRebooted(state, peer) || (left && (wasIn(state, peer) || answersIt))) return true;
    // From the promise on nothing of it was acknowledged, whatever is heard of it.
    const grantMs = Math.max(timeoutMs, member.grantedMs);
    const isBound = atMs - state.promiseAtMs >= grantMs || member.silenceMs >= grantMs;
    if (!isBound || member.presence) return false;
    if (member.life === "gone" && !left) return true;
    if (member.ageMs < waitMs) return false;
    return member.life === "silent" || atMs - saying.writtenAtMs >= diskWaitMs;
  });
}

/** By its slot it runs nothing, or has written nothing for so long that no round of its carries it. */
function ownsNothing({ stamp, roseAtMs, readFromMs }: SlotSight, { config }: DiskField): boolean {
  if (stamp === null || stamp.state === "off" || stamp.state === "starting") return true;
  return readFromMs >= roseAtMs + config.budget.quietMs;
}

/**
 * It was in the view and is outside by its own word, for good: without an operator it begins nothing, so nothing
 * has to be read by it.
 */
function hasGone(state: MajorityState, index: ServerIndex, field: DiskField): boolean {
  const peer = peerAt(field, index);
  if (peer === null || peer.beat?.state === "starting") return false;
  return wasIn(state, peer) && hasLeft(state, peer, field);
}

/** It has acknowledged this server in the view: what it says since then was said after it had come in. */
const wasIn = ({ view }: MajorityState, peer: PeerHealth): boolean =>
  view !== null && acknowledgedMs(peer, view) !== null;

/**
 * Members that a view of this server's may keep, when it is its turn to put the others out; null = nobody is to
 * be put out by this server, or not yet.
 */
export function staysByDisk(state: MajorityState, field: DiskField): readonly ServerIndex[] | null {
  const { view, self } = state;
  if (view === null) return null;
  const isReached = (index: ServerIndex): boolean => {
    const peer = peerAt(field, index);
    if (peer === null || isAway(state, peer, field) || hasLeft(state, peer, field)) return false;
    return isTwoWay(peer, field.atMs, field.config);
  };
  const stays = view.members.filter((index) => index === self || isReached(index));
  const standing = ownDrop(state);
  // What was nailed to the door stands: who reads it goes, although the LAN has healed.
  if (standing !== null) return stays.filter((index) => standing.members.includes(index));
  const witness = witnessOf(state, field);
  if (!isLosing(state, field) || !witness.stampsInTime || topOf(witness) !== null) return null;
  const away = witness.members.filter(({ index }) => {
    const peer = peerAt(field, index);
    if (stays.includes(index) || peer === null) return false;
    return !isRebooted(state, peer) && !hasLeft(state, peer, field);
  });
  return isTime(away, field) ? stays : null;
}

/** Somebody of the view is neither heard nor has left in order. */
export function isLosing(state: MajorityState, field: Field): boolean {
  return (state.view?.members ?? []).some((index) => {
    const peer = peerAt(field, index);
    return peer !== null && isAway(state, peer, field);
  });
}

const isAway = (state: MajorityState, peer: PeerHealth, field: Field): boolean =>
  isLost(state, peer, field) || isRebooted(state, peer);

/** So early that who has to go could read it for a disk wait before the verdict is due, or at the verdict. */
function isTime(away: readonly MemberWitness[], { config }: DiskField): boolean {
  const leadMs = dropLeadMs(config.budget);
  const isClear = away.every(({ life, presence }) => life !== "alive" && !presence);
  const fromMs = isClear ? Math.min(leadMs, settleMs(away, config.budget)) : leadMs;
  return away.every(({ ageMs }) => ageMs >= fromMs);
}

/** Age from which the own slot names somebody as out, for which there is no way back, ms. */
export const dropLeadMs = (budget: Budget): number => {
  const { judgeMs, diskWaitMs, claimMs, stampIntervalMs, timeoutMs } = budget;
  return Math.max(timeoutMs, judgeMs - diskWaitMs - claimMs - stampIntervalMs);
};

/** Who has to go by the guide's table (B4-B6); a view of those that stay is drawn by `staysByDisk`. */
export function judgeByDisk(state: MajorityState, field: DiskField): Judgement {
  const { view, self } = state;
  if (!isIn(state) || view === null || state.provisional !== null) return WAIT;
  if (view.members.length === 1 && view.members[0] === self) return WAIT;
  const disk = witnessOf(state, field);
  const evidence: Evidence = { ...NO_EVIDENCE, mayOwn: field.mayOwn, disk };
  const judgement = judgeDisk(evidence, "none", field.config.budget);
  return judgement.kind === "stop" ? judgement : WAIT;
}

/** The table of this method reads nothing but the slots' testimony. */
const NO_EVIDENCE: Omit<Evidence, "mayOwn" | "disk"> = {
  ageMs: 0,
  silenceMs: 0,
  grantedMs: 0,
  first: false,
  com: "faulty",
  presence: false,
  diskHealthy: true,
};

export function witnessOf(state: MajorityState, field: DiskField): DiskWitness {
  const { self, view, listensFromMs, baseMs } = state;
  const { disk, atMs, config } = field;
  const { budget } = config;
  const others = field.peers.filter(({ index }) => view?.members.includes(index) === true);
  return {
    self,
    stampsInTime: isInTime(disk, atMs, config) && atMs < wholeLeaseEndMs(disk, config),
    // What this process slept through is nobody's silence: `listensFromMs` begins anew with a long gap.
    slept: false,
    excluded: excluder(state, field) !== null,
    members: others.map((peer) => {
      const sight = disk.slots[peer.index];
      const heardAtMs = Math.max(listensFromMs, peer.lanHeardAtMs ?? listensFromMs);
      const ackedMs = view === null ? null : acknowledgedMs(peer, view);
      const hasEnded = isRebooted(state, peer) || hasLeft(state, peer, field);
      const ended = hasEnded ? "gone" : "alive";
      return {
        index: peer.index,
        ageMs: atMs - Math.max(baseMs, ackedMs ?? baseMs),
        silenceMs: atMs - heardAtMs,
        grantedMs: peer.grantedMs,
        presence: isPresent(peer, atMs, config),
        twoWay: isTwoWay(peer, atMs, config),
        stamps: sight !== undefined && atMs - sight.roseAtMs < budget.quietMs,
        life:
          hasEnded || sight === undefined
            ? ended
            : lifeOf(sight, asMember(state, peer), heardAtMs, budget),
      };
    }),
  };
}

/**
 * A member that was heard last before it came into the view may be in it with a later boot, whose coming another
 * server has heard: of the boot in the view nothing is known then but its slot.
 */
const asMember = ({ hosts }: MajorityState, peer: PeerHealth): PeerHealth =>
  hosts[peer.index] === peer.host ? peer : { ...peer, host: null, beat: null };

/** A start without some of the servers, and the end of a force-return: be top of the fresh slots (1.7, 1.8). */
export function judgeStartByDisk(
  state: MajorityState,
  members: readonly ServerIndex[],
  overdueMs: number,
  field: DiskField,
): Judgement {
  const { disk, atMs, config } = field;
  const outside = field.peers.filter(({ index }) => !members.includes(index));
  const isThere = (peer: PeerHealth): boolean =>
    isPresent(peer, atMs, config) || (isHeard(peer, field) && !isAside(peer.beat));
  const isHeardAside = (peer: PeerHealth): boolean => isHeard(peer, field) && isAside(peer.beat);
  const unheard = outside.filter((peer) => !isHeardAside(peer)).map(({ index }) => index);
  const isOver = (stamp: Stamp, index: ServerIndex): boolean => {
    // A person's word counts for silence only, never against a slot that is still written.
    if (field.peersOff?.includes(index) === true) return true;
    if (state.provisional === null && stamp.epoch.counter > state.floor) return false;
    // In its view is somebody who acknowledges nothing in it any more, so that it rests on its rounds alone.
    const [known, gone] = [stamp.members ?? 0, ~bitsOf(unheard)];
    return (known & gone) !== 0;
  };
  const rivals = unheard.map((index) => {
    const sight = disk.slots[index];
    if (sight === undefined) return "unproven";
    return rivalUnless(sight, state.self, (it) => isOver(it, index), atMs, config.budget);
  });
  const start: DiskStartWitness = { stampsInTime: isInTime(disk, atMs, config), rivals };
  const evidence = {
    overdueMs,
    comHeard: false,
    presence: outside.some(isThere),
    first: state.self === 0,
    diskHealthy: disk.diskHealthy,
    disk: start,
  };
  return judgeDiskStart(evidence, disk.claim, config.budget);
}

/** The slots say at this moment that nobody beside `members` lives: a start, or a force-returned view, may go on. */
export function isProvenAlone(
  state: MajorityState,
  members: readonly ServerIndex[],
  field: DiskField,
): boolean {
  if (members.length === field.config.servers.length) return true;
  const { timeoutMs } = field.config.budget;
  const fromMs = isIn(state) ? state.baseMs + timeoutMs : state.waitUntilMs;
  return judgeStartByDisk(state, members, field.atMs - fromMs, field).kind === "survive";
}

/** Those that this server would begin with: it and all that ask in from a start. */
export function starters(state: MajorityState, field: Field): readonly ServerIndex[] {
  const others = field.peers.filter(
    (peer) => asksIn(peer, field) && peer.beat?.state === "starting",
  );
  return [state.self, ...others.map(({ index }) => index)].sort((a, b) => a - b);
}

/** Servers of which a force-returned view says that nobody has proved them gone. */
export function unproven(members: readonly ServerIndex[], { peers }: Field): ServerIndex[] {
  return peers.map(({ index }) => index).filter((index) => !members.includes(index));
}

/** Highest epoch counter that stands in any slot, the own one included: a new view is above it. */
export function highestInSlots({ disk }: DiskField): number {
  const others = disk.slots.map(({ stamp }) => stamp?.epoch.counter ?? 0);
  const own = Math.max(disk.standing?.epoch.counter ?? 0, disk.left?.counter ?? 0);
  return Math.max(own, ...others);
}

/** What besides its silence speaks for going on without a server, for the event log (R108). */
export function groundOf(
  state: MajorityState,
  next: View,
  index: ServerIndex,
  field: Field,
): string {
  if (!decidesByDisk(field)) return `${next.members.length} members agree`;
  const { members } = witnessOf(state, field);
  return `slot ${members.find((member) => member.index === index)?.life ?? "silent"}`;
}

/** What the witness says, for the event log (R108). */
export function describeWitness(state: MajorityState, field: DiskField): string {
  const { stampsInTime, members } = witnessOf(state, field);
  const nameOf = (index: ServerIndex): string => field.config.servers[index]?.name ?? `#${index}`;
  const own = stampsInTime ? "own stamps in time" : "own stamps not in time";
  const words = members
    .filter(({ ageMs }) => ageMs >= field.config.budget.a3Ms)
    .map(
      ({ index, ageMs, silenceMs, life }) =>
        `${nameOf(index)}: unacknowledged ${Math.round(ageMs)} ms, LAN silent ${Math.round(silenceMs)} ms, slot ${life}`,
    );
  const by = excluder(state, field);
  const out = by === null ? [] : [`the slot of ${nameOf(by)} goes on without this server`];
  return [own, ...words, ...out].join(", ");
}
