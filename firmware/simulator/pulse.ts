/**
 * One pulse process of the simulator: the real cores behind a scheduler like firmware/scheduler.ts (own gap,
 * then what arrived, then deadlines) and a socket to agent and disk like firmware/pulse/pulse.ts.
 */

import { COM_FRAME_BYTES_MAX } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { AgentToken, PulseEvent, Wish } from "../../services/events.ts";
import { alivePeriodMs, type Facts } from "../../services/facts.ts";
import { mayOwn } from "../pulse/agent-watch.ts";
import { drawFacts } from "../pulse/facts.ts";
import { hasSaidFarewell } from "../pulse/farewell.ts";
import { createPulse, nextDeadlineMs, type PulseState, peerOf, step } from "../pulse/route.ts";
import type { SwarmHost } from "./host.ts";
import { COM, type Frame, Proof } from "./wires.ts";

/** 8N1: start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;

export class SwarmPulse {
  readonly process: number;
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #proof: Proof;
  /** Time of the longest frame on the serial line. */
  readonly #comFrameMs: number;
  state: PulseState;
  alive = true;
  covers = true;
  willRevision = 0;
  willRunning = false;
  #frozenUntilMs = 0;
  #inbox: (() => PulseEvent | null)[] = [];
  #lastWakeMs: number;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #factsAtMs = 0;

  constructor(host: SwarmHost, process: number) {
    this.#host = host;
    this.#config = host.world.config;
    this.process = process;
    this.#proof = new Proof(host.world.wires.paths);
    const baud = this.#config.com?.baud ?? Number.POSITIVE_INFINITY;
    this.#comFrameMs = Math.ceil((COM_FRAME_BYTES_MAX * BITS_PER_BYTE * 1000) / baud);
    const atMs = host.localMs();
    this.#lastWakeMs = atMs;
    this.state = createPulse(host.index, host.incarnation, this.#config, atMs);
    this.#sleep();
  }

  get isFrozen(): boolean {
    return this.#host.world.clock.nowMs < this.#frozenUntilMs;
  }

  /** It runs and knows what this server is. */
  get isAble(): boolean {
    return this.alive && !this.isFrozen && this.state.membership.server !== "observing";
  }

  /** Not scheduled until then; what arrives waits in its sockets. */
  freeze(untilMs: number): void {
    this.#host.world.trace(`S${this.#host.index} pulse frozen until ${untilMs}`);
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#host.world.troubled();
    this.#host.world.clock.at(this.#frozenUntilMs, () => {
      this.#host.world.troubled();
      this.#thaw();
    });
  }

  hear(frame: Frame, garbled: boolean): void {
    const { path, beat } = frame;
    this.#receive(() => {
      if (garbled) return { kind: "presence.noticed", atMs: 0, from: beat.from, reason: "tag" };
      const heard = this.#proof.hear(frame, this.process);
      if (heard === "past") return null;
      return { kind: "beat.received", atMs: 0, path, beat, proven: heard === "proven" };
    });
  }

  /** Accepts its agent's connection: when it runs, and before anything else is said. */
  welcome(accept: () => void): void {
    this.#receive(() => {
      accept();
      return null;
    });
  }

  hearEvent(event: PulseEvent): void {
    this.#receive(() => event);
  }

  hearToken(progress: number, blob: Uint8Array, wish: Wish): void {
    this.#receive(() => {
      const token: AgentToken = { progress, blob, wish, mayOwn: this.covers };
      return { kind: "agent.spoke", atMs: 0, token };
    });
  }

  hearWill(revision: number, covers: boolean): void {
    this.#receive(() => {
      if (this.willRunning) return null;
      this.covers = covers;
      this.willRevision = revision;
      this.#factsAtMs = Number.NEGATIVE_INFINITY;
      const { token } = this.state.agent;
      if (token === null) return null;
      return { kind: "agent.spoke", atMs: 0, token: { ...token, mayOwn: covers } };
    });
  }

  tellAgent(): void {
    const atMs = this.#host.localMs();
    this.#factsAtMs = atMs;
    const peer = peerOf(this.state);
    if (peer === null) return;
    const facts: Facts = drawFacts(this.state, peer, this.willRevision, null, atMs, this.#config);
    this.#host.toAgent((agent) => agent.hear(facts));
  }

  #receive(draw: () => PulseEvent | null): void {
    if (!this.alive) return;
    this.#inbox.push(draw);
    if (!this.isFrozen && this.#drain()) this.#tick();
  }

  #thaw(): void {
    if (this.alive && !this.isFrozen) this.#wake();
  }

  #wake(): void {
    if (!this.alive || this.isFrozen) return;
    this.#drain();
    this.#tick();
  }

  #tick(): void {
    this.#take({ kind: "tick", atMs: this.#host.localMs() });
    this.#sleep();
  }

  /** True when this process had been away: deadlines are then due at once. */
  #drain(): boolean {
    const atMs = this.#host.localMs();
    const gapMs = atMs - this.#lastWakeMs;
    this.#lastWakeMs = atMs;
    const gapFromMs = Math.max(2 * this.#config.budget.intervalMs, 50);
    const away = gapMs >= gapFromMs;
    if (away) this.#take({ kind: "gap.noticed", atMs, gapMs });
    for (const draw of this.#inbox.splice(0)) {
      const event = draw();
      if (event !== null) this.#take({ ...event, atMs });
    }
    this.#sleep();
    return away;
  }

  #sleep(): void {
    const atMs = this.#host.localMs();
    const { intervalMs } = this.#config.budget;
    const dueMs = nextDeadlineMs(this.state, this.#config, atMs) - atMs;
    const { clock } = this.#host.world;
    const wakeAtMs =
      clock.nowMs + Math.max(1, Math.min(intervalMs, dueMs)) + this.#host.latenessMs();
    if (wakeAtMs >= this.#wakeAtMs && this.#wakeAtMs > clock.nowMs) return;
    this.#wakeAtMs = wakeAtMs;
    clock.at(wakeAtMs, () => {
      if (this.#wakeAtMs !== wakeAtMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }

  #take(event: PulseEvent): void {
    if (!this.alive) return;
    const before = this.state;
    const { state, effects } = step(before, event, this.#config);
    this.state = state;
    if (before.membership.view !== state.membership.view) this.#host.viewChanged();
    let tell = before.membership !== state.membership || hasChanged(before, state);
    for (const effect of effects) tell = this.#execute(effect) || tell;
    const periodMs = alivePeriodMs(this.#config.budget.intervalMs);
    if (tell || event.atMs - this.#factsAtMs >= periodMs) this.tellAgent();
  }

  #execute(effect: PulseEffect): boolean {
    const host = this.#host;
    switch (effect.kind) {
      case "lan.send": {
        const { beat } = effect;
        if (hasSaidFarewell(this.state)) return false;
        for (const path of this.#config.lans.keys()) this.#send({ path, beat }, 0.3);
        return false;
      }
      case "com.send":
        this.#send({ path: COM, beat: effect.beat }, this.#comFrameMs);
        return false;
      case "claim.write":
      case "claim.read":
        host.submit(effect);
        return false;
      case "watchdog.feed":
        host.feed();
        return false;
      case "will.execute":
        host.executeWill(effect);
        return true;
      case "agent.kill":
        host.killAgent();
        return false;
      case "orphan.end":
        host.endOrphan();
        return false;
      case "disk.kill":
        host.killDisk();
        return false;
      case "config.switched":
      case "agent.tell":
        return true;
      case "note":
        host.world.note(host.index, effect.key, effect.data);
        return false;
    }
  }

  #send(frame: Pick<Frame, "path" | "beat">, baseMs: number): void {
    const echo = this.#proof.takeEcho(frame.path);
    const sent: Frame = { ...frame, process: this.process, echo };
    this.#host.world.wires.send(this.#host.index, sent, baseMs);
  }
}

function hasChanged(before: PulseState, after: PulseState): boolean {
  const a = peerOf(before)?.beat ?? null;
  const b = peerOf(after)?.beat ?? null;
  if (mayOwn(before) !== mayOwn(after) || before.quorum.claim !== after.quorum.claim) return true;
  if (a === b) return false;
  if (a === null || b === null) return true;
  if (a.state !== b.state || a.mayOwn !== b.mayOwn || a.host !== b.host) return true;
  if (a.view?.epoch.counter !== b.view?.epoch.counter) return true;
  return Buffer.compare(a.blob, b.blob) !== 0 || (a.ack === null) !== (b.ack === null);
}
