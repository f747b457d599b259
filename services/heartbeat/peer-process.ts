/**
 * Which process of a peer is the living one: decides that a frame belongs to it, to a possible
 * successor, or to a past life.
 * Intuition: a process proves that it lives in our time by echoing our own salt, which did not exist
 * before we started. Until then it is a candidate: heard and answered, but it displaces nobody. The
 * displaced one is retired for ever.
 * Source: protocol.md 1.1 (process incarnation), reliability.md 4.3 (challenge echo).
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import { ReplayWindow } from "./replay-window.ts";

/** Unproven processes kept per peer: one real successor and one replayed ghost. */
const CANDIDATES_MAX = 2;
/** Past processes remembered per peer; an unclean peer restarts at most once in two seconds. */
const RETIRED_MAX = 256;
/** New salts per second that a peer's frames may make us derive keys for, and the burst. */
const DERIVATIONS_PER_S = 10;
const DERIVATIONS_BURST = 10;

/** What one channel of one peer process needs. */
export interface Channel {
  /** Derived from each cluster key that was tried here, by its id. */
  readonly keys: Map<string, Uint8Array>;
  /** Frame numbers go on over a change of the key. */
  readonly window: ReplayWindow;
}

export class PeerProcess {
  /** 16 hex digits. */
  readonly id: string;
  readonly salt: Uint8Array;
  /** By channel slot; filled when the channel is first used. */
  readonly channels: (Channel | undefined)[] = [];
  host: HostIncarnation | null = null;
  newestStampMs = 0;
  /** Newest of our stamps that it has told us it heard; null = none. */
  heardOursMs: number | null = null;
  /** Agent's words in the frame that was opened last. */
  blob: Uint8Array = new Uint8Array(0);
  /** Channel slots on which our next frame echoes this process although it is a candidate. */
  echoSlots = 0;

  constructor(id: string, salt: Uint8Array) {
    this.id = id;
    this.salt = salt;
  }

  channel(slot: number): Channel {
    let channel = this.channels[slot];
    if (channel === undefined) {
      channel = { keys: new Map(), window: new ReplayWindow() };
      this.channels[slot] = channel;
    }
    return channel;
  }
}

/** All that is known of one peer's processes. */
export class PeerProcesses {
  current: PeerProcess | null = null;
  /** Id of the cluster key under which the newest frame of the peer was opened; null = none was. */
  heardKey: string | null = null;
  /** Newest first. */
  #candidates: PeerProcess[] = [];
  /** In order of retirement. */
  readonly #retired = new Set<string>();
  #derivations = DERIVATIONS_BURST;
  #derivationsAtMs = 0;

  /** The known process whose salt lies in `frame` at `saltAt`. */
  find(frame: Uint8Array, saltAt: number): PeerProcess | null {
    if (this.current !== null && isSaltAt(this.current.salt, frame, saltAt)) return this.current;
    for (const candidate of this.#candidates) {
      if (isSaltAt(candidate.salt, frame, saltAt)) return candidate;
    }
    return null;
  }

  isRetired(id: string): boolean {
    return this.#retired.has(id);
  }

  /** Takes one derivation from the budget; false = spent, the frame stays unopened. */
  mayDerive(atMs: number): boolean {
    const elapsedMs = Math.max(0, atMs - this.#derivationsAtMs);
    const refilled = this.#derivations + (elapsedMs * DERIVATIONS_PER_S) / 1000;
    this.#derivations = Math.min(DERIVATIONS_BURST, refilled);
    this.#derivationsAtMs = atMs;
    if (this.#derivations < 1) return false;
    this.#derivations -= 1;
    return true;
  }

  /**
   * Books an authentic frame of `process`. `echoes`: it carries our salt. `heardStampMs`: newest of our stamps
   * that it has heard; null = none, undefined = a frame of a kind that does not say so. Returns whether the process
   * is proven, or `past` for one of the current host that is older than the current process.
   *
   * An echo says that it lived while we did, not that it lives: of two boots the later one has heard later words
   * of ours. What a queue or a recorder gives back of an earlier boot displaces nobody (S7).
   */
  hear(
    process: PeerProcess,
    echoes: boolean,
    host: HostIncarnation,
    stampMs: number,
    heardStampMs: number | null | undefined,
  ): "proven" | "unproven" | "past" {
    const isCurrent = process === this.current;
    if (!isCurrent && this.current?.host === host && stampMs < this.current.newestStampMs) {
      return "past";
    }
    process.host = host;
    process.newestStampMs = Math.max(process.newestStampMs, stampMs);
    if (heardStampMs != null) {
      process.heardOursMs = Math.max(process.heardOursMs ?? heardStampMs, heardStampMs);
    }
    if (isCurrent) return "proven";
    if (echoes && !this.#mayBeEarlierBoot(process, heardStampMs)) {
      this.#becomeCurrent(process);
      return "proven";
    }
    // One echo per channel and frame: a replayed ghost cannot take the living one's echo away.
    process.echoSlots = ~0;
    const others = this.#candidates.filter((other) => other !== process);
    this.#candidates = [process, ...others].slice(0, CANDIDATES_MAX);
    return "unproven";
  }

  /** The serial line does not say what it heard; nothing there holds words back for a whole boot. */
  #mayBeEarlierBoot(process: PeerProcess, heardStampMs: number | null | undefined): boolean {
    if (heardStampMs === undefined || this.current === null) return false;
    if (this.current.host === process.host) return false;
    // Who lives hears more soon; what was held back never does, so of two that heard nothing the first one stays.
    const heardMs = this.current.heardOursMs ?? Number.NEGATIVE_INFINITY;
    return heardStampMs === null || heardStampMs <= heardMs;
  }

  /** Drops what was derived from cluster keys that are not in `ids`. */
  keepKeys(ids: ReadonlySet<string>): void {
    const all = this.current === null ? this.#candidates : [this.current, ...this.#candidates];
    for (const { channels } of all) {
      for (const channel of channels) if (channel !== undefined) keepOnly(channel.keys, ids);
    }
    if (this.heardKey !== null && !ids.has(this.heardKey)) this.heardKey = null;
  }

  /** Salt that our next frame in `slot` echoes, null when no process of the peer was heard. */
  takeEcho(slot: number): Uint8Array | null {
    for (const candidate of this.#candidates) {
      if ((candidate.echoSlots & (1 << slot)) === 0) continue;
      candidate.echoSlots &= ~(1 << slot);
      return candidate.salt;
    }
    return (this.current ?? this.#candidates[0])?.salt ?? null;
  }

  #becomeCurrent(process: PeerProcess): void {
    if (this.current !== null) this.#retired.add(this.current.id);
    for (const oldest of this.#retired) {
      if (this.#retired.size <= RETIRED_MAX) break;
      this.#retired.delete(oldest);
    }
    this.#candidates = this.#candidates.filter((other) => other !== process);
    process.echoSlots = 0;
    this.current = process;
  }
}

/** Removes the entries of all other ids. */
export function keepOnly(keys: Map<string, Uint8Array>, ids: ReadonlySet<string>): void {
  for (const id of keys.keys()) if (!ids.has(id)) keys.delete(id);
}

function isSaltAt(salt: Uint8Array, frame: Uint8Array, at: number): boolean {
  for (let i = 0; i < salt.length; i += 1) {
    if (salt[i] !== frame[at + i]) return false;
  }
  return true;
}
