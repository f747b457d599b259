/**
 * One server of the simulator: power, clock, flash, programs, and the processes that its supervisor keeps
 * running. What has been started acts until it was stopped, killed by a will, or the power went.
 */
import type { StoreRecord } from "../../flash/store/record.ts";
import { type HostIncarnation, hostIncarnation } from "../../hal/base/ids.ts";
import type { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Budget } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import { drawLastWords, endsSystem } from "../last-words.ts";
import { FAREWELL_MAX_MS } from "../pulse/farewell.ts";
import { ORPHAN_WILL } from "../pulse/orphan.ts";
import { SwarmAgent } from "./agent.ts";
import { SwarmDisk } from "./array.ts";
import { Awareness } from "./awareness.ts";
import { type Bends, straight } from "./bends.ts";
import { SwarmBoard } from "./board.ts";
import { HostClock } from "./host-clock.ts";
import { SwarmPulse } from "./pulse.ts";
import type { ReleaseName } from "./release.ts";
import { SwarmSockets } from "./sockets.ts";
import { type StartedBy, TextFolder } from "./texts.ts";
import type { World } from "./world.ts";

/** As firmware/pulse/pulse.ts: no will is given less time. */
const WILL_MIN_MS = 1000;

/** Purposes of chance. */
const HOST = 1;
const DISK = 2;

type WillEffect = Extract<PulseEffect, { kind: "will.execute" }>;

export class SwarmHost {
  readonly world: World;
  readonly index: number;
  readonly disk: SwarmDisk;
  /** What chance does on this server and nowhere else. */
  readonly random: Prng;
  incarnation: HostIncarnation = hostIncarnation("0".repeat(16));
  /** Installed here: what a process is of that starts from now on. */
  release: ReleaseName = "present";
  /** What faults have bent; stays over power cuts. */
  bends: Bends = straight();
  on = false;
  /** An operator has told this boot to wait for nobody. */
  startNow = false;
  /** Why the power is off: `es:reason`, `planned`, `cut`. */
  offReason = "never on";
  flash: StoreRecord | null = null;
  /** Boot in which an agent has begun, as firmware/agent/boot-mark.ts keeps it. */
  begunAs: HostIncarnation | null = null;
  running: boolean[] = [];
  pulse: SwarmPulse | null = null;
  agent: SwarmAgent | null = null;
  /** Newest start of an agent, on the simulated clock. */
  agentAtMs = 0;
  /** Groups whose program ends here whenever it has been started. */
  readonly broken = new Set<number>();
  frozenUntilMs = 0;
  /** Newest moment at which neither pulse nor agent ran: what they knew beyond the record is forgotten. */
  forgotAtMs = Number.NEGATIVE_INFINITY;
  readonly #clock: HostClock;
  readonly #board: SwarmBoard;
  readonly #sockets: SwarmSockets;
  /** Configuration file and revisions; null = nobody gave this world the text of its configuration. */
  readonly texts: TextFolder | null;
  #life = 0;
  readonly #aware = new Awareness();
  #pulseAtMs = 0;

  constructor(world: World, index: number) {
    this.world = world;
    this.index = index;
    const { claimMs } = world.config.budget;
    this.random = world.randomFor(HOST, index);
    this.#clock = new HostClock(world.clock);
    this.#board = new SwarmBoard(this);
    this.#sockets = new SwarmSockets(this, (ms, run) => this.#later(ms, run));
    this.texts = world.text === null ? null : new TextFolder(world.text);
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
    return this.#clock.bootedMs + this.config.timing.startSyncWaitMs;
  }

  /** How late a process wakes: mostly little, at worst most of P. */
  latenessMs(): number {
    const { random } = this;
    const worstMs = this.#assumedMs * 0.4;
    const { lateMs } = this.bends;
    if (random.chance(0.9)) return lateMs + random.below(1000) / 500;
    return lateMs + (random.below(1000) / 1000) * worstMs;
  }

  /** Its processes have been able to give up for at least M. */
  get isAware(): boolean {
    const { clock } = this.world;
    return this.#aware.look(clock.nowMs, this.pulse, this.agent?.isAble === true, this.budget);
  }

  /** Newest moment at which neither pulse nor agent was able to do anything. */
  get helplessAtMs(): number {
    return this.#aware.helplessAtMs;
  }

  /** The text by which a process that starts at this moment goes. */
  get config(): LoadedConfig {
    return this.startedBy?.config ?? this.world.config;
  }

  get startedBy(): StartedBy | null {
    return this.texts?.start(this.incarnation) ?? null;
  }

  /** The times that its pulse lives by, of two texts at once while it changes over. */
  get budget(): Budget {
    return this.pulse?.config.budget ?? this.world.config.budget;
  }

  /** Shortest margin that its processes have promised to keep. */
  get #assumedMs(): number {
    return Math.min(this.budget.marginMs, this.world.config.budget.marginMs);
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
    this.#board.disarm();
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
    this.frozenUntilMs = Math.max(this.frozenUntilMs, this.world.clock.nowMs + ms);
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

  /** Where there is none its supervisor waits already. */
  killAgent(): void {
    if (!this.on || this.agent === null) return;
    this.world.trace(`S${this.index} agent killed`);
    this.world.troubled();
    this.#endAgent();
    this.#restart(50 + this.random.below(300), () => this.#startAgent());
  }

  /** An agent that is to run by a new text ends in order; its supervisor brings the next one. */
  renewAgent(): void {
    if (!this.on || this.agent === null) return;
    this.world.trace(`S${this.index} agent starts anew`);
    this.#endAgent();
    this.#restart(50 + this.random.below(300), () => this.#startAgent());
  }

  /** Ends an agent older than the pulse, with all that it runs; see firmware/pulse/orphan.ts. */
  endOrphan(): void {
    if (this.agent === null || this.agentAtMs >= this.#pulseAtMs) return;
    this.forgotAtMs = this.world.clock.nowMs;
    this.world.note(this.index, "agent.orphaned", {});
    this.executeWill(ORPHAN_WILL);
  }

  /** The disk process is ended and started anew. */
  killDisk(): void {
    const { pulse } = this;
    this.#sockets.carry(() => pulse?.hearEvent({ kind: "disk.gone", atMs: 0 }));
    this.disk.kill(() => this.#diskReady(100));
  }

  toAgent(tell: (agent: SwarmAgent) => void): void {
    this.#sockets.toAgent(tell);
  }

  toPulse(tell: (pulse: SwarmPulse) => void): void {
    this.#sockets.toPulse(tell);
  }

  submit(order: Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>): void {
    const { pulse } = this;
    this.disk.submit(order, (answer) => this.#sockets.carry(() => pulse?.hearEvent(answer)));
  }

  feed(): void {
    this.#board.feed();
  }

  executeWill(effect: WillEffect): void {
    const { pulse } = this;
    if (pulse === null || pulse.willRunning) return;
    pulse.willRunning = true;
    const { method } = this.world.config;
    const { reason, evidence, off } = effect;
    const epoch = pulse.state.membership.view?.epoch.counter ?? 0;
    const words = drawLastWords(method, reason, evidence, off, true, epoch, 0);
    this.world.noteLastWords(this.index, words);
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
      pulse.covers = false;
      pulse.hearEvent({ kind: "will.done", atMs: 0, completed: true, off: false });
      this.#goOn(pulse, effect);
    });
  }

  /** After a will that lets the server live. */
  #goOn(pulse: SwarmPulse, { offIfLeft }: WillEffect): void {
    pulse.willRunning = false;
    if (offIfLeft === true) this.#restart(100, () => this.#startAgent());
    else this.#later(100, () => this.#startAgent());
    this.#diskReady(100);
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

  /** The agent gives up in the pulse's stead; `staysOn`: off only if something is left (D24). */
  executeWillOfAgent(staysOn = false): void {
    if (!this.on || this.pulse?.willRunning === true) return;
    this.world.noteWill(this.index, "agent");
    if (staysOn && this.pulse !== null) this.killPulse("given up");
    const giveUpMs = Math.min(this.#giveUpMs(), this.#willMaxMs());
    const isDone = giveUpMs < this.#willMaxMs();
    this.#later(giveUpMs, () => {
      if (isDone) this.running = this.running.map(() => false);
      if (!staysOn || !isDone) return this.off("es:pulse-lost");
      this.world.note(this.index, "give-up.started", { reason: "pulse-lost" });
      this.agent?.leave(() => this.renewAgent());
    });
  }

  /** The supervisor finds again what it could not start. */
  revive(): void {
    this.bends.restartMs = 0;
    this.#startPulse();
    this.#startAgent();
  }

  /** Something is left when the will's time is over: the host goes off with it, or its watchdog ends it. */
  #willOverdue(pulse: SwarmPulse, effect: WillEffect): void {
    this.#later(this.#willMaxMs(), () => {
      const off = endsSystem(effect, false);
      pulse.hearEvent({ kind: "will.done", atMs: 0, completed: false, off });
      if (off) return this.off(`es:${effect.reason}`);
      this.#goOn(pulse, effect);
    });
  }

  #willMaxMs(): number {
    return Math.max(WILL_MIN_MS, this.budget.marginMs);
  }

  #giveUpMs(): number {
    const { random } = this;
    return (random.below(1000) / 1000) * this.#assumedMs * 0.4 + this.bends.giveUpMs;
  }

  /** The supervisor brings a process back after `ms`. */
  #restart(ms: number, run: () => void): void {
    const { restartMs } = this.bends;
    if (restartMs !== Number.POSITIVE_INFINITY) this.#later(ms + restartMs, run);
  }

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
    this.#board.arm();
    this.#sockets.connect(20);
    this.#diskReady(30);
  }

  #startAgent(): void {
    if (!this.on || this.agent !== null) return;
    this.agent = new SwarmAgent(this);
    this.agentAtMs = this.world.clock.nowMs;
    this.#sockets.connect(5);
  }

  #endPulse(): void {
    if (this.pulse !== null) this.pulse.alive = false;
    this.pulse = null;
    // An agent that has heard nothing of its pulse yet knows no more than the record.
    if (this.agent?.state.facts == null) this.forgotAtMs = this.world.clock.nowMs;
    this.#sockets.cut();
    this.disk.orphan();
    const { agent } = this;
    if (agent !== null) this.#sockets.carry(() => agent.miss());
  }

  #endAgent(): void {
    if (this.agent !== null) this.agent.alive = false;
    this.agent = null;
    // A pulse that nobody has taught yet knows nothing that the agent knew.
    const isUntaught = this.pulse?.state.membership.server === "observing";
    if (this.pulse === null || isUntaught) this.forgotAtMs = this.world.clock.nowMs;
    this.#sockets.cut();
    const { pulse } = this;
    this.#sockets.carry(() => pulse?.hearEvent({ kind: "agent.gone", atMs: 0 }));
  }

  #diskReady(ms: number): void {
    if (this.world.config.disk === null) return;
    const { pulse } = this;
    this.#later(ms, () => pulse?.hearEvent({ kind: "disk.ready", atMs: 0 }));
  }
}
