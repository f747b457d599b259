/**
 * Finds and ends processes by what cannot be mistaken: pid plus start time, or a cookie in the
 * environment.
 * Intuition: a bare pid is a seat number; the start time says who sits there. Everything here reads
 * only /proc, so it works while every disk of the host hangs. A read that blocks on a stuck process
 * blocks the caller with it; the pulse is then not feeding the watchdog, which is the safe outcome.
 * Source: proc(5); protocol.md P2, P4; architecture.md 2 (last will).
 */
import { readdirSync, readFileSync } from "node:fs";

/** Names one process for the time of this boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/pid/stat, clock ticks since boot. */
  readonly startTicks: number;
}

export interface ProcessStat extends ProcessIdentity {
  /** One letter of proc(5): R S D Z T t X I. */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
}

/** `gone` includes a pid that another process has by now. `refused`: not ours to signal. */
export type SignalOutcome = "sent" | "gone" | "refused";

/** kthreadd, parent of all kernel threads: they have no environment and must not be touched. */
const KERNEL_THREAD_PARENT = 2;
/**
 * Between two looks at a dying process: short against a give-up, long against the cost of a look.
 */
const LOOK_INTERVAL_MS = 4;

/**
 * Reads a line of /proc/pid/stat; null if it is not one. The command name may hold blanks and
 * brackets, so the fields are counted from the last closing bracket.
 */
export function parseStat(text: string): ProcessStat | null {
  const close = text.lastIndexOf(")");
  const pid = Number.parseInt(text, 10);
  if (close < 0 || !Number.isSafeInteger(pid) || pid <= 0) return null;
  const fields = text.slice(close + 2).split(" ");
  // fields[0] is field 3 of proc(5): the start time, field 22, is fields[19].
  const [state, parentPid, groupId, sessionId] = fields;
  const startTicks = Number(fields[19]);
  if (state === undefined || fields[19] === undefined || !Number.isSafeInteger(startTicks)) {
    return null;
  }
  return {
    pid,
    startTicks,
    state,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
  };
}

/** Null when there is no such process; a zombie is reported with state Z. */
export function readProcess(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** True while this very process can still do something: there, same start time, no zombie. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readProcess(identity.pid);
  return stat !== null && stat.startTicks === identity.startTicks && !hasEnded(stat);
}

/** Every living process of the host but kernel threads and the caller. */
export function listProcesses(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const pid of listPids()) {
    const stat = readProcess(pid);
    if (stat !== null && !hasEnded(stat) && !isKernelThread(stat)) found.push(stat);
  }
  return found;
}

/** True when the process started with exactly this `NAME=value`. Unreadable counts as no. */
export function hasEnvironment(pid: number, entry: string): boolean {
  const text = readProc(`/proc/${pid}/environ`);
  return text !== null && `\0${text}\0`.includes(`\0${entry}\0`);
}

/**
 * Living processes that carry one of the `NAME=value` entries. One pass over /proc for all of them,
 * one read for whoever does not match. `sinceTicks` leaves out those that started before: their
 * environment is not read, which may have to wait for a busy process.
 */
export function findByEnvironment(entries: readonly string[], sinceTicks = 0): ProcessStat[] {
  return lookByEnvironment(entries, sinceTicks).found;
}

export interface EnvironmentLook {
  readonly found: ProcessStat[];
  /**
   * Caught between two programs: execve(2) has dropped the old environment and not laid out the new one
   * yet. They may carry an entry or none; only a later look tells.
   */
  readonly undecided: ProcessStat[];
}

/** As `findByEnvironment`, and who could not be judged. */
export function lookByEnvironment(entries: readonly string[], sinceTicks = 0): EnvironmentLook {
  const look: EnvironmentLook = { found: [], undecided: [] };
  if (entries.length === 0) return look;
  const wanted = entries.map((entry) => `\0${entry}\0`);
  for (const pid of listPids()) {
    if (sinceTicks > 0 && (readProcess(pid)?.startTicks ?? 0) < sinceTicks) continue;
    const text = readProc(`/proc/${pid}/environ`);
    if (text === null) continue;
    if (text === "") {
      const line = readProc(`/proc/${pid}/stat`);
      const stat = line === null || !isBetweenPrograms(line) ? null : parseStat(line);
      if (stat !== null) look.undecided.push(stat);
      continue;
    }
    if (!wanted.some((entry) => `\0${text}\0`.includes(entry))) continue;
    const stat = readProcess(pid);
    if (stat !== null && !hasEnded(stat)) look.found.push(stat);
  }
  return look;
}

/**
 * True for the stat line of a process that has no place for an environment (field 51, env_end, is 0), as
 * only kernel threads, the dead and those inside execve(2) have none. Meant for one whose environment
 * has just been read as empty: when field 50 differs from 51 by now, the new one came in between.
 */
export function isBetweenPrograms(line: string): boolean {
  const stat = parseStat(line);
  if (stat === null || hasEnded(stat) || isKernelThread(stat)) return false;
  // Field 3 is the first behind the name, so fields 50 and 51 are these.
  const [envStart, envEnd] = line
    .slice(line.lastIndexOf(")") + 2)
    .trimEnd()
    .split(" ")
    .slice(47, 49);
  return envEnd === "0" || envStart !== envEnd;
}

/**
 * Adds to `roots` (living processes) whoever descends from them or shares a session or process
 * group that is theirs. A session or group is theirs when its leader is one of them or has ended:
 * while a member lives, the kernel gives the number to nobody else. One led by a stranger, e.g. the
 * login session of a person who copied the environment, is left alone.
 */
export function withRelatives(roots: readonly ProcessStat[]): ProcessStat[] {
  if (roots.length === 0) return [];
  const all = listProcesses();
  const living = new Set(all.map((stat) => stat.pid)).add(process.pid);
  const chosen = new Map(roots.map((root) => [root.pid, root]));
  const isOurs = (leader: number): boolean =>
    leader > 1 && (chosen.has(leader) || !living.has(leader));
  const sessions = new Set(roots.map((root) => root.sessionId).filter(isOurs));
  const groups = new Set(roots.map((root) => root.groupId).filter(isOurs));
  for (let grown = true; grown; ) {
    grown = false;
    for (const stat of all) {
      if (chosen.has(stat.pid)) continue;
      const related =
        sessions.has(stat.sessionId) || groups.has(stat.groupId) || chosen.has(stat.parentPid);
      if (!related) continue;
      chosen.set(stat.pid, stat);
      grown = true;
    }
  }
  return [...chosen.values()];
}

/** Signals this very process, never another one that got its pid. Never the caller itself. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): SignalOutcome {
  if (identity.pid <= 1 || identity.pid === process.pid) return "refused";
  if (!isAlive(identity)) return "gone";
  try {
    process.kill(identity.pid, signal);
    return "sent";
  } catch (error) {
    return errorCode(error) === "ESRCH" ? "gone" : "refused";
  }
}

/**
 * Looks until `find` comes back empty or the time is over; answers with who is left (empty = done).
 * `eachLook` is called with the rest before every pause, e.g. to signal newcomers.
 */
export async function waitUntilEmpty<P extends ProcessIdentity>(
  find: () => readonly P[],
  timeoutMs: number,
  eachLook?: (left: readonly P[]) => void,
): Promise<readonly P[]> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const left = find();
    if (left.length === 0 || performance.now() >= deadlineMs) return left;
    eachLook?.(left);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

/** The `code` of a system error, e.g. `ENOENT`; empty for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const isKernelThread = (stat: ProcessStat): boolean =>
  stat.pid === KERNEL_THREAD_PARENT || stat.parentPid === KERNEL_THREAD_PARENT;

function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid) pids.push(pid);
  }
  return pids;
}

const hasEnded = (stat: ProcessStat): boolean => stat.state === "Z" || stat.state === "X";

/** Null for whatever cannot be read: ended meanwhile (ENOENT, ESRCH) or not ours (EACCES). */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return null;
  }
}
