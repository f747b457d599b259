/**
 * Three and more servers with the shared-disk method in virtual time, row by row of the guide's B1-B8; expectations
 * by hand. Times: T = DIO = 1000, so max(T, DIO) = 1000 and the verdict J = 2000 ms; M = 52, a lease is 948 ms.
 * In every world, nobody ever holds a lease in a view without one that still runs something.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Crew, crewConfig, formed } from "./crew.ts";
import { safe, takes } from "./crew-checks.ts";

for (const count of [3, 4, 9, 16]) {
  test(`R67: ${count} servers that start together are one view at once`, () => {
    const crew = new Crew(crewConfig(count));
    const all = crew.hosts.map((_, index) => index);
    crew.run(1000);
    for (const index of all) assert.equal(crew.members(index), all, crew.all().join(", "));
    safe(crew);
  });
}

for (const owner of [0, 1, 2]) {
  test(`R67, R69, R76: of three, server ${owner} crashes: the others go on at 2 max(T, DIO)`, () => {
    const crew = formed(3, owner);
    const rest = [0, 1, 2].filter((index) => index !== owner);
    crew.off(owner);
    const tookMs = takes(crew, rest[0] ?? 0, rest);
    assert.ok(tookMs > 1850 && tookMs < 2150, `${tookMs} ms`);
    crew.run(3000);
    assert.equal(crew.members(rest[1] ?? 0), rest);
    safe(crew);
  });
}

test("R67, R69: four servers crash down to one: no majority is needed", () => {
  const crew = formed(4, 3);
  for (const [dead, rest] of [
    [3, [0, 1, 2]],
    [0, [1, 2]],
    [1, [2]],
  ] as const) {
    crew.off(dead);
    assert.ok(takes(crew, rest[0], rest) > 0, crew.all().join(", "));
    crew.own(rest[0], true);
    crew.run(1000);
  }
  safe(crew);
});

test("R67, R69: two of four crash in one instant: the other two go on", () => {
  const crew = formed(4, 0);
  crew.off(0);
  crew.off(2);
  const tookMs = takes(crew, 1, [1, 3]);
  assert.ok(tookMs > 1850 && tookMs < 2150, `${tookMs} ms`);
  safe(crew);
});

test("D1: with the early verdict they go on after one wait without a stamp, never before T", () => {
  const crew = formed(3, 0, { earlyVerdict: true });
  crew.off(0);
  const tookMs = takes(crew, 1, [1, 2]);
  assert.ok(tookMs > 950 && tookMs < 1600, `${tookMs} ms`);
  safe(crew);
});

test("R76, B8: DIO 2000 with T 1000: the takeover comes at 4000 ms", () => {
  const crew = formed(3, 0, { diskWaitMs: 2000 });
  crew.off(0);
  const tookMs = takes(crew, 1, [1, 2]);
  assert.ok(tookMs > 3850 && tookMs < 4200, `${tookMs} ms`);
  safe(crew);
});

// Who is parted from whom, who goes on, by the guide: the best of the living and those that it reaches.
const SPLITS: readonly [string, number, readonly (readonly number[])[], readonly number[]][] = [
  ["R73, B5: the best alone against two", 3, [[0], [1, 2]], [0]],
  ["R73, B5: the best and one against one", 3, [[0, 1], [2]], [0, 1]],
  ["R71, B5: every server for itself", 3, [[0], [1], [2]], [0]],
  [
    "R73, B5: two halves of four",
    4,
    [
      [0, 3],
      [1, 2],
    ],
    [0, 3],
  ],
  ["R73, B5: the best of five alone", 5, [[0], [1, 2, 3, 4]], [0]],
];

for (const [name, count, sides, left] of SPLITS) {
  test(`${name}: ${left.length} go on, whoever owned`, () => {
    for (let owner = 0; owner < count; owner += 1) {
      const crew = formed(count, owner);
      for (const one of sides) for (const other of sides) if (one !== other) crew.part(one, other);
      crew.run(4000);
      for (const index of left) assert.equal(crew.members(index), left, crew.all().join(", "));
      const gone = crew.hosts.filter(({ on }) => !on).length;
      assert.is(gone, count - left.length, crew.all().join(", "));
      safe(crew, `owner ${owner}`);
    }
  });
}

test("R70, B4: without the disk nothing happens while the LAN works; who loses it then goes", () => {
  const crew = formed(3, 0);
  crew.diskDown.fill(true);
  crew.run(8000);
  assert.equal(crew.all(), ["member 012", "member 012", "member 012"]);
  assert.ok(crew.holds(0), "all others acknowledge");
  crew.off(2);
  crew.run(3000);
  assert.equal(crew.all(), ["will:disk-faulty", "will:disk-faulty", "off"]);
  safe(crew);
});

test("B5, B6: the best without its path to the disk goes, and the next best draws the view", () => {
  const crew = formed(3, 0);
  crew.diskDown[0] = true;
  crew.run(3000);
  crew.part([0], [1, 2]);
  crew.run(4000);
  assert.equal(crew.all(), ["will:disk-faulty", "member 12", "member 12"]);
  safe(crew);
});

test("D7: two that hear each other through the best one are not parted, only an alert stands", () => {
  for (const owner of [0, 1, 2]) {
    const crew = formed(3, owner);
    crew.part([1], [2]);
    crew.run(6000);
    assert.equal(crew.all(), ["member 012", "member 012", "member 012"]);
    assert.ok(crew.holds(owner), "its rounds on the disk carry it");
    assert.ok(crew.at(1).notes.includes("peer.lost"));
    safe(crew);
  }
});

test("D7: whoever the best one does not reach goes, although a third hears both", () => {
  const crew = formed(3, 2);
  crew.part([0], [2]);
  crew.run(4000);
  assert.equal(crew.members(0), [0, 1]);
  assert.match(crew.shows(2), /^will:/);
  safe(crew);
});

test("D7: one way only is a loss", () => {
  for (const [from, to] of [
    [0, 2],
    [2, 0],
  ] as const) {
    const crew = formed(3, 2);
    crew.wire(from, to, true);
    crew.run(4000);
    assert.equal(crew.members(0), [0, 1], `${from} to ${to}: ${crew.all().join(", ")}`);
    safe(crew);
  }
});

test("R79, G10: an owner whose disk hangs at any moment of the loss is gone before others begin", () => {
  for (const times of [{}, { earlyVerdict: true }, { diskWaitMs: 2000 }]) {
    for (let hangsMs = -400; hangsMs < 2400; hangsMs += 200) {
      const crew = formed(3, 2, times);
      crew.run(hangsMs < 0 ? 400 + hangsMs : 400);
      if (hangsMs < 0) crew.diskDown[2] = true;
      crew.run(hangsMs < 0 ? -hangsMs : 0);
      crew.part([0, 1], [2]);
      if (hangsMs >= 0) crew.run(hangsMs);
      crew.diskDown[2] = true;
      crew.run(6000);
      assert.equal(crew.members(0), [0, 1], `${hangsMs}: ${crew.all().join(", ")}`);
      safe(crew, `hangs at ${hangsMs}`);
    }
  }
});

test("R79: slow disks: nobody begins without one that still runs, and somebody goes on", () => {
  for (const delays of [
    [2, 2, 90],
    [90, 2, 2],
    [60, 60, 60],
    [2, 90, 40],
  ]) {
    for (const owner of [0, 1, 2]) {
      const crew = formed(3, owner);
      for (const [index, delayMs] of delays.entries()) crew.diskDelaysMs[index] = delayMs;
      crew.run(700);
      crew.part([0], [1, 2]);
      crew.part([1], [2]);
      crew.run(5000);
      assert.equal(crew.members(0), [0], `${delays}: ${crew.all().join(", ")}`);
      safe(crew, `${delays} owner ${owner}`);
    }
  }
});

test("R78, 1.3.5: an owner that slept longer than its rounds carry it goes as soon as it wakes", () => {
  const crew = formed(3, 2);
  crew.part([0, 1], [2]);
  crew.freeze(2, 5000);
  crew.run(4990);
  assert.equal(crew.members(0), [0, 1]);
  crew.run(11);
  assert.match(crew.shows(2), /^will:/);
  safe(crew);
});

/** Server 2 was the only one left; server 1 has come back to it. */
function grown(): Crew {
  const crew = formed(3, null);
  crew.off(0);
  crew.off(1);
  assert.ok(takes(crew, 2, [2]) > 0);
  crew.boot(1, "detached");
  crew.run(100);
  crew.say(1, { kind: "return", floor: 0 });
  assert.ok(takes(crew, 2, [1, 2]) >= 0, crew.all().join(", "));
  crew.own(2, true);
  crew.run(1000);
  return crew;
}

test("1.3.3: who was alone and is no longer has a lease that ends, and none when it has slept", () => {
  const crew = grown();
  assert.ok(crew.leaseLeftMs(2) <= 948, `${crew.leaseLeftMs(2)} ms`);
  crew.part([1], [2]);
  crew.diskDown[2] = true;
  crew.freeze(2, 5000);
  crew.run(5001);
  assert.match(crew.shows(2), /^will:/, "the next reading of a slot is not waited for");
  assert.ok(crew.holds(1));
  safe(crew);
});

test("1.3.6: an owner that nothing carries any more is not fed", () => {
  const times = { watchdogTimeoutMs: 500, diskWaitMs: 1600 };
  const crew = formed(3, 2, times);
  assert.is(crew.config.budget.protection, "reset-bounded");
  crew.part([0, 1], [2]);
  crew.diskDown[2] = true;
  const cutAtMs = crew.nowMs;
  crew.run(4000);
  const fedMs = crew.at(2).fedAtMs - cutAtMs;
  assert.ok(fedMs > 0 && fedMs <= 1600 - 500, `last fed ${fedMs} ms after the cut`);
  safe(crew);
});

test("R203: a planned leave needs no verdict, with the disk and without", () => {
  for (const isDown of [false, true]) {
    const crew = formed(3, 0);
    crew.diskDown.fill(isDown);
    crew.run(3000);
    crew.say(2, { kind: "leave" });
    const tookMs = takes(crew, 0, [0, 1]);
    assert.ok(tookMs >= 0 && tookMs < 500, `${tookMs} ms`);
    assert.is(crew.shows(2), "detached");
    safe(crew);
  }
});

test("1.4: a leaver that is told to stay holds no lease of the view that others may have left", () => {
  for (let laterMs = 0; laterMs < 60; laterMs += 1) {
    const crew = formed(3, null);
    crew.say(2, { kind: "leave" });
    crew.run(laterMs);
    if (crew.shows(2) !== "leaving 012") continue;
    crew.part([2], [0, 1]);
    const view = crew.at(2).state.membership.view;
    assert.ok(view !== null);
    crew.say(2, { kind: "resume", view, ackedStampMs: null, remembered: true });
    crew.own(2, true);
    assert.not(crew.holds(2), `${laterMs} ms after its word`);
  }
});

for (const remembered of [true, false]) {
  const who = remembered ? "the pulse" : "pulse and agent";
  test(`1.4.8: ${who} of an owner restarted at any moment of a loss: nobody begins beside it`, () => {
    for (const index of [0, 2]) {
      for (let laterMs = 0; laterMs < 2600; laterMs += 130) {
        const crew = formed(3, index);
        crew.part([0, 1], [2]);
        crew.run(laterMs);
        if (crew.at(index).will === null) crew.restart(index, remembered);
        crew.run(6000);
        safe(crew, `server ${index} after ${laterMs} ms`);
      }
    }
  });
}

test("1.4.8: a server that has forgotten its promise of a view with a newcomer heeds the newcomer's word", () => {
  // Server 0 comes into {1, 2}; 2 has promised that view, does not see it installed and forgets.
  for (let laterMs = 0; laterMs < 60; laterMs += 1) {
    const crew = formed(3, null);
    crew.off(0);
    assert.ok(takes(crew, 1, [1, 2]) > 0);
    crew.boot(0, "detached");
    crew.run(300);
    crew.own(2, true);
    crew.run(300);
    crew.say(0, { kind: "return", floor: 0 });
    crew.run(laterMs);
    crew.part([2], [0, 1]);
    crew.run(20);
    if (crew.members(2).length !== 2 || crew.members(0).length !== 3) continue;
    crew.restart(2, false);
    crew.run(6000);
    safe(crew, `parted ${laterMs} ms after the word`);
    assert.match(crew.shows(2), /^will:/, `parted ${laterMs} ms after the word`);
  }
});

test("1.4: a newcomer of which one member has heard only old words is waited for", () => {
  // Server 0 is frozen while 2 asks to come in, hears no more of it, and agrees to the view that 1 proposes.
  for (let askedMs = 250; askedMs < 850; askedMs += 50) {
    const crew = formed(3, null);
    crew.off(2);
    assert.ok(takes(crew, 0, [0, 1]) > 0);
    crew.freeze(0, 900);
    crew.boot(2, "detached");
    crew.run(askedMs);
    crew.say(2, { kind: "return", floor: 0 });
    crew.run(1);
    crew.part([0], [2]);
    assert.ok(crew.until(() => crew.members(2).length === 3, 3000) > 0, crew.all().join(", "));
    crew.part([1], [2]);
    assert.ok(crew.until(() => crew.holds(2), 300) >= 0);
    crew.own(2, true);
    crew.run(4000);
    safe(crew, `asked after ${askedMs} ms`);
  }
});

test.run();
