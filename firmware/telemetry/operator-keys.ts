/**
 * The keys whose signatures count, as a file beside the other state: written by `kage operator-key`, looked
 * at by the telemetry process twice a second, so that a removed key orders nothing any more.
 * A file that cannot be understood holds no key. Source: ecosystem.md 1.4; rename(2).
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type OperatorKey,
  type OperatorKeyRow,
  operatorKeys,
  readKeyFile,
} from "../../services/telemetry/commands/signature.ts";
import type { Local } from "../local.ts";
import type { Log } from "../log.ts";

/** 64 rows of 150 bytes, with room for a person's blanks. */
const FILE_BYTES_MAX = 65_536;

/** Where the keys are: `telemetry.operatorKeys` or `<stateDir>/operator-keys.json`. */
export const operatorKeysFile = ({ telemetry, stateDir }: Local): string =>
  telemetry?.operatorKeys ?? join(stateDir, "operator-keys.json");

/** No file: no rows. null = it is damaged, too large or cannot be read. */
export function readRows(file: string): readonly OperatorKeyRow[] | null {
  try {
    const { size } = statSync(file);
    return size > FILE_BYTES_MAX ? null : readKeyFile(readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return error.code === "ENOENT" ? [] : null;
  }
}

export class KeyWatch {
  readonly #file: string;
  readonly #log: Log;
  #sign = "";

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** The keys when the file is another one than at the last look; null = as before. */
  look(): readonly OperatorKey[] | null {
    const sign = signOf(this.#file);
    if (sign === this.#sign) return null;
    this.#sign = sign;
    const rows = readRows(this.#file);
    const keys = rows === null ? null : operatorKeys(rows);
    if (keys === null) this.#log.warn({ file: this.#file }, "no key file of ours: no key counts");
    else this.#log.info({ keys: keys.map(({ id, role }) => `${id} ${role}`) }, "operator keys");
    return keys ?? [];
  }
}

/** A replaced file has another inode, one that was edited another time. */
function signOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return `${error.code}`;
    throw error;
  }
}
