/**
 * A process that was away, and the same view once more: on states written by hand. T = 1000 ms, so A3 = 949 ms
 * (protocol.md 1.2).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import { createHeartbeat } from "../../../services/heartbeat/core.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { observe, step } from "../../../services/membership/majority/core.ts";
import { holdsLease } from "../../../services/membership/majority/lease.ts";
import {
  createMajority,
  type Field,
  type MajorityState,
} from "../../../services/membership/majority/state.ts";
import { majorityConfig } from "../../sim/majority-world.ts";
import { lanBeat } from "../heartbeat/sealer-fixture.ts";

const CONFIG = majorityConfig(3, 1000);
const hostOf = (index: number) => hostIncarnation(`${index + 1}`.padStart(16, "0"));

function viewOf(counter: number, members: readonly number[], coordinator = 0): View {
  return { epoch: { counter, coordinator, host: hostOf(coordinator) }, members };
}

/** A member of epoch 5 since 0 ms. */
function member(self: number, more: Partial<MajorityState> = {}): MajorityState {
  const hosts = [0, 1, 2].map((index) => (index === self ? null : hostOf(index)));
  const fixed = { server: "member", view: viewOf(5, [0, 1, 2]), floor: 5, hosts } as const;
  return { ...createMajority(self, hostOf(self), 3, 0), ...fixed, ...more };
}

/** A member heard just now that has acknowledged the beat of `ackedMs`. */
function fellow(index: number, to: number, atMs: number, ackedMs: number): PeerHealth {
  const blank = createHeartbeat(to, CONFIG, 0).peers[index];
  if (blank === undefined) throw new Error(`no server ${index}`);
  const view = viewOf(5, [0, 1, 2]);
  const said = { host: hostOf(index), stampMs: atMs, heardStampMs: atMs, hears: 7, lapsed: false };
  const config = { hearsLanBits: 1, configHash: CONFIG.hash };
  const beat = lanBeat(index, to, { view, ...said, ...config });
  const acked = { epoch: view.epoch, stampMs: ackedMs };
  const heard = { lanHeardAtMs: atMs, heardOwnStampMs: atMs };
  return { ...blank, host: hostOf(index), beat, acked, ...heard };
}

function field(self: number, atMs: number, more: Partial<Field> = {}): Field {
  const others = [0, 1, 2].filter((index) => index !== self);
  const peers = others.map((index) => fellow(index, self, atMs, atMs - 100));
  return { peers, mayOwn: false, atMs, config: CONFIG, ...more };
}

const gap = (atMs: number, gapMs: number) => ({ kind: "gap.noticed", atMs, gapMs }) as const;

test("1.3.5: an owner that slept for a lease gives up, though its clock stood still meanwhile", () => {
  const awake = field(0, 500, { mayOwn: true });
  const slept = step(member(0), gap(500, 949), awake);
  assert.is(slept.state.gaveUp, "deposed");
  assert.equal(
    slept.effects.map(({ kind }) => kind),
    ["note", "will.execute", "agent.tell"],
  );
  assert.is(step(member(0), gap(500, 948), awake).state.gaveUp, null, "a shorter one is no lease");
});

test("1.3.3: whoever owns nothing has lapsed after such a sleep, and holds no lease by an older word", () => {
  const slept = step(member(1), gap(500, 5000), field(1, 500));
  assert.is(slept.state.gaveUp, null);
  assert.is(slept.state.lapsed, true);
  assert.not.ok(holdsLease(slept.state, field(1, 500)));
  assert.is(slept.state.listensFromMs, 500, "what it slept through is no silence of the others");
});

test("1.9: the coordinator proposes its own view once more when it is told to, and nobody else does", () => {
  const told = observe(member(0), field(0, 500, { renews: true })).state.promise;
  assert.equal(told?.members, [0, 1, 2]);
  assert.is(told?.epoch.counter, 6);
  assert.is(observe(member(0), field(0, 500)).state.promise, null, "not without being told");
  assert.is(observe(member(1), field(1, 500, { renews: true })).state.promise, null);
});

test("1.9: a coordinator of lower priority renews its view, too", () => {
  const view = viewOf(5, [0, 1, 2], 2);
  const peers = [0, 1].map((index): PeerHealth => {
    const peer = fellow(index, 2, 500, 400);
    return { ...peer, beat: peer.beat === null ? null : { ...peer.beat, view } };
  });
  const renewed = observe(member(2, { view }), field(2, 500, { peers, renews: true }));
  assert.is(renewed.state.promise?.epoch.coordinator, 2);
});

test.run();
