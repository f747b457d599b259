/**
 * One server of two in one round: the real pulse with claims on the arbitration partition, its disk, and an
 * agent that owns or does not. Effects end a whole round after the last will.
 * Source: protocol.md 1.3, 1.5, 1.7; D4, D5.
 */
import { createPulse, holdsLease, type PulseState, step } from "../../firmware/pulse/route.ts";
import { hostIncarnation } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import type { ComBeat, LanBeat } from "../../services/heartbeat/beat.ts";
import { isMember, isSole, proposalOf } from "../../services/membership/state.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import { NOW_MS } from "./canon.ts";

/**
 * fast: one round, a write lands at once and a read sees the end of its time. slow: four rounds, a write
 * lands last and a read sees the beginning. hung: a write lands, no answer comes.
 */
export type DiskMode = "fast" | "slow" | "hung";
const SLOW_ROUNDS = 4;

interface Operation {
  readonly op: "write" | "read";
  /** What is written, or what a slow read has seen. */
  readonly claim: SlotWord | null;
  readonly mode: DiskMode;
  /** Rounds until the answer. */
  readonly left: number;
}

export interface PairHost {
  readonly index: number;
  readonly on: boolean;
  readonly pulse: PulseState;
  readonly lan: LanBeat | null;
  readonly com: ComBeat | null;
  /** Answer that waits for a paused pulse. */
  readonly answer: Extract<PulseEvent, { kind: "disk.answered" }> | null;
  readonly operation: Operation | null;
  readonly mode: DiskMode;
  readonly wish: Wish;
  readonly mayOwn: boolean;
  readonly owns: boolean;
  /** Takes over what the other ran, when it is sole. */
  readonly takesOver: boolean;
  readonly will: boolean;
  readonly pausedFor: number;
  readonly sleptFor: number;
  readonly unfedFor: number;
}

export interface PairTurn {
  readonly host: PairHost;
  readonly lan: LanBeat | null;
  readonly com: ComBeat | null;
  /** What has landed on the own block in this round; undefined = nothing has. */
  readonly landed: SlotWord | null | undefined;
}

export function bootPair(index: number, config: ClusterConfig): PairHost {
  const host = hostIncarnation(index.toString(16).padStart(16, "0"));
  const created = createPulse(index, host, config, NOW_MS);
  const ready = step(created, { kind: "disk.ready", atMs: NOW_MS }, config);
  const waitUntilMs = NOW_MS + config.timing.startSyncWaitMs;
  return {
    index,
    on: true,
    pulse: ready.state,
    lan: null,
    com: null,
    answer: null,
    operation: null,
    mode: "fast",
    wish: { kind: "start", floor: 0, waitUntilMs },
    mayOwn: false,
    owns: false,
    takesOver: false,
    will: false,
    pausedFor: 0,
    sleptFor: 0,
    unfedFor: 0,
  };
}

export const isSoleNow = ({ on, pulse }: PairHost): boolean =>
  on && isMember(pulse.membership) && isSole(pulse.membership.view, pulse.membership.self);

/** One round of one server; `block` is what the other's block said at its beginning. */
export function takePairRound(
  before: PairHost,
  lan: LanBeat | null,
  com: ComBeat | null,
  block: SlotWord | null,
  config: ClusterConfig,
): PairTurn {
  if (!before.on) return { host: before, lan: null, com: null, landed: undefined };
  const unfedFor = before.mayOwn ? before.unfedFor + 1 : 0;
  const heard = { ...before, lan: lan ?? before.lan, com: com ?? before.com, unfedFor };
  const { host, landed } = passDisk(heard, block);
  const quiet = { lan: null, com: null, landed };
  const { budget } = config;
  const isReset = host.mayOwn && unfedFor * budget.intervalMs >= budget.watchdogMs;
  if (isReset) return { host: without(host), ...quiet };
  if (host.pausedFor > 0) {
    const [pausedFor, sleptFor] = [host.pausedFor - 1, host.sleptFor + 1];
    return { host: { ...host, pausedFor, sleptFor }, ...quiet };
  }
  if (host.will) return { host: without(host), ...quiet };
  return new Round(host, landed, block, config).play();
}

/** Off: what its disk was doing ends with it. */
const without = (host: PairHost): PairHost => ({
  ...host,
  on: false,
  owns: false,
  mayOwn: false,
  operation: null,
  answer: null,
  lan: null,
  com: null,
  will: false,
});

/** What a slow write puts on the own block in the coming round; undefined = nothing. */
export function landsNow({ on, operation }: PairHost): SlotWord | null | undefined {
  const isDue =
    on && operation?.op === "write" && operation.mode === "slow" && operation.left === 1;
  return isDue ? operation.claim : undefined;
}

function passDisk(
  host: PairHost,
  block: SlotWord | null,
): { readonly host: PairHost; readonly landed: SlotWord | null | undefined } {
  const { operation } = host;
  if (operation === null || operation.mode === "hung") return { host, landed: undefined };
  const left = operation.left - 1;
  if (left > 0) return { host: { ...host, operation: { ...operation, left } }, landed: undefined };
  const { op, mode } = operation;
  const claim = op === "read" && mode === "fast" ? block : operation.claim;
  const answer = { kind: "disk.answered" as const, atMs: NOW_MS, id: 1, ok: true, claim, op };
  const answered = { ...host, operation: null, answer: { ...answer, error: "" } };
  return { host: answered, landed: landsNow(host) };
}

class Round {
  #host: PairHost;
  #landed: SlotWord | null | undefined;
  #lan: LanBeat | null = null;
  #com: ComBeat | null = null;
  readonly #block: SlotWord | null;
  readonly #config: ClusterConfig;

  constructor(
    host: PairHost,
    landed: SlotWord | null | undefined,
    block: SlotWord | null,
    config: ClusterConfig,
  ) {
    this.#host = host;
    this.#landed = landed;
    this.#block = block;
    this.#config = config;
  }

  play(): PairTurn {
    const { lan, com, answer, sleptFor } = this.#host;
    this.#host = { ...this.#host, lan: null, com: null, answer: null, sleptFor: 0 };
    const atMs = NOW_MS;
    const gapMs = (sleptFor + 1) * this.#config.budget.intervalMs;
    if (sleptFor > 0) this.#take({ kind: "gap.noticed", atMs, gapMs });
    if (lan !== null) this.#hear(lan);
    if (com !== null) this.#hear(com);
    if (answer !== null) this.#take(answer);
    this.#take({ kind: "tick", atMs });
    if (!this.#host.will) this.#speak();
    if (this.#host.pulse.isJudgeDue) this.#take({ kind: "tick", atMs });
    return { host: renumbered(this.#host), lan: this.#lan, com: this.#com, landed: this.#landed };
  }

  #hear(beat: LanBeat | ComBeat): void {
    this.#take({ kind: "beat.received", atMs: NOW_MS, path: 0, beat, proven: true });
  }

  #take(event: PulseEvent): void {
    if (this.#host.will) return;
    const { state, effects } = step(this.#host.pulse, event, this.#config);
    this.#host = { ...this.#host, pulse: state };
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PulseEffect): void {
    if (effect.kind === "lan.send") this.#lan = effect.beat;
    if (effect.kind === "com.send") this.#com = effect.beat;
    if (effect.kind === "watchdog.feed") this.#host = { ...this.#host, unfedFor: 0 };
    if (effect.kind === "will.execute") this.#host = { ...this.#host, will: true };
    if (effect.kind === "claim.write") this.#begin("write", effect.claim);
    if (effect.kind === "claim.read") this.#begin("read", this.#block);
  }

  #begin(op: "write" | "read", claim: SlotWord | null): void {
    const { mode } = this.#host;
    const left = mode === "slow" ? SLOW_ROUNDS : 1;
    if (op === "write" && mode !== "slow") this.#landed = claim;
    const seen = op === "read" && mode === "fast" ? null : claim;
    this.#host = { ...this.#host, operation: { op, claim: seen, mode, left } };
  }

  #speak(): void {
    this.#host = own(wished(this.#host), this.#config);
    const { wish, mayOwn } = this.#host;
    const token = { progress: 1, blob: NOTHING, wish, mayOwn };
    this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }
}

const NOTHING = new Uint8Array(0);

function wished(host: PairHost): PairHost {
  const { server, view, floor } = host.pulse.membership;
  if (server === "member" && view !== null) {
    const held = proposalOf(host.pulse.membership);
    const ackedStampMs = held === null ? null : NOW_MS;
    const wish: Wish = { kind: "resume", view: held ?? view, ackedStampMs, remembered: true };
    return { ...host, wish };
  }
  if (server !== "detached" || host.wish.kind !== "resume") return host;
  return { ...host, wish: { kind: "detached", floor } };
}

/** A sole server takes the other's groups: the will first, the effects a round later. */
function own(host: PairHost, config: ClusterConfig): PairHost {
  if (host.mayOwn && !host.owns) return { ...host, owns: true };
  const takes = host.takesOver && isSoleNow(host) && holdsLease(host.pulse, NOW_MS, config);
  return takes && !host.mayOwn ? { ...host, mayOwn: true, unfedFor: 0 } : host;
}

/** An operation's number is only ever compared with that of its answer. */
function renumbered(host: PairHost): PairHost {
  const { quorum } = host.pulse;
  const { operation } = quorum;
  const kept =
    operation === null
      ? { ...quorum, nextId: 1, killedId: null }
      : {
          ...quorum,
          operation: { ...operation, id: 1 },
          nextId: 2,
          killedId: quorum.killedId === operation.id ? 1 : null,
        };
  return { ...host, pulse: { ...host.pulse, quorum: kept } };
}
