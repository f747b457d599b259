/**
 * Runs one tool of the host and waits for it; whatever goes wrong is an error with the tool's own
 * words. The lab never blocks on a child (no spawnSync): its serial cable is carried by this very
 * process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Finished {
  /** 128 + n when a signal n ended it, -1 when it could not be started. */
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool that has not answered by now hangs, ms. */
const TOOL_DEADLINE_MS = 30_000;

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** Any exit code is an answer here. */
export function finish(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [tool = "", ...args] = argv;
  const child = spawn(tool, args, { env: { ...process.env, ...options.env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  // A tool that ends before it has read its input makes EPIPE; its exit code says why.
  child.stdin.on("error", (error) => {
    stderr += `[input: ${error.message}]`;
  });
  child.stdin.end(options.input ?? "");
  const deadline = setTimeout(() => child.kill("SIGKILL"), options.deadlineMs ?? TOOL_DEADLINE_MS);
  return new Promise((settle) => {
    child.on("error", (error) => settle({ exit: -1, stdout, stderr: error.message }));
    child.on("close", (code, signal) => {
      clearTimeout(deadline);
      settle({ exit: code ?? (signal === "SIGKILL" ? 137 : 143), stdout, stderr });
    });
  });
}

/** Throws unless the tool exits with 0. Returns its standard output. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exit, stdout, stderr } = await finish(argv, options);
  if (exit !== 0) throw new Error(`${argv.join(" ")}: exit ${exit}: ${stderr.trim()}`);
  return stdout;
}

/** Resolves when the child is gone; at once when it already is. */
export function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((settle) => {
    child.once("exit", () => settle());
  });
}

/** For looking again, and where it is tested that nothing happens meanwhile; never a guess how long something takes. */
export function pause(ms: number): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, ms);
  });
}

/** Text of a /proc file; null when the process is gone. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(errorCode(error))) return null;
    throw error;
  }
}

/** `code` of a system error, "" of anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
}
