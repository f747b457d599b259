/** What a browser may send after CONNECT, with packets cut at every byte. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFrameWatch } from "../../../../firmware/telemetry/web/mqtt-frames.ts";

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");
/** PUBLISH of 2 + 200 bytes: its length takes two bytes. */
const LONG = Buffer.concat([hex("30 ca01 0001 61"), Buffer.alloc(199)]);
/** SUBSCRIBE, PUBLISH QoS 1, PUBACK, PINGREQ, long PUBLISH, DISCONNECT. */
const STREAM = Buffer.concat([
  hex("82 06 0001 0001 61 00"),
  hex("32 07 0001 61 0002 6869"),
  hex("40 02 0002 c0 00"),
  LONG,
  hex("e0 00"),
]);

test("good packets pass, wherever they are cut, and messages are counted once", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const watch = createFrameWatch(1024);
    let publishes = 0;
    for (let at = 0; at < STREAM.length; at += size) {
      const watched = watch.feed(STREAM.subarray(at, at + size));
      if (watched.kind === "refused") throw new Error(watched.reason);
      publishes += watched.publishes;
    }
    assert.is(publishes, 2, `pieces of ${size}`);
  }
});

const refused: readonly [what: string, bytes: string][] = [
  ["a second CONNECT", "c000 10 00"],
  ["a CONNACK", "20 02 0000"],
  ["an AUTH", "f0 00"],
  ["a reserved kind", "00 00"],
  ["a SUBACK", "90 03 0001 00"],
  ["a retained message", "31 05 0001 61 6869"],
  ["a retained message of QoS 1", "33 07 0001 61 0002 6869"],
  ["a packet over the bound", "30 8108"],
  ["a length of five bytes", "30 80808080 00"],
];
for (const [what, bytes] of refused) {
  test(`${what} is refused, in one piece or byte by byte, and so is all that follows`, () => {
    const whole = createFrameWatch(1024);
    assert.is(whole.feed(hex(bytes)).kind, "refused");
    assert.is(whole.feed(hex("c000")).kind, "refused");
    const slow = createFrameWatch(1024);
    const kinds = [...hex(bytes)].map((byte) => slow.feed(Buffer.of(byte)).kind);
    assert.ok(kinds.includes("refused"));
  });
}

test("a packet of exactly the bound passes", () => {
  const watch = createFrameWatch(1024);
  const packet = Buffer.concat([hex("30 8008"), Buffer.alloc(1024), hex("c000")]);
  assert.is(watch.feed(packet).kind, "pass");
});

test.run();
