/**
 * Since when each server shows its state, by this host's clock: what the status and the page tell a person.
 * Source: requirements R202, R204.
 */
import type { FailoverState } from "../../services/failover/state.ts";
import { type StateSince, shownState } from "./status.ts";

export class Since {
  readonly #all: (StateSince | null)[];

  constructor(servers: number) {
    this.#all = Array.from({ length: servers }, () => null);
  }

  /** By server index; null = not looked at yet. */
  get all(): readonly (StateSince | null)[] {
    return this.#all;
  }

  look(state: FailoverState): void {
    const now = new Date().toISOString();
    for (const [index, old] of this.#all.entries()) {
      const shown = shownState(index, state);
      if (old?.state !== shown) this.#all[index] = { state: shown, since: now };
    }
  }
}
