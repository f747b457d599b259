/**
 * A few seeded storms over majority clusters on every run; thousands are run by hand (`npm run sim`).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawPlan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";

for (const [size, from, count] of [
  [3, 1, 10],
  [4, 201, 4],
  [5, 401, 3],
] as const) {
  test(`protocol 1.3-1.4: ${count} storms over ${size} servers, never two owners, one cluster after`, () => {
    for (let seed = from; seed < from + count; seed += 1) {
      const { problems, log } = runPlan(drawPlan(seed, size));
      assert.equal(problems, [], `seed ${seed}\n${log.slice(-80).join("\n")}`);
    }
  });
}

test("reliability 2.2: the same plan is the same run", () => {
  assert.is(runPlan(drawPlan(77, 3)).trace, runPlan(drawPlan(77, 3)).trace);
});

test.run();
