/**
 * The arbitration array of a simulated story, as somebody with access to it may leave it: paths that fail or
 * stall, slots overwritten, an old copy put back once or again and again.
 * Source: R78, R79, R84; protocol.md P6; slots.ts (the same on the rack).
 */
import type { Written } from "../../firmware/simulator/array.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World as Simulation } from "../../firmware/simulator/world.ts";
import type { DiskFault, SlotContent } from "./command-grammar.ts";

/** As the rack does it: until then every reader has seen later writes. */
const HELD_BACK_MS = 1500;
const PUT_BACK_EVERY_MS = 3;

export class SimArray {
  readonly #sim: Simulation;
  readonly #kept = new Map<number, Written>();
  /** Slots that are put back, each under the number of its order. */
  readonly #stuck = new Map<number, number>();
  #orders = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  fault(host: SwarmHost, fault: DiskFault): void {
    host.disk.landsLate = fault === "late";
    // Here every write is torn; the model's own tears one now and then.
    const model = fault === "torn" ? "read-only" : fault === "late" ? "stall" : fault;
    host.disk.setFault(model);
  }

  slot(server: number, content: SlotContent): void {
    const { array } = this.#sim;
    switch (content) {
      case "wiped":
      case "foreign":
        array.overwritten.set(server, content);
        return;
      case "stuck":
        return this.#stick(server);
      case "free":
        this.#stuck.delete(server);
        return;
      case "kept":
        this.#kept.set(server, array.standing(server));
        return;
      case "old": {
        const kept = this.#kept.get(server);
        if (kept === undefined) throw new Error(`nothing was kept of the slot of server ${server}`);
        array.putBack(server, kept);
        return;
      }
    }
  }

  #stick(server: number): void {
    const { array, clock } = this.#sim;
    const kept = array.standing(server);
    this.#orders += 1;
    const order = this.#orders;
    this.#stuck.set(server, order);
    const putBack = (): void => {
      if (this.#stuck.get(server) !== order) return;
      array.putBack(server, kept);
      clock.after(PUT_BACK_EVERY_MS, putBack);
    };
    clock.after(HELD_BACK_MS, putBack);
  }
}
