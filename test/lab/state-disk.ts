/**
 * The disk of a server's state folder in the lab: a small file system in memory of its own, mounted by
 * the host, so that it outlives every power cut of the server and can be filled to the last byte.
 * A full one refuses everything that the server writes there: record, event log, programs' output.
 * Source: issue 2 Behaviour ("full state folder"); tmpfs(5).
 */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FolderCondition } from "../scenarios/command-grammar.ts";
import { setStateFolder } from "../scenarios/state-folder.ts";
import { errorCode, run } from "./command.ts";

/** Record, events and logs of the longest story take a tenth of it. */
const DISK_BYTES = 8 * 1024 * 1024;
const PAGE_BYTES = 4096;
const FILLER = "filler";

export interface StateDisk {
  set(condition: FolderCondition): void;
  close(): Promise<void>;
}

/** `stateDir` exists and is empty; no server of the lab runs yet. */
export async function openStateDisk(stateDir: string): Promise<StateDisk> {
  const options = `size=${DISK_BYTES},mode=700`;
  await run(["mount", "-t", "tmpfs", "-o", options, "kage-state", stateDir]);
  const filler = join(stateDir, FILLER);
  return {
    set(condition) {
      rmSync(filler, { force: true });
      // Programs hold their output files open, so the mount itself cannot become read-only.
      setStateFolder(stateDir, condition === "full" ? "normal" : condition);
      if (condition === "full") fill(filler);
    },
    close: async () => {
      await run(["umount", stateDir]);
    },
  };
}

/** Writes until not one page is left. */
function fill(file: string): void {
  const page = Buffer.alloc(PAGE_BYTES, 0x66);
  const fd = openSync(file, "w", 0o600);
  try {
    for (;;) writeSync(fd, page);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  } finally {
    closeSync(fd);
  }
}
