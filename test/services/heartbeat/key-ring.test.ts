/**
 * Frames while one cluster key takes the other's place: what is opened, what is sealed with which, what garbage
 * costs. Presence (D56) is a frame that fits none of the keys, on either medium.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { KeyRing, type SealingKey } from "../../../services/heartbeat/key-ring.ts";
import type { Sealer } from "../../../services/heartbeat/seal.ts";
import { comBeat, lanBeat, sealer, uncobs, verdict } from "./sealer-fixture.ts";

const key = (id: string, role: SealingKey["role"]): SealingKey => {
  const byte = Number.parseInt(id, 16);
  return { id, hint: byte, key: new Uint8Array(32).fill(byte), role };
};

const ONLY_0: readonly SealingKey[] = [key("a0", "active")];
const NEXT_1: readonly SealingKey[] = [key("a0", "active"), key("a1", "next")];
const ON_1: readonly SealingKey[] = [key("a1", "active"), key("a0", "old")];
const ONLY_1: readonly SealingKey[] = [key("a1", "active")];

function pair(): { readonly a: Sealer; readonly b: Sealer } {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  a.setKeys(ONLY_0, []);
  b.setKeys(ONLY_0, []);
  for (let round = 0; round < 2; round += 1) {
    b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0);
    a.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0);
  }
  return { a, b };
}

const lan = (from: Sealer, to: Sealer, down = false): string =>
  down
    ? verdict(to.openLan(from.sealLan(lanBeat(1, 0), 0), 0, 0))
    : verdict(to.openLan(from.sealLan(lanBeat(0, 1), 0), 0, 0));

const com = (from: Sealer, to: Sealer): string =>
  verdict(to.openCom(uncobs(from.sealCom(comBeat(0, 1))), 0));

test("D56: frames of every step of a rotation are beats, on LAN and COM, in both directions", () => {
  const { a, b } = pair();
  const steps = [
    [NEXT_1, ONLY_0],
    [NEXT_1, NEXT_1],
    [ON_1, NEXT_1],
    [ON_1, ON_1],
    [ONLY_1, ON_1],
    [ONLY_1, ONLY_1],
  ] as const;
  for (const [ofA, ofB] of steps) {
    a.setKeys(ofA, [1]);
    b.setKeys(ofB, [0]);
    for (let round = 0; round < 3; round += 1) {
      assert.is(lan(a, b), "beat proven");
      assert.is(lan(b, a, true), "beat proven");
      assert.is(com(a, b), "beat proven");
    }
  }
  assert.is(a.counters.presence + b.counters.presence, 0);
  assert.is(b.counters.malformed, 0);
});

test("a key that is still to come opens but never seals", () => {
  const { a, b } = pair();
  a.setKeys(NEXT_1, [1]);
  assert.is(a.sealLan(lanBeat(0, 1), 0)[11], 0xa0);
  b.setKeys(ON_1, [0]);
  assert.is(lan(b, a, true), "beat proven");
  assert.is(a.sealLan(lanBeat(0, 1), 0)[11], 0xa0);
});

test("a server that is heard under the old key is answered under it, until it is known to hold the active", () => {
  const { a, b } = pair();
  b.setKeys(ON_1, []);
  assert.is(lan(a, b), "beat proven");
  assert.is(lan(b, a, true), "beat proven");
  b.setKeys(ON_1, [0]);
  assert.is(b.sealLan(lanBeat(1, 0), 0)[11], 0xa1);
});

test("D56: a server that starts with the old key alone is heard and hears", () => {
  const { b } = pair();
  b.setKeys(ON_1, []);
  const fresh = sealer(0, "5");
  fresh.setKeys(ONLY_0, []);
  assert.is(lan(fresh, b), "beat unproven");
  assert.is(lan(b, fresh, true), "beat proven");
  assert.is(lan(fresh, b), "beat proven");
});

test("D56: after the old key was let go its frames are presence on LAN and COM", () => {
  const { a, b } = pair();
  b.setKeys(ONLY_1, []);
  assert.is(lan(a, b), "presence tag");
  assert.is(com(a, b), "presence tag");
  assert.is(b.counters.throttled, 0);
});

test("frame numbers go on over a change: an old frame stays a replay under the new key set", () => {
  const { a, b } = pair();
  const frame = a.sealLan(lanBeat(0, 1), 0);
  assert.is(verdict(b.openLan(frame, 0, 0)), "beat proven");
  b.setKeys(ON_1, [0]);
  assert.is(verdict(b.openLan(frame, 0, 0)), "malformed replay");
});

test("a serial frame keeps its 72 bytes at most, whatever keys there are", () => {
  const { a } = pair();
  a.setKeys(ON_1, [1]);
  assert.ok(a.sealCom(comBeat(0, 1)).length <= 72);
});

test("garbage costs one try on a LAN, none when it names no key of ours; three on the line", () => {
  const three = [key("a1", "active"), key("a2", "next"), key("a0", "old")];
  const ring = new KeyRing(three, []);
  const ids = (hint: number | null, heard: string | null): string =>
    ring
      .toTry(hint, heard)
      .map(({ id }) => id)
      .join();
  assert.is(ids(0xa2, null), "a2");
  assert.is(ids(0x11, null), "");
  assert.is(ids(null, null), "a1,a2,a0");
  assert.is(ids(null, "a0"), "a0,a1,a2");
});

test("a flood of frames under unknown keys leaves the budget for new lives of the peer alone", () => {
  const { b } = pair();
  b.setKeys(ONLY_1, []);
  const stranger = sealer(0, "7");
  stranger.setKeys(ONLY_0, []);
  for (let round = 0; round < 1000; round += 1) assert.is(lan(stranger, b), "presence tag");
  const fresh = sealer(0, "5");
  fresh.setKeys(ONLY_1, []);
  assert.is(lan(fresh, b), "beat unproven");
});

test.run();
