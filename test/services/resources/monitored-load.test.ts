/** The rules of ARMLOAD as D21 has them, one row per case, written by hand. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { judgeLoadEnd, type LoadRules } from "../../../services/resources/monitored-load.ts";

const HOUR_MS = 3_600_000;

const rules = (change: Partial<LoadRules> = {}): LoadRules => ({
  restartMax: 0,
  forgetHours: null,
  failsOver: false,
  isMonitored: false,
  ...change,
});

const ends: readonly [string, LoadRules, number | null, string][] = [
  ["D21: a normal end is no failure", rules({ restartMax: 9, failsOver: true }), 0, "ended"],
  ["R155: /R restarts an abnormal end", rules({ restartMax: 1 }), 1, "restart"],
  ["R155: a signal is an abnormal end", rules({ restartMax: 1 }), 137, "restart"],
  ["R155: an end that nobody heard is abnormal", rules({ restartMax: 1 }), null, "restart"],
  ["D21: /FOV without /R fails over at the first", rules({ failsOver: true }), 1, "failover"],
  ["D21: /M fails over without a restart", rules({ isMonitored: true }), 1, "failover"],
  ["D21: neither of them is an alert", rules(), 1, "alert"],
];

for (const [name, given, status, kind] of ends) {
  test(name, () => assert.is(judgeLoadEnd(given, [], status, 1000).kind, kind));
}

test("R155, R157: nine restarts, and the tenth end fails the group over", () => {
  const given = rules({ restartMax: 9, forgetHours: 1, failsOver: true });
  let restarts: readonly number[] = [];
  for (let end = 1; end <= 9; end += 1) {
    const verdict = judgeLoadEnd(given, restarts, 1, end * 1000);
    assert.is(verdict.kind, "restart", `end ${end}`);
    if (verdict.kind === "restart") restarts = verdict.restartsAtMs;
  }
  assert.is(restarts.length, 9);
  assert.is(judgeLoadEnd(given, restarts, 1, 10_000).kind, "failover");
});

test("R156: a restart is forgotten after /H hours, and never without /H", () => {
  const hour = rules({ restartMax: 1, forgetHours: 1 });
  assert.is(judgeLoadEnd(hour, [0], 1, HOUR_MS - 1).kind, "alert");
  assert.equal(judgeLoadEnd(hour, [0], 1, HOUR_MS), {
    kind: "restart",
    restartsAtMs: [HOUR_MS],
  });
  const never = rules({ restartMax: 1 });
  assert.is(judgeLoadEnd(never, [0], 1, 1000 * HOUR_MS).kind, "alert");
});

test.run();
