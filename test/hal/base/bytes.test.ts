/**
 * Bytes: big-endian fields, soft failure past the end of a reader, hard refusal of a writer's misuse.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../hal/base/assert.ts";
import { hexAt, Reader, Writer } from "../../../hal/base/bytes.ts";

const fault = (error: unknown) => error instanceof AssertionFault;

test("a writer puts every width down most significant byte first", () => {
  const out = new Writer(32);
  out.u8(0xfe);
  out.u16(0x0102);
  out.u32(0xfffefdfc);
  out.u48(0x0102030405f6);
  out.hex("00ff10", 3);
  out.bytes(Uint8Array.of(7, 8));
  const written = out.written();
  assert.is(hexAt(written, 0, written.length), "fe0102fffefdfc0102030405f600ff100708");
});

test("a reader returns what the writer was given, up to the largest values", () => {
  const out = new Writer(64);
  out.u8(255);
  out.u16(65535);
  out.u32(2 ** 32 - 1);
  out.u48(2 ** 48 - 1);
  out.hex("0123456789abcdef", 8);
  out.bytes(Uint8Array.of(1, 2, 3));
  const input = new Reader(out.written());
  assert.is(input.u8(), 255);
  assert.is(input.u16(), 65535);
  assert.is(input.u32(), 2 ** 32 - 1);
  assert.is(input.u48(), 2 ** 48 - 1);
  assert.is(input.hex(8), "0123456789abcdef");
  assert.is(input.complete(), false);
  assert.equal(input.bytes(3), Uint8Array.of(1, 2, 3));
  assert.is(input.complete(), true);
});

test("a reader past its end answers zero and stays failed even where bytes are left", () => {
  const input = new Reader(Uint8Array.of(9, 9, 9));
  assert.is(input.u32(), 0);
  assert.is(input.ok(), false);
  assert.is(input.u8(), 0);
  assert.is(input.u48(), 0);
  assert.is(input.hex(1), "");
  assert.equal(input.bytes(1), new Uint8Array(0));
  assert.is(input.complete(), false);
});

test("a reader refuses a negative count instead of going back", () => {
  const input = new Reader(Uint8Array.of(1, 2));
  input.u8();
  assert.equal(input.bytes(-1), new Uint8Array(0));
  assert.is(input.ok(), false);
});

test("a reader over a part of a larger buffer keeps to its part", () => {
  const input = new Reader(Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
  assert.is(input.u16(), 0x0203);
  assert.is(input.u8(), 0);
  assert.is(input.ok(), false);
});

test("bytes of a reader do not change with the buffer they came from", () => {
  for (const source of [Uint8Array.of(1, 2), Buffer.from([1, 2])]) {
    const copy = new Reader(source).bytes(2);
    source[0] = 99;
    assert.equal(copy, Uint8Array.of(1, 2));
  }
});

test("a writer asserts range, whole numbers, hex digits and its capacity", () => {
  const out = new Writer(4);
  assert.throws(() => out.u8(256), fault);
  assert.throws(() => out.u8(-1), fault);
  assert.throws(() => out.u16(1.5), fault);
  assert.throws(() => out.u32(2 ** 32), fault);
  assert.throws(() => out.u48(2 ** 48), fault);
  assert.throws(() => out.u48(Number.NaN), fault);
  assert.throws(() => out.hex("0g", 1), fault);
  assert.throws(() => out.hex("0A", 1), fault);
  assert.throws(() => out.hex("012", 1), fault);
  assert.throws(() => out.bytes(new Uint8Array(5)), fault);
});

test("a writer starts again at its front after a reset", () => {
  const out = new Writer(2);
  out.u16(0xffff);
  out.reset();
  out.u8(1);
  assert.equal(out.written(), Uint8Array.of(1));
});

test.run();
