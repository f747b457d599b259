/**
 * Plans that once broke an invariant, cut down and kept (test/regress): none of them does again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readPlan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";

const REGRESS = fileURLToPath(new URL("../../../test/regress/", import.meta.url));

for (const name of readdirSync(REGRESS)) {
  test(`reliability 2.4: ${name} does not fail again`, () => {
    const read = readPlan(readFileSync(join(REGRESS, name), "utf8"));
    if (read.kind === "refused") throw new Error(read.text);
    const { problems, log } = runPlan(read.plan);
    assert.equal(problems, [], log.slice(-80).join("\n"));
  });
}

test.run();
