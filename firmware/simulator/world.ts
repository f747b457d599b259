/**
 * Two to sixteen servers, their wires and their array in virtual time: the real cores, the real frames, one
 * configuration, one seed, one run, the same every time. Everything that happens is asked for by its user.
 * Source: reliability.md 2.1-2.3; architecture.md 4.
 */
import { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { NoteData } from "../../services/effects.ts";
import type { BeatCipher } from "../../services/heartbeat/cipher.ts";
import { createSealer, type Sealer } from "../../services/heartbeat/seal.ts";
import { isMember, isSole } from "../../services/membership/state.ts";
import { type Role, straight, type Through } from "../replay/recorder.ts";
import { SwarmArray } from "./array.ts";
import { SwarmChecks } from "./checks.ts";
import { VirtualClock } from "./clock.ts";
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
  readonly traced: string[] = [];
  readonly wills: Given[] = [];
  readonly views: { readonly atMs: number; readonly index: number }[] = [];
  readonly notes: Noted[] = [];
  readonly starts: GroupStart[] = [];
  /** Why servers went off, in order. */
  readonly offs: string[] = [];
  /** Outcomes of the orders given, in the order in which they became known. */
  readonly answers: string[] = [];
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
  #number = 0;
  #isMoved = true;
  #lookedAtMs = 0;
  readonly #lookMs: number;

  constructor(config: LoadedConfig, seed: number, manner: Manner = {}) {
    this.config = config;
    this.pace = manner.pace ?? QUICK;
    this.through = manner.through ?? (() => straight);
    this.#cipher = manner.cipher ?? QUICK_CHECK;
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

  noteWill(index: number, reason: string): void {
    this.wills.push({ atMs: this.clock.nowMs, index, reason });
    this.checks.gaveUp(this.at(index));
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
