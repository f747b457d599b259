/** Where a group goes: the policy alone decides, in its order. Expectations from guide 2.2.3 and R52-R54. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ServerIndex } from "../../../hal/base/ids.ts";
import type { GroupConfig } from "../../../services/configuration/model.ts";
import { place } from "../../../services/failover/plan.ts";

const group = (...policy: ServerIndex[]): GroupConfig =>
  ({ name: "web", policy, start: "auto", resources: [] }) as unknown as GroupConfig;

test("R52: a group goes to no server outside its policy, however many live", () => {
  assert.is(place(group(1), [0, 1, 2], []), 1);
  assert.is(place(group(1), [0, 2], []), null);
  assert.is(place(group(2, 1), [0], []), null);
});

test("R53: the first live server of the policy is taken, not the first of the list of servers", () => {
  assert.is(place(group(2, 0, 1), [0, 1, 2], []), 2);
  assert.is(place(group(2, 0, 1), [0, 1], []), 0);
  assert.is(place(group(2, 0, 1), [1], []), 1);
});

test("R54: without a live server of the policy, or where all of them failed, there is no place", () => {
  assert.is(place(group(0, 1), [], []), null);
  assert.is(place(group(0, 1), [0, 1], [0]), 1);
  assert.is(place(group(0, 1), [0, 1], [1, 0]), null);
});

test.run();
