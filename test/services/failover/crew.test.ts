/**
 * Groups among three to five servers: placement after a loss, and who has to have said what before anything
 * starts. Expectations by hand from protocol.md 1.4.5-1.4.7 and the guide's R52-R54, R144.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { GroupWords } from "../../../services/failover/words.ts";
import { Crew, CrewAgent, crewConfig, type Shown, viewOf } from "./crew.ts";

const row = (
  state: GroupWords["state"],
  desired: number | null,
  order: number,
): { readonly words: { readonly groups: readonly GroupWords[] } } => ({
  words: { groups: [{ state, desired, order }] },
});

test("R144: at the start every group runs on the first server of its policy, once", () => {
  const crew = new Crew(4, [
    [0, 1],
    [2, 0],
    [3, 1, 0],
  ]);
  crew.round(6);
  assert.equal([crew.owners(0), crew.owners(1), crew.owners(2)], [[0], [2], [3]]);
});

for (const [policy, to] of [
  [[0, 1, 2], 1],
  [[0, 2, 1], 2],
] as const) {
  test(`R52: the coordinator dies, its group goes to the next of ${policy.join(", ")}`, () => {
    const crew = new Crew(3, [policy]);
    crew.round(6);
    assert.equal(crew.owners(), [0]);
    crew.view = viewOf(2, [1, 2]);
    crew.round(6);
    assert.equal(crew.owners(), [to]);
    assert.is(crew.at(3 - to).starts.length, 0, "the other survivor starts nothing");
  });
}

test("R53: what runs on a survivor stays where it is", () => {
  const crew = new Crew(5, [
    [3, 0],
    [0, 3],
  ]);
  crew.round(6);
  crew.view = viewOf(2, [1, 2, 3, 4]);
  crew.round(6);
  assert.equal([crew.owners(0), crew.owners(1)], [[3], [3]]);
  assert.equal(crew.at(3).starts, [0, 1]);
});

test("R54: of three, nobody of the policy is left: the group waits and runs when one is back", () => {
  const crew = new Crew(3, [[0]]);
  crew.round(6);
  crew.view = viewOf(2, [1, 2]);
  crew.round(4);
  assert.equal(crew.owners(), []);
  assert.ok(crew.at(1).state.groups[0]?.stranded);
  crew.view = viewOf(3, [0, 1, 2], 1);
  // The server comes back from a new boot: nothing of it is up.
  Object.assign(crew.at(0), { state: new CrewAgent(0, crew.at(0).config).state });
  crew.round(6);
  assert.equal(crew.owners(), [0]);
});

/** SERVER2 of three is ordered to run the group; SERVER1 coordinates and has shown that it rests there. */
function ordered(third: Shown, policy: readonly number[] = [0, 1, 2]): CrewAgent {
  const agent = new CrewAgent(1, crewConfig(3, [policy]));
  const view = viewOf(4, [0, 1, 2]);
  // Twice: the will that a start waits for is deposited by the first.
  for (let times = 0; times < 2; times += 1) agent.hear(view, [row("stopped", 1, 3), {}, third]);
  return agent;
}

test("1.4.6: nothing starts while one of three has not shown the group as stopped", () => {
  for (const state of ["starting", "running", "stopping"] as const) {
    assert.equal(ordered(row(state, 1, 3)).starts, [], state);
  }
  assert.equal(ordered({}).starts, [], "says nothing of the group");
  assert.equal(ordered({ ...row("stopped", 1, 3), sameView: false }).starts, [], "another view");
  assert.equal(ordered(row("stopped", 1, 3)).starts, [0]);
  assert.equal(ordered(row("failed", 1, 3)).starts, [0]);
});

test("1.4.5: nothing starts before the lease of the view is held", () => {
  const agent = new CrewAgent(1, crewConfig(3, [[0, 1, 2]]));
  const shown = [row("stopped", 1, 3), {}, row("stopped", 1, 3)];
  const view = viewOf(4, [0, 1, 2]);
  for (let times = 0; times < 3; times += 1) agent.hear(view, shown, { holdsLease: false });
  assert.equal(agent.starts, []);
  agent.hear(view, shown);
  assert.equal(agent.starts, [0]);
});

test("1.4.7: a third server that may still obey an older order is waited for", () => {
  assert.equal(ordered(row("stopped", 2, 2)).starts, [], "it may start by order 2 at any moment");
  assert.equal(ordered(row("stopped", 2, 3)).starts, [], "another table");
  assert.equal(ordered(row("stopped", null, 2), [0, 1]).starts, [0], "it is in no policy");
});

test("1.4.7: ordered there and back again while one way is cut, the group never runs twice", () => {
  const crew = new Crew(3, [[0, 1, 2]]);
  crew.round(6);
  crew.at(0).order("group.stop");
  crew.round(4);
  assert.equal(crew.owners(), []);
  // SERVER3's words no longer reach SERVER2, which goes on believing that the group rests there.
  crew.cut.add("2-1");
  crew.at(0).order("group.start", 0, 2);
  crew.round(3);
  assert.equal(crew.owners(), [2]);
  crew.at(0).order("group.move", 0, 1);
  crew.round(6);
  assert.equal(crew.owners(), [], "SERVER2 waits for the word of SERVER3");
  crew.cut.clear();
  crew.round(6);
  assert.equal(crew.owners(), [1]);
});

test("1.4.6: a new coordinator that missed the last order has it from who heard it", () => {
  const crew = new Crew(3, [[0, 1, 2]]);
  crew.round(6);
  // The order to SERVER3 reaches only SERVER3; the coordinator that gave it is lost.
  crew.cut.add("0-1");
  crew.at(0).order("group.move", 0, 2);
  crew.round(6);
  assert.is(crew.at(1).state.groups[0]?.desired, 0, "SERVER2 has not heard of it");
  crew.cut.clear();
  crew.view = viewOf(2, [1, 2]);
  const ordered = crew.at(2).state.groups[0]?.order;
  crew.round(6);
  assert.equal(crew.owners(), [2], "and not SERVER2, which is the next of the policy");
  assert.is(crew.at(1).state.groups[0]?.order, ordered, "nothing was ordered anew");
});

test("1.4.6: a new coordinator places nothing before every member has spoken in its view", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0, 1, 2]]));
  const fresh = row("stopped", null, 0);
  agent.hear(viewOf(1, [0, 1, 2]), [{}, fresh, { ...fresh, sameView: false }]);
  assert.is(agent.state.groups[0]?.desired, null);
  agent.hear(viewOf(1, [0, 1, 2]), [{}, fresh, fresh]);
  assert.is(agent.state.groups[0]?.desired, 0);
});

test("1.4.6: the table of a server that comes from outside is not taken over", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0, 1, 2]]));
  const rest: Shown[] = [{}, row("stopped", 0, 1), row("stopped", 0, 1)];
  agent.hear(viewOf(1, [0, 1]), rest);
  const order = agent.state.groups[0]?.order;
  agent.hear(viewOf(2, [0, 1, 2]), [{}, row("stopped", 0, 1), row("stopped", 2, 40)]);
  assert.is(agent.state.groups[0]?.desired, 0);
  assert.is(agent.state.groups[0]?.order, order);
});

test("R166: a failed start goes round the policy, once to each, and then rests", () => {
  const crew = new Crew(3, [[0, 1, 2]]);
  for (const index of [0, 1, 2]) crew.broken.set(index, new Set([0]));
  crew.round(20);
  assert.equal(
    crew.agents.map(({ starts }) => starts.length),
    [1, 1, 1],
  );
  assert.equal(crew.owners(), []);
  assert.ok(crew.at(0).effects.some((one) => one.kind === "note" && one.key === "group.no-server"));
  crew.at(0).order("group.start");
  crew.round(20);
  assert.equal(
    crew.agents.map(({ starts }) => starts.length),
    [2, 2, 2],
    "an order is a new round",
  );
});

test("R166: where it has failed once it is tried again by an order, and stays when it comes up", () => {
  const crew = new Crew(3, [[0, 1, 2]]);
  crew.broken.set(0, new Set([0]));
  crew.broken.set(1, new Set([0]));
  crew.round(16);
  crew.at(0).order("group.stop");
  crew.round(6);
  crew.broken.clear();
  crew.at(0).order("group.start", 0, 1);
  const order = crew.at(0).state.groups[0]?.order;
  crew.round(8);
  assert.equal(crew.owners(), [1]);
  assert.is(crew.at(0).state.groups[0]?.order, order, "its old failure is no new one");
});

test("R166: a start that fails on two of three ends on the third", () => {
  const crew = new Crew(3, [[0, 1, 2]]);
  crew.broken.set(0, new Set([0]));
  crew.broken.set(1, new Set([0]));
  crew.round(16);
  assert.equal(crew.owners(), [2]);
  assert.equal(crew.at(0).state.groups[0]?.failedOn, [0, 1]);
});

test.run();
