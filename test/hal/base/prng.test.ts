/**
 * Seeded random numbers: a seed repeats its run, another one does not, bounds hold.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../hal/base/assert.ts";
import { Prng } from "../../../hal/base/prng.ts";

test("the same seed gives the same numbers and another seed gives others", () => {
  const one = new Prng(1).bytes(64);
  assert.equal(new Prng(1).bytes(64), one);
  assert.not.equal(new Prng(2).bytes(64), one);
});

test("below() reaches every value of a small range about equally often", () => {
  const random = new Prng(7);
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 60_000; i += 1) {
    const value = random.below(6);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  assert.is(counts.length, 6);
  for (const count of counts) assert.ok(count > 9_500 && count < 10_500, `${counts}`);
});

test("chance() is never at 0, always at 1, and about half at a half", () => {
  const random = new Prng(3);
  let heads = 0;
  for (let i = 0; i < 10_000; i += 1) {
    assert.is(random.chance(0), false);
    assert.is(random.chance(1), true);
    if (random.chance(0.5)) heads += 1;
  }
  assert.ok(heads > 4_800 && heads < 5_200, `${heads}`);
});

test("below() asserts a limit of at least one", () => {
  assert.throws(
    () => new Prng(1).below(0),
    (error: unknown) => error instanceof AssertionFault,
  );
});

test.run();
