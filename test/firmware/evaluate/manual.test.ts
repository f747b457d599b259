/**
 * The recovery manual of a majority: what the operator does after each kind of fault, in both languages.
 * The steps are by hand from the guide 3.3 (3)-(6), 3.2.2 (S11, S12), D15, D16 and D52.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listFaults } from "../../../firmware/evaluate/fault.ts";
import { manualLines } from "../../../firmware/evaluate/manual.ts";
import type { LeftOut } from "../../../firmware/evaluate/plan.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { loaded, manySheet, sheet } from "./sheets.ts";

const NOTHING: LeftOut = { faults: 0, pairs: 0 };
const config = loaded(manySheet(3));
const rows = new Map<string, FaultRow>();

function chapter(id: string, lang: "en" | "ja"): string {
  const [home] = listStarts(config);
  const fault = listFaults(config).find((one) => one.id === id);
  const row = rows.get(id) ?? (home && fault ? runFault(config, "majority", home, fault) : null);
  if (row === null) throw new Error(`no fault ${id}`);
  rows.set(id, row);
  const lines = manualLines(config, "majority", { faults: [row], leftOut: NOTHING }, lang);
  const text = lines.join("\n");
  assert.not.match(text, /\{\w+\}/);
  return text;
}

test("D52, S11: one of three is down: repair, return, and no second loss until then", () => {
  const text = chapter("power:SERVER1", "en");
  assert.match(text, "with every group at home: the others go on and take over after ");
  assert.match(text, "SERVER1: without power (-), SERVER2: member (web), SERVER3: member (-)");
  assert.match(text, "`kage server return SERVER1`");
  assert.match(text, "2 of 3 servers are left and 2 are needed. One more loss stops the cluster.");
  assert.match(text, "`KG-");
  const japanese = chapter("power:SERVER1", "ja");
  assert.match(japanese, "3 台中 2 台が稼働、2 台が必要です");
  assert.match(japanese, "`kage server return SERVER1`");
});

test("D52: the isolated server has shut down: repair the LANs, return it", () => {
  const text = chapter("isolate:SERVER3", "en");
  assert.match(text, "the majority goes on, the others shut down");
  assert.match(text, "Repair cables, switches and network boards");
  assert.match(text, "`kage server return SERVER3`");
});

test("D16, S12, D52: all are down: a base by force, the others into it, a majority before any group", () => {
  for (const id of ["lans", "power-majority:SERVER1+SERVER2"]) {
    const text = chapter(id, "en");
    const order = [
      "2 of 3 are needed",
      "`kage server force-return SERVER1`",
      "`kage server return SERVER` for every other server",
      "With 2 members the groups may start: `kage group start web`",
      "With fewer whole servers nothing starts",
    ].map((step) => text.indexOf(step));
    assert.ok(!order.includes(-1), text);
    assert.equal(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.match(chapter(id, "ja"), "メンバが 2 台になったら `kage group start web`");
  }
});

test("D7: two that do not hear each other: nothing but the repair", () => {
  const text = chapter("between:SERVER1+SERVER2", "en");
  assert.match(text, /^## 1\. All LANs are cut between SERVER1\+SERVER2 only$/m);
  assert.match(text, "Nothing else: the business went on.");
});

/** Chapter `id` of two servers without an arbiter, from every start state. */
function ofTwo(id: string, lang: "en" | "ja"): string {
  const pair = loaded(sheet("com"));
  const fault = listFaults(pair).find((one) => one.id === id);
  if (fault === undefined) throw new Error(`no fault ${id}`);
  const faults = listStarts(pair).flatMap((start) => runFault(pair, "com", start, fault) ?? []);
  return manualLines(pair, "com", { faults, leftOut: NOTHING }, lang).join("\n");
}

test("D52, D53: two owners: one is switched off before anything is repaired", () => {
  const text = ofTwo("everything", "en");
  const order = ["switch the other off", "Repair cables", "Compare the data"];
  const places = order.map((step) => text.indexOf(step));
  assert.ok(!places.includes(-1), text);
  assert.equal(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test("D52: steps of outcomes that differ are told apart, for only one of them holds", () => {
  const text = ofTwo("lans-one-way:SERVER1", "en");
  const [, first = "", second = ""] = text.split(/^If .*:$/m);
  assert.match(text, /^If exactly one goes on, the other shuts down:$/m);
  assert.match(first, "`kage server return SERVER2`");
  assert.not.match(first, "force-return");
  assert.match(second, "`kage server force-return SERVER1`");
  assert.match(ofTwo("lans-one-way:SERVER1", "ja"), /^「.*」の場合:$/m);
});

test("D52: what an event says and what it asks for are two lines", () => {
  assert.match(ofTwo("lans-one-way:SERVER1", "en"), /^- `KG-3011` .*claim none\n {2}- Repair/m);
});

test("a manual of a large cluster says what was not played", () => {
  const faults = [...rows.values()];
  const leftOut: LeftOut = { ...NOTHING, faults: 100 };
  const text = manualLines(config, "majority", { faults, leftOut }, "en").join("\n");
  assert.match(text, /Of \d+ runs \d+ were played/);
});

test.run();
