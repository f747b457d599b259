/**
 * Agent or pulse of an owner gone for good, at each level of `internalFailure` (D24), with every method: whole
 * simulated servers, with their supervisors, records and wills. Expectations by hand: who is off, who stays on
 * and as what, where the group runs; every invariant looks on.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { World } from "../../../firmware/simulator/world.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import type { InternalFailure } from "../../../services/configuration/model.ts";
import { configOf } from "../../sim/settings.ts";

const METHODS = ["com", "com-disk", "disk", "none", "majority-3"] as const;
const SEEDS = [1, 2, 3];
const FOREVER = Number.POSITIVE_INFINITY;
/** By then everybody has started; the group `one` is at home on the first server. */
const UP_MS = 6000;
/** Grace of the agent 5 s, resolution with the disk 2 s, a start some 100 ms. */
const LATER_MS = 12_000;

function play(
  config: LoadedConfig,
  seed: number,
  lose: (world: World) => void,
  level: InternalFailure,
): World {
  const world = new World({ ...config, internalFailure: level }, seed);
  for (const host of world.hosts) host.power();
  world.run(UP_MS);
  assert.ok(world.at(0).running[0], "the group runs at home before");
  world.at(0).bends.restartMs = FOREVER;
  lose(world);
  world.run(LATER_MS);
  const why = world.traced.slice(-60).join("\n");
  // A program that outlives a will is in the hands of the watchdog, at every level.
  if (world.at(0).bends.giveUpMs !== FOREVER) assert.equal(world.checks.failures, [], why);
  return world;
}

const runsAt = (world: World): readonly number[] =>
  world.hosts.flatMap(({ running, index }) => (running[0] === true ? [index] : []));

const loseAgent = (world: World): void => world.at(0).killAgent();
const losePulse = (world: World): void => world.at(0).killPulse("gone");

for (const method of METHODS) {
  const config = configOf(method);

  test(`D24: ${method}, emergency: either process gone switches the server off`, () => {
    for (const seed of SEEDS) {
      const agent = play(config, seed, loseAgent, "emergency");
      assert.is(agent.shows(0), "off (es:agent-lost)");
      assert.not(runsAt(agent).includes(0));
      const pulse = play(config, seed, losePulse, "emergency");
      assert.is(pulse.shows(0), "off (es:pulse-lost)");
      assert.not(runsAt(pulse).includes(0));
    }
  });

  test(`D24: ${method}, service-stop, agent gone: the server stays on, detached, the group moves`, () => {
    for (const seed of SEEDS) {
      const world = play(config, seed, loseAgent, "service-stop");
      assert.is(world.shows(0), "detached");
      assert.equal(runsAt(world), [1]);
      world.at(0).revive();
      world.run(3000);
      assert.is(world.shows(0), "detached", "a new agent comes up outside as well");
      world.at(0).agent?.order("server.return", 0, 0);
      world.run(3000);
      assert.is(world.shows(0), "member", "until it is returned");
      assert.equal(world.checks.failures, []);
      assert.equal(world.offs, [], "nobody was switched off");
    }
  });

  for (const level of ["service-stop", "restart"] as const) {
    test(`D24: ${method}, ${level}, pulse gone: its agent ends the groups in time, the server stays on`, () => {
      for (const seed of SEEDS) {
        const world = play(config, seed, losePulse, level);
        assert.is(world.shows(0), "no pulse");
        assert.equal(runsAt(world), [1]);
        const will = world.wills.find(({ index }) => index === 0);
        assert.is(will?.reason, "agent");
        // Its lease was renewed at most a moment before: A3 is 949 ms at T 1000, with the disk DIO less M.
        assert.ok((will?.atMs ?? FOREVER) - UP_MS <= 1000, `${(will?.atMs ?? 0) - UP_MS}`);
        world.at(0).revive();
        world.run(3000);
        assert.is(world.shows(0), "detached", "the next pulse is taught that it is outside");
        assert.equal(runsAt(world), [1]);
        assert.equal(world.checks.failures, []);
        assert.equal(world.offs, [], "nobody was switched off");
      }
    });
  }

  test(`D24: ${method}, service-stop: a pulse that only hangs does not wake as the owner`, () => {
    for (const seed of SEEDS) {
      const hang = (world: World): void =>
        world.at(0).pulse?.freeze(world.clock.nowMs + LATER_MS / 2);
      const world = play(config, seed, hang, "service-stop");
      assert.not(runsAt(world).includes(0));
      assert.equal(world.offs, []);
    }
  });

  test(`D24: ${method}, restart, agent gone: the group runs on where it is, and the next agent adopts it`, () => {
    for (const seed of SEEDS) {
      const world = play(config, seed, loseAgent, "restart");
      assert.equal(runsAt(world), [0]);
      assert.equal(world.wills, []);
      const starts = world.starts.length;
      world.at(0).revive();
      world.run(3000);
      assert.equal(runsAt(world), [0]);
      assert.is(world.starts.length, starts, "adopted, not started");
      assert.equal(world.checks.failures, []);
    }
  });

  test(`D24: ${method}, service-stop: what outlives the will takes the server with it`, () => {
    const stubborn = (lose: (world: World) => void) => (world: World) => {
      world.at(0).bends.giveUpMs = FOREVER;
      lose(world);
    };
    const agent = play(config, 1, stubborn(loseAgent), "service-stop");
    assert.is(agent.shows(0), "off (es:agent-lost)");
    const pulse = play(config, 1, stubborn(losePulse), "service-stop");
    assert.is(pulse.shows(0), "off (es:pulse-lost)");
  });
}

test("D24 D54: restart: agent gone and pulse hung, the watchdog resets the server before a takeover", () => {
  for (const name of ["com-disk-watchdog", "disk-watchdog", "majority-3-watchdog"] as const) {
    for (const seed of SEEDS) {
      const world = play(
        configOf(name),
        seed,
        (one) => {
          loseAgent(one);
          one.run(8000);
          one.at(0).pulse?.freeze(one.clock.nowMs + 1_000_000);
        },
        "restart",
      );
      assert.ok(world.offs.includes("watchdog"), `${name}: ${world.offs.join(", ")}`);
      assert.equal(runsAt(world), [1]);
    }
  }
});

test.run();
