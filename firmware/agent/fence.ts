/**
 * Switches a server off that does not obey a forced stop, by the command of `local.json`. Only a member
 * does so, for somebody must be left to go on; what follows is decided by the ordinary rules, from the
 * silence. Source: requirements R205, R206; protocol.md 2.5, G15 (never both at once: a person asks).
 */

import type { ServerIndex } from "../../hal/base/ids.ts";
import { fenceByCommand } from "../../hal/drivers/fence-command/driver.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Facts } from "../../services/facts.ts";
import type { ServerContext } from "../local.ts";

/** A management board answers within seconds, a slow one within half a minute. */
const FENCE_MS = 30_000;

export type Fenced =
  | { readonly kind: "off" }
  | { readonly kind: "refused"; readonly key: string; readonly data: NoteData };

export class Fence {
  readonly #context: ServerContext;
  readonly #note: (key: string, data: NoteData) => void;
  #isBusy = false;

  constructor(context: ServerContext, note: (key: string, data: NoteData) => void) {
    this.#context = context;
    this.#note = note;
  }

  async run(target: ServerIndex, facts: Facts | null): Promise<Fenced> {
    const { local, config, self } = this.#context;
    const server = config.servers[target]?.name ?? "";
    const refuse = (key: string, reason = ""): Fenced => {
      return { kind: "refused", key, data: { server, reason } };
    };
    if (facts === null || facts.server !== "member") {
      return { kind: "refused", key: "not-member", data: { server: local.server } };
    }
    if (target === self) return refuse("only-server");
    if (local.fence === undefined) return refuse("no-fence");
    if (this.#isBusy) return refuse("too-many-requests");
    this.#isBusy = true;
    const { argv, armed = false } = local.fence;
    const result = await fenceByCommand({ argv, isArmed: armed, timeoutMs: FENCE_MS }, server);
    this.#isBusy = false;
    if (result.kind === "off") {
      this.#note("server.fenced", { server });
      return { kind: "off" };
    }
    this.#note("server.fence-failed", { server, error: result.detail });
    return refuse("fence-failed", result.detail);
  }
}
