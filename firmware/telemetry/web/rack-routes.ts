/**
 * The rack panel of the virtual appliance: passes the hand of an operator on to the rack's control socket.
 * Only the verbs a panel has; forging frames stays with whoever may open the socket itself.
 * Source: issue 3 item 7; hal/rack/verbs.ts.
 */
import { request as ask, type Reply } from "../../cli/client.ts";
import { json, refuse, type WebAnswer, type WebRequest } from "./answer.ts";

export interface RackContext {
  /** Null = no rack here. */
  readonly rackSocket: string | null;
}

const PANEL_VERBS: ReadonlySet<string> = new Set([
  ...["status", "records", "cut", "restore", "power", "freeze", "thaw"],
  ...["disk", "stranger", "delay", "loss", "garble"],
]);
/** Power-off is read back before it is answered. */
const DEADLINE_MS = 10_000;
/** The rack takes 32 connections; operators at the terminal and its own tests need theirs. */
const ASKING_MAX = 4;

export interface RackRoutes {
  getRack(request: WebRequest): Promise<WebAnswer>;
  postRack(request: WebRequest): Promise<WebAnswer>;
}

export function createRackRoutes({ rackSocket }: RackContext): RackRoutes {
  let asking = 0;
  async function pass(body: Readonly<Record<string, unknown>>): Promise<WebAnswer> {
    if (rackSocket === null) return refuse("web-no-rack");
    const { verb, id: _id, ...rest } = body;
    if (typeof verb !== "string" || !PANEL_VERBS.has(verb)) {
      const reason = `expected verb: one of ${[...PANEL_VERBS].join(", ")}`;
      return refuse("web-bad-request", { reason });
    }
    if (asking >= ASKING_MAX) return refuse("web-busy", {}, { "retry-after": "2" });
    asking++;
    try {
      return answerOf(await ask(rackSocket, { ...rest, verb }, DEADLINE_MS));
    } finally {
      asking--;
    }
  }
  return {
    getRack: () => pass({ verb: "status" }),
    postRack: (request) => pass(request.body),
  };
}

function answerOf(reply: Reply): WebAnswer {
  switch (reply.kind) {
    case "ok": {
      const { id: _id, ...rest } = reply.body;
      return json(rest);
    }
    case "refused":
      return refuse("web-rack-refused", { reason: String(reply.body["message"]) });
    case "unreachable":
    case "malformed":
      return refuse("web-rack-silent", { reason: reply.detail });
    case "forbidden":
      return refuse("web-rack-silent", { reason: "this user may not open its socket" });
    case "silent":
      return refuse("web-rack-silent", { reason: "no answer in time, the outcome is unknown" });
  }
}
