/**
 * Timeline: due calls run in order of time and arrival, and not at all once cancelled.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Timeline } from "../../../hal/base/timeline.ts";

test("calls run in order of time, then of arrival, each at its own time", () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${timeline.nowMs()}`);
  timeline.after(20, note("late"));
  timeline.after(10, note("first"));
  timeline.after(10, note("second"));
  timeline.after(31, note("never"));
  timeline.advance(30);
  assert.equal(seen, ["first@10", "second@10", "late@20"]);
  assert.is(timeline.nowMs(), 30);
});

test("a call may schedule another that falls due in the same advance", () => {
  const timeline = new Timeline();
  const seen: number[] = [];
  timeline.after(5, () => {
    seen.push(timeline.nowMs());
    timeline.after(5, () => seen.push(timeline.nowMs()));
  });
  timeline.advance(10);
  assert.equal(seen, [5, 10]);
});

test("a cancelled call does not run, also when an earlier one cancels it", () => {
  const timeline = new Timeline();
  let ran = 0;
  const cancel = timeline.after(10, () => {
    ran += 1;
  });
  timeline.after(10, () => {
    ran += 10;
  });
  timeline.after(5, () => cancel());
  timeline.advance(100);
  cancel();
  assert.is(ran, 10);
});

test.run();
