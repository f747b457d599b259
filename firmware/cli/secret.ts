/**
 * Reads a secret: from a terminal without showing it, else the first line of standard input. It is never
 * an argument, because every process of the machine may read the arguments of another.
 * Source: work order 3 item 7; termios(3) (raw mode: the terminal shows nothing, keys come one by one).
 */

/** Longer than any password; what comes after it is no line. */
const SECRET_BYTES_MAX = 4096;
const END_OF_LINE = /\r|\n/;

type Input = NodeJS.ReadStream;

/** null = end of input, interruption, or more than a line can hold. */
export async function readSecret(
  input: Input,
  show: (text: string) => void,
  question: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (!input.isTTY) return firstLine(input, signal);
  // Silent first: who types ahead of the question is not shown either.
  input.setRawMode(true);
  try {
    show(question);
    return await keysUntilEnter(input, signal);
  } finally {
    input.setRawMode(false);
    input.pause();
    show("\n");
  }
}

function firstLine(input: Input, signal: AbortSignal): Promise<string | null> {
  return collect(input, signal, (text, atEnd) => {
    const end = text.search(END_OF_LINE);
    if (end >= 0) return { kind: "done", line: text.slice(0, end), rest: "" };
    if (Buffer.byteLength(text) > SECRET_BYTES_MAX) return { kind: "none" };
    if (!atEnd) return { kind: "more" };
    return text === "" ? { kind: "none" } : { kind: "done", line: text, rest: "" };
  });
}

function keysUntilEnter(input: Input, signal: AbortSignal): Promise<string | null> {
  return collect(input, signal, (text, atEnd) => {
    let line = "";
    for (const [at, key] of [...text].entries()) {
      if (key === "\r" || key === "\n") {
        return { kind: "done", line, rest: [...text].slice(at + 1).join("") };
      }
      // Ctrl-C and Ctrl-D are keys here: in raw mode the terminal makes no signal of them.
      if (key === "\u0003" || (key === "\u0004" && line === "")) return { kind: "none" };
      line = typed(line, key);
    }
    return atEnd || Buffer.byteLength(text) > SECRET_BYTES_MAX
      ? { kind: "none" }
      : { kind: "more" };
  });
}

/** Backspace takes one character back, Ctrl-U all; other control keys say nothing. */
function typed(line: string, key: string): string {
  if (key === "\u007f" || key === "\b") return [...line].slice(0, -1).join("");
  if (key === "\u0015") return "";
  return key < " " ? line : line + key;
}

type Look =
  | { readonly kind: "more" | "none" }
  | { readonly kind: "done"; readonly line: string; readonly rest: string };

function collect(
  input: Input,
  signal: AbortSignal,
  look: (text: string, atEnd: boolean) => Look,
): Promise<string | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const settle = (line: string | null): void => {
      input.off("data", onData).off("end", onEnd).off("error", onEnd);
      signal.removeEventListener("abort", onAbort);
      input.pause();
      resolve(line);
    };
    const judge = (atEnd: boolean): void => {
      const found = look(Buffer.concat(chunks).toString("utf8"), atEnd);
      if (found.kind === "more") return;
      settle(found.kind === "done" ? found.line : null);
      // Pasted with the next answer behind it: that one is still to be read.
      if (found.kind === "done" && found.rest !== "") input.unshift(Buffer.from(found.rest));
    };
    const onData = (chunk: Buffer | string): void => {
      chunks.push(Buffer.from(chunk));
      judge(false);
    };
    const onEnd = (): void => judge(true);
    const onAbort = (): void => settle(null);
    if (signal.aborted) return resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
    input.on("data", onData).once("end", onEnd).once("error", onEnd);
    input.resume();
  });
}
