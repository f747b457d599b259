/**
 * The only place that knows pino: JSON lines on standard output, for the console file or the journal.
 * For the journal every line begins with `<n>`, so that `journalctl -p warning` finds what is meant.
 * Written synchronously: the last line before a crash is the one that is needed.
 * Source: ecosystem.md 4.3; sd-daemon(3), systemd.exec(5) ($JOURNAL_STREAM).
 */
import { fstatSync } from "node:fs";
import { type DestinationStream, pino } from "pino";

export interface Log {
  info(data: object, text: string): void;
  warn(data: object, text: string): void;
  error(data: object, text: string): void;
}

export interface LogOptions {
  readonly server: string;
  /** `journal` and `plain` are obeyed; absent = `journal` when the journal reads standard output. */
  readonly log?: "journal" | "plain";
}

/** `role` and `server` stand in every line. */
export function openLog(role: string, { server, log }: LogOptions): Log {
  const options = { base: { role, server }, timestamp: pino.stdTimeFunctions.isoTime };
  const output = pino.destination({ dest: STANDARD_OUTPUT, sync: true });
  const toJournal = log === undefined ? isJournalStream(process.env) : log === "journal";
  return pino(options, toJournal ? withPriority(output) : output);
}

const STANDARD_OUTPUT = 1;

/** syslog(3) priority of a pino level: error 3, warning 4, notice is not used, info 6, debug 7. */
export function journalPriority(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

/**
 * True when `descriptor` is the stream that systemd has connected to the journal: the variable alone
 * is inherited by everybody.
 */
export function isJournalStream(
  env: Readonly<Record<string, string | undefined>>,
  descriptor: number = STANDARD_OUTPUT,
): boolean {
  const named = /^(\d+):(\d+)$/.exec(env["JOURNAL_STREAM"] ?? "");
  if (named === null) return false;
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return BigInt(named[1] ?? "") === dev && BigInt(named[2] ?? "") === ino;
}

/** pino tells a destination with this mark the level of the line that it is about to write. */
const METADATA = Symbol.for("pino.metadata");

/** Puts `<n>` in front of every line. */
export function withPriority(output: DestinationStream): DestinationStream {
  const prefixed = {
    [METADATA]: true,
    lastLevel: 30,
    write(line: string): void {
      output.write(`<${journalPriority(prefixed.lastLevel)}>${line}`);
    },
  };
  return prefixed;
}
