/**
 * Plays every scenario file that has no need of real processes in the simulator: the same text, the same
 * facts, the same oracle, in virtual time, with as many seeds for what the product leaves open as asked for.
 * A story that is not played stands in sim-exempt.ts with its reason, one that is played must not.
 * KAGE_SCENARIO_ONLY=name-part plays one; KAGE_SEEDS=N says how often, default once. Source: work order 4 item 9.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario, type Scenario } from "./language.ts";
import { playScenario } from "./runner.ts";
import { scenarioFolder } from "./scenario-folder.ts";
import { NotSimulated } from "./sim-cluster.ts";
import { EXEMPT, exemptionOf, PLAYED_LEAST, unsaid } from "./sim-exempt.ts";
import { SimWorld } from "./sim-world.ts";

const SEEDS = Number(process.env["KAGE_SEEDS"] ?? "1");
const only = process.env["KAGE_SCENARIO_ONLY"] ?? "";
const folder = scenarioFolder();
const files = readdirSync(folder).filter((file) => file.endsWith(".txt") && file.includes(only));
const names: string[] = [];
let played = 0;

for (const file of files.sort()) {
  const name = basename(file, ".txt");
  const parsed = parseScenario(name, readFileSync(join(folder, file), "utf8"));
  if (parsed.kind === "malformed") continue;
  const { scenario } = parsed;
  names.push(name);
  test(`${scenario.title} [sim: ${name}]`, async () => {
    const exemption = exemptionOf(name);
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const why = await play(scenario, seed);
      assert.is(why, exemption, `why ${name} is left out, against sim-exempt.ts`);
      if (why !== null) return;
    }
    played += 1;
  });
}

/** Why the story is none of the simulator's; null = it was played. */
async function play(scenario: Scenario, seed: number): Promise<string | null> {
  const missing = unsaid(scenario);
  if (missing !== null) return missing;
  let world: SimWorld;
  try {
    world = new SimWorld(scenario.cluster, seed);
  } catch (error) {
    if (error instanceof NotSimulated) return error.message;
    throw error;
  }
  const report = await playScenario(scenario, world);
  const why = /NotSimulated: (.*)/.exec(report.transcript)?.[1];
  if (why !== undefined) return why;
  assert.ok(report.ok, `seed ${seed}\n${report.transcript}`);
  assert.equal(world.violations, [], `seed ${seed}: invariants of the simulator`);
  return null;
}

test("every story is played in the simulator but those that sim-exempt.ts names", () => {
  const left = Object.values(EXEMPT).flat();
  process.stdout.write(`${played} stories played, ${left.length} need what has no model\n`);
  if (only !== "") return;
  assert.is(played, names.length - left.length);
  assert.ok(played >= PLAYED_LEAST, `${played} played, at least ${PLAYED_LEAST} could be`);
  assert.equal(
    left.filter((name) => !names.includes(name)),
    [],
    "named, and no story",
  );
});

test.run();
