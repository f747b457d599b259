/**
 * The watchdog board of one simulated server: armed by the first pulse of a boot, fed by every next word, and the
 * whole host is reset when nobody feeds it in time. Source: protocol.md 1.3.6; D54.
 */
import type { SwarmHost } from "./host.ts";

export class SwarmBoard {
  readonly #host: SwarmHost;
  #resetAtMs = Number.POSITIVE_INFINITY;

  constructor(host: SwarmHost) {
    this.#host = host;
  }

  /** The death of a pulse leaves it counting. */
  arm(): void {
    if (this.#resetAtMs === Number.POSITIVE_INFINITY) this.feed();
  }

  /** W counts to the reset of the whole host; R is part of it. */
  feed(): void {
    const { world, bends, incarnation } = this.#host;
    const { watchdogMs } = world.config.budget;
    const { watchdogShare } = bends;
    if (watchdogMs === 0 || watchdogShare === 0) return this.disarm();
    const resetAtMs = world.clock.nowMs + watchdogMs * watchdogShare;
    this.#resetAtMs = resetAtMs;
    world.clock.at(resetAtMs, () => {
      const host = this.#host;
      if (!host.on || host.incarnation !== incarnation || this.#resetAtMs !== resetAtMs) return;
      if (host.bends.watchdogShare === 0) return;
      host.off("watchdog");
      world.clock.after(world.pace.bootMs, () => host.power());
    });
  }

  disarm(): void {
    this.#resetAtMs = Number.POSITIVE_INFINITY;
  }
}
