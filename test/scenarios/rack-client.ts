/**
 * The rack's control socket and the agents' control sockets as a test uses them: one question, one
 * answer; trouble with a socket is `null` or an error that names the verb.
 * Source: contract of the control sockets; architecture.md 7.
 */
import { isRecord, request } from "../../firmware/cli/client.ts";
import { EXIT } from "../../firmware/cli/exit-code.ts";
import type { StatusDocument } from "../../services/status.ts";
import type { Answer, LoggedEvent, Machine, WorldRecord } from "./world.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Power off waits until the tree is read back as gone, up to 10 s. */
const RACK_DEADLINE_MS = 15_000;
/** An agent that has not answered by then counts as silent in this look. */
const AGENT_DEADLINE_MS = 1000;
/** A text goes to the other server in pieces. */
const ORDER_DEADLINE_MS = 30_000;
/** Enough for one scenario; the agent answers no more at once. */
const EVENTS_MAX = 1000;

/** Throws with the rack's own words when it refuses or does not answer. */
export async function askRack(socket: string, verb: string, fields: Fields = {}): Promise<Fields> {
  const reply = await request(socket, { verb, ...fields }, RACK_DEADLINE_MS);
  if (reply.kind === "ok") return reply.body;
  const why = reply.kind === "refused" ? String(reply.body["message"]) : reply.kind;
  throw new Error(`rack ${verb} ${JSON.stringify(fields)}: ${why}`);
}

/** null = the agent is not there, stopped or does not know its state yet. */
export async function askStatus(socket: string): Promise<StatusDocument | null> {
  const reply = await request(socket, { verb: "status", args: {} }, AGENT_DEADLINE_MS);
  if (reply.kind !== "ok" || !isRecord(reply.body["result"])) return null;
  return reply.body["result"] as unknown as StatusDocument;
}

/** One order to one agent, as an answer of the command line. */
export async function giveOrder(socket: string, verb: string, args: Fields): Promise<Answer> {
  const reply = await request(socket, { verb, args }, ORDER_DEADLINE_MS);
  if (reply.kind === "ok") {
    return { exit: EXIT.done, stdout: `${JSON.stringify(reply.body["result"])}\n`, stderr: "" };
  }
  if (reply.kind !== "refused") return { exit: EXIT.unreachable, stdout: "", stderr: reply.kind };
  const { code, message, remedy } = reply.body;
  const stderr = `${String(code)} ${String(message)}; ${String(remedy)}\n`;
  return { exit: EXIT.refused, stdout: "", stderr };
}

/** null = the agent is not there or stopped. */
export async function askEvents(socket: string): Promise<readonly LoggedEvent[] | null> {
  const args = { limit: EVENTS_MAX };
  const reply = await request(socket, { verb: "events", args }, AGENT_DEADLINE_MS);
  if (reply.kind !== "ok") return null;
  const result = reply.body["result"];
  const events = isRecord(result) ? result["events"] : reply.body["events"];
  return Array.isArray(events) ? events.filter(isRecord).map(readEvent) : null;
}

export function readEvent(entry: Fields): LoggedEvent {
  const text = (name: string): string => String(entry[name] ?? "");
  const seq = typeof entry["seq"] === "number" ? entry["seq"] : null;
  return {
    seq,
    at: text("at"),
    key: text("key"),
    severity: text("severity"),
    text: text("text") || JSON.stringify(entry["data"] ?? {}),
  };
}

export function readMachines(status: Fields): readonly Machine[] {
  const servers = status["servers"];
  if (!Array.isArray(servers)) return [];
  return servers.filter(isRecord).map((s) => ({
    name: String(s["name"]),
    on: s["power"] === "on",
    frozen: s["frozen"] === true,
    incarnation: String(s["incarnation"]),
    pids: isRecord(s["pids"]) ? (s["pids"] as Machine["pids"]) : {},
  }));
}

/** Floating addresses in the order of the configuration's groups. */
export function readFloating(
  status: Fields,
): readonly { readonly address: string; readonly port: number }[] {
  const floating = status["floating"];
  if (!Array.isArray(floating)) return [];
  return floating
    .filter(isRecord)
    .map((f) => ({ address: String(f["address"]), port: Number(f["port"]) }));
}

/** The rack's records in the oracle's words; a run of answers counts as its first and its last. */
export function readRecords(body: Fields): readonly WorldRecord[] {
  const records = body["records"];
  if (!Array.isArray(records)) return [];
  return records.filter(isRecord).flatMap(readRecord);
}

function readRecord(r: Fields): readonly WorldRecord[] {
  const atMs = Number(r["atMs"]);
  const at = { atMs, server: String(r["server"]) };
  switch (r["kind"]) {
    case "announce":
    case "withdraw":
      return [{ ...at, kind: r["kind"], address: String(r["address"]) }];
    case "answer": {
      const answer = { ...at, kind: "answer", address: String(r["address"]) } as const;
      return [answer, { ...answer, atMs: Number(r["lastMs"]) }];
    }
    case "array-write":
      return [{ ...at, kind: "array-write" }];
    case "freeze":
      return [{ ...at, kind: "freeze", frozen: r["frozen"] === true }];
    case "power": {
      // Dark is the instant of the cut; off only says that it was read back.
      if (r["to"] === "off") return [];
      return [{ ...at, kind: "power", on: r["to"] === "on", reason: String(r["reason"]) }];
    }
    default:
      return [];
  }
}
