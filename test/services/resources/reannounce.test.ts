/** Announcing and damped re-announcing: a table of claims with the verdict worked out by hand. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  announceSchedule,
  createReannounce,
  judgeForeignClaim,
} from "../../../services/resources/reannounce.ts";

/** [moment ms, lease, announce, alert] */
type Row = readonly [number, boolean, boolean, boolean];

function play(rows: readonly Row[]): void {
  let state = createReannounce();
  for (const [atMs, mayAnnounce, announce, alert] of rows) {
    const verdict = judgeForeignClaim(state, atMs, mayAnnounce);
    const got = { announce: verdict.announce, alert: verdict.alert };
    assert.equal(got, { announce, alert }, `claim at ${atMs}`);
    state = verdict.state;
  }
}

test("R113: five announcements at once and five after five seconds", () => {
  const five = (atMs: number): number[] => [atMs, atMs, atMs, atMs, atMs];
  assert.equal(announceSchedule(700), [...five(700), ...five(5700)]);
});

test("R113 RFC 5227 2.4: three answers, then one alert and silence while the quarrel lasts", () => {
  play([
    [0, true, true, true],
    [10, true, true, false],
    [20, true, true, false],
    [30, true, false, true],
    [40, true, false, false],
    [29_999, true, false, false],
    [59_998, true, false, false],
  ]);
});

test("a window without any claim ends the silence", () => {
  play([
    [0, true, true, true],
    [1, true, true, false],
    [2, true, true, false],
    [3, true, false, true],
    [30_003, true, true, true],
  ]);
});

test("claims that come slowly enough are all answered", () => {
  play([
    [0, true, true, true],
    [10_000, true, true, false],
    [20_000, true, true, false],
    [30_000, true, true, false],
    [40_000, true, true, false],
  ]);
});

test("the fourth claim just inside the window is damped", () => {
  play([
    [0, true, true, true],
    [10_000, true, true, false],
    [20_000, true, true, false],
    [29_999, true, false, true],
  ]);
});

test("without a lease a claim is never answered, but told once", () => {
  play([
    [0, false, false, true],
    [10, false, false, false],
    [20, true, true, false],
  ]);
});

test("a clock that steps back opens no new window", () => {
  play([
    [100_000, true, true, true],
    [0, true, true, false],
    [0, true, true, false],
    [0, true, false, true],
  ]);
});

test.run();
