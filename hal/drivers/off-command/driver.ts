/**
 * "OS off" by a configured command, e.g. `systemctl poweroff --force` on a server or the end of a
 * namespace in the lab.
 * Intuition: this is the one order that cannot be taken back, so a command that is known to take
 * the whole machine down runs only when the configuration says so a second time (`isArmed`): a lab
 * or test file copied to a workstation must not switch it off.
 * Source: architecture.md 7 ("OS off"); protocol.md 1.3.7.
 */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { assert } from "../../base/assert.ts";
import type { OffPort, OffReason } from "../../ports/host.ts";

export interface OffCommandOptions {
  /** Program and arguments; the word `{reason}` in an argument becomes `emergency` or `planned`. */
  readonly argv: readonly string[];
  /** True = this machine may really be switched off. Default false. */
  readonly isArmed?: boolean;
  /** Told when the command was refused or could not be started; the caller is still alive then. */
  readonly onTrouble: (trouble: OffTrouble) => void;
}

export interface OffTrouble {
  readonly kind: "refused" | "not-started" | "failed";
  readonly detail: string;
}

/** Names that end the machine they run on, wherever they stand in the command. */
const MACHINE_ENDING = [
  /(^|[^a-z])(poweroff|halt|reboot|shutdown|kexec|telinit)([^a-z]|$)/i,
  /(^|[^a-z])(init [06]|hibernate|suspend|sysrq)([^a-z0-9]|$)/i,
];

export function createOffCommand(options: OffCommandOptions): OffPort {
  assert(options.argv.length > 0 && options.argv[0] !== "", "an off command has a program");
  return { off: (reason) => runOff(options, reason) };
}

/** True when the command would take the machine down, also through a shell, sudo or full paths. */
export function endsMachine(argv: readonly string[]): boolean {
  const words = argv.map((word, index) => (index === 0 ? basename(word) : word));
  const texts = [words.join(" "), argv.join(" ")];
  return MACHINE_ENDING.some((pattern) => texts.some((text) => pattern.test(text)));
}

function runOff(options: OffCommandOptions, reason: OffReason): void {
  const [program = "", ...rest] = options.argv.map((word) => word.replaceAll("{reason}", reason));
  if (options.isArmed !== true && endsMachine([program, ...rest])) {
    const advice = "arm the off command in the server's local file if this is meant";
    const detail = `"${options.argv.join(" ")}" would switch this machine off; ${advice}`;
    options.onTrouble({ kind: "refused", detail });
    return;
  }
  // Detached and without our descriptors: it goes on when we are killed by what it does.
  const child = spawn(program, rest, { detached: true, stdio: "ignore", cwd: "/" });
  child.unref();
  child.once("error", (error) => {
    options.onTrouble({ kind: "not-started", detail: `${program}: ${error.message}` });
  });
  child.once("exit", (status, signal) => {
    if (status === 0) return;
    const detail = `${program} ended with ${signal ?? `status ${status}`} and this host still runs`;
    options.onTrouble({ kind: "failed", detail });
  });
}
