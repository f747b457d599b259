/**
 * The explorer's command: every state of small worlds over the real cores, with the result in numbers.
 * `npm run explore -- --help` says what may be asked; the last line is the sum.
 * Source: issue 4 item 7; reliability.md 5.
 */
import { argv, exit, memoryUsage, stderr, stdout } from "node:process";
import { unreachable } from "../../hal/base/assert.ts";
import { endHunt, huntMutants, mutantsNamed } from "./mutants.ts";
import { type Bounds, type Command, readCommand, USAGE } from "./options.ts";
import { explore, type Result } from "./search.ts";
import { type SmallWorld, WORLDS } from "./worlds.ts";

const FOUND = 1;
const MISUNDERSTOOD = 2;
const GIVEN_UP = 3;

function fail(text: string): number {
  stderr.write(`explore: ${text}; --help says what is understood\n`);
  return MISUNDERSTOOD;
}

function run(world: SmallWorld, bounds: Bounds, json: boolean): Result {
  const events = bounds.events ?? world.events;
  const model = world.make(events);
  const result = explore(model, { states: bounds.states, ms: bounds.seconds * 1000 });
  if (json) {
    stdout.write(`${JSON.stringify({ world: world.name, events, ...result })}\n`);
    return result;
  }
  const seconds = (result.ms / 1000).toFixed(1);
  const healed =
    result.healed === 0 ? "" : `, ${result.healed} healed (${result.down} ends all down)`;
  stdout.write(
    `world ${world.name}: ${world.about}\n  bounds: ${world.bounds}; at most ${events} events\n` +
      `  ${model.sizes?.() ?? ""}, ${Math.round(memoryUsage().rss / 2 ** 20)} MB in all\n` +
      `  ${result.states} states, ${result.transitions} transitions, ${result.depth} steps deep` +
      `${healed}, ${seconds} s of the processor: ${endOf(result)}\n`,
  );
  return result;
}

function endOf({ finding, incomplete, states, frontier }: Result): string {
  if (finding !== null) {
    return `VIOLATION\n  ${finding.path.join("\n  ")}\n${finding.shown.join("\n")}`;
  }
  if (incomplete === null) return "complete, no violation";
  return (
    `INCOMPLETE, no violation so far: ${states} states, frontier ${frontier} ` +
    `(given up by the bound of ${incomplete})`
  );
}

function search({ worlds, bounds, json, mustComplete }: Command & { kind: "search" }): number {
  const results = worlds.map((world) => run(world, bounds, json));
  const sum = (of: (result: Result) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const violations = sum(({ finding }) => (finding === null ? 0 : 1));
  const incomplete = sum((result) => (result.incomplete === null ? 0 : 1));
  if (!json) {
    const frontier = sum((result) => (result.incomplete === null ? 0 : result.frontier));
    stdout.write(
      `explore: ${worlds.length} worlds, ${sum(({ states }) => states)} states, ` +
        `${sum(({ transitions }) => transitions)} transitions, ` +
        `${worlds.length - incomplete - violations} complete, ${incomplete} incomplete` +
        `${incomplete === 0 ? "" : ` (frontier ${frontier})`}, ${violations} violations\n`,
    );
  }
  if (violations > 0) return FOUND;
  return incomplete > 0 && mustComplete ? GIVEN_UP : 0;
}

async function obey(command: Command): Promise<number> {
  switch (command.kind) {
    case "help":
      stdout.write(USAGE);
      return 0;
    case "wrong":
      return fail(command.text);
    case "list":
      for (const { name, set, events, about, bounds } of WORLDS) {
        const head = `${name.padEnd(20)} ${set.padEnd(8)} ${events} events`;
        stdout.write(`${head}  ${about} (${bounds})\n`);
      }
      return 0;
    case "mutants": {
      const { pattern } = command;
      if (mutantsNamed(pattern).length === 0) {
        return fail(`--mutants: no mutant has "${pattern.source}" in its name`);
      }
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.on(signal, () => {
          endHunt();
          exit(130);
        });
      }
      return huntMutants(command);
    }
    case "search":
      return search(command);
    default:
      return unreachable(command);
  }
}

process.exitCode = await obey(readCommand(argv.slice(2)));
