/**
 * Virtual time for the simulator: a heap of things to do, each at its moment, in the order of asking.
 * Source: architecture.md 4 (cores know no time but the one they are told).
 */

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualClock {
  nowMs = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  /** Runs `run` at `atMs`, never before what is due earlier or was asked for earlier. */
  at(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#rise({ atMs: Math.max(atMs, this.nowMs), order: this.#order, run });
  }

  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run);
  }

  /** Works everything off up to `endMs`; `look` is called after each thing done. */
  runTo(endMs: number, look: () => void): void {
    for (let top = this.#heap[0]; top !== undefined && top.atMs <= endMs; top = this.#heap[0]) {
      this.#sink();
      this.nowMs = top.atMs;
      top.run();
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
