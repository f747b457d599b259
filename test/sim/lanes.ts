/**
 * A campaign in several processes side by side: each takes every so many-th seed and tells the first one what
 * every seed has shown. Which seeds are run does not depend on how many lanes there are, and neither does what
 * a seed shows. Source: work order 4, Speed and size (2 cores).
 */
import { type ChildProcess, fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Shown } from "./count.ts";

/** One lane among several; a campaign without lanes is lane 0 of 1. */
export interface Lane {
  readonly index: number;
  readonly count: number;
}

export const ONLY_LANE: Lane = { index: 0, count: 1 };

const VARIABLE = "KAGE_SIM_LANE";

/** The lane that the process before this one has asked this one to be; null = nobody has. */
export function laneOf(environment: NodeJS.ProcessEnv): Lane | null {
  const [index, count] = (environment[VARIABLE] ?? "").split("/").map(Number);
  return index === undefined || count === undefined ? null : { index, count };
}

/** Tells the first process; resolves when it is on its way. Without a first process there is nobody to work for. */
export const tell = (shown: Shown): Promise<void> =>
  new Promise((resolve) => {
    if (!process.connected) process.exit(1);
    process.send?.(shown, undefined, undefined, () => resolve());
  });

/**
 * Runs this command with its own arguments in `count` processes. Resolves to false when one of them ended before
 * its work was done.
 */
export async function inLanes(
  command: string,
  count: number,
  take: (shown: Shown) => void,
): Promise<boolean> {
  const children: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of children) child.kill();
  };
  process.once("exit", stop);
  const ends = Array.from({ length: count }, (_, index) => {
    const child = fork(fileURLToPath(command), process.argv.slice(2), {
      env: { ...process.env, [VARIABLE]: `${index}/${count}` },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.push(child);
    child.on("message", (shown) => take(shown as Shown));
    return new Promise<boolean>((resolve) => {
      child.on("error", () => resolve(false));
      child.on("close", (code) => resolve(code === 0));
    });
  });
  const done = await Promise.all(ends);
  return done.every((isDone) => isDone);
}
