/**
 * From a reply that is not "done" to a trouble: agents say exit, code and remedy themselves (with
 * a catalogue key and its data also in the reader's language), the rack only a
 * message. A sent order without an answer is "outcome unknown", never "failed".
 */
import { isRefusalKey, renderRefusal } from "../../services/catalogue.ts";
import type { Call } from "./call.ts";
import { commandLine } from "./call.ts";
import { isRecord, type NotDone } from "./client.ts";
import { EXIT, isExitCode, type Trouble } from "./exit-code.ts";
import { whyNot } from "./survey.ts";

/** `who` is asked; `remedy` is used when the reply brings none of its own. */
export function replyTrouble(call: Call, who: string, reply: NotDone, remedy: string): Trouble {
  const { say } = call;
  if (reply.kind === "refused") return refusal(call, reply.body, remedy);
  if (reply.kind === "unreachable" || reply.kind === "forbidden") {
    const forbidden = reply.kind === "forbidden";
    return {
      exit: forbidden ? EXIT.unauthorised : EXIT.unreachable,
      code: null,
      message: `${who}: ${whyNot(call, reply)}`,
      remedy: say(forbidden ? "forbiddenDo" : "noAgentDo"),
    };
  }
  const values = { command: commandLine(call), server: who, why: whyNot(call, reply) };
  return {
    exit: EXIT.timeout,
    code: null,
    message: say("outcomeUnknown", values),
    remedy: say("outcomeUnknownDo"),
  };
}

function refusal(call: Call, body: Readonly<Record<string, unknown>>, remedy: string): Trouble {
  const { key, data } = body;
  if (typeof key === "string" && isRefusalKey(key) && isRecord(data)) {
    const scalars = Object.entries(data).map(([name, value]) => [name, String(value)]);
    const { message, ...rest } = renderRefusal(key, Object.fromEntries(scalars), call.lang);
    return { ...rest, message: `${commandLine(call)}: ${message}` };
  }
  const exit = body["exit"];
  const own = body["remedy"];
  const code = body["code"];
  return {
    exit: isExitCode(exit) && exit !== EXIT.done ? exit : EXIT.refused,
    code: typeof code === "string" && code !== "" ? code : null,
    message: `${commandLine(call)}: ${String(body["message"])}`,
    remedy: typeof own === "string" && own !== "" ? own : remedy,
  };
}
