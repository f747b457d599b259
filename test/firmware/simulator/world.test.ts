/**
 * The simulator carries two to sixteen servers: they form one view, one owner per group, and survive what a
 * majority has to survive; chance comes in streams of its own, so the same seed is the same run.
 * Source: reliability.md 2.1-2.3; R86-R94; D15-D18.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { World } from "../../../firmware/simulator/world.ts";
import { configOf, type SettingName } from "../../sim/settings.ts";

function start(setting: SettingName, seed = 5): World {
  const world = new World(configOf(setting), seed);
  for (const host of world.hosts) host.power();
  world.run(4 * world.config.budget.timeoutMs);
  return world;
}

const members = (world: World): number =>
  world.hosts.filter(({ index }) => world.shows(index) === "member").length;

const owners = (world: World, group: number): number[] =>
  world.hosts.filter(({ running }) => running[group] === true).map(({ index }) => index);

for (const [setting, count] of [
  ["com-disk", 2],
  ["majority-3", 3],
  ["majority-5", 5],
  ["majority-16-3s", 16],
] as const) {
  test(`protocol 1.7: ${count} servers start as one view, each group at home`, () => {
    const world = start(setting);
    assert.is(members(world), count);
    assert.equal(owners(world, 0), [0]);
    assert.equal(owners(world, 1), [1]);
    assert.equal(world.checks.failures, []);
  });
}

test("J3 R94: 16 servers survive the loss of 7, and the groups of the lost run elsewhere", () => {
  const world = start("majority-16-3s");
  for (let index = 0; index < 7; index += 1) world.at(index).off("cut");
  world.run(3 * world.config.budget.timeoutMs);
  assert.is(members(world), 9);
  for (const group of [0, 1]) assert.is(owners(world, group).length, 1);
  assert.equal(world.checks.failures, []);
});

test("J2: whoever is cut off from a majority gives up, the others go on", () => {
  const world = start("majority-3");
  for (const path of world.wires.paths) {
    for (const other of [1, 2]) {
      world.wires.changeLink(path, 0, other, { cut: true });
      world.wires.changeLink(path, other, 0, { cut: true });
    }
  }
  world.run(4000);
  assert.is(world.shows(0), "off (es:partition)");
  assert.is(owners(world, 0).length, 1);
  assert.not(owners(world, 0).includes(0));
  assert.equal(world.checks.failures, []);
});

test("D15 D18: leave, move, power cut and return by order, with and without memory", () => {
  const world = start("majority-4");
  world.at(0).agent?.order("group.move", 0, 2);
  world.run(2000);
  assert.equal(owners(world, 0), [2]);
  world.at(1).agent?.order("server.detach", 0, 3);
  world.run(2000);
  assert.is(world.shows(3), "detached");
  world.at(3).off("cut");
  world.at(3).flash = null;
  world.at(2).off("cut");
  world.run(3000);
  assert.is(owners(world, 0).length, 1);
  world.at(2).power();
  world.at(3).power();
  world.run(3000);
  for (const index of [2, 3]) world.at(index).agent?.order("server.return", 0, index);
  world.run(4000);
  assert.is(members(world), 4);
  assert.equal(world.checks.failures, []);
});

test("1.4.8: a pulse, an agent or both of them restart and nothing moves", () => {
  const world = start("majority-3");
  world.at(1).killPulse("test");
  world.run(3000);
  world.at(1).killAgent();
  world.run(3000);
  world.at(2).killPulse("test");
  world.at(2).killAgent();
  world.run(5000);
  assert.is(members(world), 3);
  assert.equal(owners(world, 0), [0]);
  assert.equal(owners(world, 1), [1]);
  assert.equal(world.checks.failures, []);
});

test("reliability 2.2: the same seed is the same run, another seed is another", () => {
  const digest = (seed: number): string => start("majority-4", seed).hash.digest;
  assert.is(digest(8), digest(8));
  assert.is.not(digest(8), digest(9));
});

test("reliability 2.2: a fault on one link does not move what the others meet", () => {
  const meet = (isCut: boolean): number[] => {
    const world = new World(configOf("majority-3"), 3);
    const atMs: number[] = [];
    world.wires.changeLink(0, 0, 1, {
      jitterMs: 30,
      tamper: (frame, pass) => {
        atMs.push(frame.bytes.length);
        pass(frame, 0);
      },
    });
    if (isCut) world.wires.changeLink(1, 2, 1, { loss: 0.5 });
    for (const host of world.hosts) host.power();
    world.run(900);
    return atMs;
  };
  assert.ok(meet(false).length > 5);
  assert.equal(meet(true).slice(0, 5), meet(false).slice(0, 5));
});

test.run();
