/**
 * Plays every scenario file that has no need of real processes in the simulator: the same text, the same
 * facts, the same oracle, in virtual time, with as many seeds for what the product leaves open as asked for.
 * KAGE_SCENARIO_ONLY=name-part plays one; KAGE_SEEDS=N says how often, default once. Source: work order 4 item 9.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario, type Scenario } from "./language.ts";
import { playScenario } from "./runner.ts";
import { scenarioFolder } from "./scenario-folder.ts";
import { NotSimulated, SimWorld } from "./sim-world.ts";

const SEEDS = Number(process.env["KAGE_SEEDS"] ?? "1");
const only = process.env["KAGE_SCENARIO_ONLY"] ?? "";
const folder = scenarioFolder();
const files = readdirSync(folder).filter((file) => file.endsWith(".txt") && file.includes(only));
let played = 0;
const left: string[] = [];

for (const file of files.sort()) {
  const name = basename(file, ".txt");
  const parsed = parseScenario(name, readFileSync(join(folder, file), "utf8"));
  if (parsed.kind === "malformed") continue;
  const { scenario } = parsed;
  test(`${scenario.title} [sim: ${name}]`, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const why = await play(scenario, seed);
      if (why === null) continue;
      left.push(`${name}: ${why}`);
      return;
    }
    played += 1;
  });
}

/** Noted by processes beside the cores: their models do what they do and say nothing of it. */
const UNSAID: readonly string[] = [
  "agent.orphaned",
  "emergency.recorded",
  "pulse.restarted",
  "pulse.stalled",
  "shutdown.clean-mark",
  "start.first",
  "start.unclean",
  "start.waiting",
];

function unsaid({ blocks }: Scenario): string | null {
  const isUnsaid = (key: string): boolean => UNSAID.includes(key) || key.startsWith("blackbox.");
  for (const { fact } of blocks.flatMap(({ facts }) => facts)) {
    if (fact.kind === "event" && fact.wanted && isUnsaid(fact.key)) return `event ${fact.key}`;
    if (fact.kind === "warning" && fact.wanted && isUnsaid(fact.key)) return `warning ${fact.key}`;
  }
  return null;
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

test("most stories have their place in the simulator too", () => {
  process.stdout.write(`${played} stories played, ${left.length} need real processes\n`);
  if (only === "") assert.ok(played >= 60, `${played}\n${left.join("\n")}`);
});

test.run();
