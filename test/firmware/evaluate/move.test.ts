/**
 * The coordinator lost in the middle of a planned move: the giving server has stopped the group and the taking
 * one has not begun it. Whoever is left runs it, once. By hand from 3.2.2 (S7, S8), R188 and protocol.md 1.4.7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { SimulatedMethod } from "../../../firmware/evaluate/expected.ts";
import { listFaults } from "../../../firmware/evaluate/fault.ts";
import { listPairs } from "../../../firmware/evaluate/pairs.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { loaded, manySheet, sheet } from "./sheets.ts";

function played(text: string, method: SimulatedMethod, from: string): FaultRow {
  const config = loaded(text);
  const start = listStarts(config).find(({ id }) => id === from);
  const fault = listFaults(config).find(({ id }) => id === "move-power:web");
  if (start === undefined || fault === undefined) throw new Error(`no move from ${from}`);
  const row = runFault(config, method, start, fault);
  if (row === null) throw new Error(`${method} knows no move`);
  return row;
}

const ends = ({ servers }: FaultRow): readonly string[] =>
  servers.map(({ shows, runs }) => `${shows.replace(/ .*/, "")} ${runs.join(" ")}`.trim());

for (const method of ["com", "com-disk", "disk", "none"] as const) {
  for (const [from, role] of [
    ["home", "gives"],
    ["SERVER2", "takes"],
  ] as const) {
    test(`R188, S7, S8: ${method}: the coordinator dies while it ${role} a group`, () => {
      const row = played(sheet(method), method, from);
      assert.equal(ends(row), ["off", "sole web"]);
      assert.ok(row.permitted, row.troubles.join("\n"));
      assert.is(row.overlapMs, 0);
      assert.ok((row.takeoverMs ?? 0) > 500, `${row.takeoverMs} ms`);
    });
  }
}

test("R188, J2: majority: the coordinator dies while others move a group; one of them runs it", () => {
  for (const from of ["home", "SERVER2", "SERVER3"]) {
    const row = played(manySheet(3), "majority", from);
    const [first, ...others] = ends(row);
    assert.is(first, "off", from);
    assert.equal([...others].sort(), ["member", "member web"], from);
    assert.ok(row.permitted, row.troubles.join("\n"));
  }
});

test("a move that is cut off is a sequence of its own: no pair is made of it", () => {
  const pairs = listPairs(loaded(sheet("none")));
  assert.is(pairs.filter((pair) => pair.some(({ kind }) => kind === "move-power")).length, 0);
});

test.run();
