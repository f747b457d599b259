/**
 * What a `kage` line of a story orders, for a world without processes: read with the command's own parser and
 * turned into the request that the command would hand to an agent. Source: firmware/cli/order.ts, commands.ts.
 */
import { type Parsed, parseWords } from "../../firmware/cli/arguments.ts";
import { speaker } from "../../firmware/cli/messages.ts";
import { REQUEST_VERBS, type RequestVerb } from "../../services/failover/words.ts";

export interface KageOrder {
  readonly kind: "order";
  readonly verb: RequestVerb;
  readonly operand: string;
  readonly to: string | null;
  readonly at: string | null;
  /** For what was ordered to be so, not only for the answer. */
  readonly waits: boolean;
}

export type KageLine =
  | KageOrder
  /** The event log of a server, or of the first that answers. */
  | { readonly kind: "events"; readonly at: string | null }
  | { readonly kind: "config.get" }
  | { readonly kind: "config.apply"; readonly file: string }
  | { readonly kind: "config.rollback" }
  /** No command of `kage`; it says so with this exit code. */
  | { readonly kind: "usage"; readonly exit: number; readonly text: string }
  /** A command that gives no order to an agent, or does more than that. */
  | { readonly kind: "other" };

type Invocation = Extract<Parsed, { kind: "invocation" }>["invocation"];

export function readKageLine(args: readonly string[]): KageLine {
  const parsed = parseWords(args, speaker("en"));
  if (parsed.kind === "trouble") {
    const { exit, message, remedy } = parsed.trouble;
    return { kind: "usage", exit, text: `${message} ${remedy}` };
  }
  if (parsed.kind !== "invocation") return { kind: "other" };
  const { command, operands, texts } = parsed.invocation;
  switch (command) {
    case "events":
      return { kind: "events", at: texts.server ?? null };
    case "config get":
      return operands.length === 0 ? { kind: "config.get" } : { kind: "other" };
    case "config apply":
      return { kind: "config.apply", file: operands[0] ?? "" };
    case "config rollback":
      return operands.length === 0 ? { kind: "config.rollback" } : { kind: "other" };
    default:
      return readOrder(parsed.invocation);
  }
}

function readOrder({ command, operands, texts, flags }: Invocation): KageLine {
  // How long a person waits is none of the cluster's concern, and what he only wants to see does nothing.
  if (texts.timeout !== undefined || flags.has("dry-run")) return { kind: "other" };
  const asked = flags.has("confirm-off")
    ? "server.confirm-off"
    : `${command.replace(" ", ".")}${flags.has("accept-loss") ? "-loss" : ""}`;
  const verb = REQUEST_VERBS.find((one) => one === asked);
  if (verb === undefined) return { kind: "other" };
  const [operand = ""] = operands;
  const waits = !flags.has("no-wait");
  return { kind: "order", verb, operand, to: texts.to ?? null, at: texts.server ?? null, waits };
}
