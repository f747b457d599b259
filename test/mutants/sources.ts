/**
 * Copies of the compiled sources in temporary folders, in which a rule is taken out, and a test of them run as
 * a process of its own. Several copies work side by side, each on one mutant at a time. A copy is gone when
 * this process exits; who may be ended by a signal has to exit on it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { applyMutant, type Replacement } from "./mutant.ts";

const DIST = join(import.meta.dirname, "../..");
const PARTS = ["firmware", "flash", "hal", "services", "test"];
const PACKAGES = dirname(
  dirname(dirname(realpathSync(createRequire(import.meta.url).resolve("uvu")))),
);
/** The newest part of a test's output; the names of failed tests come last. */
const OUTPUT_CHARS_MAX = 1_000_000;

const folders: string[] = [];

/** A folder with all compiled sources and tests. Beside it lies what these read of the repository: tables, plans. */
export function copyOfSources(): string {
  if (folders.length === 0) process.on("exit", removeCopies);
  const root = mkdtempSync(join(tmpdir(), "kage-mutants-"));
  folders.push(root);
  const folder = join(root, "dist");
  // Thousands of files: without those that only a debugger reads.
  const filter = (path: string): boolean => !path.endsWith(".map");
  for (const part of PARTS)
    cpSync(join(DIST, part), join(folder, part), { recursive: true, filter });
  writeFileSync(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}');
  symlinkSync(PACKAGES, join(folder, "node_modules"));
  symlinkSync(join(DIST, "../test"), join(root, "test"));
  return folder;
}

/** On a busy machine it takes seconds. */
export function removeCopies(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** What `act` gives while the copy is without the rule; "unfit" = the text is not there exactly once. */
export async function withMutant<T>(
  folder: string,
  mutant: Replacement,
  act: () => T | Promise<T>,
): Promise<T | "unfit"> {
  const path = join(folder, mutant.file);
  const whole = readFileSync(path, "utf8");
  const applied = applyMutant(mutant, whole);
  if (applied.kind === "unfit") return "unfit";
  writeFileSync(path, applied.text);
  try {
    return await act();
  } finally {
    writeFileSync(path, whole);
  }
}

/** Work is taken by whichever folder is free; one item at a time in each. */
export async function inLanes<T>(
  lanes: readonly string[],
  work: readonly T[],
  act: (folder: string, item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...work];
  const lane = async (folder: string): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await act(folder, item);
    }
  };
  await Promise.all(lanes.map(lane));
}

/** `name`: of the first test that failed. `broken`: no test failed, yet the file did not pass. */
export type Verdict =
  | { readonly kind: "passed" | "hung" | "broken" }
  | { readonly kind: "failed"; readonly name: string };

/** Runs one compiled test file, a path in the folder. uvu answers 0 to a file in which nothing ran: no pass. */
export async function runTest(folder: string, file: string, timeoutMs: number): Promise<Verdict> {
  const child = spawn(process.execPath, [join(folder, file)], {
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "ignore"],
    // A group of its own, so that a test over its deadline takes its children along.
    detached: true,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
  });
  let hung = false;
  const deadline = setTimeout(() => {
    hung = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(deadline);
  if (hung) return { kind: "hung" };
  if (code === 0 && /Passed: +[1-9]/.test(output)) return { kind: "passed" };
  const name = /FAIL {2}(?:\S.*? )?"(.*)"\n/.exec(output)?.[1];
  return name === undefined ? { kind: "broken" } : { kind: "failed", name };
}
