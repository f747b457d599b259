/**
 * The set of keys as a file and as words: what is read back, what is refused, and which of key file and set rules.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Prng } from "../../../hal/base/prng.ts";
import { encodeRollout } from "../../../services/configuration/rollout-words.ts";
import { decodeWords, encodeWords } from "../../../services/failover/words.ts";
import { BLOB_BYTES_MAX } from "../../../services/heartbeat/codec.ts";
import {
  chooseKeySet,
  firstSet,
  formatKeySet,
  formatRing,
  type KeySet,
  keyHint,
  keyId,
  parseRing,
  ringOf,
} from "../../../services/keys/key-set.ts";
import { decodeKeyWords, encodeKeyWords } from "../../../services/keys/key-words.ts";

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const K0 = keyOf(10);
const K1 = keyOf(11);
const K2 = keyOf(12);
const held = (key: Uint8Array, sinceMs: number) => ({ id: keyId(key), key, sinceMs });
const SET: KeySet = {
  active: held(K1, 5),
  next: { ...held(K2, 7), isOwn: true, alone: false },
  old: held(K0, 6),
  retired: "0011aabb",
};

test("the id is 8 hex digits that differ from key to key and do not stand in the key", () => {
  assert.match(keyId(K0), /^[0-9a-f]{8}$/);
  assert.is.not(keyId(K0), keyId(K1));
  assert.not.ok(Buffer.from(K0).toString("hex").includes(keyId(K0)));
  assert.is(keyHint("a07f0000"), 0xa0);
});

test("a set is read back as it was written, the active key first in the ring", () => {
  const text = formatKeySet(SET, keyId(K0));
  assert.equal(chooseKeySet(K0, text, 99), { kind: "set", set: SET });
  assert.is(
    ringOf(SET)
      .map(({ role }) => role)
      .join(),
    "active,next,old",
  );
});

test("R138: a key file that a person has replaced rules; one that the set grew out of does not", () => {
  const text = formatKeySet(SET, keyId(K0));
  const other = keyOf(77);
  assert.equal(chooseKeySet(other, text, 99), { kind: "file", set: firstSet(other, 99) });
  // The key in force was put there by a person: the set goes on.
  assert.equal(chooseKeySet(K1, text, 99), { kind: "set", set: SET });
  assert.equal(chooseKeySet(K0, null, 99), { kind: "file", set: firstSet(K0, 99) });
});

test("a damaged set is said to be one; no cut and no change of a character is taken for a set", () => {
  const text = formatKeySet(SET, keyId(K0));
  for (let length = 0; length < text.length - 2; length += 1) {
    assert.is(chooseKeySet(K0, text.slice(0, length), 1).kind, "broken", `${length}`);
  }
  const twice = formatKeySet({ ...SET, old: SET.active }, keyId(K0));
  assert.is(chooseKeySet(K0, twice, 1).kind, "broken");
  for (const bad of ["null", "[]", "7", text.replace('"format": 1', '"format": 2')]) {
    assert.is(chooseKeySet(K0, bad, 1).kind, "broken", bad);
  }
});

test("the ring travels to pulse and disk process and is refused without an active key at its head", () => {
  assert.equal(parseRing(JSON.parse(JSON.stringify(formatRing(ringOf(SET))))), ringOf(SET));
  const entry = { key: "00".repeat(32), role: "active" };
  const bad: readonly unknown[] = [
    null,
    [],
    [{ ...entry, role: "old" }],
    [{ ...entry, key: "00" }],
    [entry, entry, entry, entry],
    [entry, { ...entry, role: "spare" }],
  ];
  for (const value of bad) assert.is(parseRing(value), null, JSON.stringify(value));
});

test("the words of a beat are read back, and take 49 bytes at most", () => {
  const [id0, id1, id2] = [keyId(K0), keyId(K1), keyId(K2)];
  for (const others of [[], [id1], [id1, id2]]) {
    for (const retired of [null, id2]) {
      for (const offer of [null, K2]) {
        const said = { active: id0, others, retired, offer };
        const bytes = encodeKeyWords(said);
        assert.ok(bytes.length <= 49);
        assert.equal(decodeKeyWords(bytes), said);
        for (let cut = 0; cut < bytes.length; cut += 1) {
          assert.is(decodeKeyWords(bytes.subarray(0, cut)), null, `cut at ${cut}`);
        }
        assert.is(decodeKeyWords(Uint8Array.of(...bytes, 0)), null);
      }
    }
  }
});

test("1.4.7: with 32 groups and a piece of a configuration text the words of a beat still fit", () => {
  const groups = Array.from({ length: 32 }, () => ({
    state: "running" as const,
    desired: 1,
    order: 65_535,
  }));
  const base = {
    shutdown: 0,
    marked: true,
    offAfterLeave: false,
    request: null,
    reply: null,
  } as const;
  const piece = new Uint8Array(480);
  const hash = "0011223344556677";
  const part = { rev: 2, hash, part: "offers", ready: true, length: 960, at: 480, piece } as const;
  const current = { rev: 1, hash };
  const rollout = encodeRollout({ current, byHand: false, underWay: part });
  const ids = { active: keyId(K0), others: [keyId(K1), keyId(K2)], retired: keyId(keyOf(4)) };
  const beside = encodeKeyWords({ ...ids, offer: null });
  assert.ok(encodeWords({ ...base, groups, rollout, keys: beside }).length <= BLOB_BYTES_MAX);
  const idle = encodeRollout({ current, byHand: false, underWay: null });
  const keys = encodeKeyWords({ ...ids, offer: K2 });
  for (const words of [
    { ...base, groups, rollout: idle, keys },
    { ...base, groups, keys },
  ]) {
    const bytes = encodeWords(words);
    assert.ok(bytes.length <= BLOB_BYTES_MAX);
    assert.equal(decodeWords(bytes)?.keys, keys);
  }
});

test("random bytes never throw and unknown flags are refused", () => {
  const random = new Prng(3);
  for (let round = 0; round < 5000; round += 1) decodeKeyWords(random.bytes(random.below(60)));
  assert.is(decodeKeyWords(Uint8Array.of(4, 1, 2, 3, 4)), null);
  assert.is(decodeKeyWords(Uint8Array.of(0x30, ...new Uint8Array(16))), null);
});

test.run();
