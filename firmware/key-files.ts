/**
 * Where a server's keys are: the key file of the installation, and beside the other records of the server the set
 * that grew out of it by rotation.
 *
 * ```
 * cluster.key                  64 hex digits, put there by a person; where a set begins
 * cluster.key.old              the one before, kept by `kage key accept`: proves the own slot on the array only
 * <stateDir>/keys/keys.json    the set (services/keys/key-set.ts), 0600, replaced in one step
 * ```
 * Source: architecture.md 6 (key file, mode 0600); reliability.md 4.3; rename(2), fsync(2).
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { FileDone, StoreFiles } from "../flash/store/files.ts";
import {
  type ChosenSet,
  chooseKeySet,
  formatKeySet,
  KEY_FILE_BYTES_MAX,
  type KeySet,
  keyId,
} from "../services/keys/key-set.ts";
import { type Local, readClusterKey, StartFault } from "./local.ts";

export const KEYS_FILE = "keys.json";
const TEMPORARY = "keys.new";

/** Folder of the set below a server's state folder; nobody but deciding processes may enter it. */
export const keysFolder = (stateDir: string): string => join(stateDir, "keys");

/** What a process of this server starts with. Throws StartFault when the key file is none. */
export function readKeySet(local: Pick<Local, "keyFile" | "stateDir">): ChosenSet {
  const fileKey = new Uint8Array(readClusterKey(local.keyFile));
  const text = textOrNull(join(keysFolder(local.stateDir), KEYS_FILE));
  const known = text !== null && text.length > KEY_FILE_BYTES_MAX ? "" : text;
  return chooseKeySet(fileKey, known, Date.now());
}

/** The key that is sealed with. Throws StartFault when the key file is none. */
export const readActiveKey = (local: Pick<Local, "keyFile" | "stateDir">): Uint8Array =>
  readKeySet(local).set.active.key;

/** The key before the one that a person gave this server; null = none is kept. */
export function readFormerKey(local: Pick<Local, "keyFile">): Uint8Array | null {
  try {
    return new Uint8Array(readClusterKey(`${local.keyFile}.old`));
  } catch (error) {
    if (error instanceof StartFault) return null;
    throw error;
  }
}

/** Makes `set` durable. `files` is the folder of keys. */
export async function writeKeySet(
  files: StoreFiles,
  keyFile: string,
  set: KeySet,
): Promise<FileDone> {
  let origin: string;
  try {
    origin = keyId(new Uint8Array(readClusterKey(keyFile)));
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    return { kind: "failed", code: "KEYFILE", text: `${basename(keyFile)}: ${error.message}` };
  }
  const written = await files.write(TEMPORARY, Buffer.from(formatKeySet(set, origin), "utf8"));
  const renamed = written.kind === "done" ? await files.rename(TEMPORARY, KEYS_FILE) : written;
  return renamed.kind === "done" ? await files.syncFolder() : renamed;
}

function textOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
