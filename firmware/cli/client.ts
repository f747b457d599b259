/**
 * One question to one Unix socket, one JSON line there and one back (agent.sock, rack.sock).
 * Intuition: whatever listens may be dead, hung, foreign or hostile to memory; every case has a name
 * and an end. Source: architecture.md 2 (control socket).
 */
import { createConnection } from "node:net";

/**
 * Largest reply taken, bytes: a status of 16 servers on three LANs and COM is below 0.3 MB, 1000
 * events with both texts below 2 MB.
 */
export const REPLY_BYTES_MAX = 4 * 1024 * 1024;

export interface Done {
  readonly kind: "ok";
  readonly body: Readonly<Record<string, unknown>>;
}

export type NotDone =
  | { readonly kind: "refused"; readonly body: Readonly<Record<string, unknown>> }
  /** Nobody took the connection: the request was not sent. `detail` is the system's code. */
  | { readonly kind: "unreachable"; readonly detail: string }
  /** The socket exists but this user may not open it. */
  | { readonly kind: "forbidden" }
  /** Sent, but no whole reply came: within the deadline, or before the connection ended (null). */
  | { readonly kind: "silent"; readonly afterMs: number | null }
  /** Sent, and what came back is no reply of this protocol. */
  | { readonly kind: "malformed"; readonly detail: string };

export type Reply = Done | NotDone;

export type RequestBody = Readonly<Record<string, unknown>> & { readonly verb: string };

const REQUEST_ID = 1;

/** Never rejects and never outlives `deadlineMs` (ms from the call) or the abort of `signal`. */
export function request(
  socketPath: string,
  body: RequestBody,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Reply> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve({ kind: "silent", afterMs: null });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let sent = false;
    const socket = createConnection(socketPath);
    const finish = (reply: Reply): void => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(reply);
    };
    const startMs = performance.now();
    const onAbort = (): void => finish(unanswered(sent, performance.now() - startMs));
    const deadline = setTimeout(() => finish(unanswered(sent, deadlineMs)), deadlineMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () => {
      sent = true;
      socket.write(`${JSON.stringify({ id: REQUEST_ID, ...body })}\n`);
    });
    socket.on("data", (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      bytes += end === -1 ? chunk.length : end;
      if (bytes > REPLY_BYTES_MAX) {
        return finish({ kind: "malformed", detail: `more than ${REPLY_BYTES_MAX} bytes` });
      }
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      if (end !== -1) finish(readReply(Buffer.concat(chunks).toString("utf8")));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => finish(connectionTrouble(error, sent)));
    socket.on("close", () => finish({ kind: "silent", afterMs: null }));
  });
}

function unanswered(sent: boolean, afterMs: number): Reply {
  return sent ? { kind: "silent", afterMs } : { kind: "unreachable", detail: "busy" };
}

function connectionTrouble(error: NodeJS.ErrnoException, sent: boolean): Reply {
  if (sent) return { kind: "silent", afterMs: null };
  if (error.code === "EACCES" || error.code === "EPERM") return { kind: "forbidden" };
  return { kind: "unreachable", detail: error.code ?? error.message };
}

function readReply(line: string): Reply {
  const body = parseObject(line);
  if (body === null) return { kind: "malformed", detail: "not a JSON object" };
  if (body["id"] !== REQUEST_ID) return { kind: "malformed", detail: "an answer to nobody's id" };
  if (body["ok"] === true) return { kind: "ok", body };
  if (body["ok"] === false && typeof body["message"] === "string") return { kind: "refused", body };
  return { kind: "malformed", detail: "neither ok:true nor ok:false with a message" };
}

/** The object a JSON text holds, or null for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isRecord(value) ? value : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
