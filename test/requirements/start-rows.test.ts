/**
 * Rows about starting: the order inside a group, how long a server that starts alone waits, and the guide's
 * own system played from the shipped file. Expectations by hand from the guide's 1.2.3, 3.2.2 (S2), 3.2.3.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runTransition } from "../../firmware/evaluate/transitions.ts";
import { renderEvent } from "../../services/catalogue.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import { loaded, sheet } from "../firmware/evaluate/sheets.ts";
import { sample, write } from "../services/configuration/sample.ts";
import { type Agent, hear, stageAgent, take } from "../services/failover/failover-stage.ts";

/** Address, program and start script, the standby's agent after the owner was lost. */
function successor(): Agent {
  const config = sample();
  const script = { type: "script", name: "app", start: "/s/start", stop: "/s/stop" };
  config.groups[0]?.resources.push(script);
  const agent = stageAgent(1, config);
  hear(agent, { state: "running", desired: 0, order: 1 });
  hear(agent, null);
  hear(agent, null);
  return agent;
}

/** Which resources have been ordered to start so far, as they are called in the configuration. */
const begun = (agent: Agent): readonly string[] =>
  agent.effects.flatMap((effect) =>
    effect.kind === "resource.start"
      ? [agent.config.groups[effect.group]?.resources[effect.resource]?.kind ?? "none"]
      : [],
  );

const pendingOf = (agent: Agent): number => agent.state.groups[0]?.pendingId ?? -1;

test("R44: a failover activates the address first, and runs the start script when all else is up", () => {
  const agent = successor();
  const seen: (readonly string[])[] = [begun(agent)];
  for (let step = 0; step < 3; step += 1) {
    agent.atMs += 100;
    take(agent, { kind: "effect.completed", atMs: agent.atMs, id: pendingOf(agent) });
    seen.push(begun(agent));
  }
  assert.equal(seen, [
    ["floating-ip"],
    ["floating-ip", "program"],
    ["floating-ip", "program", "script"],
    ["floating-ip", "program", "script"],
  ]);
});

test("R47, R51: the operator is told each phase of a failover, with the time that it took", () => {
  const agent = successor();
  for (const tookMs of [30, 70, 400]) {
    agent.atMs += tookMs;
    take(agent, { kind: "effect.completed", atMs: agent.atMs, id: pendingOf(agent) });
  }
  const [told, ...more] = agent.effects.flatMap((effect) =>
    effect.kind === "note" && effect.key === "failover.completed" ? [effect.data] : [],
  );
  assert.equal(more, []);
  const { text } = renderEvent("failover.completed", { server: "SERVER2", ...told }, "en");
  const phases = [...text.matchAll(/(detection|resolution|activation|start) (\d+) ms/g)];
  assert.equal(
    phases.map(([, phase]) => phase),
    ["detection", "resolution", "activation", "start"],
    text,
  );
  const [, , activationMs = 0, startMs] = phases.map(([, , ms]) => Number(ms));
  assert.is(startMs, 400, "the script");
  // The looks between verdict and first order count as well.
  assert.ok(activationMs >= 100 && activationMs <= 120, text);
});

test("R44: without its address a group's script does not start", () => {
  const agent = successor();
  agent.atMs += 100;
  const id = pendingOf(agent);
  take(agent, { kind: "effect.failed", atMs: agent.atMs, id, error: "no such interface" });
  for (let look = 0; look < 20; look += 1) hear(agent, null);
  assert.equal([...new Set(begun(agent))], ["floating-ip"]);
});

test("R183, D17: the start sync wait is 300 s when nothing is said", () => {
  const config = sample();
  config.timing = {};
  assert.is(loaded(write(config)).timing.startSyncWaitMs, 300_000);
});

test("R183, S2: a server that starts alone waits as long as the configuration says", () => {
  for (const startSyncWaitMs of [2000, 9000]) {
    const config = loaded(sheet("none", (made) => Object.assign(made.timing, { startSyncWaitMs })));
    const row = runTransition(config, "S2");
    if (row.kind === "absent") throw new Error("S2 was not played");
    assert.equal(row.troubles, []);
    const tookMs = row.tookMs ?? 0;
    const late = tookMs - startSyncWaitMs;
    assert.ok(
      late >= -20 && late < 1000,
      `${startSyncWaitMs} ms: the group came after ${tookMs} ms`,
    );
  }
});

test("3.2.2: the guide's system, as it is shipped, passes every row", () => {
  const file = "boards/examples/cluster.jsonc";
  const read = loadConfiguration(readFileSync(file, "utf8"), file);
  if (read.kind === "refused") throw new Error(read.findings[0]?.text);
  for (const row of ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"]) {
    const played = runTransition(read.config, row);
    assert.equal(played.kind === "played" ? played.troubles : [row], [], row);
  }
});

test.run();
