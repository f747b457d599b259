/**
 * Every small world of the default set with one event, and one removed rule that has to be noticed: the part
 * of `npm run explore` that fits into half a minute. Source: issue 4 item 7; protocol.md chapter 3.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { huntMutants } from "./mutants.ts";
import { explore } from "./search.ts";
import { WORLDS } from "./worlds.ts";

const LIMITS = { states: 1_000_000, ms: 60_000 };
/** A single event in a start that is healed from every state fills half a minute by itself. */
const QUIET: readonly string[] = ["start-disk", "start-com", "start-none"];

for (const world of WORLDS.filter(({ set }) => set === "default")) {
  const events = QUIET.includes(world.name) ? 0 : 1;
  test(`small world ${world.name} keeps its promises with ${events} events at any time`, () => {
    const result = explore(world.make(events), LIMITS);
    assert.is(result.finding, null, result.finding?.path.join("; ") ?? "");
    assert.is(result.incomplete, null);
    assert.ok(result.states > events, "nothing befell anybody");
  });
}

test("a restarted pulse that looks like a new boot (L3) is noticed", async () => {
  assert.is(await huntMutants({ pattern: /^L3 a restarted/, jobs: 1, seconds: 60 }), 0);
});

test.run();
