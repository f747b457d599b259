/**
 * Switching another server off by a configured command, e.g. `ipmitool` against its management board.
 * Intuition: only status 0 means "it is off and that was read back"; everything else, also silence, means
 * that nobody knows. A command that would end this machine itself is refused unless it is armed.
 * Source: requirements R205, R206; architecture.md 7; protocol.md 2.5.
 */
import { spawn } from "node:child_process";
import { assert } from "../../base/assert.ts";
import { endsMachine } from "../off-command/driver.ts";

export interface FenceCommandOptions {
  /** Program and arguments; the word `{server}` in an argument becomes the server's name. */
  readonly argv: readonly string[];
  /** True = the command may bear a name that ends machines (its target is another one). Default false. */
  readonly isArmed?: boolean;
  /** Longest run, ms: a management board takes seconds. */
  readonly timeoutMs: number;
}

export type FenceResult =
  | { readonly kind: "off" }
  /** What was expected and what came, in words. */
  | { readonly kind: "failed"; readonly detail: string };

/** As much of the command's last words as helps, characters. */
const OUTPUT_CHARACTERS_MAX = 300;

/** Runs the command once; never rejects. Ends it by KILL, with its process group, when it takes too long. */
export function fenceByCommand(options: FenceCommandOptions, server: string): Promise<FenceResult> {
  assert(options.argv.length > 0 && options.argv[0] !== "", "a fence command has a program");
  const [program = "", ...rest] = options.argv.map((word) => word.replaceAll("{server}", server));
  if (options.isArmed !== true && endsMachine([program, ...rest])) {
    const detail = `"${options.argv.join(" ")}" bears a name that ends machines; set "armed" in local.json if it ends the other one`;
    return Promise.resolve({ kind: "failed", detail });
  }
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      cwd: "/",
      env: { ...process.env, KAGE_FENCE_SERVER: server },
    });
    let said = "";
    const hear = (chunk: Buffer): void => {
      said = `${said}${chunk.toString("utf8")}`.slice(-OUTPUT_CHARACTERS_MAX);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const timer = setTimeout(() => {
      killGroup(child.pid);
      const detail = `${program} did not end within ${options.timeoutMs} ms`;
      resolve({ kind: "failed", detail });
    }, options.timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ kind: "failed", detail: `${program}: ${error.message}` });
    });
    // Not "close": a child of it that keeps the pipe open says nothing about the other server.
    child.once("exit", (status, signal) => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      const how = signal ?? `status ${status}`;
      const detail = `${program} ended with ${how}, expected status 0; it said: ${said.trim() || "nothing"}`;
      resolve(status === 0 ? { kind: "off" } : { kind: "failed", detail });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it ended in this very moment. EPERM: it runs as somebody else, and has failed anyhow.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
