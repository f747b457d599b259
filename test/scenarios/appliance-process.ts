/**
 * The processes a rack scenario starts itself: the appliance in the foreground, as `npm start` does,
 * and the `kage` command. Both are the compiled files next to this one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClusterLine } from "./language.ts";
import type { Answer } from "./world.ts";

/** Ctrl-C of the appliance: all trees are killed and read back. */
const STOP_DEADLINE_MS = 20_000;
/** What the appliance says when a second Ctrl-C would cut the power. */
const CUT_OFFERED = "Ctrl-C again cuts the power";
/** A `kage` order waits up to its own timeout; a hung one must not hang the story. */
const KAGE_DEADLINE_MS = 30_000;
/** Output kept for a failed transcript; the newest part. */
const OUTPUT_CHARS_MAX = 20_000;

const MAIN = fileURLToPath(new URL("../../firmware/main.js", import.meta.url));
const CLI = new URL("../../firmware/cli/main.js", import.meta.url).href;

export interface Appliance {
  /** The launcher, which is the rack as well; 0 = it could not be started. */
  readonly pid: number;
  /** Newest output, both streams. */
  output(): string;
  /** null while it runs. */
  exit(): number | null;
  /** As two Ctrl-C do; kills it when it does not end. Returns a sentence when it had to. */
  stop(): Promise<string | null>;
}

/** `scripts`: folder with the pair of scripts, where the story has one. */
export function applianceArguments(
  cluster: ClusterLine,
  stateDir: string,
  scripts: string | null,
): readonly string[] {
  const words = ["--state", stateDir, "--method", cluster.method];
  if (cluster.servers.length > 2) words.push("--servers", String(cluster.servers.length));
  words.push("--timeout", String(cluster.timeoutMs), "--interval", String(cluster.intervalMs));
  if (!cluster.view) words.push("--no-web");
  if (cluster.watchdogMs !== null) words.push("--watchdog", String(cluster.watchdogMs));
  if (cluster.internalFailure !== null) words.push("--internal-failure", cluster.internalFailure);
  if (cluster.diskWaitMs !== null) words.push("--disk-wait", String(cluster.diskWaitMs));
  if (cluster.startWaitMs !== null) words.push("--start-sync", String(cluster.startWaitMs));
  for (const { name, policy, start } of cluster.groups) {
    const attribute = start === "manual" ? ":manual" : "";
    words.push("--group", `${name}:${policy.join(",")}${attribute}`);
  }
  if (cluster.script !== null && scripts !== null) {
    const { timeoutMs, isForAll } = cluster.script;
    for (const { name } of cluster.groups.slice(0, isForAll ? undefined : 1)) {
      words.push("--script", `${name}:${scripts}:${timeoutMs}`);
    }
  }
  return words;
}

const running = new Set<ChildProcess>();
/** Without its launcher a virtual cluster ends itself. */
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** `marker` is a NAME=value that every process of the appliance inherits. */
export function startAppliance(
  args: readonly string[],
  marker: Readonly<Record<string, string>>,
): Appliance {
  const child = spawn(process.execPath, [MAIN, "appliance", ...args], {
    env: { ...process.env, ...marker, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const output = collect(child);
  return {
    pid: child.pid ?? 0,
    output,
    exit: () => child.exitCode ?? (child.signalCode === null ? null : 128),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return null;
      const ended = once(child, "exit").then(() => true);
      child.kill("SIGINT");
      const late = pause(STOP_DEADLINE_MS, false, { ref: false });
      // The second Ctrl-C, once it is offered: most stories end in a state without orderly shutdown.
      void said(child, output, CUT_OFFERED).then(() => child.kill("SIGINT"));
      if (await Promise.race([ended, late])) return null;
      child.kill("SIGKILL");
      await ended;
      return `the appliance did not end within ${STOP_DEADLINE_MS} ms of two SIGINT; it said: ${output().slice(-500)}`;
    },
  };
}

/** Runs the appliance to its own end, for a start that must be refused. */
export function runAppliance(args: readonly string[]): Promise<Answer> {
  return run([MAIN, "appliance", ...args]);
}

/** `kage ARGS` against the appliance of `stateDir`. */
export function runKage(args: readonly string[], stateDir: string): Promise<Answer> {
  const call = `const { runProcess } = await import(${JSON.stringify(CLI)}); await runProcess(process.argv.slice(1));`;
  return run(["--input-type=module", "-e", call, "--", ...args], { KAGE_STATE_DIR: stateDir });
}

async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, ...env, NO_COLOR: "1", LC_ALL: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout = (stdout + chunk).slice(-OUTPUT_CHARS_MAX);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-OUTPUT_CHARS_MAX);
  });
  const deadline = setTimeout(() => {
    stderr += `\nkilled: no end within ${KAGE_DEADLINE_MS} ms`;
    child.kill("SIGKILL");
  }, KAGE_DEADLINE_MS);
  await once(child, "close");
  clearTimeout(deadline);
  return { exit: child.exitCode ?? 128, stdout, stderr };
}

/** Resolves when `text` has been said; never, when it is not. */
function said(child: ChildProcess, output: () => string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!output().includes(text)) return;
      child.stdout?.off("data", look);
      resolve();
    };
    child.stdout?.on("data", look);
    look();
  });
}

function collect(child: ChildProcess): () => string {
  let text = "";
  const hear = (chunk: string): void => {
    text = (text + chunk).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout?.setEncoding("utf8").on("data", hear);
  child.stderr?.setEncoding("utf8").on("data", hear);
  return () => text;
}
