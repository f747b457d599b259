/**
 * Orders that cross a beat on its way: what the other server said before it heard the last one is no leave
 * to start. Played with two real cores by hand, each told what the other one has said.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { RequestVerb } from "../../../services/failover/words.ts";
import { type Agent, hear, type Peer, stageAgent, take } from "./failover-stage.ts";

const order = (agent: Agent, verb: RequestVerb, target: number | null): void =>
  take(agent, {
    kind: "operator.command",
    atMs: agent.atMs,
    commandId: verb,
    verb,
    group: 0,
    target,
  });

const starts = (agent: Agent): number =>
  agent.effects.filter(({ kind }) => kind === "resource.start").length;

function row(agent: Agent): Peer {
  const group = agent.state.groups[0];
  if (group === undefined) throw new Error("one group");
  return { state: group.actual, desired: group.desired, order: group.order };
}

/** The group is stopped by order, and both have shown it. */
function stopped(): Agent {
  const agent = stageAgent(0);
  hear(agent, { state: "stopped", desired: null, order: 0 });
  order(agent, "group.stop", null);
  for (let turn = 0; turn < 6; turn += 1) {
    for (const effect of agent.effects.splice(0)) {
      if ("id" in effect)
        take(agent, { kind: "effect.completed", atMs: agent.atMs, id: effect.id });
    }
    hear(agent, { state: "stopped", desired: null, order: row(agent).order });
  }
  agent.effects.length = 0;
  return agent;
}

test("protocol 1.4.7: ordered to the other and back at once, only one of them starts", () => {
  const first = stopped();
  const stale = { state: "stopped" as const, desired: null, order: row(first).order };
  order(first, "group.start", 1);
  const onTheWay = row(first);
  assert.is(onTheWay.desired, 1);
  order(first, "group.move", 0);
  hear(first, stale);
  hear(first, stale);
  assert.is(starts(first), 0, "the other may still obey the order on its way");
  const second = stageAgent(1);
  hear(second, onTheWay);
  assert.is(starts(second), 1, "it obeys it");
  hear(first, { ...row(second), state: "starting" });
  assert.is(starts(first), 0);
  hear(first, { state: "stopped", desired: 0, order: row(first).order });
  assert.is(starts(first), 1, "it has shown the later order at rest");
});

test("protocol 1.4.7: words that show the very order that named their speaker are no leave either", () => {
  const first = stopped();
  order(first, "group.start", 1);
  const seen = row(first);
  order(first, "group.move", 0);
  hear(first, seen);
  assert.is(starts(first), 0, "it is about to start by that order");
});

test("protocol 1.4.2, D19: a server that has accepted to leave begins nothing", () => {
  const leaver = stageAgent(1);
  hear(leaver, { state: "stopped", desired: null, order: 2 });
  order(leaver, "server.detach", 1);
  assert.is(leaver.state.wish?.kind, "leave");
  hear(leaver, { state: "stopped", desired: 1, order: 3 });
  hear(leaver, { state: "stopped", desired: 1, order: 3 });
  assert.is(starts(leaver), 0);
});

test.run();
