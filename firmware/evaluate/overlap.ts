/**
 * How long a group ran on two servers at one time, as it is, whatever a protection level excuses: programs
 * that have been started and not yet ended, those of a server that sleeps included only once it is awake.
 * Intuition: two hands on one door, and only a hand that moves is counted. The simulator's own checks leave
 * out what no level but reset-bounded covers; the envelope has to show just that.
 * Source: D54; reliability.md 2.5 (S1); protocol.md 1.2.
 */
import type { World } from "../simulator/world.ts";

/** A double run shorter than this may pass unseen, ms. */
export const OVERLAP_STEP_MS = 2;
/** With long times looks need not be closer than this share of the timeout. */
const STEPS_PER_TIMEOUT = 1000;

export class Overlap {
  readonly #world: World;
  readonly #stepMs: number;
  readonly #sinceMs = new Map<number, number>();
  /** Longest time so far, ms. */
  longestMs = 0;

  constructor(world: World) {
    this.#world = world;
    this.#stepMs = Math.max(OVERLAP_STEP_MS, world.config.budget.timeoutMs / STEPS_PER_TIMEOUT);
  }

  /** Lets `forMs` of the world's time pass. */
  run(forMs: number): void {
    const endMs = this.#world.clock.nowMs + forMs;
    while (this.#world.clock.nowMs < endMs) {
      this.#world.run(Math.min(this.#stepMs, endMs - this.#world.clock.nowMs));
      this.#look();
    }
  }

  #look(): void {
    const { clock, hosts, config } = this.#world;
    const awake = hosts.filter((host) => host.on && !host.isFrozen);
    for (const { index } of config.groups) {
      const isDouble = awake.filter(({ running }) => running[index] === true).length > 1;
      if (!isDouble) {
        this.#sinceMs.delete(index);
        continue;
      }
      // It began somewhere in the step that has just passed: counted whole.
      const sinceMs = this.#sinceMs.get(index) ?? clock.nowMs - this.#stepMs;
      this.#sinceMs.set(index, sinceMs);
      this.longestMs = Math.max(this.longestMs, clock.nowMs - sinceMs);
    }
  }
}
