/** The words between agents, byte for byte where the layout is a contract; protocol.md 1.4.6. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeWords, encodeWords, type Words } from "../../../services/failover/words.ts";
import { BLOB_BYTES_MAX } from "../../../services/heartbeat/codec.ts";

const WORDS: Words = {
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [{ state: "running", desired: 1, order: 7, stranded: false }],
};
const marks = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ group: at % 32, mark: 0xfffffff0 + (at % 16) }));

test("R160: loaded programs are the last part of the words", () => {
  const loads = { isWhole: true, marks: [{ group: 3, mark: 0xcbf43926 }] };
  const bytes = encodeWords({ ...WORDS, loads });
  // No configuration texts and no keys, one program: group 3 and its mark, high byte first.
  assert.equal([...bytes.slice(-10)], [0, 0, 0, 0, 1, 3, 0xcb, 0xf4, 0x39, 0x26]);
  assert.equal(decodeWords(bytes), { ...WORDS, loads });
  assert.equal(decodeWords(encodeWords({ ...WORDS, loads: { isWhole: true, marks: [] } })), WORDS);
});

test("R118: a server says that a script of it cannot be run", () => {
  assert.is(encodeWords({ ...WORDS, unfit: true })[2], 8);
  assert.is(decodeWords(encodeWords({ ...WORDS, unfit: true }))?.unfit, true);
  assert.is(decodeWords(encodeWords({ ...WORDS, unfit: false }))?.unfit, undefined);
});

test("R160: more programs than the beat has room for are cut and said to be cut", () => {
  const groups = Array.from({ length: 32 }, () => WORDS.groups).flat();
  for (const [count, rollout, told] of [
    [64, 0, 64],
    // 147 bytes of group words, 4 of empty parts, 1 for the number: 548 are left, 5 for each.
    [200, 0, 109],
    [64, 520, 5],
    [64, 547, 0],
    [64, 549, 0],
  ] as const) {
    const given = { ...WORDS, groups, loads: { isWhole: true, marks: marks(count) } };
    const bytes = encodeWords({ ...given, rollout: new Uint8Array(rollout) });
    assert.ok(bytes.length <= BLOB_BYTES_MAX, `${bytes.length} bytes`);
    const loads = decodeWords(bytes)?.loads;
    assert.is(loads?.marks.length ?? 0, told, `${count} beside ${rollout}`);
    if (loads !== undefined) assert.is(loads.isWhole, told === count);
  }
});

test("truncated words are none, and neither are words with something behind them", () => {
  const loads = { isWhole: true, marks: marks(3) };
  const bytes = encodeWords({ ...WORDS, loads });
  // Up to the end of the epoch and behind each part they are whole: 23 without, 25 and 27 with empty parts.
  const whole = [23, 25, 27, bytes.length];
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = decodeWords(bytes.slice(0, length));
    assert.is(cut !== null, whole.includes(length), `${length} bytes`);
  }
  assert.is(decodeWords(Uint8Array.of(...bytes, 0)), null);
});

test.run();
