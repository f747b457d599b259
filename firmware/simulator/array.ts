/**
 * The arbitration array of the simulator and one disk process per server: one operation at a time, none
 * overtaken, and the faults that arrays have: stall with late completion, error, torn write.
 * Intuition: a write is on the medium at some moment between question and answer, or without an answer.
 * Source: protocol.md 1.5 (claim 2), P6; D5.
 */
import type { Prng } from "../../hal/base/prng.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import type { VirtualClock } from "./clock.ts";

type Order = Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>;
export type DiskFault = "none" | "stall" | "error" | "torn" | "slow" | "stale";
type Answer = Extract<PulseEvent, { kind: "disk.answered" }>;

/** Blocks by server; what was last whole on the medium. */
export class SwarmArray {
  readonly blocks: (SlotWord | null)[] = [null, null];
  /** Every word that has stood there, as a mirror or cache may put it back for a reader. */
  readonly former: SlotWord[][] = [[], []];
}

interface Operation {
  readonly order: Order;
  readonly answer: (answer: Answer) => void;
  /** The pulse that asked is still there. */
  live: boolean;
}

/** Worst time of one healthy operation: a claim of two stays below D, and an array is not slower. */
const HEALTHY_MAX_MS = 15;
const HEALTHY_SHARE_OF_CLAIM = 3 / 8;

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

  /** `claimMs`: D, one write and one read. */
  constructor(array: SwarmArray, self: number, claimMs: number, clock: VirtualClock, random: Prng) {
    this.#healthyMs = Math.min(HEALTHY_MAX_MS, Math.floor(claimMs * HEALTHY_SHARE_OF_CLAIM));
    this.#array = array;
    this.#self = self;
    this.#clock = clock;
    this.#random = random;
  }

  submit(order: Order, answer: (answer: Answer) => void): void {
    this.#queue.push({ order, answer, live: true });
    this.#next();
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
    if (busy !== null && this.#stalled !== null) {
      if (this.#random.chance(0.5)) {
        const resume = this.#stalled;
        this.#stalled = () => {
          resume();
          done?.();
        };
        return;
      }
      if (this.#random.chance(0.5)) this.#land(busy.order);
    }
    this.#busy = null;
    this.#stalled = null;
    done?.();
  }

  /** Power is gone: a write under way has landed or has not. */
  cutPower(): void {
    const busy = this.#busy;
    if (busy !== null && this.#stalled === null && this.#random.chance(0.3)) this.#land(busy.order);
    this.orphan();
    this.#busy = null;
    this.#stalled = null;
  }

  setFault(fault: DiskFault): void {
    this.fault = fault;
    const stalled = this.#stalled;
    if (fault === "stall" || stalled === null) return;
    this.#stalled = null;
    stalled();
  }

  #next(): void {
    if (this.#busy !== null) return;
    const operation = this.#queue.shift();
    if (operation === undefined) return;
    this.#busy = operation;
    const slow = this.fault === "slow";
    const tookMs = slow ? 20 + this.#random.below(1500) : 0.2 + this.#random.below(this.#healthyMs);
    const landsMs = (tookMs * this.#random.below(1000)) / 1000;
    this.#clock.after(landsMs, () => this.#reach(operation, tookMs - landsMs));
  }

  /** The moment at which the medium is touched. */
  #reach(operation: Operation, restMs: number): void {
    if (this.#busy !== operation) return;
    if (this.fault === "stall") {
      this.#stalled = () => this.#reach(operation, restMs);
      return;
    }
    const write = operation.order.kind === "claim.write";
    const failed =
      this.fault === "error" || (this.fault === "torn" && write && this.#random.chance(0.7));
    const lands = !failed || (write && this.fault === "torn" && this.#random.chance(0.5));
    const claim = lands ? this.#land(operation.order) : null;
    this.#clock.after(restMs, () => this.#end(operation, !failed, claim));
  }

  #land(order: Order): SlotWord | null {
    if (order.kind === "claim.write") {
      this.#array.blocks[this.#self] = order.claim;
      if (order.claim !== null) this.#array.former[this.#self]?.push(order.claim);
      return order.claim;
    }
    const former = this.#array.former[order.server] ?? [];
    const old = former[this.#random.below(Math.max(1, former.length))];
    if (this.fault === "stale" && this.#random.chance(0.5)) return old ?? null;
    return this.#array.blocks[order.server] ?? null;
  }

  #end(operation: Operation, ok: boolean, claim: SlotWord | null): void {
    if (this.#busy !== operation) return;
    this.#busy = null;
    const { order } = operation;
    const op = order.kind === "claim.write" ? "write" : "read";
    const error = ok ? "" : "EIO";
    if (operation.live) {
      operation.answer({ kind: "disk.answered", atMs: 0, id: order.id, op, ok, claim, error });
    }
    this.#next();
  }
}
