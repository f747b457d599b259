/**
 * Decisions of chapter 7.1 about partition resolution, D1 and D3-D11, D16, and D53, D55, D56 of 7.5, one test
 * each; D2, D12-D15 stand with the majority and the mirror. Expectations by hand. T = 1000 ms, I = Icom = 100 ms,
 * M = 52 with a disk, w+ = 3 Icom = 300 ms, w- = 2 Icom + I + one frame and one way of a beat.
 */
import * as assert from "uvu/assert";
import { recommendMethod } from "../../../services/configuration/recommend.ts";
import { comWord, type PeerHealth } from "../../../services/heartbeat/peer.ts";
import { judgeDisk, type MemberWitness } from "../../../services/quorum/disk.ts";
import { cutAll, everBothSole, Pair, pairConfig, started } from "../../firmware/pulse/pair.ts";
import { MajorityWorld } from "../../sim/majority-world.ts";
import { budgetOf, textOf } from "./decision-worlds.ts";
import { ruleBook } from "./rule-book.ts";
import { after, cutLans, outcome, T, takeoverMs } from "./rule-worlds.ts";

const test = ruleBook([
  ...["D1", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D11", "D16"],
  ...["D53", "D55", "D56"],
]);

const crash = (self: number) => (pair: Pair) => pair.power(self, false);

const TWO_SERVERS = { servers: 2, comCable: true, mirror: false, volumeManager: "vxvm" } as const;

test("D1: the early conclusion comes after one full wait without a stamp, and only up to DIO = T", () => {
  const early = new Pair(pairConfig("disk", T, { earlyVerdict: true }));
  early.run(T);
  early.own(0, true);
  early.run(2 * T);
  const fromMs = early.nowMs;
  early.power(0, false);
  while (early.shows(1) !== "sole" && early.nowMs - fromMs < 5 * T) early.run(1);
  const tookMs = early.nowMs - fromMs;
  assert.ok(tookMs >= T - 150 && tookMs < 2 * T, `between one and two waits: ${tookMs} ms`);
  assert.is(pairConfig("disk", T, { earlyVerdict: true }).budget.earlyVerdict, true);
  const slow = { earlyVerdict: true, diskWaitMs: T + 1 };
  assert.is(pairConfig("disk", T, slow).budget.earlyVerdict, false, "off when DIO > HBT");
  assert.is(budgetOf("disk", 30_000, true).judgeMs, 60_000, "60 s is the deadline");
  assert.is(budgetOf("disk", 30_000, true).quietMs, 30_000, "never before 30 s");
});

// Stamps by the sender's clock: newest LAN beat, newest COM word, and what the line says.
const COM_WORDS: readonly (readonly [string, number, number | null, string])[] = [
  ["the line carried something long after the LAN fell silent", 10_000, 15_000, "alive"],
  ["the same instant", 10_000, 10_000, "together"],
  ["one COM interval later: still on its way", 10_000, 10_100, "together"],
  ["one COM interval earlier", 10_000, 9900, "together"],
  ["three COM intervals earlier is the bound", 10_000, 9700, "together"],
  ["more than three COM intervals earlier", 10_000, 9699, "faulty"],
  ["silent for long", 10_000, 4000, "faulty"],
  ["never a word", 10_000, null, "faulty"],
];

test("D3: faulty before, everything cut at once, or alive: by the sender's stamps", () => {
  const config = pairConfig("com");
  for (const [what, lanTwoWayStampMs, stampMs, word] of COM_WORDS) {
    const peer = { lanTwoWayStampMs, comStampMs: stampMs, comTwoWayStampMs: stampMs };
    assert.is(comWord(peer as PeerHealth, config), word, what);
  }
  // Heard, but the peer never heard us on the line: it does not carry both ways.
  const deaf = { lanTwoWayStampMs: 10_000, comStampMs: 10_000, comTwoWayStampMs: null };
  assert.is(comWord(deaf as PeerHealth, config), "faulty");
  // Bytes of a dead peer that arrive late are words of before.
  const late = started("com", 0);
  late.comDelayMs = 250;
  late.run(T);
  late.power(0, false);
  late.run(3 * T);
  assert.is(late.shows(1), "sole");
});

test("D4: the claim adds no time, and the order is: who runs groups, then cluster priority", () => {
  for (const owner of [0, 1]) {
    const tookMs = takeoverMs("com-disk", owner, 1 - owner, crash(owner)) ?? 0;
    assert.ok(tookMs >= T - 150 && tookMs <= T + 50, `resolution time 0: ${tookMs} ms`);
  }
  for (const [owners, winner] of [
    [[0], 0],
    [[1], 1],
    [[0, 1], 0],
    [[], 0],
  ] as const) {
    const pair = started("com-disk", null);
    for (const self of owners) pair.own(self, true);
    pair.run(T);
    cutAll(pair, true);
    assert.not(everBothSole(pair, 5 * T));
    assert.is(outcome(pair)[winner], "goes on", `owners ${owners.join(" and ")}`);
    assert.is(outcome(pair)[1 - winner], "ES claim-lost");
  }
});

test("D5: disk faulty at a crash: an owner ES at the end of its lease, a standby after the disk wait", () => {
  for (const self of [0, 1]) {
    const pair = started("com-disk", 0);
    pair.diskDown[0] = true;
    pair.diskDown[1] = true;
    pair.run(15 * T);
    assert.ok(pair.at(self).notes.includes("disk.faulty"), "the same alert as of a COM fault");
    const fromMs = pair.nowMs;
    pair.power(1 - self, false);
    pair.run(5 * T);
    assert.is(outcome(pair)[self], "ES disk-faulty");
    const goneMs = (pair.at(self).will?.atMs ?? 0) - fromMs;
    // The owner before T; the standby gives the array DIO = 1000 ms beyond T to come back.
    if (self === 0) assert.ok(goneMs < T, `${goneMs} ms`);
    else assert.ok(goneMs >= 2 * T - 150 && goneMs <= 2 * T + 50, `${goneMs} ms`);
  }
  const back = started("com-disk", 0);
  back.diskDown[1] = true;
  back.run(0.5 * T);
  back.power(0, false);
  back.run(1.3 * T);
  assert.is(back.shows(1), "member", "after T it still waits for the array");
});

function member(index: number, ageMs: number, alive: boolean): MemberWitness {
  const life = alive ? ("alive" as const) : ("silent" as const);
  const times = { ageMs, silenceMs: ageMs, grantedMs: T };
  return { ...times, index, presence: false, twoWay: false, life, stamps: alive };
}

test("D6: the highest is the best of the server list among those whose stamps are fresh", () => {
  const budget = budgetOf("disk", T);
  const heard = { com: "faulty", presence: false, first: false, diskHealthy: true } as const;
  const judge = (self: number, alive: readonly number[]): string => {
    const ageMs = budget.judgeMs;
    const others = [0, 1, 2, 3].filter((index) => index !== self);
    const members = others.map((index) => member(index, ageMs, alive.includes(index)));
    const disk = { self, stampsInTime: true, slept: false, excluded: false, members };
    const evidence = { ...heard, ageMs, silenceMs: ageMs, mayOwn: true, grantedMs: T, disk };
    return textOf(judgeDisk(evidence, "none", budget));
  };
  const rows: readonly (readonly [readonly number[], number])[] = [
    [[0, 1, 2, 3], 0],
    [[1, 2, 3], 1],
    [[2, 3], 2],
    [[3], 3],
    [[0, 3], 0],
  ];
  for (const [alive, best] of rows) {
    for (const self of alive) {
      assert.is(judge(self, alive), self === best ? "go-on" : "ES:outranked");
    }
  }
});

test("D7: nothing is resolved while any two-way path is left; one-way loss on all LANs is loss", () => {
  for (const method of ["com", "com-disk", "disk", "none"]) {
    for (const path of [0, 1]) {
      const said = after(method, 0, (pair) => pair.cutLan(true, [0, 1], [path]));
      assert.equal(said, ["member", "member"], `${method}: LAN ${path + 1} cut`);
    }
    for (const from of [0, 1]) {
      const said = after(method, 0, (pair) => pair.cutLan(true, [from]));
      assert.not.equal(said, ["member", "member"], `${method}: deaf to server ${from}`);
    }
  }
  const world = new MajorityWorld(3, T, 5);
  world.run(3 * T);
  const [first, , third] = world.cut;
  if (first === undefined || third === undefined) throw new Error("three servers");
  first[2] = true;
  third[0] = true;
  world.run(5 * T);
  assert.equal(
    world.hosts.map(({ will }) => will),
    [null, null, null],
    "A-C cut, both reach B",
  );
});

test("D8: words on COM and stamps on the disk do not put the LAN's timeout off", () => {
  const com = started("com", 0);
  const fromMs = com.nowMs;
  cutLans(com);
  com.run(2 * T);
  for (const self of [0, 1]) {
    const goneMs = (com.at(self).will?.atMs ?? 0) - fromMs;
    assert.ok(goneMs > 0 && goneMs <= T + 50, `server ${self} after ${goneMs} ms`);
  }
  const disk = started("disk", 1);
  cutLans(disk);
  disk.run(2 * T + 50);
  assert.equal(
    outcome(disk),
    ["goes on", "ES outranked"],
    "alive on the disk, and judged all the same",
  );
});

test("D9: an arbiter is faulty after its own timeout, not before: COM after T, the disk after DIO", () => {
  const com = started("com", 0);
  com.cutCom(true);
  com.run(T - 150);
  assert.not(com.at(0).notes.includes("com.faulty"));
  com.run(300);
  assert.ok(com.at(0).notes.includes("com.faulty"));
  const disk = new Pair(pairConfig("disk", T, { diskWaitMs: 3 * T }));
  disk.run(15 * T);
  disk.diskDown[0] = true;
  disk.run(2.5 * T);
  assert.not(disk.at(0).notes.includes("disk.faulty"));
  disk.run(T);
  assert.ok(disk.at(0).notes.includes("disk.faulty"));
  assert.equal(outcome(disk), ["member", "member"], "an alert, nothing else");
});

test("D10: a partition is the loss of all LAN paths; arbiters are not counted", () => {
  // Every arbiter is gone and one LAN is left: nothing is resolved.
  for (const method of ["com", "com-disk", "disk"]) {
    const said = after(method, 0, (pair) => {
      pair.cutCom(true);
      pair.diskDown[0] = true;
      pair.diskDown[1] = true;
      pair.cutLan(true, [0, 1], [1]);
    });
    assert.equal(said, ["member", "member"], method);
  }
  // All LANs are gone and every arbiter works: it is a partition.
  assert.equal(after("com", 0, cutLans), ["ES partition", "ES partition"]);
});

test("D11, R106: under a whole-disk volume manager: COM for two servers, majority for more", () => {
  const two = recommendMethod({ ...TWO_SERVERS, sharedDisk: true });
  assert.is(two.method, "com");
  assert.equal(two.offered, ["com"]);
  for (const servers of [3, 16]) {
    const more = recommendMethod({ ...TWO_SERVERS, servers, sharedDisk: true });
    assert.is(more.method, "majority");
    assert.equal(more.offered, ["majority"]);
  }
});

test("D16: after all servers ES nobody serves by itself: a force-return is the way back", () => {
  const pair = started("com", 0);
  cutLans(pair);
  pair.run(3 * T);
  assert.equal(outcome(pair), ["ES partition", "ES partition"]);
  pair.cutLan(false);
  for (const self of [0, 1]) pair.power(self, true);
  pair.run(20 * T);
  assert.equal(outcome(pair), ["detached", "detached"]);
  // A return needs a member to return to.
  pair.setWish(1, { kind: "return", floor: 1 });
  pair.run(5 * T);
  assert.is(pair.shows(1), "returning");
  pair.setWish(0, { kind: "found", floor: 1 });
  pair.run(5 * T);
  assert.equal(outcome(pair), ["member", "member"]);
});

test("D53: two owners meet again: COM: the worse one ES; none: it stops its groups only", () => {
  for (const [method, off] of [
    ["com", true],
    ["none", false],
  ] as const) {
    const pair = started(method, 0);
    cutAll(pair, true);
    pair.run(3 * T);
    assert.equal(outcome(pair), ["goes on", "goes on"]);
    pair.own(1, true);
    pair.run(100);
    cutAll(pair, false);
    pair.run(T);
    assert.is(pair.at(1).will?.reason, "conflict");
    assert.is(pair.at(1).will?.off, off);
    assert.is(pair.shows(0), "sole");
    assert.is(pair.at(0).will, null);
  }
});

/** Both come up with their clean marks and the LANs dead. */
function bothStart(method: string, comToo: boolean): Pair {
  const pair = new Pair(pairConfig(method));
  pair.cutLan(true);
  if (comToo) pair.cutCom(true);
  assert.is(everBothSole(pair, 10 * T), method === "none" || (method === "com" && comToo));
  return pair;
}

test("D55: a start alone is a resolution: each method's condition holds, and not before the wait", () => {
  assert.equal(outcome(bothStart("com", false)), ["starting", "starting"], "a word on the line");
  assert.equal(outcome(bothStart("com", true)), ["goes on", "goes on"], "accepted as A7");
  assert.equal(
    outcome(bothStart("com-disk", false)),
    ["goes on", "starting"],
    "wins a claim first",
  );
  assert.equal(outcome(bothStart("com-disk", true)), ["goes on", "starting"]);
  assert.equal(
    outcome(bothStart("disk", false)),
    ["goes on", "starting"],
    "top of the fresh slots",
  );
  assert.equal(outcome(bothStart("none", false)), ["goes on", "goes on"], "as the guide");
  for (const method of ["com", "com-disk", "disk", "none"]) {
    const alone = new Pair(pairConfig(method));
    alone.power(0, false);
    alone.run(1900);
    assert.is(alone.shows(1), "starting", `${method}: the wait of 2000 ms lasts`);
  }
  const few = new MajorityWorld(3, T, 5);
  for (const index of [1, 2]) few.powerOff(index);
  few.run(10 * T);
  assert.equal(few.membersAt(0), [], "one of three is no majority");
});

test("D56: a key or version that does not fit is presence, and presence blocks a takeover", () => {
  for (const [method, said] of [
    ["com", "ES presence"],
    ["com-disk", "ES presence"],
    ["none", "member"],
  ] as const) {
    for (const reason of ["tag", "version"] as const) {
      const pair = started(method, 0);
      pair.power(0, false);
      for (let ms = 0; ms < 5 * T && pair.at(1).on; ms += 50) {
        pair.tell(1, { kind: "presence.noticed", atMs: pair.nowMs, from: 0, reason });
        pair.run(50);
      }
      assert.is(outcome(pair)[1], said, `${method}, ${reason}`);
      assert.ok(pair.at(1).notes.includes("peer.presence"), "with its own alert");
    }
  }
});

test.run();
