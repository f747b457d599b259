/**
 * A terminal or pipe in memory with a clock of its own: `pause` costs no real time and moves the
 * clock, so a timeout of a minute passes at once. Ctrl-C is pressed by the test.
 */
import type { ExitCode } from "../../../firmware/cli/exit-code.ts";
import type { CliIo, CliOutput } from "../../../firmware/cli/io.ts";
import { runCli } from "../../../firmware/cli/main.ts";

export interface Ran {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface TerminalOptions {
  readonly tty?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What the operator types when asked; null = end of input. Absent = cannot be asked. */
  readonly typed?: string | null;
  /** Answers in the order of the questions; then `typed`. */
  readonly answers?: readonly string[];
  /** What is typed unseen or comes in on standard input, in the order it is asked for. */
  readonly secrets?: readonly string[];
  /** Told of everything printed so far, after each print. */
  readonly onOutput?: (out: string) => void;
  /** Aborts as Ctrl-C would. */
  readonly signal?: AbortSignal;
  readonly columns?: number;
  readonly rows?: number;
  /** Called before each pause; returning "ctrl-c" interrupts. */
  readonly onPause?: (count: number, out: string) => "ctrl-c" | "go on";
  readonly queryDeadlineMs?: number;
  readonly orderDeadlineMs?: number;
}

/** Fixed wall time of every fake terminal: ages in golden texts count from here. */
export const WALL = "2026-11-22T03:00:00.000Z";

export async function kage(
  runDir: string,
  words: readonly string[],
  options: TerminalOptions = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  let clockMs = 0;
  let pauses = 0;
  const answers = [...(options.answers ?? [])];
  const secrets = [...(options.secrets ?? [])];
  const interruption = new AbortController();
  options.signal?.addEventListener("abort", () => interruption.abort(), { once: true });
  const output = (take: (text: string) => void): CliOutput => ({
    write: take,
    isTty: options.tty === true,
    size: () => ({ columns: options.columns ?? 100, rows: options.rows ?? 40 }),
  });
  const io: CliIo = {
    stdout: output((text) => {
      out += text;
      options.onOutput?.(out);
    }),
    stderr: output((text) => {
      err += text;
    }),
    canAsk: options.typed !== undefined || options.answers !== undefined,
    ask: async (question) => {
      err += question;
      return answers.shift() ?? options.typed ?? null;
    },
    secret: async (question) => {
      if (options.typed !== undefined || options.answers !== undefined) err += question;
      return secrets.shift() ?? null;
    },
    env: { LANG: "C.UTF-8", KAGE_RUN_DIR: runDir, ...options.env },
    nowMs: () => clockMs,
    wallMs: () => Date.parse(WALL) + clockMs,
    pause: async (ms) => {
      pauses += 1;
      clockMs += ms;
      if (options.onPause?.(pauses, out) === "ctrl-c") interruption.abort();
      await new Promise((resolve) => setImmediate(resolve));
    },
    interrupted: interruption.signal,
    queryDeadlineMs: options.queryDeadlineMs ?? 5000,
    orderDeadlineMs: options.orderDeadlineMs ?? 5000,
  };
  const exit = await runCli(words, io);
  return { exit, out, err };
}
