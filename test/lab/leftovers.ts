/**
 * Nothing of a lab may outlive it. What a killed lab can leave is a folder with the mounts in it,
 * cgroups and, if a server was frozen at that moment, stopped processes; all carry the lab's id.
 * Namespaces, wires, mounts of servers and the loop device end by themselves. A lab belongs to the process that opened it: while that
 * one lives, its things are not touched.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode, readProc } from "./command.ts";

const PREFIX = "kage-lab-";

/** Memory, so that no figure contains the disk of the build machine. */
const home = (): string => (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

const folderOf = (id: string): string => join(home(), `${PREFIX}${id}`);

/** Makes the lab's folder and says in it whose it is. Removes what dead labs left first. */
export function claimFolder(id: string): string {
  cleanup();
  const folder = folderOf(id);
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, "owner"), `${process.pid} ${startOf(process.pid)}\n`);
  return folder;
}

export function releaseFolder(id: string): void {
  unmountBelow(folderOf(id));
  rmSync(folderOf(id), { recursive: true, force: true });
  removeOrphanCgroups();
}

/** File systems mounted in a folder; deepest first, detached at once even if somebody looks into one. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const below = mounts
    .map((line) => line.split(" ")[4] ?? "")
    .filter((at) => at.startsWith(`${folder}/`));
  for (const at of below.reverse()) execFileSync("umount", ["-l", at]);
}

/** Removes folders, processes and cgroups of labs whose owner is dead. Returns their ids. */
export function cleanup(): string[] {
  const dead = readdirSync(home())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length))
    .filter((id) => !ownerLives(id));
  for (const id of dead) {
    for (const pid of processesOfLab(id)) killHard(pid);
    releaseFolder(id);
  }
  removeOrphanCgroups();
  return dead;
}

function ownerLives(id: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(folderOf(id), "owner"), "utf8");
  } catch (error) {
    // Made this instant, owner not yet written: somebody else's, alive.
    if (errorCode(error) === "ENOENT") return true;
    throw error;
  }
  const [pid = "", start = ""] = text.trim().split(" ");
  return startOf(Number(pid)) === start;
}

/** Field 22 of /proc/PID/stat: a recycled pid has another. "" = gone. */
function startOf(pid: number): string {
  return readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19] ?? "";
}

/** Every process that inherited this lab's mark, whoever its parent is by now. */
export function processesOfLab(id: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => readProc(`/proc/${pid}/environ`)?.split("\0").includes(`KAGE_LAB=${id}`))
    .map(Number);
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/** Also those whose processes were still dying when their folder went. */
function removeOrphanCgroups(): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  const root = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(mounts)?.[1];
  if (root === undefined) return;
  for (const name of readdirSync(root)) {
    const id = /^kage-lab-([0-9a-f]+)-\d$/.exec(name)?.[1];
    if (id !== undefined && !existsSync(folderOf(id))) removeCgroup(join(root, name));
  }
}

/** Removes a cgroup with what is below it; false while a process in it is still dying. */
export function removeCgroup(path: string): boolean {
  try {
    const below = readdirSync(path, { withFileTypes: true, recursive: true });
    for (const entry of below.reverse()) {
      if (entry.isDirectory()) rmdirSync(join(entry.parentPath, entry.name));
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    if (errorCode(error) === "EBUSY") return false;
    throw error;
  }
}
