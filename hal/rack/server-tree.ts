/**
 * All processes of one virtual server, wherever they went: a program that forked twice and left its
 * session still carries the server's cookie in its environment; relatives with an emptied environment
 * are found through parent, session and group.
 * Stopping is a sweep: whoever is found is stopped, until two scans see the same set, since a stopped
 * process cannot fork any more. Killing follows until nobody is left.
 * Source: issue 2 item 5 (off = SIGKILL, freeze = SIGSTOP of every process); architecture.md 7.
 */
import { readFileSync } from "node:fs";
import {
  errorCode,
  findByEnvironment,
  type ProcessStat,
  signalProcess,
  waitUntilEmpty,
  withRelatives,
} from "../drivers/process-tree/process-tree.ts";

/** Environment variable that marks every process of a virtual server; its value is the cookie. */
export const TREE_VARIABLE = "KAGE_TREE";

/** Sweeps of one stop; a tree that forks faster than it is scanned is given up to the caller. */
const STOP_SWEEPS_MAX = 50;

/** Living processes of the tree, ascending by pid; zombies are dead. */
export function scanTree(cookie: string): readonly ProcessStat[] {
  const roots = findByEnvironment([`${TREE_VARIABLE}=${cookie}`]);
  return withRelatives(roots).sort((a, b) => a.pid - b.pid);
}

/**
 * Sends SIGSTOP to every process of the tree until two scans agree.
 * False: the tree kept growing.
 */
export function stopTree(cookie: string): boolean {
  let before = "none";
  for (let sweep = 0; sweep < STOP_SWEEPS_MAX; sweep += 1) {
    const found = scanTree(cookie);
    for (const stat of found) signalProcess(stat, "SIGSTOP");
    const seen = found.map((stat) => stat.pid).join(" ");
    if (seen === before) return true;
    before = seen;
  }
  return false;
}

/** Lets a stopped tree go on. */
export function continueTree(cookie: string): void {
  for (const stat of scanTree(cookie)) signalProcess(stat, "SIGCONT");
}

/**
 * Stops and kills the whole tree. Resolves with the pids that were still there after `timeoutMs`
 * (they hang in the kernel); empty = read back as gone.
 */
export async function killTree(cookie: string, timeoutMs: number): Promise<readonly number[]> {
  stopTree(cookie);
  const kill = (found: readonly ProcessStat[]): void => {
    for (const stat of found) signalProcess(stat, "SIGKILL");
  };
  const left = await waitUntilEmpty(() => scanTree(cookie), timeoutMs, kill);
  return left.map((stat) => stat.pid);
}

/** Command line of a process; empty when it is gone. */
export function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").slice(0, -1);
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return [];
  }
}

/** Signals a whole process group in one call; false when there is no such group (any more). */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return false;
  }
}
