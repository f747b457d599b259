/**
 * All processes of one virtual server, wherever they went: a program that forked twice and left its
 * session still carries the server's cookie in its environment; relatives with an emptied environment
 * are found through parent, session and group.
 * Stopping is a sweep: whoever is found is stopped, until two scans see the same set, since a stopped
 * process cannot fork any more. Killing follows until nobody is left.
 * A process inside execve(2) has no environment for some microseconds, on a busy host for milliseconds:
 * who is caught there when nobody else is left is looked at again before the server counts as off.
 * Source: issue 2 item 5 (off = SIGKILL, freeze = SIGSTOP of every process); architecture.md 7.
 */
import { readFileSync } from "node:fs";
import {
  errorCode,
  lookByEnvironment,
  type ProcessIdentity,
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
  return [...lookAtTree(cookie).found].sort((a, b) => a.pid - b.pid);
}

/**
 * Sends SIGSTOP to every process of the tree until two scans agree and nobody is in doubt.
 * False: the tree kept growing.
 */
export function stopTree(cookie: string, look: TreeLook = lookAtTree): boolean {
  const scan = scanner(cookie, look);
  let before = "none";
  for (let sweep = 0; sweep < STOP_SWEEPS_MAX; sweep += 1) {
    const { found, doubted } = scan();
    for (const stat of found) signalProcess(stat, "SIGSTOP");
    const seen = found.map((stat) => stat.pid).join(" ");
    if (seen === before && doubted.length === 0) return true;
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
 * (they hang in the kernel); empty = read back as gone. `look` is replaced by tests only.
 */
export async function killTree(
  cookie: string,
  timeoutMs: number,
  look: TreeLook = lookAtTree,
): Promise<readonly number[]> {
  stopTree(cookie, look);
  const scan = scanner(cookie, look);
  let own: readonly ProcessStat[] = [];
  const find = (): readonly ProcessIdentity[] => {
    const { found, doubted } = scan();
    own = found;
    return found.length > 0 ? found : doubted;
  };
  const kill = (): void => {
    for (const stat of own) signalProcess(stat, "SIGKILL");
  };
  const left = await waitUntilEmpty(find, timeoutMs, kill);
  return left.map(({ pid }) => pid);
}

/** One look for the tree: who is of it, and who could not be judged. */
export type TreeLook = (cookie: string) => {
  readonly found: readonly ProcessStat[];
  readonly undecided: readonly ProcessIdentity[];
};

const lookAtTree: TreeLook = (cookie) => {
  const { found, undecided } = lookByEnvironment([`${TREE_VARIABLE}=${cookie}`]);
  return { found: withRelatives(found), undecided };
};

/**
 * Scans one after the other. `doubted` are those whom no look since the last change of the tree could
 * judge: who begins an execve only after such a look was judged by it, and is not of the tree.
 */
function scanner(
  cookie: string,
  look: TreeLook,
): () => { readonly found: readonly ProcessStat[]; readonly doubted: readonly ProcessIdentity[] } {
  let doubted: readonly ProcessIdentity[] | null = null;
  let seen = "";
  return () => {
    const { found, undecided } = look(cookie);
    const now = found.map(({ pid, startTicks }) => `${pid}:${startTicks}`).sort();
    const before = now.join(" ") === seen ? doubted : null;
    seen = now.join(" ");
    doubted = undecided.filter((who) => before === null || before.some(isSame(who)));
    return { found, doubted };
  };
}

const isSame =
  (who: ProcessIdentity) =>
  ({ pid, startTicks }: ProcessIdentity): boolean =>
    pid === who.pid && startTicks === who.startTicks;

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
