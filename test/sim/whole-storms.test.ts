/**
 * Seeded storms over whole simulated clusters of every method: all invariants in every moment, one cluster after
 * the healing. A few on every run; thousands are run by hand (`npm run sim`).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runStorm } from "./run-storm.ts";
import { SETTING_NAMES } from "./settings.ts";
import { drawStorm } from "./storm.ts";

const FIRST = 1;
const COUNT = 3;

for (const setting of SETTING_NAMES) {
  test(`reliability 2.5: ${COUNT} storms over ${setting} break no invariant`, () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      const { violations, world } = runStorm(drawStorm(seed, setting));
      assert.equal(violations, [], `seed ${seed}\n${world.traced.slice(-60).join("\n")}`);
    }
  });
}

test("reliability 2.2: the same storm is the same run, and another seed another", () => {
  const [a, b] = [drawStorm(77, "com-disk"), drawStorm(78, "com-disk")];
  assert.is(runStorm(a).trace, runStorm(a).trace);
  assert.is.not(runStorm(a).trace, runStorm(b).trace);
});

test.run();
