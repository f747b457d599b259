/**
 * Force-return and start-now in virtual time: who may begin anew, and from when on anything may start.
 * Expectations are those of the guide's 3.3(6) and of protocol.md 1.7, 1.8, V4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cutAll, everBothSole, Pair, pairConfig, started } from "./pair.ts";

const found = { kind: "found", floor: 7 } as const;
const METHODS = ["com", "com-disk", "none"];

/** Two servers that came up detached; the second one's power can be off from the beginning. */
function bothDetached(method: string, isSecondOn = true): Pair {
  const pair = new Pair(pairConfig(method), ["detached", "detached"]);
  if (!isSecondOn) pair.power(1, false);
  pair.run(1500);
  return pair;
}

for (const method of METHODS) {
  test(`R191, 1.8: ${method}: force-return writes the next epoch alone, and the other returns into it`, () => {
    const pair = bothDetached(method);
    pair.setWish(0, found);
    pair.run(300);
    assert.is(pair.shows(0), "sole");
    assert.is(pair.at(0).state.membership.view?.epoch.counter, 8);
    pair.setWish(1, { kind: "return", floor: 0 });
    pair.run(1000);
    assert.is(pair.shows(0), "member");
    assert.is(pair.shows(1), "member");
    assert.ok((pair.at(1).state.membership.view?.epoch.counter ?? 0) > 8);
    assert.ok(pair.holds(0));
  });

  test(`1.8: ${method}: a peer that says it is outside lets the groups start`, () => {
    const pair = bothDetached(method);
    pair.setWish(0, found);
    pair.run(300);
    assert.ok(pair.holds(0));
    assert.ok(pair.at(0).notes.includes("force-return.confirmed"));
  });

  test(`R208, V4: ${method}: no force-return while a live member is heard`, () => {
    const pair = started(method);
    pair.power(1, false);
    pair.run(3000);
    pair.power(1, true);
    pair.run(500);
    assert.is(pair.shows(0), "sole");
    assert.is(pair.shows(1), "detached");
    pair.setWish(1, found);
    assert.not(everBothSole(pair, 2000));
    assert.is(pair.shows(1), "detached");
  });
}

/** COM: SERVER1 came back detached, all wires to the living SERVER2 were cut, and it is made the base. */
function foundBehindCut(): Pair {
  const pair = started("com");
  pair.power(0, true);
  pair.run(3000);
  cutAll(pair, true);
  pair.run(2000);
  pair.setWish(0, found);
  return pair;
}

test("R208: a member that runs no group is live all the same", () => {
  const pair = started("com", null);
  pair.power(1, false);
  pair.run(3000);
  pair.power(1, true);
  pair.run(500);
  pair.setWish(1, found);
  assert.not(everBothSole(pair, 2000));
  assert.is(pair.shows(1), "detached");
});

test("V4: a live member that is heard on the COM line alone forbids a force-return", () => {
  const pair = started("com");
  pair.power(1, false);
  pair.run(3000);
  pair.cutLan(true);
  pair.power(1, true);
  pair.run(2000);
  pair.setWish(1, found);
  assert.not(everBothSole(pair, 3000));
  assert.is(pair.shows(1), "detached");
});

test("V4: com-disk: a claim that stands on the other's block keeps the groups down, whoever is silent", () => {
  const pair = started("com-disk");
  pair.power(1, false);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  pair.own(0, true);
  cutAll(pair, true);
  pair.power(1, true);
  pair.run(2000);
  pair.setWish(1, found);
  pair.run(3000);
  assert.is(pair.shows(1), "sole");
  assert.not(pair.holds(1));
  assert.ok(pair.at(1).notes.includes("force-return.waiting"));
});

test("1.8: com: a server that fell silent as a live member is not taken for gone", () => {
  const pair = started("com");
  pair.power(0, true);
  pair.run(3000);
  assert.is(pair.shows(0), "detached");
  assert.is(pair.shows(1), "sole");
  cutAll(pair, true);
  pair.run(2000);
  pair.setWish(0, found);
  pair.run(2000);
  assert.is(pair.shows(0), "sole");
  assert.not(pair.holds(0));
  pair.at(0).peerOff = true;
  pair.run(500);
  assert.ok(pair.holds(0));
});

test("1.8: com: a server that was heard outside and was then switched off does not forbid the start", () => {
  const pair = bothDetached("com");
  pair.power(1, false);
  pair.run(2000);
  pair.setWish(0, found);
  pair.run(500);
  assert.ok(pair.holds(0));
});

test("1.8: com-disk: alone with a working array the claim is won and the groups may start", () => {
  const pair = bothDetached("com-disk", false);
  pair.setWish(0, found);
  pair.run(500);
  assert.is(pair.at(0).state.quorum.claim, "won");
  assert.ok(pair.holds(0));
});

test("1.8, 2.5: com-disk: with a dead array only an operator's word lets the groups start", () => {
  const pair = bothDetached("com-disk", false);
  pair.diskErrors[0] = true;
  pair.run(1500);
  pair.setWish(0, found);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  assert.not(pair.holds(0));
  pair.at(0).peerOff = true;
  pair.run(500);
  assert.ok(pair.holds(0));
});

/** SERVER2 is sole behind cut LANs, with or without its path to the array; SERVER1 is made the base. */
function foundBesideSole(isBlind: boolean): Pair {
  const pair = started("disk");
  pair.power(0, false);
  pair.run(5000);
  assert.is(pair.shows(1), "sole");
  cutAll(pair, true);
  pair.diskDown[1] = isBlind;
  pair.power(0, true);
  pair.run(3000);
  pair.setWish(0, found);
  pair.run(6000);
  assert.is(pair.shows(0), "sole");
  return pair;
}

test("1.8 R79: disk: a silent slot that goes on alone stands, for a sole server needs no disk", () => {
  const pair = foundBesideSole(true);
  assert.not(pair.holds(0));
  assert.ok(pair.at(0).notes.includes("force-return.waiting"));
  pair.at(0).peerOff = true;
  pair.run(500);
  assert.ok(pair.holds(0), "an operator has looked");
});

test("1.7 R79: disk: nobody starts alone over a silent slot that went on alone, though its epoch is known", () => {
  const pair = started("disk");
  pair.power(0, false);
  pair.run(5000);
  assert.is(pair.shows(1), "sole");
  const counter = pair.at(1).state.membership.view?.epoch.counter ?? 0;
  cutAll(pair, true);
  pair.diskDown[1] = true;
  pair.power(0, true, "start", counter);
  assert.not(everBothSole(pair, 20_000));
  assert.is(pair.shows(0), "starting");
});

test("1.8, 2.5: disk: a slot that is still written is a voice, whatever an operator says", () => {
  const pair = foundBesideSole(false);
  pair.at(0).peerOff = true;
  pair.run(500);
  assert.not(pair.holds(0));
});

test("2.5: an operator's word counts for silence only, never against a voice", () => {
  const pair = foundBehindCut();
  pair.run(500);
  cutAll(pair, false);
  pair.cutLan(true);
  pair.at(0).peerOff = true;
  pair.run(2000);
  assert.not(pair.holds(0));
});

test("1.8: a restarted pulse is taught that nothing may start yet", () => {
  const pair = foundBehindCut();
  pair.run(500);
  assert.not(pair.holds(0));
  const { view } = pair.at(0).state.membership;
  assert.ok(view);
  if (view === null) return;
  pair.restartPulse(0, 20);
  pair.at(0).wish = {
    kind: "resume",
    view,
    ackedStampMs: null,
    remembered: true,
    provisional: true,
  };
  pair.run(100);
  assert.is(pair.shows(0), "sole");
  assert.not(pair.holds(0));
});

test("R208: two consoles at once: two force-returns end in one cluster", () => {
  const pair = bothDetached("com-disk");
  pair.setWish(0, found);
  pair.setWish(1, found);
  pair.run(1000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "detached");
});

for (const method of METHODS) {
  test(`1.7: ${method}: start-now ends the wait and leaves the method's rule in force`, () => {
    const pair = new Pair(pairConfig(method));
    pair.power(1, false);
    pair.run(1300);
    assert.is(pair.shows(0), "starting");
    pair.setWish(0, { kind: "start", floor: 0, waitUntilMs: pair.nowMs });
    pair.run(300);
    assert.is(pair.shows(0), "sole");
  });
}

test("1.7: com: start-now does not start beside a live COM line", () => {
  const pair = new Pair(pairConfig("com"));
  pair.cutLan(true);
  pair.run(1300);
  pair.setWish(0, { kind: "start", floor: 0, waitUntilMs: pair.nowMs });
  pair.run(500);
  assert.is(pair.shows(0), "starting");
  assert.ok(pair.at(0).notes.includes("start.refused-alone"));
});

test("1.7: start-now never undercuts the lease that an earlier pulse may have left", () => {
  const pair = new Pair(pairConfig("none"));
  pair.power(1, false);
  pair.run(100);
  pair.setWish(0, { kind: "start", floor: 0, waitUntilMs: pair.nowMs });
  pair.run(500);
  assert.is(pair.shows(0), "starting");
  pair.run(1000);
  assert.is(pair.shows(0), "sole");
});

test.run();
