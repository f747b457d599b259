/**
 * The timing arithmetic against numbers worked out by hand from protocol.md 1.2; each comment shows the
 * working. Shape of the formulas: M = P + G + 2 rho T, A3 = T - M, A2 = A3 - D - I, A1 = A2 - D - sigma.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type BudgetFacts,
  computeBudget,
  type DetailedBudget,
  defaultComIntervalMs,
  smallestTimeoutMs,
} from "../../../services/configuration/budget.ts";
import type { QuorumMethod, TimingInput } from "../../../services/configuration/model.ts";

const timing = (timeoutMs: number, intervalMs: number, comMs: number, watchdogMs = 0) => ({
  heartbeatTimeoutMs: timeoutMs,
  heartbeatIntervalMs: intervalMs,
  comIntervalMs: comMs,
  diskWaitMs: timeoutMs,
  startSyncWaitMs: 300_000,
  watchdogTimeoutMs: watchdogMs,
});

const serial: BudgetFacts = { baud: 38_400 };
const noCom: BudgetFacts = { baud: null };

function budgetOf(method: QuorumMethod, times: TimingInput, facts: BudgetFacts): DetailedBudget {
  const result = computeBudget(method, times, facts);
  if (result.kind === "budget") return result.budget;
  throw new Error(result.violations.map((violation) => violation.text).join("; "));
}

function violationsOf(method: QuorumMethod, times: TimingInput, facts: BudgetFacts) {
  const result = computeBudget(method, times, facts);
  if (result.kind === "budget") return [];
  return result.violations.map(({ rule, key, shortMs }) => ({ rule, key, shortMs }));
}

test("R11: COM + disk with the guide's 30 s and 3 s fits", () => {
  // P = 30000/40 = 750, capped at 250; G = 750; 2 rho T = 2 * 0.0005 * 30000 = 30; M = 1030.
  // delta = 3000/20 = 150, capped at 50; sigma = 2*3000 + 2*50 = 6100; D = 30000/25 = 1200.
  // A3 = 30000 - 1030 = 28970; A2 = 28970 - 1200 - 3000 = 24770; A1 = 24770 - 1200 - 6100 = 17470.
  // Frame 80*10/38400 = 20.83 ms; w- = 2*1000 + 3000 + ceil(20.83 + 50) = 5071; w+ = 3000.
  // abstain = 30000 * 1.001 + 1030 = 31060. Watchdog 20000 + 6100 <= 29970.
  const b = budgetOf("com-disk", timing(30_000, 3000, 1000, 20_000), serial);
  assert.is(b.marginMs, 1030);
  assert.is(b.sigmaMs, 6100);
  assert.is(b.claimMs, 1200);
  assert.equal([b.a1Ms, b.a2Ms, b.a3Ms], [17_470, 24_770, 28_970]);
  assert.equal([b.comAliveMs, b.comFaultyMs], [5071, 3000]);
  assert.is(b.abstainMs, 31_060);
  assert.is(b.protection, "reset-bounded");
});

test("COM + disk with 1000 and 100 ms at 38400 bit/s fits", () => {
  // P = G = 25; M = 25 + 25 + 1 = 51; delta = 5; sigma = 200 + 10 = 210; D = 40.
  // A3 = 949; A2 = 949 - 40 - 100 = 809; A1 = 809 - 40 - 210 = 559.
  // w- = 200 + 100 + ceil(20.83 + 5) = 326; needed 326 + 210 = 536 <= 559; 2 w- = 652 <= 1000.
  const b = budgetOf("com-disk", timing(1000, 100, 100), serial);
  assert.is(b.marginMs, 51);
  assert.equal([b.a1Ms, b.a2Ms, b.a3Ms], [559, 809, 949]);
  assert.equal([b.comAliveMs, b.comFaultyMs], [326, 300]);
  assert.equal([b.pauseMs, b.giveUpMs, b.deliveryMs, b.claimMs], [25, 25, 5, 40]);
  // 1000 * 1.001 + 51
  assert.is(b.abstainMs, 1052);
  assert.is(Math.round(b.comLineUse * 10_000), 2083);
});

test("method none with 300 and 30 ms fits and has no claim and no COM terms", () => {
  // P = ceil(7.5) = 8; G = 8; M = ceil(16.3) = 17; delta = 2; sigma = 60 + 4 = 64.
  // A3 = 283; A2 = 283 - 30 = 253; A1 = 253 - 64 = 189 >= 128.
  const b = budgetOf("none", timing(300, 30, 30), noCom);
  assert.is(b.marginMs, 17);
  assert.equal([b.a1Ms, b.a2Ms, b.a3Ms], [189, 253, 283]);
  assert.equal([b.claimMs, b.comAliveMs, b.comFaultyMs, b.comLineUse], [0, 0, 0, 0]);
});

test("method none with 100 and 10 ms fits", () => {
  // P = 6 (floor of the default); G = 8; M = ceil(14.1) = 15; delta = 2; sigma = 24.
  // A3 = 85; A2 = 75; A1 = 51 >= 48.
  const b = budgetOf("none", timing(100, 10, 10), noCom);
  assert.equal([b.marginMs, b.a1Ms, b.a2Ms, b.a3Ms], [15, 51, 75, 85]);
});

test("COM + disk needs a timeout of about 0.7 s at 38400 bit/s: 700 fits, 500 does not", () => {
  // 700: P = G = 18; M = ceil(36.7) = 37; D = 28; delta = 4; sigma = 148; w- = 140 + 70 + 25 = 235.
  // A1 = 700 - 37 - 28 - 70 - 28 - 148 = 389 >= 235 + 148 = 383.
  assert.is(budgetOf("com-disk", timing(700, 70, 70), serial).a1Ms, 389);
  // 500: P = G = 13; M = ceil(26.5) = 27; D = 20; delta = 3; sigma = 106; w- = 140 + 50 + 24 = 214.
  // A1 = 500 - 27 - 20 - 50 - 20 - 106 = 277, needed 214 + 106 = 320: 43 short. 10 * 70 - 500 = 200.
  assert.equal(violationsOf("com-disk", timing(500, 50, 70), serial), [
    { rule: "T >= 10 Icom", key: "heartbeatTimeoutMs", shortMs: 200 },
    { rule: "A1 >= w- + sigma", key: "heartbeatTimeoutMs", shortMs: 43 },
  ]);
});

test("the smallest timeout that would fit is named, and null when a longer one does not help", () => {
  const at = (timeoutMs: number) => timing(timeoutMs, 50, 70);
  // Ten COM intervals of 70 ms; all other inequalities hold earlier (43 ms short at 500).
  assert.is(smallestTimeoutMs("com-disk", 500, at, serial), 700);
  assert.is(smallestTimeoutMs("com-disk", 900, at, serial), 900);
  const tooOften = (timeoutMs: number) => timing(timeoutMs, 50, 20);
  assert.is(smallestTimeoutMs("com-disk", 500, tooOften, serial), null);
});

test("a COM interval that fills more than 30 % of the line is refused", () => {
  // 20.83 ms / 0.3 = 69.44 ms at 38400; 83.33 / 0.3 = 277.8 at 9600.
  const at38400 = violationsOf("com", timing(1000, 100, 60), serial);
  assert.equal(at38400, [{ rule: "COM line use <= 30 %", key: "comIntervalMs", shortMs: 10 }]);
  const at9600 = violationsOf("none", timing(1000, 100, 277), { baud: 9600 });
  assert.equal(at9600, [{ rule: "COM line use <= 30 %", key: "comIntervalMs", shortMs: 1 }]);
  assert.equal(violationsOf("none", timing(1000, 100, 278), { baud: 9600 }), []);
});

test("a timeout shorter than ten intervals is refused with the missing time", () => {
  const found = violationsOf("none", timing(999, 100, 100), noCom);
  assert.equal(found, [{ rule: "T >= 10 I", key: "heartbeatTimeoutMs", shortMs: 1 }]);
});

test("measured pauses that are too long for the timeout are refused", () => {
  // M = ceil(10 + 8 + 0.1) = 19; A1 = 100 - 19 - 10 - 24 = 47 < 48.
  const found = violationsOf("none", timing(100, 10, 10), { baud: null, pauseMs: 10 });
  assert.equal(found, [{ rule: "A1 >= 2 sigma", key: "heartbeatTimeoutMs", shortMs: 1 }]);
});

test("a disk wait shorter than one claim is refused", () => {
  const short = { ...timing(1000, 100, 100), diskWaitMs: 39 };
  const found = violationsOf("com-disk", short, serial);
  assert.equal(found, [{ rule: "DIO >= D", key: "diskWaitMs", shortMs: 1 }]);
});

test("D54: the level is reset-bounded up to the last millisecond that the watchdog may take", () => {
  // W + 210 <= 1000 * 0.999 = 999, so W <= 789.
  const level = (watchdogMs: number) =>
    budgetOf("com-disk", timing(1000, 100, 100, watchdogMs), serial).protection;
  assert.is(level(789), "reset-bounded");
  assert.is(level(790), "software-bounded");
  assert.is(level(0), "software-bounded");
});

test("a watchdog that would reset a healthy server is refused", () => {
  // 2 * (100 + 25) = 250.
  const found = violationsOf("com-disk", timing(1000, 100, 100, 249), serial);
  assert.equal(found, [{ rule: "W >= 2 (I + P)", key: "watchdogTimeoutMs", shortMs: 1 }]);
  assert.equal(violationsOf("com-disk", timing(1000, 100, 100, 250), serial), []);
});

test("the default COM interval follows the heartbeat, one second at most, and the line's speed", () => {
  assert.is(defaultComIntervalMs(3000, 38_400), 1000);
  assert.is(defaultComIntervalMs(100, 38_400), 100);
  // 69.44 ms is the least, in steps of ten.
  assert.is(defaultComIntervalMs(10, 38_400), 70);
  assert.is(defaultComIntervalMs(10, null), 10);
});

test("A1 < A2 < A3 < T for every accepted set", () => {
  let accepted = 0;
  for (const method of ["com", "com-disk", "none"] as const) {
    for (let timeoutMs = 50; timeoutMs <= 60_000; timeoutMs = Math.ceil(timeoutMs * 1.07)) {
      for (const beats of [10, 12, 20, 50]) {
        const intervalMs = Math.floor(timeoutMs / beats);
        const comMs = defaultComIntervalMs(intervalMs, 38_400);
        const result = computeBudget(method, timing(timeoutMs, intervalMs, comMs), serial);
        if (result.kind === "violated") continue;
        const b = result.budget;
        accepted += 1;
        assert.ok(
          b.a1Ms < b.a2Ms && b.a2Ms < b.a3Ms && b.a3Ms < b.timeoutMs,
          `${method} ${timeoutMs}`,
        );
        assert.ok(b.marginMs >= b.pauseMs + b.giveUpMs + 0.001 * timeoutMs);
      }
    }
  }
  assert.ok(accepted > 300, `only ${accepted} sets accepted`);
});

test.run();
