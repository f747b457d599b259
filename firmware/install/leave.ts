/**
 * Leads this server out of its cluster before its software or its machine stops: what systemd runs when
 * it stops kage.target. Groups move in order and the watchdog is taken off; the
 * "off" that ends it is left to systemd, by a file that the off script looks for.
 * Alone in the cluster there is nobody to move to, and of three servers or more the rest may be no majority
 * without this one: then the cluster is shut down, for it would end anyway, and without the clean mark; unless
 * another server is up and detached, because the order would switch that one off as well.
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
  /**
   * How long a refusal is asked again, ms: a server that goes down beside this one counts as there until it
   * was silent for the heartbeat timeout. Default 0.
   */
  readonly othersGoneMs?: number;
  /** Default 200 ms between two looks. */
  readonly lookEveryMs?: number;
}

export type LeaveOutcome =
  /** `left`: in order. `absent`: no agent runs, nothing to lead. */
  | { readonly kind: "left" | "absent" }
  /** Not in order: what remains is to be swept. */
  | { readonly kind: "overdue"; readonly detail: string }
  | { readonly kind: "refused"; readonly detail: string };

const QUERY_MS = 2000;
const ORDER_MS = 10_000;
const LOOK_EVERY_MS = 200;
/** An accepted order makes a leaving server of a member within some beats. */
const STAYS_MS = 1500;
const LEAVING = "leaving";
const LAST_WORD = "shutdown.server";

type Body = Readonly<Record<string, unknown>>;

/** Never rejects for an agent's trouble; a run folder that cannot be written to is an error. */
export async function leaveCluster(options: LeaveOptions): Promise<LeaveOutcome> {
  const socket = join(options.runDir, "agent.sock");
  const marker = join(options.runDir, LEAVING);
  const endMs = performance.now() + (options.othersGoneMs ?? 0);
  for (;;) {
    const step = await tryToLeave(socket, marker, options);
    if (step.kind !== "refused") return step;
    rmSync(marker, { force: true });
    const { kind, detail, mayChange } = step;
    if (!mayChange || performance.now() >= endMs) return { kind, detail };
    await pause(options);
  }
}

type Ended = Exclude<LeaveOutcome, { kind: "refused" }>;

/** `mayChange`: a move ends, a server that goes down beside this one is silent at last. */
type Step =
  | Ended
  | { readonly kind: "refused"; readonly detail: string; readonly mayChange: boolean };

async function tryToLeave(socket: string, marker: string, options: LeaveOptions): Promise<Step> {
  const before = await request(socket, { verb: "status", args: {} }, QUERY_MS);
  if (before.kind === "unreachable") return { kind: "absent" };
  if (before.kind !== "ok") return { kind: "refused", detail: textOf(before), mayChange: false };
  const events = await newestEvents(socket);
  // The machine is going down because the cluster has ordered it: a second order would only be waited for.
  if (hasLeft(resultOf(before.body), events, options.server)) return { kind: "left" };
  const mark = Math.max(0, ...events.map(seqOf));
  writeFileSync(marker, "", { mode: 0o600 });
  let verb = verbFor(resultOf(before.body), options.server);
  if (verb === null) return { kind: "refused", detail: BESIDE_DETACHED, mayChange: true };
  const args = verb === "server.shutdown" ? { server: options.server } : {};
  let ordered = await request(socket, { verb, args }, ORDER_MS);
  if (ordered.kind === "refused" && ordered.body["key"] === NEEDED) {
    verb = verbWithout(resultOf(before.body), options.server);
    if (verb === null) return { kind: "refused", detail: BESIDE_DETACHED, mayChange: true };
    ordered = await request(socket, { verb, args: {} }, ORDER_MS);
  }
  if (ordered.kind === "ok") {
    const left = await waitUntilLeft(socket, mark, verb, options);
    return left ?? { kind: "refused", detail: CAME_BACK, mayChange: true };
  }
  const mayChange = ordered.kind === "refused";
  return { kind: "refused", detail: textOf(ordered), mayChange };
}

const BESIDE_DETACHED =
  "alone, and a detached server would be switched off as well: return it first";

const CAME_BACK = "the other server left at the same time, so this one stayed";

const pause = ({ lookEveryMs }: LeaveOptions): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, lookEveryMs ?? LOOK_EVERY_MS);
  });

/** Refusal: without this server the others are no majority. */
const NEEDED = "below-majority";

/** Of a server that the others need. Null = somebody is up who would be switched off with them. */
export function verbWithout(status: Body, self: string): "cluster.shutdown" | null {
  const servers = Array.isArray(status["servers"]) ? status["servers"] : [];
  const others = servers.filter((server: Body) => server["name"] !== self);
  const isEnding = (server: Body): boolean =>
    ["member", "leaving", "stopping", "off"].includes(String(server["state"]));
  return others.every(isEnding) ? "cluster.shutdown" : null;
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

/**
 * `shutdown.server` is the agent's last word: everything is down and the mark is written. Null = the order is
 * void: of two servers that leave at once the last takes the groups back and is an ordinary member again.
 */
async function waitUntilLeft(
  socket: string,
  mark: number,
  verb: string,
  options: LeaveOptions,
): Promise<Ended | null> {
  const { withinMs, server } = options;
  const endMs = performance.now() + withinMs;
  let after = mark;
  let memberSinceMs: number | null = null;
  while (performance.now() < endMs) {
    const reply = await request(socket, { verb: "events", args: { after, limit: 500 } }, QUERY_MS);
    if (reply.kind === "unreachable") return { kind: "left" };
    const events = reply.kind === "ok" ? eventsOf(reply.body) : [];
    if (events.some((event) => event["key"] === LAST_WORD)) return { kind: "left" };
    after = Math.max(after, ...events.map(seqOf));
    const isMember = verb === "server.shutdown" && (await ownState(socket, server)) === "member";
    memberSinceMs = isMember ? (memberSinceMs ?? performance.now()) : null;
    if (memberSinceMs !== null && performance.now() - memberSinceMs > STAYS_MS) return null;
    await pause(options);
  }
  return { kind: "overdue", detail: `groups did not stop within ${withinMs} ms` };
}

async function ownState(socket: string, self: string): Promise<string> {
  const reply = await request(socket, { verb: "status", args: {} }, QUERY_MS);
  return reply.kind === "ok" ? stateIn(resultOf(reply.body), self) : "";
}

async function newestEvents(socket: string): Promise<readonly Body[]> {
  const reply = await request(socket, { verb: "events", args: { after: 0, limit: 500 } }, QUERY_MS);
  return reply.kind === "ok" ? eventsOf(reply.body) : [];
}

/** Events after which an earlier last word is void: the server has begun again. */
const BEGINNINGS: ReadonlySet<unknown> = new Set([
  ...["start.first", "start.clean", "start.unclean", "agent.restarted", "view.installed"],
]);

/** "" = not in the picture. */
function stateIn(status: Body, name: string): string {
  const servers = Array.isArray(status["servers"]) ? status["servers"] : [];
  return String(servers.find((server: Body) => server["name"] === name)?.["state"] ?? "");
}

/** True when the agent has said its last word in this life already. */
export function hasLeft(status: Body, events: readonly Body[], self: string): boolean {
  const own = stateIn(status, self);
  if (own === "" || own === "member") return false;
  const last = (isWanted: (key: unknown) => boolean): number =>
    Math.max(-1, ...events.filter((event) => isWanted(event["key"])).map(seqOf));
  return last((key) => key === LAST_WORD) > last((key) => BEGINNINGS.has(key));
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
