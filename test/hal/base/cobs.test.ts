/**
 * COBS: the published examples, and what a decoder does with noise, excess and portions of any size.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../hal/base/assert.ts";
import { CobsDecoder, cobsBytesMax, encodeCobs } from "../../../hal/base/cobs.ts";
import { Prng } from "../../../hal/base/prng.ts";

const SEED = 20_030_611;
const FRAME_BYTES_MAX = 600;

function decode(line: Uint8Array, frameBytesMax = FRAME_BYTES_MAX) {
  const decoder = new CobsDecoder(frameBytesMax);
  const frames: Uint8Array[] = [];
  decoder.push(line, (frame) => frames.push(frame));
  return { frames, counters: decoder.counters };
}

const run = (first: number, count: number) =>
  Uint8Array.from({ length: count }, (_, i) => first + i);

test("COBS encodes the examples of its paper between two delimiters", () => {
  const examples: [number[], number[]][] = [
    [[0x00], [0x01, 0x01]],
    [
      [0x00, 0x00],
      [0x01, 0x01, 0x01],
    ],
    [
      [0x11, 0x22, 0x00, 0x33],
      [0x03, 0x11, 0x22, 0x02, 0x33],
    ],
    [
      [0x11, 0x22, 0x33, 0x44],
      [0x05, 0x11, 0x22, 0x33, 0x44],
    ],
    [
      [0x11, 0x00, 0x00, 0x00],
      [0x02, 0x11, 0x01, 0x01, 0x01],
    ],
  ];
  for (const [frame, encoded] of examples) {
    assert.equal(encodeCobs(Uint8Array.from(frame)), Uint8Array.of(0, ...encoded, 0));
  }
});

test("COBS handles the full block: 254 bytes without zero take one byte more, 255 take two", () => {
  const full = encodeCobs(run(1, 254));
  assert.equal(full, Uint8Array.of(0, 0xff, ...run(1, 254), 0));
  const more = encodeCobs(run(1, 255));
  assert.equal(more, Uint8Array.of(0, 0xff, ...run(1, 254), 0x02, 0xff, 0));
  const zeroLast = encodeCobs(Uint8Array.of(...run(1, 254), 0));
  assert.equal(zeroLast, Uint8Array.of(0, 0xff, ...run(1, 254), 0x01, 0x01, 0));
});

test("COBS decodes a full block with and without a closing empty block", () => {
  const frame = run(1, 254);
  assert.equal(decode(Uint8Array.of(0, 0xff, ...frame, 0)).frames, [frame]);
  assert.equal(decode(Uint8Array.of(0, 0xff, ...frame, 1, 0)).frames, [frame]);
});

test("COBS round trip of random frames, any length and density of zeros, in random portions", () => {
  const random = new Prng(SEED);
  const decoder = new CobsDecoder(FRAME_BYTES_MAX);
  for (let round = 0; round < 3000; round += 1) {
    const frame = random.bytes(1 + random.below(FRAME_BYTES_MAX));
    const zeros = random.below(4) / 3;
    for (let i = 0; i < frame.length; i += 1) if (random.chance(zeros * zeros)) frame[i] = 0;
    const line = encodeCobs(frame);
    assert.ok(line.length <= cobsBytesMax(frame.length) + 2, `seed ${SEED} round ${round}`);
    assert.is(line.indexOf(0, 1), line.length - 1, `seed ${SEED} round ${round}`);
    const frames: Uint8Array[] = [];
    for (let at = 0; at < line.length; ) {
      const end = at + 1 + random.below(40);
      decoder.push(line.subarray(at, end), (found) => frames.push(found));
      at = end;
    }
    assert.equal(frames, [frame], `seed ${SEED} round ${round}`);
  }
  assert.is(decoder.counters.discardedBytes, 0);
});

test("a decoder that joins in the middle of a frame discards to the first delimiter and counts", () => {
  const line = Uint8Array.of(0x33, 0x44, ...encodeCobs(Uint8Array.of(1, 2)));
  const { frames, counters } = decode(line);
  assert.equal(frames, [Uint8Array.of(1, 2)]);
  assert.is(counters.discardedBytes, 2);
  assert.is(counters.discardedRuns, 1);
});

test("the end of a frame is no frame, even where it would decode", () => {
  const { frames, counters } = decode(Uint8Array.of(2, 7, 0, 2, 8, 0));
  assert.equal(frames, [Uint8Array.of(8)]);
  assert.is(counters.discardedBytes, 2);
});

test("a frame cut off by a delimiter is discarded and the next one is whole", () => {
  const { frames, counters } = decode(Uint8Array.of(0, 5, 1, 2, 0, 3, 7, 8, 0));
  assert.equal(frames, [Uint8Array.of(7, 8)]);
  assert.is(counters.discardedBytes, 3);
});

test("a frame longer than the bound is discarded whole, one at the bound is not", () => {
  const atBound = run(1, 8);
  const { frames, counters } = decode(
    Uint8Array.of(...encodeCobs(run(1, 9)), ...encodeCobs(atBound)),
    8,
  );
  assert.equal(frames, [atBound]);
  assert.is(counters.discardedBytes, 10);
  assert.is(counters.frames, 1);
});

test("a line of zeros (break) is no frame and no noise", () => {
  const { frames, counters } = decode(new Uint8Array(1000));
  assert.is(frames.length, 0);
  assert.is(counters.discardedBytes, 0);
});

test("after any of 100,000 random inputs the next frame is read and no byte is unaccounted for", () => {
  const random = new Prng(SEED);
  const decoder = new CobsDecoder(64);
  const probe = Uint8Array.of(0xaa, 0x00, 0x55);
  const line = encodeCobs(probe);
  let noiseFrames = 0;
  for (let round = 0; round < 100_000; round += 1) {
    const noise = random.bytes(random.below(24));
    if (random.chance(0.5)) noise[random.below(24)] = 0;
    decoder.push(noise, (frame) => {
      assert.ok(frame.length >= 1 && frame.length <= 64);
      noiseFrames += 1;
    });
    const found: Uint8Array[] = [];
    decoder.push(line, (frame) => found.push(frame));
    assert.equal(found.at(-1), probe, `seed ${SEED} round ${round}`);
    assert.ok(found.length <= 2, `seed ${SEED} round ${round}`);
    noiseFrames += found.length - 1;
  }
  assert.is(decoder.counters.frames, 100_000 + noiseFrames);
  assert.ok(decoder.counters.discardedRuns > 10_000);
});

test("an empty frame and an empty bound are refused as broken contracts", () => {
  const fault = (error: unknown) => error instanceof AssertionFault;
  assert.throws(() => encodeCobs(new Uint8Array(0)), fault);
  assert.throws(() => new CobsDecoder(0), fault);
});

test.run();
