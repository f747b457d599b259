/**
 * Plays every scenario file on real processes, one test per file. KAGE_WORLD says in which world
 * (`rack`, the default, or `lab`); a file is played where its `world=` names it.
 * Several worlds run side by side, each on its own addresses; a story spends its time waiting.
 * One story alone: KAGE_SCENARIO_ONLY=name-part node dist/test/scenarios/run.test.js
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isEventKey } from "../../services/catalogue.ts";
import { createLabWorld, labMissing } from "../lab/world.ts";
import { parseScenario, type Scenario, type WorldKind } from "./language.ts";
import { createRackWorld } from "./rack-world.ts";
import { playScenario, type Report } from "./runner.ts";

/** Side by side per core: eight mostly sleeping processes each; more would measure the scheduler. */
const WORLDS_PER_CORE = 2;
/** The lab shares the host's interfaces and has one set of names. */
const LABS_AT_ONCE = 1;

const worldKind: WorldKind = process.env["KAGE_WORLD"] === "lab" ? "lab" : "rack";
const only = process.env["KAGE_SCENARIO_ONLY"] ?? "";
const missing = worldKind === "lab" ? labMissing() : null;

const stories = readStories().filter(
  (story) =>
    (story.scenario?.cluster.worlds.includes(worldKind) ?? true) && story.name.includes(only),
);

interface Story {
  readonly name: string;
  readonly scenario: Scenario | null;
  readonly faults: string;
}

/** The source folder: compiled output holds no `.txt`. */
function readStories(): readonly Story[] {
  const folder = join(projectRoot(), "test", "scenarios");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".txt"))
    .sort()
    .map((file) => {
      const name = basename(file, ".txt");
      const parsed = parseScenario(name, readFileSync(join(folder, file), "utf8"));
      if (parsed.kind === "scenario") return { name, scenario: parsed.scenario, faults: "" };
      const faults = parsed.faults.map((f) => `${file}:${f.line}: expected ${f.expected}`);
      return { name, scenario: null, faults: faults.join("\n") };
    });
}

function projectRoot(): string {
  const compiled = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (let folder = compiled; ; folder = dirname(folder)) {
    if (readdirSync(folder).includes("package.json")) {
      return dirname(realpathSync(join(folder, "package.json")));
    }
    if (folder === dirname(folder)) throw new Error(`no package.json above ${compiled}`);
  }
}

type Play = () => Promise<Report>;

/** Starts the plays in order, at most `lanes` at once; each test awaits its own. */
function inLanes(plays: readonly Play[], lanes: number): readonly Promise<Report>[] {
  const waiting: (() => void)[] = [];
  let free = lanes;
  return plays.map(async (play) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await play();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  });
}

const create = worldKind === "lab" ? createLabWorld : createRackWorld;
const lanes = worldKind === "lab" ? LABS_AT_ONCE : WORLDS_PER_CORE * availableParallelism();
const playable = missing === null ? stories : [];
const reports = inLanes(
  playable.map(({ name, scenario, faults }) => async () => {
    if (scenario === null) return { ok: false, tookMs: 0, transcript: `${name}\n${faults}` };
    return playScenario(scenario, create(scenario.cluster));
  }),
  lanes,
);

playable.forEach(({ name, scenario }, index) => {
  test(`${scenario?.title ?? name} [${worldKind}: ${name}]`, async () => {
    const report = await reports[index];
    assert.ok(report?.ok, `${name} failed after ${report?.tookMs} ms\n${report?.transcript}`);
  });
});

test("every scenario file is a story in a world", () => {
  assert.ok(stories.length > 0, `no scenario named like "${only}" for the world ${worldKind}`);
});

test("every event and warning a scenario names is in the catalogue", () => {
  const unknown = stories.flatMap(({ name, scenario }) =>
    (scenario?.blocks ?? [])
      .flatMap((block) => block.facts)
      .flatMap(({ fact }) => (fact.kind === "event" || fact.kind === "warning" ? [fact.key] : []))
      .filter((key) => !isEventKey(key))
      .map((key) => `${name}: ${key}`),
  );
  assert.equal(unknown, []);
});

if (missing !== null) process.stdout.write(`# skip ${missing}\n`);
test.run();
