/**
 * Method "none" set where one server's software does not say that it carries it out: whole simulated servers of
 * both kinds, from the start and with software changed below a running cluster. Expectations by hand from the
 * guide: it is refused, and where it is forced all the same the healthy server performs an emergency shutdown;
 * never two owners. Source: guide 1.2.4 H3; R102, R103.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ReleaseName } from "../../../firmware/simulator/release.ts";
import { World } from "../../../firmware/simulator/world.ts";
import { configOf } from "../../sim/settings.ts";

const SEEDS = [1, 2, 3, 4, 5];
const UP_MS = 6000;
const NAMES = ["SERVER1", "SERVER2"];

function start(seed: number, releases: readonly ReleaseName[], setting: "none" | "com"): World {
  const world = new World(configOf(setting), seed);
  for (const host of world.hosts) {
    host.release = releases[host.index] ?? "present";
    host.power();
  }
  world.run(UP_MS);
  return world;
}

const shown = (world: World): readonly string[] =>
  world.hosts.map(({ index }) => world.shows(index));

/** Servers on which any group runs. */
const owners = (world: World): readonly number[] =>
  world.hosts
    .filter(({ running }) => running.some((runs) => runs === true))
    .map((one) => one.index);

/** Who was told that which server does not say it. */
const told = (world: World, key: string): readonly string[] =>
  world.notes
    .filter((one) => one.key === key)
    .map(({ index, data }) => `S${index}: ${String(data["server"])} ${String(data["method"])}`);

/** New software is on the disk, and what is started from now on is of it; agent first, as in the README. */
function install(world: World, index: number, release: ReleaseName): void {
  world.at(index).release = release;
  world.at(index).killAgent();
  world.run(1000);
  world.at(index).killPulse("update");
  world.run(1000);
}

for (const lacking of [0, 1]) {
  const able = 1 - lacking;
  const releases: readonly ReleaseName[] = lacking === 0 ? ["lacking"] : ["present", "lacking"];

  test(`R102: ${NAMES[lacking]} does not say none: nothing starts beside it, and who can tell does`, () => {
    for (const seed of SEEDS) {
      const world = start(seed, releases, "none");
      assert.not(shown(world).includes("member"), `${seed}: ${shown(world)}`);
      assert.equal(owners(world), []);
      assert.ok(told(world, "method.unsupported").includes(`S${able}: ${NAMES[lacking]} none`));
      install(world, lacking, "present");
      world.run(3000);
      assert.equal(shown(world), ["member", "member"], "brought up to date it is let in");
      assert.ok(told(world, "method.supported").includes(`S${able}: ${NAMES[lacking]} none`));
      assert.equal(world.checks.failures, []);
    }
  });

  test(`R103: forced below a running cluster, ${NAMES[lacking]} then fails: ES of the healthy server`, () => {
    for (const seed of SEEDS) {
      const world = start(seed, [], "none");
      assert.equal(owners(world), [0, 1]);
      install(world, lacking, "lacking");
      assert.equal(shown(world), ["member", "member"], "no process of it was ended for its words");
      world.at(lacking).off("cut");
      world.run(5000);
      assert.is(world.shows(able), "off (es:method-unsupported)");
      assert.equal(owners(world), []);
      assert.equal(world.checks.failures, []);
    }
  });

  test(`R103: forced, and all LANs are cut: beside ${NAMES[lacking]}, which goes on, no double start`, () => {
    for (const seed of SEEDS) {
      const world = start(seed, [], "none");
      install(world, lacking, "lacking");
      for (const path of world.wires.paths) {
        world.wires.changeLink(path, 0, 1, { cut: true });
        world.wires.changeLink(path, 1, 0, { cut: true });
      }
      for (let ms = 0; ms < 8000; ms += 20) {
        world.run(20);
        for (const group of [0, 1]) {
          assert.not(
            world.hosts.every(({ running }) => running[group] === true),
            `${seed}, ${ms}`,
          );
        }
      }
      assert.is(world.shows(able), "off (es:method-unsupported)");
      assert.equal(owners(world), [lacking]);
      assert.equal(world.checks.failures, []);
    }
  });
}

test("R102: with another method the same software is let in, as before", () => {
  for (const seed of SEEDS) {
    const world = start(seed, ["present", "lacking"], "com");
    assert.equal(shown(world), ["member", "member"]);
    assert.equal(told(world, "method.unsupported"), []);
  }
});

test.run();
