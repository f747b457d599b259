/**
 * The agent is gone for good, at each level of `internalFailure` (D24), over the cores of the pulse: who gives
 * up, when, whether the system goes with it, and that a lease lost meanwhile is one lost. By hand from D24 and
 * agent-watch.ts: at T 1000 a hung agent is ended after 1000 ms and has 5000 ms in all to come back.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAgentWatch, watchAgent } from "../../../firmware/pulse/agent-watch.ts";
import * as majority from "../../../firmware/pulse/majority-route.ts";
import { step } from "../../../firmware/pulse/route.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { InternalFailure } from "../../../services/configuration/model.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import { majorityConfig } from "../../sim/majority-world.ts";
import { type Pair, pairConfig, started } from "./pair.ts";

const METHODS = ["com", "com-disk", "disk", "none"];
const FOREVER = Number.POSITIVE_INFINITY;
const STALL_MS = 1000;
const GRACE_MS = 5000;

/** Both servers are members, the first one owns, and its agent has spoken its last word. */
function lost(method: string, internalFailure: InternalFailure | undefined): Pair {
  const { internalFailure: _, ...config } = pairConfig(method);
  const level = internalFailure === undefined ? {} : { internalFailure };
  const pair = started({ ...config, ...level });
  pair.at(0).agentHungUntilMs = FOREVER;
  return pair;
}

for (const method of METHODS) {
  for (const level of [undefined, "emergency"] as const) {
    test(`D24: ${method}, ${level ?? "no level"}: the agent is gone, and its server goes off`, () => {
      const pair = lost(method, level);
      pair.run(GRACE_MS - 100);
      assert.is(pair.at(0).will, null, "it has its grace");
      pair.run(200);
      assert.is(pair.at(0).will?.reason, "agent-lost");
      assert.is(pair.at(0).will?.off, true);
    });
  }

  test(`D24: ${method}, service-stop: the groups go at the same moment, the server stays on`, () => {
    const pair = lost(method, "service-stop");
    pair.run(GRACE_MS - 100);
    assert.is(pair.at(0).will, null, "it has its grace");
    pair.run(200);
    assert.is(pair.at(0).will?.reason, "agent-lost");
    assert.is(pair.at(0).will?.off, false);
    assert.ok(pair.at(0).on);
    // The will is still under way: nobody takes over what may not be gone yet.
    pair.run(300);
    assert.is(pair.shows(1), "member");
    pair.tell(0, { kind: "will.done", atMs: pair.nowMs, completed: true, off: false });
    pair.at(0).will = null;
    pair.run(300);
    assert.is(pair.shows(0), "detached");
    assert.is(pair.shows(1), "sole");
    pair.run(30_000);
    assert.is(pair.shows(0), "detached", "and stays so by itself");
    assert.is(pair.shows(1), "sole");
  });

  test(`D24: ${method}, restart: nothing follows from the agent's absence alone`, () => {
    const pair = lost(method, "restart");
    pair.run(10 * GRACE_MS);
    assert.is(pair.at(0).will, null);
    assert.is(pair.shows(0), "member");
    assert.is(pair.shows(1), "member");
    assert.ok(pair.holds(0), "its groups rest on the lease of the pulse");
    assert.is(pair.at(0).notes.filter((key) => key === "agent.stalled").length, 1, "told once");
  });
}

test("D24 A5: com, restart: without an agent a partition verdict ends groups and server as ever", () => {
  const pair = lost("com", "restart");
  pair.run(2 * GRACE_MS);
  pair.cutLan(true);
  pair.run(1000);
  assert.is(pair.at(0).will?.reason, "partition");
  assert.is(pair.at(0).will?.off, true);
});

test("D24 1.3.5: com-disk, restart: without an agent a lease that is lost is lost at A3", () => {
  const pair = lost("com-disk", "restart");
  pair.run(2 * GRACE_MS);
  pair.diskDown[0] = true;
  pair.cutLan(true);
  pair.cutCom(true);
  const cutAtMs = pair.nowMs;
  pair.run(1100);
  const will = pair.at(0).will;
  assert.is(will?.off, true);
  // A3 of T 1000 is 949; the newest acknowledged beat is up to an interval old.
  assert.ok((will?.atMs ?? FOREVER) - cutAtMs <= 950, `${(will?.atMs ?? 0) - cutAtMs}`);
});

test("D24: restart ends the agent once more with every grace, so that a hung successor is replaced", () => {
  const config = { ...pairConfig("com"), internalFailure: "restart" as const };
  const token = {
    progress: 1,
    blob: new Uint8Array(),
    mayOwn: true,
    wish: { kind: "leave" } as const,
  };
  let watch = { ...createAgentWatch(0), token };
  const kills: number[] = [];
  for (let atMs = 0; atMs <= 20_000; atMs += 100) {
    const next = watchAgent(watch, { kind: "tick", atMs }, config);
    watch = { ...watch, ...next.state, token };
    assert.not(next.lost, "no groups go");
    if (next.effects.some(({ kind }) => kind === "agent.kill")) kills.push(atMs);
  }
  assert.equal(kills, [STALL_MS, GRACE_MS, 2 * GRACE_MS, 3 * GRACE_MS, 4 * GRACE_MS]);
  const back = { ...token, progress: 2 };
  const spoke = watchAgent(watch, { kind: "agent.spoke", atMs: 20_050, token: back }, config);
  assert.not(spoke.state.killed, "the one that speaks is let be");
});

/** The will's effects of a pulse of three whose agent is gone: at its grace, and after the will. */
function ofThree(internalFailure: InternalFailure): readonly PulseEffect[] {
  const config = { ...majorityConfig(3, 1000), internalFailure };
  const host = hostIncarnation(`${"0".repeat(15)}1`);
  const wish = { kind: "detached", floor: 0 } as const;
  const token = { progress: 1, blob: new Uint8Array(), mayOwn: true, wish };
  let state = majority.createPulse(0, host, config, 0);
  const effects: PulseEffect[] = [];
  const take = (event: Parameters<typeof majority.step>[1]): void => {
    const next = majority.step(state, event, config);
    state = next.state;
    effects.push(...next.effects.filter(({ kind }) => kind === "will.execute"));
  };
  take({ kind: "agent.spoke", atMs: 10, token });
  for (let atMs = 100; atMs <= 12_000; atMs += 100) take({ kind: "tick", atMs });
  return effects;
}

test("D24: majority: each level does with the groups of a server without agent what it says", () => {
  const reason = "agent-lost";
  const will = { kind: "will.execute", reason, evidence: "agent did not come back" };
  assert.equal(ofThree("emergency"), [{ ...will, off: true }]);
  assert.equal(ofThree("service-stop"), [{ ...will, off: false, offIfLeft: true }]);
  assert.equal(ofThree("restart"), []);
});

test("D24: service-stop: what outlives the will takes the system with it, for good", () => {
  const pair = lost("com-disk", "service-stop");
  pair.run(GRACE_MS - 100);
  const { state, config } = pair.at(0);
  const { effects } = step(state, { kind: "tick", atMs: pair.nowMs + 300 }, config);
  const will = effects.find(({ kind }) => kind === "will.execute");
  assert.ok(will?.kind === "will.execute" && !will.off && will.offIfLeft === true);
  pair.run(200);
  pair.tell(0, { kind: "will.done", atMs: pair.nowMs, completed: false, off: true });
  assert.is(pair.at(0).state.membership.gaveUp, "agent-lost", "it is not let in again");
  pair.run(500);
  assert.is(pair.shows(1), "member", "nobody takes over what may still run");
});

test.run();
