/**
 * Rules J1-J4 of the guide and decisions D2, D15, one test each, over whole pulses of three to sixteen servers
 * in virtual time. Who goes on and who goes down is counted by hand from the guide's bullets.
 */
import * as assert from "uvu/assert";
import { quorumOf, survivableLosses } from "../../../services/membership/majority/votes.ts";
import { MajorityWorld } from "../../sim/majority-world.ts";
import { ruleBook } from "./rule-book.ts";
import { configured, T } from "./rule-worlds.ts";

const test = ruleBook(["J1", "J2", "J3", "J4", "D2", "D15"]);

const allOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function formed(count: number): MajorityWorld {
  const world = new MajorityWorld(count, T, 11);
  world.run(3 * T);
  assert.equal(world.membersAt(0), allOf(count), world.log.join("\n"));
  assert.is(world.owners().length, 1);
  return world;
}

function part(world: MajorityWorld, a: readonly number[], b: readonly number[]): void {
  for (const from of a) {
    for (const to of b) {
      const there = world.cut[from];
      const back = world.cut[to];
      if (there === undefined || back === undefined) throw new Error("no such server");
      there[to] = true;
      back[from] = true;
    }
  }
}

/** Servers that are up and in a view, 4 T later; nobody ever ran the group twice. */
function left(world: MajorityWorld): number[] {
  world.run(4 * T);
  assert.equal(world.violations, [], world.log.slice(-60).join("\n"));
  return world.hosts
    .filter(({ index, on, will }) => on && will === null && world.membersAt(index).length > 0)
    .map(({ index }) => index);
}

test("J1, R86: three servers or more", () => {
  assert.match(configured("majority", { servers: 2 }), "3 to 16 servers");
  for (const servers of [3, 4, 16]) {
    assert.is(configured("majority", { servers }), "accepted", `${servers} servers`);
  }
});

test("J2, R87, R88: who cannot communicate with a majority goes down, the others go on", () => {
  const rows: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[0], [1, 2]],
    [[2], [0, 1]],
    [[3], [0, 1, 2]],
    [
      [0, 1],
      [2, 3, 4],
    ],
    [
      [3, 4],
      [0, 1, 2],
    ],
  ];
  for (const [few, many] of rows) {
    const world = formed(few.length + many.length);
    part(world, few, many);
    assert.equal(left(world), many, `without ${few.join(", ")}`);
    for (const index of few) assert.is(world.at(index).will?.reason, "partition");
    assert.ok(many.includes(world.owners()[0] ?? -1), "the group runs on the majority's side");
  }
});

test("J3, R90, R91: half or more of the servers go down: all the rest goes down too", () => {
  for (const [count, dead] of [
    [3, 2],
    [4, 2],
    [5, 3],
    [6, 3],
  ] as const) {
    const world = formed(count);
    for (const index of allOf(dead)) world.powerOff(index);
    assert.equal(left(world), [], `${dead} of ${count} down`);
  }
  for (const [count, dead] of [
    [3, 1],
    [4, 1],
    [5, 2],
    [6, 2],
  ] as const) {
    const world = formed(count);
    for (const index of allOf(dead)) world.powerOff(index);
    assert.equal(left(world), allOf(count).slice(dead), `${dead} of ${count} down`);
  }
});

test("J4, R93: all servers are isolated: all go down", () => {
  for (const count of [3, 4, 5]) {
    const world = formed(count);
    part(world, allOf(count), allOf(count));
    assert.equal(left(world), []);
    for (const { will } of world.hosts) assert.is(will?.reason, "partition");
  }
});

test("D2: strictly more than half: of an even number one half does not go on", () => {
  assert.equal([2, 3, 4, 5, 6, 7, 8, 15, 16].map(quorumOf), [2, 2, 3, 3, 4, 4, 5, 8, 9]);
  const halves = formed(4);
  part(halves, [0, 1], [2, 3]);
  assert.equal(left(halves), [], "neither half");
  const more = formed(4);
  part(more, [3], [0, 1, 2]);
  assert.equal(left(more), [0, 1, 2]);
});

test("D15: a planned leave lowers the count by a decision of the majority, a loss never does", () => {
  const epoch = {
    counter: 1,
    coordinator: 0,
    host: formed(3).at(0).pulse?.membership.host,
  } as never;
  assert.is(survivableLosses({ epoch, members: [0, 1, 2, 3] }, 4), 1);
  assert.is(survivableLosses({ epoch, members: [0, 1, 2], absent: [3] }, 4), 1);
  assert.is(survivableLosses({ epoch, members: [0, 1, 2] }, 4), 0);

  const planned = formed(4);
  planned.at(3).leaves = true;
  planned.run(2 * T);
  planned.powerOff(2);
  assert.equal(
    left(planned).filter((index) => index < 2),
    [0, 1],
    "two of three counted",
  );

  const lost = formed(4);
  lost.powerOff(3);
  lost.run(3 * T);
  lost.powerOff(2);
  assert.equal(left(lost), [], "two of four counted");
});

test.run();
