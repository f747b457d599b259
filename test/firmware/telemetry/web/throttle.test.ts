/** How guessing is slowed down, with time as a parameter. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createThrottle, waitAfter } from "../../../../firmware/telemetry/web/throttle.ts";

test("the first four wrong attempts are free, then the wait doubles up to its bound", () => {
  assert.equal(
    [0, 3, 4, 5, 6, 9, 40].map((count) => waitAfter(count, 30_000)),
    [0, 0, 1_000, 2_000, 4_000, 30_000, 30_000],
  );
});

test("an address that guesses waits, whoever it claims to be", () => {
  const throttle = createThrottle();
  for (let guess = 0; guess < 4; guess++) {
    assert.is(throttle.begin("10.0.0.1", `user${guess}`, 0).waitMs, 0);
  }
  assert.is(throttle.begin("10.0.0.1", "other", 0).waitMs, 1_000);
  assert.is(throttle.begin("10.0.0.1", "other", 999).waitMs, 1);
  assert.is(throttle.begin("10.0.0.1", "other", 1_000).waitMs, 0);
  assert.is(throttle.begin("10.0.0.1", "other", 1_000).waitMs, 2_000);
  assert.is(throttle.begin("10.0.0.2", "somebody", 1_000).waitMs, 0);
});

test("a user guessed at from many addresses waits, but never longer than 30 s", () => {
  const throttle = createThrottle();
  let nowMs = 0;
  for (let guess = 0; guess < 20; guess++) {
    const { waitMs } = throttle.begin(`10.0.1.${guess}`, "admin", nowMs);
    assert.ok(waitMs <= 30_000);
    nowMs += waitMs;
    if (waitMs > 0) throttle.begin(`10.0.1.${guess}`, "admin", nowMs);
  }
  assert.is(throttle.begin("10.0.2.1", "admin", nowMs).waitMs, 30_000);
});

test("attempts that are all begun before the first is answered count all the same", () => {
  const throttle = createThrottle();
  const permits = Array.from({ length: 100 }, () => throttle.begin("10.0.0.1", "admin", 0));
  assert.is(permits.filter(({ waitMs }) => waitMs === 0).length, 4);
});

test("a stranger's guesses do not lock out an address from which the user logged in before", () => {
  const throttle = createThrottle();
  throttle.begin("10.0.0.1", "admin", 0);
  throttle.succeed("10.0.0.1", "admin");
  for (let guess = 0; guess < 9; guess++) throttle.begin(`10.9.0.${guess}`, "admin", 0);
  assert.is(throttle.begin("10.9.1.1", "admin", 0).waitMs, 1_000);
  assert.is(throttle.begin("10.0.0.1", "admin", 0).waitMs, 0);
});

test("a right login does not wash an address clean of its wrong guesses at others", () => {
  const throttle = createThrottle();
  for (let guess = 0; guess < 3; guess++) {
    throttle.begin("10.0.0.1", "admin", 0);
    throttle.begin("10.0.0.1", "viewer", 0);
    throttle.succeed("10.0.0.1", "viewer");
  }
  throttle.begin("10.0.0.1", "admin", 0);
  assert.is(throttle.begin("10.0.0.1", "admin", 0).waitMs, 1_000);
});

test("a withdrawn attempt counts no more", () => {
  const throttle = createThrottle();
  for (let busy = 0; busy < 9; busy++) {
    assert.is(throttle.begin("10.0.0.1", "admin", 0).waitMs, 0);
    throttle.withdraw("10.0.0.1", "admin");
  }
});

test("an hour of quiet is forgotten and the tables are bounded", () => {
  const throttle = createThrottle();
  for (let guess = 0; guess < 9; guess++) throttle.begin("10.0.0.1", "admin", 0);
  assert.is(throttle.begin("10.0.0.1", "admin", 3_600_001).waitMs, 0);
  for (let host = 0; host < 20_000; host++) throttle.begin(`host${host}`, `user${host}`, 0);
  assert.ok(throttle.size <= 4_096 + 512, `${throttle.size}`);
});

test.run();
