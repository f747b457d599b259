/** Durations in classes: bounds, what lies between two snapshots, a new process between them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HISTOGRAM_EDGES_MS, Histogram, worstBetween } from "../../../hal/base/histogram.ts";

test("a duration counts in the class whose upper bound it does not exceed", () => {
  const histogram = new Histogram();
  for (const ms of [0, -1, 1, 1.5, 2, 40_000, Number.NaN]) histogram.add(ms);
  const counts = histogram.snapshot();
  assert.is(counts.length, HISTOGRAM_EDGES_MS.length + 1);
  assert.is(counts[0], 3);
  assert.is(counts[1], 2);
  assert.is(counts.at(-1), 1);
  assert.is(
    counts.reduce((sum, one) => sum + one, 0),
    6,
  );
});

test("D51: between two snapshots only what happened in between is the worst", () => {
  const histogram = new Histogram();
  histogram.add(500);
  const before = histogram.snapshot();
  assert.is(worstBetween(before, histogram.snapshot()), null);
  histogram.add(3);
  histogram.add(11);
  assert.equal(worstBetween(before, histogram.snapshot()), { atMostMs: 12, count: 2 });
  assert.equal(worstBetween(null, histogram.snapshot()), { atMostMs: 512, count: 3 });
  assert.is(worstBetween(before, null), null);
});

test("a process that started anew between the snapshots counts from its start", () => {
  const first = new Histogram();
  for (let i = 0; i < 5; i += 1) first.add(100);
  const second = new Histogram();
  second.add(7);
  assert.equal(worstBetween(first.snapshot(), second.snapshot()), { atMostMs: 8, count: 1 });
});

test("beyond the last class twice its bound is said", () => {
  const histogram = new Histogram();
  histogram.add(1_000_000);
  assert.equal(worstBetween(null, histogram.snapshot()), { atMostMs: 65_536, count: 1 });
});

test.run();
