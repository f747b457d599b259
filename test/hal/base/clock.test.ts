/**
 * Clocks: what their texts mean and that both run; timers of the timeline run in order.
 */
import { closeSync, openSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bootTimeMs, monotonicMs, openBootClock, parseUptimeMs } from "../../../hal/base/clock.ts";

const parse = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return parseUptimeMs(bytes, bytes.length);
};

test("uptime text becomes milliseconds in steps of ten", () => {
  assert.is(parse("12345.67 54321.00\n"), 12_345_670);
  assert.is(parse("0.00 0.00\n"), 0);
  assert.is(parse("946707779.99 1.00\n"), 946_707_779_990);
});

test("uptime text of any other form is unreadable, never a wrong time", () => {
  for (const text of [
    "",
    " ",
    ".50 1",
    "12",
    "12.3",
    "12.34",
    "12.3 1",
    "12.345 1",
    "1.2.3 1",
    "-1.00 1",
    "x",
  ]) {
    assert.is(parse(text), null, JSON.stringify(text));
  }
});

test("the boot-time clock is read again and again through one descriptor", () => {
  const fd = openBootClock();
  const first = bootTimeMs(fd);
  const second = bootTimeMs(fd);
  closeSync(fd);
  assert.ok(first !== null && second !== null && first > 0 && second >= first);
});

test("the boot-time clock is null where its descriptor cannot be read", () => {
  const fd = openSync("/", "r");
  assert.is(bootTimeMs(fd), null);
  closeSync(fd);
});

test("the monotonic clock counts whole milliseconds and never goes back", () => {
  let before = monotonicMs();
  const endMs = before + 5;
  for (let rounds = 0; before < endMs; rounds += 1) {
    const now = monotonicMs();
    assert.ok(Number.isInteger(now) && now >= before);
    assert.ok(rounds < 100_000_000, "the clock moves");
    before = now;
  }
});

test.run();
