/**
 * Agent and pulse are both new, programs run, and no record says in which view (a damaged record). By hand from
 * protocol.md 1.3.6, 1.3.7 and 1.4.5: outside a view there is no lease that could carry them, and the other
 * server takes over by its own clock; so they go by the will, at the first word of the agent, and not by stops that
 * may take as long as they like. Found by a storm (test/regress/pair-left-over-stops-slowly.json).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as majority from "../../../firmware/pulse/majority-route.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { Wish } from "../../../services/events.ts";
import { majorityConfig } from "../../sim/majority-world.ts";
import { type Pair, pairConfig, started } from "./pair.ts";

const LEFT_OVER: Wish = { kind: "detached", floor: 0, leftOver: true };
const AWAY_MS = 200;

/** Both processes of the owner are new, and what it runs is still there. */
function bothNew(method: string, wish: Wish): Pair {
  const pair = started(pairConfig(method));
  pair.restartPulse(0, AWAY_MS);
  pair.at(0).wish = wish;
  pair.at(0).owns = true;
  return pair;
}

for (const method of ["com", "com-disk", "disk", "none"]) {
  test(`1.3.7 1.4.5: ${method}: what runs in no known view is ended at the agent's first word`, () => {
    const pair = bothNew(method, LEFT_OVER);
    pair.run(AWAY_MS + 10);
    assert.is(pair.at(0).will?.reason, "left-over");
    assert.is(pair.at(0).will?.off, false, "the server stays on, detached");
    assert.is(pair.at(0).state.membership.server, "detached");
    // Nobody is told that it is free before it is proved gone.
    pair.run(900);
    assert.is(pair.shows(1), "member");
    pair.tell(0, { kind: "will.done", atMs: pair.nowMs, completed: true, off: false });
    pair.at(0).will = null;
    pair.at(0).wish = { kind: "detached", floor: 0 };
    pair.run(2500);
    assert.is(pair.shows(0), "detached");
    assert.is(pair.at(0).will, null, "once");
    assert.is(pair.shows(1), "sole");
  });

  test(`D19: ${method}: a detached server that runs nothing, or whose pulse knows it, is let be`, () => {
    const pair = bothNew(method, { kind: "detached", floor: 0 });
    pair.at(0).owns = false;
    pair.run(AWAY_MS + 300);
    assert.is(pair.at(0).will, null);
    pair.setWish(0, LEFT_OVER);
    assert.is(pair.at(0).will, null, "only a new pulse may have missed a lease");
  });
}

for (const method of ["com-disk", "disk"]) {
  test(`1.3.6: ${method}: a server that may own something outside every view is not fed`, () => {
    const pair = bothNew(method, LEFT_OVER);
    pair.run(AWAY_MS + 2000);
    const { fedAtMs, will } = pair.at(0);
    assert.ok(fedAtMs <= (will?.atMs ?? 0), `fed ${fedAtMs}, will ${will?.atMs}`);
    pair.tell(0, { kind: "will.done", atMs: pair.nowMs, completed: true, off: false });
    pair.run(300);
    assert.ok(pair.nowMs - pair.at(0).fedAtMs <= 150, "nothing is left: fed again");
  });
}

test("1.3.7 1.4.5: majority: what runs in no known view is ended at the agent's first word", () => {
  const config = majorityConfig(3, 1000);
  const token = { progress: 1, blob: new Uint8Array(), mayOwn: true, wish: LEFT_OVER };
  const state = majority.createPulse(0, hostIncarnation(`${"0".repeat(15)}1`), config, 0);
  const next = majority.step(state, { kind: "agent.spoke", atMs: 10, token }, config);
  const wills = next.effects.filter(({ kind }: PulseEffect) => kind === "will.execute");
  const reason = "left-over";
  const evidence = "programs ran and no record said in which view";
  assert.equal(wills, [{ kind: "will.execute", reason, evidence, off: false, offIfLeft: true }]);
  assert.is(next.state.membership.server, "detached");
});

test.run();
