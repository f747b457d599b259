/**
 * The run record of one program on disk: where it is, how it is read, how it is cleared.
 * Intuition: the record is the only thing the next agent knows. It counts only for this boot (start
 * ticks begin anew at every boot) and only together with a living process of the same start time.
 * Source: protocol.md P4; architecture.md 2.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, isAlive, type ProcessIdentity } from "../process-tree/process-tree.ts";
import { parseExitLine, parseRecordLine } from "./parent-script.ts";

/** Who makes up a run: its small parent and its program; null = not known. */
export interface Known {
  readonly parent: ProcessIdentity | null;
  readonly program: ProcessIdentity | null;
}

/** What the record says; identities of an earlier boot are left out. */
export interface RunRecord extends Known {
  /**
   * A line was written at all, in this boot or before: there was a start without an ordered stop.
   */
  readonly exists: boolean;
  readonly exitStatus: number | null;
}

export interface RecordPlace {
  readonly dir: string;
  readonly cookie: string;
  /** Folder name under the runner's cgroup. */
  readonly cgroupName: string;
}

const FILES = ["parent", "program", "exit"] as const;

/**
 * Names become one path segment each, whatever characters they hold. The cookie carries a mark of
 * the run folder, so that servers of several appliances on one machine never find each other's
 * programs.
 */
export function placeRecord(
  runDir: string,
  server: string,
  group: string,
  resource: string,
): RecordPlace {
  const mark = createHash("sha256").update(runDir).digest("hex").slice(0, 12);
  const groupSegment = toSegment(group);
  const resourceSegment = toSegment(resource);
  return {
    dir: join(runDir, "programs", groupSegment, resourceSegment),
    cookie: `${server}/${group}/${resource}@${mark}`,
    cgroupName: `${mark}/${groupSegment}+${resourceSegment}`,
  };
}

/** One path segment for any name; never empty, `.` or `..`. */
export function toSegment(name: string): string {
  const encoded = encodeURIComponent(name);
  return /^\.*$/.test(encoded) ? `%${encoded}` : encoded;
}

/** Groups and resources that have a record folder, alive or not. */
export async function listRecords(
  runDir: string,
): Promise<readonly { readonly group: string; readonly resource: string }[]> {
  const found: { group: string; resource: string }[] = [];
  const root = join(runDir, "programs");
  for (const group of await listFolder(root)) {
    for (const resource of await listFolder(join(root, group))) {
      found.push({ group: fromSegment(group), resource: fromSegment(resource) });
    }
  }
  return found;
}

/** A folder that is not there is the record of no run; rejects when one that is there cannot be read. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const [parentText, programText, exitText, boot] = await Promise.all([
    readText(join(dir, "parent")),
    readText(join(dir, "program")),
    readText(join(dir, "exit")),
    readText("/proc/sys/kernel/random/boot_id"),
  ]);
  const bootId = boot?.trim() ?? "";
  const parent = parentText === null ? null : parseRecordLine(parentText);
  const program = programText === null ? null : parseRecordLine(programText);
  return {
    exists: parentText !== null || programText !== null,
    parent: parent?.bootId === bootId ? parent : null,
    program: program?.bootId === bootId ? program : null,
    exitStatus: exitText === null ? null : parseExitLine(exitText),
  };
}

/** Empty folder for the next run. Rejects with the system's error, e.g. ENOSPC or EROFS. */
export async function clearRecord(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o750 });
  await Promise.all(FILES.map((file) => rm(join(dir, file), { force: true })));
}

/** Those of a run that still live. */
export function livingOf(record: Known): ProcessIdentity[] {
  const living: ProcessIdentity[] = [];
  for (const who of [record.parent, record.program]) {
    if (who !== null && isAlive(who)) living.push(who);
  }
  return living;
}

/** Trouble of the system (full, read-only, gone), as against a broken contract. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "code" in error;
}

function fromSegment(segment: string): string {
  if (/^%\.*$/.test(segment)) return segment.slice(1);
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
    throw error;
  }
}
