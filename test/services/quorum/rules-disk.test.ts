/**
 * Rules B1-B8 of the guide, one test each, over whole pulses in virtual time. T = DIO = 1000 ms, so the time
 * needed is the longer of 2 T and 2 DIO = 2000 ms; an owner leaves M = 52 ms before.
 */
import * as assert from "uvu/assert";
import { computeBudget } from "../../../services/configuration/budget.ts";
import { Pair, pairConfig, started } from "../../firmware/pulse/pair.ts";
import { ruleBook } from "./rule-book.ts";
import { after, configured, cutLans, outcome, T, takeoverMs } from "./rule-worlds.ts";

const test = ruleBook(["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8"]);

/** Neither server reaches the disk, for longer than its own timeout, before anything else happens. */
const diskDies = (pair: Pair): void => {
  pair.diskDown[0] = true;
  pair.diskDown[1] = true;
  pair.run(3 * T);
};

test("B1, R65: the shared-disk method is for clusters that use a shared disk", () => {
  assert.is(configured("disk", { servers: 2, disk: true }), "accepted");
  assert.is(configured("disk", { servers: 2, com: true, disk: true }), "accepted");
});

test("B2, R65: it needs its own partition on that disk", () => {
  assert.match(configured("disk", { servers: 2 }), "an arbitration partition");
});

test("B3, R68: each server writes periodically, and the peer's last sign of life is seen by the other", () => {
  const pair = started("disk", 0);
  for (const self of [0, 1]) {
    const stamps = new Set<unknown>();
    for (let ms = 0; ms < 5 * T; ms += 50) {
      pair.run(50);
      const word = pair.blocks[self] ?? null;
      if (word !== null) stamps.add(word.stampMs);
    }
    // Stamps are 200 ms apart at T = 1000: the agent's own pace.
    assert.ok(stamps.size >= 20, `server ${self} wrote ${stamps.size} times in 5 s`);
  }
  pair.cutLan(true);
  pair.run(1.7 * T);
  assert.equal(outcome(pair), ["member", "member"], "alive on the disk: nobody is judged yet");
});

test("B4, R70: disk faulty beforehand, then the peer dies: no failover, the healthy server ES", () => {
  for (const owner of [0, 1]) {
    const said = after("disk", owner, (pair) => {
      diskDies(pair);
      pair.power(owner, false);
    });
    assert.is(said[1 - owner], "ES disk-faulty", `owner ${owner}`);
  }
});

test("B5, R71, R73: disk healthy and all LANs cut: the best server goes on, the other ES", () => {
  for (const owner of [0, 1]) {
    assert.equal(after("disk", owner, cutLans), ["goes on", "ES outranked"], `owner ${owner}`);
  }
});

test("B6, R74: disk faulty beforehand and all LANs cut: all servers ES", () => {
  for (const owner of [0, 1]) {
    const said = after("disk", owner, (pair) => {
      diskDies(pair);
      cutLans(pair);
    });
    assert.equal(said, ["ES disk-faulty", "ES disk-faulty"]);
  }
});

test("B7, R75: disk slower than its timeout: the resolution times out, no failover", () => {
  const said = after("disk", 0, (pair) => {
    pair.diskDelaysMs[1] = T + 200;
    pair.run(3 * T);
    pair.power(0, false);
  });
  assert.is(said[1], "ES disk-faulty");
});

test("B8, R76: the time needed is the longer of 2 x heartbeat timeout and 2 x disk wait", () => {
  const rows: readonly (readonly [number, number, number])[] = [
    [30_000, 30_000, 60_000],
    [30_000, 10_000, 60_000],
    [30_000, 80_000, 160_000],
    [10_000, 11_000, 22_000],
  ];
  for (const [heartbeatTimeoutMs, diskWaitMs, neededMs] of rows) {
    const timing = {
      heartbeatTimeoutMs,
      heartbeatIntervalMs: heartbeatTimeoutMs / 10,
      comIntervalMs: 1000,
      diskWaitMs,
      startSyncWaitMs: 300_000,
      watchdogTimeoutMs: 0,
    };
    const result = computeBudget("disk", timing, { baud: null });
    assert.is(result.kind === "budget" ? result.budget.judgeMs : 0, neededMs);
  }
  const tookMs = takeoverMs("disk", 0, 1, (pair) => pair.power(0, false)) ?? 0;
  assert.ok(tookMs >= 2 * T - 150 && tookMs <= 2 * T + 50, `${tookMs} ms`);
  const slow = new Pair(pairConfig("disk", T, { diskWaitMs: 3 * T }));
  slow.run(4 * T);
  slow.own(0, true);
  slow.run(2 * T);
  slow.power(0, false);
  slow.run(5.8 * T);
  assert.is(slow.shows(1), "member");
  slow.run(0.4 * T);
  assert.is(slow.shows(1), "sole");
});

test.run();
