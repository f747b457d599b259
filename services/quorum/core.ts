/**
 * Quorum: drives the configured method. Keeps the own claim block in the state the method wants and the
 * arbitration disk under watch; everything else is the method's pure table.
 * One disk operation at a time; a hung one is never overtaken. Claim = write, then read the other's block.
 * Source: protocol.md 1.5 (claim 1-7), 1.7; requirements D4, D5, D9.
 */

import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { PulseEffect, Step } from "../effects.ts";
import type { PulseEvent } from "../events.ts";
import type { LanBeat } from "../heartbeat/beat.ts";
import type { Claim } from "./claim.ts";
import type { ClaimProgress, Judgement } from "./judgement.ts";
import type { SlotWord } from "./stamp.ts";

type Operation = "claim-write" | "claim-read" | "clear" | "probe-write" | "probe-read";

export interface QuorumState {
  readonly claim: ClaimProgress;
  /** What has to stand on the own block; null = state none. */
  readonly standing: Claim | null;
  readonly claimNumber: number;
  readonly operation: {
    readonly kind: Operation;
    readonly id: number;
    readonly atMs: number;
  } | null;
  readonly nextId: number;
  readonly diskConnected: boolean;
  /** Last write and read both answered in time. */
  readonly diskHealthy: boolean;
  readonly diskFaultNoted: boolean;
  /** Why the last failed operation failed, in words; empty while none has or the disk is silent. */
  readonly diskError: string;
  /** Last complete write and read; before the first one the end of the start grace. */
  readonly lastGoodAtMs: number;
  /** The operation under way has been given up; its process was asked to be replaced. */
  readonly killedId: number | null;
  readonly probeAtMs: number;
}

/** Who claims, in which epoch, against whom. */
export interface ClaimContext {
  readonly host: HostIncarnation;
  readonly epoch: Epoch;
  /** The epoch is a starter's guess and not that of a view: an older claim is then not void. Default false. */
  readonly guessed?: boolean;
  /** The agent has not said what this server is: the block may hold what a dead pulse won. Default false. */
  readonly untold?: boolean;
  readonly peer: ServerIndex;
  readonly peerBeat: LanBeat | null;
  readonly peerHost: HostIncarnation | null;
}

/** Between two probes of a healthy disk at least this long, so that an idle array sees little traffic. */
const PROBE_MIN_MS = 500;
/** A faulty disk is tried this often, so that a claim can still be won inside the disk wait (D5). */
const RETRY_MS = 100;
/** The disk process may take some seconds to come up beside everything else that starts. */
const START_GRACE_MS = 10_000;

/** Stands for the reason when the disk says nothing at all. */
const NO_ANSWER = "no answer";

export function createQuorum(atMs: number): QuorumState {
  return {
    claim: "none",
    standing: null,
    claimNumber: 0,
    operation: null,
    nextId: 1,
    diskConnected: false,
    diskHealthy: false,
    diskFaultNoted: false,
    diskError: "",
    lastGoodAtMs: atMs + START_GRACE_MS,
    killedId: null,
    probeAtMs: atMs,
  };
}

export function step(
  state: QuorumState,
  event: PulseEvent,
  context: ClaimContext,
  config: ClusterConfig,
): Step<QuorumState, PulseEffect> {
  switch (event.kind) {
    case "disk.ready":
      return probe({ ...state, diskConnected: true, probeAtMs: event.atMs }, context, event.atMs);
    case "disk.gone":
      return noteDisk(failOperation({ ...state, diskConnected: false }), event.atMs, config);
    case "disk.answered":
      return answered(state, event, context, config);
    case "tick":
      return watchDisk(state, context, event.atMs, config);
    default:
      return { state, effects: [] };
  }
}

/** Takes the method's judgement as far as the disk is concerned. */
export function follow(
  state: QuorumState,
  judgement: Judgement,
  context: ClaimContext,
  atMs: number,
): Step<QuorumState, PulseEffect> {
  if (state.operation !== null) return { state, effects: [] };
  if (judgement.kind === "claim" && state.claim === "none") {
    const claimNumber = state.claimNumber + 1;
    const standing: Claim = {
      host: context.host,
      epoch: context.epoch,
      number: claimNumber,
      stampMs: Math.floor(atMs),
      state: "claimed",
    };
    const note: PulseEffect = { kind: "note", key: "claim.started", data: { number: claimNumber } };
    const next: QuorumState = { ...state, claim: "pending", claimNumber, standing };
    const begun = begin(next, "claim-write", atMs, (id) => ({
      kind: "claim.write",
      id,
      claim: standing,
    }));
    return { state: begun.state, effects: [note, ...begun.effects] };
  }
  if (judgement.kind === "withdraw" && state.claim !== "none") {
    // Whoever takes its claim down has not won: the block is empty before the answer says so.
    const next: QuorumState = { ...state, standing: null, claim: "pending" };
    return begin(next, "clear", atMs, (id) => ({ kind: "claim.write", id, claim: null }));
  }
  return { state, effects: [] };
}

/**
 * A claim of an older view says nothing in this one: the peer reads it as void, so it must not count as
 * won here. What is under way only ends; the next probe clears the block.
 */
export function forget(state: QuorumState, atMs: number): QuorumState {
  const { operation } = state;
  const reads = operation?.kind === "claim-read" || operation?.kind === "probe-read";
  const kind: Operation = reads ? "probe-read" : "probe-write";
  return {
    ...state,
    claim: "none",
    standing: null,
    operation: operation === null ? null : { ...operation, kind },
    probeAtMs: atMs,
  };
}

/** A sole server's claim stays on its block, so that a late rival reads it. */
export function stand(state: QuorumState, context: ClaimContext, atMs: number): QuorumState {
  const claimNumber = state.claimNumber + 1;
  const standing: Claim = {
    host: context.host,
    epoch: context.epoch,
    number: claimNumber,
    stampMs: Math.floor(atMs),
    state: "claimed",
  };
  return { ...state, claim: "won", claimNumber, standing };
}

/** Infinity while nothing may be written yet: the first token of the agent wakes the pulse anyway. */
export function nextDeadlineMs(state: QuorumState): number {
  return state.diskConnected && state.operation === null
    ? state.probeAtMs
    : Number.POSITIVE_INFINITY;
}

/** Rule 1.5 claim 3: a claim counts unless the peer is known to have taken it back or died since. */
export function isValidClaim(claim: Claim | null, context: ClaimContext): boolean {
  if (claim === null) return false;
  if (context.peerHost !== null && claim.host !== context.peerHost) return false;
  if (context.guessed !== true && claim.epoch.counter < context.epoch.counter) return false;
  const beat = context.peerBeat;
  const takenBack =
    beat !== null && beat.host === claim.host && beat.stampMs > claim.stampMs && beat.claim === 0;
  return !takenBack;
}

function answered(
  state: QuorumState,
  event: Extract<PulseEvent, { kind: "disk.answered" }>,
  context: ClaimContext,
  config: ClusterConfig,
): Step<QuorumState, PulseEffect> {
  const operation = state.operation;
  if (operation === null || operation.id !== event.id) return { state, effects: [] };
  if (!event.ok) {
    return noteDisk({ ...failOperation(state), diskError: event.error }, event.atMs, config);
  }
  const done: QuorumState = { ...state, operation: null };
  switch (operation.kind) {
    case "claim-write":
      return begin(done, "claim-read", event.atMs, (id) => readOf(id, context));
    case "claim-read":
      return settle(healthy(done, event.atMs, config), claimOf(event.claim), context);
    case "clear":
      return {
        state: { ...done, claim: state.standing === null ? "none" : state.claim },
        effects: [{ kind: "note", key: "claim.withdrawn", data: { number: state.claimNumber } }],
      };
    case "probe-write":
      return begin(done, "probe-read", event.atMs, (id) => readOf(id, context));
    case "probe-read": {
      const restored: PulseEffect[] = state.diskFaultNoted
        ? [{ kind: "note", key: "disk.restored", data: {} }]
        : [];
      return { state: healthy(done, event.atMs, config), effects: restored };
    }
  }
}

/** A stamp is left over from the shared-disk method: nobody claims. */
const claimOf = (word: SlotWord | null): Claim | null => (word?.state === "claimed" ? word : null);

function settle(
  state: QuorumState,
  peerClaim: Claim | null,
  context: ClaimContext,
): Step<QuorumState, PulseEffect> {
  const lost = isValidClaim(peerClaim, context);
  const key = lost ? "claim.lost" : "claim.won";
  return {
    state: { ...state, claim: lost ? "lost" : "won" },
    effects: [{ kind: "note", key, data: { number: state.claimNumber } }],
  };
}

/** A failed operation proves nothing; the claim starts again when the disk answers (D5). */
function failOperation(state: QuorumState): QuorumState {
  const kind = state.operation?.kind;
  const claiming = kind === "claim-write" || kind === "claim-read" || kind === "clear";
  return {
    ...state,
    operation: null,
    diskHealthy: false,
    claim: claiming ? "none" : state.claim,
    // It may have landed: the next probe takes down what no longer counts.
    standing: claiming ? null : state.standing,
    probeAtMs: (state.operation?.atMs ?? state.probeAtMs) + RETRY_MS,
  };
}

function healthy(state: QuorumState, atMs: number, config: ClusterConfig): QuorumState {
  const periodMs = Math.max(PROBE_MIN_MS, config.budget.timeoutMs / 2);
  return {
    ...state,
    diskHealthy: true,
    diskFaultNoted: false,
    diskError: "",
    lastGoodAtMs: atMs,
    probeAtMs: atMs + periodMs,
  };
}

function watchDisk(
  state: QuorumState,
  context: ClaimContext,
  atMs: number,
  config: ClusterConfig,
): Step<QuorumState, PulseEffect> {
  const hung = state.operation !== null && atMs - state.operation.atMs > config.budget.claimMs;
  const watched = hung && state.diskHealthy ? { ...state, diskHealthy: false } : state;
  const noted = noteDisk(watched, atMs, config);
  const { operation } = noted.state;
  const overdue = operation !== null && atMs - operation.atMs >= config.budget.diskWaitMs;
  if (overdue && noted.state.killedId !== operation.id) {
    const killed = { ...noted.state, killedId: operation.id };
    return { state: killed, effects: [...noted.effects, { kind: "disk.kill" }] };
  }
  const due = atMs >= noted.state.probeAtMs && noted.state.operation === null;
  if (!due || !noted.state.diskConnected) return noted;
  const probed = probe(noted.state, context, atMs);
  return { state: probed.state, effects: [...noted.effects, ...probed.effects] };
}

/** The disk counts as faulty after its own timeout, the disk wait (D9). */
function noteDisk(
  state: QuorumState,
  atMs: number,
  config: ClusterConfig,
): Step<QuorumState, PulseEffect> {
  const overdue = atMs - state.lastGoodAtMs >= config.budget.diskWaitMs;
  if (config.disk === null || !overdue || state.diskFaultNoted) return { state, effects: [] };
  return {
    state: { ...state, diskFaultNoted: true },
    effects: [{ kind: "note", key: "disk.faulty", data: { error: state.diskError || NO_ANSWER } }],
  };
}

/** Writes what stands anyway, then reads the peer's block: both paths of a claim are exercised. */
function probe(
  state: QuorumState,
  context: ClaimContext,
  atMs: number,
): Step<QuorumState, PulseEffect> {
  if (state.operation !== null || context.untold === true) return { state, effects: [] };
  const { standing } = state;
  return begin(state, "probe-write", atMs, (id) => ({ kind: "claim.write", id, claim: standing }));
}

const readOf = (id: number, context: ClaimContext): PulseEffect => ({
  kind: "claim.read",
  id,
  server: context.peer,
});

function begin(
  state: QuorumState,
  kind: Operation,
  atMs: number,
  effect: (id: number) => PulseEffect,
): Step<QuorumState, PulseEffect> {
  const id = state.nextId;
  return {
    state: { ...state, nextId: id + 1, operation: { kind, id, atMs } },
    effects: [effect(id)],
  };
}
