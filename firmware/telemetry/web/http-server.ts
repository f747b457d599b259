/**
 * The HTTP server before anything is understood: how many connections, how large a header, how long a
 * sender may take, and what a malformed request is told. Intuition: one address can never take all places,
 * and nobody can hold a place by being slow.
 * Source: issue 3 item 7; Node 20 `http`, `https`; RFC 9112.
 */
import { createServer as createPlainServer, type Server, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { addressKey } from "./gate.ts";
import type { WebLimits } from "./limits.ts";

/** PEM texts. */
export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
}

const REQUESTS_PER_CONNECTION_MAX = 1_000;
const KEEP_ALIVE_MS = 5_000;
const CHECK_EVERY_MS = 500;
const HEADERS_MAX = 64;
const HANDSHAKE_MS = 5_000;

/** Not listening yet. Connections over the limits are closed without a word. */
export function createHttpServer(limits: WebLimits, tls: TlsTexts | undefined): Server {
  const settings = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
  const server: Server =
    tls === undefined
      ? createPlainServer(settings)
      : createTlsServer({ ...settings, ...tls, handshakeTimeout: HANDSHAKE_MS });
  server.maxConnections = limits.connectionsMax;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  // A socket on which nothing moves, also one whose browser reads no answer.
  server.setTimeout(limits.responseMs);
  limitPerAddress(server, limits.connectionsPerAddress);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    refuseRaw(socket, statusOfClientError(error.code ?? ""), "");
  });
  return server;
}

function limitPerAddress(server: Server, max: number): void {
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const key = addressKey(socket.remoteAddress ?? "");
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    socket.once("close", () => {
      const left = (counts.get(key) ?? 1) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    });
    if (count > max) socket.destroy();
  });
}

function statusOfClientError(code: string): number {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

/** An answer on a socket that HTTP does not handle any more; then the socket ends. */
export function refuseRaw(socket: Duplex, status: number, body: string): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "connection: close",
    "cache-control: no-store",
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.on("error", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
