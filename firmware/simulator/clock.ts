/**
 * Virtual time for the simulator: a heap of things to do, each at its moment, in the order of asking.
 * Intuition: most of what is due is a frame on a wire, and so it lies in the heap as it is, without a closure.
 * Source: architecture.md 4 (cores know no time but the one they are told).
 */
import type { Arrive, Frame, Spoilt } from "./wires.ts";

/** What to do: a frame that arrives, or anything else. */
interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: (() => void) | null;
  readonly arrive: Arrive | null;
  readonly frame: Frame | null;
  readonly spoilt: Spoilt;
}

export class VirtualClock {
  nowMs = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  /** Things that are still to be done. */
  get waiting(): number {
    return this.#heap.length;
  }

  /** Runs `run` at `atMs`, never before what is due earlier or was asked for earlier. */
  at(atMs: number, run: () => void): void {
    this.#order += 1;
    const dueMs = atMs > this.nowMs ? atMs : this.nowMs;
    const due: Due = {
      atMs: dueMs,
      order: this.#order,
      run,
      arrive: null,
      frame: null,
      spoilt: "no",
    };
    this.#rise(due);
  }

  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run);
  }

  /** `frame` arrives `ms` from now. */
  deliver(ms: number, arrive: Arrive, frame: Frame, spoilt: Spoilt): void {
    this.#order += 1;
    const atMs = this.nowMs + (ms > 0 ? ms : 0);
    this.#rise({ atMs, order: this.#order, run: null, arrive, frame, spoilt });
  }

  /** Things done so far. */
  get done(): number {
    return this.#order - this.#heap.length;
  }

  /** Works everything off up to `endMs`; `look` is called after each thing done. */
  runTo(endMs: number, look: () => void): void {
    const heap = this.#heap;
    for (let top = heap[0]; top !== undefined && top.atMs <= endMs; top = heap[0]) {
      this.#sink();
      this.nowMs = top.atMs;
      if (top.frame !== null && top.arrive !== null) {
        top.arrive(top.frame.to, top.frame, top.spoilt);
      } else top.run?.();
      look();
    }
    this.nowMs = endMs;
  }

  #rise(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || isBefore(parent, due)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = due;
  }

  #sink(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const goRight = right !== undefined && isBefore(right, left);
      const child = goRight ? right : left;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (goRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
