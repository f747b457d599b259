/**
 * Orders of operators and scripts on their way through the failover core: each gets a number, and whoever
 * gave it is answered once, with `accepted` or the key of a refusal.
 * Source: issue "kage"; services/failover/orders.ts.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { AgentEffect, AgentEvent } from "../../services/failover/state.ts";
import type { RequestVerb } from "../../services/failover/words.ts";

type Command = Extract<AgentEvent, { kind: "operator.command" }>;
type Answer = Extract<AgentEffect, { kind: "command.answer" }>;

export class OperatorOrders {
  readonly #give: (command: Command) => void;
  readonly #waiting = new Map<string, (code: string) => void>();
  #count = 0;

  constructor(give: (command: Command) => void) {
    this.#give = give;
  }

  /** Resolves when the core has answered, which it does within a bounded time. */
  ask(verb: RequestVerb, group: number, target: ServerIndex | null, atMs: number): Promise<string> {
    this.#count += 1;
    const commandId = `c${this.#count}`;
    return new Promise((resolve) => {
      this.#waiting.set(commandId, resolve);
      this.#give({ kind: "operator.command", atMs, commandId, verb, group, target });
    });
  }

  answer({ commandId, code }: Answer): void {
    this.#waiting.get(commandId)?.(code === "timeout" ? "outcome-unknown" : code);
    this.#waiting.delete(commandId);
  }
}
