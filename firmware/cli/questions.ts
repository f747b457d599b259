/**
 * Questions to the operator, one line each, with the answer that Enter gives. Where nobody can be asked
 * an answer without a default is a missing option. Source: ecosystem.md 7 (wizard), 4.1.
 */
import { usageTrouble } from "./arguments.ts";
import type { Call } from "./call.ts";
import { EXIT, type Trouble } from "./exit-code.ts";
import type { MessageKey } from "./messages.ts";

export interface Ask {
  readonly canAsk: boolean;
  /** `otherwise` null = must be answered; `option` is named when nobody can be asked. */
  text(
    question: MessageKey,
    option: string,
    otherwise: string | null,
    values?: Readonly<Record<string, string>>,
  ): Promise<string | Trouble>;
  /** An answer that may be empty: "-" says so; not asked it is empty. */
  optional(question: MessageKey, otherwise: string): Promise<string | Trouble>;
}

export function asker(call: Call, canAsk: boolean): Ask {
  const { say } = call;
  const missing = (option: string): Trouble => {
    const help = `kage help ${call.invocation.command}`;
    return usageTrouble(say("needsOption", { option }), say("seeHelp", { help }));
  };
  const aborted = (): Trouble => {
    const remedy = say("askAbortedDo", { command: call.invocation.command });
    return { exit: EXIT.failed, code: null, message: say("askAborted"), remedy };
  };
  const put = async (text: string, otherwise: string): Promise<string | null> => {
    const shown = otherwise === "" ? "" : ` [${otherwise}]`;
    const answer = await call.io.ask(`${text}${shown}: `);
    return answer === null ? null : answer.trim() || otherwise;
  };
  return {
    canAsk,
    text: async (question, option, otherwise, values = {}) => {
      if (!canAsk) return otherwise || missing(option);
      const answer = await put(say(question, values), otherwise ?? "");
      if (answer === null) return aborted();
      return answer === "" ? missing(option) : answer;
    },
    optional: async (question, otherwise) => {
      if (!canAsk) return "";
      const answer = await put(say(question), otherwise);
      if (answer === null) return aborted();
      return answer === "-" ? "" : answer;
    },
  };
}
