/**
 * The explorer's command: every state of a small world over the real cores, with the result in numbers.
 *
 *   npm run explore -- [--world a|b|c] [--events K] [--rounds R] [--states N] [--seconds S] [--json]
 *
 * Without --world all three, each with numbers that aim at a minute on one idle core. Exit 1 when an
 * invariant broke, 2 when the command was not understood. A search that was stopped says so.
 * Source: issue 4 item 7; reliability.md 5.
 */
import { argv, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { PairModel } from "./pair.ts";
import { explore, type Result } from "./search.ts";
import { TrioModel } from "./trio.ts";

const WORLDS = ["a", "b", "c"] as const;
type WorldName = (typeof WORLDS)[number];

/**
 * Aims at a minute on one idle core. a: up to the last feed of a watchdog; b: one period of the disk's probes;
 * c: the second order meets
 * the first one under way.
 */
const DEFAULTS: Readonly<Record<WorldName, { readonly events: number; readonly rounds: number }>> =
  {
    a: { events: 2, rounds: 6 },
    b: { events: 1, rounds: 10 },
    c: { events: 2, rounds: 1 },
  };
const STATES_DEFAULT = 3_000_000;
const SECONDS_DEFAULT = 600;

function fail(text: string): never {
  stderr.write(`explore: ${text}; see the head of test/explore/main.ts\n`);
  exit(2);
}

function readOptions(): Readonly<Record<string, string | boolean | undefined>> {
  const options = {
    world: { type: "string" },
    events: { type: "string" },
    rounds: { type: "string" },
    states: { type: "string" },
    seconds: { type: "string" },
    json: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: argv.slice(2), options }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const values = readOptions();

function number(key: string, max: number, otherwise: number): number {
  const text = values[key];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  return fail(`--${key}: expected a whole number 0-${max}, found "${text}"`);
}

function run(name: WorldName): Result {
  const events = number("events", 9, DEFAULTS[name].events);
  const rounds = number("rounds", 10_000, DEFAULTS[name].rounds);
  const states = number("states", 14_000_000, STATES_DEFAULT);
  const ms = number("seconds", 86_400, SECONDS_DEFAULT) * 1000;
  const limits = { states, ms, rounds };
  const result =
    name === "b"
      ? explore(new PairModel({ events }), limits)
      : explore(new TrioModel({ events, menu: name }), limits);
  if (values["json"] === true) {
    stdout.write(`${JSON.stringify({ world: name, events, eventRounds: rounds, ...result })}\n`);
  } else {
    print(name, events, rounds, result);
  }
  return result;
}

function print(name: WorldName, events: number, rounds: number, result: Result): void {
  const { states, transitions, healed, finding, incomplete, down, ms } = result;
  stdout.write(
    `world ${name}: at most ${events} events within ${rounds} rounds: ${states} states, ` +
      `${transitions} transitions, ${result.rounds} rounds deep, ${healed} healed states ` +
      `(${down} ends all down), ${(ms / 1000).toFixed(1)} s: `,
  );
  if (finding !== null) {
    stdout.write(`VIOLATION\n  ${finding.path.join("\n  ")}\n${finding.shown.join("\n")}\n`);
  } else {
    stdout.write(
      incomplete === null
        ? "complete, no violation\n"
        : `no violation; incomplete: ${incomplete}\n`,
    );
  }
}

const wanted = values["world"];
const names = WORLDS.filter((name) => wanted === undefined || wanted === name);
if (names.length === 0) fail(`--world: expected a, b or c, found "${wanted}"`);
const results = names.map(run);
exit(results.some(({ finding }) => finding !== null) ? 1 : 0);
