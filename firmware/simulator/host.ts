/**
 * One server of the simulator: power, clock, flash, programs, and the processes that its supervisor keeps
 * running. What has been started acts until it was stopped, killed by a will, or the power went.
 */
import type { StoreRecord } from "../../flash/store/record.ts";
import { type HostIncarnation, hostIncarnation } from "../../hal/base/ids.ts";
import type { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { PulseEffect } from "../../services/effects.ts";
import { drawLastWords, parseLastWords } from "../last-words.ts";
import { FAREWELL_MAX_MS } from "../pulse/farewell.ts";
import { ORPHAN_WILL } from "../pulse/orphan.ts";
import { SwarmAgent } from "./agent.ts";
import { SwarmDisk } from "./array.ts";
import { Awareness } from "./awareness.ts";
import { type Bends, straight } from "./bends.ts";
import { HostClock } from "./host-clock.ts";
import { SwarmPulse } from "./pulse.ts";
import type { World } from "./world.ts";

/** As firmware/pulse/pulse.ts: no will is given less time. */
const WILL_MIN_MS = 1000;

/** Purposes of chance. */
const HOST = 1;
const DISK = 2;

export class SwarmHost {
  readonly world: World;
  readonly index: number;
  readonly disk: SwarmDisk;
  /** What chance does on this server and nowhere else. */
  readonly random: Prng;
  incarnation: HostIncarnation = hostIncarnation("0".repeat(16));
  /** What faults have bent; stays over power cuts. */
  bends: Bends = straight();
  on = false;
  /** An operator has told this boot to wait for nobody. */
  startNow = false;
  /** Why the power is off: `es:reason`, `planned`, `cut`. */
  offReason = "never on";
  flash: StoreRecord | null = null;
  running: boolean[] = [];
  pulse: SwarmPulse | null = null;
  agent: SwarmAgent | null = null;
  /** Groups whose program ends here whenever it has been started. */
  readonly broken = new Set<number>();
  frozenUntilMs = 0;
  /** Newest moment at which neither pulse nor agent ran: what they knew beyond the record is forgotten. */
  forgotAtMs = Number.NEGATIVE_INFINITY;
  readonly #clock: HostClock;
  #life = 0;
  #link = 0;
  #openLink = 0;
  readonly #aware = new Awareness();
  #resetAtMs = Number.POSITIVE_INFINITY;
  #pulseAtMs = 0;
  #agentAtMs = 0;

  constructor(world: World, index: number) {
    this.world = world;
    this.index = index;
    const { claimMs } = world.config.budget;
    this.random = world.randomFor(HOST, index);
    this.#clock = new HostClock(world.clock);
    const random = world.randomFor(DISK, index);
    this.disk = new SwarmDisk(world.array, index, claimMs, world.clock, random);
  }

  /** This host's own monotonic clock. */
  localMs(): number {
    return this.#clock.localMs();
  }

  /** From here on this boot's clock runs at `rate` (1 = right), and it jumps by `stepMs`. */
  bendClock(rate: number, stepMs: number): void {
    this.#clock.bend(rate, stepMs);
  }

  startSyncEndMs(): number {
    return this.#clock.bootedMs + this.world.config.timing.startSyncWaitMs;
  }

  /** How late a process wakes: mostly little, at worst most of P. */
  latenessMs(): number {
    const { random } = this;
    const { config } = this.world;
    const worstMs = config.budget.marginMs * 0.4;
    const { lateMs } = this.bends;
    if (random.chance(0.9)) return lateMs + random.below(1000) / 500;
    return lateMs + (random.below(1000) / 1000) * worstMs;
  }

  /** Its processes have been able to give up for at least M. */
  get isAware(): boolean {
    const { clock, config } = this.world;
    return this.#aware.look(clock.nowMs, this.pulse, this.agent?.isAble === true, config.budget);
  }

  /** Newest moment at which neither pulse nor agent was able to do anything. */
  get helplessAtMs(): number {
    return this.#aware.helplessAtMs;
  }

  /** The text that this server's processes are started with. */
  get config(): LoadedConfig {
    return this.world.config;
  }

  get isFrozen(): boolean {
    return this.world.clock.nowMs < this.frozenUntilMs;
  }

  power(): void {
    if (this.on) return;
    const { random } = this;
    this.on = true;
    this.startNow = false;
    this.#life += 1;
    this.incarnation = hostIncarnation(
      random.u32().toString(16).padStart(8, "0") +
        this.world.nextNumber().toString().padStart(8, "0"),
    );
    this.#clock.boot(random);
    this.frozenUntilMs = 0;
    this.running = this.world.config.groups.map(() => false);
    this.#resetAtMs = Number.POSITIVE_INFINITY;
    this.world.trace(`S${this.index} power on ${this.incarnation}`);
    this.#startPulse();
    this.#startAgent();
  }

  off(reason: string): void {
    if (!this.on) return;
    if (!this.bends.offWorks && reason !== "cut" && reason !== "watchdog") {
      this.world.trace(`S${this.index} stays on although off was ordered: ${reason}`);
      return;
    }
    this.world.trace(`S${this.index} off: ${reason}`);
    this.world.troubled();
    this.on = false;
    this.offReason = reason;
    this.world.offs.push(reason);
    this.#life += 1;
    this.#endPulse();
    this.#endAgent();
    this.disk.cutPower();
    this.running = this.running.map(() => false);
  }

  freeze(ms: number): void {
    if (!this.on) return;
    this.world.trace(`S${this.index} frozen ${ms}`);
    this.world.troubled();
    this.frozenUntilMs = this.world.clock.nowMs + ms;
    // First they wake, then anybody may look at them.
    this.pulse?.freeze(this.frozenUntilMs);
    this.agent?.freeze(this.frozenUntilMs);
    this.world.clock.at(this.frozenUntilMs, () => this.world.troubled());
  }

  killPulse(why: string): void {
    if (!this.on || this.pulse?.willRunning === true) return;
    this.world.trace(`S${this.index} pulse killed: ${why}`);
    this.world.troubled();
    // A view of the last milliseconds was known to nobody else on this host.
    const told = this.agent?.state.facts?.view ?? null;
    if (told !== this.pulse?.state.membership.view) this.forgotAtMs = this.world.clock.nowMs;
    this.#endPulse();
    this.#restart(20 + this.random.below(200), () => this.#startPulse());
  }

  killAgent(): void {
    if (!this.on) return;
    this.world.trace(`S${this.index} agent killed`);
    this.world.troubled();
    this.#endAgent();
    this.#restart(50 + this.random.below(300), () => this.#startAgent());
  }

  /** Ends an agent older than the pulse, with all that it runs; see firmware/pulse/orphan.ts. */
  endOrphan(): void {
    if (this.agent === null || this.#agentAtMs >= this.#pulseAtMs) return;
    this.forgotAtMs = this.world.clock.nowMs;
    this.executeWill(ORPHAN_WILL);
  }

  killDisk(): void {
    this.#diskGone();
  }

  /** Lost while no connection is open. */
  toAgent(tell: (agent: SwarmAgent) => void): void {
    const link = this.#link;
    if (link !== this.#openLink) return;
    this.#carry(() => {
      if (this.#link === link && this.agent !== null) tell(this.agent);
    });
  }

  toPulse(tell: (pulse: SwarmPulse) => void): void {
    const link = this.#link;
    if (link !== this.#openLink) return;
    this.#carry(() => {
      if (this.#link === link && this.pulse !== null) tell(this.pulse);
    });
  }

  submit(order: Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>): void {
    const { pulse } = this;
    this.disk.submit(order, (answer) => this.#carry(() => pulse?.hearEvent(answer)));
  }

  /** W counts to the reset of the whole host; R is part of it. */
  feed(): void {
    const { watchdogMs } = this.world.config.budget;
    const { watchdogShare } = this.bends;
    if (watchdogMs === 0 || watchdogShare === 0) {
      this.#resetAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    const resetAtMs = this.world.clock.nowMs + watchdogMs * watchdogShare;
    const life = this.#life;
    this.#resetAtMs = resetAtMs;
    this.world.clock.at(resetAtMs, () => {
      if (this.#life !== life || this.#resetAtMs !== resetAtMs) return;
      if (this.bends.watchdogShare === 0) return;
      this.off("watchdog");
      this.world.clock.after(this.world.pace.bootMs, () => this.power());
    });
  }

  executeWill(effect: Extract<PulseEffect, { kind: "will.execute" }>): void {
    const { pulse } = this;
    if (pulse === null || pulse.willRunning) return;
    pulse.willRunning = true;
    const { method } = this.world.config;
    const { reason, evidence, off } = effect;
    const epoch = pulse.state.membership.view?.epoch.counter ?? 0;
    const words = drawLastWords(method, reason, evidence, off, true, epoch, 0);
    for (const { key, data } of parseLastWords(words)) this.world.note(this.index, key, data);
    this.world.noteWill(this.index, reason);
    this.#endAgent();
    const stamps = effect.off && this.world.config.method === "disk";
    if (!stamps) this.disk.kill(null);
    const giveUpMs = this.#giveUpMs();
    if (giveUpMs > this.#willMaxMs()) return this.#willOverdue(pulse, effect);
    this.#later(giveUpMs, () => {
      this.running = this.running.map(() => false);
      if (stamps) return this.#farewell(pulse, `es:${effect.reason}`);
      if (effect.off) return this.off(`es:${effect.reason}`);
      pulse.willRunning = false;
      pulse.covers = false;
      pulse.hearEvent({ kind: "will.done", atMs: 0, completed: true, off: false });
      this.#later(100, () => this.#startAgent());
      this.#diskReady(100);
    });
  }

  /** The last stamp, or as long as firmware/pulse/pulse.ts waits for it; a new agent comes up meanwhile. */
  #farewell(pulse: SwarmPulse, reason: string): void {
    pulse.covers = false;
    pulse.hearEvent({ kind: "will.done", atMs: 0, completed: true, off: true });
    this.#later(50 + this.random.below(300), () => this.#startAgent());
    const untilMs = this.world.clock.nowMs + FAREWELL_MAX_MS;
    const look = (): void => {
      const waits = this.pulse === pulse && pulse.owesFarewell;
      if (waits && this.world.clock.nowMs < untilMs) return this.#later(2, look);
      // The host port takes a moment.
      this.#later(this.random.below(100), () => this.off(reason));
    };
    this.#later(2, look);
  }

  /** The agent gives up in the pulse's stead. */
  executeWillOfAgent(): void {
    if (!this.on || this.pulse?.willRunning === true) return;
    this.world.noteWill(this.index, "agent");
    const giveUpMs = Math.min(this.#giveUpMs(), this.#willMaxMs());
    const isDone = giveUpMs < this.#willMaxMs();
    this.#later(giveUpMs, () => {
      if (isDone) this.running = this.running.map(() => false);
      this.off("es:pulse-lost");
    });
  }

  /** Something is left when the will's time is over: the host goes off with it, or its watchdog ends it. */
  #willOverdue(pulse: SwarmPulse, effect: Extract<PulseEffect, { kind: "will.execute" }>): void {
    this.#later(this.#willMaxMs(), () => {
      pulse.hearEvent({ kind: "will.done", atMs: 0, completed: false, off: effect.off });
      if (effect.off) this.off(`es:${effect.reason}`);
      else pulse.willRunning = false;
    });
  }

  #willMaxMs(): number {
    return Math.max(WILL_MIN_MS, this.world.config.budget.marginMs);
  }

  viewChanged(): void {
    this.world.noteView(this);
  }

  #giveUpMs(): number {
    const { random } = this;
    const { config } = this.world;
    return (random.below(1000) / 1000) * config.budget.marginMs * 0.4 + this.bends.giveUpMs;
  }

  /** The supervisor brings a process back after `ms`. */
  #restart(ms: number, run: () => void): void {
    const { restartMs } = this.bends;
    if (restartMs !== Number.POSITIVE_INFINITY) this.#later(ms + restartMs, run);
  }

  /** IPC takes a moment and ends with the life of this host. */
  #carry(run: () => void): void {
    const { ipcMs } = this.bends;
    if (ipcMs === Number.POSITIVE_INFINITY) return;
    const ms = (this.random.below(100) < 95 ? 0.3 : 4) + ipcMs;
    this.#carriedAtMs = Math.max(this.#carriedAtMs, this.world.clock.nowMs + ms);
    this.#later(this.#carriedAtMs - this.world.clock.nowMs, run);
  }
  #carriedAtMs = 0;

  #later(ms: number, run: () => void): void {
    const life = this.#life;
    this.world.clock.after(ms, () => {
      if (this.#life !== life) return;
      if (this.isFrozen) this.world.clock.at(this.frozenUntilMs, () => this.#later(0, run));
      else run();
    });
  }

  #startPulse(): void {
    if (!this.on || this.pulse !== null) return;
    this.pulse = new SwarmPulse(this, this.world.nextNumber());
    this.#pulseAtMs = this.world.clock.nowMs;
    // Armed by the first pulse; the death of a pulse leaves the watchdog counting.
    if (this.#resetAtMs === Number.POSITIVE_INFINITY) this.feed();
    this.#connect(20);
    this.#diskReady(30);
  }

  #startAgent(): void {
    if (!this.on || this.agent !== null) return;
    this.agent = new SwarmAgent(this);
    this.#agentAtMs = this.world.clock.nowMs;
    this.#connect(5);
  }

  #connect(ms: number): void {
    this.#link += 1;
    const link = this.#link;
    this.#later(ms, () => {
      const { pulse, agent } = this;
      if (this.#link !== link || pulse === null || agent === null) return;
      pulse.welcome(() => {
        if (this.#link !== link) return;
        this.#openLink = link;
        const blob = pulse.state.token?.blob ?? new Uint8Array(0);
        this.toAgent((greeted) => greeted.greet(blob));
        pulse.tellAgent();
      });
    });
  }

  #endPulse(): void {
    if (this.pulse !== null) this.pulse.alive = false;
    this.pulse = null;
    if (this.agent === null) this.forgotAtMs = this.world.clock.nowMs;
    this.#link += 1;
    this.disk.orphan();
    const { agent } = this;
    if (agent !== null) this.#carry(() => agent.miss());
  }

  #endAgent(): void {
    if (this.agent !== null) this.agent.alive = false;
    this.agent = null;
    if (this.pulse === null) this.forgotAtMs = this.world.clock.nowMs;
    this.#link += 1;
    const { pulse } = this;
    this.#carry(() => pulse?.hearEvent({ kind: "agent.gone", atMs: 0 }));
  }

  /** The disk process is ended and started anew. */
  #diskGone(): void {
    const { pulse } = this;
    this.#carry(() => pulse?.hearEvent({ kind: "disk.gone", atMs: 0 }));
    this.disk.kill(() => this.#diskReady(100));
  }

  #diskReady(ms: number): void {
    if (this.world.config.disk === null) return;
    const { pulse } = this;
    this.#later(ms, () => pulse?.hearEvent({ kind: "disk.ready", atMs: 0 }));
  }
}
