/**
 * What the agent teaches a new pulse of the lease: the newest that it was told, in facts or in a short word.
 * Source: R22; services/facts.ts (AliveWord); protocol.md 1.3.2.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withNewestAck } from "../../../firmware/agent/duties.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import type { Wish } from "../../../services/events.ts";

const viewOf = (counter: number): View => ({
  epoch: { counter, coordinator: 0, host: hostIncarnation("00000000000000aa") },
  members: [0, 1],
});
const resume = (ackedStampMs: number | null): Wish => ({
  kind: "resume",
  view: viewOf(4),
  ackedStampMs,
  remembered: true,
});

test("R22: a word that is newer than the facts says how long the lease was, not the facts", () => {
  const told = withNewestAck(resume(5000), { view: viewOf(4), ackedMs: 5900 });
  assert.equal(told, resume(5900));
  assert.equal(withNewestAck(resume(null), { view: viewOf(4), ackedMs: 5900 }), resume(5900));
});

test("1.3.2: nothing lengthens the lease of another view, nor shortens the known one", () => {
  assert.equal(withNewestAck(resume(5000), { view: viewOf(3), ackedMs: 5900 }), resume(5000));
  assert.equal(withNewestAck(resume(5000), { view: viewOf(4), ackedMs: 4100 }), resume(5000));
  assert.equal(withNewestAck(resume(5000), { view: viewOf(4), ackedMs: null }), resume(5000));
  assert.equal(withNewestAck(resume(5000), null), resume(5000));
});

test("1.3.2: other wishes are told as they are", () => {
  const leave: Wish = { kind: "leave" };
  assert.is(withNewestAck(leave, { view: viewOf(4), ackedMs: 5900 }), leave);
});

test.run();
