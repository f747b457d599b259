/**
 * One server of a cluster of three in one round: the real pulse, and beside it an agent of a few lines
 * with one group. Effects end a whole round after the last will, the latest moment that the budget allows.
 * Source: protocol.md 1.3-1.4; test/sim/group-agent.ts (the same rules in continuous time).
 */
import {
  createPulse,
  fieldOf,
  holdsLease,
  type MajorityPulse,
  step,
} from "../../firmware/pulse/majority-route.ts";
import { hostIncarnation } from "../../hal/base/ids.ts";
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { carriedByMs } from "../../services/membership/majority/lease.ts";
import { mayLeave } from "../../services/membership/majority/votes.ts";
import { NOW_MS } from "./canon.ts";

export interface Words {
  readonly runs: "stopped" | "running" | "stopping";
  readonly desired: number | null;
  readonly order: number;
}

/** Everything on one server; instants count from `NOW_MS`. */
export interface Host {
  readonly index: number;
  readonly boot: number;
  readonly on: boolean;
  /** null = it is started again in this round. */
  readonly pulse: MajorityPulse | null;
  /** Newest beat of each server that waits for the pulse. */
  readonly inbox: readonly (LanBeat | null)[];
  readonly wish: Wish;
  readonly holds: View | null;
  readonly taught: Extract<Wish, { kind: "resume" }> | null;
  readonly words: Words;
  readonly stops: boolean;
  readonly mayOwn: boolean;
  /** The group may have effects here. */
  readonly owns: boolean;
  readonly will: boolean;
  readonly pausedFor: number;
  readonly sleptFor: number;
  /** Rounds since the watchdog was fed. */
  readonly unfedFor: number;
  readonly leaves: boolean;
  /** The operator moves the group here; null = nowhere. */
  readonly moveTo: number | null;
}

export interface Turn {
  readonly host: Host;
  /** Newest beat to each server in this round. */
  readonly out: readonly (LanBeat | null)[];
}

const incarnation = (index: number, boot: number): ReturnType<typeof hostIncarnation> =>
  hostIncarnation((index * 1000 + boot).toString(16).padStart(16, "0"));

export function bootHost(
  index: number,
  boot: number,
  kind: "start" | "return" | "off",
  config: ClusterConfig,
): Host {
  const waitUntilMs = NOW_MS + config.timing.startSyncWaitMs;
  const wish: Wish =
    kind === "start" ? { kind, floor: 0, waitUntilMs } : { kind: "return", floor: 0 };
  return {
    index,
    boot,
    on: kind !== "off",
    pulse: kind === "off" ? null : createPulse(index, incarnation(index, boot), config, NOW_MS),
    inbox: config.servers.map(() => null),
    wish,
    holds: null,
    taught: null,
    words: { runs: "stopped", desired: null, order: 0 },
    stops: false,
    mayOwn: false,
    owns: false,
    will: false,
    pausedFor: 0,
    sleptFor: 0,
    unfedFor: 0,
    leaves: false,
    moveTo: null,
  };
}

/** A server without power: nothing of it is remembered but how often it was started. */
export const offHost = (host: Host, config: ClusterConfig): Host =>
  bootHost(host.index, host.boot, "off", config);

/**
 * The pulse is lost and is there again in the next round. `remembers` false: the agent is new as well and
 * knows the view from its file and what runs, but neither promise nor newest acknowledgement.
 */
export function restarted(host: Host, remembers: boolean): Host {
  const wish = host.wish.kind === "leave" && host.taught !== null ? host.taught : host.wish;
  const lost = { ...host, pulse: null, wish, inbox: host.inbox.map(() => null) };
  if (remembers) return lost;
  const forgot: Wish =
    wish.kind === "resume" ? { ...wish, ackedStampMs: null, remembered: false } : wish;
  const words = { ...host.words, desired: null, order: 0 };
  return { ...lost, wish: forgot, holds: null, words, leaves: false };
}

/**
 * Without what no rule by majority reads: health of single paths and COM (notes only), moments of things
 * that are not there. Fewer differences, fewer states.
 */
export function trimmed(host: Host): Host {
  if (host.pulse === null) return host;
  const { heartbeat, membership } = host.pulse;
  const peers = heartbeat.peers.map((peer) => ({
    ...peer,
    lanTwoWayStampMs: null,
    pathHeardAtMs: [null],
    pathHealth: ["unknown" as const],
    aliveSinceMs: null,
    beat: peer.beat === null ? null : { ...peer.beat, hearsLanBits: 0 },
  }));
  const { promise, server } = membership;
  const kept = {
    ...membership,
    promiseAtMs: promise === null ? 0 : membership.promiseAtMs,
    sinceMs: server === "starting" ? membership.sinceMs : 0,
  };
  const pulse = {
    ...host.pulse,
    heartbeat: { ...heartbeat, peers, startedAtMs: 0 },
    membership: kept,
  };
  return { ...host, pulse };
}

/** One round of one server: watchdog, pause, what is heard, tick, agent. */
export function takeRound(
  before: Host,
  heard: readonly (LanBeat | null)[],
  config: ClusterConfig,
): Turn {
  const silent = config.servers.map(() => null);
  if (!before.on) return { host: before, out: silent };
  const inbox = before.inbox.map((old, from) => heard[from] ?? old);
  const unfedFor = before.mayOwn ? before.unfedFor + 1 : 0;
  const host: Host = { ...before, inbox, unfedFor };
  const { budget } = config;
  if (host.mayOwn && unfedFor * budget.intervalMs >= budget.watchdogMs) {
    return { host: offHost(host, config), out: silent };
  }
  if (host.pausedFor > 0) {
    const [pausedFor, sleptFor] = [host.pausedFor - 1, host.sleptFor + 1];
    return { host: { ...host, pausedFor, sleptFor }, out: silent };
  }
  if (host.will) return { host: offHost(host, config), out: silent };
  return new Round(host, config).play();
}

/** Later in the same round: what the others said at once is heard, and answered at once. */
export function takeHop(
  before: Host,
  heard: readonly (LanBeat | null)[],
  config: ClusterConfig,
): Turn {
  const silent = config.servers.map(() => null);
  if (!before.on || heard.every((beat) => beat === null)) return { host: before, out: silent };
  const host: Host = { ...before, inbox: before.inbox.map((old, from) => heard[from] ?? old) };
  if (host.pausedFor > 0 || host.sleptFor > 0 || host.will || host.pulse === null) {
    return { host, out: silent };
  }
  return new Round(host, config).hop();
}

class Round {
  #host: Host;
  readonly #config: ClusterConfig;
  readonly #out: (LanBeat | null)[];

  constructor(host: Host, config: ClusterConfig) {
    this.#host = host;
    this.#config = config;
    this.#out = config.servers.map(() => null);
  }

  play(): Turn {
    const { index, boot, inbox, sleptFor } = this.#host;
    const pulse =
      this.#host.pulse ?? createPulse(index, incarnation(index, boot), this.#config, NOW_MS);
    this.#host = { ...this.#host, pulse, sleptFor: 0, inbox: inbox.map(() => null) };
    const gapMs = (sleptFor + 1) * this.#config.budget.intervalMs;
    const isLate = sleptFor > 0 && gapMs >= this.#config.budget.a3Ms;
    if (isLate) this.#take({ kind: "gap.noticed", atMs: NOW_MS, gapMs });
    this.#hear(inbox);
    this.#take({ kind: "tick", atMs: NOW_MS });
    if (this.#host.stops && !this.#host.will) this.#host = stopped(this.#host);
    return this.#end();
  }

  hop(): Turn {
    const { inbox } = this.#host;
    this.#host = { ...this.#host, inbox: inbox.map(() => null) };
    this.#hear(inbox);
    return this.#end();
  }

  #hear(inbox: readonly (LanBeat | null)[]): void {
    for (const beat of inbox) {
      if (beat === null) continue;
      this.#take({ kind: "beat.received", atMs: NOW_MS, path: 0, beat, proven: true });
    }
  }

  #end(): Turn {
    if (!this.#host.will) this.#speak();
    if (this.#host.pulse?.isJudgeDue === true) this.#take({ kind: "tick", atMs: NOW_MS });
    return { host: this.#host, out: this.#out };
  }

  #take(event: PulseEvent): void {
    const { pulse, will } = this.#host;
    if (pulse === null || will) return;
    const { state, effects } = step(pulse, event, this.#config);
    this.#host = { ...this.#host, pulse: state };
    for (const effect of effects) {
      if (effect.kind === "lan.send") this.#out[effect.beat.to] = effect.beat;
      if (effect.kind === "watchdog.feed") this.#host = { ...this.#host, unfedFor: 0 };
      if (effect.kind === "will.execute") this.#host = { ...this.#host, will: true };
    }
  }

  #speak(): void {
    const { pulse } = this.#host;
    if (pulse === null) return;
    this.#host = act(place(wish(this.#host, pulse, this.#config), pulse), pulse, this.#config);
    const { wish: wished, mayOwn, holds, words } = this.#host;
    const token = { progress: 1, blob: bytesOf(words), wish: wished, mayOwn, holds };
    this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }
}

/** What the agent would teach a new pulse, and what the operator wants of it. */
function wish(host: Host, pulse: MajorityPulse, config: ClusterConfig): Host {
  const { server, view, provisional, carriedUntilMs, floor, promise } = pulse.membership;
  let next = host;
  if (server === "member" && view !== null && host.wish.kind !== "leave") {
    const ackedMs = carriedByMs(pulse.membership, fieldOf(pulse, NOW_MS, config));
    const heldMs = Math.max(ackedMs, carriedUntilMs - config.budget.a3Ms);
    const ackedStampMs = Number.isFinite(heldMs) ? heldMs : null;
    const isProvisional = provisional !== null;
    const taught = {
      kind: "resume" as const,
      view,
      ackedStampMs,
      remembered: true,
      provisional: isProvisional,
    };
    next = { ...next, taught, wish: taught };
  }
  if (server !== "observing") next = { ...next, holds: promise };
  const mayGo = view !== null && mayLeave(view, host.index, config.servers.length);
  if (next.leaves && server === "member" && mayGo) next = { ...next, wish: { kind: "leave" } };
  if (server === "detached" && (next.wish.kind === "resume" || next.wish.kind === "leave")) {
    next = { ...next, wish: { kind: "detached", floor }, leaves: false, taught: null };
  }
  return next;
}

/** The coordinator keeps the table, everybody else copies it. */
function place(host: Host, pulse: MajorityPulse): Host {
  const { view } = pulse.membership;
  if (view === null || !view.members.includes(host.index)) return host;
  const { coordinator } = view.epoch;
  if (coordinator !== host.index) {
    const said = wordsOf(pulse, coordinator);
    if (said === null) return host;
    return { ...host, words: { ...host.words, desired: said.desired, order: said.order } };
  }
  const told = view.members
    .filter((index) => index !== host.index)
    .map((index) => wordsOf(pulse, index));
  let best = host.words;
  for (const words of told) {
    if (words === null) return host;
    if (words.order > best.order) best = words;
  }
  let { desired, order } = best;
  const isLeaving = (index: number): boolean =>
    index === host.index ? host.leaves : pulse.heartbeat.peers[index]?.beat?.state === "leaving";
  const { moveTo } = host;
  if (moveTo !== null && view.members.includes(moveTo) && desired !== moveTo) {
    desired = moveTo;
    order += 1;
  }
  if (desired === null || !view.members.includes(desired) || isLeaving(desired)) {
    desired = view.members.find((index) => !isLeaving(index)) ?? null;
    order += 1;
  }
  return { ...host, moveTo: null, words: { ...host.words, desired, order } };
}

/** A stop takes a round. */
const stopped = (host: Host): Host => {
  const words: Words = { ...host.words, runs: "stopped" };
  return { ...host, stops: false, owns: false, mayOwn: false, words };
};

/** Starts with a lease and only what all others, who know the order, show stopped. */
function act(host: Host, pulse: MajorityPulse, config: ClusterConfig): Host {
  const { server, view } = pulse.membership;
  if (server === "observing") return host;
  if (host.stops) return host;
  const carries = holdsLease(pulse, NOW_MS, config);
  // Who has said that it leaves and runs nothing may be dropped at any moment: it starts nothing more.
  const runsOn = server === "member" || (server === "leaving" && host.words.runs !== "stopped");
  const wanted = runsOn && view !== null && host.words.desired === host.index;
  if (wanted && host.words.runs === "stopped" && carries) {
    const others = view.members.filter((index) => index !== host.index);
    // Who has not yet seen this order may be starting by the one before it.
    const isFree = others.every((index) => {
      const said = wordsOf(pulse, index);
      return said?.runs === "stopped" && said.order === host.words.order;
    });
    if (!isFree) return host;
    const words: Words = { ...host.words, runs: "running" };
    // Its effects may come at once: nothing is safe because a start is slow.
    return { ...host, mayOwn: true, owns: true, unfedFor: 0, words };
  }
  if (!wanted && host.words.runs === "running") {
    return { ...host, stops: true, words: { ...host.words, runs: "stopping" } };
  }
  return host;
}

function wordsOf({ membership, heartbeat }: MajorityPulse, index: number): Words | null {
  const beat = heartbeat.peers[index]?.beat ?? null;
  const { view } = membership;
  if (view === null || beat?.view == null || !sameEpoch(beat.view.epoch, view.epoch)) return null;
  return beat.blob.length === 0 ? null : saidIn(beat.blob);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const written = new Map<string, Uint8Array>();

/** The same words are the same bytes: a pulse sees at once that its agent has nothing new to say. */
function bytesOf(words: Words): Uint8Array {
  const text = JSON.stringify([words.runs, words.desired, words.order]);
  const known = written.get(text) ?? encoder.encode(text);
  written.set(text, known);
  return known;
}

const read = new WeakMap<Uint8Array, Words>();

function saidIn(blob: Uint8Array): Words {
  const known = read.get(blob);
  if (known !== undefined) return known;
  const [runs, desired, order] = JSON.parse(decoder.decode(blob));
  const words: Words = { runs, desired, order };
  read.set(blob, words);
  return words;
}
