/**
 * A few seeded storms with the real failover core in every agent: words, orders and starts are its own, and
 * operators give orders all the while, and the group has an owner from the moment at which the core orders its start.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawPlan } from "./plan.ts";
import { realTurns } from "./real-agent.ts";
import { runPlan } from "./run-plan.ts";

for (const [size, from, count] of [
  [3, 1, 8],
  [4, 201, 3],
  [5, 401, 3],
] as const) {
  test(`protocol 1.4.5-1.4.8: ${count} storms over ${size} real agents, never two owners, one cluster after`, () => {
    for (let seed = from; seed < from + count; seed += 1) {
      const plan = drawPlan(seed, size);
      const { problems, log } = runPlan(plan, realTurns(plan.healAtMs));
      assert.equal(problems, [], `seed ${seed}\n${log.slice(-80).join("\n")}`);
    }
  });
}

test.run();
