/**
 * COBS framing: makes frames of a byte stream whose only zero byte is the frame's end.
 * Intuition: every zero is replaced by the distance to the next one, so after garbage the next zero is
 * a sure place to start again; silence or time never is one (a slow line looks like a gap).
 * Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing" (1999); hardware.md 3.
 */
import { assert } from "./assert.ts";

const DELIMITER = 0;
const CODE_MAX = 255;

/** Most bytes that `count` bytes take on the line between their delimiters. */
export function cobsBytesMax(count: number): number {
  return count + Math.ceil(count / (CODE_MAX - 1));
}

/**
 * Encodes `frame` between two delimiters. The first one ends whatever garbage stood on the line,
 * so that noise before a frame does not cost the frame.
 */
export function encodeCobs(frame: Uint8Array): Uint8Array {
  assert(frame.length > 0, "a COBS frame has at least one byte");
  const line = new Uint8Array(cobsBytesMax(frame.length) + 2);
  let codeAt = 1;
  let at = 2;
  for (let i = 0; i < frame.length; i += 1) {
    const byte = frame[i] ?? 0;
    if (byte !== DELIMITER) {
      line[at] = byte;
      at += 1;
    }
    const isLast = i === frame.length - 1;
    if (byte === DELIMITER || (at - codeAt === CODE_MAX && !isLast)) {
      line[codeAt] = at - codeAt;
      codeAt = at;
      at += 1;
    }
  }
  line[codeAt] = at - codeAt;
  line[at] = DELIMITER;
  return line.subarray(0, at + 1);
}

/** Counts since the decoder was made; delimiters are in none of them. */
export interface CobsCounters {
  frames: number;
  /** Line bytes that belonged to no good frame. */
  discardedBytes: number;
  /** Runs of such bytes between two delimiters. */
  discardedRuns: number;
}

/**
 * Streaming decoder. It hands out a frame only when it has seen the delimiter before and after it;
 * memory is bounded by `frameBytesMax` (decoded), longer runs are discarded to the next delimiter.
 */
export class CobsDecoder {
  readonly counters: CobsCounters = { frames: 0, discardedBytes: 0, discardedRuns: 0 };
  readonly #frame: Uint8Array;
  #length = 0;
  /** Data bytes that the current block still has to bring. */
  #blockLeft = 0;
  /** The next block begins with the zero that its predecessor stands for. */
  #zeroDue = false;
  /** Line bytes since the last delimiter. */
  #runBytes = 0;
  /** False until the first delimiter, and after a run that is broken already. */
  #inStep = false;

  constructor(frameBytesMax: number) {
    assert(frameBytesMax > 0, "a frame bound is positive");
    this.#frame = new Uint8Array(frameBytesMax);
  }

  /** Takes line bytes in any portions; calls `onFrame` with a copy of each good frame. */
  push(bytes: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    for (let i = 0; i < bytes.length; i += 1) {
      const byte = bytes[i] ?? 0;
      if (byte === DELIMITER) {
        this.#endRun(onFrame);
      } else {
        this.#runBytes += 1;
        if (this.#inStep) this.#take(byte);
      }
    }
  }

  #take(byte: number): void {
    if (this.#blockLeft > 0) {
      this.#blockLeft -= 1;
      this.#append(byte);
      return;
    }
    if (this.#zeroDue) this.#append(0);
    this.#blockLeft = byte - 1;
    this.#zeroDue = byte < CODE_MAX;
  }

  #append(byte: number): void {
    if (this.#length === this.#frame.length) {
      this.#inStep = false;
      return;
    }
    this.#frame[this.#length] = byte;
    this.#length += 1;
  }

  #endRun(onFrame: (frame: Uint8Array) => void): void {
    const frame =
      this.#inStep && this.#blockLeft === 0 && this.#length > 0
        ? this.#frame.slice(0, this.#length)
        : null;
    if (frame === null && this.#runBytes > 0) {
      this.counters.discardedBytes += this.#runBytes;
      this.counters.discardedRuns += 1;
    }
    this.#length = 0;
    this.#blockLeft = 0;
    this.#zeroDue = false;
    this.#runBytes = 0;
    this.#inStep = true;
    if (frame === null) return;
    this.counters.frames += 1;
    onFrame(frame);
  }
}
