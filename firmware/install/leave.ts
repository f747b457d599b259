/**
 * Leads this server out of its cluster before its software or its machine stops: what systemd runs when
 * it stops kage.target. Groups move in order and the watchdog is taken off; the
 * "off" that ends it is left to systemd, by a file that the off script looks for.
 * Alone in the cluster there is nobody to move to: then the cluster is shut down, unless another server
 * is up and detached, because the order would switch that one off as well.
 * Source: R17, R68; D18; flash/package/serving-units.ts.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, type Reply, request } from "../cli/client.ts";

export interface LeaveOptions {
  readonly server: string;
  readonly runDir: string;
  /** How long stop scripts may take, ms. */
  readonly withinMs: number;
  /** Default 200 ms between two looks. */
  readonly lookEveryMs?: number;
}

export type LeaveOutcome =
  /** `left`: in order. `absent`: no agent runs, nothing to lead. */
  | { readonly kind: "left" | "absent" }
  /** Not in order: what remains is to be swept. */
  | { readonly kind: "refused" | "overdue"; readonly detail: string };

const QUERY_MS = 2000;
const ORDER_MS = 10_000;
const LOOK_EVERY_MS = 200;
const LEAVING = "leaving";

type Body = Readonly<Record<string, unknown>>;

/** Never rejects for an agent's trouble; a run folder that cannot be written to is an error. */
export async function leaveCluster(options: LeaveOptions): Promise<LeaveOutcome> {
  const socket = join(options.runDir, "agent.sock");
  const before = await request(socket, { verb: "status", args: {} }, QUERY_MS);
  if (before.kind === "unreachable") return { kind: "absent" };
  if (before.kind !== "ok") return { kind: "refused", detail: textOf(before) };
  const mark = await lastSeq(socket);
  const marker = join(options.runDir, LEAVING);
  writeFileSync(marker, "", { mode: 0o600 });
  const verb = verbFor(resultOf(before.body), options.server);
  if (verb === null) {
    rmSync(marker, { force: true });
    const detail = "alone, and a detached server would be switched off as well: return it first";
    return { kind: "refused", detail };
  }
  const args = verb === "server.shutdown" ? { server: options.server } : {};
  const ordered = await request(socket, { verb, args }, ORDER_MS);
  if (ordered.kind !== "ok") {
    rmSync(marker, { force: true });
    return { kind: "refused", detail: textOf(ordered) };
  }
  return waitUntilLeft(socket, mark, options);
}

/** Null = no order fits. A detached or unknown server is shut down alone as well. */
export function verbFor(status: Body, self: string): "server.shutdown" | "cluster.shutdown" | null {
  const servers = Array.isArray(status["servers"]) ? status["servers"] : [];
  const stateOf = (server: Body): string => String(server["state"]);
  const own = servers.find((server: Body) => server["name"] === self);
  const others = servers.filter((server: Body) => server["name"] !== self).map(stateOf);
  if (own === undefined || stateOf(own) !== "member") return "server.shutdown";
  if (others.includes("member")) return "server.shutdown";
  return others.some((state) => state !== "off") ? null : "cluster.shutdown";
}

/** `shutdown.server` is the agent's last word: everything is down and the mark is written. */
async function waitUntilLeft(
  socket: string,
  mark: number,
  { withinMs, lookEveryMs }: LeaveOptions,
): Promise<LeaveOutcome> {
  const endMs = performance.now() + withinMs;
  let after = mark;
  while (performance.now() < endMs) {
    const reply = await request(socket, { verb: "events", args: { after, limit: 500 } }, QUERY_MS);
    if (reply.kind === "unreachable") return { kind: "left" };
    const events = reply.kind === "ok" ? eventsOf(reply.body) : [];
    if (events.some((event) => event["key"] === "shutdown.server")) return { kind: "left" };
    after = Math.max(after, ...events.map(seqOf));
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs ?? LOOK_EVERY_MS));
  }
  return { kind: "overdue", detail: `groups did not stop within ${withinMs} ms` };
}

async function lastSeq(socket: string): Promise<number> {
  const reply = await request(socket, { verb: "events", args: { after: 0, limit: 500 } }, QUERY_MS);
  if (reply.kind !== "ok") return 0;
  return Math.max(0, ...eventsOf(reply.body).map(seqOf));
}

function eventsOf(body: Body): readonly Body[] {
  const { events } = resultOf(body);
  return Array.isArray(events) ? events.filter(isRecord) : [];
}

const seqOf = (event: Body): number => Number(event["seq"]) || 0;

function resultOf(body: Body): Body {
  return isRecord(body["result"]) ? body["result"] : {};
}

function textOf(reply: Exclude<Reply, { kind: "ok" }>): string {
  return reply.kind === "refused" ? String(reply.body["message"]) : `agent ${reply.kind}`;
}
