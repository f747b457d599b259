/**
 * COM link over a TCP connection (`tcp://host:port`): the cable of the virtual appliance and of tests.
 * Intuition: the same bytes as on the serial line; the other end (rack, emulator of a cable) gives them
 * the line's speed. Not for a real cluster: a cable that shares the network shares its faults.
 * Source: protocol.md chapter 2 G5.
 */
import { connect, isIP, type Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import type { ComLink } from "../../ports/com-link.ts";
import { type Carrier, type CarrierHandlers, createLine, type LineOptions } from "./line.ts";

/** A connection on the same machine stands in microseconds; two seconds mean that nobody answers. */
const CONNECT_TIMEOUT_MS = 2000;
const PREFIX = "tcp://";

export interface TcpEndpoint {
  readonly host: string;
  readonly port: number;
}

export interface TcpComLinkOptions extends LineOptions {
  readonly endpoint: TcpEndpoint;
}

/** Parts of `tcp://host:port` with a literal address (IPv6 in brackets), null when it is none. */
export function parseTcpDevice(device: string): TcpEndpoint | null {
  if (!device.startsWith(PREFIX)) return null;
  const rest = device.slice(PREFIX.length);
  const colon = rest.lastIndexOf(":");
  const host = rest.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, "$1");
  const digits = rest.slice(colon + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  return isIP(host) !== 0 && port > 0 && port < 65536 ? { host, port } : null;
}

/** Connects and reconnects; `onState` tells whether the line is usable. */
export function createTcpComLink(options: TcpComLinkOptions): ComLink {
  assert(isIP(options.endpoint.host) !== 0, "TCP line address is a literal IP address");
  return createLine(options, (handlers) => openSocket(options, handlers));
}

async function openSocket(options: TcpComLinkOptions, handlers: CarrierHandlers): Promise<Carrier> {
  const { host, port } = options.endpoint;
  const socket = connect({ host, port, noDelay: true });
  await connected(socket, `${PREFIX}${host}:${port}`);
  let isClosed = false;
  let cause = "the other end closed it";
  socket.on("data", (bytes) => {
    if (!isClosed) handlers.onBytes(bytes);
  });
  socket.on("error", (error) => {
    cause = error.message;
  });
  socket.on("close", () => {
    if (!isClosed) handlers.onLost(`line ${PREFIX}${host}:${port} is gone: ${cause}`);
  });
  return {
    write: (bytes, done) => {
      socket.write(bytes, (error) => done(error ?? null));
    },
    close: () => {
      isClosed = true;
      return destroyed(socket);
    },
  };
}

function connected(socket: Socket, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`line ${name} cannot be reached (${why}); is the rack running?`));
    };
    const onError = (error: Error) => fail(error.message);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => fail("no answer"));
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      socket.setTimeout(0);
      resolve();
    });
  });
}

function destroyed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}
