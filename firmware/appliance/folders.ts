/**
 * Folders and files of the appliance on disk: private to their user, written whole or not at all.
 * Source: issue 2 items 3 (key) and 6, Behaviour ("full state folder").
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { ARRAY_BLOCK_BYTES, type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import { formatArbitration } from "../disk/format.ts";
import { readClusterKey, StartFault } from "../local.ts";

/** A start that cannot go on: the message says what was expected, `remedy` what to do. */
export class ApplianceFault extends Error {
  override readonly name = "ApplianceFault";
  readonly code = "APPLIANCE";
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Size of the virtual array: the layout needs 132 KiB, an arbitration partition has at least 1 MiB. */
export const ARRAY_BYTES = 1024 * 1024;

/** Makes a folder that only this user may enter; refuses one that belongs to somebody else. */
export function ensurePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  const { uid } = userInfo();
  if (!stat.isDirectory() || stat.uid !== uid) {
    const found = stat.isDirectory() ? `one of user ${stat.uid}` : "something else";
    throw new ApplianceFault(
      `${path}: expected a folder of user ${uid}, found ${found}`,
      "remove it, or give another folder with --state DIR",
    );
  }
  if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** Replaces a file in one step, readable by its user only. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** 32 random bytes as 64 hex digits, made once. */
export function ensureKey(path: string): void {
  if (!existsSync(path)) writeWhole(path, `${randomBytes(32).toString("hex")}\n`);
  chmodSync(path, 0o600);
}

/**
 * Formats the array's image for the cluster unless it is formatted already. Refuses a key file that
 * is none, and an image of something else or under another key.
 */
export async function ensureArray(path: string, clusterId: number, keyFile: string): Promise<void> {
  const clusterKey = readKey(keyFile);
  const standing = readImage(path);
  const whole = standing?.length === ARRAY_BYTES;
  const bytes = whole ? new Uint8Array(standing) : new Uint8Array(ARRAY_BYTES);
  const identity = { clusterId, clusterKey };
  const result = await formatArbitration(memoryArray(bytes), identity);
  switch (result.kind) {
    case "already-formatted":
      return;
    case "formatted":
      writeWhole(path, bytes);
      return;
    case "refused":
    case "failed":
      throw new ApplianceFault(
        `${path}: ${result.message}`,
        "start with --fresh to format it anew",
      );
  }
}

function readKey(keyFile: string): Uint8Array {
  try {
    return readClusterKey(keyFile);
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    throw new ApplianceFault(error.message, "correct it, or remove it and start with --fresh", {
      cause: error,
    });
  }
}

/** null: there is none yet. */
function readImage(path: string): Uint8Array | null {
  if (!existsSync(path)) return null;
  try {
    return readFileSync(path);
  } catch (error) {
    const { message } = error as Error;
    throw new ApplianceFault(`array image ${path}: ${message}`, "remove it and start again", {
      cause: error,
    });
  }
}

function memoryArray(bytes: Uint8Array): ArbitrationArray {
  const rangeOf = (index: number): readonly [number, number] => {
    const at = index * ARRAY_BLOCK_BYTES;
    if (at + ARRAY_BLOCK_BYTES <= bytes.length) return [at, at + ARRAY_BLOCK_BYTES];
    throw new ArrayError("ERANGE", `no block ${index} in an array of ${bytes.length} bytes`);
  };
  return {
    readBlock: async (index) => bytes.slice(...rangeOf(index)),
    writeBlock: async (index, block) => bytes.set(block, rangeOf(index)[0]),
    close: () => Promise.resolve(),
  };
}
