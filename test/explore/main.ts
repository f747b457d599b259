/**
 * The explorer's command: every state of small worlds over the real cores, with the result in numbers.
 *
 *   npm run explore -- [--world NAME] [--deep] [--events K] [--states N] [--seconds S] [--json]
 *   npm run explore -- --list
 *   npm run explore -- --mutants [PATTERN]
 *
 * Without --world all worlds of the default set, with --deep all of the other; seconds are those of the
 * processor, per world. The last line is the sum. Exit 1 when an invariant broke or a mutant survived, 2 when
 * the command was not understood. A search that was stopped says so.
 * Source: issue 4 item 7; reliability.md 5.
 */
import { argv, exit, memoryUsage, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { huntMutants } from "./mutants.ts";
import { explore, type Result } from "./search.ts";
import { type SmallWorld, WORLDS, worldNamed } from "./worlds.ts";

const STATES_DEFAULT = 12_000_000;
const SECONDS_DEFAULT = 600;

function fail(text: string): never {
  stderr.write(`explore: ${text}; see the head of test/explore/main.ts\n`);
  exit(2);
}

interface Options {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

function readOptions(): Options {
  const options = {
    world: { type: "string" },
    deep: { type: "boolean" },
    list: { type: "boolean" },
    mutants: { type: "boolean" },
    events: { type: "string" },
    states: { type: "string" },
    seconds: { type: "string" },
    json: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: argv.slice(2), options, allowPositionals: true });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readOptions();

function number(key: string, max: number, otherwise: number): number {
  const text = values[key];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  return fail(`--${key}: expected a whole number 0-${max}, found "${String(text)}"`);
}

function run(world: SmallWorld): Result {
  const events = number("events", 9, world.events);
  const states = number("states", 100_000_000, STATES_DEFAULT);
  const ms = number("seconds", 86_400, SECONDS_DEFAULT) * 1000;
  const model = world.make(events);
  const result = explore(model, { states, ms });
  if (values["json"] === true) {
    stdout.write(`${JSON.stringify({ world: world.name, events, ...result })}\n`);
    return result;
  }
  const { finding, incomplete } = result;
  const seconds = (result.ms / 1000).toFixed(1);
  const healed =
    result.healed === 0 ? "" : `, ${result.healed} healed (${result.down} ends all down)`;
  stdout.write(
    `world ${world.name}: ${world.about}\n  bounds: ${world.bounds}; at most ${events} events\n` +
      `  ${model.sizes?.() ?? ""}, ${Math.round(memoryUsage().rss / 2 ** 20)} MB in all\n` +
      `  ${result.states} states, ${result.transitions} transitions, ${result.depth} steps deep` +
      `${healed}, ${seconds} s of the processor: `,
  );
  if (finding !== null) {
    stdout.write(`VIOLATION\n  ${finding.path.join("\n  ")}\n${finding.shown.join("\n")}\n`);
  } else if (incomplete === null) {
    stdout.write("complete, no violation\n");
  } else {
    stdout.write(`INCOMPLETE, no violation so far: ${incomplete}\n`);
  }
  return result;
}

function runAll(worlds: readonly SmallWorld[]): number {
  const results = worlds.map(run);
  const sum = (of: (result: Result) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const violations = sum(({ finding }) => (finding === null ? 0 : 1));
  const incomplete = sum((result) => (result.incomplete === null ? 0 : 1));
  if (values["json"] !== true) {
    stdout.write(
      `explore: ${worlds.length} worlds, ${sum(({ states }) => states)} states, ` +
        `${sum(({ transitions }) => transitions)} transitions, ` +
        `${worlds.length - incomplete - violations} complete, ${incomplete} incomplete, ` +
        `${violations} violations\n`,
    );
  }
  return violations === 0 ? 0 : 1;
}

function chosen(): readonly SmallWorld[] {
  const name = values["world"];
  if (typeof name !== "string") {
    const set = values["deep"] === true ? "deep" : "default";
    return WORLDS.filter((world) => world.set === set);
  }
  const world = worldNamed(name);
  if (world === null) {
    return fail(`--world: expected ${WORLDS.map((one) => one.name).join(", ")}, found "${name}"`);
  }
  return [world];
}

if (values["list"] === true) {
  for (const { name, set, events, about, bounds } of WORLDS) {
    stdout.write(`${name.padEnd(18)} ${set.padEnd(8)} ${events} events  ${about} (${bounds})\n`);
  }
} else if (values["mutants"] === true) {
  exit(huntMutants(positionals[0] ?? ""));
} else {
  exit(runAll(chosen()));
}
