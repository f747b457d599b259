/**
 * A server for tests of the rack: a shell that starts a program in a session of its own and then
 * obeys the feed line (end of standard input = power lost).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listProcesses } from "../../../hal/drivers/process-tree/process-tree.ts";
import type { ServerBoot } from "../../../hal/rack/power.ts";
import { commandLine, scanTree, TREE_VARIABLE } from "../../../hal/rack/server-tree.ts";

export interface TestFolder {
  readonly path: string;
  remove(): void;
}

export function makeFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "kage-rack-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** `script` runs in /bin/sh; by default a program and the wait for the end of the feed. */
export function standIn(
  name: string,
  folder: string,
  script = "setsid sleep 3600 & while read -r line; do :; done; kill $!",
): ServerBoot {
  return {
    name,
    file: "/bin/sh",
    argv: ["-c", script],
    env: { KAGE_TEST_FOLDER: folder },
    consoleFile: join(folder, `${name}.log`),
    prepare: () => undefined,
    roleOf: (argv) => (argv[0] === "/bin/sh" ? "keeper" : null),
  };
}

/** Cookies of the servers that were started for this folder and still have a process. */
export function livingCookies(folder: string): string[] {
  const cookies = listProcesses().flatMap(({ pid }) => {
    const environment = readEnvironment(pid);
    if (!environment.includes(`KAGE_TEST_FOLDER=${folder}`)) return [];
    const mark = environment.find((entry) => entry.startsWith(`${TREE_VARIABLE}=`));
    return mark === undefined ? [] : [mark.slice(TREE_VARIABLE.length + 1)];
  });
  return [...new Set(cookies)];
}

/** Command lines of a server's processes. */
export function treeCommands(cookie: string): string[] {
  return scanTree(cookie).map((stat) => commandLine(stat.pid).join(" "));
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    return [];
  }
}
