/**
 * Puts several files into one folder so that after a cut at any moment either none of them or, with the
 * next command, all of them are there. Intuition: everything is written and synced in a side folder first;
 * one rename of that folder is the decision, what follows is repeated until it is done.
 * Two writers of one folder exclude each other by an abstract socket, which the kernel frees.
 * Source: rename(2), fsync(2), unix(7); architecture.md 6 (key file, mode 0600).
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";

export interface SetFile {
  /** Name within the folder. */
  readonly name: string;
  readonly text: string;
  /** Exact permission bits, whatever the umask. */
  readonly mode: number;
  /** false = refuse when another text stands there; the same text is no obstacle. */
  readonly replace: boolean;
  /**
   * The one that others look for, given last: it is taken away before any other is replaced, so that whoever
   * starts in between finds nothing instead of a mixture. Default false.
   */
  readonly isGate?: boolean;
}

export type SetResult =
  | { readonly kind: "written" }
  /** A file is there with another text; nothing was changed. */
  | { readonly kind: "exists"; readonly file: string }
  /** Another command writes this folder right now. */
  | { readonly kind: "busy" }
  /** The system refused; nothing was changed unless `isDecided`, then the next command completes it. */
  | { readonly kind: "failed"; readonly detail: string; readonly isDecided: boolean };

const NEW = ".kage-new";
const READY = ".kage-ready";
/** Position and name of a file in the side folder: they move in the order they were given. */
const PLAIN = "~";
const GATE = "!";
const POSITION_DIGITS = 3;
const FOLDER_MODE = 0o755;

/** Writes the files in their order; the last one should be the one that others look for. */
export async function writeSet(dir: string, files: readonly SetFile[]): Promise<SetResult> {
  let isDecided = false;
  let lock: Server | null = null;
  try {
    if (files.length > 0) makeFolder(dir, FOLDER_MODE);
    else if ((await listOrNone(dir)) === null) return { kind: "written" };
    lock = await lockFolder(dir);
    if (lock === null) return { kind: "busy" };
    await complete(dir);
    if (files.length === 0) return { kind: "written" };
    const obstacle = await firstObstacle(dir, files);
    if (obstacle !== null) return { kind: "exists", file: obstacle };
    await prepare(dir, files);
    await rename(join(dir, NEW), join(dir, READY));
    isDecided = true;
    await syncFolder(dir);
    await complete(dir);
    return { kind: "written" };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const left = isDecided ? "" : await discard(dir);
    return { kind: "failed", detail: `${error.message}${left}`, isDecided };
  } finally {
    lock?.close();
  }
}

/** Finishes what a killed command had decided; without such a rest nothing happens, also no folder. */
export async function completeSet(dir: string): Promise<SetResult> {
  return writeSet(dir, []);
}

async function complete(dir: string): Promise<void> {
  await rm(join(dir, NEW), { recursive: true, force: true });
  const ready = join(dir, READY);
  const names = await listOrNone(ready);
  if (names === null) return;
  const moves = names.sort().map((name) => {
    const [, kind, target = name] = /^\d+([~!])(.+)$/.exec(name) ?? [];
    return { from: join(ready, name), to: join(dir, target), isGate: kind === GATE };
  });
  for (const { to, isGate } of moves) if (isGate) await rm(to, { force: true });
  await syncFolder(dir);
  for (const { from, to } of moves) await rename(from, to);
  await syncFolder(dir);
  await rm(ready, { recursive: true });
}

async function firstObstacle(dir: string, files: readonly SetFile[]): Promise<string | null> {
  for (const { name, text, replace } of files) {
    if (replace) continue;
    const found = await textOrNone(join(dir, name));
    if (found !== null && found !== text) return join(dir, name);
  }
  return null;
}

async function prepare(dir: string, files: readonly SetFile[]): Promise<void> {
  const side = join(dir, NEW);
  await mkdir(side, { mode: 0o700 });
  for (const [position, { name, text, mode, isGate }] of files.entries()) {
    const place = `${position}`.padStart(POSITION_DIGITS, "0");
    const handle = await open(join(side, `${place}${isGate ? GATE : PLAIN}${name}`), "wx", 0o600);
    try {
      await handle.chmod(mode);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await syncFolder(side);
}

/** What cannot be removed either is removed by the next command. */
async function discard(dir: string): Promise<string> {
  try {
    await rm(join(dir, NEW), { recursive: true, force: true });
    return "";
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return `; ${error.message}`;
  }
}

/** null = somebody holds it. */
async function lockFolder(dir: string): Promise<Server | null> {
  const name = createHash("sha256")
    .update(await realpath(dir))
    .digest("hex")
    .slice(0, 32);
  const keeper = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    keeper.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    keeper.listen(`\0kagemusha-files-${name}`, () => resolve(keeper));
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listOrNone(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return null;
    throw error;
  }
}

async function textOrNone(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return null;
    throw error;
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
