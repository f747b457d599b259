/**
 * A coordinator whose two processes died together goes on from the record, which keeps no order numbers: its
 * first order must be newer than all that the other server has seen, and what it says before it has heard the
 * other one must move nothing. Found by `kage evaluate --double` (program broken, then both processes killed).
 * Source: protocol.md 1.4.7 (idempotent orders), 1.4.8; L9.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFailover } from "../../../services/failover/core.ts";
import { encodeWords, type Words } from "../../../services/failover/words.ts";
import { type Agent, hear, stageAgent, take } from "./failover-stage.ts";

/** What a new agent draws from the record: to run on SERVER2, with the first of all order numbers. */
const RECORD: Words = {
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [{ state: "stopped", desired: 1, order: 1, stranded: false }],
};

const starts = (agent: Agent): number =>
  agent.effects.filter(({ kind }) => kind === "resource.start").length;

/** SERVER1's agent, started anew beside a new pulse, after the clean-up of what ran here. */
function forgetful(): Agent {
  const agent = stageAgent(0);
  agent.state = createFailover(0, agent.config);
  agent.effects.length = 0;
  const running = [false];
  take(agent, { kind: "restored", atMs: agent.atMs, first: false, words: RECORD, running });
  for (let steps = 0; steps < 8; steps += 1) {
    const stop = agent.effects.filter(({ kind }) => kind === "resource.stop").at(-1);
    if (stop === undefined || !("id" in stop)) break;
    take(agent, { kind: "effect.completed", atMs: agent.atMs, id: stop.id });
  }
  return agent;
}

test("1.4.7: the first order of a coordinator that has forgotten its numbers is newer than the last one of its former life", () => {
  const agent = forgetful();
  hear(agent, { state: "failed", desired: 1, order: 2 });
  const [group] = agent.state.groups;
  assert.equal(
    [group?.desired, group?.order],
    [0, 3],
    "moved by a number that SERVER2 has not seen",
  );
});

test("1.4.7: it goes on with the order that the other server shows, when nothing is wrong there", () => {
  const agent = forgetful();
  hear(agent, { state: "running", desired: 1, order: 9 });
  const [group] = agent.state.groups;
  assert.equal([group?.desired, group?.order], [1, 9]);
  assert.is(starts(agent), 0);
});

test("1.4.7: an order older than the one obeyed in this view is none: a failed group is not tried again by it", () => {
  const agent = stageAgent(1);
  const blob = (order: number): Uint8Array =>
    encodeWords({ ...RECORD, groups: [{ state: "stopped", desired: 1, order }] });
  const coordinator = { state: "stopped", desired: 1, order: 2 } as const;
  hear(agent, { ...coordinator, blob: blob(2) });
  const begun = starts(agent);
  assert.ok(begun > 0, "the order in force is obeyed");
  hear(agent, { ...coordinator, blob: blob(1) });
  assert.equal([agent.state.groups[0]?.desired, agent.state.groups[0]?.order], [1, 2]);
  assert.is(starts(agent), begun);
  hear(agent, { ...coordinator, blob: blob(3) });
  assert.is(agent.state.groups[0]?.order, 3, "a newer one is taken");
});

test.run();
