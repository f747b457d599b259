/**
 * Drives the shared-disk method's traffic on the arbitration partition: writes the own stamp, then reads
 * every other slot, again and again, one operation at a time; a hung one is never overtaken.
 * Intuition: whoever wants to be believed alive writes often and counts from the moment he began to write;
 * whoever wants to believe another dead reads often and counts from the moment he saw the page turn. So no
 * clock is compared, and a delay on either side only errs towards giving up or waiting longer.
 * A stamp whose answer comes after the lease that it was to extend extends nothing: somebody may have read
 * the slot in between and drawn his conclusion.
 * The last word of a server whose will has run is `off`, written as soon as the operation under way has
 * ended: the one stamp that needs no agent, because it claims no life.
 * Source: protocol.md 1.6, G9, G10, P6; requirements B3, R17, R68, R78; D9.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { compareEpochs, type Epoch, sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { PulseEffect, Step } from "../effects.ts";
import type { PulseEvent } from "../events.ts";
import type { Judgement } from "./judgement.ts";
import { asStamp, type Stamp } from "./stamp.ts";
import {
  NEVER,
  type Round,
  type Saying,
  type SlotSight,
  type StampContext,
  type StampState,
  unseen,
} from "./stamp-state.ts";

const RETRY_MS = 100;
const NO_ANSWER = "no answer";

export function step(
  state: StampState,
  event: PulseEvent,
  context: StampContext,
  config: ClusterConfig,
): Step<StampState, PulseEffect> {
  switch (event.kind) {
    case "disk.ready":
      return watch({ ...state, connected: true, roundAtMs: event.atMs }, context, event, config);
    case "disk.gone":
      return watch(failed({ ...state, connected: false }, state.diskError), context, event, config);
    case "disk.answered":
      return answered(state, event, context, config);
    case "tick":
      return watch(state, context, event, config);
    case "gap.noticed":
      return still(event.gapMs < config.budget.a3Ms ? state : ageBy(state, event.gapMs));
    case "will.done":
      return watch({ ...state, roundAtMs: event.atMs }, context, event, config);
    default:
      return { state, effects: [] };
  }
}

/**
 * The clock that counts a lease may stand still while the host is suspended: what was slept is taken off it, at
 * the price of counting it twice where the clock went on.
 */
const ageBy = (state: StampState, gapMs: number): StampState => ({
  ...state,
  stampedAtMs: state.stampedAtMs - gapMs,
  wholeFromMs: state.wholeFromMs - gapMs,
});

/** A start alone is won like a claim: write `alone`, then read the others (protocol.md 1.7). */
export function follow(
  state: StampState,
  judgement: Judgement,
  context: StampContext,
  atMs: number,
): Step<StampState, PulseEffect> {
  if (judgement.kind === "claim" && state.claim === "none") {
    const pending: StampState = { ...state, claim: "pending", roundAtMs: atMs };
    return state.operation === null ? beginRound(pending, context, atMs) : still(pending);
  }
  const off = judgement.kind === "withdraw" && state.claim !== "none";
  return still(off ? { ...state, claim: "none", roundAtMs: atMs } : state);
}

/** Next moment at which something is due although nothing arrives, ms. */
export function nextDeadlineMs(state: StampState, config: ClusterConfig): number {
  const { operation } = state;
  if (operation !== null) {
    const overdueMs = operation.atMs + config.budget.diskWaitMs;
    return state.killedId === operation.id ? Number.POSITIVE_INFINITY : overdueMs;
  }
  return state.connected ? state.roundAtMs : Number.POSITIVE_INFINITY;
}

/** End of what the own stamps carry; -Infinity = they carry nothing. */
export const stampLeaseEndMs = (state: StampState, config: ClusterConfig): number =>
  state.stampedAtMs + config.budget.stampLeaseMs;

/** End of what the own whole rounds carry; -Infinity = they carry nothing. */
export const wholeLeaseEndMs = (state: StampState, config: ClusterConfig): number =>
  state.wholeFromMs + config.budget.stampLeaseMs;

/** The next round is begun as soon as nothing is under way: there is something new to say. */
export const hasten = (state: StampState, atMs: number): StampState =>
  atMs < state.roundAtMs ? { ...state, roundAtMs: atMs } : state;

/** What the own slot says, once all other slots were read after it was written; null = not yet. */
export function announced({ whole, saying }: StampState): Saying | null {
  if (whole === null || saying === null || whole.writtenAtMs === null) return null;
  return whole.writtenAtMs >= saying.writtenAtMs && says(saying, whole.stamp) ? saying : null;
}

const says = (saying: Saying, stamp: Stamp): boolean =>
  saying.members === (stamp.members ?? 0) && sameEpoch(saying.epoch, stamp.epoch);

/** Stamps are written and all slots are read in time. */
export const isInTime = (state: StampState, atMs: number, config: ClusterConfig): boolean =>
  atMs < stampLeaseEndMs(state, config) && atMs - state.lastGoodAtMs < config.budget.diskWaitMs;

function answered(
  state: StampState,
  event: Extract<PulseEvent, { kind: "disk.answered" }>,
  context: StampContext,
  config: ClusterConfig,
): Step<StampState, PulseEffect> {
  const { operation } = state;
  if (operation === null || operation.id !== event.id) return still(state);
  if (!event.ok) return noteDisk(failed(state, event.error), event.atMs, config);
  const done = { ...state, operation: null };
  if (operation.kind === "read" && operation.server === context.self) {
    const own = asStamp(event.claim);
    const left = own !== null && own.host === context.host ? own.epoch : null;
    return beginRound({ ...done, left }, context, event.atMs);
  }
  const saysOff = operation.kind === "write" && operation.fresh && state.standing?.state === "off";
  if (context.gone && !state.saidOff && !saysOff) return beginRound(done, context, event.atMs);
  if (operation.kind === "write") {
    const extends_ = context.carried || event.atMs < stampLeaseEndMs(state, config);
    const counts = operation.fresh && extends_;
    const stampedAtMs = counts ? operation.atMs : state.stampedAtMs;
    const saidOff = state.saidOff || (context.gone && saysOff);
    const written = noteWritten({ ...done, stampedAtMs, saidOff }, event.atMs);
    return readNext(written, context, -1, event.atMs, config);
  }
  const seen = look(done, operation, asStamp(event.claim), event.atMs);
  if (seen === null) {
    const stale = failed(state, `slot of server ${operation.server} shows an old stamp`);
    return noteDisk(stale, event.atMs, config);
  }
  return readNext(seen, context, operation.server, event.atMs, config);
}

function noteWritten(state: StampState, atMs: number): StampState {
  const { round, saying } = state;
  if (round === null) return state;
  const { epoch, members = 0 } = round.stamp;
  return {
    ...state,
    round: { ...round, writtenAtMs: atMs },
    saying: saying ?? { epoch, members, writtenAtMs: atMs, wholeAtMs: null },
  };
}

/** Null for a stamp older than the one seen before: it says nothing, least of all that nobody writes. */
function look(
  state: StampState,
  operation: { readonly server: ServerIndex; readonly atMs: number },
  stamp: Stamp | null,
  atMs: number,
): StampState | null {
  const old = state.slots[operation.server] ?? unseen(operation.server);
  const before = old.stamp;
  if (stamp === null && before !== null) return null;
  if (stamp !== null && before !== null) {
    if (stamp.host === before.host && stamp.stampMs < before.stampMs) return null;
    if (stamp.host !== before.host && stamp.host === old.formerHost) return null;
  }
  const reboots = stamp !== null && before !== null && stamp.host !== before.host;
  const rises = stamp !== null && (before === null || reboots || stamp.stampMs > before.stampMs);
  const sight: SlotSight = {
    server: operation.server,
    stamp,
    formerHost: reboots ? before.host : old.formerHost,
    roseAtMs: rises ? atMs : old.roseAtMs,
    moved: old.moved || (rises && old.readFromMs !== NEVER),
    readFromMs: operation.atMs,
  };
  return {
    ...state,
    slots: state.slots.map((slot) => (slot.server === sight.server ? sight : slot)),
  };
}

/** Reads the slot after `last`, or ends the round. */
function readNext(
  state: StampState,
  context: StampContext,
  last: ServerIndex,
  atMs: number,
  config: ClusterConfig,
): Step<StampState, PulseEffect> {
  const { self, carried } = context;
  const next = state.slots.find(({ server }) => server > last && server !== self);
  if (next !== undefined) {
    const { server } = next;
    return begin(state, { kind: "read", server, fresh: false }, atMs, (id) => ({
      kind: "claim.read",
      id,
      server,
    }));
  }
  const restored: PulseEffect[] = state.diskFaultNoted
    ? [{ kind: "note", key: "disk.restored", data: {} }]
    : [];
  // The round that ends has written `alone` exactly when that is what stands.
  const won = state.claim === "pending" && state.standing?.state === "alone";
  const { round, saying } = state;
  const isInTime = carried || atMs < wholeLeaseEndMs(state, config);
  const carries = round?.fresh === true && isInTime;
  const ended: StampState = {
    ...state,
    round: null,
    whole: round ?? state.whole,
    saying: saying === null ? null : { ...saying, wholeAtMs: saying.wholeAtMs ?? atMs },
    wholeFromMs: carries ? round.fromMs : state.wholeFromMs,
    claim: won ? "won" : state.claim,
    diskHealthy: true,
    diskFaultNoted: false,
    diskError: "",
    lastGoodAtMs: atMs,
    roundAtMs: Math.max(atMs, state.roundAtMs + config.budget.stampIntervalMs),
  };
  return { state: ended, effects: restored };
}

/** Starts a round that is due, and gives up an operation that is overdue. */
function watch(
  state: StampState,
  context: StampContext,
  { atMs }: PulseEvent,
  config: ClusterConfig,
): Step<StampState, PulseEffect> {
  const noted = noteDisk(state, atMs, config);
  const { operation } = noted.state;
  if (operation !== null) {
    const overdue = atMs - operation.atMs >= config.budget.diskWaitMs;
    if (!overdue || state.killedId === operation.id) return noted;
    const killed = { ...noted.state, killedId: operation.id, diskHealthy: false };
    return { state: killed, effects: [...noted.effects, { kind: "disk.kill" }] };
  }
  const due = noted.state.connected && atMs >= noted.state.roundAtMs;
  if (!due) return noted;
  const begun = beginRound(noted.state, context, atMs);
  return { state: begun.state, effects: [...noted.effects, ...begun.effects] };
}

/**
 * A new stamp needs a new word of the agent (G9). Without one the old stamp is written once more: that
 * proves the disk and claims no life.
 */
function beginRound(
  state: StampState,
  context: StampContext,
  atMs: number,
): Step<StampState, PulseEffect> {
  if (!state.connected || context.word === null) return still(state);
  const { self: server, progress } = context;
  if (context.members !== undefined && state.left === undefined) {
    const what = { kind: "read", server, fresh: false } as const;
    return begin({ ...state, roundAtMs: atMs }, what, atMs, (id) => ({
      kind: "claim.read",
      id,
      server,
    }));
  }
  const lives = progress !== null && progress !== state.progress && context.mayLive;
  const fresh = context.gone || lives;
  const claims = state.claim !== "none" && context.word === "starting";
  const drawn: Stamp = {
    state: claims ? "alone" : context.word,
    host: context.host,
    epoch: context.members === undefined ? context.epoch : highest(context.epoch, state),
    twoWay: context.twoWay,
    // Above the beat that may go out in the same millisecond.
    stampMs: Math.floor(atMs) + (context.gone ? 1 : 0),
    ...(context.members === undefined ? {} : { members: context.members }),
  };
  const standing = fresh ? drawn : restate(state.standing, drawn);
  if (standing === null) return still(state);
  const round: Round = { stamp: standing, fromMs: atMs, writtenAtMs: null, fresh };
  const { saying } = state;
  const next: StampState = {
    ...state,
    standing,
    progress: fresh ? progress : state.progress,
    round,
    saying: saying !== null && says(saying, standing) ? saying : null,
  };
  return begin({ ...next, roundAtMs: atMs }, { kind: "write", server, fresh }, atMs, (id) => ({
    kind: "claim.write",
    id,
    claim: standing,
  }));
}

/** What has stood in the own slot was read: its counter never goes down within one boot. */
function highest(epoch: Epoch, { standing, left }: StampState): Epoch {
  const before = [standing?.epoch, left].filter((old) => old != null);
  return before.reduce((high, old) => (compareEpochs(old, high) > 0 ? old : high), epoch);
}

/** What a server says about others needs no new word of its agent, for it claims no newer life. */
function restate(old: Stamp | null, drawn: Stamp): Stamp | null {
  if (old === null || drawn.members === undefined || drawn.state === "off") return old;
  return { ...drawn, stampMs: old.stampMs };
}

function begin(
  state: StampState,
  what: { readonly kind: "write" | "read"; readonly server: ServerIndex; readonly fresh: boolean },
  atMs: number,
  effect: (id: number) => PulseEffect,
): Step<StampState, PulseEffect> {
  const id = state.nextId;
  const operation = { ...what, id, atMs };
  return { state: { ...state, nextId: id + 1, operation }, effects: [effect(id)] };
}

/** A failed operation proves nothing, neither of this server's life nor of another's. */
function failed(state: StampState, error: string): StampState {
  const roundAtMs = (state.operation?.atMs ?? state.roundAtMs) + RETRY_MS;
  return {
    ...state,
    operation: null,
    round: null,
    diskHealthy: false,
    diskError: error,
    roundAtMs,
  };
}

/** The disk counts as faulty after its own timeout, the disk wait (D9). */
function noteDisk(
  state: StampState,
  atMs: number,
  config: ClusterConfig,
): Step<StampState, PulseEffect> {
  const overdue = atMs - state.lastGoodAtMs >= config.budget.diskWaitMs;
  if (!overdue || state.diskFaultNoted) return still(state);
  const error = state.diskError || NO_ANSWER;
  return {
    state: { ...state, diskFaultNoted: true },
    effects: [{ kind: "note", key: "disk.faulty", data: { error } }],
  };
}

const still = (state: StampState): Step<StampState, PulseEffect> => ({ state, effects: [] });
