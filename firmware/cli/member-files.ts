/**
 * The three files that make a machine a member: the cluster's text, its key, and local.json. Where they
 * are, what a new local.json says, and whether one that stands there may stay.
 * Source: firmware/local.ts; architecture.md 6; flash/package (the same places for units and installer).
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { localTemplate } from "../../flash/package/files.ts";
import { ETC_DIR, packagePlaces, RUN_DIR, STATE_DIR } from "../../flash/package/places.ts";
import { unreachable } from "../../hal/base/assert.ts";
import type { SetFile, SetResult } from "../enrolment/file-set.ts";
import { makeFolder } from "../enrolment/make-folder.ts";
import { type Local, parseLocal, StartFault } from "../local.ts";
import { type Call, isTrouble } from "./call.ts";
import { request } from "./client.ts";
import { EXIT, type Trouble } from "./exit-code.ts";

export const CONFIG_NAME = "cluster.jsonc";
export const KEY_NAME = "cluster.key";
export const LOCAL_NAME = "local.json";
export const KEY_MODE = 0o600;
const PLAIN_MODE = 0o644;

export interface MemberFiles {
  readonly dir: string;
  readonly config: string;
  readonly key: string;
  readonly local: string;
}

/** Of `--dir`, else of the installed package. */
export function memberFiles(call: Call): MemberFiles {
  const dir = resolve(call.invocation.texts.dir ?? ETC_DIR);
  const at = (name: string): string => join(dir, name);
  return { dir, config: at(CONFIG_NAME), key: at(KEY_NAME), local: at(LOCAL_NAME) };
}

/** The parsed local.json; null = there is none. */
export function readLocal(call: Call, file: string): Local | null | Trouble {
  const text = textOrNull(file);
  if (text === null) return null;
  try {
    return parseLocal(text, file);
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    const message = call.say("localBad", { file, detail: error.message });
    return { exit: EXIT.refused, code: null, message, remedy: call.say("localDo") };
  }
}

/** local.json as it has to be written for `server`; null = the one that stands there stays. */
export function localFileFor(
  call: Call,
  files: MemberFiles,
  server: string,
): SetFile | null | Trouble {
  const found = readLocal(call, files.local);
  if (isTrouble(found)) return found;
  if (found === null) return localFile(files, server);
  const refuse = (message: string): Trouble => {
    return { exit: EXIT.refused, code: null, message, remedy: call.say("localDo") };
  };
  if (found.server !== server) {
    return refuse(call.say("localOther", { file: files.local, found: found.server, server }));
  }
  const at = (path: string): string => resolve(dirname(files.local), path);
  if (at(found.configFile) === files.config && at(found.keyFile) === files.key) return null;
  return refuse(call.say("localElsewhere", { file: files.local, dir: files.dir }));
}

function localFile(files: MemberFiles, server: string): SetFile {
  const isSystem = files.dir === ETC_DIR;
  const { offScript } = packagePlaces({ prefix: "/usr/local", nodePath: process.execPath });
  const local = {
    ...(JSON.parse(localTemplate(server, offScript)) as object),
    configFile: files.config,
    keyFile: files.key,
    stateDir: isSystem ? STATE_DIR : join(files.dir, "state"),
    runDir: isSystem ? RUN_DIR : join(files.dir, "run"),
  };
  const text = `${JSON.stringify(local, null, 2)}\n`;
  return { name: LOCAL_NAME, text, mode: PLAIN_MODE, replace: false, isGate: true };
}

/** local.json as it stands, to be put back last where the files it names are replaced; null = there is none. */
export function standingLocal(files: MemberFiles): SetFile | null {
  const text = textOrNull(files.local);
  if (text === null) return null;
  const mode = statSync(files.local).mode & 0o777;
  return { name: LOCAL_NAME, text, mode, replace: true, isGate: true };
}

/**
 * State and sockets beside the files, before any of these is written; those of the installed package are the
 * installer's. null = they are there.
 */
export function makeFolders(call: Call, files: MemberFiles): Trouble | null {
  if (files.dir === ETC_DIR) return null;
  try {
    for (const name of ["state", "run"]) makeFolder(join(files.dir, name), 0o700);
    return null;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const detail = error.message;
    return setTrouble(call, files.dir, { kind: "failed", detail, isDecided: false });
  }
}

export function configFile(text: string, replace: boolean): SetFile {
  return { name: CONFIG_NAME, text, mode: PLAIN_MODE, replace };
}

/** `key` is 64 hex digits. */
export function keyFile(key: string, replace: boolean): SetFile {
  return { name: KEY_NAME, text: `${key}\n`, mode: KEY_MODE, replace };
}

/** The trouble of a set that was not written; null = it was. */
export function setTrouble(call: Call, dir: string, result: SetResult): Trouble | null {
  const { say } = call;
  const make = (exit: Trouble["exit"], message: string, remedy: string): Trouble => {
    return { exit, code: null, message, remedy };
  };
  switch (result.kind) {
    case "written":
      return null;
    case "exists":
      return make(EXIT.refused, say("fileExists", { file: result.file }), say("fileExistsDo"));
    case "busy":
      return make(EXIT.refused, say("folderBusy", { dir }), say("folderBusyDo"));
    case "failed": {
      const message = say("cannotWrite", { dir, detail: result.detail });
      const remedy = result.isDecided ? say("halfWrittenDo", { dir }) : say("cannotWriteDo");
      return make(EXIT.failed, message, remedy);
    }
    default:
      return unreachable(result);
  }
}

/** The trouble when agent or pulse of this server answers its socket; null = nothing runs here. */
export async function runningTrouble(call: Call, local: Local | null): Promise<Trouble | null> {
  if (local === null) return null;
  for (const name of ["agent.sock", "pulse.sock"]) {
    const socket = join(local.runDir, name);
    const body = { verb: "status", args: {} };
    const reply = await request(socket, body, call.io.queryDeadlineMs, call.io.interrupted);
    if (reply.kind === "unreachable") continue;
    const message = call.say("clusterRuns", { socket });
    return { exit: EXIT.refused, code: null, message, remedy: call.say("clusterRunsDo") };
  }
  return null;
}

/** The text of a file; null = there is none or it cannot be read. */
export function textOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
