/**
 * Two to sixteen servers, their wires and their array in virtual time: the real cores, the real frames, one
 * configuration, one seed, one run, the same every time. Everything that happens is asked for by its user.
 * Source: reliability.md 2.1-2.3; architecture.md 4.
 */
import { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Budget } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import type { BeatCipher } from "../../services/heartbeat/cipher.ts";
import { createSealer, type Sealer } from "../../services/heartbeat/seal.ts";
import { isMember, isSole } from "../../services/membership/state.ts";
import { parseLastWords } from "../last-words.ts";
import { type Role, straight, type Through } from "../replay/recorder.ts";
import { SwarmArray } from "./array.ts";
import { SwarmChecks } from "./checks.ts";
import { VirtualClock } from "./clock.ts";
import { Emergencies } from "./emergencies.ts";
import { SwarmHost } from "./host.ts";
import { QUICK_CHECK } from "./quick-cipher.ts";
import { TraceHash } from "./trace-hash.ts";
import { Wires } from "./wires.ts";

const TRACE_MAX = 400;
/** A run of minutes with every fault at once notes some hundred events. */
const NOTES_MAX = 2000;

/** What the simulator may choose, because the product leaves it open. All ms. */
export interface Pace {
  /** From the reset by a watchdog to the first word of the next boot. */
  readonly bootMs: number;
  /** Between two looks of an agent at its pulse. */
  readonly lookMs: number;
}

/** How a run is made, beside its configuration and seed. */
export interface Manner {
  readonly pace?: Pace;
  /** Of the frames. Default: the quick check; AES_256_GCM is some ten times as slow. */
  readonly cipher?: BeatCipher;
  /** What the cores of a process that starts are stepped through; default: nothing between. */
  readonly through?: (index: number, role: Role) => Through;
  /** Text of the configuration; absent = nobody changes it, and the agents say nothing about texts. */
  readonly text?: Uint8Array;
}

/** How far a configuration text has come on one server: its pulse holds it, or goes on by it. */
export type TextStage = "prepared" | "switched";

/** What came of an operator's text: `installed` with the number of its revision, or why not. */
export interface TextAnswer {
  readonly atMs: number;
  readonly index: number;
  readonly outcome: string;
  readonly rev: number;
}

/** Any 32 bytes: a simulated cluster has no secrets. */
const CLUSTER_KEY = new Uint8Array(32).fill(7);
const SALT_BYTES = 8;
/** Between two steps that move something only time passes, and it is looked at so often. */
const LOOK_MIN_MS = 5;
const LOOKS_PER_TIMEOUT = 200;

/** A boot so quick meets more of what may go wrong than one of a minute. */
const QUICK: Pace = { bootMs: 300, lookMs: 10 };

/** An event that a server would write into its log. */
export interface Noted {
  readonly atMs: number;
  readonly index: number;
  readonly key: string;
  readonly data: NoteData;
}

/** A last will that has begun. */
export interface Given {
  readonly atMs: number;
  readonly index: number;
  readonly reason: string;
}

/** The last resource of a group has come up. */
export interface GroupStart {
  readonly atMs: number;
  readonly index: number;
  readonly group: number;
}

export class World {
  readonly clock = new VirtualClock();
  readonly random: Prng;
  readonly config: LoadedConfig;
  readonly array: SwarmArray;
  readonly wires: Wires;
  readonly hosts: readonly SwarmHost[];
  readonly checks: SwarmChecks;
  readonly emergencies = new Emergencies();
  readonly traced: string[] = [];
  readonly wills: Given[] = [];
  readonly views: { readonly atMs: number; readonly index: number }[] = [];
  readonly notes: Noted[] = [];
  readonly starts: GroupStart[] = [];
  /** Why servers went off, in order. */
  readonly offs: string[] = [];
  /** Outcomes of the orders given, in the order in which they became known. */
  readonly answers: string[] = [];
  /** What became of the texts that operators brought, in that order. */
  readonly textAnswers: TextAnswer[] = [];
  /** Newest moment at which a text moved on. */
  textAtMs = Number.NEGATIVE_INFINITY;
  /** Told of every text that moves on. */
  readonly textWatchers: ((index: number, stage: TextStage) => void)[] = [];
  /** The configuration file of every server at the beginning; null = texts are no matter here. */
  readonly text: Uint8Array | null;
  /** Newest moment at which a process or a server was in trouble. */
  troubleAtMs = Number.NEGATIVE_INFINITY;
  readonly pace: Pace;
  readonly through: (index: number, role: Role) => Through;
  /** Grows with everything that happens: equal runs have equal ends. */
  readonly hash = new TraceHash();
  /** Frames that were refused without a sign of life, by reason. */
  readonly refused = new Map<string, number>();
  readonly #seed: number;
  readonly #cipher: BeatCipher;
  /** Groups of all texts by name: those of the first one, then the others as they turn up. */
  readonly #slots = new Map<string, number>();
  #widest: Budget;
  #number = 0;
  #isMoved = true;
  #lookedAtMs = 0;
  readonly #lookMs: number;

  constructor(config: LoadedConfig, seed: number, manner: Manner = {}) {
    this.config = config;
    this.pace = manner.pace ?? QUICK;
    this.through = manner.through ?? (() => straight);
    this.#cipher = manner.cipher ?? QUICK_CHECK;
    this.text = manner.text ?? null;
    this.#widest = config.budget;
    for (const { name, index } of config.groups) this.#slots.set(name, index);
    this.#seed = seed;
    this.random = new Prng(seed);
    this.#lookMs = Math.max(LOOK_MIN_MS, config.budget.timeoutMs / LOOKS_PER_TIMEOUT);
    const { servers, lans } = config;
    this.array = new SwarmArray(servers.length);
    this.wires = new Wires(servers.length, lans.length, this.clock, seed, (to, frame, spoilt) => {
      this.hash.number(this.clock.nowMs);
      this.at(to).pulse?.hear(frame, spoilt);
    });
    this.hosts = servers.map(({ index }) => new SwarmHost(this, index));
    this.checks = new SwarmChecks(this);
  }

  at(index: number): SwarmHost {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no server ${index}`);
    return host;
  }

  /**
   * After every step that moved anything, and often enough beside that to see what time alone changes, the
   * checks look.
   */
  run(forMs: number): void {
    this.clock.runTo(this.clock.nowMs + forMs, () => {
      const { nowMs } = this.clock;
      if (!this.#isMoved && nowMs - this.#lookedAtMs < this.#lookMs) return;
      this.#isMoved = false;
      this.#lookedAtMs = nowMs;
      this.checks.look();
    });
  }

  /** Something that an invariant looks at may be different. */
  moved(): void {
    this.#isMoved = true;
  }

  /** The stream of chance of one purpose: what others draw does not move it. */
  randomFor(purpose: number, index: number): Prng {
    return new Prng(Math.imul(this.#seed ^ 0x9e3779b9, 0x85ebca6b) ^ ((purpose << 8) | index));
  }

  /** For one process; no two have the same salt. */
  createSealer(self: number, process: number): Sealer {
    const processSalt = new Uint8Array(SALT_BYTES);
    new DataView(processSalt.buffer).setUint32(0, process);
    const { clusterId, servers } = this.config;
    const { length: serverCount } = servers;
    const cipher = this.#cipher;
    return createSealer({
      clusterKey: CLUSTER_KEY,
      clusterId,
      self,
      serverCount,
      processSalt,
      cipher,
    });
  }

  /** A frame went no further than the parser or the replay window. */
  refuse(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  troubled(): void {
    this.#isMoved = true;
    this.troubleAtMs = this.clock.nowMs;
  }

  /** Number of a group in everything that the simulator counts, whatever text it stands in. */
  slotOf(name: string): number {
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  /** Groups of all texts so far. */
  get slots(): number {
    return this.#slots.size;
  }

  /** The longest times that any server has lived by in this run. */
  get widest(): Budget {
    return this.#widest;
  }

  moveText(index: number, stage: TextStage): void {
    this.#isMoved = true;
    const { budget } = this.at(index);
    if (budget.timeoutMs > this.#widest.timeoutMs) this.#widest = budget;
    this.textAtMs = this.clock.nowMs;
    this.trace(`S${index} text ${stage}`);
    for (const watch of [...this.textWatchers]) watch(index, stage);
  }

  noteText(index: number, outcome: string, rev: number): void {
    this.trace(`S${index} text of its operator: ${outcome}`);
    this.textAnswers.push({ atMs: this.clock.nowMs, index, outcome, rev });
  }

  noteWill(index: number, reason: string): void {
    this.wills.push({ atMs: this.clock.nowMs, index, reason });
    this.checks.gaveUp(this.at(index));
  }

  /** Form of firmware/last-words.ts. */
  noteLastWords(index: number, text: string): void {
    const words = parseLastWords(text);
    for (const { key, data } of words) this.note(index, key, data);
    this.emergencies.keep(index, words);
  }

  noteView(host: SwarmHost): void {
    this.#isMoved = true;
    this.views.push({ atMs: this.clock.nowMs, index: host.index });
    this.checks.viewChanged(host);
  }

  note(index: number, key: string, data: NoteData): void {
    if (this.notes.length < NOTES_MAX)
      this.notes.push({ atMs: this.clock.nowMs, index, key, data });
    this.trace(`S${index} ${key} ${JSON.stringify(data)}`);
  }

  /** Hears every line of the trace, for whoever draws a picture of the run. */
  onTrace: (text: string) => void = () => undefined;

  trace(text: string): void {
    this.onTrace(text);
    this.#isMoved = true;
    this.hash.text(text);
    this.traced.push(`${this.clock.nowMs.toFixed(1)} ${text}`);
    if (this.traced.length > TRACE_MAX) this.traced.shift();
  }

  isSole(index: number): boolean {
    const state = this.at(index).pulse?.state.membership;
    return state !== undefined && isMember(state) && isSole(state.view, index);
  }

  /** It is alone and may start something: it neither waits (a force-return) nor listens. */
  goesOn(index: number): boolean {
    const state = this.at(index).pulse?.state.membership;
    return this.isSole(index) && state?.provisional === null && state.listenUntilMs === null;
  }

  /** What server `index` is, in one word. */
  shows(index: number): string {
    const host = this.at(index);
    if (!host.on) return `off (${host.offReason})`;
    if (host.pulse === null) return "no pulse";
    const { server, gaveUp } = host.pulse.state.membership;
    if (gaveUp !== null) return `gave up: ${gaveUp}`;
    return this.isSole(index) ? `sole ${server}` : server;
  }
}
