/**
 * The arbitration array of the simulator and one disk process per server: one operation at a time, none
 * overtaken, and the faults that arrays have. Intuition: a write is on the medium at some moment between
 * question and answer, or without an answer; a reading is what the path says, not what is there.
 * The disk process knows its slots (firmware/disk/slots.ts): what is not a signed block of the server it asked
 * about is an error and never "no claim". Source: protocol.md 1.5 (claim 2), 1.6, P6; D5; reliability.md 2.3.
 */
import type { Prng } from "../../hal/base/prng.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import type { VirtualClock } from "./clock.ts";

type Order = Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>;
type Answer = Extract<PulseEvent, { kind: "disk.answered" }>;

/**
 * Faults of one server's path. `stall`: nothing is answered, what waits is done when the stall ends.
 * `write-stall`: reads go on meanwhile. `error`, `read-only`, `write-only`: everything, every write, every
 * reading fails. `torn`: a write fails and may have landed. `slow`: up to 1.5 s. `stale`: an old word of the
 * other one is read, whole and signed. `lost`: a write is answered and did not land. `misplaced`: a write
 * lands in the other server's slot. `ghost`: a write is answered with an error and lands seconds later.
 */
export const DISK_FAULTS = [
  "none",
  "stall",
  "write-stall",
  "error",
  "read-only",
  "write-only",
  "torn",
  "slow",
  "stale",
  "lost",
  "misplaced",
  "ghost",
] as const;
export type DiskFault = (typeof DISK_FAULTS)[number];

/** What a slot holds instead of a block of its server: zeros, or a block of another cluster. */
export type Spoil = "wiped" | "foreign";

/** A write that has reached the medium. */
export interface Landed {
  readonly by: number;
  readonly slot: number;
  readonly word: SlotWord | null;
  readonly order: Order;
}

/** What stands in a slot, and which write of its server that was. */
export interface Written {
  readonly word: SlotWord | null;
  readonly serial: number;
}

/** Blocks by server; what was last whole on the medium. */
export class SwarmArray {
  readonly blocks: (SlotWord | null)[];
  /** Every word that has stood there, as a mirror or cache may put it back for a reader. */
  readonly former: (SlotWord | null)[][];
  /** Slots that nobody can read as one of ours. */
  readonly spoilt = new Map<number, Spoil>();
  /** Slots that somebody wrote over once: whoever still knows where its own next write goes heals its own. */
  readonly overwritten = new Map<number, Spoil>();
  readonly #serials: number[] = [];
  /** Writes that reached the medium after their server had been told that they failed. */
  lateWrites = 0;
  /** Called with every write that reaches the medium. */
  onLanded: (landed: Landed) => void = () => undefined;

  constructor(servers = 2) {
    this.blocks = Array.from({ length: servers }, () => null);
    this.former = Array.from({ length: servers }, () => []);
  }

  /** `serial`: counts the writes of `by`; of two copies a reader takes the newer one (claim.ts). */
  land(by: number, slot: number, order: Order, serial: number): void {
    if (order.kind !== "claim.write") return;
    const word = order.claim;
    // A block that names another server is read as nobody's.
    if (by !== slot) this.spoilt.set(slot, "foreign");
    const isNewest = by === slot && serial >= (this.#serials[slot] ?? 0);
    if (by !== slot || isNewest) this.onLanded({ by, slot, word, order });
    if (!isNewest) return;
    this.#serials[slot] = serial;
    this.blocks[slot] = word;
    this.former[slot]?.push(word);
  }

  /** Where a write lands that goes astray: in another server's slot. */
  next(slot: number): number {
    return (slot + 1) % this.blocks.length;
  }

  standing(slot: number): Written {
    return { word: this.blocks[slot] ?? null, serial: this.#serials[slot] ?? 0 };
  }

  /** An old copy, correctly signed, stands in the slot again; the next write of its server goes over it. */
  putBack(slot: number, { word, serial }: Written): void {
    this.blocks[slot] = word;
    this.#serials[slot] = serial;
  }

  /** Every slot as it was `writes` words ago: a snapshot of the whole array is put back. */
  rollBack(writes: number): void {
    for (const [slot, former] of this.former.entries()) {
      this.blocks[slot] = former[former.length - 1 - writes] ?? null;
    }
  }
}

interface Operation {
  readonly order: Order;
  readonly serial: number;
  readonly answer: (answer: Answer) => void;
  /** The pulse that asked is still there. */
  live: boolean;
}

interface Reached {
  readonly ok: boolean;
  readonly claim: SlotWord | null;
  readonly error: string;
}

/** Worst time of one healthy operation: a claim of two stays below D, and an array is not slower. */
const HEALTHY_MAX_MS = 15;
const HEALTHY_SHARE_OF_CLAIM = 3 / 8;
const SLOW_MAX_MS = 1500;
/** A write that was given up by everybody may still be in the array's cache for so long. */
const GHOST_MAX_MS = 4000;

export class SwarmDisk {
  fault: DiskFault = "none";
  readonly #array: SwarmArray;
  readonly #self: number;
  readonly #clock: VirtualClock;
  readonly #random: Prng;
  readonly #healthyMs: number;
  #queue: Operation[] = [];
  #busy: Operation | null = null;
  #stalled: (() => void) | null = null;
  #serial = 0;
  /** What the array was asked before a stall is carried out at its end, although the server is off. */
  landsLate = false;
  #late: Operation[] = [];
  /** The disk process is stopped by a signal; only its end helps. */
  #isStopped = false;
  /** The process has read its own slot since the last trouble, so that it may write on there (claim 2). */
  #knowsOwn = false;
  /** Newest write seen in each slot in this boot: who has seen a later one believes none before it. */
  readonly #seen = new Map<number, number>();

  /** `claimMs`: D, one write and one read. */
  constructor(array: SwarmArray, self: number, claimMs: number, clock: VirtualClock, random: Prng) {
    this.#healthyMs = Math.min(HEALTHY_MAX_MS, Math.floor(claimMs * HEALTHY_SHARE_OF_CLAIM));
    this.#array = array;
    this.#self = self;
    this.#clock = clock;
    this.#random = random;
  }

  /** Operations that wait or are under way. */
  get waiting(): number {
    return this.#queue.length + (this.#busy === null ? 0 : 1);
  }

  submit(order: Order, answer: (answer: Answer) => void): void {
    this.#serial += 1;
    this.#queue.push({ order, serial: this.#serial, answer, live: true });
    this.#next();
  }

  /** The process gets no processor until it is killed; the one after it runs. */
  stop(): void {
    this.#isStopped = true;
  }

  /** The pulse died: nobody waits for the answers, but what is under way goes on. */
  orphan(): void {
    this.#queue = [];
    if (this.#busy !== null) this.#busy.live = false;
  }

  /** The disk process is ended; `done`: a new one may start. A write may still have landed. */
  kill(done: (() => void) | null): void {
    this.orphan();
    const busy = this.#busy;
    this.#knowsOwn = false;
    if (this.#isStopped) this.#isStopped = false;
    else if (busy !== null && this.#stalled !== null && this.landsLate) this.#late.push(busy);
    else if (busy !== null && this.#stalled !== null) {
      if (this.#random.chance(0.5)) {
        const resume = this.#stalled;
        this.#stalled = () => {
          resume();
          done?.();
        };
        return;
      }
      if (this.#random.chance(0.5)) this.#land(busy);
    }
    this.#busy = null;
    this.#stalled = null;
    done?.();
  }

  /** Power is gone: a write under way has landed or has not. */
  cutPower(): void {
    const busy = this.#busy;
    if (busy !== null && this.#stalled === null && this.#random.chance(0.3)) this.#land(busy);
    if (busy !== null && this.#stalled !== null && this.landsLate) this.#late.push(busy);
    this.#isStopped = false;
    this.#knowsOwn = false;
    this.#seen.clear();
    this.orphan();
    this.#busy = null;
    this.#stalled = null;
  }

  setFault(fault: DiskFault): void {
    this.fault = fault;
    const stalled = this.#stalled;
    if (fault === "stall" || fault === "write-stall") return;
    for (const late of this.#late.splice(0)) {
      this.#array.lateWrites += 1;
      this.#land(late);
    }
    if (stalled === null || this.#isStopped) return;
    this.#stalled = null;
    stalled();
  }

  #next(): void {
    if (this.#busy !== null) return;
    const operation = this.#queue.shift();
    if (operation === undefined) return;
    this.#busy = operation;
    const slow = this.fault === "slow";
    const tookMs = slow
      ? 20 + this.#random.below(SLOW_MAX_MS)
      : 0.2 + this.#random.below(this.#healthyMs);
    const landsMs = (tookMs * this.#random.below(1000)) / 1000;
    this.#clock.after(landsMs, () => this.#reach(operation, tookMs - landsMs));
  }

  /** The moment at which the medium is touched. */
  #reach(operation: Operation, restMs: number): void {
    if (this.#busy !== operation) return;
    const isWrite = operation.order.kind === "claim.write";
    if (this.#isStopped || this.fault === "stall" || (this.fault === "write-stall" && isWrite)) {
      this.#stalled = () => this.#reach(operation, restMs);
      return;
    }
    const reached = isWrite ? this.#write(operation) : this.#read(operation.order);
    this.#clock.after(restMs, () => this.#end(operation, reached));
  }

  #write(operation: Operation): Reached {
    const { order, serial } = operation;
    const word = order.kind === "claim.write" ? order.claim : null;
    const done: Reached = { ok: true, claim: word, error: "" };
    const failed: Reached = { ok: false, claim: null, error: "EIO" };
    const spoil = this.#array.spoilt.get(this.#self);
    if (spoil !== undefined) return { ...failed, error: `own slot is ${spoil}` };
    const over = this.#array.overwritten.get(this.#self);
    if (over !== undefined && !this.#knowsOwn) return { ...failed, error: `own slot is ${over}` };
    switch (this.fault) {
      case "error":
      case "read-only":
        return failed;
      case "torn":
        if (!this.#random.chance(0.7)) break;
        if (this.#random.chance(0.5)) this.#land(operation);
        return failed;
      case "ghost":
        this.#clock.after(this.#random.below(GHOST_MAX_MS), () => {
          this.#array.lateWrites += 1;
          this.#land(operation);
        });
        return failed;
      case "lost":
        return done;
      case "misplaced":
        this.#array.land(this.#self, this.#array.next(this.#self), order, serial);
        return done;
      default:
        break;
    }
    this.#land(operation);
    return done;
  }

  #read(order: Order): Reached {
    const slot = order.kind === "claim.read" ? order.server : this.#self;
    const spoil = this.#array.spoilt.get(slot) ?? this.#array.overwritten.get(slot);
    if (spoil !== undefined) return { ok: false, claim: null, error: `slot ${slot} is ${spoil}` };
    if (this.fault === "error" || this.fault === "write-only") {
      return { ok: false, claim: null, error: "EIO" };
    }
    const former = this.#array.former[slot] ?? [];
    const old = former[this.#random.below(Math.max(1, former.length))];
    if (this.fault === "stale") {
      if (this.#random.chance(0.5)) return { ok: true, claim: old ?? null, error: "" };
    }
    const { word, serial } = this.#array.standing(slot);
    if (slot !== this.#self) {
      if (serial < (this.#seen.get(slot) ?? 0)) {
        return { ok: false, claim: null, error: `slot ${slot} shows an old copy` };
      }
      this.#seen.set(slot, serial);
    }
    return { ok: true, claim: word, error: "" };
  }

  #land({ order, serial }: Operation): void {
    this.#array.overwritten.delete(this.#self);
    this.#array.land(this.#self, this.#self, order, serial);
  }

  #end(operation: Operation, { ok, claim, error }: Reached): void {
    if (this.#busy !== operation) return;
    if (this.#isStopped) {
      this.#stalled = () => this.#end(operation, { ok, claim, error });
      return;
    }
    this.#busy = null;
    const { order } = operation;
    // Trouble makes it look at its own slot again before it writes.
    const isOwn = order.kind === "claim.write" || order.server === this.#self;
    this.#knowsOwn = ok ? this.#knowsOwn || isOwn : this.#knowsOwn && error !== "EIO";
    const op = order.kind === "claim.write" ? "write" : "read";
    if (operation.live) {
      operation.answer({ kind: "disk.answered", atMs: 0, id: order.id, op, ok, claim, error });
    }
    this.#next();
  }
}
