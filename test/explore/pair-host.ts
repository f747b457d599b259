/**
 * One server of two in one round: the real pulse with whatever method, its disk, and an agent: either a
 * fixed owner, or the real failover core. Effects end a whole round after the last will.
 * Source: protocol.md 1.3, 1.5-1.9; D4, D5.
 */
import { drawFacts } from "../../firmware/pulse/facts.ts";
import { holdsLease, peerOf, step } from "../../firmware/pulse/route.ts";
import { createPulse, type PulseState } from "../../firmware/pulse/state.ts";
import { hostIncarnation } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import type { ComBeat, LanBeat } from "../../services/heartbeat/beat.ts";
import { isMember, isSole, proposalOf } from "../../services/membership/state.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import { NOW_MS } from "./pack.ts";
import type { Texts } from "./pair-texts.ts";
import { createReal, flashOf, type Real, realTurn, restartReal, tokenOf } from "./real-agent.ts";

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
  readonly boot: number;
  readonly on: boolean;
  /** null = it is started again in this round. */
  readonly pulse: PulseState | null;
  readonly lan: LanBeat | null;
  readonly com: ComBeat | null;
  /** Answer that waits for a paused pulse. */
  readonly answer: Extract<PulseEvent, { kind: "disk.answered" }> | null;
  readonly operation: Operation | null;
  readonly mode: DiskMode;
  /** Number of the text that the pulse runs by, and of the one on flash. */
  readonly text: number;
  readonly stored: number;
  /** What the rollout has just said about texts; null = nothing. */
  readonly order: "prepare" | "install" | "drop" | null;
  readonly real: Real | null;
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

const incarnation = (index: number, boot: number): ReturnType<typeof hostIncarnation> =>
  hostIncarnation((index * 1000 + boot).toString(16).padStart(16, "0"));

/** `before`: what is on flash of the real agent; null = the owner is fixed. */
export function bootPair(
  index: number,
  boot: number,
  kind: "start" | "detached" | "return",
  before: Real | null,
  text: number,
  texts: Texts,
): PairHost {
  const config = texts.at(text);
  const floor = before?.state.ownEpoch ?? 0;
  const waitUntilMs = NOW_MS + config.timing.startSyncWaitMs;
  const wish: Wish = kind === "start" ? { kind, floor, waitUntilMs } : { kind, floor };
  return {
    index,
    boot,
    on: true,
    pulse: freshPulse(index, boot, config),
    lan: null,
    com: null,
    answer: null,
    operation: null,
    mode: "fast",
    text,
    stored: text,
    order: null,
    real: before === null ? null : createReal(index, wish, floor, config),
    wish,
    mayOwn: false,
    owns: false,
    takesOver: false,
    will: false,
    pausedFor: 0,
    sleptFor: 0,
    unfedFor: 0,
  };
}

function freshPulse(index: number, boot: number, config: ClusterConfig): PulseState {
  const created = createPulse(index, incarnation(index, boot), config, NOW_MS);
  return step(created, { kind: "disk.ready", atMs: NOW_MS }, config).state;
}

/** Off: what its disk was doing ends with it, and flash stays. */
export const offPair = (host: PairHost, texts: Texts): PairHost => ({
  ...host,
  on: false,
  pulse: null,
  owns: false,
  mayOwn: false,
  operation: null,
  answer: null,
  lan: null,
  com: null,
  will: false,
  order: null,
  pausedFor: 0,
  sleptFor: 0,
  unfedFor: 0,
  text: host.stored,
  real: host.real === null ? null : flashOf(host.real, texts.at(host.stored)),
});

/** Powered on: as a server that ended in peace when its clean mark says so, else outside (D18). */
export function onPair(host: PairHost, texts: Texts): PairHost {
  const kind = host.real?.marked === true ? "start" : "detached";
  const booted = bootPair(host.index, host.boot + 1, kind, host.real, host.stored, texts);
  return { ...booted, mode: host.mode, takesOver: host.takesOver };
}

/**
 * The pulse is lost and is there again in the next round. `remembers` false: the agent is new as well and goes
 * by its record: its view, and an acknowledgement only where nothing runs (boot.ts).
 */
export function restartedPair(host: PairHost, remembers: boolean, texts: Texts): PairHost {
  const lost = { ...host, pulse: null, lan: null, com: null, answer: null };
  if (remembers) return lost;
  const { wish, owns } = host;
  const ackedStampMs = owns ? null : NOW_MS;
  const forgot: Wish =
    wish.kind === "resume" ? { ...wish, ackedStampMs, remembered: !owns, unheard: true } : wish;
  const real = host.real === null ? null : restartReal(host.real, null, texts.at(host.text));
  return { ...lost, wish: forgot, real };
}

export const isSoleNow = ({ on, pulse }: PairHost): boolean =>
  on &&
  pulse !== null &&
  isMember(pulse.membership) &&
  isSole(pulse.membership.view, pulse.membership.self);

/** One round of one server; `block` is what the other's block said at its beginning. */
export function takePairRound(
  before: PairHost,
  lan: LanBeat | null,
  com: ComBeat | null,
  block: SlotWord | null,
  texts: Texts,
): PairTurn {
  if (!before.on) return { host: before, lan: null, com: null, landed: undefined };
  const unfedFor = before.mayOwn ? before.unfedFor + 1 : 0;
  const heard = { ...before, lan: lan ?? before.lan, com: com ?? before.com, unfedFor };
  const { host, landed } = passDisk(heard, block);
  const quiet = { lan: null, com: null, landed };
  const { budget } = texts.at(host.text);
  const isReset = host.mayOwn && unfedFor * budget.intervalMs >= budget.watchdogMs;
  if (isReset && budget.watchdogMs > 0) return { host: offPair(host, texts), ...quiet };
  if (host.pausedFor > 0) {
    const [pausedFor, sleptFor] = [host.pausedFor - 1, host.sleptFor + 1];
    return { host: { ...host, pausedFor, sleptFor }, ...quiet };
  }
  if (host.will) return { host: offPair(host, texts), ...quiet };
  return new Round(host, landed, block, texts).play();
}

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
  readonly #texts: Texts;

  constructor(
    host: PairHost,
    landed: SlotWord | null | undefined,
    block: SlotWord | null,
    texts: Texts,
  ) {
    this.#host = host;
    this.#landed = landed;
    this.#block = block;
    this.#texts = texts;
  }

  play(): PairTurn {
    const { lan, com, answer, sleptFor, index, boot, text } = this.#host;
    const config = this.#texts.at(text);
    const isNew = this.#host.pulse === null;
    const pulse = this.#host.pulse ?? freshPulse(index, boot, config);
    this.#host = { ...this.#host, pulse, lan: null, com: null, answer: null, sleptFor: 0 };
    const atMs = NOW_MS;
    const gapMs = (sleptFor + 1) * config.budget.intervalMs;
    if (sleptFor > 0) this.#take({ kind: "gap.noticed", atMs, gapMs });
    if (lan !== null) this.#hear(lan);
    if (com !== null) this.#hear(com);
    if (answer !== null && !isNew) this.#take(answer);
    this.#take({ kind: "tick", atMs });
    this.#rollOut();
    if (!this.#host.will) this.#speak();
    if (this.#host.pulse?.isJudgeDue === true) this.#take({ kind: "tick", atMs });
    return { host: renumbered(this.#host), lan: this.#lan, com: this.#com, landed: this.#landed };
  }

  #hear(beat: LanBeat | ComBeat): void {
    this.#take({ kind: "beat.received", atMs: NOW_MS, path: 0, beat, proven: true });
  }

  #take(event: PulseEvent): void {
    const { pulse, will, text } = this.#host;
    if (will || pulse === null) return;
    const { state, effects } = step(pulse, event, this.#texts.at(text));
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
    if (effect.kind === "config.switched") {
      const text = this.#texts.idOf(effect.config);
      const stored = effect.config.revision === 2 ? 1 : this.#host.stored;
      this.#host = { ...this.#host, text, stored };
    }
  }

  #begin(op: "write" | "read", claim: SlotWord | null): void {
    const { mode } = this.#host;
    const left = mode === "slow" ? SLOW_ROUNDS : 1;
    if (op === "write" && mode !== "slow") this.#landed = claim;
    const seen = op === "read" && mode === "fast" ? null : claim;
    this.#host = { ...this.#host, operation: { op, claim: seen, mode, left } };
  }

  /** Texts: what an operator's rollout has come to on this server. */
  #rollOut(): void {
    const { order } = this.#host;
    if (order === null) return;
    this.#host = { ...this.#host, order: null };
    const next = this.#texts.at(1);
    const atMs = NOW_MS;
    if (order === "drop") return this.#take({ kind: "config.dropped", atMs });
    this.#take(
      order === "prepare"
        ? { kind: "config.prepared", atMs, config: next }
        : { kind: "config.install", atMs, hash: next.hash },
    );
  }

  #speak(): void {
    const { real, pulse } = this.#host;
    if (pulse === null) return;
    if (real !== null) return this.#speakReal(pulse, real);
    this.#host = own(wished(this.#host, pulse), pulse, this.#texts.at(this.#host.text));
    const { wish, mayOwn } = this.#host;
    const token = { progress: 1, blob: NOTHING, wish, mayOwn };
    this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }

  #speakReal(pulse: PulseState, before: Real): void {
    const config = this.#texts.at(this.#host.text);
    const peer = peerOf(pulse);
    if (peer === null) return;
    const facts = drawFacts(pulse, peer, 1, null, NOW_MS, config);
    const real = realTurn(before, facts, true, config);
    const { owns, mayOwn } = real;
    const unfedFor = mayOwn && !this.#host.mayOwn ? 0 : this.#host.unfedFor;
    const will = real.forced || real.off;
    this.#host = { ...this.#host, real, owns, mayOwn, unfedFor, will };
    const token = will ? null : tokenOf(real, facts.server === "observing");
    if (token !== null) this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }
}

const NOTHING = new Uint8Array(0);

function wished(host: PairHost, pulse: PulseState): PairHost {
  const { server, view, floor } = pulse.membership;
  if (server === "member" && view !== null) {
    const held = proposalOf(pulse.membership);
    const ackedStampMs = held === null ? null : NOW_MS;
    const wish: Wish = { kind: "resume", view: held ?? view, ackedStampMs, remembered: true };
    return { ...host, wish };
  }
  if (server !== "detached" || host.wish.kind !== "resume") return host;
  return { ...host, wish: { kind: "detached", floor } };
}

/** A sole server takes the other's groups: the will first, the effects a round later. */
function own(host: PairHost, pulse: PulseState, config: ClusterConfig): PairHost {
  if (host.mayOwn && !host.owns) return { ...host, owns: true };
  const takes = host.takesOver && isSoleNow(host) && holdsLease(pulse, NOW_MS, config);
  return takes && !host.mayOwn ? { ...host, mayOwn: true, unfedFor: 0 } : host;
}

/** An operation's number is only ever compared with that of its answer. */
function renumbered(host: PairHost): PairHost {
  if (host.pulse === null) return host;
  const { quorum, disk } = host.pulse;
  const stamps = oneNumber(disk.stamps);
  return {
    ...host,
    pulse: { ...host.pulse, quorum: oneNumber(quorum), disk: { ...disk, stamps } },
  };
}

interface Numbered {
  readonly operation: { readonly id: number } | null;
  readonly nextId: number;
  readonly killedId: number | null;
}

function oneNumber<S extends Numbered>(state: S): S {
  const { operation } = state;
  if (operation === null) return { ...state, nextId: 1, killedId: null };
  const killedId = state.killedId === operation.id ? 1 : null;
  return { ...state, operation: { ...operation, id: 1 }, nextId: 2, killedId };
}
