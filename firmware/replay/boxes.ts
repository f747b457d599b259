/**
 * Where black boxes lie: the live rings of a server in its run folder, and the boxes that were saved from
 * there into its state folder, the newest few and never the last space.
 *
 * ```
 * <run folder>/blackbox/<role>-<start, ms since 1970>-<pid>-<segment>.seg
 * <state folder>/blackbox-<start, UTC>-<role>[-emergency].kgj
 * ```
 *
 * The name of a saved box is that of the process's start: saved again with more in it, it takes the place
 * of the first. Source: work order 4 item 8; reliability.md F24.
 */
import { chmod, readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { wholeBytes } from "./format.ts";
import type { Role } from "./recorder.ts";

/** Boxes kept of servers that gave up, and of all other ends of a process. */
const EMERGENCIES_MAX = 4;
const OTHERS_MAX = 8;
/** All saved boxes of a server; a usual one is below 0.5 MiB. */
export const SAVED_BYTES_MAX = 24 * 1024 * 1024;
/** Left to the record, the events and the last words of this server. */
const FREE_BYTES_MIN = 4 * 1024 * 1024;

/** The live ring of one process. */
export interface Ring {
  readonly role: Role;
  /** Wall clock, ms since 1970. */
  readonly startMs: number;
  readonly pid: number;
  /** File names, oldest segment first. */
  readonly files: readonly string[];
}

export const ringFolder = (runDir: string): string => join(runDir, "blackbox");

export const segmentName = (role: Role, startMs: number, pid: number, segment: number): string =>
  `${role}-${startMs}-${pid}-${segment}.seg`;

/** In the journal of who gave up, by a decision of its core or by order. */
const WILL_WORDS = ['"kind":"will.execute"', '"kind":"will.done"'];
const SEGMENT_NAME = /^(pulse|agent)-(\d{1,15})-(\d{1,10})-(\d{1,9})\.seg$/;
const BOX_NAME = /^blackbox-\d{8}T\d{9}Z-(pulse|agent)(-emergency)?\.kgj$/;

/** Rings by the names in their folder, the oldest first. */
export function listRings(names: readonly string[]): Ring[] {
  const rings = new Map<
    string,
    { role: Role; startMs: number; pid: number; at: [number, string][] }
  >();
  for (const name of names) {
    const [, role, start = "", pid = "", segment = ""] = SEGMENT_NAME.exec(name) ?? [];
    if (role !== "pulse" && role !== "agent") continue;
    const key = `${role}-${start}-${pid}`;
    const ring = rings.get(key) ?? { role, startMs: Number(start), pid: Number(pid), at: [] };
    ring.at.push([Number(segment), name]);
    rings.set(key, ring);
  }
  return [...rings.values()]
    .map(({ at, ...ring }) => ({
      ...ring,
      files: at.sort(([a], [b]) => a - b).map(([, name]) => name),
    }))
    .sort((a, b) => a.startMs - b.startMs);
}

/** Rings of a run folder; none when there is no such folder. Rejects with other errors of the system. */
export async function readRings(runDir: string): Promise<Ring[]> {
  return listRings(await namesIn(ringFolder(runDir)));
}

/** A journal of what stands in a ring; what a kill has torn off is left out. */
export async function readRing(runDir: string, ring: Ring): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const file of ring.files) {
    const bytes = await readIfThere(join(ringFolder(runDir), file));
    parts.push(bytes.subarray(0, wholeBytes(bytes)));
  }
  return Buffer.concat(parts);
}

export type Saved =
  | { readonly kind: "saved"; readonly file: string; readonly bytes: number }
  /** Nothing in it, or saved before with as much in it. */
  | { readonly kind: "nothing" }
  /** The state folder has no room that a box may take. */
  | { readonly kind: "full" };

/** Saves a ring as a box; whole or not at all. Rejects with errors of the system. */
export async function saveRing(runDir: string, stateDir: string, ring: Ring): Promise<Saved> {
  const bytes = await readRing(runDir, ring);
  if (bytes.length === 0) return { kind: "nothing" };
  const end = WILL_WORDS.some((word) => bytes.includes(word)) ? "-emergency" : "";
  const file = join(stateDir, boxName(ring, end));
  if ((await readIfThere(file)).length >= bytes.length) return { kind: "nothing" };
  if (!(await makeSpace(stateDir, bytes.length))) return { kind: "full" };
  const draft = `${file}.new`;
  try {
    await writeFile(draft, bytes, { mode: 0o600, flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await pruneBoxes(stateDir, basename(file));
  return { kind: "saved", file, bytes: bytes.length };
}

export async function removeRing(runDir: string, { files }: Ring): Promise<void> {
  for (const file of files) await rm(join(ringFolder(runDir), file), { force: true });
}

/** Names of saved boxes, the oldest first. */
export async function listBoxes(stateDir: string): Promise<string[]> {
  return (await namesIn(stateDir)).filter((name) => BOX_NAME.test(name)).sort();
}

/** Boxes that nobody has been told of, marked as told from here on by being read-only. */
export async function takeNewBoxes(stateDir: string): Promise<string[]> {
  const fresh: string[] = [];
  for (const name of await listBoxes(stateDir)) {
    const file = join(stateDir, name);
    if (((await stat(file)).mode & 0o200) === 0) continue;
    await chmod(file, 0o400);
    fresh.push(file);
  }
  return fresh;
}

/** File name of the box of a ring; `end` tells how its process ended. */
export function boxName({ startMs, role }: Ring, end: "" | "-emergency"): string {
  const start = new Date(startMs).toISOString().replace(/[-:.]/g, "");
  return `blackbox-${start}-${role}${end}.kgj`;
}

/** Start of the process by the name of its box, ms since 1970; NaN = no box has this name. */
export function startOfBox(name: string): number {
  const iso = /^blackbox-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(name);
  const [, year, month, day, hours, minutes, seconds, ms] = iso ?? [];
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`);
}

/** Role in the name of a box. */
export const roleOfBox = (file: string): Role =>
  /-agent(-|\.)/.test(basename(file)) ? "agent" : "pulse";

/** The power went while a box was saved: half of it is better than none. */
export async function settleDrafts(stateDir: string): Promise<void> {
  const names = await namesIn(stateDir);
  for (const name of names.filter((one) => one.endsWith(".new"))) {
    const box = name.slice(0, -".new".length);
    if (!BOX_NAME.test(box)) continue;
    if (names.includes(box)) await rm(join(stateDir, name), { force: true });
    else await rename(join(stateDir, name), join(stateDir, box));
  }
}

interface Box {
  readonly name: string;
  readonly bytes: number;
  readonly isEmergency: boolean;
}

/** What may go first stands first: those of emergencies stay longest. */
async function expendableBoxes(stateDir: string): Promise<Box[]> {
  const boxes = await Promise.all(
    (await listBoxes(stateDir)).map(async (name) => ({
      name,
      bytes: (await stat(join(stateDir, name))).size,
      isEmergency: name.includes("-emergency"),
    })),
  );
  return boxes.sort((a, b) => Number(a.isEmergency) - Number(b.isEmergency));
}

/** True when `bytes` fit; older boxes give way, unless that would not help. */
async function makeSpace(stateDir: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(stateDir);
  const boxes = await expendableBoxes(stateDir);
  const held = boxes.reduce((sum, box) => sum + box.bytes, 0);
  let missing = bytes + FREE_BYTES_MIN - bavail * bsize;
  if (missing > held) return false;
  for (const box of boxes) {
    if (missing <= 0) break;
    await rm(join(stateDir, box.name), { force: true });
    missing -= box.bytes;
  }
  return true;
}

/** The newest few stay, and no more than their bound; `newest` in any case. */
async function pruneBoxes(stateDir: string, newest: string): Promise<void> {
  const boxes = await expendableBoxes(stateDir);
  let total = boxes.reduce((sum, { bytes }) => sum + bytes, 0);
  const left = { others: 0, emergencies: 0 };
  for (const { isEmergency } of boxes) left[isEmergency ? "emergencies" : "others"] += 1;
  for (const { name, bytes, isEmergency } of boxes) {
    const kind = isEmergency ? "emergencies" : "others";
    const isSurplus = left[kind] > (isEmergency ? EMERGENCIES_MAX : OTHERS_MAX);
    if (name === newest || !(isSurplus || total > SAVED_BYTES_MAX)) continue;
    await rm(join(stateDir, name), { force: true });
    left[kind] -= 1;
    total -= bytes;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    // The ring has moved on.
    if (isAbsent(error)) return Buffer.alloc(0);
    throw error;
  }
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
