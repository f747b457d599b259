/**
 * The real doors: this process's streams and clocks. A reader that goes away (`kage events | head -1`)
 * is no error, it ends the command; a full disk behind standard output is one.
 */
import { createInterface } from "node:readline/promises";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { CliIo, CliOutput } from "./io.ts";
import { readSecret } from "./secret.ts";

const QUERY_DEADLINE_MS = 2000;
const ORDER_DEADLINE_MS = 10_000;

export interface ProcessIo {
  readonly io: CliIo;
  /** Code that replaces a 0 when the output could not be written; null = all was well. */
  outputFailure(): ExitCode | null;
  /** Gives the signals back to their defaults. */
  release(): void;
}

export function processIo(): ProcessIo {
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
    // A second Ctrl-C ends the process at once, whatever it still waits for.
    release();
  };
  const release = (): void => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  };
  let failure: ExitCode | null = null;
  const onStreamError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE" && failure === null) {
      failure = EXIT.failed;
      process.stderr.write(
        `kage: cannot write the output: ${error.message}\n  do: free space or choose another place\n`,
      );
    }
    interrupt();
  };
  process.stdout.on("error", onStreamError);
  // Nobody is left to be told when standard error itself is gone.
  process.stderr.on("error", interrupt);
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const io: CliIo = {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    ask: (question) => ask(question, interruption.signal),
    secret: (question) => {
      const show = (text: string): boolean => process.stderr.write(text);
      return readSecret(process.stdin, show, question, interruption.signal);
    },
    env: process.env,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    pause: (ms) => pause(ms, interruption.signal),
    interrupted: interruption.signal,
    queryDeadlineMs: QUERY_DEADLINE_MS,
    orderDeadlineMs: ORDER_DEADLINE_MS,
  };
  return { io, outputFailure: () => failure, release };
}

function output(stream: NodeJS.WriteStream): CliOutput {
  return {
    write: (text) => {
      if (stream.writable) stream.write(text);
    },
    isTty: stream.isTTY === true,
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  };
}

/** The question goes to standard error so that `-o json` on standard output stays pure. */
async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise<string | null>((resolve) => {
      let isSettled = false;
      const settle = (line: string | null): void => {
        if (isSettled) return;
        isSettled = true;
        // Without an answer the cursor still stands behind the question.
        if (line === null) process.stderr.write("\n");
        resolve(line);
      };
      const giveUp = (): void => settle(null);
      reader.once("close", giveUp);
      reader.once("SIGINT", giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      void reader.question(question).then(settle, giveUp);
    });
  } finally {
    reader.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
