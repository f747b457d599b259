/**
 * The fault envelope against the simulation, every method at the two levels that a configuration can reach:
 * what a level covers never runs twice, and what it does not cover does. Expectations by hand from D54, the
 * accepted risks from A7 and H2.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coverOf, LEVELS } from "../../../firmware/evaluate/cover.ts";
import { envelopeOf, measured } from "../../../firmware/evaluate/envelope.ts";
import { SIMULATED, type SimulatedMethod } from "../../../firmware/evaluate/expected.ts";
import { FAULT_KINDS, listFaults } from "../../../firmware/evaluate/fault.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import { guarded, loaded, manySheet, type Sheet, sheet } from "./sheets.ts";

const configOf = (method: SimulatedMethod, bend?: (sheet: Sheet) => void): LoadedConfig =>
  loaded(method === "majority" ? manySheet(3, bend) : sheet(method, bend));

function rowOf(method: SimulatedMethod, config: LoadedConfig, id: string): FaultRow {
  const [home] = listStarts(config);
  const fault = listFaults(config).find((one) => one.id === id);
  const row = home && fault ? runFault(config, method, home, fault) : null;
  if (row === null) throw new Error(`${method} ${id}`);
  return row;
}

test("D54: only a long freeze is outside, and only where nothing resets the server", () => {
  for (const fault of FAULT_KINDS) {
    const isFrozen = fault === "freeze-long";
    assert.equal(
      LEVELS.map((level) => coverOf(fault, level)),
      ["inside", isFrozen ? "data-only" : "inside", isFrozen ? "outside" : "inside"],
      fault,
    );
  }
});

for (const method of SIMULATED) {
  test(`D54: ${method}: software-bounded: a thawed owner acts for an instant, reset-bounded: never`, () => {
    const soft = configOf(method);
    assert.is(soft.budget.protection, "software-bounded");
    const woken = rowOf(method, soft, "freeze-long:SERVER1");
    assert.ok(woken.permitted, woken.troubles.join("\n"));
    // It gives up within P + G of its wake, or is away before it runs anything.
    assert.ok(woken.overlapMs > 0, "the table says that this level does not cover it");
    assert.ok(woken.overlapMs <= 2 * soft.budget.marginMs, `${woken.overlapMs} ms`);
    const hard = configOf(method, guarded);
    assert.is(hard.budget.protection, "reset-bounded");
    const reset = rowOf(method, hard, "freeze-long:SERVER1");
    assert.ok(reset.permitted, reset.troubles.join("\n"));
    assert.is(reset.overlapMs, 0);
  });
}

const TWICE: readonly (readonly [SimulatedMethod, string, boolean])[] = [
  ["com", "everything", true],
  ["none", "lans", true],
  // SERVER2 hears nothing of SERVER1 and goes on; SERVER1 hears that and stops, some milliseconds later.
  ["none", "lans-one-way:SERVER1", true],
  ["com-disk", "everything", false],
  ["disk", "lans", false],
  ["majority", "lans", false],
  ["majority", "isolate:SERVER1", false],
];

for (const [method, id, isTwice] of TWICE) {
  const what = isTwice ? "two owners are the accepted risk" : "nothing ever runs twice";
  test(`A7, H2, C7, B5, J4: ${method} ${id}: ${what}`, () => {
    const config = configOf(method);
    const row = rowOf(method, config, id);
    assert.ok(row.permitted, row.troubles.join("\n"));
    assert.is(row.overlapMs > 0, isTwice);
    const shown = measured(envelopeOf(config), method, [row]);
    const own = shown.filter((one) => one.method === method && one.fault === row.fault.kind);
    assert.equal(
      own.map(({ overlapMs }) => overlapMs),
      [row.overlapMs],
    );
    assert.ok(shown.every((one) => own.includes(one) || one.overlapMs === null));
  });
}

test("every method has a row for each of its faults, and majority one that the others have not", () => {
  const config = configOf("majority");
  const faults = (method: SimulatedMethod): readonly string[] =>
    envelopeOf(config, [method]).map(({ fault }) => fault);
  assert.ok(faults("majority").includes("isolate") && !faults("com").includes("isolate"));
  assert.ok(faults("disk").includes("array-stall") && !faults("majority").includes("array-stall"));
  for (const method of SIMULATED) assert.ok(faults(method).includes("power"), method);
});

test.run();
