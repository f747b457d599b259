/**
 * UDP heartbeat path on loopback: frames go to the right peer, trouble is told once and never thrown.
 */
import { createSocket, type Socket } from "node:dgram";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../../hal/base/assert.ts";
import { pathId } from "../../../../hal/base/ids.ts";
import {
  createUdpLanLink,
  type UdpLanLinkOptions,
} from "../../../../hal/drivers/lan-link-udp/driver.ts";
import type { LanLink, LanLinkState } from "../../../../hal/ports/lan-link.ts";
import { Bell } from "../../../deadline.ts";

const HOST = "127.91.7.1";

const open: LanLink[] = [];
const sockets: Socket[] = [];

/** Everything one link said, and a wait for the next thing it says. */
function watchLink(changes: Partial<UdpLanLinkOptions> & Pick<UdpLanLinkOptions, "bind" | "to">) {
  const frames: string[] = [];
  const states: LanLinkState[] = [];
  const bell = new Bell();
  const link = createUdpLanLink({
    path: pathId("lan1"),
    sources: null,
    rebindFirstMs: 5,
    onFrame: (frame) => {
      frames.push(Buffer.from(frame).toString());
      bell.ring();
    },
    onState: (state) => {
      states.push(state);
      bell.ring();
    },
    ...changes,
  });
  open.push(link);
  return { link, frames, states, bell };
}

/** A bound plain socket; the system picks the port. */
async function plainSocket(host = HOST): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket("udp4");
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return { socket, port: socket.address().port };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const { socket, port } = await plainSocket();
  await closeSocket(socket);
  return port;
}

function closeSocket(socket: Socket): Promise<void> {
  sockets.splice(sockets.indexOf(socket), 1);
  return new Promise((resolve) => socket.close(() => resolve()));
}

const bytes = (text: string) => new TextEncoder().encode(text);

test.after.each(async () => {
  await Promise.all(open.splice(0).map((link) => link.close()));
  await Promise.all([...sockets].map((socket) => closeSocket(socket)));
});

test("R2: frames reach the server they are sent to, and no other", async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const at = (index: number) => ({ host: HOST, port: ports[index] ?? 0 });
  const to = (self: number) => [0, 1, 2].map((index) => (index === self ? null : at(index)));
  const links = [0, 1, 2].map((self) => watchLink({ bind: at(self), to: to(self) }));
  for (const { bell, states } of links) await bell.until("open", () => states.length === 1);
  const [first, second, third] = links;
  assert.ok(first && second && third);
  first.link.send(1, bytes("for 1"));
  first.link.send(2, bytes("for 2"));
  third.link.send(1, bytes("from 2"));
  await second.bell.until("two frames", () => second.frames.length === 2);
  await third.bell.until("one frame", () => third.frames.length === 1);
  assert.equal(second.frames.sort(), ["for 1", "from 2"]);
  assert.equal(third.frames, ["for 2"]);
  assert.equal(first.frames, []);
  assert.equal(first.states, [{ kind: "open" }]);
});

test("an address in use is told once, tried again, and used as soon as it is free", async () => {
  const { socket, port } = await plainSocket();
  const delays: number[] = [];
  const watched = watchLink({
    bind: { host: HOST, port },
    to: [null],
    after: (delayMs, run) => {
      delays.push(delayMs);
      if (delays.length === 12) void closeSocket(socket).then(run);
      else queueMicrotask(run);
      return () => undefined;
    },
  });
  await watched.bell.until("open", () => watched.states.at(-1)?.kind === "open");
  assert.equal(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000]);
  const [closed, opened] = watched.states;
  assert.ok(closed?.kind === "closed");
  assert.is(closed.code, "EADDRINUSE");
  assert.match(closed.text, `LAN path lan1: UDP ${HOST}:${port} is not usable`);
  assert.equal(opened, { kind: "open" });
  assert.is(watched.states.length, 2);
});

test("frames for a path that is not open are dropped and counted", async () => {
  const { port } = await plainSocket();
  const watched = watchLink({
    bind: { host: HOST, port },
    to: [null, { host: HOST, port: 9 }],
    after: () => () => undefined,
  });
  watched.link.send(1, bytes("too early"));
  await watched.bell.until("closed", () => watched.states.length === 1);
  watched.link.send(1, bytes("too late"));
  assert.is(watched.link.counters.dropped, 2);
  assert.is(watched.link.counters.sent, 0);
});

test("a send that fails is told once per peer, and its end too", async () => {
  const { port } = await plainSocket();
  const watched = watchLink({
    bind: { host: HOST, port: await freePort() },
    // Broadcast without the permission to broadcast: the system refuses every frame.
    to: [null, { host: HOST, port }, { host: "127.255.255.255", port: 9 }],
  });
  await watched.bell.until("open", () => watched.states.length === 1);
  for (let i = 0; i < 3; i += 1) watched.link.send(2, bytes("refused"));
  await watched.bell.until("refused", () => watched.states.length === 2);
  assert.equal(watched.states[1], { kind: "send-failed", to: 2, code: "EACCES" });
  watched.link.send(1, new Uint8Array(70_000));
  await watched.bell.until("too long", () => watched.states.length === 3);
  assert.equal(watched.states[2], { kind: "send-failed", to: 1, code: "EMSGSIZE" });
  watched.link.send(1, bytes("fits"));
  await watched.bell.until("recovered", () => watched.states.length === 4);
  assert.equal(watched.states[3], { kind: "send-recovered", to: 1 });
  assert.is(watched.link.counters.failed, 4);
  assert.is(watched.link.counters.sent, 1);
});

test("datagrams of strangers and of more than any frame's length are counted, not handed over", async () => {
  const { socket: stranger } = await plainSocket("127.91.7.9");
  const { socket: peer } = await plainSocket(HOST);
  const port = await freePort();
  const watched = watchLink({ bind: { host: HOST, port }, to: [null], sources: new Set([HOST]) });
  await watched.bell.until("open", () => watched.states.length === 1);
  await sent(stranger, bytes("stranger"), port);
  await sent(peer, new Uint8Array(1501), port);
  await sent(peer, new Uint8Array(0), port);
  await sent(peer, bytes("peer"), port);
  await watched.bell.until("the last datagram", () => watched.frames.includes("peer"));
  assert.equal(watched.frames, ["", "peer"]);
  const { strangers, oversized, received } = watched.link.counters;
  assert.equal({ strangers, oversized, received }, { strangers: 1, oversized: 1, received: 2 });
});

test("a closed path says and hears nothing more, and closing twice is one closing", async () => {
  const { socket: peer } = await plainSocket(HOST);
  const port = await freePort();
  const watched = watchLink({ bind: { host: HOST, port }, to: [null, { host: HOST, port: 9 }] });
  await watched.bell.until("open", () => watched.states.length === 1);
  await watched.link.close();
  await watched.link.close();
  await sent(peer, bytes("late"), port);
  watched.link.send(1, bytes("late"));
  assert.is(watched.link.counters.dropped, 1);
  assert.is(watched.states.length, 1);
  assert.equal(watched.frames, []);
});

test("closing while the address is still being tried ends the trying", async () => {
  const { port } = await plainSocket();
  let cancelled = 0;
  const watched = watchLink({
    bind: { host: HOST, port },
    to: [null],
    after: () => () => {
      cancelled += 1;
    },
  });
  await watched.bell.until("closed", () => watched.states.length === 1);
  await watched.link.close();
  assert.is(cancelled, 1);
});

test("host names, mixed families and impossible ports are broken contracts", () => {
  const fault = (error: unknown) => error instanceof AssertionFault;
  const create = (bind: { host: string; port: number }, to: { host: string; port: number }) =>
    watchLink({ bind, to: [null, to] });
  const good = { host: HOST, port: 7001 };
  assert.throws(() => create({ host: "localhost", port: 7001 }, good), fault);
  assert.throws(() => create(good, { host: "server2", port: 7001 }), fault);
  assert.throws(() => create(good, { host: "::1", port: 7001 }), fault);
  assert.throws(() => create(good, { host: HOST, port: 0 }), fault);
  assert.throws(() => create(good, { host: HOST, port: 65536 }), fault);
});

function sent(socket: Socket, frame: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(frame, port, HOST, (error) => (error === null ? resolve() : reject(error)));
  });
}

test.run();
