/**
 * Orders of operators among three to five servers: who carries them out, who is answered, what is refused
 * below a majority, and the cluster's shutdown. Expectations by hand from protocol.md 1.4.7-1.4.8, G7, D15.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Facts } from "../../../services/facts.ts";
import { busyGroups } from "../../../services/failover/busy.ts";
import type { GroupWords, Request } from "../../../services/failover/words.ts";
import { Crew, CrewAgent, crewConfig, type Shown, viewOf } from "./crew.ts";

/** Nothing was ever ordered: the first coordinator places the groups. */
const REST: GroupWords = { state: "stopped", desired: null, order: 0 };
const asks = (number: number, verb: Request["verb"], group = 0): Shown => ({
  words: { groups: [REST, REST], request: { number, verb, group, target: null } },
});
const RESTS: Shown = { words: { groups: [REST, REST] } };

test("R188: a member's order to a group is carried out by the coordinator and nobody else", () => {
  const crew = new Crew(3, [[2, 0, 1]]);
  crew.view = viewOf(1, [0, 1, 2], 1);
  crew.round(6);
  assert.equal(crew.owners(), [2]);
  const order = crew.at(1).state.groups[0]?.order ?? 0;
  crew.at(2).order("group.move");
  crew.round(8);
  assert.equal(crew.at(2).answers, ["accepted"]);
  assert.equal(crew.owners(), [0]);
  assert.is(crew.at(1).state.groups[0]?.order, order + 1, "moved once");
  assert.is(crew.at(0).state.reply, null, "the other member has answered nothing");
  assert.equal(crew.at(1).state.reply?.to, 2);
});

test("R185: an order to a server is obeyed by that server only", () => {
  const crew = new Crew(4, [[0]]);
  crew.round(4);
  crew.at(1).order("server.detach", 0, 3);
  crew.round(4);
  assert.equal(crew.at(1).answers, ["accepted"]);
  assert.equal(
    crew.agents.map(({ state }) => state.wish?.kind === "leave"),
    [false, false, false, true],
  );
});

test("1.4.7: two servers ask in the same beat, and both are answered", () => {
  const crew = new Crew(3, [[0], [0]]);
  crew.round(6);
  crew.at(1).order("group.stop", 0);
  crew.at(2).order("group.stop", 1);
  crew.round(8);
  assert.equal(crew.at(1).answers, ["accepted"]);
  assert.equal(crew.at(2).answers, ["accepted"]);
  assert.equal([crew.owners(0), crew.owners(1)], [[], []]);
});

test("1.4.7: a reply stands until its asker has taken it; then the next is served", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0], [0]]), null);
  const view = viewOf(1, [0, 1, 2]);
  agent.hear(view, [{}, RESTS, RESTS]);
  agent.hear(view, [{}, asks(7, "group.stop"), asks(9, "group.stop", 1)]);
  assert.equal(agent.state.reply, { to: 1, number: 7, code: "accepted" });
  assert.is(agent.state.groups[1]?.desired, 0, "the second one waits");
  agent.hear(view, [{}, asks(7, "group.stop"), asks(9, "group.stop", 1)]);
  assert.is(agent.state.reply?.to, 1);
  agent.hear(view, [{}, RESTS, asks(9, "group.stop", 1)]);
  assert.equal(agent.state.reply, { to: 2, number: 9, code: "accepted" });
  assert.is(agent.state.groups[1]?.desired, null);
});

test("1.4.7: an asker that falls silent does not keep the others waiting", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0], [0]]));
  const view = viewOf(1, [0, 1, 2]);
  agent.hear(view, [{}, RESTS, RESTS]);
  agent.hear(view, [{}, asks(7, "group.stop"), RESTS]);
  const silent = { ...asks(7, "group.stop"), state: null };
  agent.hear(view, [{}, silent, asks(9, "group.stop", 1)]);
  assert.is(agent.state.reply?.to, 2);
});

test("1.4.7: equal numbers of two servers are two requests, and each is carried out once", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0], [0]]));
  const view = viewOf(1, [0, 1, 2]);
  agent.hear(view, [{}, RESTS, RESTS]);
  agent.hear(view, [{}, asks(7, "group.stop"), RESTS]);
  const order = agent.state.groups[0]?.order;
  agent.hear(view, [{}, RESTS, asks(7, "group.stop")]);
  assert.equal(agent.state.reply, { to: 2, number: 7, code: "already-stopped" });
  agent.hear(view, [{}, asks(7, "group.stop"), RESTS]);
  assert.is(agent.state.reply?.to, 2, "the first one's number has been served");
  assert.is(agent.state.groups[0]?.order, order);
});

test("1.4.7: only the server that was asked answers", () => {
  const agent = new CrewAgent(2, crewConfig(3, [[0]]));
  const view = viewOf(1, [0, 1, 2]);
  agent.hear(view, [RESTS, RESTS]);
  agent.order("group.start");
  const number = agent.state.request?.number ?? 0;
  const reply = { to: 2, number, code: "no-other-server" as const };
  agent.hear(view, [RESTS, { words: { groups: [REST], reply } }]);
  assert.equal(agent.answers, []);
  agent.hear(view, [{ words: { groups: [REST], reply: { ...reply, code: "accepted" } } }, RESTS]);
  assert.equal(agent.answers, ["accepted"]);
});

test("1.4.7: the coordinator changes before it has answered: the outcome is unknown", () => {
  const agent = new CrewAgent(2, crewConfig(3, [[0]]));
  agent.hear(viewOf(1, [0, 1, 2]), [RESTS, RESTS]);
  agent.order("group.start");
  agent.hear(viewOf(2, [1, 2]), [RESTS, RESTS]);
  assert.equal(agent.answers, ["timeout"]);
  assert.is(agent.state.request, null);
});

test("R188: without a view, or with its coordinator silent, an order to a group is refused", () => {
  const agent = new CrewAgent(2, crewConfig(3, [[0]]));
  agent.hear(null, [{ state: "member" }, { state: "member" }]);
  agent.order("group.start");
  agent.hear(null, [{ state: null }, { state: null }]);
  agent.order("group.start");
  agent.hear(viewOf(1, [0, 1, 2]), [{ state: null }, {}]);
  agent.order("group.start");
  agent.order("server.detach", 0, 0);
  assert.equal(agent.answers, [
    "not-member",
    "no-live-member",
    "no-live-member",
    "target-not-heard",
  ]);
});

test("G7, R184: five servers go down together; the coordinator's mark is the last", () => {
  const crew = new Crew(5, [
    [1, 0],
    [4, 0],
  ]);
  crew.round(6);
  assert.equal([crew.owners(0), crew.owners(1)], [[1], [4]]);
  crew.at(3).order("cluster.shutdown");
  const marked: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    crew.round();
    const runs = crew.owners(0).length + crew.owners(1).length > 0;
    for (const agent of crew.agents) {
      if (agent.state.shutdown === 2) assert.not(runs, "committed while a group runs");
      if (agent.did("mark.write") && !marked.includes(agent.self)) marked.push(agent.self);
    }
  }
  assert.equal(crew.at(3).answers, ["accepted"]);
  assert.equal([...marked].sort(), [0, 1, 2, 3, 4]);
  assert.is(marked[4], 0);
  assert.ok(crew.agents.every((agent) => agent.did("server.off")));
});

test("G7: one of five has not shown its mark: the coordinator waits for it", () => {
  const agent = new CrewAgent(0, crewConfig(5, [[0]]));
  const view = viewOf(1, [0, 1, 2, 3, 4]);
  const says = (shutdown: 0 | 1 | 2, marked = false): Shown => ({
    words: { groups: [REST], shutdown, marked },
  });
  const all = (shown: Shown): Shown[] => [0, 1, 2, 3, 4].map(() => shown);
  agent.hear(view, all(RESTS));
  agent.order("group.stop");
  agent.order("cluster.shutdown");
  agent.hear(view, [...all(says(1)).slice(0, 4), says(0)]);
  assert.is(agent.state.shutdown, 1, "the last one has not heard of it");
  agent.hear(view, [...all(says(1)).slice(0, 4), { ...says(1), mayOwn: true }]);
  assert.is(agent.state.shutdown, 1, "the last one may own something");
  agent.hear(view, all(says(1)));
  assert.is(agent.state.shutdown, 2);
  agent.hear(view, [...all(says(2, true)).slice(0, 4), says(2)]);
  assert.not(agent.did("mark.write"));
  agent.hear(view, all(says(2, true)));
  assert.ok(agent.did("mark.write"));
});

test("G7: the commitment is taken from whoever shows it, for its coordinator may be off by then", () => {
  const agent = new CrewAgent(2, crewConfig(3, [[0]]));
  const says = (shutdown: 1 | 2): Shown => ({ words: { groups: [REST], shutdown } });
  agent.hear(viewOf(1, [0, 1, 2]), [says(1), says(2)]);
  assert.is(agent.state.shutdown, 2);
});

/** Answer to `verb` at SERVER1, whose view is `members`; `absent` are on planned leave. */
function leaves(
  verb: "server.detach" | "server.shutdown" | "server.force-stop",
  count: number,
  members: readonly number[],
  shown: readonly Shown[] = [],
  absent: readonly number[] = [],
): string | undefined {
  const agent = new CrewAgent(0, crewConfig(count, [[0]]));
  agent.hear(viewOf(1, members, 0, absent), shown);
  agent.order(verb, 0, 0);
  return agent.answers[0];
}

test("D15: a leave is refused when the rest would be no majority", () => {
  for (const verb of ["server.detach", "server.shutdown", "server.force-stop"] as const) {
    assert.is(leaves(verb, 3, [0, 1, 2]), "accepted", verb);
    assert.is(leaves(verb, 3, [0, 1]), "below-majority", verb);
    assert.is(leaves(verb, 4, [0, 1, 2, 3]), "accepted", verb);
    assert.is(leaves(verb, 4, [0, 1, 2]), "below-majority", verb);
    assert.is(leaves(verb, 5, [0, 1, 2]), "below-majority", verb);
    assert.is(leaves(verb, 5, [0, 1, 2], [], [3, 4]), "accepted", "two of three that count");
    assert.is(leaves(verb, 3, [0, 1], [], [2]), "below-majority", "one of two that count");
  }
});

test("D15: who leaves himself, or is not heard, is no part of the rest", () => {
  assert.is(
    leaves("server.detach", 3, [0, 1, 2], [{}, {}, { state: "leaving" }]),
    "below-majority",
  );
  assert.is(leaves("server.detach", 3, [0, 1, 2], [{}, {}, { state: null }]), "below-majority");
});

test("R208, V4: one live server of three is enough to return to, and to refuse a force-return", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0]]));
  agent.hear(null, [{}, { state: "detached" }, { state: null }]);
  agent.order("server.return", 0, 0);
  agent.hear(null, [{}, { state: "detached" }, { state: "starting" }]);
  agent.order("server.return", 0, 0);
  agent.hear(null, [{}, { state: "detached" }, { state: "member" }]);
  agent.order("server.force-return", 0, 0);
  agent.order("server.return", 0, 0);
  assert.equal(agent.answers, ["all-down", "no-live-member", "live-member-heard", "accepted"]);
});

test("V4: the latest epoch of all who are heard decides whether something would be lost", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0]]));
  agent.hear(viewOf(6, [0, 1, 2]), []);
  const knows = (epoch: number): Shown => ({ state: "detached", words: { epoch } });
  agent.hear(null, [{}, knows(5), knows(7)]);
  agent.order("server.force-return", 0, 0);
  agent.hear(null, [{}, knows(5), knows(6)]);
  agent.order("server.force-return", 0, 0);
  assert.equal(agent.answers, ["later-epoch", "accepted"]);
});

test("2.5: that a server is off is stated of one server, and is void when that one is heard", () => {
  const agent = new CrewAgent(0, { ...crewConfig(4, [[0]]), method: "com" });
  agent.hear(null, [{}, { state: null }, { state: "member" }, { state: null }]);
  for (const target of [1, 2, 3]) agent.order("server.confirm-off", 0, target);
  assert.equal(agent.answers, ["accepted", "still-heard", "accepted"]);
  assert.equal(agent.state.confirmedOff, [1, 3]);
  agent.hear(null, [{}, { state: null, heard: true }, { state: "member" }, { state: null }]);
  assert.equal(agent.state.confirmedOff, [3]);
});

test("2.5 J3: where servers are counted, nobody's word that one is off stands for a server", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0]]));
  agent.hear(viewOf(1, [0]), [{}, { state: null }, { state: null }], { provisional: true });
  agent.order("server.confirm-off", 0, 1);
  agent.order("group.start", 0);
  assert.equal(agent.answers, ["majority-counts", "no-majority-yet"]);
  assert.equal(agent.state.confirmedOff, []);
});

test("2.5 R67: where the slots of three and more tell who lives, a person's word is kept for each server", () => {
  const agent = new CrewAgent(0, { ...crewConfig(3, [[0]]), method: "disk" });
  agent.hear(viewOf(1, [0]), [{}, { state: null }, { state: null }], { provisional: true });
  agent.order("server.confirm-off", 0, 1);
  agent.order("group.start", 0);
  assert.equal(agent.answers, ["accepted", "provisional"]);
  assert.equal(agent.state.confirmedOff, [1]);
});

test("1.4.8: the promise of the pulse is held for the next one, which knows of none", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[0]]));
  const view = viewOf(1, [0, 1, 2]);
  const promise = viewOf(2, [0, 1]);
  const hears = (more: Partial<Facts>): void => agent.hear(view, [], more);
  hears({ promise });
  hears({ server: "observing", promise: null });
  assert.equal(agent.state.holds, promise);
  hears({ promise: null });
  assert.is(agent.state.holds, null);
});

test("1.9: a group is at rest when every other member says so", () => {
  const agent = new CrewAgent(0, crewConfig(3, [[1], [2]]), null);
  const view = viewOf(1, [0, 1, 2], 1);
  const up: GroupWords = { state: "running", desired: null, order: 1 };
  agent.hear(view, [{}, { words: { groups: [REST, REST] } }, { words: { groups: [REST, up] } }]);
  assert.equal(busyGroups(agent.state, agent.config), ["group2"]);
  agent.hear(view, [{}, { words: { groups: [REST, REST] } }, { state: null }]);
  assert.equal(busyGroups(agent.state, agent.config), ["group1", "group2"], "one says nothing");
});

test.run();
