/**
 * What a `kage` line of a story orders, for a world without processes: the request that the command would
 * hand to an agent. Source: firmware/cli/commands.ts.
 */
import { REQUEST_VERBS, type RequestVerb } from "../../services/failover/words.ts";

export interface KageOrder {
  readonly verb: RequestVerb;
  readonly operand: string;
  readonly to: string | null;
  readonly at: string | null;
  /** For what was ordered to be so, not only for the answer. */
  readonly waits: boolean;
}

const FLAGS: readonly string[] = ["--yes", "--confirm-off", "--accept-loss", "--no-wait"];

/** null = a command that gives no order to an agent. */
export function readOrder(args: readonly string[]): KageOrder | null {
  const words: string[] = [];
  const options = new Map<string, string>();
  const left = [...args];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (FLAGS.includes(word)) options.set(word, "");
    else if (word.startsWith("--")) options.set(word, left.shift() ?? "");
    else words.push(word);
  }
  const [subject, act, operand = ""] = words;
  if (options.has("--timeout") || options.has("--dry-run")) return null;
  const isLoss = options.has("--accept-loss");
  const asked = options.has("--confirm-off")
    ? "server.confirm-off"
    : `${subject}.${act}${isLoss ? "-loss" : ""}`;
  const verb = REQUEST_VERBS.find((one) => one === asked);
  if (verb === undefined || verb === "server.force-stop") return null;
  const waits = !options.has("--no-wait");
  const [to, at] = ["--to", "--server"].map((name) => options.get(name) ?? null);
  return { verb, operand, to: to ?? null, at: at ?? null, waits };
}
