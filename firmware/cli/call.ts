/**
 * What every command's handler receives, and the only ways it may answer: lines of text, JSON, or a
 * trouble with its remedy. With `-o json` the trouble is JSON on standard output too, so a script
 * reads one stream.
 */

import type { Invocation } from "./arguments.ts";
import { usageTrouble } from "./arguments.ts";
import type { Paint } from "./columns.ts";
import { printable } from "./columns.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import type { CliIo } from "./io.ts";
import type { Lang } from "./language.ts";
import type { Say } from "./messages.ts";
import type { OptionName } from "./options.ts";

export interface Call {
  readonly io: CliIo;
  readonly invocation: Invocation;
  readonly lang: Lang;
  readonly say: Say;
  /** For standard output; the identity without colour. */
  readonly paint: Paint;
  /** For standard error. */
  readonly paintError: Paint;
  readonly utf8: boolean;
  /** Of `-o`; "table" for commands without it. */
  readonly format: string;
}

/** A handler of a command that talks to the cluster. */
export type PlacedHandler = (call: Call, place: Place) => Promise<ExitCode>;

/** The operand at `position`; the argument check has made sure that required ones exist. */
export function operand(call: Call, position: number): string {
  return call.invocation.operands[position] ?? "";
}

/** `kage group move web --to SERVER2`, as the operator would recognise it in a message. */
export function commandLine(call: Call): string {
  return [call.invocation.command, ...call.invocation.operands].map(printable).join(" ");
}

export function printLines(call: Call, lines: readonly string[]): void {
  if (lines.length > 0) call.io.stdout.write(`${lines.join("\n")}\n`);
}

/** One JSON value: indented for `json`, one line for `jsonl`. */
export function printJson(call: Call, value: unknown): void {
  const text = call.format === "jsonl" ? JSON.stringify(value) : JSON.stringify(value, null, 2);
  call.io.stdout.write(`${text}\n`);
}

/** True for the machine-readable formats. */
export function wantsJson(call: Call): boolean {
  return call.format === "json" || call.format === "jsonl";
}

/** Says what did not work and what to do; returns the exit code. */
export function fail(call: Call, trouble: Trouble): ExitCode {
  if (wantsJson(call)) {
    const { exit, code, message, remedy } = trouble;
    printJson(call, { ok: false, exit, code, message, remedy });
  } else {
    call.io.stderr.write(troubleText(trouble, call.say("do"), call.paintError));
  }
  return trouble.exit;
}

export function troubleText(trouble: Trouble, doWord: string, paint: Paint): string {
  const code = trouble.code === null ? "" : ` (${printable(trouble.code)})`;
  const [first = "", ...more] = trouble.message.split("\n").map(printable);
  const rest = more.map((line) => `  ${line}\n`).join("");
  const remedy = `  ${paint("bold", `${doWord}: `)}${printable(trouble.remedy)}\n`;
  return `${paint("bad", "kage:")} ${first}${code}\n${rest}${remedy}`;
}

/** A numeric option within its bounds, its default, or the usage trouble to report. */
export function numberOption(
  call: Call,
  name: OptionName,
  bounds: { readonly min: number; readonly max: number; readonly whole: boolean },
): number | undefined | Trouble {
  const text = call.invocation.texts[name];
  return text === undefined ? undefined : numberWithin(call, `--${name}`, text, bounds);
}

export function numberWithin(
  call: Call,
  what: string,
  text: string,
  bounds: { readonly min: number; readonly max: number; readonly whole: boolean },
): number | Trouble {
  const value = /^\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  const good = value >= bounds.min && value <= bounds.max;
  if (good && (!bounds.whole || Number.isInteger(value))) return value;
  const { min, max } = bounds;
  const message = call.say("badNumber", { what, found: text, min: `${min}`, max: `${max}` });
  const help = `kage help ${call.invocation.command}`;
  return usageTrouble(message, call.say("seeHelp", { help }));
}

export function isTrouble(value: unknown): value is Trouble {
  return typeof value === "object" && value !== null && "remedy" in value && "exit" in value;
}

export const DONE = EXIT.done;
