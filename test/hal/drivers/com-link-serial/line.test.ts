/**
 * The line on the emulated null modem, in told time: newest only, reopening, dead writes, noise.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encodeCobs } from "../../../../hal/base/cobs.ts";
import { Timeline } from "../../../../hal/base/timeline.ts";
import { NullModem } from "../../../../hal/drivers/com-link-serial/emulator.ts";
import { createLine, type OpenCarrier } from "../../../../hal/drivers/com-link-serial/line.ts";
import { lineTimeMs } from "../../../../hal/drivers/com-link-serial/protocol.ts";
import type { ComLinkState } from "../../../../hal/ports/com-link.ts";

const BAUD = 38_400;
/** Two bytes, five on the line: 1.3 ms. */
const LINE_MS = lineTimeMs(5, BAUD);

const frameOf = (number: number) => Uint8Array.of(0xf0, number);
const lineOf = (number: number) => encodeCobs(frameOf(number));
const numberOf = (frame: Uint8Array) => frame[1];

/** Lets promises that are already decided run their course. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function watchLine(timeline: Timeline, carrier: OpenCarrier) {
  const frames: (number | undefined)[] = [];
  const states: string[] = [];
  const link = createLine(
    {
      baud: BAUD,
      writeTimeoutMs: 50,
      reopenFirstMs: 10,
      after: timeline.after,
      nowMs: () => timeline.nowMs(),
      onFrame: (frame) => frames.push(numberOf(frame)),
      onState: (state) => states.push(say(state)),
    },
    carrier,
  );
  return { link, frames, states };
}

const say = (state: ComLinkState) => (state.kind === "open" ? "open" : `lost ${state.reason}`);

async function cable() {
  const timeline = new Timeline();
  const modem = new NullModem({ baud: BAUD, after: timeline.after, nowMs: () => timeline.nowMs() });
  const a = watchLine(timeline, modem.ends[0]);
  const b = watchLine(timeline, modem.ends[1]);
  await settle();
  return { timeline, modem, a, b };
}

test("R5: frames cross the cable in both directions at the speed of the line", async () => {
  const { timeline, a, b } = await cable();
  a.link.send(lineOf(1));
  b.link.send(lineOf(2));
  timeline.advance(LINE_MS - 0.01);
  assert.equal([a.frames, b.frames], [[], []]);
  timeline.advance(0.01);
  assert.equal([a.frames, b.frames], [[2], [1]]);
  assert.equal(a.states, ["open"]);
});

test("a busy line keeps the newest frame only", async () => {
  const { timeline, a, b } = await cable();
  for (let number = 1; number <= 9; number += 1) a.link.send(lineOf(number));
  timeline.advance(100);
  assert.equal(b.frames, [1, 9]);
  assert.is(a.link.counters.sent, 2);
  assert.is(a.link.counters.dropped, 7);
});

test("frames at the pace of the line all arrive", async () => {
  const { timeline, a, b } = await cable();
  for (let number = 1; number <= 50; number += 1) {
    a.link.send(lineOf(number));
    timeline.advance(LINE_MS);
  }
  assert.is(b.frames.length, 50);
  assert.is(a.link.counters.dropped, 0);
});

test("a pulled cable loses frames silently and changes no state; plugged in, it works again", async () => {
  const { timeline, modem, a, b } = await cable();
  modem.setCable(false);
  a.link.send(lineOf(1));
  timeline.advance(100);
  modem.setCable(true);
  a.link.send(lineOf(2));
  timeline.advance(100);
  assert.equal(b.frames, [2]);
  assert.equal([a.states, b.states], [["open"], ["open"]]);
});

test("a cable pulled within a frame costs that frame and no other", async () => {
  const { timeline, modem, a, b } = await cable();
  a.link.send(lineOf(1));
  timeline.advance(LINE_MS / 2);
  modem.setCable(false);
  timeline.advance(LINE_MS);
  modem.setCable(true);
  a.link.send(lineOf(2));
  timeline.advance(LINE_MS);
  assert.equal(b.frames, [2]);
  assert.ok(b.link.counters.discardedBytes > 0);
});

test("noise between frames costs no frame and is counted", async () => {
  const { timeline, modem, a, b } = await cable();
  a.link.send(lineOf(1));
  timeline.advance(100);
  modem.injectNoise(1, Uint8Array.of(0xff, 0x31, 0x07));
  a.link.send(lineOf(2));
  timeline.advance(100);
  assert.equal(b.frames, [1, 2]);
  assert.is(b.link.counters.discardedBytes, 3);
});

test("a device that vanishes is told once, reopened with growing waits, and works again", async () => {
  const { timeline, modem, a, b } = await cable();
  modem.setDevice(0, false);
  assert.equal(a.states, ["open", "lost vanished"]);
  for (let round = 0; round < 40; round += 1) {
    timeline.advance(250);
    await settle();
  }
  assert.equal(a.states, ["open", "lost vanished", "lost open-failed"]);
  a.link.send(lineOf(1));
  modem.setDevice(0, true);
  timeline.advance(2000);
  await settle();
  assert.equal(a.states.at(-1), "open");
  a.link.send(lineOf(2));
  timeline.advance(100);
  assert.equal(b.frames, [2]);
  assert.is(a.link.counters.dropped, 1);
});

test("a write that does not come back means a dead line: closed and opened again", async () => {
  const { timeline, modem, a, b } = await cable();
  modem.setStalled(0, true);
  a.link.send(lineOf(1));
  a.link.send(lineOf(2));
  timeline.advance(49);
  assert.equal(a.states, ["open"]);
  timeline.advance(1);
  assert.equal(a.states, ["open", "lost write-timeout"]);
  modem.setStalled(0, false);
  await settle();
  timeline.advance(10);
  await settle();
  assert.equal(a.states, ["open", "lost write-timeout", "open"]);
  a.link.send(lineOf(3));
  timeline.advance(100);
  assert.equal(b.frames, [3]);
});

test("an opening that hangs is not overtaken by another", async () => {
  const timeline = new Timeline();
  let openings = 0;
  const { link } = watchLine(timeline, () => {
    openings += 1;
    return new Promise(() => undefined);
  });
  for (let round = 0; round < 20; round += 1) {
    link.send(lineOf(round));
    timeline.advance(1000);
    await settle();
  }
  assert.is(openings, 1);
  assert.is(link.counters.dropped, 20);
});

test("a device that takes long to close is not opened again before it is closed", async () => {
  const timeline = new Timeline();
  let openings = 0;
  let closeNow: () => void = () => assert.unreachable("closing has begun");
  let lose: () => void = () => assert.unreachable("the device is open");
  const watched = watchLine(timeline, async (handlers) => {
    openings += 1;
    lose = () => handlers.onLost("gone");
    return {
      write: (_bytes, done) => done(null),
      close: () =>
        new Promise<void>((resolve) => {
          closeNow = resolve;
        }),
    };
  });
  await settle();
  lose();
  timeline.advance(10_000);
  await settle();
  assert.is(openings, 1);
  closeNow();
  await settle();
  assert.is(openings, 2);
  assert.equal(watched.states, ["open", "lost vanished", "open"]);
});

test("a failed write is told and the line opened again", async () => {
  const timeline = new Timeline();
  const { link, states } = watchLine(timeline, async () => ({
    write: (_bytes, done) => done(new Error("EIO")),
    close: async () => undefined,
  }));
  await settle();
  link.send(lineOf(1));
  assert.equal(states, ["open", "lost write-failed"]);
  timeline.advance(10);
  await settle();
  assert.equal(states, ["open", "lost write-failed", "open"]);
  assert.is(link.counters.sent, 0);
});

test("a write that answers after its line was given up counts for nothing", async () => {
  const timeline = new Timeline();
  const late: (() => void)[] = [];
  const { link, states } = watchLine(timeline, async () => ({
    write: (_bytes, done) => late.push(() => done(late.length === 1 ? new Error("EIO") : null)),
    close: async () => undefined,
  }));
  await settle();
  link.send(lineOf(1));
  timeline.advance(60);
  await settle();
  assert.equal(states, ["open", "lost write-timeout", "open"]);
  late[0]?.();
  assert.equal(states, ["open", "lost write-timeout", "open"]);
  link.send(lineOf(2));
  late[0]?.();
  assert.is(link.counters.sent, 0);
  late[1]?.();
  assert.is(link.counters.sent, 1);
});

test("closing while a reopening is due leaves no timer behind", async () => {
  let started = 0;
  let cancelled = 0;
  const link = createLine(
    {
      baud: BAUD,
      after: () => {
        started += 1;
        return () => {
          cancelled += 1;
        };
      },
      onFrame: () => assert.unreachable("no frame"),
      onState: () => undefined,
    },
    async () => {
      throw new Error("no such device");
    },
  );
  await settle();
  await link.close();
  assert.equal([started, cancelled], [1, 1]);
});

test("a device that opens and fails at once is opened with growing waits", async () => {
  const timeline = new Timeline();
  let openings = 0;
  const { link } = watchLine(timeline, async (handlers) => {
    openings += 1;
    queueMicrotask(() => handlers.onLost("gone at once"));
    return { write: (_bytes, done) => done(null), close: async () => undefined };
  });
  for (let ms = 0; ms < 10_000; ms += 5) {
    timeline.advance(5);
    await settle();
  }
  // 10, 20, 40 ... 1280 ms, then every 2 s.
  assert.ok(openings >= 10 && openings <= 13, `${openings}`);
  await link.close();
});

test("a closed line says and hears nothing more, and its port is free again", async () => {
  const { timeline, modem, a, b } = await cable();
  b.link.send(lineOf(1));
  await a.link.close();
  await a.link.close();
  timeline.advance(100);
  a.link.send(lineOf(2));
  modem.setDevice(0, false);
  modem.setDevice(0, true);
  timeline.advance(5000);
  await settle();
  assert.equal(a.frames, []);
  assert.equal(a.states, ["open"]);
  const again = watchLine(timeline, modem.ends[0]);
  await settle();
  assert.equal(again.states, ["open"]);
});

test("a port that another holds is open-failed until it is free", async () => {
  const { timeline, modem, a } = await cable();
  const second = watchLine(timeline, modem.ends[0]);
  await settle();
  assert.equal(second.states, ["lost open-failed"]);
  await a.link.close();
  timeline.advance(10);
  await settle();
  assert.equal(second.states, ["lost open-failed", "open"]);
});

test.run();
