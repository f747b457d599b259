/**
 * Puts the commands of the guide (ARMLOAD and its relatives) on the path of scripts: one small
 * shell file per command that hands over to the product's own entry.
 * Intuition: a script that was written for the guide calls a command by its name; where the product
 * is installed is none of its business.
 * Source: guide 2.2.4; requirements R155-R164.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

/** Also the subcommands of `kage`. */
export const HELPER_COMMANDS = [
  "armload",
  "armkill",
  "armlog",
  "armfover",
  "armdown",
  "armrsp",
] as const;
export type HelperCommand = (typeof HELPER_COMMANDS)[number];

export function isHelperCommand(word: string | undefined): word is HelperCommand {
  return HELPER_COMMANDS.some((command) => command === word);
}

/**
 * Writes all of them into `folder`, in lower and, as the guide has them, in upper case. A file of an
 * earlier version is replaced in one step, because a script may be starting it just then.
 * Throws the system's error, e.g. ENOSPC.
 */
export function installHelperCommands(folder: string, nodePath: string, mainJs: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const command of HELPER_COMMANDS) {
    const words = [nodePath, mainJs, command].map(quote).join(" ");
    const draft = join(folder, `.${command}.new`);
    writeFileSync(draft, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    renameSync(draft, join(folder, command));
    linkUpperCase(folder, command);
  }
}

function linkUpperCase(folder: string, command: string): void {
  const link = join(folder, command.toUpperCase());
  rmSync(link, { force: true });
  try {
    symlinkSync(command, link);
  } catch (error) {
    // A file system that ignores case has it already.
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
