/**
 * Which agents the command line may ask: those of the virtual appliance (its launcher writes
 * `appliance.json` into the run folder), the one of a named local.json, or this server's own.
 * What was asked for explicitly is never replaced by a default: a test appliance and the real
 * cluster may live on one machine.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LOCAL_FILE } from "../../flash/package/places.ts";
import { isAlive } from "../../hal/drivers/process-tree/process-tree.ts";
import { applianceDirs } from "../places.ts";
import { isRecord, parseObject } from "./client.ts";
import { EXIT, type Trouble } from "./exit-code.ts";
import type { Environment } from "./language.ts";
import type { Say } from "./messages.ts";

export interface AgentAddress {
  readonly server: string;
  readonly socketPath: string;
  /** The server's local.json; null = not known here. */
  readonly localFile: string | null;
}

export interface Place {
  readonly agents: readonly AgentAddress[];
  /** Control socket of the rack; null = real servers. */
  readonly rackSocket: string | null;
}

export type Discovery =
  | { readonly kind: "found"; readonly place: Place }
  | { readonly kind: "trouble"; readonly trouble: Trouble };

/** The agent of a server that runs Kagemusha as a system service. */
const SYSTEM_AGENT_SOCKET = "/run/kagemusha/agent.sock";

/** As many as a cluster has servers; a longer list is no appliance file. */
const AGENTS_MAX = 16;

export interface Wanted {
  /** `--local FILE` */
  readonly local?: string | undefined;
  /** `--state DIR` */
  readonly state?: string | undefined;
}

/** Order: `--local`, `--state`, KAGE_RUN_DIR, KAGE_STATE_DIR or its default, this server's agent. */
export function discover(wanted: Wanted, env: Environment, say: Say): Discovery {
  if (wanted.local !== undefined) return readLocal(wanted.local, say);
  const runDir = env["KAGE_RUN_DIR"];
  if (runDir && wanted.state === undefined) return readRunDir(runDir, say);
  const appliance = join(applianceDirs(wanted.state, env).runDir, "appliance.json");
  const stale = isStale(appliance);
  if (existsSync(appliance) && !stale) return readAppliance(appliance, say);
  const explicit = wanted.state !== undefined || Boolean(env["KAGE_STATE_DIR"]);
  if (!explicit && existsSync(SYSTEM_AGENT_SOCKET)) {
    return oneAgent("", SYSTEM_AGENT_SOCKET, existsSync(LOCAL_FILE) ? LOCAL_FILE : null);
  }
  if (stale) return leftBehind(appliance, say);
  const places = explicit ? appliance : `${appliance}, ${SYSTEM_AGENT_SOCKET}`;
  return trouble(EXIT.unreachable, say("noPlace", { places }), say("noPlaceDo"));
}

function readRunDir(runDir: string, say: Say): Discovery {
  const appliance = join(runDir, "appliance.json");
  if (isStale(appliance)) return leftBehind(appliance, say);
  if (existsSync(appliance)) return readAppliance(appliance, say);
  return oneAgent("", join(runDir, "agent.sock"), null);
}

/** Left behind by a launcher that was killed; with its launcher its servers lost their power. */
function isStale(file: string): boolean {
  const text = existsSync(file) ? readText(file) : null;
  const launcher = text?.kind === "text" ? parseObject(text.text)?.["launcher"] : undefined;
  if (!isRecord(launcher)) return false;
  const { pid, startTicks } = launcher;
  return typeof pid === "number" && typeof startTicks === "number" && !isAlive({ pid, startTicks });
}

function leftBehind(file: string, say: Say): Discovery {
  return trouble(EXIT.unreachable, say("staleFile", { file }), say("staleFileDo"));
}

function readLocal(file: string, say: Say): Discovery {
  const text = readText(file);
  if (text.kind === "unreadable") return unreadable(file, text.detail, say);
  const local = parseObject(text.text);
  const runDir = local?.["runDir"];
  if (local === null || typeof runDir !== "string") {
    return wrongFile(file, '"runDir": "DIR"', local, say);
  }
  const server = typeof local["server"] === "string" ? local["server"] : "";
  return oneAgent(server, join(resolve(dirname(file), runDir), "agent.sock"), file);
}

function readAppliance(file: string, say: Say): Discovery {
  const text = readText(file);
  if (text.kind === "unreadable") return unreadable(file, text.detail, say);
  const appliance = parseObject(text.text);
  const servers = appliance?.["servers"];
  const agents = Array.isArray(servers) ? servers.slice(0, AGENTS_MAX).map(readAgent) : [];
  const known = agents.filter((agent) => agent !== null);
  if (appliance === null || known.length === 0 || known.length !== agents.length) {
    return wrongFile(file, '"servers": [{ "name", "agentSocket" }]', appliance, say);
  }
  const rack = appliance["rackSocket"];
  return {
    kind: "found",
    place: { agents: known, rackSocket: typeof rack === "string" ? rack : null },
  };
}

function readAgent(entry: unknown): AgentAddress | null {
  if (!isRecord(entry)) return null;
  const { name, agentSocket, local } = entry;
  if (typeof name !== "string" || typeof agentSocket !== "string") return null;
  const localFile = typeof local === "string" ? local : null;
  return { server: name, socketPath: agentSocket, localFile };
}

function oneAgent(server: string, socketPath: string, localFile: string | null): Discovery {
  const agents = [{ server, socketPath, localFile }];
  return { kind: "found", place: { agents, rackSocket: null } };
}

type FileText = { kind: "text"; text: string } | { kind: "unreadable"; detail: string };

function readText(file: string): FileText {
  try {
    return { kind: "text", text: readFileSync(file, "utf8") };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", detail };
  }
}

function unreadable(file: string, detail: string, say: Say): Discovery {
  return trouble(EXIT.usage, say("cannotRead", { file, detail }), say("cannotReadDo"));
}

function wrongFile(file: string, expected: string, found: object | null, say: Say): Discovery {
  const shown = found === null ? "no JSON object" : `keys ${Object.keys(found).join(", ")}`;
  return trouble(
    EXIT.unreachable,
    say("badFile", { file, expected, found: shown }),
    say("badFileDo"),
  );
}

function trouble(exit: Trouble["exit"], message: string, remedy: string): Discovery {
  return { kind: "trouble", trouble: { exit, code: null, message, remedy } };
}
