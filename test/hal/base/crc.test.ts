/**
 * CRC-32: the published check values and the property it is used for.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { crc32 } from "../../../hal/base/crc.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

test("CRC-32 gives the published check values", () => {
  assert.is(crc32(ascii("123456789")), 0xcbf43926);
  assert.is(crc32(new Uint8Array(0)), 0);
  assert.is(crc32(ascii("The quick brown fox jumps over the lazy dog")), 0x414fa339);
});

test("CRC-32 in two parts equals CRC-32 of the whole", () => {
  assert.is(crc32(ascii("6789"), crc32(ascii("12345"))), 0xcbf43926);
});

test("CRC-32 notices every single wrong bit of a frame", () => {
  const frame = ascii("a frame on a serial line");
  const right = crc32(frame);
  for (let bit = 0; bit < frame.length * 8; bit += 1) {
    const wrong = frame.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is.not(crc32(wrong), right, `bit ${bit}`);
  }
});

test.run();
