/**
 * The monotonic clock of one simulated host: a rate within the bound, an origin that nobody else knows, and
 * whatever a fault makes of it. Source: protocol.md 1.2 (rate bound); reliability.md 2.3 (clock).
 */
import type { Prng } from "../../hal/base/prng.ts";
import type { VirtualClock } from "./clock.ts";

/** Bound on the rate of a clock, protocol.md 1.2. */
const RATE_BOUND = 0.0005;
/** A host may have been up for a day when its processes start. */
const ORIGIN_MAX_MS = 100_000_000;

export class HostClock {
  readonly #clock: VirtualClock;
  /** What it showed when the host got power. */
  bootedMs = 0;
  #rate = 1;
  #fromMs = 0;
  #shownMs = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  boot(random: Prng): void {
    this.#rate = 1 + (random.below(2001) / 1000 - 1) * RATE_BOUND;
    this.#fromMs = this.#clock.nowMs;
    this.#shownMs = 1000 + random.below(ORIGIN_MAX_MS);
    this.bootedMs = this.#shownMs;
  }

  localMs(): number {
    return this.#shownMs + (this.#clock.nowMs - this.#fromMs) * this.#rate;
  }

  /** From here on it runs at `rate` (1 = right), and it jumps by `stepMs`, back if negative. */
  bend(rate: number, stepMs: number): void {
    this.#shownMs = this.localMs() + stepMs;
    this.#fromMs = this.#clock.nowMs;
    this.#rate = rate;
  }
}
