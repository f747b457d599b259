/**
 * The line over TCP on loopback: connects, reconnects, and tells a missing other end once.
 */
import { createServer, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../../hal/base/assert.ts";
import { encodeCobs } from "../../../../hal/base/cobs.ts";
import { createTcpComLink, parseTcpDevice } from "../../../../hal/drivers/com-link-serial/tcp.ts";
import type { ComLink, ComLinkState } from "../../../../hal/ports/com-link.ts";
import { Bell } from "../../../deadline.ts";

const HOST = "127.91.7.2";

const links: ComLink[] = [];
const servers: Server[] = [];
const connections: Socket[] = [];

/** The other end: all connections, all bytes they brought. */
async function listen(port = 0) {
  const received: number[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on("data", (bytes) => received.push(...bytes));
    socket.on("error", () => socket.destroy());
    bell.ring();
  });
  const bell = new Bell();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return { port: address.port, received, bell };
}

function watchLink(port: number) {
  const bell = new Bell();
  const frames: number[][] = [];
  const states: ComLinkState[] = [];
  const link = createTcpComLink({
    endpoint: { host: HOST, port },
    baud: 0,
    reopenFirstMs: 1,
    onFrame: (frame) => {
      frames.push([...frame]);
      bell.ring();
    },
    onState: (state) => {
      states.push(state);
      bell.ring();
    },
  });
  links.push(link);
  return { link, frames, states, bell };
}

async function stopListening(): Promise<void> {
  for (const socket of connections.splice(0)) socket.destroy();
  await Promise.all(
    servers
      .splice(0)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  );
}

test.after.each(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await stopListening();
});

test("frames go out as they are and come back without their framing", async () => {
  const other = await listen();
  const { link, frames, states, bell } = watchLink(other.port);
  await bell.until("open", () => states.length === 1);
  await other.bell.until("a connection", () => connections.length === 1);
  const line = encodeCobs(Uint8Array.of(1, 0, 2));
  link.send(line);
  const [socket] = connections;
  assert.ok(socket);
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  assert.equal(other.received, [...line]);
  socket.write(Uint8Array.of(0, 2, 5));
  socket.write(Uint8Array.of(2, 6, 0));
  await bell.until("a frame", () => frames.length === 1);
  assert.equal(frames, [[5, 0, 6]]);
});

test("the other end may go and come: told once each, and frames flow again", async () => {
  const other = await listen();
  const { link, states, bell } = watchLink(other.port);
  await bell.until("open", () => states.length === 1);
  await other.bell.until("a connection", () => connections.length === 1);
  await stopListening();
  await bell.until("lost", () =>
    states.some((state) => state.kind === "lost" && state.reason === "vanished"),
  );
  await bell.until("refused", () =>
    states.some((state) => state.kind === "lost" && state.reason === "open-failed"),
  );
  const again = await listen(other.port);
  await bell.until("open again", () => states.at(-1)?.kind === "open");
  assert.equal(
    states.map((state) => (state.kind === "open" ? "open" : state.reason)),
    ["open", "vanished", "open-failed", "open"],
  );
  await again.bell.until("a connection", () => connections.length === 1);
  const [socket] = connections;
  assert.ok(socket);
  const arrived = new Promise<void>((resolve) => socket.once("data", () => resolve()));
  link.send(Uint8Array.of(0, 2, 9, 0));
  await arrived;
  assert.equal(again.received, [0, 2, 9, 0]);
});

test("bytes left over from before a reconnection do not spoil the first frame after it", async () => {
  const other = await listen();
  const { frames, states, bell } = watchLink(other.port);
  await other.bell.until("a connection", () => connections.length === 1);
  connections[0]?.end(Uint8Array.of(0, 5, 1, 2));
  await other.bell.until("a second connection", () => connections.length === 2);
  connections[1]?.write(Uint8Array.of(3, 4, 0, 2, 7, 0));
  await bell.until("a frame", () => frames.length === 1);
  assert.equal(frames, [[7]]);
  assert.is(states.filter((state) => state.kind === "open").length, 2);
});

test("a missing other end says what was tried", async () => {
  const other = await listen();
  await stopListening();
  const { states, bell } = watchLink(other.port);
  await bell.until("refused", () => states.length === 1);
  const [lost] = states;
  assert.ok(lost?.kind === "lost" && lost.reason === "open-failed");
  assert.match(lost.text, `line tcp://${HOST}:${other.port} cannot be reached`);
});

test("tcp:// devices are literal addresses with a port", () => {
  assert.equal(parseTcpDevice("tcp://127.0.0.1:7100"), { host: "127.0.0.1", port: 7100 });
  assert.equal(parseTcpDevice("tcp://[::1]:7100"), { host: "::1", port: 7100 });
  for (const device of [
    "/dev/ttyS0",
    "tcp://",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:7100x",
    "tcp://localhost:7100",
    "tcp://:7100",
    "udp://127.0.0.1:7100",
  ]) {
    assert.is(parseTcpDevice(device), null, device);
  }
});

test("a host name as endpoint is a broken contract", () => {
  const handlers = { onFrame: () => undefined, onState: () => undefined };
  assert.throws(
    () => createTcpComLink({ endpoint: { host: "rack", port: 1 }, baud: 0, ...handlers }),
    (error: unknown) => error instanceof AssertionFault,
  );
});

test.run();
