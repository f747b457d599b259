/**
 * Bounded big-endian reading and writing of byte strings: the one place that turns numbers into bytes.
 * Intuition: a reader that has once run past its end stays failed and answers 0, so a decoder reads
 * straight through and asks one question at the end. A writer past its end is a broken contract.
 * Source: style.md 18 (parsers never throw); network byte order as in RFC 1700.
 */
import { assert } from "./assert.ts";

const U48_LIMIT = 2 ** 48;
const HEX_CODES = Array.from({ length: 16 }, (_, digit) => digit.toString(16).charCodeAt(0));

/** Reads from the front; never throws. Look at `complete()` before any value is believed. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #failed = false;

  /** `at`: where to begin, 0 to the length, default 0. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#at = at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.#bytes[at] ?? 0);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : u16At(this.#bytes, at);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : u32At(this.#bytes, at);
  }

  u48(): number {
    const at = this.#take(6);
    return at < 0 ? 0 : u48At(this.#bytes, at);
  }

  /** `count` bytes as lower-case hex digits; empty when they are not there. */
  hex(count: number): string {
    const at = this.#take(count);
    return at < 0 ? "" : hexAt(this.#bytes, at, count);
  }

  /** `count` bytes as a copy, so that the source buffer may be reused; empty when not there. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    // A Buffer's own slice() would be a view of the same memory.
    return at < 0 ? new Uint8Array(0) : copyOf(this.#bytes, at, at + count);
  }

  /** As `bytes`, but answers `known` itself where the same bytes stand: what repeats itself costs nothing. */
  bytesOr(known: Uint8Array, count: number): Uint8Array {
    const at = this.#take(count);
    if (at < 0) return new Uint8Array(0);
    let isSame = known.length === count;
    for (let i = 0; isSame && i < count; i += 1) isSame = known[i] === this.#bytes[at + i];
    return isSame ? known : copyOf(this.#bytes, at, at + count);
  }

  /** True when nothing ran past the end. */
  ok(): boolean {
    return !this.#failed;
  }

  /** True when nothing ran past the end and nothing is left over. */
  complete(): boolean {
    return !this.#failed && this.#at === this.#end;
  }

  #take(count: number): number {
    const at = this.#at;
    if (this.#failed || count < 0 || at + count > this.#end) {
      this.#failed = true;
      return -1;
    }
    this.#at = at + count;
    return at;
  }
}

/** Writes into one buffer of fixed size that is used again after `reset()`. Asserts every range. */
export class Writer {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  reset(): void {
    this.#at = 0;
  }

  u8(value: number): void {
    this.#bytes[this.#take(1, value, 0x100)] = value;
  }

  u16(value: number): void {
    putU16(this.#bytes, this.#take(2, value, 0x10000), value);
  }

  u32(value: number): void {
    putU32(this.#bytes, this.#take(4, value, 2 ** 32), value);
  }

  u48(value: number): void {
    putU48(this.#bytes, this.#take(6, value, U48_LIMIT), value);
  }

  /** Exactly `count` bytes given as lower-case hex digits. */
  hex(text: string, count: number): void {
    assert(text.length === count * 2, "hex text has two digits per byte");
    const at = this.#take(count, 0, 1);
    for (let i = 0; i < count; i += 1) {
      const byte = hexDigit(text, i * 2) * 16 + hexDigit(text, i * 2 + 1);
      this.#bytes[at + i] = byte;
    }
  }

  bytes(source: Uint8Array): void {
    this.#bytes.set(source, this.#take(source.byteLength, 0, 1));
  }

  /** Bytes written since `reset()`. */
  get length(): number {
    return this.#at;
  }

  /** What was written since `reset()`: a view, valid until the next `reset()`. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #take(count: number, value: number, limit: number): number {
    assert(Number.isInteger(value) && value >= 0 && value < limit, "number fits its field");
    const at = this.#at;
    assert(at + count <= this.#bytes.byteLength, "bytes fit the buffer");
    this.#at = at + count;
    return at;
  }
}

function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  for (let i = from; i < to; i += 1) copy[i - from] = bytes[i] ?? 0;
  return copy;
}

/** The 16 bits at `at`; the caller has checked that they are there. */
export const u16At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** The 32 bits at `at`; the caller has checked that they are there. */
export const u32At = (bytes: Uint8Array, at: number): number =>
  ((u16At(bytes, at) << 16) | u16At(bytes, at + 2)) >>> 0;

/** The 48 bits at `at`; the caller has checked that they are there. */
export const u48At = (bytes: Uint8Array, at: number): number =>
  u16At(bytes, at) * 2 ** 32 + u32At(bytes, at + 2);

/** Writes `value`, 0 to 2^16 - 1; the caller has checked the room and the range. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes `value`, 0 to 2^32 - 1; the caller has checked the room and the range. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, at, value >>> 16);
  putU16(bytes, at + 2, value & 0xffff);
}

/** Writes `value`, 0 to 2^48 - 1; the caller has checked the room and the range. */
export function putU48(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, at, Math.floor(value / 2 ** 32));
  putU32(bytes, at + 2, value >>> 0);
}

/** Lower-case hex of `count` bytes from `at`; the caller has checked that they are there. */
export function hexAt(bytes: Uint8Array, at: number, count: number): string {
  // In one go: a text put together from pairs is a tree that its first comparison has to flatten.
  const codes: number[] = [];
  for (let i = at; i < at + count; i += 1) {
    const byte = bytes[i] ?? 0;
    codes.push(HEX_CODES[byte >> 4] ?? 0, HEX_CODES[byte & 15] ?? 0);
  }
  return String.fromCharCode(...codes);
}

function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  assert(code >= 97 && code <= 102, "hex digits are 0-9 and a-f");
  return code - 87;
}
