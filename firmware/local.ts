/**
 * The one file that differs from server to server: who this server is, where its key, state and sockets
 * are, and which makes of off, watchdog and addresses it has. Everything else is the cluster's text.
 * Source: architecture.md 6, 7.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chooseStartText, type StartText } from "../flash/store/installed.ts";
import { type HostIncarnation, hostIncarnation, type ServerIndex } from "../hal/base/ids.ts";
import { type LoadedConfig, loadConfiguration } from "../services/configuration/load.ts";
import { checkBrokerParts } from "./local-broker.ts";

export interface RackWiring {
  /** UDP host:port of the server's board: watchdog feed, off request. */
  readonly board: string;
  readonly wires: Readonly<
    Record<string, { readonly bind: string; readonly to: Readonly<Record<string, string>> }>
  >;
  readonly publicSwitch: string;
  readonly serviceAddress: string;
}

/** `armed` true = the command may really switch this machine off; without it such a command is refused. */
export interface OffCommand {
  readonly kind: "command";
  readonly argv: readonly string[];
  readonly armed?: boolean;
}

/** Switches another server off; `{server}` in a word becomes its name. `armed` as in the off command. */
export interface FenceCommand {
  readonly argv: readonly string[];
  readonly armed?: boolean;
}

/** The view outward of this server: brokers and dashboard. Without it no telemetry process is started. */
export interface TelemetryLocal {
  /** `host:port` of the dashboard. */
  readonly listen: string;
  /** `mqtt://host:port`; the first is this server's own and the only one whose unsigned commands count. */
  readonly brokers: readonly string[];
  /** Further brokers that are only told. */
  readonly readOnlyBrokers?: readonly string[];
  /** Signed commands count over the brokers after the first. Default false: they are only told. */
  readonly allowRemoteCommands?: boolean;
  /** Keys of those who may sign. Default `<stateDir>/operator-keys.json`; see `kage operator-key`. */
  readonly operatorKeys?: string;
  /** TLS listener of this server's own broker; `folder` has its files, default /etc/kagemusha/broker. */
  readonly brokerTls?: { readonly listen: string; readonly folder?: string };
  /** TLS listeners of the other servers' brokers by server: their events are told here as well. */
  readonly peerBrokers?: Readonly<Record<string, string>>;
  /** JSON `{"node": password, "viewer": ..., "operator": ..., "admin": ...}`, mode 0600. */
  readonly brokerCredentials?: string;
  /** PEM of the authority of brokers that are not of `brokerTls`. Default: the system's. */
  readonly brokerCa?: string;
  /** Default `<stateDir>/users.json`; the one-time code is kept beside it. */
  readonly usersFile?: string;
  /** Control socket of the virtual appliance. */
  readonly rackSocket?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Names by which browsers may call the dashboard beside addresses and localhost. Default none. */
  readonly hostNames?: readonly string[];
  /** Who sees `/status` and `/metrics`. Default: `open` on a loopback address, else `login`. */
  readonly statusAccess?: "open" | "login";
  /** Publish Home Assistant's device discovery. Default false. */
  readonly homeAssistant?: boolean;
  /** Dashboards of the other servers by name. */
  readonly peers?: Readonly<Record<string, string>>;
}

export interface Local {
  readonly server: string;
  readonly configFile: string;
  readonly keyFile: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly off: { readonly kind: "rack" } | OffCommand;
  readonly watchdog:
    | { readonly kind: "rack" | "none" }
    | { readonly kind: "device"; readonly path: string };
  readonly addresses: { readonly kind: "rack" | "linux" };
  readonly rack?: RackWiring;
  readonly telemetry?: TelemetryLocal;
  /** For a forced stop that the other server does not obey (R205). Default: none, a person has to. */
  readonly fence?: FenceCommand;
  /** Form of the log lines. Default: what the process finds on its standard output. */
  readonly log?: "journal" | "plain";
}

/** This server with everything its processes start from. */
export interface ServerContext {
  readonly local: Local;
  readonly config: LoadedConfig;
  readonly self: ServerIndex;
  readonly host: HostIncarnation;
  /** The text of `config` and where it came from; absent = nobody needs to know. */
  readonly start?: StartText;
}

/** A start that cannot go on: the message says which file, what was expected and what to do. */
export class StartFault extends Error {
  override readonly name = "StartFault";
  readonly code = "START";
}

/** Reads local file and configuration. Throws StartFault. */
export function readServerContext(localFile: string): ServerContext {
  const local = parseLocal(readText(localFile), localFile);
  const host = readHostIncarnation();
  const { config, start } = readConfiguration(local, host);
  const server = config.servers.find((candidate) => candidate.name === local.server);
  if (server === undefined) {
    const names = config.servers.map(({ name }) => name).join(", ");
    throw new StartFault(
      `${localFile}: server "${local.server}" is not in ${local.configFile}; expected one of ${names}`,
    );
  }
  return { local, config, self: server.index, host, start };
}

/** The text that a process which starts at this moment would run by. Throws StartFault. */
export function readConfiguration(
  local: Local,
  host: HostIncarnation,
): { readonly config: LoadedConfig; readonly start: StartText } {
  const start = readStartText(local, host);
  const loaded = loadConfiguration(start.text, local.configFile);
  if (loaded.kind === "refused") {
    throw new StartFault(loaded.findings.map((finding) => finding.text).join("\n"));
  }
  return { config: { ...loaded.config, revision: start.rev ?? loaded.config.revision }, start };
}

/** The configuration file, or the installed revision where that rules. Throws StartFault. */
function readStartText(local: Local, host: HostIncarnation): StartText {
  try {
    const fileText = readFileSync(local.configFile, "utf8");
    return chooseStartText(local.stateDir, fileText, host) ?? noText(fileText);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return chooseStartText(local.stateDir, null, host) ?? noText(readText(local.configFile));
  }
}

const noText = (text: string): StartText => ({ text, rev: null, isFileOther: false });

/** 32 bytes from a file of 64 hex digits that nobody else may read. Throws StartFault. */
export function readClusterKey(keyFile: string): Uint8Array {
  const text = readText(keyFile).trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new StartFault(
      `${keyFile}: expected 64 hex digits; create it as \`openssl rand -hex 32\` does`,
    );
  }
  return Buffer.from(text, "hex");
}

/** One per OS boot: given by the power supply of a virtual server, else derived from the kernel's boot id. */
export function readHostIncarnation(): HostIncarnation {
  const given = process.env["KAGE_HOST_INCARNATION"];
  if (given !== undefined) {
    if (!/^[0-9a-f]{16}$/.test(given)) {
      throw new StartFault(`KAGE_HOST_INCARNATION is "${given}"; expected 16 hex digits`);
    }
    return hostIncarnation(given);
  }
  const bootId = readText("/proc/sys/kernel/random/boot_id").trim();
  return hostIncarnation(createHash("sha256").update(bootId).digest("hex").slice(0, 16));
}

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFault(`${file}: cannot be read (${reason}); check the path and its permissions`);
  }
}

/** The text of a local file as `Local`. Throws StartFault with `file` in its words. */
export function parseLocal(text: string, file: string): Local {
  return checkLocal(parseJson(text, file), file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartFault(
      `${file}: expected JSON; ${error instanceof Error ? error.message : error}`,
    );
  }
}

const STRINGS = ["server", "configFile", "keyFile", "stateDir", "runDir"] as const;

function checkLocal(value: unknown, file: string): Local {
  if (!isRecord(value)) throw new StartFault(`${file}: expected an object`);
  for (const key of STRINGS) {
    if (typeof value[key] !== "string" || value[key] === "") {
      throw new StartFault(`${file}: "${key}" is missing; expected a text`);
    }
  }
  expectKind(value, "off", ["rack", "command"], file);
  expectKind(value, "watchdog", ["rack", "device", "none"], file);
  expectKind(value, "addresses", ["rack", "linux"], file);
  const off = value["off"] as Record<string, unknown>;
  if (off["kind"] === "command" && !isArgv(off["argv"])) {
    throw new StartFault(`${file}: "off.argv" must be a list of words, the program first`);
  }
  const rackUsed = [value["off"], value["watchdog"], value["addresses"]].some(
    (part) => isRecord(part) && part["kind"] === "rack",
  );
  if (rackUsed && !isRecord(value["rack"])) {
    throw new StartFault(`${file}: kind "rack" is used; expected a "rack" section with its wiring`);
  }
  if (value["telemetry"] !== undefined) checkTelemetry(value["telemetry"], file);
  const { log, fence } = value;
  if (fence !== undefined && !(isRecord(fence) && isArgv(fence["argv"]))) {
    throw new StartFault(`${file}: "fence.argv" must be a list of words, the program first`);
  }
  if (log !== undefined && log !== "journal" && log !== "plain") {
    throw new StartFault(`${file}: "log" must be "journal" or "plain"`);
  }
  return value as unknown as Local;
}

const TELEMETRY_TEXTS = ["brokerCredentials", "brokerCa", "usersFile", "rackSocket"] as const;

function checkTelemetry(value: unknown, file: string): void {
  const refuse = (what: string): never => {
    throw new StartFault(`${file}: "telemetry${what}`);
  };
  if (!isRecord(value)) return refuse('" must be an object');
  const { listen, brokers, readOnlyBrokers, tls, homeAssistant, peers } = value;
  const { hostNames, statusAccess } = value;
  if (typeof listen !== "string" || !/^.+:\d{1,5}$/.test(listen)) {
    refuse('.listen" must be host:port');
  }
  if (!isUrls(brokers) || brokers.length === 0) {
    refuse('.brokers" must be a list like ["mqtt://127.0.0.1:1883"]');
  }
  if (readOnlyBrokers !== undefined && !isUrls(readOnlyBrokers)) {
    refuse('.readOnlyBrokers" must be a list of mqtt:// or mqtts:// addresses');
  }
  for (const key of TELEMETRY_TEXTS) {
    if (value[key] !== undefined && typeof value[key] !== "string") {
      refuse(`.${key}" must be a path`);
    }
  }
  const pair = isRecord(tls) && typeof tls["cert"] === "string" && typeof tls["key"] === "string";
  if (tls !== undefined && !pair) refuse('.tls" must have the paths "cert" and "key"');
  if (homeAssistant !== undefined && typeof homeAssistant !== "boolean") {
    refuse('.homeAssistant" must be true or false');
  }
  if (hostNames !== undefined && !isNames(hostNames)) {
    refuse('.hostNames" must be a list of names without port, like ["cluster.example"]');
  }
  if (statusAccess !== undefined && statusAccess !== "open" && statusAccess !== "login") {
    refuse('.statusAccess" must be "open" or "login"');
  }
  checkBrokerParts(value, refuse);
  const names = isRecord(peers) ? Object.values(peers) : [];
  if (peers !== undefined && (!isRecord(peers) || names.some((url) => typeof url !== "string"))) {
    refuse('.peers" must map server names to addresses');
  }
}

const isUrls = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.every((url) => typeof url === "string" && /^mqtts?:\/\/[^/\s]+$/.test(url));

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.every((name) => typeof name === "string" && /^[A-Za-z0-9._-]{1,253}$/.test(name));

function expectKind(
  value: Record<string, unknown>,
  key: string,
  kinds: readonly string[],
  file: string,
): void {
  const part = value[key];
  const kind = isRecord(part) ? part["kind"] : undefined;
  if (typeof kind === "string" && kinds.includes(kind)) return;
  throw new StartFault(`${file}: "${key}.kind" must be one of ${kinds.join(", ")}`);
}

const isArgv = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string");

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
