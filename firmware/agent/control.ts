/**
 * The agent's control socket: `kage` and scripts on this server. Every request is answered once, with a
 * result or a refusal that says what to do next; nothing malformed reaches the cores.
 * Source: ecosystem.md 4.1; issue "kage"; services/catalogue.ts (refusals).
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { type EventData, isRefusalKey, renderRefusal } from "../../services/catalogue.ts";
import type { ClusterConfig, GroupConfig } from "../../services/configuration/model.ts";
import { REQUEST_VERBS, type RequestVerb } from "../../services/failover/words.ts";
import { openLineChannel } from "../ipc.ts";
import type { FeedHandlers } from "./feed.ts";
import type { Fenced } from "./fence.ts";
import type { ScriptAnswer } from "./script-requests.ts";

type Message = Readonly<Record<string, unknown>>;

export interface ControlHandlers extends FeedHandlers {
  readonly status: (language: "en" | "ja") => object;
  readonly events: (after: number, limit: number) => readonly object[];
  /** Resolves with `accepted` or the key of a refusal. */
  readonly command: (
    verb: RequestVerb,
    group: number,
    target: ServerIndex | null,
  ) => Promise<string>;
  /** Switches a server off that does not obey. */
  readonly fence: (target: ServerIndex) => Promise<Fenced>;
  /** What the helper commands of scripts and `kage config` ask: `script.`, `config.` and `key.` verbs. */
  readonly script: (verb: string, args: Message) => Promise<ScriptAnswer>;
}

const EVENTS_LIMIT_MAX = 500;
/** Answers of an instance that has nothing to do. */
const IDLE: readonly string[] = ["already-running", "already-stopped", "target-not-member"];

export function openControl(
  path: string,
  config: ClusterConfig,
  handlers: ControlHandlers,
  onError: (error: Error) => void,
): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, config, handlers));
  server.on("error", onError);
  server.listen(path, () => chmodSync(path, 0o600));
  return server;
}

function serve(socket: Socket, config: ClusterConfig, handlers: ControlHandlers): void {
  const channel = openLineChannel(
    socket,
    (message) => {
      const id = message["id"] ?? null;
      if (message["verb"] === "subscribe") {
        const result = handlers.subscribe(channel);
        const busy = refusal("too-many-requests", {}, "en");
        return void channel.send({ id, ...(result === null ? busy : { ok: true, result }) });
      }
      answer(message, config, handlers).then(
        (reply) => channel.send({ id, ...reply }),
        (error: unknown) => channel.send({ id, ...refusal("outcome-unknown", {}, "en", error) }),
      );
    },
    () => handlers.unsubscribe(channel),
  );
}

async function answer(
  message: Message,
  config: ClusterConfig,
  handlers: ControlHandlers,
): Promise<object> {
  const verb = message["verb"];
  const args = isRecord(message["args"]) ? message["args"] : {};
  const language = message["lang"] === "ja" || args["lang"] === "ja" ? "ja" : "en";
  if (verb === "status") return { ok: true, result: handlers.status(language) };
  if (verb === "events") {
    const after = Number.isInteger(args["after"]) ? Number(args["after"]) : 0;
    const limit = Number.isInteger(args["limit"]) ? Number(args["limit"]) : EVENTS_LIMIT_MAX;
    const bounded = Math.max(1, Math.min(EVENTS_LIMIT_MAX, limit));
    return { ok: true, result: { events: handlers.events(after, bounded) } };
  }
  if (typeof verb === "string" && /^(script|config|key)\./.test(verb)) {
    const answered = await handlers.script(verb, args);
    if (answered.kind === "done") return { ok: true, result: answered.result };
    return refusal(answered.key, answered.data, language);
  }
  if (verb === "note") {
    const isTaken = handlers.note(String(args["key"]), isRecord(args["data"]) ? args["data"] : {});
    if (isTaken) return { ok: true, result: { noted: true } };
    return refusal("malformed-request", { reason: "note" }, language);
  }
  if (verb === "server.fence") {
    const target = config.servers.findIndex(({ name }) => name === args["server"]);
    if (target < 0) return refusal("unknown-server", { server: String(args["server"]) }, language);
    const fenced = await handlers.fence(target);
    if (fenced.kind === "off") return { ok: true, result: { accepted: true } };
    return refusal(fenced.key, fenced.data, language);
  }
  if (!isVerb(verb)) {
    const known = ["status", "events", "subscribe", "note", ...REQUEST_VERBS].join(", ");
    return refusal("malformed-request", { detail: `verb; expected one of ${known}` }, language);
  }
  return order(verb, args, config, handlers, language);
}

async function order(
  verb: RequestVerb,
  args: Message,
  config: ClusterConfig,
  handlers: ControlHandlers,
  language: "en" | "ja",
): Promise<object> {
  const forGroup = verb.startsWith("group.");
  const groupName = String(args["group"] ?? "");
  const serverText = args[forGroup ? "to" : "server"];
  const group = config.groups.findIndex(({ name }) => name === groupName);
  const parts = config.groups.filter(({ parallelOf }) => parallelOf === groupName);
  const data = { group: groupName, server: String(serverText ?? ""), to: String(serverText ?? "") };
  if (forGroup && group < 0 && parts.length === 0) return refusal("unknown-group", data, language);
  let target: ServerIndex | null = null;
  if (serverText !== undefined && serverText !== null) {
    target = config.servers.findIndex(({ name }) => name === serverText);
    if (target < 0) return refusal("unknown-server", data, language);
  } else if (verb.startsWith("server.")) {
    return refusal("unknown-server", data, language);
  }
  const code =
    forGroup && group < 0
      ? await orderParts(verb, parts, target, handlers)
      : await handlers.command(verb, Math.max(0, group), target);
  return code === "accepted"
    ? { ok: true, result: { accepted: true } }
    : refusal(code, data, language);
}

/** All instances of a parallel group, one after the other; it counts when one of them took the order. */
async function orderParts(
  verb: RequestVerb,
  parts: readonly GroupConfig[],
  target: ServerIndex | null,
  handlers: ControlHandlers,
): Promise<string> {
  const meant = parts.filter(({ policy }) => target === null || policy.includes(target));
  if (meant.length === 0) return "target-not-in-policy";
  const codes: string[] = [];
  for (const { index } of meant) codes.push(await handlers.command(verb, index, target));
  // What was so already, or has no server, is no trouble beside an instance that took the order.
  const trouble = codes.find((code) => code !== "accepted" && !IDLE.includes(code));
  return trouble ?? (codes.includes("accepted") ? "accepted" : (codes[0] ?? "unknown-group"));
}

function refusal(key: string, data: EventData, language: "en" | "ja", error?: unknown): object {
  const known = isRefusalKey(key) ? key : "outcome-unknown";
  const { code, exit, message, remedy } = renderRefusal(known, data, language);
  const detail = error === undefined ? "" : ` (${error instanceof Error ? error.message : error})`;
  return { ok: false, exit, code, key: known, data, message: `${message}${detail}`, remedy };
}

const isVerb = (verb: unknown): verb is RequestVerb =>
  typeof verb === "string" && (REQUEST_VERBS as readonly string[]).includes(verb);

const isRecord = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && !Array.isArray(value);
