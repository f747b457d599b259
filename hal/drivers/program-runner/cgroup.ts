/**
 * One cgroup v2 folder per program, where the host lets us have one: its processes cannot leave it,
 * whatever they do to their session or environment, and one write kills them all. Without it
 * (ordinary user, container) the cookie and the session are the net.
 * Source: kernel cgroup-v2.rst (cgroup.kill, cgroup.procs); architecture.md 2 (last will);
 * protocol.md P2.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

/**
 * Our own folder in the host's v2 hierarchy; null where there is none or it is not writable.
 * Under our own group, so a service manager that delegates a subtree keeps its order.
 */
export function detectCgroupRoot(): string | null {
  const mounts = readText("/proc/self/mountinfo") ?? "";
  const own = /^0::(\/.*)$/m.exec(readText("/proc/self/cgroup") ?? "")?.[1];
  // mountinfo: id parent dev root mountpoint options ... - cgroup2 source options
  const mount = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(mounts);
  const at = mount?.[2];
  // A mount that shows only part of the hierarchy has no path for our own group.
  if (own === undefined || at === undefined || mount?.[1] !== "/" || own.startsWith("/..")) {
    return null;
  }
  const root = join(at, own, "kagemusha");
  // The folder may be another user's; cgroup.kill is missing in kernels before 5.14.
  const isOurs = makeCgroup(root) && isWritable(root) && isWritable(join(root, "cgroup.kill"));
  return isOurs ? root : null;
}

/** True when the folder exists afterwards. */
export function makeCgroup(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    return true;
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return false;
  }
}

/** Processes in it; empty when the folder is gone. */
export function listCgroup(path: string): number[] {
  const text = readText(join(path, "cgroup.procs")) ?? "";
  return text.split("\n").map(Number).filter(Boolean);
}

/** SIGKILL to all in it at once, also to those being forked. False when the kernel refused. */
export function killCgroup(path: string): boolean {
  try {
    writeFileSync(join(path, "cgroup.kill"), "1");
    return true;
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return false;
  }
}

/**
 * An empty folder is removed, and the one of its server with the last of them; what is not empty stays
 * for the next stop.
 */
export function removeCgroup(path: string): void {
  try {
    rmdirSync(path);
    rmdirSync(dirname(path));
  } catch (error) {
    if (errorCode(error) === "") throw error;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return false;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return null;
  }
}
