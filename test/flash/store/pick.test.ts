/** The decision between two copies, row by row. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CopyState, nextSerial, pick } from "../../../flash/store/pick.ts";

const good = (serial: number): CopyState => ({ kind: "good", serial });
const absent: CopyState = { kind: "absent" };
const bad: CopyState = { kind: "bad" };

test("no copy at all is a first start; damaged copies alone give the defaults with that reason", () => {
  const next = { copy: "a", serial: 0 };
  assert.equal(pick(absent, absent), { kind: "defaults", reason: "missing", next });
  for (const [a, b] of [
    [bad, absent],
    [absent, bad],
    [bad, bad],
  ] as const) {
    assert.equal(pick(a, b), { kind: "defaults", reason: "damaged", next });
  }
});

test("one good copy is used, the other is written next, and damage is told apart from absence", () => {
  const toB = { copy: "b", serial: 8 };
  const toA = { copy: "a", serial: 8 };
  assert.equal(pick(good(7), absent), { kind: "use", copy: "a", damaged: null, next: toB });
  assert.equal(pick(good(7), bad), { kind: "use", copy: "a", damaged: "b", next: toB });
  assert.equal(pick(absent, good(7)), { kind: "use", copy: "b", damaged: null, next: toA });
  assert.equal(pick(bad, good(7)), { kind: "use", copy: "b", damaged: "a", next: toA });
});

test("of two good copies the newer serial wins, also over the end of the circle", () => {
  const winner = (a: number, b: number) => {
    const picked = pick(good(a), good(b));
    return picked.kind === "use" ? [picked.copy, picked.next] : picked;
  };
  assert.equal(winner(5, 4), ["a", { copy: "b", serial: 6 }]);
  assert.equal(winner(4, 5), ["b", { copy: "a", serial: 6 }]);
  assert.equal(winner(0, 0xffff_ffff), ["a", { copy: "b", serial: 1 }]);
  assert.equal(winner(0xffff_ffff, 0), ["b", { copy: "a", serial: 1 }]);
  assert.equal(winner(0xffff_ffff, 0xffff_fffe), ["a", { copy: "b", serial: 0 }]);
  assert.equal(winner(0x7fff_ffff, 0), ["a", { copy: "b", serial: 0x8000_0000 }]);
});

test("serials that do not tell give the defaults, and the next save outdates both copies", () => {
  assert.equal(pick(good(9), good(9)), {
    kind: "defaults",
    reason: "undecided",
    next: { copy: "a", serial: 10 },
  });
  const half = pick(good(0x8000_0005), good(5));
  assert.equal(half, { kind: "defaults", reason: "undecided", next: { copy: "a", serial: 6 } });
  // The save that follows: the fresh copy must win against the one that is left.
  const after = pick(good(6), good(5));
  assert.is(after.kind === "use" ? after.copy : "none", "a");
});

test("serials follow each other on a circle of 2^32", () => {
  assert.is(nextSerial(0), 1);
  assert.is(nextSerial(0xffff_ffff), 0);
});

test.run();
