/** The LAN of the rack fails by wire and direction, and nothing passes a dark or cut one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLanSegment, type LanSegment } from "../../../hal/rack/lan-segment.ts";
import { serverHost, wirePort } from "../../../hal/rack/plan.ts";
import { until } from "../../deadline.ts";
import { type Ear, type HandCabinet, handCabinet, openEar, withBlock } from "./bench-rig.ts";

interface Rig {
  readonly lan: LanSegment;
  readonly cabinet: HandCabinet;
  readonly one: Ear;
  readonly two: Ear;
  /** Ports into which each server puts frames for the other. */
  readonly toTwo: { readonly host: string; readonly port: number };
  readonly toOne: { readonly host: string; readonly port: number };
}

async function withLan(act: (rig: Rig) => Promise<void>): Promise<void> {
  await withBlock(async (block) => {
    const cabinet = handCabinet();
    const binds = [0, 1].map((index) => ({ host: serverHost(block, index), port: 7001 }));
    const [bindOne, bindTwo] = binds as [(typeof binds)[0], (typeof binds)[0]];
    const rackHost = `${block}.254`;
    const lan = await createLanSegment({
      path: "lan1",
      position: 0,
      rackHost,
      servers: [
        { name: "ONE", bind: bindOne },
        { name: "TWO", bind: bindTwo },
      ],
      cabinet,
    });
    const one = await openEar(bindOne);
    const two = await openEar(bindTwo);
    const toTwo = { host: rackHost, port: wirePort(0, 0, 1) };
    const toOne = { host: rackHost, port: wirePort(0, 1, 0) };
    try {
      await act({ lan, cabinet, one, two, toTwo, toOne });
    } finally {
      await Promise.all([one.close(), two.close(), lan.close()]);
    }
  });
}

const texts = (ear: Ear): string[] => ear.heard.map((bytes) => bytes.toString());

test("a one-way cut stops one direction and leaves the other", async () => {
  await withLan(async ({ cabinet, one, two, toTwo, toOne }) => {
    cabinet.cuts.add("lan1 ONE>TWO");
    one.send("lost", toTwo);
    two.send("passes", toOne);
    await until("the frame of TWO", () => one.heard.length === 1);
    cabinet.cuts.clear();
    one.send("after", toTwo);
    await until("a frame after the cut", () => two.heard.length === 1);
    assert.equal(texts(two), ["after"]);
    assert.equal(texts(one), ["passes"]);
  });
});

test("a server hears its peer from the address to which it sends", async () => {
  await withLan(async ({ one, two, toTwo, toOne }) => {
    const source = new Promise<number>((resolve) => {
      two.socket.once("message", (_bytes, from) => resolve(from.port));
    });
    one.send("hello", toTwo);
    assert.is(await source, toOne.port);
  });
});

test("frames from and to a dark server are dropped at once", async () => {
  await withLan(async ({ lan, cabinet, one, two, toTwo, toOne }) => {
    cabinet.dark.add("ONE");
    one.send("from the dark", toTwo);
    two.send("into the dark", toOne);
    await until("both to be seen by the rack", () => {
      return lan.captured("ONE", "TWO").length === 1 && lan.captured("TWO", "ONE").length === 1;
    });
    cabinet.dark.clear();
    one.send("lit", toTwo);
    await until("a frame with power", () => two.heard.length === 1);
    assert.equal(texts(two), ["lit"]);
    assert.is(one.heard.length, 0);
    assert.equal(
      lan.captured("ONE", "TWO").map((frame) => frame.relayed),
      [false, true],
    );
    // Counted is what servers have sent, whether it arrived or not.
    assert.is(lan.frames(), 3);
  });
});

test("a wire with loss 1 passes nothing, one with loss 0 everything", async () => {
  await withLan(async ({ lan, one, two, toTwo, toOne }) => {
    lan.setFault("ONE", "TWO", { lossRatio: 1 });
    for (let n = 0; n < 50; n += 1) {
      one.send("lossy", toTwo);
      two.send("good", toOne);
    }
    await until("all frames of the good direction", () => one.heard.length === 50);
    await until("all lossy frames at the rack", () => lan.captured("ONE", "TWO").length === 50);
    lan.setFault("ONE", "TWO", { lossRatio: 0 });
    one.send("repaired", toTwo);
    await until("the wire to be good again", () => two.heard.length === 1);
    assert.equal(texts(two), ["repaired"]);
  });
});

test("a slow wire keeps the order, and a cut takes what is under way", async () => {
  await withLan(async ({ lan, cabinet, one, two, toTwo, toOne }) => {
    lan.setFault("ONE", "TWO", { delayMs: 60 });
    lan.setFault("TWO", "ONE", { delayMs: 60 });
    const startMs = performance.now();
    one.send("first", toTwo);
    one.send("second", toTwo);
    await until("both late frames", () => two.heard.length === 2);
    assert.ok(performance.now() - startMs >= 59);
    assert.equal(texts(two), ["first", "second"]);
    one.send("under way", toTwo);
    await until("the frame to be on the wire", () => lan.captured("ONE", "TWO").length === 3);
    cabinet.cuts.add("lan1 ONE>TWO");
    two.send("as slow, so the other one's time is over too", toOne);
    await until("the clock of the other direction", () => one.heard.length === 1);
    cabinet.cuts.clear();
    one.send("healed", toTwo);
    await until("a frame after the cut", () => two.heard.length === 3);
    assert.equal(texts(two).at(-1), "healed");
  });
});

test("a garbled frame differs in exactly one bit", async () => {
  await withLan(async ({ lan, one, two, toTwo }) => {
    lan.setFault("ONE", "TWO", { garbleRatio: 1 });
    one.send("abcdef", toTwo);
    await until("the spoilt frame", () => two.heard.length === 1);
    const sent = Buffer.from("abcdef");
    const got = two.heard[0] ?? Buffer.alloc(0);
    let bits = 0;
    for (const [at, byte] of sent.entries()) {
      for (let x = byte ^ (got[at] ?? 0); x > 0; x &= x - 1) bits += 1;
    }
    assert.is(got.length, sent.length);
    assert.is(bits, 1);
  });
});

test("a frame from an address that is not the server's is no frame of the server", async () => {
  await withLan(async ({ lan, one, two, toTwo }) => {
    const stranger = await openEar({ host: "127.0.0.1", port: 0 });
    stranger.send("foreign", toTwo);
    one.send("own", toTwo);
    await until("the server's frame", () => two.heard.length === 1);
    await stranger.close();
    assert.equal(texts(two), ["own"]);
    assert.is(lan.captured("ONE", "TWO").length, 1);
  });
});

test("an injected frame arrives as it is, and the newest 64 frames are kept", async () => {
  await withLan(async ({ lan, one, two, toTwo }) => {
    lan.inject("ONE", "TWO", Buffer.from("00ff", "hex"));
    await until("the injected frame", () => two.heard.length === 1);
    assert.is(two.heard[0]?.toString("hex"), "00ff");
    for (let n = 0; n < 70; n += 1) one.send(`frame ${n}`, toTwo);
    await until("all frames", () => two.heard.length === 71);
    const kept = lan.captured("ONE", "TWO");
    assert.is(kept.length, 64);
    assert.is(kept.at(-1)?.bytes.toString(), "frame 69");
  });
});

test.run();
