/**
 * Plans from seeds and from files, and how a failing one is cut down.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawPlan, FAULT_KINDS, readPlan } from "./plan.ts";

const sound = {
  version: 1,
  seed: 5,
  servers: 3,
  timeoutMs: 1000,
  healAtMs: 4000,
  faults: [{ atMs: 1000, kind: "pause", one: 0, other: 1, amount: 500 }],
};

test("issue 4: a drawn plan is read back as it was written", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const plan = drawPlan(seed);
    assert.equal(readPlan(JSON.stringify(plan)), { kind: "plan", plan });
  }
  const cut = JSON.stringify({ ...drawPlan(1), core: [99] });
  assert.is(readPlan(cut).kind, "refused");
  assert.equal(drawPlan(9), drawPlan(9), "the seed alone makes the plan");
});

test("issue 4: every kind of fault is drawn within some hundred seeds", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 300; seed += 1) {
    for (const { kind } of drawPlan(seed).faults) seen.add(kind);
  }
  assert.is(seen.size, FAULT_KINDS.length);
});

const REFUSALS: readonly [string, string, RegExp][] = [
  ["no JSON", "{]", /line 1: not JSON/],
  ["cut after one sign", "{", /line 1: cut short/],
  ["another shape", "[]", /expected an object/],
  ["another version", JSON.stringify({ ...sound, version: 2 }), /version: expected 1, found 2/],
  [
    "too few servers",
    JSON.stringify({ ...sound, servers: 2 }),
    /servers: expected a whole number 3-16, found 2/,
  ],
  ["cut short", JSON.stringify({ ...sound, faults: undefined }), /faults: expected a list/],
  [
    "unknown fault",
    JSON.stringify({ ...sound, faults: [{ ...sound.faults[0], kind: "storm" }] }),
    /faults\[0\]\.kind: "storm" is unknown; expected one of cut-link/,
  ],
  [
    "a server that is not there",
    JSON.stringify({ ...sound, faults: [{ ...sound.faults[0], one: 3 }] }),
    /faults\[0\]\.one: expected a whole number 0-2, found 3/,
  ],
  [
    "after the end",
    JSON.stringify({ ...sound, faults: [{ ...sound.faults[0], atMs: 4001 }] }),
    /faults\[0\]\.atMs: expected a whole number 0-4000/,
  ],
];

for (const [name, text, expected] of REFUSALS) {
  test(`issue 4 bad input: ${name} is refused with its place`, () => {
    const read = readPlan(text);
    assert.ok(read.kind === "refused" && expected.test(read.text), JSON.stringify(read));
  });
}

test.run();
