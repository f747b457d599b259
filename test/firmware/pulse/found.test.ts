/**
 * Rows that the swarm found, each at its smallest: claims that outlive their reason, words that are read
 * wrongly, servers that end in a corner. Source: protocol.md 1.3-1.7; D53, D55.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { peerOf, step } from "../../../firmware/pulse/route.ts";
import { createPulse } from "../../../firmware/pulse/state.ts";
import type { PulseEvent } from "../../../services/events.ts";
import { composeComBeat, grants } from "../../../services/heartbeat/compose.ts";
import { cutAll, everBothSole, Pair, pairConfig, started } from "./pair.ts";
import { swarmConfig } from "./swarm-plan.ts";

test("1.5 claim 4: a claim that is being taken down wins nothing, however long the disk takes", () => {
  const pair = started("com-disk");
  cutAll(pair, true);
  pair.run(750);
  assert.is(pair.at(0).state.quorum.claim, "won");
  pair.diskDelaysMs[0] = 5000;
  cutAll(pair, false);
  pair.run(600);
  assert.is(pair.blocks[0], null);
  assert.is(pair.shows(0), "member");
  cutAll(pair, true);
  assert.not(everBothSole(pair, 3000));
});

test("1.5 claim 3: a claim won in an older view wins nothing in the present one", () => {
  const pair = new Pair(pairConfig("com-disk"), ["start", "detached"]);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.at(0).state.quorum.claim, "won");
  pair.setWish(1, { kind: "return", floor: 0 });
  // Whatever the disk is asked from here on hangs, so that the claim cannot be taken down.
  pair.diskDelaysMs[0] = 5000;
  for (let ms = 0; ms < 2000 && pair.shows(0) === "sole"; ms += 1) pair.run(1);
  assert.is(pair.shows(0), "member");
  pair.run(20);
  cutAll(pair, true);
  assert.not(everBothSole(pair, 3000));
});

test("D55: two clean starters whose records differ: still only one wins the claim", () => {
  const pair = new Pair(pairConfig("com-disk"));
  cutAll(pair, true);
  pair.power(1, true, "start", 6);
  assert.not(everBothSole(pair, 6000));
  assert.is(pair.shows(0), "sole");
});

test("1.5 claim 4: a claim that failed does not stay on the block", () => {
  const pair = started("com-disk");
  cutAll(pair, true);
  pair.diskDelaysMs[0] = 10;
  const claims = (): boolean => pair.at(0).state.quorum.operation?.kind === "claim-write";
  for (let ms = 0; ms < 700 && !claims(); ms += 1) pair.run(1);
  pair.diskErrors[0] = true;
  pair.run(50);
  assert.ok(pair.blocks[0]);
  assert.is(pair.at(0).state.quorum.claim, "none");
  cutAll(pair, false);
  pair.run(300);
  pair.diskErrors[0] = false;
  pair.run(2000);
  assert.is(pair.shows(0), "member");
  assert.is(pair.blocks[0], null);
});

for (const self of [0, 1]) {
  test(`D5: com-disk: owner ${self} whose array path is dead is gone before the other goes on`, () => {
    const pair = started("com-disk", self);
    pair.diskDown[self] = true;
    cutAll(pair, true);
    for (let ms = 0; ms < 4000 && pair.shows(1 - self) !== "sole"; ms += 1) pair.run(1);
    assert.is(pair.shows(1 - self), "sole");
    assert.is(pair.at(self).will?.reason, "disk-faulty");
  });
}

test("1.3.6: an owner is fed no longer than its reset still comes before the takeover", () => {
  const setting = { method: "com-disk" as const, timeoutMs: 1000, watchdogMs: 500 };
  const pair = new Pair(swarmConfig(setting));
  pair.run(1000);
  pair.own(0, true);
  pair.run(2000);
  assert.ok(pair.nowMs - pair.at(0).fedAtMs < 200);
  pair.diskDown[0] = true;
  cutAll(pair, true);
  const cutAtMs = pair.nowMs;
  pair.run(3000);
  assert.is(pair.at(0).will?.reason, "disk-faulty");
  assert.ok(pair.at(0).fedAtMs <= cutAtMs + 500, `fed ${pair.at(0).fedAtMs - cutAtMs} ms after`);
});

test("L9: a pulse whose server has forgotten its promises grants nothing for the abstention", () => {
  const pair = started("com", null);
  const { view, host } = pair.at(1).state.membership;
  if (view === null) throw new Error("no view");
  const { config } = pair;
  const peer = peerOf(pair.at(1).state);
  if (peer?.beat == null) throw new Error("nothing heard");
  const wish = { kind: "resume" as const, view, ackedStampMs: 9000, remembered: false };
  const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn: false };
  const grantsAt = (atMs: number): boolean => {
    let state = createPulse(1, host, config, 9000);
    state = step(state, { kind: "agent.spoke", atMs: 9001, token }, config).state;
    const heard = { kind: "beat.received" as const, atMs, path: 0, beat: peer.beat, proven: true };
    if (heard.beat === null) return false;
    state = step(state, { ...heard, beat: heard.beat }, config).state;
    const { effects } = step({ ...state, nextLanAtMs: atMs }, { kind: "tick", atMs }, config);
    return effects.some((effect) => effect.kind === "lan.send" && effect.beat.ack !== null);
  };
  assert.not(grantsAt(9001 + config.budget.abstainMs - 5));
  assert.ok(grantsAt(9001 + config.budget.abstainMs + 5));
});

for (const method of ["com", "com-disk"]) {
  test(`D56: ${method}: a foreign key on every medium is no death: nobody goes on`, () => {
    const pair = started(method);
    cutAll(pair, true);
    for (let ms = 0; ms < 3000; ms += 1) {
      pair.run(1);
      for (const self of ms % 100 === 0 ? [0, 1] : []) {
        const from = 1 - self;
        const presence = { kind: "presence.noticed" as const, atMs: 0, from };
        pair.at(self).inbox.push({ ...presence, reason: "tag" });
      }
    }
    assert.is(pair.at(0).will?.reason, "presence");
    assert.is(pair.at(1).will?.reason, "presence");
  });

  test(`G4: ${method}: COM bytes that come late from a dead peer are not its life`, () => {
    const pair = started(method);
    pair.comDelayMs = 450;
    pair.run(1000);
    pair.power(0, false);
    pair.run(1500);
    assert.is(pair.shows(1), "sole");
  });
}

test("1.5 claim 5: the COM word is read again: a winner that hears life by then stops", () => {
  const pair = started("com-disk");
  cutAll(pair, true);
  pair.run(680);
  assert.is(pair.at(0).state.quorum.claim, "won");
  pair.cutCom(false);
  pair.run(2000);
  assert.is(pair.at(0).will?.reason, "partition");
});

test("1.3.1: a server that went on alone grants nothing to one that still shows the old view", () => {
  const pair = started("none", null);
  pair.cutLan(true, [0]);
  for (let ms = 0; ms < 3000 && pair.shows(1) !== "sole"; ms += 1) pair.run(1);
  assert.is(pair.shows(1), "sole");
  const { membership } = pair.at(1).state;
  const peer = peerOf(pair.at(1).state);
  assert.ok(peer !== null && peer.beat?.view?.members.length === 2);
  assert.not(peer !== null && grants(membership, peer, pair.nowMs, pair.config.hash));
  const epoch = { counter: 9, coordinator: 0, host: membership.host };
  const again = { ...membership, view: { epoch, members: [0, 1] } };
  assert.not(
    peer !== null && grants(again, peer, pair.nowMs, pair.config.hash),
    "not before it shows the new one",
  );
  const old = { ...membership, view: peer?.beat?.view ?? null };
  assert.ok(
    peer !== null && grants(old, peer, pair.nowMs, pair.config.hash),
    "in the old view it would",
  );
});

test("D53: com: the other owner of two vanishes without a further word: the rest goes on", () => {
  const pair = started("com");
  cutAll(pair, true);
  pair.run(3000);
  pair.own(1, true);
  pair.run(200);
  pair.cutLan(false, [1]);
  for (let ms = 0; ms < 500 && !pair.at(0).state.membership.conflict; ms += 1) pair.run(1);
  assert.ok(pair.at(0).state.membership.conflict);
  pair.power(1, false);
  pair.run(50);
  assert.not(pair.holds(0));
  pair.run(1500);
  assert.is(pair.shows(0), "sole");
  assert.ok(pair.holds(0));
});

test("R185: a leaving server whose peer dies becomes an ordinary only server, and stays in one view", () => {
  const pair = started("com", 1);
  pair.own(0, true);
  pair.setWish(0, { kind: "leave" });
  pair.run(100);
  assert.is(pair.shows(0), "leaving");
  pair.power(1, false);
  pair.run(200);
  pair.power(1, true);
  pair.run(1000);
  const epoch = pair.at(0).state.membership.view?.epoch.counter;
  pair.run(4000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.at(0).state.membership.view?.epoch.counter, epoch);
});

test("1.7: com: a COM line that carries one way only is not silent: no start alone", () => {
  const config = pairConfig("com");
  const pair = new Pair(config);
  cutAll(pair, true);
  pair.run(1000);
  const { membership } = pair.at(1).state;
  const to = peerOf(pair.at(1).state);
  assert.ok(to);
  if (to === null) return;
  const beat = composeComBeat(to, membership, false, pair.nowMs, config);
  const event: PulseEvent = {
    kind: "beat.received",
    atMs: 0,
    path: 0,
    beat,
    proven: false,
  };
  pair.at(0).inbox.push(event);
  pair.run(5000);
  assert.is(pair.shows(0), "starting");
  assert.ok(pair.at(0).notes.includes("start.refused-alone"));
});

test.run();
