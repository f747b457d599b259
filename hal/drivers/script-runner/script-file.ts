/**
 * Looks at a script before anybody needs it: is it there, may it run, does its interpreter exist,
 * does a shell understand it, can a stranger change it?
 * Intuition: a takeover has no time for typing errors; whatever can be known before is known before.
 * Looking never runs the script: shells are asked with `-n`, which parses only.
 * Source: requirements R118, R146; execve(2) (interpreter scripts); sh(1) -n.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

export type ScriptVerdict =
  | { readonly kind: "fit" }
  /** What was expected and found, and what to do, as one line. */
  | { readonly kind: "unfit"; readonly reason: string };

export interface ScriptLook {
  /** Changes with every change of content, place or permissions. */
  readonly stamp: string;
  readonly verdict: ScriptVerdict;
  /** A shell that can be asked whether it understands the file; null = none. */
  readonly shell: string | null;
}

/** Linux cuts the interpreter line at 256 bytes (BINPRM_BUF_SIZE). */
const HEAD_BYTES = 256;
/** Shells that know `-n`. */
const SHELLS = ["sh", "dash", "bash", "ksh", "ash"];
/** A parser that has not ended by then hangs on its file. */
const PARSE_TIMEOUT_MS = 2000;
/** Longest part of a shell's complaint that is passed on, characters. */
const COMPLAINT_CHARACTERS_MAX = 300;
const WORLD_WRITABLE = 0o002;
const STICKY = 0o1000;

/** File, permissions and interpreter; no process is started. `searchPath` serves `#!/usr/bin/env`. */
export async function lookAtScript(path: string, searchPath: string): Promise<ScriptLook> {
  let stamp = "missing";
  try {
    const found = await stat(path);
    const { dev, ino, size, mtimeMs, ctimeMs, mode } = found;
    stamp = [dev, ino, size, mtimeMs, ctimeMs, mode].join(":");
    if (!found.isFile()) return unfit(stamp, "no regular file; write the path of the script");
    const folder = await stat(dirname(path));
    const open = (bits: number): boolean => (bits & WORLD_WRITABLE) !== 0;
    if (open(mode)) return unfit(stamp, `everybody may change it; do: chmod o-w ${path}`);
    if (open(folder.mode) && (folder.mode & STICKY) === 0) {
      return unfit(stamp, `everybody may replace it; do: chmod o-w ${dirname(path)}`);
    }
    await access(path, constants.X_OK);
    return await lookAtHead(path, stamp, searchPath);
  } catch (error) {
    return unfit(stamp, describe(error, path));
  }
}

/** Asks the shell of the file whether it understands it. Null = yes, or it could not be asked. */
export function parseScript(path: string, shell: string): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: PARSE_TIMEOUT_MS, killSignal: "SIGKILL", env: {} } as const;
    execFile(shell, ["-n", path], options, (error, _, complaint) => {
      if (error === null) return resolve(null);
      const text = complaint.trim().split("\n")[0]?.slice(0, COMPLAINT_CHARACTERS_MAX) ?? "";
      // Without a complaint the shell did not get to it: overloaded, killed, or gone meanwhile.
      resolve(text === "" ? null : `${basename(shell)} does not understand it: ${text}`);
    });
  });
}

/** Both looks. */
export async function inspectScript(path: string, searchPath: string): Promise<ScriptLook> {
  const look = await lookAtScript(path, searchPath);
  if (look.verdict.kind === "unfit" || look.shell === null) return look;
  const reason = await parseScript(path, look.shell);
  return reason === null ? look : { ...look, verdict: { kind: "unfit", reason } };
}

/** The interpreter line: program and its one argument, or why it is none. */
export function parseInterpreter(
  head: string,
): { readonly program: string; readonly argument: string } | string {
  const line = head.split("\n", 1)[0] ?? "";
  if (!head.includes("\n") && head.length >= HEAD_BYTES) return "its first line is too long";
  if (line.endsWith("\r")) return "its lines end with CR LF; save it with Unix line ends";
  const match = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t]*$/.exec(line);
  const program = match?.[1];
  if (program === undefined) return "expected #! and the path of its interpreter, e.g. #!/bin/sh";
  if (!program.startsWith("/")) return `its interpreter ${program} has no full path`;
  return { program, argument: match?.[2] ?? "" };
}

async function lookAtHead(path: string, stamp: string, searchPath: string): Promise<ScriptLook> {
  const head = await readHead(path);
  if (head.length === 0) return unfit(stamp, "it is empty");
  const isBinary = head.subarray(0, 4).toString("latin1") === "\x7fELF";
  if (isBinary) return { stamp, verdict: { kind: "fit" }, shell: null };
  const interpreter = parseInterpreter(head.toString("latin1"));
  if (typeof interpreter === "string") return unfit(stamp, interpreter);
  const { program, argument } = interpreter;
  const missing = await whyNotExecutable(program);
  if (missing !== null) return unfit(stamp, `its interpreter ${program}: ${missing}`);
  const isEnv = basename(program) === "env";
  const named = isEnv ? await findNamed(argument, searchPath) : program;
  if (named === null) return unfit(stamp, `env does not find "${argument}" in ${searchPath}`);
  const shell = SHELLS.includes(basename(named)) ? named : null;
  return { stamp, verdict: { kind: "fit" }, shell };
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** `env NAME`, also with `-S NAME ARGS`; null = not in the search path. */
async function findNamed(argument: string, searchPath: string): Promise<string | null> {
  const name = argument.split(/\s+/).find((word) => !word.startsWith("-") && !word.includes("="));
  if (name === undefined) return null;
  if (name.startsWith("/")) return (await whyNotExecutable(name)) === null ? name : null;
  for (const folder of searchPath.split(":")) {
    if (folder === "") continue;
    const path = join(folder, name);
    if ((await whyNotExecutable(path)) === null) return path;
  }
  return null;
}

async function whyNotExecutable(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? null : "no regular file";
  } catch (error) {
    return describe(error, path);
  }
}

function describe(error: unknown, path: string): string {
  const code = errorCode(error);
  if (code === "") throw error;
  if (code === "ENOENT" || code === "ENOTDIR") return `not there (${code}); check the path`;
  if (code === "EACCES") return `may not be run or read (EACCES); do: chmod u+rx ${path}`;
  return `cannot be looked at (${code})`;
}

const unfit = (stamp: string, reason: string): ScriptLook => ({
  stamp,
  verdict: { kind: "unfit", reason },
  shell: null,
});
