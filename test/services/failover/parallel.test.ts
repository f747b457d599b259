/**
 * Parallel groups among two to four servers: one instance at home on each server of the policy. All run at
 * once, nothing is taken over, a loss only lowers the capacity. Expectations by hand from the guide's 1.3.2
 * (4) and 1.3.1, D40; what the instances are in the configuration is test/services/configuration/form.test.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { recoverEffects } from "../../../services/failover/scripts.ts";
import { type Crew, CrewAgent, viewOf } from "./crew.ts";
import { parallelCrew } from "./parallel-crew.ts";

/** Servers on which an instance runs, by instance. */
const instances = (crew: Crew): readonly (readonly number[])[] =>
  crew.agents.map(({ self }) => crew.owners(self + 1));

function boot(crew: Crew, index: number): void {
  const fresh = new CrewAgent(index, crew.at(index).config);
  Object.assign(crew.at(index), { state: fresh.state, pending: [] });
}

const notes = ({ effects }: CrewAgent): readonly string[] =>
  effects.flatMap((effect) => (effect.kind === "note" ? [effect.key] : []));

for (const count of [2, 3, 4]) {
  test(`R131: with ${count} servers every server runs its instance at once`, () => {
    const crew = parallelCrew(count);
    crew.round(6);
    assert.equal(
      instances(crew),
      crew.agents.map(({ self }) => [self]),
    );
    assert.equal(crew.owners(0), [0], "the ordinary group beside it has one owner");
  });
}

test("R131: the loss of a server moves no instance, and the others are not touched", () => {
  const crew = parallelCrew(3);
  crew.round(6);
  crew.view = viewOf(2, [1, 2]);
  crew.round(6);
  assert.equal(instances(crew), [[], [1], [2]]);
  assert.equal(crew.owners(0), [1], "the ordinary group is taken over");
  assert.equal(crew.at(1).starts, [2, 0]);
  assert.equal(crew.at(2).starts, [3]);
  assert.ok(notes(crew.at(1)).includes("group.degraded"));
  assert.not.ok(notes(crew.at(1)).includes("group.no-server"), "it goes on");
});

test("R131: a server that is back starts its instance again, by START and not by FAILOVER", () => {
  const crew = parallelCrew(3);
  crew.round(6);
  crew.view = viewOf(2, [1, 2]);
  crew.round(4);
  crew.view = viewOf(3, [0, 1, 2], 1);
  boot(crew, 0);
  const before = crew.at(0).effects.length;
  crew.round(6);
  assert.equal(instances(crew), [[0], [1], [2]]);
  assert.equal(crew.owners(0), [1], "R56: the ordinary group stays where it is");
  const started = crew
    .at(0)
    .effects.slice(before)
    .flatMap((effect) => (effect.kind === "resource.start" ? [[effect.group, effect.event]] : []));
  assert.equal(started, [[1, "START"]]);
});

test("R131: a server that is missing at the start of the cluster starts its instance when it comes", () => {
  const crew = parallelCrew(3);
  crew.view = viewOf(1, [0, 1]);
  crew.round(6);
  assert.equal(instances(crew), [[0], [1], []]);
  crew.view = viewOf(2, [0, 1, 2]);
  crew.round(6);
  assert.equal(instances(crew), [[0], [1], [2]]);
});

test("R131: a manual parallel group waits for an order at the start", () => {
  const crew = parallelCrew(2);
  for (const agent of crew.agents) {
    const groups = agent.config.groups.map((group) => ({
      ...group,
      startAttribute: "manual" as const,
    }));
    Object.assign(agent, { config: { ...agent.config, groups } });
  }
  crew.round(6);
  assert.equal(instances(crew), [[], []]);
  crew.at(0).order("group.start", 1);
  crew.at(0).order("group.start", 2);
  crew.round(6);
  assert.equal(instances(crew), [[0], [1]]);
});

test("R131: an instance is not moved, and one that was stopped by order stays so when its server is back", () => {
  const crew = parallelCrew(3);
  crew.round(6);
  crew.at(0).order("group.move", 2, null, "a");
  crew.at(0).order("group.stop", 2, null, "b");
  crew.round(4);
  assert.equal(crew.at(0).answers, ["no-other-server", "accepted"]);
  assert.equal(instances(crew), [[0], [], [2]]);
  crew.view = viewOf(2, [0, 2]);
  crew.round(3);
  crew.view = viewOf(3, [0, 1, 2]);
  boot(crew, 1);
  crew.round(6);
  assert.equal(instances(crew), [[0], [], [2]]);
});

test("R131: ordered to start while its server is gone it waits for it, ordered to stop it does not", () => {
  for (const isStopped of [false, true]) {
    const crew = parallelCrew(3);
    crew.round(6);
    crew.at(0).order("group.stop", 3);
    crew.round(3);
    crew.view = viewOf(2, [0, 1]);
    crew.round(3);
    crew.at(0).order("group.start", 3);
    if (isStopped) crew.at(0).order("group.stop", 3);
    crew.round(3);
    crew.view = viewOf(3, [0, 1, 2]);
    boot(crew, 2);
    crew.round(6);
    assert.equal(instances(crew), [[0], [1], isStopped ? [] : [2]]);
    assert.not.ok(crew.at(0).answers.some((code) => code !== "accepted"));
  }
});

test("R131: an instance that cannot run stops alone and is not tried elsewhere", () => {
  const crew = parallelCrew(3);
  crew.broken.set(1, new Set([2]));
  crew.round(8);
  assert.equal(instances(crew), [[0], [], [2]]);
  assert.is(crew.at(1).starts.filter((group) => group === 2).length, 1, "tried once");
  crew.broken.clear();
  crew.at(0).order("group.start", 2);
  crew.round(6);
  assert.equal(instances(crew), [[0], [1], [2]]);
});

test("R131, R148: a server that returns runs no RECOVER for an instance, which starts there anyway", () => {
  const crew = parallelCrew(2);
  crew.round(4);
  const { state, config } = crew.at(0);
  const [run, stop] = [["/s/start"], ["/s/stop"]];
  const limits = { startTimeoutMs: 1000, stopTimeoutMs: 1000 };
  const script = {
    kind: "script" as const,
    name: "app",
    start: run,
    stop,
    recover: run,
    ...limits,
  };
  const groups = config.groups.map((group) => ({ ...group, resources: [script] }));
  const returning = { ...state, wish: { kind: "return" as const, floor: 0 } };
  if (state.facts === null) throw new Error("nothing was heard");
  const effects = recoverEffects(returning, state.facts, { ...config, groups });
  assert.equal(effects, [{ kind: "script.recover", group: 0, resource: 0 }]);
});

test.run();
