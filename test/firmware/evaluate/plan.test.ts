/** Which runs are made, and that what is not made is counted: nothing is left out in silence. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listFaults } from "../../../firmware/evaluate/fault.ts";
import { planRuns } from "../../../firmware/evaluate/plan.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { TRANSITIONS } from "../../../firmware/evaluate/transitions.ts";
import { loaded, manySheet, sheet } from "./sheets.ts";

test("two servers: every fault from every start, every row, every pair", () => {
  const config = loaded(sheet("none"));
  const { faults, transitions, pairs, leftOut } = planRuns(config, "none", true);
  assert.is(faults.length, listFaults(config).length * listStarts(config).length);
  assert.equal(transitions, TRANSITIONS);
  const single = listFaults(config).filter(({ blows }) => blows.length === 1).length;
  assert.is(pairs.length, single * (single - 1) * 2);
  assert.equal(leftOut, { faults: 0, pairs: 0 });
});

test("three servers: every single fault from every start, and every row", () => {
  const config = loaded(manySheet(3));
  const { faults, transitions, leftOut } = planRuns(config, "majority", false);
  assert.is(faults.length, listFaults(config).length * 3);
  assert.equal(transitions, TRANSITIONS);
  assert.equal(leftOut, { faults: 0, pairs: 0 });
});

test("five servers: no kind is left out", () => {
  const config = loaded(manySheet(5));
  const { faults, leftOut } = planRuns(config, "majority", false);
  const exist = new Set(listFaults(config).map(({ kind }) => kind));
  assert.equal(new Set(faults.map(({ fault }) => fault.kind)), exist);
  assert.is(faults.length + leftOut.faults, listFaults(config).length * 5);
  assert.ok(faults.length < 150, `${faults.length} runs`);
});

test("3.2.2, 16 servers: every row and every kind of fault once, and what is missing is counted", () => {
  const config = loaded(manySheet(16));
  const { faults, transitions, leftOut } = planRuns(config, "majority", false);
  const ids = faults.map(({ fault }) => fault.id);
  for (const id of [
    "power:SERVER1",
    "isolate:SERVER1",
    "lans",
    "power-minority:SERVER1..SERVER7 (7)",
    "power-majority:SERVER1..SERVER8 (8)",
    "split-minority:SERVER1..SERVER7 (7)",
    "split-half:SERVER1..SERVER8 (8)",
  ]) {
    assert.ok(ids.includes(id), `${id} is not among ${ids.join(", ")}`);
  }
  const exist = new Set(listFaults(config).map(({ kind }) => kind));
  assert.equal(new Set(faults.map(({ fault }) => fault.kind)), exist);
  assert.is(faults.length, exist.size, "and no kind twice");
  assert.is(faults.length + leftOut.faults, listFaults(config).length * 16);
  assert.equal(transitions, TRANSITIONS);
});

test("pairs of many servers: a bounded number, the same every time, spread over all", () => {
  const config = loaded(manySheet(3));
  const one = planRuns(config, "majority", true);
  const two = planRuns(config, "majority", true);
  const shown = ({ pairs }: typeof one): readonly string[] =>
    pairs.map(({ start, couple: [a, b] }) => `${start.id} ${a.id} > ${b.id}`);
  assert.equal(shown(one), shown(two));
  assert.is(new Set(shown(one)).size, one.pairs.length);
  assert.ok(one.pairs.length > 500 && one.pairs.length < 1000, `${one.pairs.length} pairs`);
  assert.ok(one.leftOut.pairs > 1000);
  const kinds = new Set(one.pairs.flatMap(({ couple }) => couple.map(({ kind }) => kind)));
  const single = listFaults(config).filter(({ blows }) => blows.length === 1);
  assert.equal(kinds, new Set(single.map(({ kind }) => kind)));
});

test.run();
