/**
 * The rack's control socket: one JSON object per line in, one per line out, in order. It is the
 * hand of operator and tests on cables and switches, so bad input is answered with what was expected
 * and never harms the cabinet. Source: contract "Rack control socket"; style.md 12, 13.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** `message` of a refusal says what was expected. */
export type ControlAnswer =
  | { readonly kind: "ok"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: "refused"; readonly message: string };

export interface ControlOptions {
  /** Unix socket path, at most 107 bytes; the file gets mode 0600. */
  readonly path: string;
  answer(request: Readonly<Record<string, unknown>>): Promise<ControlAnswer>;
}

export interface ControlSocket {
  close(): Promise<void>;
}

/** An injected frame of 64 KiB in hex is the longest sensible request. */
const REQUEST_BYTES_MAX = 256 * 1024;
/** Operators, tests and a watching status at once; more is a leak of the caller. */
const CLIENTS_MAX = 32;

/** Takes the place of a socket that was left over; rejects with the system's error when it cannot listen. */
export function createControlSocket(options: ControlOptions): Promise<ControlSocket> {
  rmSync(options.path, { force: true });
  const clients = new Set<Socket>();
  const listener = createServer((client) => {
    // The caller went away: its answer has no reader, and `close` tidies up.
    client.on("error", () => client.destroy());
    client.on("close", () => clients.delete(client));
    if (clients.size >= CLIENTS_MAX) {
      client.end(line({ id: null, ok: false, message: `more than ${CLIENTS_MAX} connections` }));
      return;
    }
    clients.add(client);
    void serve(client, options);
  });
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(options.path, () => {
      chmodSync(options.path, 0o600);
      listener.removeListener("error", reject);
      resolve({
        close() {
          for (const client of clients) client.destroy();
          return new Promise((done) => listener.close(() => done()));
        },
      });
    });
  });
}

/** Reads no further while an answer is being worked out or not taken: a slow caller waits alone. */
async function serve(client: Socket, options: ControlOptions): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of client) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        const request = rest.subarray(0, end).toString("utf8");
        rest = rest.subarray(end + 1);
        if (request.trim() !== "") await write(client, await answerLine(request, options));
      }
      if (rest.length > REQUEST_BYTES_MAX) {
        const message = `request longer than ${REQUEST_BYTES_MAX} bytes; expected one JSON object per line`;
        client.end(line({ id: null, ok: false, message }));
        return;
      }
    }
  } catch (error) {
    // Only the stream itself throws here (reset by the caller); answers are values.
    client.destroy(error as Error);
  }
}

async function answerLine(text: string, options: ControlOptions): Promise<string> {
  const request = parseRequest(text);
  if (request === null) {
    const message = 'expected one JSON object per line, such as {"id":1,"verb":"status"}';
    return line({ id: null, ok: false, message });
  }
  const id = request["id"] ?? null;
  const answer = await options.answer(request).catch(
    (error: Error): ControlAnswer => ({
      kind: "refused",
      message: `rack fault: ${error.message}`,
    }),
  );
  switch (answer.kind) {
    case "ok":
      return line({ id, ok: true, ...answer.body });
    case "refused":
      return line({ id, ok: false, message: answer.message });
  }
}

function parseRequest(text: string): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

function write(client: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (client.destroyed || client.write(text)) {
      resolve();
      return;
    }
    const go = (): void => {
      client.removeListener("drain", go);
      client.removeListener("close", go);
      resolve();
    };
    client.on("drain", go);
    client.on("close", go);
  });
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
