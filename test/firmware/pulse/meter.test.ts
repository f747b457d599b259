/** How late the other server's beats come, as heard here; interval 100 ms, T 1000 ms. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Meter } from "../../../firmware/pulse/meter.ts";
import { Histogram, worstBetween } from "../../../hal/base/histogram.ts";
import { pairConfig } from "./pair.ts";

const times = { ...pairConfig("com").budget, intervalMs: 100, timeoutMs: 1000 };

function hear(...atMs: readonly (number | null)[]): Meter {
  const meter = new Meter();
  for (const lanHeardAtMs of atMs) meter.heard({ index: 1, lanHeardAtMs }, times);
  return meter;
}
const worst = (meter: Meter) => worstBetween(null, meter.snapshot(new Histogram()).heard);

test("D51: a beat counts by what it came later than its interval", () => {
  assert.equal(worst(hear(0, 100, 200, 330)), { atMostMs: 32, count: 3 });
});

test("D51: looking again without a new beat, or the same beat over the second LAN, counts nothing", () => {
  assert.equal(worst(hear(null, 0, 0, 2, 100, 101, 100)), { atMostMs: 1, count: 1 });
});

test("D51: a silence of T was judged and is no lateness; the beat after it counts again", () => {
  assert.equal(worst(hear(0, 1000, 1100)), { atMostMs: 1, count: 1 });
  assert.is(worst(hear(0, 5000)), null);
});

test("D51: two other servers' beats are no lateness of each other's", () => {
  const meter = new Meter();
  for (const atMs of [0, 100, 200]) {
    meter.heard({ index: 1, lanHeardAtMs: atMs }, times);
    meter.heard({ index: 2, lanHeardAtMs: atMs + 60 }, times);
  }
  assert.equal(worst(meter), { atMostMs: 1, count: 4 });
});

test.run();
