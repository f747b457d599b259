/**
 * The frames of the simulator are the product's: what a wire does to the bytes is refused by the real parser,
 * the real tag check and the real replay window, and the quick check of bulk runs decides as AES-GCM does.
 * Source: reliability.md 2.2-2.3, 4.3; D56.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { QUICK_CHECK } from "../../../firmware/simulator/quick-cipher.ts";
import { COM, type Wire } from "../../../firmware/simulator/wires.ts";
import { World } from "../../../firmware/simulator/world.ts";
import { AES_256_GCM, type BeatCipher } from "../../../services/heartbeat/cipher.ts";
import { SETTINGS, swarmConfig } from "../pulse/swarm-plan.ts";

const [COM_DISK] = SETTINGS;
if (COM_DISK === undefined) throw new Error("there is a setting with COM and disk");
const config = swarmConfig(COM_DISK);

/** Two members that have met, then `faults` on every wire for two seconds. */
function runUnder(faults: Partial<Wire>, cipher: BeatCipher = QUICK_CHECK): World {
  const world = new World(config, 11, { cipher });
  for (const host of world.hosts) host.power();
  world.run(3000);
  world.refused.clear();
  for (const path of world.wires.paths) {
    for (const from of [0, 1]) world.wires.change(path, from, faults);
  }
  world.run(2000);
  return world;
}

const isCalm = (world: World): boolean =>
  world.hosts.every((host) => world.shows(host.index) === "member") &&
  world.checks.failures.length === 0;

test("what was heard once is not heard again: every copy and every old frame is refused", () => {
  const world = runUnder({ copies: 1, replay: 1 });
  assert.ok((world.refused.get("replay") ?? 0) > 100, [...world.refused].join());
  assert.ok(isCalm(world));
});

test("a frame that was cut short is refused for its length or its tag", () => {
  const world = runUnder({ truncate: 0.5 });
  assert.ok((world.refused.get("length") ?? 0) > 5, [...world.refused].join());
  assert.ok(isCalm(world));
});

test("D56: one bit that is turned over never makes another beat: it is noise, or presence", () => {
  const world = runUnder({ damage: 0.5 });
  const counters = world.at(0).pulse?.counters;
  assert.ok((counters?.presence ?? 0) > 10, "most of a frame lies under its tag");
  assert.ok((counters?.malformed ?? 0) > 0, "some of it is read without a key");
});

test("R5: noise on the serial line costs no frame, for the next delimiter is a new beginning", () => {
  const world = runUnder({});
  const heard = (): number => world.at(0).pulse?.counters.opened ?? 0;
  const calmFrom = heard();
  world.run(2000);
  const calm = heard() - calmFrom;
  for (const from of [0, 1]) world.wires.change(COM, from, { noise: 1 });
  const noisyFrom = heard();
  world.run(2000);
  assert.ok(
    heard() - noisyFrom >= calm - 3,
    `${heard() - noisyFrom} frames, ${calm} without noise`,
  );
});

for (const spoilt of ["tag", "version"] as const) {
  test(`D56: a frame whose ${spoilt} does not fit is the sign of a server, on LAN and COM`, () => {
    const world = runUnder({ tamper: (frame, pass) => pass(frame, 0, spoilt) });
    const notes = world.notes.filter(({ key }) => key === "peer.presence");
    assert.ok(
      notes.some(({ data }) => data["reason"] === spoilt),
      JSON.stringify(notes),
    );
  });
}

test("reliability 2.2: under AES-256-GCM and under the quick check a run is the same to the last frame", () => {
  const faults = { damage: 0.2, truncate: 0.1, copies: 0.3, replay: 0.3, noise: 0.2, jitterMs: 20 };
  const quick = runUnder(faults);
  const real = runUnder(faults, AES_256_GCM);
  assert.is(quick.hash.digest, real.hash.digest);
  assert.is(quick.refused.get("replay"), real.refused.get("replay"));
  assert.equal(quick.at(0).pulse?.counters, real.at(0).pulse?.counters);
});

test("the quick check notices another key, another way, and every altered byte", () => {
  const clusterKey = new Uint8Array(32).fill(3);
  const salt = new Uint8Array(8).fill(9);
  const nonce = new Uint8Array(12);
  const key = QUICK_CHECK.derive(clusterKey, salt, 0, 1, 2);
  const frame = new Uint8Array(60);
  const into = { frame, from: 10, tagAt: 44 };
  QUICK_CHECK.seal(key, nonce, new Uint8Array(34).fill(5), into);
  assert.equal(QUICK_CHECK.open(key, nonce, into), new Uint8Array(34).fill(5));
  const others = [
    QUICK_CHECK.derive(new Uint8Array(32).fill(4), salt, 0, 1, 2),
    QUICK_CHECK.derive(clusterKey, salt, 1, 0, 2),
    QUICK_CHECK.derive(clusterKey, salt, 0, 1, 3),
  ];
  for (const other of others) assert.is(QUICK_CHECK.open(other, nonce, into), null);
  for (let at = 0; at < frame.length; at += 1) {
    frame[at] = (frame[at] ?? 0) ^ 1;
    assert.is(QUICK_CHECK.open(key, nonce, into), null, `byte ${at}`);
    frame[at] = (frame[at] ?? 0) ^ 1;
  }
});

test.run();
