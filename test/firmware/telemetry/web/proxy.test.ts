/**
 * `/mqtt` with real WebSockets and a broker stub: who gets which account, what is refused at the door and
 * inside, what ends with the session, and what slow or dead ends do to memory.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { until } from "../../../deadline.ts";
import { addUser, openStage, post, type Stage, setUp, standsStill } from "./stage.ts";
import { openStubBroker, type StubBroker } from "./stub-broker.ts";

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");
/** MQTT 5, clean, user "operator", password "pw-operator", id "forged". */
const FORGED_5 = hex(
  "10 2a 0004 4d515454 05 c2 000a 00 0006 666f72676564 0008 6f70657261746f72" +
    "000b 70772d6f70657261746f72",
);
/** 3.1.1, clean, id "x". */
const CONNECT_311 = hex("10 0d 0004 4d515454 04 02 000a 0001 78");
const PING = hex("c000");

/** More than kernel and proxy may hold, and what they may hold: two socket buffers each way and 256 KiB. */
const FLOOD_BYTES = 128 * 1024 * 1024;
const HELD_BYTES_MAX = 14 * 1024 * 1024;

interface Browser {
  readonly socket: WebSocket;
  readonly received: Buffer[];
  readonly closed: Promise<{ code: number; reason: string }>;
  text(): string;
}

const browsers = new Set<WebSocket>();
let broker: StubBroker;
let stage: Stage;
let admin = "";
let viewer = "";

/** One stage for all: logging in costs time. Each test takes the visits it makes. */
test.before(async () => {
  broker = await openStubBroker();
  stage = await openStage({ brokerUrl: broker.url });
  admin = await setUp(stage);
  viewer = await addUser(stage, admin, "vic", "view");
});
test.after(async () => {
  await stage.close();
  await broker.close();
});
test.before.each(() => {
  broker.visits.length = 0;
  broker.manner = "accept";
});
// Nothing may throw here: a failing hook would end the run without a word of the test that failed.
test.after.each(() => {
  for (const socket of browsers) socket.terminate();
  for (const { socket } of broker.visits) socket.destroy();
  browsers.clear();
});

async function dashboards(on = stage): Promise<number> {
  const text = await (await fetch(`${on.web.url}/metrics`)).text();
  return Number(/^kage_web_dashboards (\d+)$/m.exec(text)?.[1]);
}

function open(cookie: string, options: object = {}, on = stage): Browser {
  const url = `${on.web.url.replace("http", "ws")}/mqtt`;
  const headers = { cookie };
  const socket = new WebSocket(url, ["mqtt"], { headers, origin: on.web.url, ...options });
  browsers.add(socket);
  const received: Buffer[] = [];
  socket.on("message", (data: Buffer) => received.push(data));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    // `close` follows and is what the tests look at.
    socket.on("error", () => socket.terminate());
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") }));
  });
  return { socket, received, closed, text: () => Buffer.concat(received).toString("latin1") };
}

const opened = (browser: Browser): Promise<void> =>
  new Promise((resolve, reject) => {
    browser.socket.once("open", resolve);
    browser.socket.once("error", reject);
  });

/** Opened, CONNECT sent, CONNACK received. */
async function connected(cookie: string, connect = CONNECT_311, options: object = {}) {
  const browser = open(cookie, options);
  await opened(browser);
  browser.socket.send(connect);
  await until("CONNACK", () => browser.received.length > 0);
  const visit = broker.visits.at(-1);
  if (visit === undefined) throw new Error("the broker saw nobody");
  return { ...browser, visit };
}

/** Status of the refused upgrade. */
function refusal(cookie: string, options: object, path = "/mqtt", protocols = ["mqtt"]) {
  return new Promise<number>((resolve, reject) => {
    const url = `${stage.web.url.replace("http", "ws")}${path}`;
    const settings = { headers: { cookie }, origin: stage.web.url, ...options };
    const socket = new WebSocket(url, protocols, settings);
    socket.on("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.on("open", () => reject(new Error("it was let in")));
    socket.on("error", reject);
  });
}

test("a viewer who claims to be the operator is the viewer for the broker", async () => {
  const { socket, visit, received, closed } = await connected(viewer, FORGED_5);
  assert.is(visit.username, "viewer");
  assert.is(visit.password, "pw-viewer");
  assert.match(visit.clientId, /^web-vic-[0-9a-f]{12}$/);
  assert.is(visit.flags, 0xc2);
  const connack = Buffer.concat(received);
  assert.is(connack[0], 0x20);
  assert.ok(connack.includes(visit.clientId), "the browser learns its id");
  assert.not(connack.includes("pw-"));
  socket.close();
  await closed;
  await visit.gone;
});

test("each role has its broker account", async () => {
  const operator = await addUser(stage, admin, "oda", "op");
  for (const [cookie, account] of [
    [viewer, "viewer"],
    [operator, "operator"],
    [admin, "admin"],
  ] as const) {
    const { socket, visit, closed } = await connected(cookie);
    assert.is(visit.username, account);
    assert.is(visit.password, `pw-${account}`);
    socket.close();
    await closed;
  }
});

test("bytes go both ways as they are, also those that came before CONNACK, cut anywhere", async () => {
  const browser = open(viewer);
  await opened(browser);
  const early = hex("82 06 0001 0001 61 00");
  for (const byte of Buffer.concat([CONNECT_311, early])) browser.socket.send(Buffer.of(byte));
  await until("the subscription", () => broker.visits[0]?.received.equals(early) === true);
  const [visit] = broker.visits;
  visit?.socket.write(hex("90 03 0001 00"));
  visit?.socket.write(hex("30 05 0001 61 6869"));
  const expected = hex("20020000 9003000100 3005 0001 61 6869");
  await until("the message", () => Buffer.concat(browser.received).equals(expected));
  browser.socket.send(PING);
  await until("the ping", () => visit?.received.equals(Buffer.concat([early, PING])) === true);
  browser.socket.close();
  await visit?.gone;
});

test("at the door: no session, wrong origin, wrong host, no subprotocol, another address", async () => {
  const evil = { headers: { cookie: viewer, host: "evil.example" } };
  assert.is(await refusal("", {}), 401);
  assert.is(await refusal(`kage_session=${"A".repeat(43)}`, {}), 401);
  assert.is(await refusal(viewer, { origin: "http://evil.example" }), 403);
  assert.is(await refusal(viewer, { origin: "null" }), 403);
  assert.is(await refusal(viewer, { origin: undefined }), 403);
  assert.is(await refusal(viewer, evil), 421);
  assert.is(await refusal(viewer, {}, "/mqtt", ["soap"]), 400);
  assert.is(await refusal(viewer, {}, "/other"), 404);
  assert.is(await refusal(viewer, {}, "/mqtt/x"), 404);
  assert.is(broker.visits.length, 0);
});

test("the ninth dashboard of one session is refused, the others live on", async () => {
  const all = [];
  for (let count = 0; count < 8; count++) all.push(await connected(viewer));
  assert.is(await refusal(viewer, {}), 503);
  assert.ok(all.every(({ socket }) => socket.readyState === WebSocket.OPEN));
  for (const { socket } of all) socket.close();
});

const wrong: readonly [what: string, message: Buffer | string, code: number][] = [
  ["a text message", "CONNECT", 1003],
  ["a first packet that is no CONNECT", PING, 1002],
  ["a CONNECT of another protocol", hex("10 0d 0004 48545450 04 02 003c 0001 78"), 1002],
  ["a first packet over its bound", hex("10 ffff7f"), 1002],
  ["a message over 64 KiB", Buffer.alloc(64 * 1024 + 1), 1009],
];
for (const [what, message, code] of wrong) {
  test(`${what} ends the connection with ${code}, and the broker sees nobody`, async () => {
    const browser = open(viewer);
    await opened(browser);
    browser.socket.send(message);
    assert.is((await browser.closed).code, code);
    assert.is(broker.visits.length, 0);
  });
}

for (const [what, packet] of [
  ["a second CONNECT", FORGED_5],
  ["an AUTH", hex("f000")],
  ["a retained message", hex("31 05 0001 61 6869")],
] as const) {
  test(`${what} after the first is not passed on and ends the connection`, async () => {
    const { socket, closed, visit } = await connected(viewer);
    socket.send(packet);
    assert.is((await closed).code, 1008);
    await visit.gone;
    assert.is(visit.received.length, 0);
  });
}

test("a page that publishes like a program is cut off, and the broker gets no more than allowed", async () => {
  const { socket, closed, visit } = await connected(viewer);
  const command = hex("30 05 0001 61 6869");
  for (let count = 0; count < 700; count++) socket.send(command);
  assert.equal(await closed, { code: 1008, reason: "too many messages in a minute" });
  await visit.gone;
  assert.ok(visit.received.length <= 600 * command.length);
});

test("log-out ends the live dashboard at once, on both sides", async () => {
  const cookie = await addUser(stage, admin, "lena", "view");
  const { closed, visit } = await connected(cookie);
  await post(stage.web, "/logout", {}, cookie);
  assert.equal(await closed, { code: 4401, reason: "session: logout" });
  await visit.gone;
});

test("pings do not keep a session alive, commands do", async () => {
  const cookie = await addUser(stage, admin, "ivo", "op");
  const { socket, closed, visit } = await connected(cookie);
  stage.skipMs += 25 * 60_000;
  const command = hex("30 05 0001 61 6869");
  socket.send(command);
  await until("the command", () => visit.received.equals(command));
  stage.skipMs += 25 * 60_000;
  socket.send(PING);
  await until("the ping", () => visit.received.length === command.length + PING.length);
  stage.skipMs += 6 * 60_000;
  assert.equal(await closed, { code: 4401, reason: "session: idle" });
  admin = (await relogin("admin", "correct horse battery")) ?? "";
  viewer = (await relogin("vic", "a secret of mine")) ?? "";
});

async function relogin(user: string, password: string): Promise<string | undefined> {
  const said = await post(stage.web, "/login", { user, password });
  return said.headers["set-cookie"]?.[0]?.split(";")[0];
}

test("who opens and says nothing is cut off, and so is a broker that says nothing", async () => {
  const idle = open(viewer);
  await opened(idle);
  stage.skipMs += 5_000;
  assert.equal(await idle.closed, { code: 1013, reason: "no CONNECT came" });
  broker.manner = "mute";
  const waiting = open(viewer);
  await opened(waiting);
  waiting.socket.send(CONNECT_311);
  await until("the broker is asked", () => broker.visits.length === 1);
  stage.skipMs += 5_000;
  assert.equal(await waiting.closed, { code: 1013, reason: "the broker does not answer" });
});

test("a broker that refuses: the browser sees its CONNACK, then the end", async () => {
  broker.manner = "refuse";
  const browser = open(viewer);
  await opened(browser);
  browser.socket.send(CONNECT_311);
  assert.is((await browser.closed).code, 1013);
  assert.equal(Buffer.concat(browser.received), hex("20020005"));
});

test("a broker that dies ends the dashboard with 1013, so that the page tries again", async () => {
  const { closed, visit } = await connected(viewer);
  visit.socket.destroy();
  assert.equal(await closed, { code: 1013, reason: "the broker is away" });
});

test("no broker at all, and no accounts for it, are told the same way", async () => {
  let passwords: null | { viewer: string; operator: string; admin: string } = null;
  const lonely = await openStage({ brokerPasswords: () => passwords });
  try {
    const cookie = await setUp(lonely);
    const first = open(cookie, {}, lonely);
    assert.equal(await first.closed, { code: 1013, reason: "no broker accounts" });
    passwords = { viewer: "v", operator: "o", admin: "a" };
    const second = open(cookie, {}, lonely);
    await opened(second);
    second.socket.send(CONNECT_311);
    assert.equal(await second.closed, { code: 1013, reason: "the broker is away" });
  } finally {
    await lonely.close();
  }
});

test("half-open: a browser that does not answer pings is gone after the second", async () => {
  const { socket, visit } = await connected(viewer, CONNECT_311, { autoPong: false });
  let pings = 0;
  socket.on("ping", () => pings++);
  stage.skipMs += 15_000;
  await until("the first ping", () => pings === 1);
  stage.skipMs += 15_000;
  await visit.gone;
  const lively = await connected(viewer);
  for (let round = 1; round <= 3; round++) {
    const answered = new Promise<void>((resolve) => lively.socket.once("ping", () => resolve()));
    stage.skipMs += 15_000;
    await answered;
    lively.socket.send(PING);
    await until("its pong", () => lively.visit.received.length === round * PING.length);
  }
  lively.socket.close();
});

/** Sends one piece after the other, so that one that was taken counts before the next, until none is taken. */
async function isHeldBack(
  pieceBytes: number,
  totalBytes: number,
  send: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  let taken = 0;
  const pump = (): void => {
    if (taken >= totalBytes) return;
    send((error) => {
      if (error) return;
      taken += pieceBytes;
      pump();
    });
  };
  pump();
  await standsStill(() => taken);
  assert.ok(taken > 0 && taken < HELD_BYTES_MAX, `kernel and proxy took ${taken} bytes`);
}

test("a browser that does not read: the broker is held back, memory stays, then it is cut off", async () => {
  const { socket, visit } = await connected(viewer);
  socket.pause();
  const piece = Buffer.alloc(64 * 1024, "kagemusha");
  const before = process.memoryUsage().rss;
  await isHeldBack(piece.length, FLOOD_BYTES, (done) => visit.socket.write(piece, done));
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 64 * 1024 * 1024, `grown by ${grown} bytes`);
  stage.skipMs += 20_000;
  await visit.gone;
  await until("it is forgotten", async () => (await dashboards()) === 0);
  socket.terminate();
});

test("a browser that reads late gets every byte", async () => {
  const { socket, visit, received } = await connected(viewer);
  socket.pause();
  const total = 16 * 1024 * 1024;
  const bytes = Buffer.alloc(total, "kagemusha");
  visit.socket.write(bytes);
  await until("the browser's side is full", () => visit.socket.bytesWritten > 0);
  socket.resume();
  const count = (): number => received.reduce((sum, piece) => sum + piece.length, 0);
  await until("all of it", () => count() === total + 4);
  assert.ok(Buffer.concat(received).subarray(4).equals(bytes));
  socket.close();
});

test("a broker that does not read: the browser is held back, then everything arrives", async () => {
  const { socket, visit } = await connected(viewer);
  visit.socket.pause();
  const piece = Buffer.concat([hex("30 80fa 01 0001 61"), Buffer.alloc(31_997, "x")]);
  const pieces = 512;
  const total = pieces * piece.length;
  await isHeldBack(piece.length, total, (done) => socket.send(piece, done));
  visit.socket.resume();
  await until("all of it", () => visit.received.length === pieces * piece.length);
  socket.close();
});

test("the server's end says going away", async () => {
  const other = await openStage({ brokerUrl: broker.url });
  const cookie = await setUp(other);
  const browser = open(cookie, {}, other);
  await opened(browser);
  browser.socket.send(CONNECT_311);
  await until("CONNACK", () => browser.received.length > 0);
  await other.close();
  const { code } = await browser.closed;
  assert.ok(code === 1001 || code === 1006, String(code));
});

test("every dashboard of the tests before has been forgotten", async () => {
  await until("none is left", async () => (await dashboards()) === 0);
});

test.run();
