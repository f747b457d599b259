/**
 * Three to sixteen pulses in virtual time: the real cores, simulated links, clocks, pauses and power, and
 * one group whose owner is told by what may run on each server. Nothing here knows what a majority is.
 * Source: reliability.md 2.1-2.3; protocol.md 1.3-1.4.
 */
import { hasChanged } from "../../firmware/pulse/majority-cores.ts";
import {
  createPulse,
  type MajorityPulse,
  nextDeadlineMs,
  step,
} from "../../firmware/pulse/majority-route.ts";
import { VirtualClock } from "../../firmware/simulator/clock.ts";
import { hostIncarnation, pathId, serverName } from "../../hal/base/ids.ts";
import { Prng } from "../../hal/base/prng.ts";
import type { View } from "../../hal/base/view.ts";
import { computeBudget } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import { takeTurn, type Words } from "./group-agent.ts";

/** One turn of an agent: reads the pulse's facts, moves the group, speaks its token. */
export type Turn = (world: MajorityWorld, host: Host) => void;

/** `watchdogMs`: W + R, 0 = none. */
export function majorityConfig(count: number, timeoutMs: number, watchdogMs = 0): ClusterConfig {
  const timing = {
    heartbeatTimeoutMs: timeoutMs,
    heartbeatIntervalMs: timeoutMs / 10,
    comIntervalMs: timeoutMs / 10,
    diskWaitMs: timeoutMs,
    startSyncWaitMs: 2 * timeoutMs,
    watchdogTimeoutMs: watchdogMs,
  };
  const result = computeBudget("majority", timing, { baud: null });
  if (result.kind !== "budget") throw new Error("the times do not fit");
  const servers = Array.from({ length: count }, (_, index) => ({
    name: serverName(`SERVER${index + 1}`),
    index,
    publicInterface: "",
  }));
  return {
    name: "majority",
    clusterId: 1,
    revision: 1,
    hash: "00000000",
    method: "majority",
    servers,
    lans: [{ id: pathId("lan1"), kind: "private", addresses: [] }],
    com: null,
    disk: null,
    groups: [],
    timing,
    budget: result.budget,
  };
}

export interface Host {
  readonly index: number;
  boot: number;
  /** null = no pulse runs. */
  pulse: MajorityPulse | null;
  on: boolean;
  /** Local clock = (global - base) * rate; begins anew at each boot. */
  baseMs: number;
  rate: number;
  pausedUntilMs: number;
  lastWakeMs: number;
  /** Newest feed of the watchdog, on the world's clock. */
  fedAtMs: number;
  inbox: PulseEvent[];
  wakeAtMs: number;
  wish: Wish;
  /** The promise that its agent remembers for it. */
  holds: View | null;
  /** What a new pulse would be told of the view, whatever is wished just now; null = nothing. */
  taught: Extract<Wish, { kind: "resume" }> | null;
  words: Words;
  /** The group may have effects on this server at this moment. */
  owns: boolean;
  mayOwn: boolean;
  progress: number;
  agentBusy: boolean;
  /** News are under way to its agent. */
  isTold: boolean;
  will: { readonly reason: string; readonly atMs: number } | null;
  leaves: boolean;
}

export class MajorityWorld {
  readonly config: ClusterConfig;
  readonly clock = new VirtualClock();
  readonly random: Prng;
  readonly hosts: Host[];
  /** cut[from][to] */
  readonly cut: boolean[][];
  /** Share of frames that are lost, 0-1. */
  loss = 0;
  delayMaxMs = 2;
  readonly violations: string[] = [];
  readonly log: string[] = [];
  /** Moments at which the group came up somewhere. */
  readonly starts: { readonly atMs: number; readonly server: number }[] = [];

  readonly #turn: Turn;

  constructor(
    count: number,
    timeoutMs: number,
    seed: number,
    watchdogMs = 0,
    turn: Turn = takeTurn,
  ) {
    this.#turn = turn;
    this.config = majorityConfig(count, timeoutMs, watchdogMs);
    this.random = new Prng(seed);
    this.cut = Array.from({ length: count }, () => Array.from({ length: count }, () => false));
    this.hosts = Array.from({ length: count }, (_, index) => this.#blank(index));
    for (const host of this.hosts)
      this.boot(host.index, { kind: "start", floor: 0, waitUntilMs: 0 });
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  run(forMs: number): void {
    this.clock.runTo(this.nowMs + forMs, () => this.#look());
  }

  at(index: number): Host {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no server ${index}`);
    return host;
  }

  boot(index: number, wish: Wish): void {
    const host = this.at(index);
    const boot = host.boot + 1;
    Object.assign(host, this.#blank(index), { boot, on: true });
    host.baseMs = this.nowMs - this.random.below(5000) - 1;
    host.rate = 1 + (this.random.below(1001) - 500) / 1_000_000;
    const localMs = this.local(host);
    const waitUntilMs = localMs + this.config.timing.startSyncWaitMs;
    host.wish = wish.kind === "start" ? { ...wish, waitUntilMs } : wish;
    host.pulse = createPulse(index, this.#incarnation(host), this.config, localMs);
    host.lastWakeMs = localMs;
    this.log.push(`${this.stamp()} S${index} boots as ${wish.kind}`);
    this.clock.after(1 + this.random.below(20), () => this.#speak(host, boot));
  }

  powerOff(index: number): void {
    const host = this.at(index);
    this.log.push(`${this.stamp()} S${index} power off`);
    Object.assign(host, { on: false, pulse: null, owns: false, mayOwn: false, inbox: [] });
  }

  /** The pulse is lost and comes back without memory; the agent teaches it what it was last told. */
  restartPulse(index: number, awayMs: number): void {
    const host = this.at(index);
    const { pulse, boot } = host;
    if (pulse === null || !host.on) return;
    if (host.wish.kind === "leave" && host.taught !== null) host.wish = host.taught;
    host.pulse = null;
    this.log.push(`${this.stamp()} S${index} pulse lost for ${awayMs}`);
    const { wish } = host;
    const leaseMs = wish.kind === "resume" ? (wish.ackedStampMs ?? 0) + this.config.budget.a3Ms : 0;
    // Its agent ends a server whose pulse stays away beyond the lease.
    this.clock.at(this.nowMs + Math.max(0, leaseMs - this.local(host)), () => {
      if (host.boot === boot && host.pulse === null && host.mayOwn) this.powerOff(index);
    });
    this.clock.after(awayMs, () => {
      if (host.boot !== boot || !host.on || host.will !== null) return;
      const localMs = this.local(host);
      host.pulse = createPulse(index, this.#incarnation(host), this.config, localMs);
      host.lastWakeMs = localMs;
      this.#speak(host, boot);
    });
  }

  pause(index: number, forMs: number): void {
    const host = this.at(index);
    host.pausedUntilMs = Math.max(host.pausedUntilMs, this.nowMs + forMs);
    this.log.push(`${this.stamp()} S${index} paused ${forMs}`);
  }

  note(text: string): void {
    this.log.push(`${this.stamp()} ${text}`);
  }

  local(host: Host): number {
    return (this.nowMs - host.baseMs) * host.rate;
  }

  owners(): number[] {
    return this.hosts.filter(({ owns, on }) => owns && on).map(({ index }) => index);
  }

  /** Members of the view that a server lives in; empty = none. */
  membersAt(index: number): readonly number[] {
    const membership = this.at(index).pulse?.membership;
    return membership?.server === "member" ? (membership.view?.members ?? []) : [];
  }

  #blank(index: number): Host {
    return {
      index,
      boot: 0,
      pulse: null,
      on: false,
      baseMs: 0,
      rate: 1,
      pausedUntilMs: 0,
      lastWakeMs: 0,
      fedAtMs: 0,
      inbox: [],
      wakeAtMs: Number.POSITIVE_INFINITY,
      wish: { kind: "detached", floor: 0 },
      holds: null,
      taught: null,
      words: { runs: "stopped", desired: null, order: 0 },
      owns: false,
      mayOwn: false,
      progress: 0,
      agentBusy: false,
      isTold: false,
      will: null,
      leaves: false,
    };
  }

  #incarnation(host: Host): ReturnType<typeof hostIncarnation> {
    const number = host.index * 1000 + host.boot;
    return hostIncarnation(number.toString(16).padStart(16, "0"));
  }

  stamp(): string {
    return this.nowMs.toFixed(1).padStart(9);
  }

  /** The agent's word, as it repeats it; also how it sees the pulse's facts. */
  #speak(host: Host, boot: number): void {
    if (host.boot !== boot || !host.on || host.will !== null) return;
    if (host.pulse !== null) this.#turn(this, host);
    const restMs = 60 + this.random.below(60);
    this.clock.after(restMs, () => this.#speak(host, boot));
  }

  /** From the first start on, what may own something and does not feed is reset (1.3.6). */
  arm(host: Host): void {
    if (this.config.timing.watchdogTimeoutMs === 0) return;
    const { boot } = host;
    host.fedAtMs = this.nowMs;
    const watch = (): void => {
      if (host.boot !== boot || !host.on || !host.mayOwn) return;
      const dueMs = host.fedAtMs + this.config.timing.watchdogTimeoutMs;
      if (this.nowMs < dueMs) return this.clock.at(dueMs, watch);
      this.note(`S${host.index} reset by its watchdog`);
      this.powerOff(host.index);
    };
    watch();
  }

  inject(host: Host, event: PulseEvent): void {
    host.inbox.push(event);
    this.#wakeAt(host, this.nowMs + 0.05);
  }

  #wakeAt(host: Host, atMs: number): void {
    const dueMs = Math.max(atMs, host.pausedUntilMs);
    if (host.wakeAtMs <= dueMs && host.wakeAtMs >= this.nowMs) return;
    host.wakeAtMs = dueMs;
    this.clock.at(dueMs, () => {
      if (host.wakeAtMs === dueMs) this.#wake(host);
    });
  }

  #wake(host: Host): void {
    host.wakeAtMs = Number.POSITIVE_INFINITY;
    if (!host.on || host.pulse === null || host.will !== null) return;
    if (this.nowMs < host.pausedUntilMs) return this.#wakeAt(host, host.pausedUntilMs);
    const atMs = this.local(host);
    const gapMs = atMs - host.lastWakeMs;
    host.lastWakeMs = atMs;
    if (gapMs >= this.config.budget.a3Ms) this.#step(host, { kind: "gap.noticed", atMs, gapMs });
    for (const event of host.inbox.splice(0)) this.#step(host, { ...event, atMs });
    const pulse = host.pulse as MajorityPulse | null;
    if (pulse === null) return;
    if (atMs >= nextDeadlineMs(pulse, this.config, atMs)) this.#step(host, { kind: "tick", atMs });
    if (host.pulse === null || host.will !== null) return;
    const dueMs = nextDeadlineMs(host.pulse, this.config, atMs);
    this.#wakeAt(host, this.nowMs + Math.max(0.1, (dueMs - atMs) / host.rate) + 0.01);
  }

  #step(host: Host, event: PulseEvent): void {
    if (host.pulse === null || host.will !== null) return;
    const before = host.pulse;
    const { state, effects } = step(before, event, this.config);
    host.pulse = state;
    for (const effect of effects) this.#carryOut(host, effect);
    if (hasChanged(before, state)) this.#tell(host);
  }

  /** What concerns the agent reaches it at once. */
  #tell(host: Host): void {
    if (host.isTold) return;
    host.isTold = true;
    const { boot } = host;
    this.clock.after(0.3 + this.random.below(10) / 10, () => {
      if (host.boot !== boot) return;
      host.isTold = false;
      if (host.on && host.will === null) this.#turn(this, host);
    });
  }

  #carryOut(host: Host, effect: PulseEffect): void {
    if (effect.kind === "agent.tell") this.#tell(host);
    if (effect.kind === "watchdog.feed") host.fedAtMs = this.nowMs;
    if (effect.kind === "lan.send") return this.#send(host, effect.beat);
    if (effect.kind === "will.execute") return this.#executeWill(host, effect.reason);
    if (effect.kind === "note") {
      const data = Object.values(effect.data).join(", ");
      this.log.push(`${this.stamp()} S${host.index} ${effect.key}: ${data}`);
    }
  }

  #send(host: Host, beat: Extract<PulseEffect, { kind: "lan.send" }>["beat"]): void {
    if (this.cut[host.index]?.[beat.to] === true) return;
    if (this.loss > 0 && this.random.below(10_000) < this.loss * 10_000) return;
    const delayMs = 0.1 + (this.random.below(1000) / 1000) * this.delayMaxMs;
    const to = this.at(beat.to);
    const { boot } = to;
    this.clock.after(delayMs, () => {
      if (!to.on || to.boot !== boot || to.pulse === null) return;
      if (this.cut[host.index]?.[beat.to] === true) return;
      this.inject(to, { kind: "beat.received", atMs: 0, path: 0, beat, proven: true });
    });
  }

  #executeWill(host: Host, reason: string): void {
    const { boot } = host;
    host.will = { reason, atMs: this.nowMs };
    this.log.push(`${this.stamp()} S${host.index} will: ${reason}`);
    const giveUpMs = Math.max(1, this.config.budget.marginMs / 2);
    this.clock.after((this.random.below(1000) / 1000) * (giveUpMs - 1), () => {
      if (host.boot !== boot) return;
      host.owns = false;
      host.mayOwn = false;
      host.on = false;
      host.pulse = null;
    });
  }

  #look(): void {
    const owners = this.owners();
    if (owners.length > 1 && this.violations.length < 3) {
      this.violations.push(`${this.stamp()} two owners: ${owners.join(", ")}`);
      this.log.push(`${this.stamp()} TWO OWNERS ${owners.join(", ")}`);
    }
  }
}
