/**
 * Replay window: each number counts once, late ones within 256.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Prng } from "../../../hal/base/prng.ts";
import { REPLAY_WINDOW, ReplayWindow } from "../../../services/heartbeat/replay-window.ts";

function accept(window: ReplayWindow, seq: number): boolean {
  const fresh = window.isFresh(seq);
  if (fresh) window.accept(seq);
  return fresh;
}

test("each number is fresh once, in any order within the window", () => {
  const window = new ReplayWindow();
  const answers = [1, 3, 2, 3, 2, 1, 300, 45, 44, 45, 300].map((seq) => accept(window, seq));
  assert.equal(answers, [true, true, true, false, false, false, true, true, false, false, false]);
});

test("zero is never fresh", () => {
  assert.is(new ReplayWindow().isFresh(0), false);
});

test("a leap forgets the old numbers and makes room for those in between", () => {
  const window = new ReplayWindow();
  for (let seq = 1; seq <= REPLAY_WINDOW; seq += 1) assert.is(accept(window, seq), true);
  const far = 2 ** 47;
  assert.is(accept(window, far), true);
  assert.is(accept(window, REPLAY_WINDOW), false);
  assert.is(accept(window, far - REPLAY_WINDOW), false);
  assert.is(accept(window, far - REPLAY_WINDOW + 1), true);
  assert.is(accept(window, far - 1), true);
  assert.is(accept(window, far - 1), false);
});

test("the window agrees with a set of all numbers seen over a long random run", () => {
  const random = new Prng(11);
  const window = new ReplayWindow();
  const seen = new Set<number>();
  let newest = 0;
  for (let round = 0; round < 50_000; round += 1) {
    const seq = Math.max(1, newest + 20 - random.below(random.chance(0.01) ? 800 : 320));
    const expected = seq > newest - REPLAY_WINDOW && !seen.has(seq);
    assert.is(accept(window, seq), expected, `round ${round} seq ${seq} newest ${newest}`);
    if (expected) seen.add(seq);
    newest = Math.max(newest, seq);
  }
});

test.run();
