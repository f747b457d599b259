/**
 * Which starts of a group are cold, that is: may spend time on the question whether its address is free.
 * One agent is stepped by hand; what the peer says is written down beside it.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Agent, hear, type Peer, stageAgent, take } from "./failover-stage.ts";

/** Answer to the first effects of every story; the ids count from 1. */
const FIRST_START = 1;

/** Twice: the will that a start waits for is deposited by the first. */
function hearTwice(agent: Agent, peer: Peer | null): void {
  hear(agent, peer);
  hear(agent, peer);
}

function starts(agent: Agent): { readonly resource: number; readonly cold: boolean }[] {
  return agent.effects.flatMap((effect) =>
    effect.kind === "resource.start" ? [{ resource: effect.resource, cold: effect.cold }] : [],
  );
}

const fail = (agent: Agent, id: number): void =>
  take(agent, { kind: "effect.failed", atMs: agent.atMs, id, error: "in use" });
const complete = (agent: Agent, id: number): void =>
  take(agent, { kind: "effect.completed", atMs: agent.atMs, id });

const STOPPED: Peer = { state: "stopped", desired: null, order: 0 };

test("R115: at the cluster's start the coordinator's own start is cold", () => {
  const agent = stageAgent(0);
  hearTwice(agent, STOPPED);
  assert.equal(starts(agent), [{ resource: 0, cold: true }]);
  complete(agent, FIRST_START);
  complete(agent, FIRST_START + 1);
  assert.is(agent.state.groups[0]?.actual, "running");
  assert.is(agent.state.groups[0]?.cold, false);
});

test("R115: a follower that is ordered from standstill starts cold", () => {
  const agent = stageAgent(1);
  hearTwice(agent, { state: "stopped", desired: 1, order: 1 });
  assert.equal(starts(agent), [{ resource: 0, cold: true }]);
});

test("R115: refused here, the group is tried cold on the other server, once, and then rests", () => {
  const agent = stageAgent(0);
  hearTwice(agent, STOPPED);
  fail(agent, FIRST_START);
  hear(agent, STOPPED);
  const passed = agent.state.groups[0];
  assert.equal([passed?.desired, passed?.order, passed?.cold], [1, 2, true]);
  hear(agent, { state: "failed", desired: 1, order: 2 });
  hearTwice(agent, { state: "failed", desired: 1, order: 2 });
  assert.is(agent.state.groups[0]?.desired, null);
  assert.equal(starts(agent), [{ resource: 0, cold: true }], "no second try without an order");
  take(agent, {
    kind: "operator.command",
    atMs: agent.atMs,
    commandId: "c1",
    verb: "group.start",
    group: 0,
    target: null,
  });
  hearTwice(agent, { state: "failed", desired: null, order: 3 });
  assert.equal(starts(agent).length, 2, "an order is a new try");
  assert.is(starts(agent)[1]?.cold, true);
});

test("R115: a follower takes over cold what the coordinator could not start from standstill", () => {
  const agent = stageAgent(1);
  hear(agent, { state: "starting", desired: 0, order: 1 });
  hearTwice(agent, { state: "failed", desired: 1, order: 2 });
  assert.equal(starts(agent), [{ resource: 0, cold: true }]);
});

test("R187: no takeover is cold, neither of a running nor of a starting group", () => {
  for (const state of ["running", "starting"] as const) {
    const agent = stageAgent(1);
    hearTwice(agent, { state, desired: 0, order: 1 });
    hearTwice(agent, null);
    assert.equal(starts(agent), [{ resource: 0, cold: false }], state);
  }
});

test("R188: a moved group is not cold", () => {
  const agent = stageAgent(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  hear(agent, { state: "stopping", desired: 1, order: 2 });
  hearTwice(agent, { state: "stopped", desired: 1, order: 2 });
  assert.equal(starts(agent), [{ resource: 0, cold: false }]);
});

test("R26: a group that failed after it had run is taken over without a question", () => {
  const agent = stageAgent(1);
  hear(agent, { state: "starting", desired: 0, order: 1 });
  hear(agent, { state: "running", desired: 0, order: 1 });
  hearTwice(agent, { state: "failed", desired: 1, order: 2 });
  assert.equal(starts(agent), [{ resource: 0, cold: false }]);
});

test.run();
