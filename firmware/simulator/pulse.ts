/**
 * One pulse process of the simulator: the real cores (firmware/pulse/cores.ts) and the real sealer behind a
 * scheduler like firmware/scheduler.ts (own gap, then what arrived, then deadlines) and a socket to agent and
 * disk like firmware/pulse/pulse.ts. What depends on time alone is looked at with every tick, and a tick comes
 * within an interval; so a beat that says nothing new does not set the timer anew.
 */
import { CobsDecoder } from "../../hal/base/cobs.ts";
import { COM_FRAME_BYTES_MAX } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { AgentToken, PulseEvent, Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs } from "../../services/facts.ts";
import type { LanBeat, Opened } from "../../services/heartbeat/beat.ts";
import { COM_RAW_BYTES_MAX } from "../../services/heartbeat/frame.ts";
import type { Sealer } from "../../services/heartbeat/seal.ts";
import { type Cores, createCores } from "../pulse/cores.ts";
import type { SwarmHost } from "./host.ts";
import { spoil } from "./spoil.ts";
import { COM, type Frame, type Spoilt } from "./wires.ts";

/** 8N1: start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Whole facts are repeated this often though nothing changed, as firmware/pulse/pulse.ts does. */
const FACTS_MS = 1000;
/** Time of a LAN at its best, ms. */
const LAN_MS = 0.3;

type Draw = () => PulseEvent | null;
/** What waits in the sockets of a process that does not run. */
type Waiting = Draw | { readonly frame: Frame; readonly spoilt: Spoilt };

export class SwarmPulse {
  readonly process: number;
  readonly #host: SwarmHost;
  readonly #cores: Cores;
  readonly #sealer: Sealer;
  readonly #line = new CobsDecoder(COM_RAW_BYTES_MAX);
  #config: ClusterConfig;
  /** Time of the longest frame on the serial line. */
  readonly #comFrameMs: number;
  readonly #gapMs: number;
  alive = true;
  covers = true;
  /** Stopped by a signal, as its agent can see (firmware/agent/pulse-watch.ts). */
  isStopped = false;
  willRevision = 0;
  willRunning = false;
  #frozenUntilMs = 0;
  #isAsleep = false;
  #inbox: Waiting[] = [];
  #lastWakeMs: number;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #factsAtMs = 0;
  #aliveAtMs = 0;
  #toldLease = false;

  constructor(host: SwarmHost, process: number) {
    this.#host = host;
    this.#config = host.config;
    this.process = process;
    this.#sealer = host.world.createSealer(host.index, process);
    const baud = this.#config.com?.baud ?? Number.POSITIVE_INFINITY;
    this.#comFrameMs = Math.ceil((COM_FRAME_BYTES_MAX * BITS_PER_BYTE * 1000) / baud);
    const { intervalMs } = this.#config.budget;
    this.#gapMs = Math.max(2 * intervalMs, 50);
    const atMs = host.localMs();
    this.#lastWakeMs = atMs;
    const through = host.world.through(host.index, "pulse");
    this.#cores = createCores(host.index, host.incarnation, this.#config, atMs, through);
    this.#sleep();
  }

  /** What it lives by at this moment: the text it was started by, or one installed since. */
  get config(): ClusterConfig {
    return this.#config;
  }

  /** What the cores show of themselves. */
  get state(): Cores {
    return this.#cores;
  }

  get isFrozen(): boolean {
    return this.#host.world.clock.nowMs < this.#frozenUntilMs;
  }

  /** Frozen, or thawed in this instant and not yet had its turn. */
  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** End of the newest freeze, ms of the world; in the future while it is frozen. */
  get thawedAtMs(): number {
    return this.#frozenUntilMs;
  }

  /** It runs and knows what this server is. */
  get isAble(): boolean {
    return this.alive && !this.isFrozen && this.#cores.membership.server !== "observing";
  }

  /** Groups may be started here, as the cores see it at this moment. */
  get holdsLease(): boolean {
    return this.#cores.holdsLease(this.#host.localMs(), this.#config);
  }

  /** Number of the proven process of another server, 0 = none: what the next frames to it echo. */
  knows(peer: number): number {
    const salt = this.#sealer.peerProcess(peer);
    return salt === null ? 0 : Number.parseInt(salt.slice(0, 8), 16);
  }

  /** Counts of opened and refused frames of this process. */
  get counters(): Sealer["counters"] {
    return this.#sealer.counters;
  }

  /** The last stamp is owed or under way. */
  get owesFarewell(): boolean {
    return this.#cores.owesFarewell(this.#config);
  }

  /** Not scheduled until then; what arrives waits in its sockets. */
  freeze(untilMs: number): void {
    this.#host.world.trace(`S${this.#host.index} pulse frozen until ${untilMs}`);
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#isAsleep = true;
    this.#host.world.troubled();
    this.#host.world.clock.at(this.#frozenUntilMs, () => {
      this.#thaw();
      this.#host.world.troubled();
    });
  }

  hear(frame: Frame, spoilt: Spoilt): void {
    if (!this.alive) return;
    this.#inbox.push({ frame, spoilt });
    if (!this.isFrozen && this.#drain()) this.#tick();
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

  hearToken(
    progress: number,
    blob: Uint8Array,
    wish: Wish,
    more: Pick<AgentToken, "holds" | "peersOff">,
  ): void {
    this.#receive(() => {
      const token: AgentToken = { progress, blob, wish, ...more, mayOwn: this.covers };
      return { kind: "agent.spoke", atMs: 0, token };
    });
  }

  hearWill(revision: number, covers: boolean): void {
    this.#receive(() => {
      if (this.willRunning) return null;
      this.covers = covers;
      this.willRevision = revision;
      this.#factsAtMs = Number.NEGATIVE_INFINITY;
      const { token } = this.#cores;
      if (token === null) return null;
      return { kind: "agent.spoke", atMs: 0, token: { ...token, mayOwn: covers } };
    });
  }

  tellAgent(): void {
    const atMs = this.#host.localMs();
    this.#factsAtMs = atMs;
    this.#aliveAtMs = atMs;
    this.#toldLease = this.#cores.holdsLease(atMs, this.#config);
    const facts = this.#cores.drawFacts(this.willRevision, atMs, this.#config);
    this.#host.toAgent((agent) => agent.hear(facts));
  }

  /** Between two facts a short word says that the pulse lives and how long the lease lasts. */
  #keepAgentInformed(atMs: number): void {
    const holdsLease = this.#cores.holdsLease(atMs, this.#config);
    if (holdsLease !== this.#toldLease || atMs - this.#factsAtMs >= FACTS_MS) {
      return this.tellAgent();
    }
    if (atMs - this.#aliveAtMs < alivePeriodMs(this.#config.budget.intervalMs)) return;
    this.#aliveAtMs = atMs;
    const word: AliveWord = {
      atMs,
      holdsLease,
      ...this.#cores.drawLease(atMs, this.#config),
    };
    this.#host.toAgent((agent) => agent.hearAlive(word));
  }

  #receive(draw: Draw): void {
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
    this.#isAsleep = false;
    const atMs = this.#host.localMs();
    const gapMs = atMs - this.#lastWakeMs;
    this.#lastWakeMs = atMs;
    const away = gapMs >= this.#gapMs;
    let moved = away;
    if (away) this.#take({ kind: "gap.noticed", atMs, gapMs });
    const waiting = this.#inbox;
    if (waiting.length > 0) {
      this.#inbox = [];
      for (const one of waiting) {
        if (typeof one !== "function") moved = this.#open(one.frame, one.spoilt, atMs) || moved;
        else {
          const event = one();
          moved = true;
          if (event !== null) this.#take({ ...event, atMs });
        }
      }
    }
    if (moved) this.#sleep();
    return away;
  }

  /** True when a deadline may have moved. */
  #open(frame: Frame, spoilt: Spoilt, atMs: number): boolean {
    const bytes = spoil(frame, spoilt);
    if (frame.path !== COM) {
      return this.#deliver(this.#sealer.openLan(bytes, frame.path, atMs), frame, atMs);
    }
    let moved = false;
    this.#line.push(bytes, (raw) => {
      moved = this.#deliver(this.#sealer.openCom(raw, atMs), frame, atMs) || moved;
    });
    return moved;
  }

  #deliver(opened: Opened, { path }: Frame, atMs: number): boolean {
    switch (opened.kind) {
      case "beat": {
        const { beat, proven } = opened;
        return this.#take({ kind: "beat.received", atMs, path, beat, proven });
      }
      case "presence": {
        const { from, reason } = opened;
        this.#take({ kind: "presence.noticed", atMs, from, reason });
        return true;
      }
      case "malformed":
        this.#host.world.refuse(opened.reason);
        return false;
    }
  }

  #sleep(): void {
    if (!this.alive) return;
    const atMs = this.#host.localMs();
    const { intervalMs } = this.#config.budget;
    const dueMs = this.#cores.nextDeadlineMs(this.#config, atMs) - atMs;
    const { clock } = this.#host.world;
    const restMs = Math.max(1, Math.min(intervalMs, dueMs));
    const nowMs = clock.nowMs;
    if (this.#wakeAtMs > nowMs && nowMs + restMs >= this.#wakeAtMs) return;
    const wakeAtMs = nowMs + restMs + this.#host.latenessMs();
    this.#wakeAtMs = wakeAtMs;
    clock.at(wakeAtMs, () => {
      if (this.#wakeAtMs !== wakeAtMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }

  /** True when it was more than another beat of the same words. */
  #take(event: PulseEvent): boolean {
    if (!this.alive) return false;
    const cores = this.#cores;
    const { view } = cores.membership;
    const { effects, isNews } = cores.take(event, this.#config);
    if (view !== cores.membership.view) this.#host.world.noteView(this.#host);
    let tell = isNews;
    for (const effect of effects) tell = this.#execute(effect) || tell;
    if (tell) this.tellAgent();
    else this.#keepAgentInformed(event.atMs);
    return isNews || effects.length > 0;
  }

  #execute(effect: PulseEffect): boolean {
    const host = this.#host;
    switch (effect.kind) {
      case "lan.send":
        if (!this.#cores.hasSaidFarewell) this.#sendLan(effect.beat);
        return false;
      case "com.send": {
        const { beat } = effect;
        const bytes = this.#sealer.sealCom(beat);
        const { from, to } = beat;
        const { process } = this;
        host.world.wires.send({ path: COM, from, to, beat, process, bytes }, this.#comFrameMs);
        return false;
      }
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
      case "disk.kill":
        host.killDisk();
        return false;
      case "orphan.end":
        host.endOrphan();
        return false;
      case "config.switched":
        this.#config = effect.config;
        host.world.moveText(host.index, "switched");
        return true;
      case "agent.tell":
        return true;
      case "note":
        host.world.note(host.index, effect.key, effect.data);
        return false;
    }
  }

  #sendLan(beat: LanBeat): void {
    const { wires } = this.#host.world;
    const { from, to } = beat;
    const { process } = this;
    for (let path = 0; path < this.#config.lans.length; path += 1) {
      const bytes = this.#sealer.sealLan(beat, path);
      wires.send({ path, from, to, beat, process, bytes }, LAN_MS);
    }
  }
}
