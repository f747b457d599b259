/**
 * The one file that differs from server to server: who this server is, where its key, state and sockets
 * are, and which makes of off, watchdog and addresses it has. Everything else is the cluster's text.
 * Source: architecture.md 6, 7.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HostIncarnation, hostIncarnation, type ServerIndex } from "../hal/base/ids.ts";
import { type LoadedConfig, loadConfiguration } from "../services/configuration/load.ts";

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
}

/** This server with everything its processes start from. */
export interface ServerContext {
  readonly local: Local;
  readonly config: LoadedConfig;
  readonly self: ServerIndex;
  readonly host: HostIncarnation;
}

/** A start that cannot go on: the message says which file, what was expected and what to do. */
export class StartFault extends Error {
  override readonly name = "StartFault";
  readonly code = "START";
}

/** Reads local file and configuration. Throws StartFault. */
export function readServerContext(localFile: string): ServerContext {
  const local = checkLocal(parseJson(localFile), localFile);
  const loaded = loadConfiguration(readText(local.configFile), local.configFile);
  if (loaded.kind === "refused") {
    throw new StartFault(loaded.findings.map((finding) => finding.text).join("\n"));
  }
  const server = loaded.config.servers.find((candidate) => candidate.name === local.server);
  if (server === undefined) {
    const names = loaded.config.servers.map(({ name }) => name).join(", ");
    throw new StartFault(
      `${localFile}: server "${local.server}" is not in ${local.configFile}; expected one of ${names}`,
    );
  }
  return { local, config: loaded.config, self: server.index, host: readHostIncarnation() };
}

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

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof StartFault) throw error;
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
  return value as unknown as Local;
}

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
