/** The COM cable takes its time per byte, swallows bytes when cut, and keeps no old ones. */
import { connect, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ComLine, createComLine } from "../../../hal/rack/com-line.ts";
import { comPort, type HostPort } from "../../../hal/rack/plan.ts";
import { until } from "../../deadline.ts";
import { type HandCabinet, handCabinet, withBlock } from "./bench-rig.ts";

interface Plug {
  readonly socket: Socket;
  text(): string;
}

interface Rig {
  readonly com: ComLine;
  readonly cabinet: HandCabinet;
  readonly one: Plug;
  readonly two: Plug;
  readonly portTwo: HostPort;
}

function plug(at: HostPort): Promise<Plug> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(at, () => resolve({ socket, text: () => text }));
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("error", reject);
  });
}

async function withCom(baud: number, act: (rig: Rig) => Promise<void>): Promise<void> {
  await withBlock(async (block) => {
    const cabinet = handCabinet();
    const portOne = { host: `${block}.254`, port: comPort(0) };
    const portTwo = { host: `${block}.254`, port: comPort(1) };
    const ends = [
      { server: "ONE", listen: portOne },
      { server: "TWO", listen: portTwo },
    ] as const;
    const com = await createComLine({ ends, baud, cabinet });
    try {
      await act({ com, cabinet, one: await plug(portOne), two: await plug(portTwo), portTwo });
    } finally {
      await com.close();
    }
  });
}

test("96 bytes at 9600 8N1 take 100 ms, not less", async () => {
  await withCom(9600, async ({ one, two }) => {
    const startMs = performance.now();
    one.socket.write("x".repeat(96));
    await until("the whole frame", () => two.text().length === 96);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= 99, `took ${tookMs} ms`);
    assert.ok(tookMs < 1000, `took ${tookMs} ms`);
  });
});

test("bytes arrive in portions while the line is still busy", async () => {
  await withCom(9600, async ({ one, two }) => {
    one.socket.write("y".repeat(192));
    await until("the first portion", () => two.text().length > 0);
    assert.ok(two.text().length < 192, "not all at once");
    await until("the rest", () => two.text().length === 192);
  });
});

test("a cut cable swallows bytes of one direction and closes nothing", async () => {
  await withCom(115_200, async ({ cabinet, one, two }) => {
    cabinet.cuts.add("com ONE>TWO");
    one.socket.write("swallowed");
    two.socket.write("other way");
    await until("the other direction", () => one.text() === "other way");
    cabinet.cuts.clear();
    one.socket.write("healed");
    await until("bytes after the cut", () => two.text().length >= 6);
    assert.is(two.text(), "healed");
    assert.not(one.socket.destroyed);
    assert.not(two.socket.destroyed);
  });
});

test("what a dark server had not shifted out is gone", async () => {
  await withCom(9600, async ({ com, cabinet, one, two }) => {
    one.socket.write("z".repeat(400));
    await until("the line to be busy", () => two.text().length > 0);
    cabinet.dark.add("ONE");
    com.becomeDark("ONE");
    const arrived = two.text().length;
    two.socket.write("still powered");
    await until("the port of the dark server to close", () => one.socket.destroyed);
    assert.ok(arrived < 400);
    assert.is(two.text().length, arrived);
  });
});

test("a port buffers one page: a burst beyond it is lost, not delivered late", async () => {
  await withCom(115_200, async ({ one, two }) => {
    one.socket.write(Buffer.alloc(20_000, 0x61));
    await until("the buffered part", () => two.text().length >= 4096);
    one.socket.write("END");
    await until("what comes after", () => two.text().endsWith("END"));
    assert.ok(two.text().length < 12_000, `${two.text().length} bytes arrived`);
  });
});

test("a frozen reader finds at most one page of old bytes", async () => {
  await withCom(115_200, async ({ cabinet, one, two }) => {
    cabinet.frozen.add("TWO");
    for (let burst = 1; burst <= 3; burst += 1) {
      one.socket.write(Buffer.alloc(4000, 0x62));
      // The same number of bytes the other way tells when the line is through.
      two.socket.write(Buffer.alloc(4000, 0x63));
      await until(`burst ${burst}`, () => one.text().length === burst * 4000);
    }
    cabinet.frozen.clear();
    one.socket.write("THAW");
    await until("bytes after the thaw", () => two.text().endsWith("THAW"));
    assert.ok(two.text().length <= 4096 + 4, `${two.text().length} bytes arrived`);
  });
});

test("noise reaches the receiver only, and a garbled line flips bits", async () => {
  await withCom(115_200, async ({ com, one, two }) => {
    com.inject("TWO", Buffer.from("noise"));
    await until("the noise", () => two.text() === "noise");
    assert.is(one.text(), "");
    com.setGarble("ONE", "TWO", 1);
    one.socket.write("aaaa");
    await until("the garbled bytes", () => two.text().length === 9);
    for (const letter of two.text().slice(5)) assert.is.not(letter, "a");
  });
});

test("a newly opened port displaces the old opener, as a restarted pulse needs it", async () => {
  await withCom(115_200, async ({ one, two, portTwo }) => {
    const again = await plug(portTwo);
    await until("the old opener to be put out", () => two.socket.destroyed);
    one.socket.write("to the new one");
    await until("bytes at the new opener", () => again.text() === "to the new one");
  });
});

test.run();
