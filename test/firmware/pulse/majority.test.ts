/**
 * Resolution by majority: rows of the guide (1.2.4 J1-J4) and of protocol.md 1.3-1.4, whole pulses in virtual
 * time. Expected survivors are written from the guide's table, not taken from the code.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MajorityWorld } from "../../sim/majority-world.ts";

const T = 1000;

function formed(count: number, seed = 7): MajorityWorld {
  const world = new MajorityWorld(count, T, seed);
  world.run(3 * T);
  const all = Array.from({ length: count }, (_, index) => index);
  for (const index of all) assert.equal(world.membersAt(index), all, world.log.join("\n"));
  assert.is(world.owners().length, 1, world.log.join("\n"));
  return world;
}

function cutBetween(
  world: MajorityWorld,
  a: readonly number[],
  b: readonly number[],
  is = true,
): void {
  for (const from of a) {
    for (const to of b) {
      const there = world.cut[from];
      const back = world.cut[to];
      if (there === undefined || back === undefined) throw new Error("no such server");
      there[to] = is;
      back[from] = is;
    }
  }
}

const wills = (world: MajorityWorld): (string | null)[] =>
  world.hosts.map(({ will }) => will?.reason ?? null);

const clean = (world: MajorityWorld): void =>
  assert.equal(world.violations, [], world.log.slice(-80).join("\n"));

test("protocol 1.7: all start, one view is formed at once, the group runs once", () => {
  for (const count of [3, 4, 5, 9]) {
    const world = formed(count);
    assert.ok((world.starts[0]?.atMs ?? 0) < T, "nobody waits when all are there");
    clean(world);
  }
});

// Servers, which of them die, who runs on and who goes down by the guide.
const LOSSES: readonly [string, number, readonly number[], readonly number[]][] = [
  ["R89 3 servers, 1 down: 2 go on", 3, [0], [1, 2]],
  ["R89 3 servers, a standby down: 2 go on", 3, [2], [0, 1]],
  ["R90 3 servers, 2 down: the last goes down", 3, [0, 1], []],
  ["R91 4 servers, 1 down: 3 go on", 4, [0], [1, 2, 3]],
  ["R91 4 servers, 2 down: the remaining 2 go down", 4, [0, 1], []],
  ["R92 5 servers, 2 down: 3 go on", 5, [0, 1], [2, 3, 4]],
  ["R92 5 servers, 3 down: 2 go down", 5, [0, 1, 2], []],
  ["J3 16 servers, 7 down: 9 go on", 16, [0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12, 13, 14, 15]],
  ["J3 16 servers, 8 down: 8 go down", 16, [0, 1, 2, 3, 4, 5, 6, 7], []],
];

for (const [name, count, dead, left] of LOSSES) {
  test(name, () => {
    const world = formed(count);
    for (const index of dead) world.powerOff(index);
    const atMs = world.nowMs;
    world.run(4 * T);
    clean(world);
    for (const index of left)
      assert.equal(world.membersAt(index), left, world.log.slice(-60).join("\n"));
    const down = world.hosts.filter(({ index, on }) => !on && !dead.includes(index));
    assert.is(down.length, count - dead.length - left.length, world.log.slice(-60).join("\n"));
    assert.is(world.owners().length, left.length > 0 ? 1 : 0);
    if (left.length > 0 && dead.includes(0)) {
      const start = world.starts.at(-1);
      assert.ok(start !== undefined && start.atMs - atMs > T - world.config.budget.intervalMs * 2);
      assert.ok(start.atMs - atMs < T + 200, `R94: took ${start.atMs - atMs} ms`);
    }
  });
}

const PARTS: readonly [string, readonly number[], readonly number[]][] = [
  ["R87 R88 3 servers: the owner alone goes down, the two others take over", [0], [1, 2]],
  ["R87 3 servers: a standby alone goes down", [2], [0, 1]],
  ["R87 R88 5 servers: two with the owner go down, three take over", [0, 1], [2, 3, 4]],
  ["R87 R88 5 servers: two standbys go down, three go on", [3, 4], [0, 1, 2]],
];

for (const [name, minor, major] of PARTS) {
  test(name, () => {
    const world = formed(minor.length + major.length);
    cutBetween(world, minor, major);
    world.run(4 * T);
    clean(world);
    for (const index of minor)
      assert.is(wills(world)[index], "partition", world.log.slice(-60).join("\n"));
    for (const index of major) {
      assert.is(wills(world)[index], null);
      assert.equal(world.membersAt(index), major, world.log.slice(-60).join("\n"));
    }
    assert.ok(major.includes(world.owners()[0] ?? -1));
  });
}

test("J3 4 servers cut in half: all go down", () => {
  const world = formed(4);
  cutBetween(world, [0, 1], [2, 3]);
  world.run(4 * T);
  clean(world);
  assert.equal(wills(world), ["partition", "partition", "partition", "partition"]);
});

test("R93 J4 the hub fails: all go down", () => {
  const world = formed(5);
  const all = [0, 1, 2, 3, 4];
  cutBetween(world, all, all);
  world.run(4 * T);
  clean(world);
  assert.is(wills(world).filter((reason) => reason === "partition").length, 5);
});

test("R13 a cut that ends before the lease does costs nothing", () => {
  const world = formed(3);
  cutBetween(world, [0], [1, 2]);
  // The newest acknowledgement is up to two intervals older than the cut: A3 (949 ms) less 200 ms is sure.
  world.run(0.7 * T);
  cutBetween(world, [0], [1, 2], false);
  world.run(3 * T);
  clean(world);
  assert.equal(wills(world), [null, null, null]);
  assert.equal(world.membersAt(0), [0, 1, 2]);
  assert.is(world.starts.length, 1);
});

test("protocol L1: votes bind, one link after the other does not make a majority", () => {
  const world = formed(3);
  cutBetween(world, [0], [1]);
  world.run(1.5 * T);
  assert.equal(wills(world), [null, null, null], "S2 still carries both");
  cutBetween(world, [0], [1], false);
  cutBetween(world, [0], [2]);
  world.run(3 * T);
  clean(world);
  assert.equal(wills(world), [null, null, null], world.log.slice(-40).join("\n"));
  assert.is(world.starts.length, 1);
});

test("protocol 1.4.1: who hears all steps forward when the best member does not", () => {
  const world = formed(5);
  cutBetween(world, [0], [1]);
  world.run(1.5 * T);
  world.powerOff(4);
  world.run(3 * T);
  clean(world);
  for (const index of [0, 1, 2, 3]) {
    assert.equal(world.membersAt(index), [0, 1, 2, 3], world.log.slice(-60).join("\n"));
  }
  assert.is(world.at(0).pulse?.membership.view?.epoch.coordinator, 2);
});

test("protocol L2: one-way on all LANs of the owner is loss; the owner is gone before the takeover", () => {
  const world = formed(3);
  for (const to of [1, 2]) (world.cut[0] as boolean[])[to] = true;
  world.run(4 * T);
  clean(world);
  assert.is(wills(world)[0], "partition");
  assert.equal(world.membersAt(1), [1, 2]);
  assert.is(world.owners().length, 1);
});

test("D15 planned leave: the count shrinks by decision, and the rest survives by it", () => {
  const world = formed(4);
  world.at(3).leaves = true;
  world.run(T);
  assert.equal(world.membersAt(0), [0, 1, 2], world.log.slice(-40).join("\n"));
  assert.equal(world.at(0).pulse?.membership.view?.absent, [3]);
  assert.is(world.at(3).pulse?.membership.server, "detached");
  world.powerOff(2);
  world.run(3 * T);
  assert.equal(world.membersAt(0), [0, 1], "2 of 3 counted go on");
  clean(world);
  world.at(3).wish = { kind: "return", floor: 0 };
  world.run(T);
  assert.equal(world.membersAt(0), [0, 1, 3], world.log.slice(-40).join("\n"));
  assert.is(world.at(0).pulse?.membership.view?.absent, undefined, "counted again");
});

test("D15 L8: an unplanned loss never changes the count", () => {
  const world = formed(5);
  world.powerOff(4);
  world.run(2 * T);
  world.powerOff(3);
  world.run(2 * T);
  assert.equal(world.membersAt(0), [0, 1, 2]);
  world.powerOff(2);
  world.run(3 * T);
  assert.equal(wills(world).slice(0, 2), ["partition", "partition"]);
  clean(world);
});

test("protocol L9: a pulse that forgot its promise abstains; the owner it dropped is long gone", () => {
  const world = formed(3);
  cutBetween(world, [0], [1, 2]);
  world.run(T + 5);
  world.restartPulse(1, 5);
  cutBetween(world, [0], [1], false);
  world.run(4 * T);
  clean(world);
  assert.is(wills(world)[0], "partition");
  assert.is(world.owners().length, 1, world.log.slice(-60).join("\n"));
});

test("protocol 1.4.8: a restarted pulse is taught its view; nothing moves", () => {
  for (const index of [0, 1, 2]) {
    const world = formed(3);
    world.restartPulse(index, 30);
    world.run(4 * T);
    clean(world);
    assert.equal(wills(world), [null, null, null], world.log.slice(-40).join("\n"));
    assert.is(world.starts.length, 1, world.log.slice(-40).join("\n"));
  }
});

test("protocol 1.7: a majority of starting servers begins after the wait, a minority never", () => {
  const world = new MajorityWorld(5, T, 3);
  world.powerOff(3);
  world.powerOff(4);
  world.run(1.9 * T);
  assert.is(world.owners().length, 0);
  world.run(4 * T);
  assert.equal(world.membersAt(0), [0, 1, 2], world.log.join("\n"));
  const few = new MajorityWorld(5, T, 3);
  for (const index of [2, 3, 4]) few.powerOff(index);
  few.run(10 * T);
  assert.equal(few.membersAt(0), []);
  assert.is(few.owners().length, 0);
});

test("R208 force-return: the base begins, nothing runs before a majority is in", () => {
  const world = formed(5);
  cutBetween(world, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]);
  world.run(3 * T);
  cutBetween(world, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], false);
  for (const index of [0, 1, 2, 3, 4]) world.boot(index, { kind: "detached", floor: 1 });
  world.run(T);
  world.at(2).wish = { kind: "found", floor: 1 };
  world.run(T);
  assert.equal(world.membersAt(2), [2], world.log.slice(-40).join("\n"));
  world.at(0).wish = { kind: "return", floor: 1 };
  world.run(T);
  assert.equal(world.membersAt(2), [0, 2], world.log.slice(-40).join("\n"));
  assert.is(world.owners().length, 0, "two of five start nothing");
  world.at(1).wish = { kind: "return", floor: 1 };
  world.run(T);
  assert.equal(world.membersAt(2), [0, 1, 2]);
  assert.is(world.owners().length, 1, world.log.slice(-40).join("\n"));
  clean(world);
});

test.run();
