/**
 * Who counts as alive, path by path: a force-return and an operator's statement hang on it.
 * Source: protocol.md 1.8, V4, 2.5; D56.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  isAside,
  isHeardAnywhere,
  isLive,
  leftAside,
} from "../../../services/heartbeat/liveness.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { Pair, pairConfig, started } from "../../firmware/pulse/pair.ts";

const CONFIG = pairConfig("com");
const AT_MS = 500_000;
const T = CONFIG.budget.timeoutMs;

/** The other server as a detached one saw it last; nothing of it is fresh. */
function quiet(): PeerHealth {
  const pair = new Pair(CONFIG, ["detached", "detached"]);
  pair.run(1500);
  const peer = pair.at(0).state.heartbeat.peers[1];
  if (peer === undefined) throw new Error("a pair has a peer");
  return { ...peer, lanHeardAtMs: 1, comHeardAtMs: 1, unprovenAtMs: null, presenceAtMs: null };
}

function member(): PeerHealth {
  const peer = started("com", null).at(0).state.heartbeat.peers[1];
  if (peer === undefined) throw new Error("a pair has a peer");
  return { ...peer, lanHeardAtMs: 1, comHeardAtMs: 1, unprovenAtMs: null, presenceAtMs: null };
}

test("silence for T on every path is neither life nor voice", () => {
  for (const peer of [quiet(), member()]) {
    const old = { ...peer, lanHeardAtMs: AT_MS - T, comHeardAtMs: AT_MS - T };
    assert.not(isHeardAnywhere(old, AT_MS, CONFIG));
    assert.not(isLive(old, AT_MS, CONFIG));
  }
});

test("V4: a member is live on either path, a detached server that runs nothing on none", () => {
  for (const path of ["lanHeardAtMs", "comHeardAtMs"]) {
    assert.ok(isLive({ ...member(), [path]: AT_MS - T + 1 }, AT_MS, CONFIG), path);
    const aside = { ...quiet(), [path]: AT_MS - T + 1 };
    assert.not(isLive(aside, AT_MS, CONFIG), path);
    assert.ok(isHeardAnywhere(aside, AT_MS, CONFIG), path);
  }
});

test("V4: a detached server on which something may still run is live", () => {
  const peer = quiet();
  const beat = peer.beat === null ? null : { ...peer.beat, mayOwn: true };
  assert.ok(isLive({ ...peer, beat, lanHeardAtMs: AT_MS }, AT_MS, CONFIG));
});

test("D56: frames that are refused, and a process that has not proven itself, count as life", () => {
  assert.ok(isLive({ ...quiet(), presenceAtMs: AT_MS - 1 }, AT_MS, CONFIG));
  assert.ok(isLive({ ...quiet(), unprovenAtMs: AT_MS - 1 }, AT_MS, CONFIG));
  assert.ok(isHeardAnywhere({ ...quiet(), unprovenAtMs: AT_MS - 1 }, AT_MS, CONFIG));
});

test("R191: the unproven first words of a start do not count once the process has proven itself", () => {
  const proven = { ...quiet(), unprovenAtMs: AT_MS - 20, lanHeardAtMs: AT_MS - 10 };
  assert.not(isLive(proven, AT_MS, CONFIG));
  const newer = { ...proven, unprovenAtMs: AT_MS - 5 };
  assert.ok(isLive(newer, AT_MS, CONFIG));
});

test("1.8: the newest words on any path say how a server fell silent", () => {
  assert.ok(leftAside(quiet()));
  assert.not(leftAside(member()));
  assert.ok(leftAside({ ...quiet(), beat: null, comBeat: null }));
  const { comBeat } = member();
  const { beat } = quiet();
  assert.ok(comBeat);
  assert.ok(beat);
  if (comBeat === null || beat === null) return;
  const late = { ...comBeat, stampMs: beat.stampMs + 1 };
  assert.not(leftAside({ ...quiet(), comBeat: late }));
  assert.ok(leftAside({ ...quiet(), comBeat: { ...late, stampMs: beat.stampMs - 1 } }));
});

test("only detached and returning servers without groups stand aside", () => {
  for (const state of ["starting", "member", "leaving", "stopping"] as const) {
    assert.not(isAside({ state, mayOwn: false }), state);
  }
  assert.ok(isAside({ state: "returning", mayOwn: false }));
  assert.not(isAside({ state: "detached", mayOwn: true }));
  assert.not(isAside(null));
});

test.run();
