/**
 * Which process listens on a Unix socket, asked of the kernel instead of the process: one that is stopped
 * is connected to by the kernel and never says who it is.
 * Intuition: the socket's number stands in /proc/net/unix beside its path, and as a link among the open
 * files of whoever holds it.
 * Source: proc(5), unix(7); requirements R21-R23.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { errorCode, type ProcessIdentity, readProcess } from "./process-tree.ts";

/** Flag of a listening socket (__SO_ACCEPTCON), in the fourth column. */
const LISTENING = "00010000";

/** Number of the socket that listens on `path`, as the kernel's table has it; null = nobody does. */
export function parseListener(table: string, path: string): string | null {
  for (const line of table.split("\n")) {
    // Num RefCount Protocol Flags Type St Inode Path; a path may hold blanks.
    const [, , , flags, , , inode, ...rest] = line.trim().split(/ +/);
    if (flags === LISTENING && inode !== undefined && rest.join(" ") === path) return inode;
  }
  return null;
}

/**
 * The process that holds the socket. Null: there is none, it may not be looked at (another user's), or
 * several share it and none can be blamed.
 */
export function findListener(path: string): ProcessIdentity | null {
  const inode = parseListener(readFileSync("/proc/net/unix", "latin1"), path);
  if (inode === null) return null;
  const holders = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && holdsSocket(name, inode),
  );
  const [pid, another] = holders;
  return pid === undefined || another !== undefined ? null : readProcess(Number(pid));
}

function holdsSocket(pid: string, inode: string): boolean {
  const link = `socket:[${inode}]`;
  return linksIn(`/proc/${pid}/fd`).some((target) => target === link);
}

/** Empty for a process that has ended or is not ours. */
function linksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => readLink(`${folder}/${name}`));
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return [];
  }
}

/** Empty when the file was closed meanwhile. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return "";
  }
}
