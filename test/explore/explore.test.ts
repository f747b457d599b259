/**
 * The explorer over configurations that end at once: the numbers of every run come from here. What finds
 * violations is shown by `npm run explore -- --mutants`. Source: issue 4 item 7; protocol.md chapter 3.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { applyMutant } from "../mutants/mutant.ts";
import { MUTANTS } from "./mutant-table.ts";
import { NOW_MS, Packer } from "./pack.ts";
import { Pool } from "./pool.ts";
import { type Emit, explore, type Model, retrace } from "./search.ts";
import { Table } from "./table.ts";
import { worldNamed } from "./worlds.ts";

const LIMITS = { states: 100_000, ms: 60_000 };

function explored(name: string, events: number): ReturnType<typeof explore> {
  const world = worldNamed(name);
  if (world === null) throw new Error(`there is no world ${name}`);
  return explore(world.make(events), LIMITS);
}

test("three servers survive every single event of links, pause and restart", () => {
  const result = explored("majority-heals", 1);
  assert.is(result.finding, null);
  assert.is(result.incomplete, null);
  assert.ok(result.states > 300, `only ${result.states} states`);
  assert.is(result.down, 0, "no single event takes the whole cluster down");
});

test("two servers together stay together in all four forms of ownership", () => {
  const result = explored("claim-heals", 0);
  assert.is(result.finding, null);
  assert.is(result.incomplete, null);
  assert.is(result.down, 0);
});

test("a settled cluster is one state, however long it is looked at", () => {
  assert.is(explored("majority", 0).states, 1);
});

/** The world after one step of this name. */
function after(model: Model, world: Uint32Array, label: string, isRound: boolean): Uint32Array {
  let found: Uint32Array | null = null;
  model.next(world, (name, passes, next) => {
    if (name === label && passes === isRound) found ??= next.slice();
  });
  if (found === null) throw new Error(`"${label}" does not befall ${model.describe(world)}`);
  return found;
}

test("1.9: a text that all three hold is in force on all with the next epoch, and never before", () => {
  const model = worldNamed("majority-texts")?.make(1);
  const first = model?.initial[0];
  if (model === undefined || first === undefined) throw new Error("there is no such world");
  assert.is(model.describe(first).match(/1\{012\}.*?draft 2/g)?.length, 3);
  assert.not.match(model.describe(first), /text 2/);
  let world = after(model, first, "text: install at 0", false);
  for (let rounds = 0; rounds < 2; rounds += 1) world = after(model, world, "", true);
  assert.is(model.describe(world).match(/2\{012\}[^{]*text 2/g)?.length, 3);
});

test("1.5: of two owners whose claims lie rounds apart the later one reads the earlier", () => {
  const model = worldNamed("claim")?.make(2);
  const both = model?.initial[0];
  if (model === undefined || both === undefined) throw new Error("there is no such world");
  let world = after(model, both, "cut LAN 1>0", false);
  let shown = "";
  for (let rounds = 0; rounds < 16; rounds += 1) {
    if (rounds === 3) world = after(model, world, "cut COM", false);
    world = after(model, world, "", true);
    assert.is(model.problemOf(world), null, model.describe(world));
    shown += `${model.describe(world)}\n`;
  }
  assert.match(shown, /0:member [^:]*claim won/);
  assert.match(shown, / 1:\w+ .*claim lost/);
});

const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");

for (const { name, world, edits } of MUTANTS) {
  test(`the rule that "${name}" takes out stands in the cores`, () => {
    assert.ok(worldNamed(world) !== null, `there is no world ${world}`);
    const texts = new Map<string, string>();
    for (const edit of edits) {
      const text = texts.get(edit.file) ?? readFileSync(join(dist, edit.file), "utf8");
      const applied = applyMutant(edit, text);
      if (applied.kind === "unfit") {
        throw new Error(`found ${applied.count} times in ${edit.file}: ${edit.from}`);
      }
      texts.set(edit.file, applied.text);
    }
  });
}

const RULES = { roundMs: 100, oldestMs: 500, oldestBy: { longMs: 900 }, fixed: { note: null } };

test("equal situations at different times are equal bytes", () => {
  const packer = new Packer(RULES);
  const pool = new Pool<object>(packer);
  const state = { heardAtMs: NOW_MS - 200, grantedMs: 1000, name: "a", list: [NOW_MS, null, -7] };
  const earlier = { ...state, heardAtMs: NOW_MS - 100 };
  const [id, other] = [pool.idOf(state), pool.idOf(earlier)];
  assert.is.not(id, other);
  assert.is(pool.aged(other), id);
  assert.is(pool.size, 2);
});

test("a value comes back as it was, with instants held at their oldest age", () => {
  const pool = new Pool<object>(new Packer(RULES));
  const blob = new Uint8Array([1, 2, 255]);
  const never = Number.NEGATIVE_INFINITY;
  const state = { longMs: NOW_MS - 800, shortMs: NOW_MS - 800, aheadMs: NOW_MS + 1202, blob };
  const more = {
    ...state,
    never,
    untilMs: Number.POSITIVE_INFINITY,
    note: "x",
    on: true,
    gone: undefined,
  };
  const id = pool.idOf({ ...more, deep: [{ n: 1_000_000 }] });
  const fresh = new Pool<object>(new Packer(RULES));
  assert.is(fresh.size, 0);
  // Read from the bytes, not from what was put in.
  for (let n = 0; n < 5000; n += 1) pool.idOf({ n });
  const { gone: _, ...kept } = more;
  const expected = { ...kept, shortMs: NOW_MS - 500, note: null, deep: [{ n: 1_000_000 }] };
  assert.equal(pool.at(id), expected);
});

test("a table finds what was put in and nothing else", () => {
  const table = new Table(2, 1);
  for (let n = 0; n < 20_000; n += 1) {
    const key = Uint32Array.of(n, n * 3);
    assert.is(table.find(key), -1);
    table.put(table.add(key), 0, n + 1);
  }
  const at = table.find(Uint32Array.of(777, 2331));
  assert.is(table.value(at, 0), 778);
  assert.is(table.find(Uint32Array.of(777, 2332)), -1);
});

/** Counts up to seven; `worst` is forbidden. */
function counting(worst: number, rest: Model["rest"] = null): Model {
  const next = (world: Uint32Array, emit: Emit): void => {
    const at = world[0] ?? 0;
    emit("", true, Uint32Array.of(Math.min(7, at + 1)));
    if (at === 2) emit("jump", false, Uint32Array.of(5));
  };
  const problemOf = (world: Uint32Array): string | null =>
    world[0] === worst ? "forbidden" : null;
  const describe = (world: Uint32Array): string => `at ${world[0]}`;
  return { words: 1, initial: [Uint32Array.of(0)], next, problemOf, rest, describe };
}

test("the shortest way to a violation is told, and a search that was stopped says so", () => {
  const quiet = explore(counting(99), LIMITS);
  assert.is(quiet.incomplete, null);
  assert.is(quiet.states, 8);
  const cut = explore(counting(99), { ...LIMITS, states: 4 });
  assert.is(cut.incomplete, "states");
  assert.is(cut.frontier, 2);
  const found = explore(counting(6), LIMITS);
  assert.equal(found.finding?.path, ["round 2: jump", "round 3: forbidden"]);
  assert.is(found.finding?.rounds, 3);
});

test("a finding is met again on its own way, and not where that way does no harm", () => {
  const { finding } = explore(counting(6), LIMITS);
  if (finding === null) throw new Error("nothing was found");
  assert.is(retrace(counting(6), finding), "forbidden");
  assert.is(retrace(counting(7), finding), null);
  const stay = (from: Uint32Array, into: Uint32Array): void => into.set(from);
  const restOf = (): { problem: string } => ({ problem: "two halves" });
  const halves = { heal: stay, round: stay, restOf };
  assert.is(retrace(counting(7, halves), finding), "after healing: two halves");
});

test("a world that does not come to rest as one view after healing is a violation", () => {
  const stay = (from: Uint32Array, into: Uint32Array): void => into.set(from);
  const restOf = (): { problem: string } => ({ problem: "two halves" });
  const found = explore(counting(99, { heal: stay, round: stay, restOf }), LIMITS);
  assert.is(found.finding?.problem, "after healing: two halves");
});

test.run();
