/** A wire that changes bits of every frame: the receiver must find sound frames, on both media. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CobsDecoder, encodeCobs } from "../../../hal/base/cobs.ts";
import { crc32 } from "../../../hal/base/crc.ts";
import { rewriteFrame, SerialRewriter } from "../../../hal/rack/rewrite.ts";

/** Data and its CRC-32, as a serial frame ends. */
function sealed(data: readonly number[]): Buffer {
  const frame = Buffer.alloc(data.length + 4);
  frame.set(data);
  frame.writeUInt32BE(crc32(frame.subarray(0, data.length)), data.length);
  return frame;
}

test("a datagram is changed at one byte and nowhere else; a shorter one passes", () => {
  const rewrite = { at: 2, mask: 0x06 };
  assert.equal([...rewriteFrame(Uint8Array.of(0x4b, 0x47, 1, 9), rewrite)], [0x4b, 0x47, 7, 9]);
  assert.equal([...rewriteFrame(Uint8Array.of(0x4b, 0x47), rewrite)], [0x4b, 0x47]);
});

test("serial frames come out whole with a right CRC, however the bytes were cut up", () => {
  const line = Buffer.concat([
    encodeCobs(sealed([0x12, 0, 3])),
    Buffer.from([9, 9, 9]),
    encodeCobs(sealed([0x12, 5])),
  ]);
  const rewriter = new SerialRewriter({ at: 0, mask: 0x60 });
  const out: Buffer[] = [];
  for (const byte of line) out.push(rewriter.take(Uint8Array.of(byte)));
  const frames: Buffer[] = [];
  new CobsDecoder(64).push(Buffer.concat(out), (frame) => frames.push(Buffer.from(frame)));
  assert.equal(frames, [sealed([0x72, 0, 3]), sealed([0x72, 5])]);
});

test("a frame that has no such byte before its CRC passes unchanged", () => {
  const frame = sealed([1, 2]);
  const out = new SerialRewriter({ at: 2, mask: 0xff }).take(encodeCobs(frame));
  assert.equal([...out], [...encodeCobs(frame)]);
});

test.run();
