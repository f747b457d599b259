/**
 * The black box of one deciding process: stands between the process and its core, writes down what the core
 * is given and what it decides, and begins a new segment with the core's whole state every half minute.
 * Intuition: the flight recorder hears everything and touches nothing; if it fails, the flight goes on.
 * What a kill can take is the last second of daily work, and nothing that was out of the ordinary.
 * Source: architecture.md 4; work order 4 item 8; reliability.md F24 (in memory, batched).
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Step } from "../../services/effects.ts";
import { type AnyEffect, type Decided, decidedText, drawDecided } from "./decided.ts";
import { type AnyEvent, type Bases, eventText } from "./entry.ts";
import { drawSegment, putRecord, RECORD_HEAD_BYTES } from "./format.ts";
import { createMask, type Mask, toText } from "./values.ts";

/** With two whole segments and the one under way the last 60 s are always there. */
export const SEGMENT_MS = 30_000;
/** Fifteen peers at 100 ms on two LANs need half of it; more events make the box reach less far back. */
export const SEGMENT_BYTES_MAX = 2 * 1024 * 1024;
/** Longest wait of a daily entry before it is written. */
export const FLUSH_MS = 1000;
/** A segment that could not be written is tried anew after this long. */
const RETRY_MS = 10_000;
/** Entries of a second are some KiB; a bigger one is written by itself. */
const SCRATCH_BYTES = 64 * 1024;
/** Worst length of a character of JSON text in UTF-8. */
const BYTES_PER_CHARACTER = 3;

/** Runs one step of a core. */
export type Through = <S, E extends AnyEvent, F extends AnyEffect>(
  step: (state: S, event: E, config: ClusterConfig) => Step<S, F>,
  state: S,
  event: E,
  config: ClusterConfig,
) => Step<S, F>;

/** For who records nothing. */
export const straight: Through = (step, state, event, config) => step(state, event, config);

export type Role = "pulse" | "agent";

/** What the head of every segment says of the process. */
export interface Identity {
  readonly role: Role;
  readonly product: string;
  readonly cluster: string;
  readonly clusterId: number;
  readonly server: string;
  readonly host: string;
  readonly pid: number;
}

/** Where segments go; takes what it is given over and never blocks. */
export interface Sink {
  /** The segment under way cannot be gone on with; a new one may be begun. */
  readonly isLost: boolean;
  /** Length of the segment under way, bytes. */
  readonly bytes: number;
  begin(segment: number, bytes: Buffer): void;
  append(bytes: Buffer): void;
  /** Everything that is not known to be written, at once. */
  flush(): void;
  /** Calls back when nothing waits to be written. */
  whenIdle(done: () => void): void;
}

export interface RecorderOptions {
  readonly identity: Identity;
  readonly sink: Sink;
  /** Wall clock, ms since 1970: for the reader's eye only. */
  readonly wallMs: () => number;
  readonly onTrouble: (text: string) => void;
  /** The core has decided to give up, and that has been taken. */
  readonly onWill?: () => void;
  /** Default: one of this process's own. */
  readonly mask?: Mask;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #mask: Mask;
  readonly #files: Sink;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #filled = 0;
  #bases: Bases = new Map();
  #config: ClusterConfig | null = null;
  #entries = 0;
  #segments = 0;
  #segmentAtMs = 0;
  #flushedAtMs = 0;
  #isOpen = false;
  #isBroken = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#mask = options.mask ?? createMask();
    this.#files = options.sink;
  }

  /** Entries taken since the start of the process. */
  get entries(): number {
    return this.#entries;
  }

  readonly through: Through = (step, state, event, config) => {
    this.#safely(() => this.#prepare(state, event.atMs, config));
    let taken: ReturnType<typeof step>;
    try {
      taken = step(state, event, config);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const threw = [{ kind: "threw", text } as AnyEffect];
      this.#safely(() => this.#keep(event, state, drawDecided(threw, this.#mask)));
      this.flush();
      throw error;
    }
    this.#safely(() => this.#keep(event, state, drawDecided(taken.effects, this.#mask)));
    return taken;
  };

  /** Writes what waits, at once: the process is about to end. */
  flush(): void {
    this.#safely(() => {
      this.#handOver();
      this.#files.flush();
    });
  }

  /** Resolves when what was taken so far is written, or lost; never rejects. */
  settle(): Promise<void> {
    this.#safely(() => this.#handOver());
    return new Promise((done) => this.#files.whenIdle(done));
  }

  /** A fault in here ends the recording and nothing else. */
  #safely(run: () => void): void {
    if (this.#isBroken) return;
    try {
      run();
    } catch (error) {
      this.#isBroken = true;
      this.#options.onTrouble(error instanceof Error ? error.message : String(error));
    }
  }

  #prepare(state: unknown, atMs: number, config: ClusterConfig): void {
    const age = atMs - this.#segmentAtMs;
    const isFull = this.#files.bytes + this.#filled >= SEGMENT_BYTES_MAX;
    const isDue = this.#files.isLost ? age >= RETRY_MS : isFull || age >= SEGMENT_MS;
    if (!this.#isOpen || isDue) return this.#begin(state, atMs, config);
    if (config === this.#config) return;
    this.#config = config;
    this.#put(toText({ config }, this.#mask));
  }

  #begin(state: unknown, atMs: number, config: ClusterConfig): void {
    this.#handOver();
    this.#isOpen = true;
    this.#segmentAtMs = atMs;
    this.#flushedAtMs = atMs;
    this.#config = config;
    this.#bases = new Map();
    const { identity, wallMs } = this.#options;
    const times = { wallMs: wallMs(), atMs, next: this.#entries + 1 };
    const head = { segment: this.#segments, ...identity, ...times, config, state };
    this.#files.begin(this.#segments, drawSegment(toText(head, this.#mask)));
    this.#segments += 1;
  }

  #keep(event: AnyEvent, state: unknown, decided: Decided): void {
    this.#entries += 1;
    if (this.#files.isLost) return;
    const told = eventText(event, state, this.#bases, this.#mask);
    const answer = decidedText(decided, (value) => toText(value, this.#mask));
    this.#put(`[${this.#entries},${told}${answer}]`);
    const isUrgent = decided.effects.length > 0;
    if (isUrgent || event.atMs - this.#flushedAtMs >= FLUSH_MS) {
      this.#flushedAtMs = event.atMs;
      this.#handOver();
    }
    if (decided.effects.some(({ kind }) => kind === "will.execute")) this.#options.onWill?.();
  }

  #put(payload: string): void {
    const bytesMax = payload.length * BYTES_PER_CHARACTER + RECORD_HEAD_BYTES;
    if (bytesMax > SCRATCH_BYTES - this.#filled) this.#handOver();
    if (bytesMax <= SCRATCH_BYTES) {
      this.#filled = putRecord(this.#scratch, this.#filled, payload);
      return;
    }
    const own = Buffer.allocUnsafe(bytesMax);
    this.#files.append(own.subarray(0, putRecord(own, 0, payload)));
  }

  #handOver(): void {
    if (this.#filled === 0) return;
    this.#files.append(Buffer.from(this.#scratch.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}
