/**
 * JSON lines between the processes of one server, over Unix sockets. Bounded on both sides: a line that
 * grows beyond its limit ends the connection, a reader that does not read loses what it did not take, so
 * that a stopped process never stalls the one that talks to it. Source: architecture.md 2, P3.
 */
import type { Socket } from "node:net";

/** The largest message is a status or a page of events. */
export const LINE_BYTES_MAX = 1 << 20;
/** What a reader may leave untaken before newer messages are dropped: newest state follows anyway. */
const BACKLOG_BYTES_MAX = 1 << 18;

export interface LineChannel {
  /** False when the message was dropped because the other side does not read. */
  send(message: object): boolean;
  close(): void;
}

/** Parses what arrives on `socket`; a line that is not a JSON object is reported and ends the connection. */
export function openLineChannel(
  socket: Socket,
  onMessage: (message: Readonly<Record<string, unknown>>) => void,
  onEnd: (reason: string) => void,
): LineChannel {
  let pending = "";
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    onEnd(reason);
  };
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    pending += chunk;
    if (pending.length > LINE_BYTES_MAX) return end("line too long");
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      if (ended) return;
      const message = parseObject(line);
      if (message === null) return end("not a JSON object");
      onMessage(message);
    }
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("closed"));
  return {
    send(message) {
      if (ended || socket.writableLength > BACKLOG_BYTES_MAX) return false;
      socket.write(`${JSON.stringify(message)}\n`);
      return true;
    },
    close: () => end("closed here"),
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
