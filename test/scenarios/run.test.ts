/**
 * Plays every scenario file on real processes, one test per file. KAGE_WORLD says in which world
 * (`rack`, the default, or `lab`); a file is played where its `world=` names it.
 * Several worlds run side by side, each on its own addresses; a story spends its time waiting.
 * A story that failed while the machine was later than P of its timing is played again, alone, and the
 * output says so: beyond P no outcome is stated. The last play counts.
 * KAGE_SET=basic|more plays one of the two sets, without it both. KAGE_TWINS=lab,sim leaves those to the lab that
 * it plays as well, and all but one in SIMULATED_EVERY of the others to the simulator where that plays them too.
 * One story alone: KAGE_SCENARIO_ONLY=name-part node dist/test/scenarios/run.test.js
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isEventKey } from "../../services/catalogue.ts";
import { createLabWorld, labMissing } from "../lab/world.ts";
import { parseScenario, type Scenario, type WorldKind } from "./language.ts";
import { openLatenessMeter } from "./lateness.ts";
import { createRackWorld } from "./rack-world.ts";
import { playScenario, type Report, type StartGate } from "./runner.ts";
import { scenarioFolder } from "./scenario-folder.ts";
import { exemptionOf } from "./sim-exempt.ts";

/** Side by side per core: eight mostly sleeping processes each; more would measure the scheduler. */
const WORLDS_PER_CORE = 2;
/** Stories with a shorter timeout are played alone. */
const QUIET_BELOW_MS = 1000;
/** A story that fails three times on a late machine has failed. */
const REPLAYS_MAX = 2;
/** Labs share nothing but the cores, and mostly wait; with real-time priority they bear more than racks. */
const LABS_AT_ONCE = Math.max(4, availableParallelism());

const worldKind: WorldKind = process.env["KAGE_WORLD"] === "lab" ? "lab" : "rack";
const only = process.env["KAGE_SCENARIO_ONLY"] ?? "";
const set = process.env["KAGE_SET"] ?? "";
const twins = worldKind === "rack" ? (process.env["KAGE_TWINS"] ?? "").split(",") : [];
/** Of the stories that the simulator plays as well, one in so many is played here. */
const SIMULATED_EVERY = 24;
const missing = worldKind === "lab" ? labMissing() : null;

const stories = readStories()
  .filter(
    (story) =>
      (story.scenario?.cluster.worlds.includes(worldKind) ?? true) &&
      !(twins.includes("lab") && story.scenario?.cluster.worlds.includes("lab") === true) &&
      (set === "" || (story.scenario?.cluster.set ?? set) === set) &&
      story.name.includes(only),
  )
  .filter(
    (story, index) =>
      !twins.includes("sim") || index % SIMULATED_EVERY === 0 || exemptionOf(story.name) !== null,
  );

/** A play with how late the machine was meanwhile, ms. */
type Timed = Report & { readonly lateMs: number };

interface Story {
  readonly name: string;
  readonly scenario: Scenario | null;
  readonly faults: string;
}

/** The source folder: compiled output holds no `.txt`. */
function readStories(): readonly Story[] {
  const folder = scenarioFolder();
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
/** Cold starts compete for the cores, and on terminals and namespaces of their own they mostly wait. */
const starts = createLanes(worldKind === "lab" ? LABS_AT_ONCE : cores);

const playable = missing === null ? stories : [];
const quick = ({ scenario }: Story): boolean =>
  scenario !== null && (scenario.cluster.alone || scenario.cluster.timeoutMs < QUIET_BELOW_MS);
/** Those first, one by one, then all others: a scheduling gap of 300 ms must be the story's own. */
const quiet = createLanes(1);
const meter = openLatenessMeter();
const reports = new Map<Story, Promise<Timed>>();
for (const story of playable.filter(quick)) reports.set(story, play(story, quiet));
const calm = Promise.all(reports.values());
for (const story of playable) {
  if (!quick(story))
    reports.set(
      story,
      calm.then(() => play(story, worlds)),
    );
}
const firstPlays = Promise.all(reports.values());
const replays = createLanes(1);
const verdicts = new Map(playable.map((story) => [story, settle(story)]));

/** Waits for all first plays, so that a replay has the machine for itself. */
async function settle(story: Story): Promise<Timed | undefined> {
  let report = await reports.get(story);
  for (let again = 0; again < REPLAYS_MAX && report !== undefined; again += 1) {
    const marginMs = pauseMsOf(story);
    if (report.ok || report.lateMs <= marginMs) return report;
    await firstPlays;
    const late = `the machine was late by ${Math.round(report.lateMs)} ms, its P is ${marginMs} ms`;
    // Nothing is stated of so late a host, but what it did against safety is not passed over in silence.
    const crime = report.isSafe ? "" : "; the oracle found two owners or a program without one";
    process.stdout.write(`replayed: ${story.name} failed while ${late}${crime}\n`);
    report = await play(story, replays);
  }
  return report;
}

function play({ name, scenario, faults }: Story, lanes: StartGate): Promise<Timed> {
  if (scenario === null) {
    const transcript = `${name}\n${faults}`;
    return Promise.resolve({ ok: false, isSafe: true, tookMs: 0, transcript, lateMs: 0 });
  }
  return lanes(async () => {
    const fromMs = Date.now();
    const report = await playScenario(scenario, create(scenario.cluster), undefined, starts);
    return { ...report, lateMs: meter.worstMs(fromMs, Date.now()) };
  });
}

/** P where the configuration gives none: a fortieth of the timeout (services/configuration/budget.ts). */
function pauseMsOf({ scenario }: Story): number {
  return Math.min(250, Math.max(6, Math.ceil((scenario?.cluster.timeoutMs ?? 0) / 40)));
}

for (const story of playable) {
  const { name, scenario } = story;
  test(`${scenario?.title ?? name} [${worldKind}: ${name}]`, async () => {
    const report = await verdicts.get(story);
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

test.after(() => meter.close());

if (missing !== null) process.stdout.write(`# skip ${missing}\n`);
test.run();
