/** Two servers in virtual time, row by row of the guide's tables; expectations by hand from 1.2.4. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pair, pairConfig, started } from "./pair.ts";

test("R180: two clean starters form one view without waiting", () => {
  const pair = new Pair(pairConfig("com-disk"));
  pair.run(300);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
  assert.ok(pair.holds(0));
  assert.ok(pair.holds(1));
});

for (const method of ["com", "com-disk", "none"]) {
  test(`R59, R85: ${method}: the owner's crash is survived at the timeout, not before`, () => {
    const pair = started(method);
    pair.power(0, false);
    pair.run(850);
    assert.is(pair.shows(1), "member");
    pair.run(250);
    assert.is(pair.shows(1), "sole");
  });
}

test("R13: beats that resume before the margin change nothing", () => {
  const pair = started("com-disk");
  pair.cutLan(true);
  pair.run(550);
  pair.cutLan(false);
  pair.run(3000);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
  assert.ok(pair.holds(0));
});

for (const method of ["com", "com-disk"]) {
  test(`R60, R81: ${method}: COM faulty beforehand, then the owner dies: the survivor stops`, () => {
    const pair = started(method);
    pair.cutCom(true);
    pair.run(3000);
    pair.power(0, false);
    pair.run(3000);
    assert.is(pair.at(1).will?.reason, "arbiter-faulty");
  });
  test(`R61, R82: ${method}: all LANs cut, COM alive: both stop`, () => {
    const pair = started(method);
    pair.cutLan(true);
    pair.run(3000);
    assert.is(pair.at(0).will?.reason, "partition");
    assert.ok(pair.at(1).will !== null);
  });
  test(`R62, R83: ${method}: COM faulty beforehand, all LANs cut: both stop`, () => {
    const pair = started(method);
    pair.cutCom(true);
    pair.run(3000);
    pair.cutLan(true);
    pair.run(3000);
    assert.is(pair.at(0).will?.reason, "arbiter-faulty");
    assert.ok(pair.at(1).will !== null);
  });
}

test("R63: com: LANs and COM in one instant: both go on (A7)", () => {
  const pair = started("com");
  pair.cutLan(true);
  pair.cutCom(true);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "sole");
});

for (let phase = 0; phase < 100; phase += 7) {
  for (const owner of [0, 1]) {
    test(`R84: com-disk: everything cut at once, phase ${phase}, owner ${owner}: the owner goes on`, () => {
      const pair = started("com-disk", owner);
      pair.run(phase);
      pair.cutLan(true);
      pair.cutCom(true);
      for (let ms = 0; ms < 5000; ms += 1) {
        pair.run(1);
        assert.not(pair.shows(0) === "sole" && pair.shows(1) === "sole");
      }
      assert.is(pair.shows(owner), "sole");
      assert.is(pair.at(1 - owner).will?.reason, "claim-lost");
    });
  }
}

test("R84: com-disk: both own groups, everything cut at once: exactly one goes on", () => {
  const pair = started("com-disk", 0);
  pair.own(1, true);
  pair.run(1000);
  pair.cutLan(true);
  pair.cutCom(true);
  pair.run(4000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.at(1).will?.reason, "claim-lost");
});

test("D5: com-disk: everything cut and the array dead: nobody goes on", () => {
  const pair = started("com-disk");
  pair.diskDown[0] = true;
  pair.diskDown[1] = true;
  pair.cutLan(true);
  pair.cutCom(true);
  pair.run(5000);
  assert.is(pair.at(0).will?.reason, "disk-faulty");
  assert.is(pair.at(1).will?.reason, "disk-faulty");
});

test("R9: one LAN of two cut: nothing moves, a warning is given", () => {
  const pair = started("com-disk");
  pair.cutLan(true, [0, 1], [0]);
  pair.run(5000);
  assert.is(pair.shows(0), "member");
  assert.ok(pair.at(0).notes.includes("path.lost"));
  assert.ok(pair.at(1).notes.includes("path.lost"));
});

test("D7: one-way loss on all LANs is loss: com-disk: one owner is left, the other stops", () => {
  const pair = started("com-disk");
  pair.cutLan(true, [0]);
  pair.run(5000);
  const ended = [pair.at(0).will, pair.at(1).will];
  assert.ok(ended.some((will) => will !== null));
  assert.not(pair.acts(0) && pair.shows(1) === "sole");
});

test("L5: an owner frozen past its lease gives up as its first act", () => {
  const pair = started("com-disk");
  pair.at(0).frozenUntilMs = pair.nowMs + 4000;
  pair.run(3999);
  assert.is(pair.shows(1), "sole");
  pair.run(2);
  assert.is(pair.at(0).will?.reason, "deposed");
});

test("L3: a reboot faster than the timeout is a death: takeover at the first proven beat", () => {
  const pair = started("com-disk");
  pair.power(0, false);
  pair.run(100);
  pair.power(0, true);
  pair.run(300);
  assert.is(pair.shows(1), "sole");
  assert.is(pair.shows(0), "detached");
});

test("R190, R203: a rebooted server stays detached until it is returned, then it is a member", () => {
  const pair = started("com-disk");
  pair.power(0, false);
  pair.run(2000);
  pair.own(1, true);
  pair.power(0, true);
  pair.run(2000);
  assert.is(pair.shows(0), "detached");
  pair.setWish(0, { kind: "return", floor: 0 });
  pair.run(1500);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
  assert.ok(pair.holds(1));
});

test("R185: a member that leaves with its groups stopped is dropped without arbitration", () => {
  const pair = started("com-disk");
  pair.setWish(0, { kind: "leave" });
  pair.run(500);
  assert.is(pair.shows(0), "leaving");
  pair.own(0, false);
  pair.run(300);
  assert.is(pair.shows(1), "sole");
  assert.is(pair.shows(0), "detached");
});

for (const method of ["com", "none"]) {
  test(`1.7: ${method}: a clean starter alone waits for the start sync, then starts`, () => {
    const pair = new Pair(pairConfig(method));
    pair.power(1, false);
    pair.run(1900);
    assert.is(pair.shows(0), "starting");
    pair.run(300);
    assert.is(pair.shows(0), "sole");
  });
}

test("1.7: com: dead LANs but a living COM line: neither starts alone", () => {
  const pair = new Pair(pairConfig("com"));
  pair.cutLan(true);
  pair.run(6000);
  assert.is(pair.shows(0), "starting");
  assert.is(pair.shows(1), "starting");
  assert.ok(pair.at(0).notes.includes("start.refused-alone"));
});

test("1.7: com-disk: dead LANs at the start: exactly one starts", () => {
  const pair = new Pair(pairConfig("com-disk"));
  pair.cutLan(true);
  pair.run(6000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "starting");
});

test("D53: com: two sole owners meet again: the worse priority stops", () => {
  const pair = started("com");
  pair.cutLan(true);
  pair.cutCom(true);
  pair.run(3000);
  pair.own(1, true);
  pair.run(100);
  pair.cutLan(false);
  pair.cutCom(false);
  pair.run(500);
  assert.is(pair.at(1).will?.reason, "conflict");
  assert.is(pair.at(1).will?.off, true);
  assert.is(pair.shows(0), "sole");
});

test("R101, D53: none: all LANs cut: both run; met again the worse priority stops its groups only", () => {
  const pair = started("none");
  pair.cutLan(true);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "sole");
  pair.own(1, true);
  pair.run(100);
  pair.cutLan(false);
  pair.run(500);
  assert.is(pair.at(1).will?.reason, "conflict");
  assert.is(pair.at(1).will?.off, false);
});

test("R64: a COM fault while the LAN is healthy moves nothing and is noted", () => {
  const pair = started("com");
  pair.cutCom(true);
  pair.run(5000);
  assert.is(pair.shows(0), "member");
  assert.ok(pair.at(0).notes.includes("com.faulty"));
});

test.run();
