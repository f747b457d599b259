/**
 * What scripts add to a group's life, one agent stepped by hand: which event each start is told, what a
 * failed start is followed by, who hears RECOVER, and what ARMFOVER and a spent ARMLOAD do.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFailover, ownWords } from "../../../services/failover/core.ts";
import type { FailoverState } from "../../../services/failover/state.ts";
import { decodeWords, encodeWords } from "../../../services/failover/words.ts";
import { sample } from "../configuration/sample.ts";
import { type Agent, hear, type Peer, stageAgent, take } from "./failover-stage.ts";

/** Position of the script behind address and program. */
const SCRIPT = 2;

function agentOf(self: number, recover?: unknown): Agent {
  const config = sample();
  const script = { type: "script", name: "app", start: "/s/start", stop: "/s/stop", recover };
  config.groups[0]?.resources.push(script);
  return stageAgent(self, config);
}

/** The answer to whatever is under way for the group. */
function answer(agent: Agent, error: string | null = null, afterMs = 0): void {
  agent.atMs += afterMs;
  const { atMs } = agent;
  const id = agent.state.groups[0]?.pendingId ?? -1;
  if (error === null) take(agent, { kind: "effect.completed", atMs, id });
  else take(agent, { kind: "effect.failed", atMs, id, error });
}

function bringUp(agent: Agent, peer: Peer | null): void {
  hear(agent, peer);
  hear(agent, peer);
  for (let resource = 0; resource <= SCRIPT; resource += 1) answer(agent);
  assert.is(agent.state.groups[0]?.actual, "running");
}

const eventsOf = (agent: Agent): string[] =>
  agent.effects.flatMap((effect) =>
    effect.kind === "resource.start" && effect.resource === SCRIPT ? [effect.event] : [],
  );
const group = (agent: Agent): FailoverState["groups"][number] | undefined => agent.state.groups[0];
const order = (agent: Agent, verb: "group.failover" | "group.stop"): void => {
  const { atMs } = agent;
  take(agent, { kind: "operator.command", atMs, commandId: "c", verb, group: 0, target: null });
};
const answersOf = (agent: Agent): string[] =>
  agent.effects.flatMap((effect) => (effect.kind === "command.answer" ? [effect.code] : []));

const STOPPED: Peer = { state: "stopped", desired: null, order: 0 };

test("R146: the cluster's start is START", () => {
  const agent = agentOf(0);
  bringUp(agent, STOPPED);
  assert.equal(eventsOf(agent), ["START"]);
});

test("R147: the start after the other server was lost is FAILOVER", () => {
  const agent = agentOf(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  bringUp(agent, null);
  assert.equal(eventsOf(agent), ["FAILOVER"]);
});

test("R146: a move by an operator is START on the other server", () => {
  const agent = agentOf(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  bringUp(agent, { state: "stopped", desired: 1, order: 2 });
  assert.equal(eventsOf(agent), ["START"]);
});

test("R147: a group that failed on the coordinator is FAILOVER on the server that follows", () => {
  const agent = agentOf(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  bringUp(agent, { state: "failed", desired: 1, order: 2, failover: true });
  assert.equal(eventsOf(agent), ["FAILOVER"]);
});

test("R147: an agent that restarts before the script ran still tells FAILOVER", () => {
  const before = agentOf(1);
  hear(before, { state: "running", desired: 0, order: 1 });
  hear(before, null);
  const kept = decodeWords(encodeWords(ownWords(before.state)));
  const agent = { ...agentOf(1), atMs: 2000 };
  agent.state = createFailover(1, agent.config);
  take(agent, { kind: "restored", atMs: 2000, first: false, words: kept, running: [false] });
  hear(agent, null);
  for (let resource = 0; resource <= SCRIPT; resource += 1) answer(agent);
  hear(agent, null);
  for (let resource = 0; resource <= SCRIPT; resource += 1) answer(agent);
  assert.equal(eventsOf(agent), ["FAILOVER"]);
});

test("R147: the event travels in one bit of the words, and no bit is left behind", () => {
  const base = { shutdown: 0 as const, marked: false, offAfterLeave: false };
  for (const state of ["stopped", "failed"] as const) {
    const one = { state, desired: 1, order: 7, stranded: false };
    const words = {
      ...base,
      request: null,
      reply: null,
      groups: [{ ...one, failover: true }, one],
    };
    assert.equal(decodeWords(encodeWords(words)), words);
  }
});

test("D20: RECOVER runs once, on a server that was returning, for groups it may hold", () => {
  const recovers = (agent: Agent): number =>
    agent.effects.filter(({ kind }) => kind === "script.recover").length;
  const agent = agentOf(1);
  take(agent, { kind: "wish.set", atMs: 1000, wish: { kind: "return", floor: 1 } });
  hear(agent, { state: "running", desired: 0, order: 3 }, "returning");
  assert.is(recovers(agent), 0);
  hear(agent, { state: "running", desired: 0, order: 3 });
  hear(agent, { state: "running", desired: 0, order: 3 });
  assert.is(recovers(agent), 1);
  assert.equal(eventsOf(agent), [], "nothing is activated");
  const joined = agentOf(1);
  hear(joined, { state: "running", desired: 0, order: 3 });
  assert.is(recovers(joined), 0, "a clean start is no return");
  const silent = agentOf(1, false);
  take(silent, { kind: "wish.set", atMs: 1000, wish: { kind: "return", floor: 1 } });
  hear(silent, { state: "running", desired: 0, order: 3 });
  assert.is(recovers(silent), 0, "recover: false");
});

test("R166: a start script that fails is stopped through before the group is shown as failed", () => {
  const agent = agentOf(0);
  hear(agent, STOPPED);
  hear(agent, STOPPED);
  answer(agent);
  answer(agent);
  answer(agent, "did not end within 100 ms");
  const stops = (): number[] =>
    agent.effects.flatMap((e) => (e.kind === "resource.stop" ? [e.resource] : []));
  assert.equal(stops(), [SCRIPT]);
  assert.is(group(agent)?.actual, "stopping");
  for (let resource = 0; resource <= SCRIPT; resource += 1) answer(agent);
  assert.equal(stops(), [SCRIPT, 1, 0]);
  assert.is(group(agent)?.actual, "failed");
});

test("a program that fails to start is not stopped, as it never ran", () => {
  const agent = agentOf(0);
  hear(agent, STOPPED);
  hear(agent, STOPPED);
  answer(agent);
  answer(agent, "not there");
  const stops = agent.effects.flatMap((e) => (e.kind === "resource.stop" ? [e.resource] : []));
  assert.equal(stops, [0]);
});

test("R166: a stop script that fails is an emergency", () => {
  const agent = agentOf(0);
  bringUp(agent, STOPPED);
  order(agent, "group.stop");
  answer(agent, "did not end within 100 ms");
  assert.ok(agent.effects.some(({ kind }) => kind === "give-up"));
  assert.is.not(group(agent)?.actual, "stopped");
});

test("R47: the time of the script is T4, everything else T3", () => {
  const agent = agentOf(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  hear(agent, null);
  hear(agent, null);
  answer(agent, null, 5);
  answer(agent, null, 7);
  answer(agent, null, 300);
  const done = agent.effects.find((e) => e.kind === "note" && e.key === "failover.completed");
  const data = done?.kind === "note" ? done.data : {};
  assert.is(data["t4Ms"], 300);
  assert.ok(Number(data["t3Ms"]) < 100);
});

test("R157: a spent ARMLOAD stops the group here, and the coordinator gives it to the next", () => {
  const agent = agentOf(0);
  bringUp(agent, STOPPED);
  take(agent, { kind: "group.failed", atMs: agent.atMs, group: 0 });
  assert.is(group(agent)?.actual, "stopping");
  for (let resource = 0; resource <= SCRIPT; resource += 1) answer(agent);
  hear(agent, STOPPED);
  assert.equal([group(agent)?.desired, group(agent)?.cause], [1, "failover"]);
  const words = ownWords(agent.state).groups[0];
  assert.is(words?.failover, true);
});

test("R157: a group that does not run here cannot fail here", () => {
  const agent = agentOf(1);
  hear(agent, { state: "running", desired: 0, order: 1 });
  take(agent, { kind: "group.failed", atMs: agent.atMs, group: 0 });
  assert.is(group(agent)?.failedOrder, null);
});

test("R162, R163: ARMFOVER during the start moves the group once, and never back", () => {
  const agent = agentOf(0);
  hear(agent, STOPPED);
  hear(agent, STOPPED);
  answer(agent);
  answer(agent);
  order(agent, "group.failover");
  assert.equal(answersOf(agent), ["accepted"]);
  answer(agent);
  assert.is(group(agent)?.actual, "stopping", "as soon as the script has ended");
  assert.equal([group(agent)?.desired, group(agent)?.failedOn], [1, [0]]);
  order(agent, "group.failover");
  assert.equal(answersOf(agent).at(-1), "no-other-server");
});

test("R162: ARMFOVER of a group that nobody runs is refused", () => {
  const agent = agentOf(0);
  bringUp(agent, STOPPED);
  order(agent, "group.stop");
  order(agent, "group.failover");
  assert.equal(answersOf(agent), ["accepted", "not-running"]);
});

test.run();
