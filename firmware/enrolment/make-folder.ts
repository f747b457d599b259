/**
 * Makes a folder and what is missing above it, one by one, so that a refusal names the true reason: Node's
 * recursive mkdir says "no such file" where a file system is read-only. Source: mkdir(2).
 */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

const ABOVE_MODE = 0o755;

/** A folder that is there stays as it is. Throws the system's error. `mode`: of the last one. */
export function makeFolder(dir: string, mode: number): void {
  if (existsSync(dir)) return;
  makeFolder(dirname(dir), ABOVE_MODE);
  try {
    mkdirSync(dir, { mode });
  } catch (error) {
    // Another command was quicker.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
