/**
 * The wires between the servers of the simulator: the configured LANs between all of them and a serial line
 * between two. Bytes travel; every direction of every link has faults of its own (cut, loss, delay, jitter,
 * damage, copies, old frames once more) and its own stream of chance, so that dropping one fault from a plan
 * does not move what all the others meet. Source: reliability.md 2.2-2.3; R1-R5.
 */
import { Prng } from "../../hal/base/prng.ts";
import type { Beat } from "../../services/heartbeat/beat.ts";
import type { VirtualClock } from "./clock.ts";

/** The serial line; LAN paths are numbered from 0 and a beat can name 16 of them. */
export const COM = 16;

/** A frame as it was sealed; the receiver reads `bytes` and nothing else. */
export interface Frame {
  readonly path: number;
  readonly from: number;
  readonly to: number;
  /** What was sealed, for checks and for faults that choose by content. */
  readonly beat: Beat;
  /** Number of the sending process. */
  readonly process: number;
  /** Datagram, or what goes on the serial line with its delimiters. */
  readonly bytes: Uint8Array;
}

/** How a frame arrives: as it was sent, or so altered that its tag or its version does not fit. */
export type Spoilt = "no" | "tag" | "version";

/** Lets `sent` arrive `laterMs` after its time; may be called any number of times, now or later. */
export type Pass = (sent: Frame, laterMs: number, spoilt?: Spoilt) => void;

/** Faults of one direction of one path between two servers. */
export interface Wire {
  cut: boolean;
  loss: number;
  /** Added to every frame, ms. */
  delayMs: number;
  /** Up to this much more at random, so that frames overtake each other, ms. */
  jitterMs: number;
  /** Frames arrive, but their tag does not fit. */
  garbled: boolean;
  /** Share of frames in which a bit is turned over. */
  damage: number;
  /** Share of frames that end early. */
  truncate: number;
  /** Share of frames that arrive twice. */
  copies: number;
  /** Share of frames behind which a recorded old one arrives. */
  replay: number;
  /** Share of frames before which noise stands on the wire; a LAN carries it as a datagram of its own. */
  noise: number;
  /** Longer frames vanish, bytes. */
  bytesMax: number;
  /** Takes every frame instead of the wire and decides what arrives; null = nobody does. */
  tamper: ((frame: Frame, pass: Pass) => void) | null;
  /** Moment of the newest change; a perfect wire has been perfect since. */
  changedAtMs: number;
}

/** `spoilt`: to be altered so before the receiver opens it. */
export type Arrive = (to: number, frame: Frame, spoilt: Spoilt) => void;

/** Every so many frames one is kept, and so many are kept, to be played back. */
const RECORD_EVERY = 32;
const RECORDS_MAX = 8;
const NOISE_BYTES_MAX = 40;
/** From the original to its copy or to the old frame behind it, at most, ms. */
const ECHO_MS = 40;

interface Link {
  readonly wire: Wire;
  readonly random: Prng;
  isPerfect: boolean;
  sent: number;
  readonly records: Frame[];
}

export class Wires {
  /** The LANs in configuration order, then the serial line. */
  readonly paths: readonly number[];
  readonly #servers: number;
  readonly #links: readonly (Link | null)[][];
  readonly #clock: VirtualClock;
  readonly #arrive: Arrive;

  constructor(
    servers: number,
    lanCount: number,
    clock: VirtualClock,
    seed: number,
    arrive: Arrive,
  ) {
    this.#servers = servers;
    this.#clock = clock;
    this.#arrive = arrive;
    this.paths = [...Array.from({ length: lanCount }, (_, path) => path), COM];
    const links: (Link | null)[][] = [];
    for (const path of this.paths) {
      links[path] = Array.from({ length: servers * servers }, (_, at) => {
        const from = Math.floor(at / servers);
        const to = at % servers;
        return from === to ? null : newLink(seed, path, from, to);
      });
    }
    this.#links = links;
  }

  /** `baseMs`: the time the medium takes at its best. */
  send(frame: Frame, baseMs: number): void {
    const link = this.#link(frame.path, frame.from, frame.to);
    if (link === null) return;
    link.sent += 1;
    if (link.sent % RECORD_EVERY === 1) record(link, frame);
    // Half a millisecond of scheduling at most, where nothing else delays it.
    const lateMs = (link.random.u32() / 2 ** 32) * 0.5;
    if (link.isPerfect) return this.#clock.deliver(baseMs + lateMs, this.#arrive, frame, "no");
    this.#sendFaulty(link, frame, baseMs + lateMs);
  }

  /** Everything that `from` sends on `path`. Faults that are not named are gone. */
  change(path: number, from: number, faults: Partial<Wire>): void {
    for (let to = 0; to < this.#servers; to += 1) this.changeLink(path, from, to, faults);
  }

  /** What `from` sends to `to` on `path`. Faults that are not named are gone. */
  changeLink(path: number, from: number, to: number, faults: Partial<Wire>): void {
    const link = this.#link(path, from, to);
    if (link === null) return;
    Object.assign(link.wire, perfect(), faults, { changedAtMs: this.#clock.nowMs });
    link.isPerfect = isPerfect(link.wire);
  }

  /** The wire as it is; null = there is none. */
  at(path: number, from: number, to: number): Readonly<Wire> | null {
    return this.#link(path, from, to)?.wire ?? null;
  }

  /** Frames that `from` has sent to `to` on `path`, as far as the wire has kept them. */
  recordsOf(path: number, from: number, to: number): readonly Frame[] {
    return this.#link(path, from, to)?.records ?? [];
  }

  /** All directions of `path` have been without fault for `ms`. */
  isCleanFor(path: number, ms: number): boolean {
    const sinceMs = this.#clock.nowMs - ms;
    return this.#of(path).every(({ wire, isPerfect: is }) => is && wire.changedAtMs <= sinceMs);
  }

  /** Some frames arrive that nobody can authenticate. */
  get isGarbled(): boolean {
    return this.paths.some((path) => this.#of(path).some(({ wire }) => wire.garbled));
  }

  /** Some LAN has been without fault for `ms`. */
  isLanCleanFor(ms: number): boolean {
    return this.paths.some((path) => path !== COM && this.isCleanFor(path, ms));
  }

  /** Restores every wire. */
  heal(): void {
    for (const path of this.paths) {
      for (let from = 0; from < this.#servers; from += 1) this.change(path, from, {});
    }
  }

  #sendFaulty({ wire, random, records }: Link, frame: Frame, baseMs: number): void {
    const jitterMs = (random.u32() / 2 ** 32) * wire.jitterMs;
    if (wire.cut || random.chance(wire.loss) || frame.bytes.length > wire.bytesMax) return;
    const delayMs = baseMs + wire.delayMs + jitterMs;
    const pass: Pass = (sent, laterMs, spoilt = "no") =>
      this.#clock.deliver(delayMs + laterMs, this.#arrive, sent, wire.garbled ? "tag" : spoilt);
    if (wire.tamper !== null) return wire.tamper(frame, pass);
    if (random.chance(wire.noise)) {
      pass({ ...frame, bytes: random.bytes(1 + random.below(NOISE_BYTES_MAX)) }, 0);
    }
    let { bytes } = frame;
    if (random.chance(wire.damage)) {
      bytes = new Uint8Array(bytes);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    if (random.chance(wire.truncate)) bytes = bytes.slice(0, random.below(bytes.length));
    const sent = bytes === frame.bytes ? frame : { ...frame, bytes };
    pass(sent, 0);
    if (random.chance(wire.copies)) pass(sent, random.below(ECHO_MS));
    const old = records[random.below(Math.max(1, records.length))];
    if (old !== undefined && random.chance(wire.replay)) pass(old, random.below(ECHO_MS));
  }

  #of(path: number): readonly Link[] {
    return (this.#links[path] ?? []).filter((link) => link !== null);
  }

  #link(path: number, from: number, to: number): Link | null {
    return this.#links[path]?.[from * this.#servers + to] ?? null;
  }
}

export const isPerfect = (wire: Wire): boolean =>
  !wire.cut &&
  wire.loss === 0 &&
  wire.delayMs === 0 &&
  wire.jitterMs === 0 &&
  !wire.garbled &&
  wire.damage === 0 &&
  wire.truncate === 0 &&
  wire.copies === 0 &&
  wire.replay === 0 &&
  wire.noise === 0 &&
  wire.bytesMax === Number.POSITIVE_INFINITY &&
  wire.tamper === null;

/** A frame that was sent once; the older half stays, so that words of an earlier life are among them. */
function record(link: Link, frame: Frame): void {
  const { records, sent } = link;
  if (records.length < RECORDS_MAX) records.push(frame);
  else records[RECORDS_MAX / 2 + (Math.floor(sent / RECORD_EVERY) % (RECORDS_MAX / 2))] = frame;
}

function newLink(seed: number, path: number, from: number, to: number): Link {
  const key = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ ((path << 16) | (from << 8) | to);
  const random = new Prng(Math.imul(key, 0xc2b2ae35));
  return { wire: perfect(), random, isPerfect: true, sent: 0, records: [] };
}

const perfect = (): Wire => ({
  cut: false,
  loss: 0,
  delayMs: 0,
  jitterMs: 0,
  garbled: false,
  damage: 0,
  truncate: 0,
  copies: 0,
  replay: 0,
  noise: 0,
  bytesMax: Number.POSITIVE_INFINITY,
  tamper: null,
  changedAtMs: Number.NEGATIVE_INFINITY,
});
