/**
 * The telemetry process' line to its agent: the feed on one connection that is opened again whenever it
 * breaks or falls silent, orders and questions each on a connection of their own.
 * Source: firmware/agent/feed.ts, control.ts; architecture.md 2.
 */
import { createConnection } from "node:net";
import type { StatusDocument } from "../../services/status.ts";
import type { AgentAnswer } from "../../services/telemetry/commands/desk.ts";
import { type LogLine, readLogLine } from "../../services/telemetry/events.ts";
import { isRecord, request } from "../cli/client.ts";
import { type LineChannel, openLineChannel } from "../ipc.ts";

export interface AgentHandlers {
  onOpen(logSeq: number): void;
  onStatus(status: StatusDocument, ja: readonly string[]): void;
  onEvent(line: LogLine): void;
  /** The feed broke; it is opened again by itself. */
  onLost(reason: string): void;
}

export interface AgentLink {
  order(verb: string, args: Readonly<Record<string, string>>): Promise<AgentAnswer>;
  /** Lines after `after`, oldest first; null = no answer. */
  events(after: number): Promise<readonly LogLine[] | null>;
  note(key: string, data: Readonly<Record<string, string | number>>): void;
  close(): void;
}

/** An order is accepted at once, or its outcome is unknown. */
const ORDER_DEADLINE_MS = 5000;
const PAGE_LINES = 500;
/** The agent speaks every 2 s; after three misses the line is opened anew. */
const SILENCE_MS = 6500;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2000;

/** Dials until `close`, after 0.1 s and later ever more slowly, at most 2 s apart. */
export function openAgentLink(socketPath: string, handlers: AgentHandlers): AgentLink {
  let channel: LineChannel | null = null;
  let timer: NodeJS.Timeout | undefined;
  let retryMs = RETRY_MS_MIN;
  let isClosed = false;

  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => channel?.close(), SILENCE_MS);
  };
  const open = (): void => {
    const opened = openLineChannel(
      createConnection(socketPath),
      (message) => {
        watch();
        if (!readMessage(message, handlers)) opened.close();
        else retryMs = RETRY_MS_MIN;
      },
      (reason) => {
        if (isClosed) return;
        handlers.onLost(reason);
        clearTimeout(timer);
        timer = setTimeout(open, retryMs);
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
      },
    );
    channel = opened;
    opened.send({ id: 1, verb: "subscribe" });
    watch();
  };
  open();
  return {
    order: (verb, args) => giveOrder(socketPath, verb, args),
    events: (after) => askEvents(socketPath, after),
    note(key, data) {
      // Best effort: the log has its own limits, and a line less harms nobody.
      void request(socketPath, { verb: "note", args: { key, data } }, ORDER_DEADLINE_MS);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      channel?.close();
    },
  };
}

/** False: this is not the feed of an agent of this release. */
function readMessage(message: Readonly<Record<string, unknown>>, handlers: AgentHandlers): boolean {
  const { push, result, ok } = message;
  if (push === undefined) {
    const seq = isRecord(result) ? result["seq"] : undefined;
    if (ok !== true || typeof seq !== "number" || !Number.isSafeInteger(seq)) return false;
    handlers.onOpen(seq);
    return true;
  }
  if (push === "event") {
    const line = readLogLine(message["event"]);
    if (line !== null) handlers.onEvent(line);
    return line !== null;
  }
  if (push !== "status") return true;
  const { status, ja } = message;
  if (!isStatus(status)) return false;
  handlers.onStatus(status, Array.isArray(ja) ? ja.map(String) : []);
  return true;
}

async function giveOrder(
  socketPath: string,
  verb: string,
  args: Readonly<Record<string, string>>,
): Promise<AgentAnswer> {
  const reply = await request(socketPath, { verb, args }, ORDER_DEADLINE_MS);
  switch (reply.kind) {
    case "ok":
      return { kind: "accepted" };
    case "refused": {
      const { key, data } = reply.body;
      const texts = Object.entries(isRecord(data) ? data : {});
      const values = texts.map(([name, value]) => [name, String(value)] as const);
      return { kind: "refused", key: String(key), data: Object.fromEntries(values) };
    }
    case "unreachable":
    case "forbidden":
      return { kind: "refused", key: "agent-silent", data: { server: "-" } };
    case "silent":
    case "malformed":
      return { kind: "silent" };
  }
}

async function askEvents(socketPath: string, after: number): Promise<readonly LogLine[] | null> {
  const args = { after, limit: PAGE_LINES };
  const reply = await request(socketPath, { verb: "events", args }, ORDER_DEADLINE_MS);
  if (reply.kind !== "ok") return null;
  const { result } = reply.body;
  const events = isRecord(result) && Array.isArray(result["events"]) ? result["events"] : [];
  return events.map(readLogLine).filter((line) => line !== null);
}

/** The parts that are looped over; the rest is shown as it comes. */
function isStatus(value: unknown): value is StatusDocument {
  if (!isRecord(value) || !isRecord(value["cluster"])) return false;
  const lists = [value["servers"], value["groups"], value["paths"], value["cluster"]["reasons"]];
  return lists.every((list) => Array.isArray(list) && list.every(isRecord));
}
