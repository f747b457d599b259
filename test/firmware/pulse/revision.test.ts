/**
 * The change of the configuration in two pulses, in virtual time: cut, crash or restart at every
 * millisecond around the install. After it each server lives by the old text or the new one, no
 * acknowledgement ever joins two texts, and no two servers act at once.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { holdsLease, peerOf } from "../../../firmware/pulse/route.ts";
import { sameEpoch } from "../../../hal/base/view.ts";
import { blendBudgets } from "../../../services/configuration/blend.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import { grants } from "../../../services/heartbeat/compose.ts";
import { cutAll, type Pair, pairConfig, started } from "./pair.ts";

const INTERVAL = { heartbeatIntervalMs: 70, comIntervalMs: 70 };
const OLD = (method: string): LoadedConfig => pairConfig(method, 1000, INTERVAL);

/** The same pair with another timeout: another text, another hash, other times. */
function nextConfig(method: string, timeoutMs: number): LoadedConfig {
  const next = { ...pairConfig(method, timeoutMs, INTERVAL), revision: 2 };
  assert.ok(blendBudgets(OLD(method).budget, next.budget) !== null, "near enough for one step");
  return next;
}

function prepare(pair: Pair, config: LoadedConfig, servers: readonly number[] = [0, 1]): void {
  for (const self of servers)
    pair.tell(self, { kind: "config.prepared", atMs: pair.nowMs, config });
}

function install(pair: Pair, config: LoadedConfig, self = 0): void {
  pair.tell(self, { kind: "config.install", atMs: pair.nowMs, hash: config.hash });
}

const hashOf = (pair: Pair, self: number): string => pair.at(self).config.hash;

/** Who would acknowledge the other at this moment must run by the same text in the same epoch. */
function checkGrants(pair: Pair, label: string): void {
  for (const self of [0, 1]) {
    const { state, config } = pair.at(self);
    const peer = peerOf(state);
    if (peer === null || !grants(state.membership, peer, pair.nowMs, config.hash)) continue;
    assert.is(peer.beat?.configHash, config.hash, `${label}: granted across two texts`);
  }
}

/** Runs step by step; both may act only in the method that accepts it. */
function watch(pair: Pair, forMs: number, label: string, isOneOwner: boolean): void {
  for (let ms = 0; ms < forMs; ms += 1) {
    pair.run(1);
    checkGrants(pair, label);
    const soles = [0, 1].filter((self) => pair.shows(self) === "sole" && pair.at(self).on);
    const others = soles.filter((self) => pair.acts(1 - self));
    assert.not(isOneOwner && others.length > 0, `${label}: sole while the other still owns`);
  }
}

test("1.9: both hold it ready, the coordinator installs it with the next epoch and nothing stops", () => {
  for (const timeoutMs of [2000, 1000, 700]) {
    const pair = started(OLD("com-disk"));
    const before = pair.at(0).state.membership.view?.epoch.counter ?? 0;
    const next = nextConfig("com-disk", timeoutMs === 1000 ? 1010 : timeoutMs);
    prepare(pair, next);
    install(pair, next);
    watch(pair, 3000, `T ${timeoutMs}`, true);
    for (const self of [0, 1]) {
      const { membership, revision } = pair.at(self).state;
      assert.is(hashOf(pair, self), next.hash);
      assert.is(pair.at(self).config.budget.timeoutMs, next.budget.timeoutMs, "no blend is left");
      assert.is(membership.view?.epoch.counter, before + 1);
      assert.equal([revision.prepared, revision.final], [null, null]);
      assert.ok(pair.holds(self), "the lease holds");
      assert.is(pair.at(self).will, null);
      assert.is(peerOf(pair.at(self).state)?.grantedMs, next.budget.timeoutMs, "L10: grants anew");
    }
  }
});

test("1.9: a cut at any moment leaves the old text or the new one on each, and one owner", () => {
  const lengths = [0, 1, 2, 3, 4, 5, 10, 50, 100, 101, 300, 900, 1100];
  for (const owner of [0, 1]) {
    for (const timeoutMs of [700, 1600]) {
      for (const atMs of lengths) {
        for (const side of [[0], [1], [0, 1]]) {
          const label = `owner ${owner}, T ${timeoutMs}, cut of ${side} ${atMs} ms after`;
          const pair = started(OLD("com-disk"), owner);
          const next = nextConfig("com-disk", timeoutMs);
          prepare(pair, next);
          install(pair, next);
          watch(pair, atMs, label, true);
          if (side.length === 2) cutAll(pair, true);
          else pair.cutLan(true, side);
          watch(pair, 6000, label, true);
          for (const self of [0, 1]) {
            assert.ok(["old", "new"].includes(isNew(pair, self, next)), label);
          }
        }
      }
    }
  }
});

const isNew = (pair: Pair, self: number, next: LoadedConfig): string =>
  hashOf(pair, self) === next.hash ? "new" : hashOf(pair, self) === pair.config.hash ? "old" : "?";

test("1.9: a cut before the install leaves the old text everywhere", () => {
  for (const goneMs of [150, 500, 800]) {
    const pair = started(OLD("com-disk"));
    const next = nextConfig("com-disk", 2000);
    prepare(pair, next);
    cutAll(pair, true);
    pair.run(goneMs);
    install(pair, next);
    if (goneMs > 400) assert.is(hashOf(pair, 0), pair.config.hash, "too old an acknowledgement");
    watch(pair, 4000, `cut ${goneMs} ms before`, true);
    assert.is(hashOf(pair, 1), pair.config.hash);
  }
});

test("1.9: ages are carried over the install, it makes no lease longer", () => {
  const pair = started(OLD("com-disk"));
  const next = nextConfig("com-disk", 2000);
  prepare(pair, next, [0]);
  pair.cutLan(true, [1]);
  pair.run(100);
  install(pair, next);
  assert.is(hashOf(pair, 0), next.hash);
  const { baseMs } = pair.at(0).state.membership;
  assert.ok(pair.nowMs - baseMs >= 100, "the newest acknowledgement is as old as it was");
  assert.not(pair.holds(0), "1.4.5: no lease in the new epoch before it is acknowledged");
});

test("1.9: who does not hold the text does not follow, is granted nothing, and follows when handed it", () => {
  const pair = started(OLD("com-disk"));
  const next = nextConfig("com-disk", 1500);
  prepare(pair, next, [0]);
  install(pair, next);
  pair.run(200);
  assert.is(hashOf(pair, 0), next.hash);
  assert.is(hashOf(pair, 1), pair.config.hash);
  const [a, b] = [pair.at(0).state.membership.view, pair.at(1).state.membership.view];
  assert.ok(a !== null && b !== null && !sameEpoch(a.epoch, b.epoch));
  checkGrants(pair, "missed");
  prepare(pair, next, [1]);
  watch(pair, 2000, "handed over", true);
  assert.is(hashOf(pair, 1), next.hash);
  assert.ok(pair.holds(0) && pair.holds(1));
});

test("1.9: only the coordinator installs, only what is held ready, and not under a claim", () => {
  const pair = started(OLD("com-disk"));
  const next = nextConfig("com-disk", 2000);
  install(pair, next);
  assert.is(hashOf(pair, 0), pair.config.hash, "nothing is held ready");
  prepare(pair, next);
  install(pair, next, 1);
  assert.is(hashOf(pair, 1), pair.config.hash, "SERVER2 is not the coordinator");
  pair.tell(0, { kind: "config.dropped", atMs: pair.nowMs });
  install(pair, next);
  assert.is(hashOf(pair, 0), pair.config.hash, "given up");
});

test("1.9: a pulse that dies around the install comes back by the old text and follows when told", () => {
  for (const who of [0, 1]) {
    for (const afterMs of [0, 1, 2, 3, 50]) {
      const pair = started(OLD("com-disk"), 0);
      const next = nextConfig("com-disk", 2000);
      prepare(pair, next);
      install(pair, next);
      pair.run(afterMs);
      const label = `pulse ${who} killed ${afterMs} ms after`;
      // The next process reads what is on disk: the old text, as long as its agent has not moved it.
      pair.at(who).config = pair.config;
      pair.restartPulse(who, 150);
      watch(pair, 200, label, true);
      prepare(pair, next, [who]);
      watch(pair, 3000, label, true);
      assert.is(hashOf(pair, 0), hashOf(pair, 1), label);
      assert.is(pair.at(0).will, null, label);
      assert.ok(pair.holds(0) && pair.holds(1), label);
    }
  }
});

test("1.9: a server that is alone or outside changes at once", () => {
  const pair = started(OLD("com-disk"), 0);
  const next = nextConfig("com-disk", 2000);
  pair.power(1, false);
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  prepare(pair, next, [0]);
  install(pair, next);
  assert.is(hashOf(pair, 0), next.hash);
  pair.power(1, true);
  pair.run(500);
  assert.is(pair.shows(1), "detached");
  prepare(pair, next, [1]);
  install(pair, next, 1);
  assert.is(hashOf(pair, 1), next.hash);
  const floor = pair.at(0).state.membership.floor;
  pair.setWish(1, { kind: "return", floor });
  pair.run(3000);
  assert.is(pair.shows(1), "member");
  const { state, config } = pair.at(0);
  assert.ok(holdsLease(state, pair.nowMs, config));
});

test.run();
