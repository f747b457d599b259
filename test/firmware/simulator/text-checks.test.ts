/**
 * What the simulator looks at while configuration texts and releases change can be broken, and is noticed; a calm
 * cluster, and one that has taken a text in order, breaks nothing. Source: reliability.md 2.5 (L5, L6); R207.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findAtEnd } from "../../../firmware/simulator/checks.ts";
import type { SwarmHost } from "../../../firmware/simulator/host.ts";
import { World } from "../../../firmware/simulator/world.ts";
import { configOf, textOf } from "../../sim/settings.ts";
import { textIn } from "../../sim/texts.ts";

const CALM_MS = 3500;

function calm(): World {
  const world = new World(configOf("majority-3"), 7, { text: textOf("majority-3") });
  for (const host of world.hosts) host.power();
  world.run(CALM_MS);
  assert.equal(world.checks.found, []);
  return world;
}

const atEnd = (world: World): readonly string[] =>
  findAtEnd(world, { stopsAsked: false }).map(({ id, text }) => `${id} ${text}`);

/** The pulse of `host` says that it lives by another text than it does. */
function lie({ pulse }: SwarmHost): void {
  if (pulse === null) throw new Error("no pulse that could lie");
  const config = { ...pulse.config, hash: "deadbeef" };
  Object.defineProperty(pulse, "config", { value: config, configurable: true });
}

test("L5: a text that is applied in order breaks nothing, and is everywhere", () => {
  const world = calm();
  world.at(1).agent?.apply(textIn(world, 2));
  world.run(8000);
  assert.equal([...world.checks.found, ...atEnd(world)], []);
  const revisions = world.hosts.map(({ pulse, agent, texts }) => [
    pulse?.config.revision,
    agent?.revision,
    texts?.index?.current.rev,
  ]);
  assert.equal(revisions, [
    [2, 2, 2],
    [2, 2, 2],
    [2, 2, 2],
  ]);
});

test("L5: leases of one epoch by two texts, and a text that is not on flash, are noticed", () => {
  const world = calm();
  lie(world.at(2));
  world.run(2500);
  assert.ok(world.checks.failures.some((text) => /leases of epoch \d+ by two texts/.test(text)));
  world.run(5000);
  assert.ok(world.checks.failures.some((text) => /S2 has lived by deadbeef for long/.test(text)));
  assert.ok(atEnd(world).some((text) => /^L5 S2 runs by deadbeef, its agent by/.test(text)));
});

test("L5: an older text than the one that was answered as installed is noticed", () => {
  const world = calm();
  world.noteText(0, "installed", 2);
  const expected = [0, 1, 2].map(
    (at) => `L5 S${at} runs by revision 1, 2 was answered as installed`,
  );
  assert.equal(atEnd(world), expected);
});

test("L6, R207: another release that is shown and is not there is noticed", () => {
  const world = calm();
  const { agent } = world.at(1);
  if (agent === null) throw new Error("no agent");
  Object.defineProperty(agent.release, "name", { value: "later" });
  assert.equal(atEnd(world), [
    "L6 S0 shows another release at [], it is at [1]",
    "L6 S2 shows another release at [], it is at [1]",
  ]);
});

test.run();
