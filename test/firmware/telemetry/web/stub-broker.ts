/**
 * A broker of the test's own: takes CONNECT apart by hand (not with the code under test), answers CONNACK and
 * then does only what the test says. Source: MQTT 5.0 3.1, 3.2.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface Visit {
  readonly version: number;
  readonly flags: number;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly socket: Socket;
  /** Everything after CONNECT. */
  received: Buffer;
  readonly gone: Promise<void>;
}

export interface StubBroker {
  readonly url: string;
  readonly visits: Visit[];
  /** "accept" by default; "refuse" answers not authorised; "mute" answers nothing. */
  manner: "accept" | "refuse" | "mute";
  close(): Promise<void>;
}

export async function openStubBroker(): Promise<StubBroker> {
  const sockets = new Set<Socket>();
  const broker = { url: "", visits: [] as Visit[], manner: "accept" as StubBroker["manner"] };
  const server = createServer((socket) => {
    sockets.add(socket);
    let visit: Visit | null = null;
    let held: Buffer = Buffer.alloc(0);
    const gone = new Promise<void>((resolve) => socket.once("close", resolve));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      if (visit !== null) {
        visit.received = Buffer.concat([visit.received, chunk]);
        return;
      }
      held = Buffer.concat([held, chunk]);
      const length = 2 + (held[1] ?? 255);
      if (held.length < length) return;
      visit = { ...takeApart(held), socket, received: held.subarray(length), gone };
      broker.visits.push(visit);
      if (broker.manner !== "mute") socket.write(connack(visit.version, broker.manner));
    });
  });
  await listen(server);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(broker, {
    url: `mqtt://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

const listen = (server: Server): Promise<void> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

/** Fixed header of two bytes, "MQTT", version, flags, keepalive, in 5 properties, then the strings. */
function takeApart(bytes: Buffer) {
  const version = bytes[8] ?? 0;
  let at = 12;
  if (version === 5) at += 1 + (bytes[at] ?? 0);
  const text = (): string => {
    const length = bytes.readUInt16BE(at);
    at += 2 + length;
    return bytes.subarray(at - length, at).toString("utf8");
  };
  const clientId = text();
  return { version, flags: bytes[9] ?? 0, clientId, username: text(), password: text() };
}

function connack(version: number, manner: "accept" | "refuse"): Buffer {
  if (version === 5) return Buffer.from(manner === "accept" ? "2003000000" : "2003008700", "hex");
  return Buffer.from(manner === "accept" ? "20020000" : "20020005", "hex");
}
