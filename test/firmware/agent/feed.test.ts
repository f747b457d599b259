/**
 * The feed costs the agent nothing that it could miss: at most ten pictures a second however much happens,
 * one every two seconds when nothing does, and a reader that does not read loses lines, not the agent.
 * Source: ecosystem.md 1.2; architecture.md 2, P3.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Feed, SUBSCRIBERS_MAX } from "../../../firmware/agent/feed.ts";
import { type LineChannel, openLineChannel } from "../../../firmware/ipc.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { until } from "../../deadline.ts";
import { logLine, picture } from "../../services/telemetry/desk-stage.ts";

interface Ear extends LineChannel {
  readonly heard: Record<string, unknown>[];
}

function ear(): Ear {
  const heard: Record<string, unknown>[] = [];
  return {
    heard,
    send: (message) => heard.push(message as Record<string, unknown>) > 0,
    close: () => undefined,
  };
}

function feedOf(status: () => StatusDocument): { feed: Feed; drawn: string[]; notes: object[] } {
  const drawn: string[] = [];
  const notes: object[] = [];
  const feed = new Feed({
    status: (language) => {
      drawn.push(language);
      return status();
    },
    lastSeq: () => 41,
    note: (key, data) => notes.push({ key, data }),
  });
  return { feed, drawn, notes };
}

/** Keeps the process awake: the feed's own timer does not, on purpose. */
async function awake(act: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, 1000);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
}

test("nobody listens: nothing is drawn", () => {
  const { feed, drawn } = feedOf(picture);
  for (let n = 0; n < 1000; n += 1) feed.touch();
  assert.equal(drawn, []);
});

test("R213: a subscriber learns the log's end and gets a picture at once, with the other language", async () => {
  await awake(async () => {
    const reasons = [{ code: "KG-1001", text: "lan1" }];
    const { feed } = feedOf(() => picture({ reasons }));
    const one = ear();
    assert.equal(feed.handlers.subscribe(one), { seq: 41 });
    await until("a picture", () => one.heard.length > 0);
    assert.is(one.heard[0]?.["push"], "status");
    assert.equal(one.heard[0]?.["ja"], ["lan1"]);
    feed.handlers.unsubscribe(one);
  });
});

test("a storm of changes is at most ten pictures a second, the newest among them", async () => {
  await awake(async () => {
    let epoch = 0;
    const { feed } = feedOf(() => picture({ epoch }));
    const one = ear();
    feed.handlers.subscribe(one);
    const startMs = performance.now();
    const storm = setInterval(() => {
      epoch += 1;
      feed.touch();
    }, 1);
    await until("five pictures", () => one.heard.length >= 5);
    clearInterval(storm);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= 390, `five pictures in ${tookMs} ms`);
    const last = epoch;
    await until("the newest", () => JSON.stringify(one.heard.at(-1)).includes(`"epoch":${last}`));
    feed.handlers.unsubscribe(one);
  });
});

test("when nothing happens a picture comes about every two seconds", async () => {
  await awake(async () => {
    const { feed } = feedOf(picture);
    const one = ear();
    feed.handlers.subscribe(one);
    await until("the first", () => one.heard.length === 1);
    const startMs = performance.now();
    await until("the second", () => one.heard.length === 2);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= 1900, `the next after ${tookMs} ms`);
    feed.handlers.unsubscribe(one);
  });
});

test("R213: an event goes out at once and to all; a fifth listener is refused", () => {
  const { feed } = feedOf(picture);
  const ears = Array.from({ length: SUBSCRIBERS_MAX }, ear);
  for (const one of ears) assert.ok(feed.handlers.subscribe(one));
  assert.is(feed.handlers.subscribe(ear()), null);
  feed.event({ ...logLine(42), data: {} });
  for (const one of ears) assert.is(one.heard.at(-1)?.["push"], "event");
  const [first] = ears;
  if (first !== undefined) feed.handlers.unsubscribe(first);
  assert.ok(feed.handlers.subscribe(ear()), "a place is free again");
  for (const one of ears) feed.handlers.unsubscribe(one);
});

test("only notes about commands are taken, cut, and not in floods", () => {
  const { feed, notes } = feedOf(picture);
  const { note } = feed.handlers;
  assert.not(note("emergency-shutdown", {}));
  assert.not(note("__proto__", {}));
  assert.ok(note("command.retained", { topic: "t".repeat(9000), count: 3, more: {} }));
  assert.not(note("command.retained", {}), "the next within 5 s");
  assert.equal(notes, [
    { key: "command.retained", data: { topic: "t".repeat(200), detail: "", count: 3 } },
  ]);
});

test("P3: a reader that does not read costs the agent 256 KiB and a little, and nobody else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-feed-"));
  const { feed } = feedOf(picture);
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket));
  const path = join(folder, "s");
  await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  const deaf = createConnection(path).pause();
  try {
    const socket = await until("the connection", () => accepted[0] ?? null);
    const channel = openLineChannel(
      socket,
      () => undefined,
      () => undefined,
    );
    const other = ear();
    feed.handlers.subscribe(channel);
    feed.handlers.subscribe(other);
    for (let seq = 1; seq <= 5000; seq += 1) feed.event({ ...logLine(seq), data: {} });
    assert.ok(socket.writableLength < 300_000, `${socket.writableLength} bytes wait`);
    assert.is(other.heard.filter(({ push }) => push === "event").length, 5000);
    feed.handlers.unsubscribe(channel);
    feed.handlers.unsubscribe(other);
  } finally {
    deaf.destroy();
    for (const socket of accepted) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
