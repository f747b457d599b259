/** Rows about where a group goes when nobody names a server. Expectations by hand from D27 and D28. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Crew, CrewAgent, viewOf } from "../services/failover/crew.ts";

test("D28: a move without a destination goes to the best of the policy that is not the present server", () => {
  const crew = new Crew(3, [[2, 0, 1]]);
  crew.round(6);
  assert.equal(crew.owners(), [2]);
  crew.at(0).order("group.move", 0, null, "a");
  crew.round(6);
  assert.equal(crew.owners(), [0]);
  crew.at(0).order("group.move", 0, null, "b");
  crew.round(6);
  assert.equal(crew.owners(), [2]);
});

test("D28, R53: of several living candidates the best of the policy takes a group over", () => {
  const crew = new Crew(4, [[0, 3, 1, 2]]);
  crew.round(6);
  crew.view = viewOf(2, [1, 2, 3]);
  crew.round(6);
  assert.equal(crew.owners(), [3]);
});

test("D27, R56: a server that is back gets nothing back by itself, whatever the policy says", () => {
  const crew = new Crew(3, [
    [0, 1],
    [0, 2],
  ]);
  crew.round(6);
  crew.view = viewOf(2, [1, 2]);
  crew.round(6);
  crew.view = viewOf(3, [0, 1, 2], 1);
  Object.assign(crew.at(0), { state: new CrewAgent(0, crew.at(0).config).state, pending: [] });
  const before = crew.at(0).starts.length;
  crew.round(10);
  assert.equal([crew.owners(0), crew.owners(1)], [[1], [2]]);
  assert.is(crew.at(0).starts.length, before, "it starts nothing");
});

test("R54, R141: an auto group whose servers are all missing at the start is told, and starts with the first of them", () => {
  const crew = new Crew(3, [[0], [2]]);
  crew.view = viewOf(1, [0, 1]);
  crew.round(6);
  assert.equal([crew.owners(0), crew.owners(1)], [[0], []]);
  const told = crew
    .at(0)
    .effects.flatMap((effect) => (effect.kind === "note" ? [[effect.key, effect.data]] : []));
  assert.ok(
    told.some(([key, data]) => key === "group.no-server" && Object(data).group === "group2"),
  );
  crew.view = viewOf(2, [0, 1, 2]);
  crew.round(6);
  assert.equal(crew.owners(1), [2]);
  const events = crew
    .at(2)
    .effects.flatMap((effect) => (effect.kind === "resource.start" ? [effect.event] : []));
  assert.equal(events, ["START"], "it was never taken over");
});

test.run();
