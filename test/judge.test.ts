/**
 * The gate must not be fooled: each known way in which uvu answers "fine" to a file that tested
 * nothing, and the sums.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FileRun, judge, sumLine } from "./judge.ts";

const summary = (total: number, passed: number, skipped = 0): string =>
  `• •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1.23ms\n\n`;

const ended = (output: string, over: Partial<FileRun> = {}): FileRun => ({
  path: "a.test.js",
  output,
  code: 0,
  signal: null,
  stopped: null,
  tookMs: 5,
  ...over,
});

test("a file whose tests all pass counts them and has no problem", () => {
  const result = judge(ended(summary(3, 3)), undefined);
  assert.equal(result.sum, { passed: 3, failed: 0, skipped: 0 });
  assert.equal(result.problems, []);
});

test("failed tests are counted once, without a second failure for the exit code", () => {
  assert.equal(judge(ended(summary(5, 3), { code: 1 }), undefined).sum, {
    passed: 3,
    failed: 2,
    skipped: 0,
  });
});

test("a file without run() prints nothing, exits 0 and fails", () => {
  const result = judge(ended(""), undefined);
  assert.is(result.sum.failed, 1);
  assert.match(result.problems[0] ?? "", "test.run() is missing");
});

test("a file with run() but no test fails, unless it says why it skips", () => {
  assert.is(judge(ended(summary(0, 0)), undefined).sum.failed, 1);
  assert.equal(judge(ended(`# skip needs root\n${summary(0, 0)}`), undefined).sum, {
    passed: 0,
    failed: 0,
    skipped: 1,
  });
});

test("a leaked handle and a missed deadline fail although every test passed", () => {
  const leak = judge(ended(summary(2, 2), { stopped: "leak", code: null, signal: "SIGTERM" }), "");
  assert.equal(leak.sum, { passed: 2, failed: 1, skipped: 0 });
  const late = judge(ended("", { stopped: "timeout", code: null, signal: "SIGKILL" }), "");
  assert.is(late.sum.failed, 1);
});

test("a process that ends badly after its tests passed fails", () => {
  assert.is(judge(ended(summary(2, 2), { code: 7 }), undefined).sum.failed, 1);
});

test("on the build machine an unexpected skip fails and an expected one does not", () => {
  const unexpected = ended(`# skip needs root\n${summary(1, 1)}`);
  assert.equal(judge(unexpected, "true").sum, { passed: 1, failed: 1, skipped: 1 });
  assert.equal(judge(unexpected, undefined).sum, { passed: 1, failed: 0, skipped: 1 });
  const expected = ended(`# skip rack only: torn write\n${summary(1, 1)}`);
  assert.equal(judge(expected, "true").sum, { passed: 1, failed: 0, skipped: 1 });
  assert.is(judge(ended(summary(1, 1, 1)), "true").sum.failed, 1);
});

test("the last line is the one the gate reads", () => {
  assert.is(sumLine({ passed: 12, failed: 0, skipped: 3 }), "12 passed, 0 failed, 3 skipped");
});

test.run();
