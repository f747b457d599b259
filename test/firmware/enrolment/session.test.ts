/**
 * Enrolment over real sockets on the loopback: the right code, and everything else. Times are short
 * parameters; nothing is waited for but events.
 */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Invitation,
  type InviteEnd,
  type InviteOptions,
  openInvitation,
} from "../../../firmware/enrolment/invite.ts";
import { type JoinEnd, join } from "../../../firmware/enrolment/join.ts";
import { openChannel, rawPublicKey } from "../../../services/enrolment/handshake.ts";
import { encodeWord, type Gift } from "../../../services/enrolment/words.ts";

const CODE = "0123456789ABCDEFGHJK";
const WRONG = "ZZZZZ56789ABCDEFGHJK";
const KEY = "0f".repeat(32);
const CONFIG = `// ${"x".repeat(70_000)}\n{}\n`;
const HOST = "127.0.0.1";

type Open = Extract<Invitation, { kind: "open" }>;
const aborts: AbortController[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];

test.after.each(() => {
  for (const abort of aborts.splice(0)) abort.abort();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function invite(options: Partial<InviteOptions> = {}): Promise<Open> {
  const abort = new AbortController();
  aborts.push(abort);
  const invitation = await openInvitation({
    host: HOST,
    port: 0,
    code: CODE,
    server: "SERVER2",
    purpose: "cluster",
    config: CONFIG,
    key: KEY,
    signal: abort.signal,
    ...options,
  });
  if (invitation.kind === "failed") throw new Error(invitation.detail);
  return invitation;
}

interface Joined {
  readonly end: JoinEnd;
  readonly gifts: readonly Gift[];
}

async function enrol(port: number, code = CODE, extra: object = {}): Promise<Joined> {
  const gifts: Gift[] = [];
  const end = await join({
    host: HOST,
    port,
    code,
    server: "",
    wants: "cluster",
    signal: new AbortController().signal,
    store: async (gift) => {
      gifts.push(gift);
      return null;
    },
    ...extra,
  });
  return { end, gifts };
}

/** A bare connection that says what the test wants. */
async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: HOST, port });
  socket.on("error", () => socket.destroy());
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

function frame(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
}

/** Reads one whole frame. */
async function readFrame(socket: Socket): Promise<Buffer> {
  let all = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    all = Buffer.concat([all, chunk as Buffer]);
    if (all.length >= 4 && all.length >= 4 + all.readUInt32BE(0)) break;
  }
  return all.subarray(4);
}

test("with the right code the server gets configuration and key, and the inviter hears it", async () => {
  const open = await invite();
  const { end, gifts } = await enrol(open.port);
  assert.is(end.kind, "stored");
  assert.equal(gifts, [{ kind: "gift", server: "SERVER2", config: CONFIG, key: KEY }]);
  assert.equal(await open.end, { kind: "enrolled", from: HOST });
  const second = await enrol(open.port);
  assert.equal(second.end, { kind: "unreachable", detail: "ECONNREFUSED" });
});

test("a wrong code gets nothing; after five the right one does not work either", async () => {
  const left: number[] = [];
  const open = await invite({ onWrong: (count) => left.push(count) });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { end, gifts } = await enrol(open.port, WRONG);
    assert.is(end.kind, "not-proven");
    assert.is(gifts.length, 0);
  }
  assert.equal(left, [4, 3, 2, 1, 0]);
  assert.equal(await open.end, { kind: "too-many-wrong" });
  assert.is((await enrol(open.port)).end.kind, "unreachable");
});

test("four wrong codes do no harm to the right one", async () => {
  const open = await invite();
  for (let attempt = 0; attempt < 4; attempt += 1) await enrol(open.port, WRONG);
  assert.is((await enrol(open.port)).end.kind, "stored");
  assert.is((await open.end).kind, "enrolled");
});

test("an expired code is worth nothing", async () => {
  const open = await invite({ validMs: 20 });
  assert.equal(await open.end, { kind: "expired" });
  assert.is((await enrol(open.port)).end.kind, "unreachable");
});

test("two at once with the right code: exactly one gets it", async () => {
  const open = await invite();
  const both = await Promise.all([enrol(open.port), enrol(open.port)]);
  const stored = both.filter(({ end }) => end.kind === "stored");
  assert.is(stored.length, 1);
  assert.is(both.flatMap(({ gifts }) => gifts).length, 1);
  assert.is((await open.end).kind, "enrolled");
});

test("a recorded conversation, said again, opens nothing", async () => {
  const open = await invite({ onWrong: () => undefined });
  const pair = generateKeyPairSync("x25519");
  const one = await dial(open.port);
  one.write(frame(rawPublicKey(pair)));
  const channel = openChannel("joiner", pair, await readFrame(one), CODE);
  const hello = encodeWord({ kind: "hello", server: "", wants: "cluster" });
  const recorded = channel?.seal(hello) ?? new Uint8Array(0);
  one.destroy();
  const two = await dial(open.port);
  two.write(frame(rawPublicKey(pair)));
  await readFrame(two);
  const closed = once(two, "close");
  two.write(frame(recorded));
  two.resume();
  await closed;
  // The code is still good for the one who knows it.
  assert.is((await enrol(open.port)).end.kind, "stored");
});

test("who stands between with keys of its own learns nothing and is noticed at both ends", async () => {
  const left: number[] = [];
  const open = await invite({ onWrong: (count) => left.push(count) });
  const seen: Buffer[] = [];
  const middle = createServer((near) => {
    const far = connect({ host: HOST, port: open.port });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => socket.destroy());
    relayWithOwnKeys(near, far, seen);
  });
  servers.push(middle);
  await new Promise<void>((resolve) => middle.listen(0, HOST, resolve));
  const address = middle.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { end, gifts } = await enrol(port);
  assert.is(end.kind, "not-proven");
  assert.is(gifts.length, 0);
  assert.equal(left, [4]);
  for (const bytes of seen) assert.not.ok(bytes.includes(KEY));
});

/** Replaces both public keys, passes all else on. */
function relayWithOwnKeys(near: Socket, far: Socket, seen: Buffer[]): void {
  for (const [from, to] of [[near, far] as const, [far, near] as const]) {
    let isFirst = true;
    from.on("data", (bytes: Buffer) => {
      seen.push(bytes);
      const own = frame(rawPublicKey(generateKeyPairSync("x25519")));
      to.write(isFirst ? Buffer.concat([own, bytes.subarray(own.length)]) : bytes);
      isFirst = false;
    });
    from.on("close", () => to.destroy());
  }
}

test("truncated, oversized and foreign openings are dropped without costing an attempt", async () => {
  const left: number[] = [];
  const open = await invite({ onWrong: (count) => left.push(count), sessionMs: 200 });
  const openings = [
    frame(new Uint8Array(32)).subarray(0, 20),
    Buffer.from([0x7f, 0xff, 0xff, 0xff]),
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
  ];
  await Promise.all(
    openings.map(async (opening) => {
      const socket = await dial(open.port);
      const closed = once(socket, "close");
      socket.end(opening);
      socket.resume();
      await closed;
    }),
  );
  assert.equal(left, []);
  assert.is((await enrol(open.port)).end.kind, "stored");
});

test("a peer that says nothing is cut at its deadline, and keeps nobody out meanwhile", async () => {
  const open = await invite({ sessionMs: 300 });
  const silent = await dial(open.port);
  const closed = once(silent, "close");
  silent.resume();
  assert.is((await enrol(open.port)).end.kind, "stored");
  assert.is((await open.end).kind, "enrolled");
  await closed;
});

test("an inviter that says nothing is left at the joiner's deadline", async () => {
  const mute = createServer((socket) => sockets.push(socket));
  servers.push(mute);
  await new Promise<void>((resolve) => mute.listen(0, HOST, resolve));
  const address = mute.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { end } = await enrol(port, CODE, { forMs: 100 });
  assert.equal(end, { kind: "late" });
});

test("one that hangs up after the gift leaves the inviter with the truth: not confirmed", async () => {
  const open = await invite();
  const pair = generateKeyPairSync("x25519");
  const socket = await dial(open.port);
  socket.write(frame(rawPublicKey(pair)));
  const channel = openChannel("joiner", pair, await readFrame(socket), CODE);
  const hello = encodeWord({ kind: "hello", server: "", wants: "cluster" });
  socket.write(frame(channel?.seal(hello) ?? new Uint8Array(0)));
  await readFrame(socket);
  socket.destroy();
  assert.equal(await open.end, { kind: "unconfirmed" });
});

const endOf = async (extra: object, options: Partial<InviteOptions> = {}) => {
  const open = await invite(options);
  const { end } = await enrol(open.port, CODE, extra);
  return { end, inviter: (await open.end) satisfies InviteEnd };
};

test("a name or a purpose that was not invited is refused on both sides", async () => {
  const name = await endOf({ server: "SERVER3" });
  assert.equal(name.end, { kind: "refused", reason: "other-server", detail: "SERVER2" });
  assert.equal(name.inviter, { kind: "mismatched", detail: "SERVER3" });
  const purpose = await endOf({ wants: "key" });
  assert.equal(purpose.end, { kind: "refused", reason: "other-purpose", detail: "cluster" });
  assert.is((await endOf({ server: "SERVER2" })).end.kind, "stored");
});

test("files that cannot be stored are said to be so on both sides", async () => {
  const { end, inviter } = await endOf({ store: async () => "ENOSPC" });
  assert.equal(end, { kind: "not-stored", detail: "ENOSPC" });
  assert.equal(inviter, { kind: "not-stored", detail: "ENOSPC" });
});

test("a port that is taken is a value", async () => {
  const open = await invite();
  const again = await openInvitation({
    host: HOST,
    port: open.port,
    code: CODE,
    server: "SERVER2",
    purpose: "cluster",
    config: CONFIG,
    key: KEY,
    signal: new AbortController().signal,
  });
  assert.match(again.kind === "failed" ? again.detail : "", "EADDRINUSE");
});

test.run();
