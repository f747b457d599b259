/**
 * The explorer over configurations that end at once: the numbers of every run come from here. What finds
 * violations is shown by mutants.ts. Source: issue 4 item 7; protocol.md chapter 3.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NOW_MS, Pool, shift, textOf } from "./canon.ts";
import { PairModel } from "./pair.ts";
import { explore, type Model } from "./search.ts";
import { TrioModel, trioConfig } from "./trio.ts";
import { bootHost, takeRound } from "./trio-host.ts";

const LIMITS = { states: 100_000, ms: 60_000, rounds: 1 };

test("three servers survive every single event of links, pause and restart at one moment", () => {
  const result = explore(new TrioModel({ events: 1, menu: "a" }), { ...LIMITS, rounds: 0 });
  assert.is(result.finding, null);
  assert.is(result.incomplete, null);
  assert.ok(result.states > 300, `only ${result.states} states`);
  assert.is(result.down, 0, "no single event takes the whole cluster down");
});

test("two servers together stay together in all four forms of ownership", () => {
  const result = explore(new PairModel({ events: 0 }), LIMITS);
  assert.is(result.finding, null);
  assert.is(result.incomplete, null);
});

test("a settled cluster is one state, however long it is looked at", () => {
  const result = explore(new TrioModel({ events: 0, menu: "a" }), LIMITS);
  assert.is(result.states, 1);
});

test("two runs that are shifted in time leave the same states", () => {
  const config = trioConfig();
  const silent = [null, null, null];
  const first = bootHost(0, 1, "start", config);
  const later = shift(first, -70, 0);
  assert.is.not(textOf(later), textOf(first));
  assert.is(textOf(shift(later, 70, 0)), textOf(first));
  // The same round, put back by another length of time, counts from the same now.
  const end = takeRound(first, silent, config).host;
  const once = shift(shift(end, 30, 0), 70, 0);
  assert.is(textOf(once), textOf(shift(end, 100, 0)));
  const pool = new Pool<object>();
  assert.is(pool.idOf(once), pool.idOf(shift(end, 100, 0)));
});

test("instants are held at the floor, lengths and endless moments stay", () => {
  const state = { heardAtMs: NOW_MS, grantedMs: 1000, untilMs: Number.POSITIVE_INFINITY, n: 5 };
  const moved = shift(state, 500, NOW_MS - 300);
  assert.equal(moved, { ...state, heardAtMs: NOW_MS - 300 });
});

/** Counts up to seven; six is forbidden. */
const counting = (worst: number): Model<number> => ({
  initial: [0],
  keyOf: String,
  round: (world) => Math.min(7, world + 1),
  events: (world) => (world === 2 ? [{ label: "jump", world: 5 }] : []),
  problemOf: (world) => (world === worst ? "forbidden" : null),
  heal: () => 0,
  restOf: () => "one",
  describe: String,
});

test("the shortest way to a violation is told, and a search that was stopped says so", () => {
  const quiet = explore({ ...counting(99) }, LIMITS);
  assert.is(quiet.incomplete, null);
  assert.is(quiet.states, 8);
  const cut = explore(counting(99), { ...LIMITS, states: 4 });
  assert.is(cut.incomplete, "stopped at 4 states");
  const found = explore({ ...counting(6), heal: () => 7 }, { ...LIMITS, rounds: 9 });
  assert.equal(found.finding?.path, ["round 2: jump", "round 3: forbidden"]);
});

test("a world that does not come to rest as one view after healing is a violation", () => {
  const problem = { problem: "two halves" };
  const found = explore({ ...counting(99), restOf: () => problem }, LIMITS);
  assert.is(found.finding?.problem, "after healing: two halves");
});

test.run();
