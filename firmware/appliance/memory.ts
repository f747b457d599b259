/**
 * What the virtual servers remember between two runs, and whether they may. A cluster that lost power
 * everywhere at once comes up detached and waits for a person, as real servers do; only a new text of the
 * generated configuration, or the operator, makes them forget.
 * Source: issue 2 item 6; requirements D16, D18, S12.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ApplianceDirs, serverPlaces } from "../places.ts";
import type { Configured } from "./configure.ts";
import type { ApplianceOptions } from "./options.ts";

export class Memory {
  readonly #dirs: ApplianceDirs;
  readonly #servers: readonly string[];

  constructor(dirs: ApplianceDirs, servers: readonly string[]) {
    this.#dirs = dirs;
    this.#servers = servers;
  }

  /** The reason for which the servers start afresh; null = they keep what they know. */
  mustForget(options: ApplianceOptions, set: Configured): string | null {
    const anything = this.#servers.some((server) => {
      return existsSync(serverPlaces(this.#dirs, server).stateDir);
    });
    if (!anything) return null;
    if (options.fresh) return "starting afresh: the servers forget their last run";
    if (options.keep) return null;
    return set.changed && set.generated ? "starting afresh: the configuration is a new one" : null;
  }

  /** Configuration and key stay. The servers must be off. */
  forget(): void {
    rmSync(join(this.#dirs.stateDir, "array.img"), { force: true });
    for (const server of this.#servers) {
      rmSync(serverPlaces(this.#dirs, server).stateDir, { recursive: true, force: true });
    }
  }
}
