/**
 * Reads what the rack says about itself: power, frozen trees, wires, announcers. Missing parts are
 * shown as unknown rather than guessed. Source: work order 5 and 7 (rack control socket).
 */
import { ROLES, VIEW_ROLE } from "../supervisor.ts";
import type { Call } from "./call.ts";
import { isRecord, request } from "./client.ts";

export interface RackServer {
  readonly name: string;
  readonly power: "on" | "off";
  readonly frozen: boolean;
  readonly incarnation: string;
  /** Roles with a process, in the order in which they are started. */
  readonly roles: readonly string[];
  /** null = not armed. */
  readonly watchdogMs: number | null;
}

export interface RackPath {
  readonly path: string;
  /** Sender, or the server whose one cable it is. */
  readonly from: string;
  /** null = a cable to the cabinet. */
  readonly to: string | null;
  readonly isCut: boolean;
}

export interface RackAddress {
  readonly address: string;
  readonly announcer: string | null;
}

export interface RackState {
  readonly servers: readonly RackServer[];
  readonly paths: readonly RackPath[];
  readonly floating: readonly RackAddress[];
}

const ROLE_ORDER: readonly string[] = [...ROLES, VIEW_ROLE];

type Body = Readonly<Record<string, unknown>>;

/** Power per server by read-back, or null when the rack gives no usable answer. */
export async function readPower(
  call: Call,
  rackSocket: string,
): Promise<ReadonlyMap<string, boolean> | null> {
  const reply = await request(rackSocket, { verb: "status" }, call.io.queryDeadlineMs);
  if (reply.kind !== "ok") return null;
  const { servers } = readRackState(reply.body);
  return servers.length === 0 ? null : new Map(servers.map((s) => [s.name, s.power === "on"]));
}

export function readRackState(body: Body): RackState {
  return {
    servers: records(body["servers"]).map(readServer),
    paths: records(body["paths"]).map(readPath),
    floating: records(body["floating"]).map((entry) => ({
      address: [entry["address"], entry["port"]].filter((part) => part !== undefined).join(":"),
      announcer: typeof entry["announcer"] === "string" ? entry["announcer"] : null,
    })),
  };
}

/** The objects of a list; anything else counts as none. */
export function records(value: unknown): Body[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function readServer(entry: Body): RackServer {
  const watchdog = isRecord(entry["watchdog"]) ? entry["watchdog"] : {};
  const pids = isRecord(entry["pids"]) ? entry["pids"] : {};
  const timeoutMs = watchdog["timeoutMs"];
  return {
    name: text(entry["name"]),
    power: entry["power"] === "off" ? "off" : "on",
    frozen: entry["frozen"] === true,
    incarnation: text(entry["incarnation"]),
    roles: ROLE_ORDER.filter((role) => typeof pids[role] === "number"),
    watchdogMs: watchdog["armed"] === true && typeof timeoutMs === "number" ? timeoutMs : null,
  };
}

function readPath(entry: Body): RackPath {
  const { from, to, server, state } = entry;
  const ends =
    typeof server === "string" ? { from: server, to: null } : { from: text(from), to: text(to) };
  return { path: text(entry["path"]), ...ends, isCut: state === "cut" };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "-");
