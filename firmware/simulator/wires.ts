/**
 * The wires between the two servers: the configured LANs and a serial line, with cuts per direction, loss,
 * delay, jitter and reorder, and the proof of life that the seal adds to every frame (services/heartbeat/seal.ts): a frame
 * is proven when it echoes the receiver's own process, and a displaced process is never heard again.
 */

import type { HostIncarnation } from "../../hal/base/ids.ts";
import type { Prng } from "../../hal/base/prng.ts";
import type { Beat } from "../../services/heartbeat/beat.ts";
import type { VirtualClock } from "./clock.ts";

/** The serial line; LAN paths are numbered from 0 and a beat can name 16 of them. */
export const COM = 16;

export interface Frame {
  readonly path: number;
  readonly beat: Beat;
  readonly process: number;
  /** Process of the receiver that the sender heard last; 0 = none. */
  readonly echo: number;
}

export type Heard = "proven" | "unproven" | "past";

/** One receiver's view of its peer's processes, as PeerProcesses keeps it. */
export class Proof {
  current: { readonly process: number; readonly host: HostIncarnation } | null = null;
  #candidate = 0;
  /** Paths on which the next frame asks the candidate for its proof. */
  #asks = new Set<number>();
  #newestStampMs = 0;
  readonly #retired = new Set<number>();
  readonly #paths: readonly number[];

  constructor(paths: readonly number[]) {
    this.#paths = paths;
  }

  /** What the next frame on `path` echoes; a candidate is asked for its proof first. */
  takeEcho(path: number): number {
    if (this.#candidate !== 0 && this.#asks.delete(path)) return this.#candidate;
    return this.current?.process ?? this.#candidate;
  }

  hear(frame: Frame, self: number): Heard {
    const { process, beat } = frame;
    if (this.#retired.has(process)) return "past";
    const isCurrent = this.current?.process === process;
    if (!isCurrent && this.current?.host === beat.host && beat.stampMs < this.#newestStampMs) {
      return "past";
    }
    if (isCurrent) this.#newestStampMs = Math.max(this.#newestStampMs, beat.stampMs);
    if (isCurrent) return "proven";
    if (frame.echo === self) {
      if (this.current !== null) this.#retired.add(this.current.process);
      this.current = { process, host: beat.host };
      this.#newestStampMs = beat.stampMs;
      if (this.#candidate === process) this.#candidate = 0;
      return "proven";
    }
    this.#candidate = process;
    for (const path of this.#paths) this.#asks.add(path);
    return "unproven";
  }
}

/** Faults of one direction of one path. */
export interface Wire {
  cut: boolean;
  loss: number;
  /** Added to every frame, ms. */
  delayMs: number;
  /** Up to this much more at random, so that frames overtake each other, ms. */
  jitterMs: number;
  /** Frames arrive, but their tag does not fit. */
  garbled: boolean;
  /** Moment of the newest change; a perfect wire has been perfect since. */
  changedAtMs: number;
}

export class Wires {
  /** The LANs in configuration order, then the serial line. */
  readonly paths: readonly number[];
  readonly #wires: ReadonlyMap<number, readonly Wire[]>;
  readonly #clock: VirtualClock;
  readonly #random: Prng;
  readonly #arrive: (to: number, frame: Frame, garbled: boolean) => void;

  constructor(
    lanCount: number,
    clock: VirtualClock,
    random: Prng,
    arrive: (to: number, frame: Frame, garbled: boolean) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#arrive = arrive;
    this.paths = [...Array.from({ length: lanCount }, (_, path) => path), COM];
    this.#wires = new Map(this.paths.map((path) => [path, [perfect(), perfect()]]));
  }

  /** A frame to the other server on `path`; `baseMs`: the time the medium takes at its best. */
  send(from: number, frame: Frame, baseMs: number): void {
    const wire = this.#wires.get(frame.path)?.[from];
    if (wire === undefined || wire.cut || this.#random.chance(wire.loss)) return;
    const jitterMs = this.#random.below(1000) / 1000;
    const delayMs = baseMs + wire.delayMs + jitterMs * (0.5 + wire.jitterMs);
    this.#clock.after(delayMs, () => this.#arrive(1 - from, frame, wire.garbled));
  }

  change(path: number, from: number, faults: Partial<Wire>): void {
    const wire = this.#wires.get(path)?.[from];
    if (wire === undefined) return;
    Object.assign(wire, perfect(), faults, { changedAtMs: this.#clock.nowMs });
  }

  /** Both directions of `path` have been without fault for `ms`. */
  isCleanFor(path: number, ms: number): boolean {
    const both = this.#wires.get(path) ?? [];
    return both.every((wire) => isPerfect(wire) && this.#clock.nowMs - wire.changedAtMs >= ms);
  }

  /** Some frames arrive that nobody can authenticate. */
  get isGarbled(): boolean {
    return [...this.#wires.values()].some((both) => both.some((wire) => wire.garbled));
  }

  /** Some LAN has been without fault for `ms`. */
  isLanCleanFor(ms: number): boolean {
    return this.paths.some((path) => path !== COM && this.isCleanFor(path, ms));
  }

  /** Restores every wire. */
  heal(): void {
    for (const path of this.paths) for (const from of [0, 1]) this.change(path, from, {});
  }
}

export const isPerfect = (wire: Wire): boolean =>
  !wire.cut && wire.loss === 0 && wire.delayMs === 0 && wire.jitterMs === 0 && !wire.garbled;

const perfect = (): Wire => ({
  cut: false,
  loss: 0,
  delayMs: 0,
  jitterMs: 0,
  garbled: false,
  changedAtMs: Number.NEGATIVE_INFINITY,
});
