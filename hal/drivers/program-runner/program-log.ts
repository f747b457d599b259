/**
 * A program's output: a file of its own, bounded, never a pipe to the agent (a stopped or dead
 * agent must neither stall nor kill the program). Programs append, so a cut file goes on at its
 * beginning.
 * Bound: the size is looked at every CHECK_INTERVAL_MS; one file `.1` keeps the last part.
 * Source: architecture.md 2; protocol.md P3.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

/**
 * Long enough to cost an idle node nothing, short enough that a flood stays in the tens of
 * megabytes.
 */
export const CHECK_INTERVAL_MS = 2000;
/**
 * A disk that does not open a file in this time does not hold up a takeover: output goes nowhere.
 */
const OPEN_TIMEOUT_MS = 250;

export type LogOpened =
  | { readonly kind: "opened"; readonly file: FileHandle }
  | { readonly kind: "failed"; readonly detail: string };

/** Opens for appending; an old file above `limitBytes` becomes `.1` first. */
export async function openLog(path: string, limitBytes: number): Promise<LogOpened> {
  const opening = openFile(path, limitBytes);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<LogOpened>((resolve) => {
    const detail = `${path}: not open after ${OPEN_TIMEOUT_MS} ms; does the disk of stateDir hang?`;
    timer = setTimeout(() => resolve({ kind: "failed", detail }), OPEN_TIMEOUT_MS);
  });
  const result = await Promise.race([opening, late]);
  clearTimeout(timer);
  if (result.kind === "failed") void opening.then(closeLate);
  return result;
}

/** Keeps the last `limitBytes` in `.1` and empties the file, if it has grown above the limit. */
export async function cutLog(path: string, limitBytes: number): Promise<void> {
  if ((await sizeOf(path)) <= limitBytes) return;
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const part = Buffer.alloc(Math.min(size, limitBytes));
    const { bytesRead } = await file.read(part, 0, part.length, size - part.length);
    await file.truncate(0);
    const kept = await open(`${path}.1`, "w", 0o640);
    try {
      await kept.write(part, 0, bytesRead, 0);
    } finally {
      await kept.close();
    }
  } finally {
    await file.close();
  }
}

async function openFile(path: string, limitBytes: number): Promise<LogOpened> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    if ((await sizeOf(path)) > limitBytes) await rename(path, `${path}.1`);
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    return { kind: "opened", file: await open(path, flags, 0o640) };
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return { kind: "failed", detail: `${path}: ${String(error)}` };
  }
}

async function closeLate(result: LogOpened): Promise<void> {
  if (result.kind === "opened") await result.file.close();
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0;
    throw error;
  }
}
