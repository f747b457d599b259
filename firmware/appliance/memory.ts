/**
 * What the virtual servers remember between two runs, and whether they may. A cluster that lost power
 * everywhere at once comes up detached and waits for a person; that is right for a business and wrong
 * for a demonstration, so a generated appliance starts afresh after an unclean end, and says so.
 * Source: issue 2 item 6; requirements D18, S9-S12.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ApplianceDirs, serverPlaces } from "../places.ts";
import type { Configured } from "./configure.ts";
import { writeWhole } from "./folders.ts";
import type { ApplianceOptions } from "./options.ts";

export class Memory {
  readonly #dirs: ApplianceDirs;
  readonly #servers: readonly string[];
  /** Present while servers have power, and after an end without a cluster shutdown. */
  readonly #mark: string;

  constructor(dirs: ApplianceDirs, servers: readonly string[]) {
    this.#dirs = dirs;
    this.#servers = servers;
    this.#mark = join(dirs.stateDir, "running");
  }

  /** The reason for which the servers start afresh; null = they keep what they know. */
  mustForget(options: ApplianceOptions, set: Configured): string | null {
    const unclean = existsSync(this.#mark);
    const anything = this.#servers.some((server) => {
      return existsSync(serverPlaces(this.#dirs, server).stateDir);
    });
    if (!anything) return null;
    if (options.fresh) return "starting afresh: the servers forget their last run";
    if (options.keep) return null;
    if (set.changed && set.generated) return "starting afresh: the configuration is a new one";
    if (!unclean || !set.generated) return null;
    return "the last run ended without a cluster shutdown: starting afresh (--keep to see the servers come up detached)";
  }

  /** Configuration and key stay. The servers must be off. */
  forget(): void {
    rmSync(join(this.#dirs.stateDir, "array.img"), { force: true });
    for (const server of this.#servers) {
      rmSync(serverPlaces(this.#dirs, server).stateDir, { recursive: true, force: true });
    }
    rmSync(this.#mark, { force: true });
  }

  noteRunning(): void {
    writeWhole(this.#mark, "servers have power, or lost it without a cluster shutdown\n");
  }

  noteShutDown(): void {
    rmSync(this.#mark, { force: true });
  }
}
