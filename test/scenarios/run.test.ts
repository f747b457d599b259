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
import { playScenario, type Report, type StartGate } from "./runner.ts";

/** Side by side per core: eight mostly sleeping processes each; more would measure the scheduler. */
const WORLDS_PER_CORE = 2;
/** Stories with a shorter timeout are played alone. */
const QUIET_BELOW_MS = 1000;
/** Labs share nothing but the cores. */
const LABS_AT_ONCE = Math.max(1, availableParallelism() - 1);

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

/** At most `lanes` at once, in the order asked. */
function createLanes(lanes: number): StartGate {
  const waiting: (() => void)[] = [];
  let free = lanes;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

const create = worldKind === "lab" ? createLabWorld : createRackWorld;
const cores = availableParallelism();
const worlds = createLanes(worldKind === "lab" ? LABS_AT_ONCE : WORLDS_PER_CORE * cores);
const starts = createLanes(Math.max(1, Math.floor(cores / 2)));

const playable = missing === null ? stories : [];
const quick = ({ scenario }: Story): boolean =>
  scenario !== null && (scenario.cluster.alone || scenario.cluster.timeoutMs < QUIET_BELOW_MS);
/** Those first, one by one, then all others: a scheduling gap of 300 ms must be the story's own. */
const quiet = createLanes(1);
const reports = new Map<Story, Promise<Report>>();
for (const story of playable.filter(quick)) reports.set(story, play(story, quiet));
const calm = Promise.all(reports.values());
for (const story of playable) {
  if (!quick(story))
    reports.set(
      story,
      calm.then(() => play(story, worlds)),
    );
}

function play({ name, scenario, faults }: Story, lanes: StartGate): Promise<Report> {
  if (scenario === null) {
    return Promise.resolve({ ok: false, tookMs: 0, transcript: `${name}\n${faults}` });
  }
  return lanes(() => playScenario(scenario, create(scenario.cluster), undefined, starts));
}

for (const story of playable) {
  const { name, scenario } = story;
  test(`${scenario?.title ?? name} [${worldKind}: ${name}]`, async () => {
    const report = await reports.get(story);
    assert.ok(report?.ok, `${name} failed after ${report?.tookMs} ms\n${report?.transcript}`);
  });
}

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
