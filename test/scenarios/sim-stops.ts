/**
 * What has been stopped by a signal, or frozen with its whole server, in a simulated story: it stays so until
 * it is continued, ends, or its server is switched off. Source: R22, R23; signal(7), SIGSTOP.
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World as Simulation } from "../../firmware/simulator/world.ts";

/** What is stopped stays so in steps of this length, until it is continued. */
export const STOP_STEP_MS = 10;

export type Stopped = "pulse" | "agent" | "host";

export class SimStops {
  readonly #sim: Simulation;
  /** Processes and hosts under a stop, as `index what`. */
  readonly #stopped = new Set<string>();

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  set(host: SwarmHost, what: Stopped, stops: boolean): void {
    const name = `${host.index} ${what}`;
    if (!stops) return void this.#stopped.delete(name);
    this.#stopped.add(name);
    const { incarnation } = host;
    const subject = what === "host" ? host : host[what];
    const hold = (): void => {
      const isSame =
        host.incarnation === incarnation && (what === "host" || host[what] === subject);
      if (!isSame) this.#stopped.delete(name);
      if (!this.#stopped.has(name)) return;
      if (what === "host") host.freeze(2 * STOP_STEP_MS);
      else host[what]?.freeze(this.#sim.clock.nowMs + 2 * STOP_STEP_MS);
      this.#sim.clock.after(STOP_STEP_MS, hold);
    };
    hold();
  }
}
