/**
 * One order from the page: ask for the plan (dry run) or have it carried out, and follow the replies to the
 * final one. Silence is turned into an outcome by a deadline, because a person waits for it.
 * Source: ecosystem.md 1.4 (several replies until a final one), 3.2 point 5.
 */
import type { CommandReply, CommandStatus } from "../../../services/telemetry/model.ts";
import {
  type Action,
  commandFor,
  commandTopic,
} from "../../../services/telemetry/picture/actions.ts";
import type { Board } from "../../../services/telemetry/picture/board.ts";
import type { PageLink } from "./link.ts";

export type OrderNews =
  | { readonly kind: "reply"; readonly reply: CommandReply; readonly isFinal: boolean }
  /** No (final) reply within the deadline, or no connection. */
  | { readonly kind: "silent" };

/** A plan is worked out from what the coordinator knows; nobody is asked. */
const PLAN_MS = 5000;
/** Longer than the longest start or stop of a resource by default. */
const ORDER_MS = 180_000;

const FINAL: ReadonlySet<CommandStatus> = new Set(["done", "failed", "rejected", "expired"]);

/** Returns a function that stops listening (not the order). */
export function giveOrder(
  link: PageLink,
  board: Board,
  action: Action,
  dryRun: boolean,
  hear: (news: OrderNews) => void,
): () => void {
  const commandId = freshId();
  const end = (): void => {
    clearTimeout(deadline);
    link.forget(commandId);
  };
  const silent = (): void => {
    end();
    hear({ kind: "silent" });
  };
  const deadline = setTimeout(silent, dryRun ? PLAN_MS : ORDER_MS);
  const ts = new Date().toISOString();
  const request = commandFor(board, action, { commandId, ts, dryRun });
  const sent = link.send(commandTopic(action), request, (reply) => {
    const isFinal = FINAL.has(reply.status);
    if (isFinal) end();
    hear({ kind: "reply", reply, isFinal });
  });
  if (!sent) queueMicrotask(silent);
  return end;
}

/** 128 bits; `crypto.randomUUID` exists only with TLS. */
function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
