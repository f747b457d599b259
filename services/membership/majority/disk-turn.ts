/**
 * What membership does with the words of the shared disk, where three and more servers decide by it: it goes when
 * a slot puts it out or the guide's table says so, it says why it may not begin alone, and it ends a force-return.
 * Source: protocol.md 1.6-1.8; guide 1.2.4 B4-B7; R70-R75, R108.
 */
import type { ServerIndex } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import type { PulseEffect } from "../../effects.ts";
import type { Judgement } from "../../quorum/judgement.ts";
import { detach, giveUp } from "../change.ts";
import { isSole, note } from "../state.ts";
import {
  type DiskField,
  decidesByDisk,
  describeWitness,
  excluder,
  judgeByDisk,
  judgeStartByDisk,
  starters,
} from "./disk-rule.ts";
import { isHeard, isIn, isLiveMember } from "./sight.ts";
import { type Field, type MajorityState, type Outcome, spoken, still } from "./state.ts";

/** After every event: whoever is put out goes, and who owns nothing as well, for its view is over (B5, R73). */
export function obeySlots(state: MajorityState, field: Field): Outcome {
  if (!decidesByDisk(field)) return still(state);
  if (state.provisional !== null) return giveWay(state, field);
  if (excluder(state, field) === null) return still(state);
  const out = giveUp(state, "excluded", describeWitness(state, field), true, field);
  return { state: { ...state, ...out.state }, effects: out.effects };
}

/** A force-returned view, whatever its epoch, ends no view that needs no proof: it gives way itself (1.8, D53). */
export function isUnprovenBeside(state: MajorityState, theirs: View, field: Field): boolean {
  if (!decidesByDisk(field) || !isIn(state) || state.provisional !== null) return false;
  return (theirs.absent ?? []).length > 0 && !theirs.members.includes(state.self);
}

function giveWay(state: MajorityState, field: DiskField): Outcome {
  const proven = field.peers.find((peer) => {
    const view = peer.beat?.view ?? null;
    if (view === null || !isLiveMember(peer, field) || !view.members.includes(peer.index))
      return false;
    return (view.absent ?? []).length === 0 && !view.members.includes(state.self);
  });
  if (proven === undefined) return still(state);
  const counter = proven.beat?.view?.epoch.counter ?? 0;
  const server = field.config.servers[state.self]?.name ?? `#${state.self}`;
  const gone = detach(state, counter, note("server.detached", { epoch: counter, server }), field);
  return { state: { ...state, ...gone.state }, effects: gone.effects };
}

/** Once per tick in a view: own stamps not in time, or a better server that this one does not reach. */
export function leaveByDisk(state: MajorityState, field: DiskField): Outcome {
  const judgement = judgeByDisk(state, field);
  if (judgement.kind !== "stop") {
    const heard = endListening(state, field);
    return heard === state ? still(state) : spoken(heard, []);
  }
  const out = giveUp(state, judgement.reason, describeWitness(state, field), true, field);
  return { state: { ...state, ...out.state }, effects: out.effects };
}

/**
 * What the own slot is to do: at a start without some of the servers, and in a force-returned view whose groups
 * wait; null = nothing is asked of it.
 */
export function judgeAlone(state: MajorityState, field: DiskField): Judgement | null {
  const { atMs, config } = field;
  if (state.gaveUp !== null) return null;
  if (state.server === "starting") {
    const members = starters(state, field);
    const isWhole = members.length === config.servers.length;
    const isFirst = members[0] === state.self;
    if (isWhole || !isFirst || field.peers.some((peer) => isLiveMember(peer, field))) return null;
    return judgeStartByDisk(state, members, atMs - state.waitUntilMs, field);
  }
  if (!isIn(state) || state.provisional === null) return null;
  const members: readonly ServerIndex[] = state.view?.members ?? [];
  if (members[0] !== state.self) return null;
  return judgeStartByDisk(state, members, atMs - state.baseMs - config.budget.timeoutMs, field);
}

/** Says once why this server may not begin alone, or why the groups of a force-returned view wait on. */
export function resolveAlone(
  state: MajorityState,
  judgement: Judgement,
  field: DiskField,
): Outcome {
  const isRefused = judgement.kind === "refuse" || judgement.kind === "withdraw";
  if (!isRefused || state.refused !== null) return still(state);
  const reason = judgement.kind === "refuse" ? judgement.reason : "outranked";
  const heard = field.peers.filter((peer) => isHeard(peer, field)).length;
  const hears = `hears ${heard} of ${field.peers.length} other servers`;
  const evidence = [hears, ...slotWords(state, field)].join(", ");
  return spoken({ ...state, refused: reason }, [note("start.refused-alone", { reason, evidence })]);
}

/** Said of a view that is enough: after a force-return its groups may start from now on (R191, 1.8). */
export function proven(state: MajorityState, isEnough: boolean, field: Field): PulseEffect[] {
  if (!isEnough || state.provisional === null || !decidesByDisk(field)) return [];
  const evidence = slotWords(state, field).join(", ");
  return [note("force-return.confirmed", { method: field.config.method, evidence })];
}

const slotWords = ({ self }: MajorityState, { disk, config }: DiskField): readonly string[] =>
  disk.slots
    .filter(({ server }) => server !== self)
    .map(({ server, stamp }) => {
      const name = config.servers[server]?.name ?? `#${server}`;
      return `slot of ${name} ${stamp?.state ?? "empty"}`;
    });

/**
 * After a long gap. An owner among others is past its lease only when the own rounds do not carry it either; who is
 * alone needs no lease, but lets its addresses go until it has heard whether somebody else has begun (1.5, G8).
 * null = as everywhere.
 */
export function wakeOnDisk(state: MajorityState, gapMs: number, field: DiskField): Outcome | null {
  const { a3Ms, stampLeaseMs } = field.config.budget;
  if (!isIn(state) || !field.mayOwn || gapMs < a3Ms) return null;
  if (isSole(state.view, state.self)) {
    const gap = note("gap.deposed", { gapMs: Math.round(gapMs) });
    return spoken({ ...state, listenUntilMs: listenedAtMs(field) }, [gap]);
  }
  return gapMs < stampLeaseMs ? still(state) : null;
}

/**
 * End of the lease that is taken along into a new view, ms. Who needed nobody has no end of its own: from now on
 * it counts as acknowledged at this moment, and none of the new view can put it out sooner than T from here.
 */
export const takenAlongMs = (endMs: number, { atMs, config }: Field): number =>
  endMs === Number.POSITIVE_INFINITY ? atMs + config.budget.a3Ms : endMs;

/** Who was told that it is alone has to hear for itself, unless it has been told by one that has heard all along. */
export function listensFirst(
  view: View,
  wasDeaf: boolean,
  self: ServerIndex,
  field: Field,
): number | null {
  return decidesByDisk(field) && wasDeaf && isSole(view, self) ? listenedAtMs(field) : null;
}

/** Who lives and speaks has been heard by then. */
const listenedAtMs = ({ atMs, config }: Field): number => atMs + 2 * config.budget.intervalMs;

function endListening(state: MajorityState, { atMs }: Field): MajorityState {
  const isOver = state.listenUntilMs !== null && atMs >= state.listenUntilMs;
  return isOver ? { ...state, listenUntilMs: null } : state;
}
