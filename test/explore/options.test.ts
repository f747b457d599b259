/**
 * The words of the explorer's command: what is understood, and the one line for whatever is not.
 * Source: issue 4 item 7.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Command, readCommand } from "./options.ts";

const search = (...args: readonly string[]): Command & { kind: "search" } => {
  const command = readCommand(args);
  if (command.kind !== "search") throw new Error(`expected a search, found ${command.kind}`);
  return command;
};

test("without a word all worlds of the default set are searched, with --deep the other set", () => {
  const names = search().worlds.map(({ name }) => name);
  assert.ok(names.includes("majority") && names.includes("claim"));
  assert.not.ok(names.includes("claim-lossy-com"));
  assert.equal(search().bounds, { events: null, states: 12_000_000, seconds: 600 });
  assert.ok(search("--deep").worlds.some(({ name }) => name === "claim-lossy-com"));
  assert.not.ok(search("--deep").worlds.some(({ name }) => name === "claim"));
});

test("bounds are taken as said", () => {
  const { worlds, bounds, json, mustComplete } = search(
    ...["--world", "orders", "--events", "0", "--states", "7", "--seconds", "3"],
    ...["--json", "--complete"],
  );
  assert.equal(
    worlds.map(({ name }) => name),
    ["orders"],
  );
  assert.equal(bounds, { events: 0, states: 7, seconds: 3 });
  assert.ok(json && mustComplete);
});

test("mutants are chosen by a pattern without regard to case", () => {
  const command = readCommand(["--mutants", "^l3 ", "--jobs", "2", "--seconds", "9"]);
  if (command.kind !== "mutants") throw new Error(`expected mutants, found ${command.kind}`);
  assert.ok(command.pattern.test("L3 a restarted pulse"));
  assert.not.ok(command.pattern.test("1.3.2 L3 x"));
  assert.is(command.jobs, 2);
  assert.is(command.seconds, 9);
});

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [["--foo"], /^Unknown option '--foo'$/],
  [["--events"], /--events.*argument missing/],
  [["--events", "10"], /^--events: expected a whole number 0-9, found "10"$/],
  [["--events", "-1"], /--events/],
  [["--states", "1e3"], /^--states: expected a whole number 0-100000000, found "1e3"$/],
  [["--seconds", ""], /^--seconds: expected a whole number 0-86400, found ""$/],
  [["--world", "nowhere"], /^--world: expected one of majority, .* found "nowhere"$/],
  [["--world", "claim", "--deep"], /^--deep does not go with --world$/],
  [["claim"], /^expected no further word, found "claim"$/],
  [["--mutants", "(", "--jobs", "1"], /^--mutants: expected a regular expression, found "\("$/],
  [["--mutants", "a", "b"], /^expected no further word, found "b"$/],
  [["--mutants", "--jobs", "0"], /^--jobs: expected a whole number 1-256, found "0"$/],
  [["--mutants", "--world", "claim"], /^--world does not go with --mutants$/],
  [["--list", "--json"], /^--json does not go with --list$/],
  [["--jobs", "2"], /^--jobs does not go with the search of worlds$/],
];

for (const [args, expected] of WRONG) {
  test(`"${args.join(" ")}" is answered with one line`, () => {
    const command = readCommand(args);
    if (command.kind !== "wrong") throw new Error(`understood as ${command.kind}`);
    assert.match(command.text, expected);
    assert.not.match(command.text, /\n/);
  });
}

/** The command as a user starts it. */
function ran(...args: readonly string[]): readonly [number | null, string, string] {
  const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
  });
  return [status, stdout, stderr];
}

test("--help prints what may be asked and exits 0, whatever else was said", () => {
  const [status, said, errors] = ran("--help", "--list");
  assert.is(status, 0);
  assert.is(errors, "");
  for (const word of ["--mutants", "--deep", "--seconds", "Exit 0"]) assert.ok(said.includes(word));
});

test("what is not understood is one line on stderr and exit 2", () => {
  for (const args of [["--foo"], ["--mutants", "no such rule"]]) {
    const [status, said, errors] = ran(...args);
    assert.is(status, 2);
    assert.is(said, "");
    assert.match(errors, /^explore: [^\n]+\n$/);
  }
});

test("a world that was given up says how much is left, and exits 3 where that was asked", () => {
  const few = ["--world", "majority", "--states", "50"];
  const [status, said] = ran(...few);
  assert.is(status, 0);
  const found = /INCOMPLETE, no violation so far: (\d+) states, frontier (\d+) \(/.exec(said);
  const [, states = "0", frontier = "0"] = found ?? [];
  assert.ok(Number(states) >= 50 && Number(frontier) > 0 && Number(frontier) < Number(states));
  assert.match(said, /0 complete, 1 incomplete \(frontier \d+\), 0 violations\n$/);
  assert.is(ran(...few, "--complete")[0], 3);
  assert.is(ran("--world", "majority", "--events", "0", "--complete")[0], 0);
});

test.run();
