/**
 * Rows that the swarm found about pulses that restart at the wrong moment: what they must be taught, what
 * they must not forget, and how long they listen before they decide. Source: protocol.md 1.3, 1.4.8; D55.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { holdsLease, nextDeadlineMs, peerOf, step } from "../../../firmware/pulse/route.ts";
import { createPulse } from "../../../firmware/pulse/state.ts";
import { acknowledgedMs } from "../../../services/heartbeat/peer.ts";
import { cutAll, everBothSole, Pair, pairConfig, started } from "./pair.ts";

test("D55: a restarted pulse does not clear the claim on which its server went on alone", () => {
  const pair = new Pair(pairConfig("com-disk"));
  cutAll(pair, true);
  pair.run(5000);
  assert.is(pair.shows(0), "sole");
  assert.ok(pair.blocks[0]);
  pair.restartPulse(0, 100);
  for (let ms = 0; ms < 2000; ms += 1) {
    pair.run(1);
    assert.ok(pair.blocks[0], `cleared after ${ms} ms`);
  }
  assert.is(pair.shows(0), "sole");
});

for (const method of ["com", "com-disk", "none"]) {
  test(`R21: ${method}: a pulse that restarts in time costs neither server anything`, () => {
    const pair = started(method);
    for (const self of [0, 1]) {
      pair.restartPulse(self, 120);
      pair.run(3000);
      assert.is(pair.shows(0), "member", `after the restart at ${self}`);
      assert.is(pair.shows(1), "member", `after the restart at ${self}`);
    }
  });
}

for (const method of ["com", "com-disk"]) {
  test(`L3: ${method}: a server that was started anew is believed on the serial line as well`, () => {
    const pair = started(method);
    pair.own(0, true);
    pair.run(300);
    const { floor } = pair.at(1).state.membership;
    pair.power(0, false);
    // Its first word comes over COM: a beat of the LANs is due later, or lost.
    pair.cutLan(true, [0]);
    pair.run(400);
    pair.power(0, true, "detached", floor);
    pair.run(500);
    assert.is(pair.shows(1), "sole", "at once: the new boot proves that its groups are gone");
    pair.run(3000);
    assert.is(pair.shows(1), "sole");
    assert.is(pair.at(1).notes.includes("peer.rebooted"), true);
  });
}

for (const method of ["com", "com-disk"]) {
  test(`L3 A3: ${method}: what the peer still repeats of the boot before, whose clock was further on, is no sign of life of this one`, () => {
    const pair = started(method);
    pair.power(1, false);
    pair.run(3000);
    assert.is(pair.shows(0), "sole");
    const { floor } = pair.at(0).state.membership;
    pair.power(1, true, "detached", floor);
    pair.run(200);
    const beat = peerOf(pair.at(1).state)?.beat ?? null;
    assert.ok(beat !== null && beat.heardStampMs !== null);
    // A host that was up for weeks: its last stamp lies far ahead of the clock of its next boot.
    const stale = { ...beat, heardStampMs: pair.nowMs + 1_000_000_000 };
    pair.tell(1, { kind: "beat.received", atMs: pair.nowMs, path: 0, beat: stale, proven: true });
    pair.run(300);
    const peer = peerOf(pair.at(1).state);
    assert.ok((peer?.heardOwnStampMs ?? 0) <= pair.nowMs, "by this boot's clock");
    const { lanTwoWayStampMs = null } = peer ?? {};
    assert.ok(lanTwoWayStampMs !== null && pair.nowMs - lanTwoWayStampMs < 300);
    pair.setWish(1, { kind: "return", floor });
    pair.run(1500);
    assert.is(pair.shows(1), "member");
    pair.power(0, false);
    pair.run(3000);
    assert.is(pair.shows(1), "sole", "a crash is no partition");
  });
}

test("1.3.3: a pulse that is taught a lease which is over gives up at once", () => {
  const pair = started("com-disk");
  cutAll(pair, true);
  pair.diskDown[0] = true;
  pair.run(100);
  pair.restartPulse(0, 1000);
  pair.run(1000);
  pair.run(5);
  assert.ok(pair.at(0).will !== null);
});

test("1.3.2: a verdict owed makes the pulse wake at once", () => {
  const config = pairConfig("com");
  const { host } = started("com").at(0).state.membership;
  const fresh = createPulse(0, host, config, 9000);
  const view = { epoch: { counter: 1, coordinator: 0, host }, members: [0, 1] };
  const wish = { kind: "resume" as const, view, ackedStampMs: 8040, remembered: true };
  const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn: true };
  const taught = step(fresh, { kind: "agent.spoke", atMs: 9001, token }, config).state;
  assert.is(nextDeadlineMs(taught, config, 9001), 9001);
});

test("1.3.3: a deadline that passes while something else is taken in still gets its tick", () => {
  const pair = started("com");
  const { config } = pair;
  cutAll(pair, true);
  pair.run(250);
  const { state } = pair.at(0);
  const { token } = state.agent;
  const { view } = state.membership;
  const peer = peerOf(state);
  if (token === null || view === null || peer === null) throw new Error("no member");
  const markMs = (acknowledgedMs(peer, view) ?? 0) + config.budget.a1Ms;
  const before = step(state, { kind: "tick", atMs: markMs - 1 }, config).state;
  assert.ok(nextDeadlineMs(before, config, markMs - 1) <= markMs);
  const atMs = markMs + 0.4;
  const after = step(before, { kind: "agent.spoke", atMs, token }, config).state;
  assert.ok(nextDeadlineMs(after, config, atMs) <= atMs, "owed");
  const ticked = step(after, { kind: "tick", atMs }, config).state;
  assert.ok(nextDeadlineMs(ticked, config, atMs) > atMs, "once");
});

test("1.3.3: an event that sends the beats does not put the next tick off", () => {
  const pair = started("none");
  const { config } = pair;
  let { state } = pair.at(0);
  const fromMs = pair.nowMs;
  state = step(state, { kind: "tick", atMs: fromMs }, config).state;
  const { token } = state.agent;
  if (token === null) throw new Error("no agent");
  for (let atMs = fromMs + 50; atMs <= fromMs + 400; atMs += 50) {
    state = step(state, { kind: "agent.spoke", atMs, token }, config).state;
  }
  assert.ok(nextDeadlineMs(state, config, fromMs + 400) <= fromMs + config.budget.intervalMs);
});

test("1.3.4: a restarted pulse has to listen for T itself before its peer counts as silent", () => {
  const config = pairConfig("none");
  const { host, view } = started("none").at(0).state.membership;
  if (view === null) throw new Error("no view");
  const wish = { kind: "resume" as const, view, ackedStampMs: null, remembered: false };
  const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn: true };
  let state = createPulse(0, host, config, 9000);
  state = step(state, { kind: "agent.spoke", atMs: 9001, token }, config).state;
  const membersAt = (atMs: number): number | undefined =>
    step(state, { kind: "tick", atMs }, config).state.membership.view?.members.length;
  assert.is(membersAt(9002), 2);
  assert.is(membersAt(9990), 2);
  assert.is(membersAt(10_002), 1);
});

test("V5: an epoch heard from the peer is never used again, whoever has forgotten it", () => {
  const pair = started("none");
  pair.cutLan(true);
  pair.run(3000);
  const beat = peerOf(pair.at(0).state)?.beat ?? null;
  if (beat?.view == null) throw new Error("nothing heard");
  const epoch = { ...beat.view.epoch, counter: 41 };
  const lost = { ...beat, view: { epoch, members: [1] }, state: "member" as const };
  const { config } = pair;
  const fresh = createPulse(0, pair.at(0).state.membership.host, config, 9000);
  const wish = { kind: "start" as const, floor: 0, waitUntilMs: 99_000 };
  const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn: false };
  const starting = step(fresh, { kind: "agent.spoke", atMs: 9001, token }, config).state;
  const event = { kind: "beat.received" as const, atMs: 9002, path: 0, beat: lost, proven: true };
  assert.is(step(starting, event, config).state.membership.floor, 41);
});

test("D55, 1.4.8: a starter whose pulse restarts listens anew before it claims", () => {
  const pair = new Pair(pairConfig("com-disk"), ["start", "start"]);
  cutAll(pair, true);
  pair.run(5000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "starting");
  pair.own(0, true);
  cutAll(pair, false);
  for (let ms = 0; ms < 1000 && pair.shows(0) === "sole"; ms += 1) pair.run(1);
  // The first has taken it in, the second dies before it knows; from here on nothing arrives.
  assert.is(pair.shows(0), "member");
  cutAll(pair, true);
  pair.restartPulse(1, 50);
  for (let ms = 0; ms < 4000; ms += 1) {
    pair.run(1);
    assert.not(pair.shows(1) === "sole" && pair.at(0).will === null, `after ${ms} ms`);
  }
});

for (const method of ["com", "com-disk", "none"]) {
  test(`1.4.8: ${method}: a sole server takes nobody in before its agent would teach the new view`, () => {
    const pair = new Pair(pairConfig(method), ["start", "detached"]);
    pair.run(3000);
    assert.is(pair.shows(0), "sole");
    pair.own(0, true);
    const { view } = pair.at(0).state.membership;
    pair.at(0).agentHungUntilMs = pair.nowMs + 800;
    pair.setWish(1, { kind: "return", floor: 0 });
    pair.run(600);
    // The agent still holds the sole view and will teach it: nobody else may be a member by now.
    assert.equal(pair.at(0).wish.kind === "resume" && pair.at(0).wish, {
      kind: "resume",
      view,
      ackedStampMs: null,
      remembered: true,
    });
    assert.is(pair.shows(1), "returning");
    pair.restartPulse(0, 100);
    pair.at(0).agentHungUntilMs = pair.nowMs + 3000;
    pair.cutCom(true);
    pair.cutLan(true);
    assert.not(everBothSole(pair, 3500));
    assert.is(pair.shows(0), "sole");
    cutAll(pair, false);
    pair.run(3000);
    assert.is(pair.shows(0), "member", "a late agent only delays the joining");
    assert.is(pair.shows(1), "member");
  });
}

test("1.4.8: a pulse that dies between the agent's hold and the joining goes on in the new view", () => {
  const pair = new Pair(pairConfig("com-disk"), ["start", "detached"]);
  pair.run(3000);
  pair.own(0, true);
  pair.setWish(1, { kind: "return", floor: 0 });
  const holds = (): boolean => {
    const { wish } = pair.at(0);
    return wish.kind === "resume" && wish.view.members.length === 2;
  };
  for (let ms = 0; ms < 1000 && !holds(); ms += 1) pair.run(1);
  const { wish } = pair.at(0);
  pair.restartPulse(0, 100);
  pair.at(0).wish = wish;
  pair.run(1000);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
});

test("1.4.8: only the living agent's own word says which view it holds", () => {
  const config = pairConfig("none");
  const { host, view } = started("none").at(0).state.membership;
  if (view === null) throw new Error("no view");
  const wish = { kind: "resume" as const, view, ackedStampMs: null, remembered: true };
  const token = { progress: 7, blob: new Uint8Array(0), wish, mayOwn: false };
  let state = createPulse(0, host, config, 9000);
  state = step(state, { kind: "agent.spoke", atMs: 9001, token }, config).state;
  assert.equal(state.agent.held, view.epoch);
  state = step(state, { kind: "agent.gone", atMs: 9002 }, config).state;
  assert.is(state.agent.held, null);
  // The will of the next agent arrives first, and repeats the token of the one that is gone.
  state = step(state, { kind: "agent.spoke", atMs: 9003, token }, config).state;
  assert.is(state.agent.held, null);
  const next = { ...token, progress: 1 };
  state = step(state, { kind: "agent.spoke", atMs: 9004, token: next }, config).state;
  assert.equal(state.agent.held, view.epoch);
});

test("1.4.8: an epoch that was proposed in vain is not proposed again", () => {
  const pair = new Pair(pairConfig("none"), ["start", "detached"]);
  pair.run(3000);
  pair.at(0).agentHungUntilMs = pair.nowMs + 5000;
  pair.setWish(1, { kind: "return", floor: 0 });
  pair.run(500);
  const first = pair.at(0).state.membership.promise?.epoch.counter ?? 0;
  pair.run(1500);
  const second = pair.at(0).state.membership.promise?.epoch.counter ?? 0;
  assert.ok(first > 0 && second > first, `${first}, then ${second}`);
});

test("1.4.4: a member that remembers an older view installs the newer one that contains it", () => {
  const pair = started("com", null);
  const { view, host } = pair.at(1).state.membership;
  const beat = peerOf(pair.at(1).state)?.beat ?? null;
  if (beat?.view == null || view === null) throw new Error("no view");
  const epoch = { ...view.epoch, counter: 7 };
  const newer = { ...beat, view: { epoch, members: [0, 1] } };
  const { config } = pair;
  const wish = { kind: "resume" as const, view, ackedStampMs: 9000, remembered: true };
  const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn: false };
  let state = createPulse(1, host, config, 9000);
  state = step(state, { kind: "agent.spoke", atMs: 9001, token }, config).state;
  const event = { kind: "beat.received" as const, atMs: 9002, path: 0, beat: newer, proven: true };
  state = step(state, event, config).state;
  assert.is(state.membership.view?.epoch.counter, 7);
});

// Method none, T = 1000, a beat each 100 ms, no serial line: who lives and speaks is heard within 200 ms.
const LISTENS: readonly [string, { unheard?: true; mayOwn: boolean }, number][] = [
  ["a sole view told by an agent as new as the pulse", { unheard: true, mayOwn: true }, 200],
  ["a sole view in which nothing runs", { mayOwn: false }, 200],
  ["a sole view whose agent lived on beside what it runs", { mayOwn: true }, 0],
];

for (const [name, { mayOwn, ...heard }, forMs] of LISTENS) {
  test(`1.5: ${name} starts nothing for ${forMs} ms`, () => {
    const config = pairConfig("none");
    const { host } = started("none").at(0).state.membership;
    const view = { epoch: { counter: 2, coordinator: 0 as const, host }, members: [0 as const] };
    const ackedStampMs = 9000;
    const wish = { kind: "resume" as const, view, ackedStampMs, remembered: true, ...heard };
    const token = { progress: 1, blob: new Uint8Array(0), wish, mayOwn };
    let state = createPulse(0, host, config, 9000);
    state = step(state, { kind: "agent.spoke", atMs: 9000, token }, config).state;
    assert.is(state.membership.server, "member");
    const leasedAt = (afterMs: number): boolean => {
      const atMs = 9000 + afterMs;
      const ticked = step(state, { kind: "tick", atMs }, config).state;
      return holdsLease(ticked, atMs, config);
    };
    if (forMs > 0) assert.is(leasedAt(forMs - 1), false);
    assert.is(leasedAt(forMs), true);
  });
}

test.run();
