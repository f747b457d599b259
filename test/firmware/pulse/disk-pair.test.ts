/**
 * Two servers with the shared-disk method in virtual time, row by row of the guide's B1-B8; expectations
 * by hand. Times: T = DIO = 1000, so max(T, DIO) = 1000 and the verdict J = 2000 ms; M = 25 + 25 + 2 = 52.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { everBothSole, Pair, pairConfig, started } from "./pair.ts";

const together = (owner = 0, times: object = {}): Pair =>
  started(pairConfig("disk", 1000, times), owner);

for (const owner of [0, 1]) {
  const other = 1 - owner;
  test(`R69, R76: server ${owner} crashes: the other takes over at 2 max(T, DIO), not before`, () => {
    const pair = together(owner);
    pair.power(owner, false);
    pair.run(1850);
    assert.is(pair.shows(other), "member");
    pair.run(260);
    assert.is(pair.shows(other), "sole");
  });
}

test("1.4.5: a server that slept holds no lease before it is acknowledged anew, whoever went on meanwhile", () => {
  const pair = together(0);
  const idle = pair.at(1);
  idle.frozenUntilMs = pair.nowMs + 2500;
  pair.run(1);
  pair.cutLan(true);
  pair.run(2498);
  assert.is(pair.shows(0), "sole");
  for (let ms = 0; ms < 30; ms += 1) {
    pair.run(1);
    if (pair.shows(1) !== "member") break;
    assert.is(pair.holds(1), false, `${ms} ms after it woke`);
  }
});

test("R76, B8: DIO 2000 with T 1000: the takeover comes at 4000 ms", () => {
  const pair = together(0, { diskWaitMs: 2000 });
  pair.power(0, false);
  pair.run(3850);
  assert.is(pair.shows(1), "member");
  pair.run(260);
  assert.is(pair.shows(1), "sole");
});

test("D1: the early verdict comes after one wait without a stamp, never before T", () => {
  const pair = together(0, { earlyVerdict: true });
  pair.power(0, false);
  pair.run(850);
  assert.is(pair.shows(1), "member");
  // One more round of the reader: 200 ms, and a stamp up to one interval after the last beat.
  pair.run(600);
  assert.is(pair.shows(1), "sole");
});

test("R70, B4: disk faulty beforehand, then a crash: the survivor stops as well", () => {
  for (const faulty of [[1], [0, 1]]) {
    const pair = together(0);
    for (const self of faulty) pair.diskDown[self] = true;
    pair.run(3000);
    assert.is(pair.shows(1), "member");
    assert.ok(pair.at(1).notes.includes("disk.faulty"));
    pair.power(0, false);
    pair.run(3000);
    assert.is(pair.at(1).will?.reason, "disk-faulty");
  }
});

test("B5: only the other one's path was faulty, then it crashes: the survivor takes over", () => {
  const pair = together(0);
  pair.diskDown[0] = true;
  pair.run(3000);
  pair.power(0, false);
  pair.run(2300);
  assert.is(pair.shows(1), "sole");
});

for (const owner of [0, 1]) {
  for (let phase = 0; phase < 220; phase += 13) {
    test(`R71, R73: all LANs cut, phase ${phase}, owner ${owner}: best priority goes on alone`, () => {
      const pair = together(owner);
      pair.run(phase);
      const cutMs = pair.nowMs;
      pair.cutLan(true);
      for (let ms = 0; ms < 5000; ms += 1) {
        pair.run(1);
        assert.not(pair.shows(0) === "sole" && pair.acts(1));
        assert.not(pair.shows(1) === "sole");
      }
      assert.is(pair.shows(0), "sole");
      assert.is(pair.at(1).will?.reason, "outranked");
      if (owner === 0) assert.ok(pair.holds(0));
      // An owner has begun to give up M before J; its last acknowledgement is up to 2 I older than the cut.
      const gone = (pair.at(1).will?.atMs ?? 0) - cutMs;
      assert.ok(owner === 1 ? gone <= 1950 && gone > 1600 : gone > 1600, `${gone}`);
    });
  }
}

test("R71: between LAN loss and verdict the owner holds its lease by its stamps", () => {
  const pair = together(0);
  pair.cutLan(true);
  for (let ms = 0; ms < 4000; ms += 1) {
    pair.run(1);
    assert.ok(pair.holds(0), `after ${ms} ms`);
  }
});

test("R13: LANs that heal before the verdict change nothing", () => {
  const pair = together(1);
  pair.cutLan(true);
  pair.run(1700);
  pair.cutLan(false);
  pair.run(4000);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
  assert.ok(pair.holds(1));
});

test("R74, B6: disk faulty beforehand, then all LANs cut: all stop", () => {
  const pair = together(0);
  pair.diskDown[0] = true;
  pair.diskDown[1] = true;
  pair.run(3000);
  pair.cutLan(true);
  pair.run(3000);
  assert.is(pair.at(0).will?.reason, "disk-faulty");
  assert.is(pair.at(1).will?.reason, "disk-faulty");
});

test("R74, G10: LANs and the array lost in one instant: the owner goes DIO - M after its last stamp", () => {
  const pair = together(0);
  pair.diskDown[0] = true;
  pair.diskDown[1] = true;
  const cutMs = pair.nowMs;
  pair.cutLan(true);
  pair.run(3000);
  assert.is(pair.at(0).will?.reason, "disk-faulty");
  assert.ok((pair.at(0).will?.atMs ?? 0) - cutMs <= 950);
  assert.ok(pair.at(1).will !== null);
});

test("G10: the best server's own path is lost with the LANs: it goes, the other takes over", () => {
  const pair = together(0);
  pair.cutLan(true);
  pair.diskDown[0] = true;
  let both = false;
  for (let ms = 0; ms < 5000; ms += 1) {
    pair.run(1);
    both ||= pair.shows(1) === "sole" && pair.acts(0);
  }
  assert.not(both);
  assert.is(pair.at(0).will?.reason, "disk-faulty");
  assert.is(pair.shows(1), "sole");
});

test("R75, B7: operations slower than the disk wait: failover is refused, the survivor stops", () => {
  const pair = together(0);
  pair.diskDelaysMs[1] = 1200;
  pair.run(3000);
  assert.is(pair.shows(1), "member");
  pair.power(0, false);
  pair.run(6000);
  assert.is(pair.at(1).will?.reason, "disk-faulty");
});

test("D9, R16: LANs fine and disk faulty: an alert and nothing else", () => {
  const pair = together(0);
  pair.diskDown[0] = true;
  pair.run(20_000);
  assert.ok(pair.at(0).notes.includes("disk.faulty"));
  assert.ok(pair.holds(0));
  assert.is(pair.shows(1), "member");
});

test("R78, G9: a hung agent is not stamped alive, a restarted pulse is", () => {
  const hung = together(0);
  hung.at(0).agentHungUntilMs = hung.nowMs + 10_000;
  hung.cutLan(true);
  hung.run(3000);
  assert.is(hung.at(0).will?.reason, "disk-faulty");
  assert.is(hung.shows(1), "sole");
  const restarted = together(0);
  restarted.restartPulse(0, 200);
  restarted.run(3000);
  assert.is(restarted.shows(0), "member");
  restarted.cutLan(true);
  restarted.run(3000);
  assert.is(restarted.shows(0), "sole");
});

test("R79: a stamp that is answered after its writer's lease revives nobody", () => {
  for (const owner of [0, 1]) {
    const pair = together(owner);
    pair.cutLan(true);
    pair.diskDelaysMs[0] = 1400;
    let both = false;
    for (let ms = 0; ms < 6000; ms += 1) {
      pair.run(1);
      both ||= pair.shows(1) === "sole" && (pair.acts(0) || pair.shows(0) === "sole");
    }
    assert.not(both, `owner ${owner}`);
    assert.is(pair.at(0).will?.reason, "disk-faulty");
  }
});

test("L5: a frozen owner is deposed by its own gap", () => {
  const pair = together(0);
  pair.at(0).frozenUntilMs = pair.nowMs + 4000;
  pair.run(5000);
  assert.is(pair.at(0).will?.reason, "deposed");
  assert.is(pair.shows(1), "sole");
});

test("1.6: a standby that slept through the LAN loss takes nothing over", () => {
  const pair = together(0);
  pair.at(1).frozenUntilMs = pair.nowMs + 3000;
  pair.cutLan(true);
  while (pair.shows(0) !== "sole") pair.run(1);
  // Its `alone` never reaches the array: silence is all that the sleeper sees there.
  pair.diskDown[0] = true;
  pair.run(6000);
  assert.is(pair.shows(0), "sole");
  assert.is(pair.at(1).will?.reason, "deposed");
});

test("1.6: a standby that sleeps for longer reads that the other one went on without it", () => {
  const pair = together(0);
  pair.at(1).frozenUntilMs = pair.nowMs + 3000;
  pair.cutLan(true);
  pair.run(3500);
  pair.power(0, false);
  pair.run(6000);
  assert.is(pair.at(1).will?.reason, "excluded");
});

test("L2: one-way loss on all LANs is loss: one goes on, the other stops", () => {
  for (const deaf of [0, 1]) {
    const pair = together(0);
    pair.cutLan(true, [deaf]);
    assert.not(everBothSole(pair, 8000));
    assert.is(pair.shows(0), "sole");
    assert.ok(pair.at(1).will !== null);
  }
});

test("1.7: both start with the LANs dead: the best of the fresh slots starts, the other waits", () => {
  const pair = new Pair(pairConfig("disk"));
  pair.cutLan(true);
  assert.not(everBothSole(pair, 10_000));
  assert.is(pair.shows(0), "sole");
  assert.is(pair.shows(1), "starting");
  assert.is(pair.at(1).state.membership.refused, "outranked");
});

test("1.7: a start alone with the other one off, and none with the array dead", () => {
  const alone = new Pair(pairConfig("disk"));
  alone.power(0, false);
  alone.run(5000);
  assert.is(alone.shows(1), "sole");
  const blind = new Pair(pairConfig("disk"));
  blind.power(0, false);
  blind.diskDown[1] = true;
  blind.run(8000);
  assert.is(blind.shows(1), "starting");
  assert.is(blind.at(1).state.membership.refused, "disk-faulty");
});

test("1.7: the second starts late against a first that went on alone: it stays out", () => {
  const pair = new Pair(pairConfig("disk"));
  pair.cutLan(true);
  pair.power(0, false);
  pair.run(5000);
  assert.is(pair.shows(1), "sole");
  pair.power(0, true, "start");
  assert.not(everBothSole(pair, 8000));
  assert.is(pair.at(0).state.membership.refused, "outranked");
});

test("1.6: a server ended by an order or a failed stop says off: the other takes over at T", () => {
  for (const owner of [0, 1]) {
    const pair = together(owner);
    pair.end(owner);
    pair.run(880);
    assert.is(pair.shows(1 - owner), "member");
    pair.run(350);
    assert.is(pair.shows(1 - owner), "sole", `owner ${owner}`);
  }
});

test("1.6: without the last stamp, as with a dead array path, the other waits for the deadline", () => {
  const pair = together(0);
  pair.diskDown[0] = true;
  pair.run(3000);
  pair.end(0);
  pair.run(1880);
  assert.is(pair.shows(1), "member");
  pair.run(250);
  assert.is(pair.shows(1), "sole");
});

test.run();
