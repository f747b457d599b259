/**
 * The mark that an agent has begun in this boot. It lies beside the sockets and not in the state folder: where the
 * record on flash is lost, the mark still says that an address or half a group may be up here.
 * Intuition: a muddy boot in the hall tells that somebody came in, whatever the visitors' book says.
 * Source: protocol.md 1.4.8, L3; D18; S1.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostIncarnation } from "../../hal/base/ids.ts";
import { errorCode } from "../../hal/drivers/process-tree/process-tree.ts";

const FILE = "booted";

/** An agent has begun in this boot before; also when nobody can tell. */
export function hasRunBefore(runDir: string, host: HostIncarnation): boolean {
  try {
    return readFileSync(join(runDir, FILE), "utf8") === host;
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
}

/** Before anything may be started. Null = it is there; else why it could not be left. */
export function leaveBootMark(runDir: string, host: HostIncarnation): string | null {
  const file = join(runDir, FILE);
  try {
    writeFileSync(`${file}.new`, host, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
