/**
 * What a server's local.json tells about files that can be read while its agent is silent: the
 * configuration it runs and the folder of its event log. Source: firmware/local.ts; README.
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseObject } from "./client.ts";
import type { AgentAddress } from "./discover.ts";

export interface LocalPaths {
  readonly configFile: string;
  /** The event log as it stands, the newest entries last; the file may not exist yet. */
  readonly eventFile: string;
}

/** null = no local.json is known, or it cannot be read as one. */
export function localPaths({ localFile }: AgentAddress): LocalPaths | null {
  if (localFile === null) return null;
  const local = parseObject(readOrEmpty(localFile));
  const configFile = local?.["configFile"];
  const stateDir = local?.["stateDir"];
  if (typeof configFile !== "string" || typeof stateDir !== "string") return null;
  const at = (path: string): string => resolve(dirname(localFile), path);
  return { configFile: at(configFile), eventFile: join(at(stateDir), "events.jsonl") };
}

export interface LocalFolders {
  readonly server: string;
  readonly stateDir: string;
  readonly runDir: string;
}

/** null = no local.json is known, or it cannot be read as one. */
export function localFolders({ localFile }: AgentAddress): LocalFolders | null {
  if (localFile === null) return null;
  const { server, stateDir, runDir } = parseObject(readOrEmpty(localFile)) ?? {};
  if (typeof server !== "string" || typeof stateDir !== "string") return null;
  if (typeof runDir !== "string") return null;
  const at = (path: string): string => resolve(dirname(localFile), path);
  return { server, stateDir: at(stateDir), runDir: at(runDir) };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
