/**
 * A takeover that was refused while something of the other server was heard: the refusal ends with its cause, for
 * whoever shows it as trouble keeps configuration changes and operators waiting.
 * Source: D56; reliability.md 2.5 (L6); protocol.md 1.9.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { World } from "../../../firmware/simulator/world.ts";
import { faultNamed } from "../../sim/faults.ts";
import { configOf } from "../../sim/settings.ts";

test("L6, D56: what was refused for the presence of the other server is no longer refused in firm contact", () => {
  const world = new World(configOf("none-300"), 7);
  for (const host of world.hosts) host.power();
  world.run(3500);
  const blow = { world, host: world.at(1), amount: 0, random: world.randomFor(99, 0) };
  const fault = faultNamed("lans-version");
  fault?.strike(blow);
  world.run(600);
  assert.is(world.at(0).pulse?.state.membership.refused, "presence");
  fault?.end?.(blow);
  world.run(1500);
  assert.equal(
    world.hosts.map(({ index, pulse }) => [world.shows(index), pulse?.state.membership.refused]),
    [
      ["member", null],
      ["member", null],
    ],
  );
  assert.equal(world.checks.found, []);
});

test.run();
