/**
 * Time that moves only when told: the timer of emulators, simulator and tests.
 * Intuition: due calls run in order of time, then of arrival, so the same inputs give the same run.
 * Source: style.md 34 (no sleeping).
 */
import type { After } from "./clock.ts";

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class Timeline {
  #nowMs = 0;
  #order = 0;
  #entries: Entry[] = [];

  /** Milliseconds since this timeline was made. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** Same contract as the real timer; an arrow so that it can be handed over as a value. */
  readonly after: After = (delayMs, run) => {
    const entry: Entry = { dueMs: this.#nowMs + delayMs, order: this.#order, run };
    this.#order += 1;
    this.#entries.push(entry);
    return () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  };

  /** Lets `durationMs` pass and runs everything that falls due, also what that work schedules. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (let entry = this.#next(endMs); entry !== null; entry = this.#next(endMs)) {
      this.#nowMs = entry.dueMs;
      entry.run();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Entry | null {
    let first: Entry | null = null;
    for (const entry of this.#entries) {
      if (entry.dueMs > endMs) continue;
      const isEarlier = first === null || entry.dueMs < first.dueMs;
      if (isEarlier || (entry.dueMs === first?.dueMs && entry.order < first.order)) first = entry;
    }
    if (first !== null) this.#entries = this.#entries.filter((other) => other !== first);
    return first;
  }
}
