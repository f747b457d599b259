/**
 * The shared disk's rows against simulated clusters of three and four servers: who goes on and who shuts down,
 * written out by hand from B3-B8, R67-R76, D6, D7 and 3.2.1, not taken from the product's own table.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { expectedOf } from "../../../firmware/evaluate/expected.ts";
import { FAULT_KINDS, listFaults } from "../../../firmware/evaluate/fault.ts";
import { manualLines } from "../../../firmware/evaluate/manual.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { runTransition, TRANSITIONS } from "../../../firmware/evaluate/transitions.ts";
import { loaded, manySheet } from "./sheets.ts";

/** The row of fault `id` with every group at home on SERVER1. */
function played(count: number, id: string): FaultRow {
  const config = loaded(manySheet(count, undefined, "disk"));
  const [home] = listStarts(config);
  const fault = listFaults(config).find((one) => one.id === id);
  if (home === undefined || fault === undefined) throw new Error(`no fault ${id}`);
  const row = runFault(config, "disk", home, fault);
  if (row === null) throw new Error(`${id} does not exist with a shared disk`);
  return row;
}

/** Who is off and who runs the group afterwards. */
const ends = ({ servers }: FaultRow): readonly string[] =>
  servers.map(({ shows, runs }) => {
    const state = shows === "sole member" ? "alone" : shows.replace(/ .*/, "");
    return `${state} ${runs.join(" ")}`.trim();
  });

const AS_BEFORE = ["member web", "member", "member"];
const SECOND_TAKES_OVER = ["off", "member web", "member"];
const BEST_ALONE = ["alone web", "off", "off"];
const OFF = ["off", "off", "off"];

const ROWS: readonly (readonly [string, number, string, readonly string[]])[] = [
  ["R69, B3: the owner is down", 3, "power:SERVER1", SECOND_TAKES_OVER],
  ["R69, B3: another one is down", 3, "power:SERVER3", ["member web", "member", "off"]],
  [
    "R67, R69: two of three are down",
    3,
    "power-majority:SERVER1+SERVER2",
    ["off", "off", "alone web"],
  ],
  ["R67, R69: the owner is the last", 3, "power-majority:SERVER2+SERVER3", BEST_ALONE],
  ["R70, B4: the array is faulty, then a crash", 3, "array-power:SERVER1", OFF],
  ["R70, B4: the same with another server", 3, "array-power:SERVER3", OFF],
  ["R75, B7: the array stalls, then a crash", 3, "array-stall-power:SERVER1", OFF],
  ["R74, B6: the array is faulty, then all LANs are cut", 3, "array-lans", OFF],
  ["R71, R73, B5: all LANs are cut", 3, "lans", BEST_ALONE],
  ["R71, R73, D6: the best server is isolated", 3, "isolate:SERVER1", BEST_ALONE],
  ["R72, R73: another one is isolated", 3, "isolate:SERVER2", ["member web", "off", "member"]],
  ["B5, D7: nobody hears the best server", 3, "lans-one-way:SERVER1", BEST_ALONE],
  ["B5, D7: the last server hears nobody", 3, "lans-deaf:SERVER3", ["member web", "member", "off"]],
  ["D7: both of them reach the best server", 3, "between:SERVER2+SERVER3", AS_BEFORE],
  [
    "R73: one does not reach the best server",
    3,
    "between-best:SERVER1+SERVER2",
    ["member web", "off", "member"],
  ],
  [
    "R71, R72: split in the middle",
    4,
    "split-half:SERVER1+SERVER2",
    ["member web", "member", "off", "off"],
  ],
  ["E6, R40: one path to the array", 3, "array-path:SERVER1", AS_BEFORE],
  ["E5: the array", 3, "array", AS_BEFORE],
  ["E14, E15: one LAN of two", 3, "lan:lan1", AS_BEFORE],
  ["R13: the owner freezes for a moment", 3, "freeze-short:SERVER1", AS_BEFORE],
  ["E18, D54: the owner freezes", 3, "freeze-long:SERVER1", SECOND_TAKES_OVER],
  ["R21: the owner's agent hangs", 3, "hang-agent:SERVER1", AS_BEFORE],
  [
    "E19, D28: the program never works",
    3,
    "program-broken:web",
    ["member", "member web", "member"],
  ],
];

for (const [rows, count, id, expected] of ROWS) {
  test(`${rows}: ${id} of ${count}`, () => {
    const row = played(count, id);
    assert.equal(ends(row), expected);
    assert.ok(row.permitted, row.troubles.join("\n"));
    if (id !== "freeze-long:SERVER1") assert.is(row.overlapMs, 0);
  });
}

test("R69, B8: the others take over when the resolution time of 2 s is over, not before", () => {
  const took = played(3, "power:SERVER1").takeoverMs ?? 0;
  assert.ok(took >= 1900 && took <= 2500, `${took} ms`);
});

test("3.2.2: every row is as the guide expects, one of three starting alone among them", () => {
  const config = loaded(manySheet(3, undefined, "disk"));
  for (const row of TRANSITIONS) {
    const played = runTransition(config, row);
    if (played.kind === "absent") throw new Error(`${row} was not played`);
    assert.equal(played.troubles, [], row);
    if (row === "S2" || row === "S3")
      assert.ok((played.tookMs ?? 0) >= 4900, `${row} ${played.tookMs} ms`);
  }
});

test("R57, R67: two servers keep their rows, three have those of many and none of the cable", () => {
  const at = { timeoutMs: 1000, watchdogMs: 0, onlyServer: false };
  const known = (servers: number): readonly string[] =>
    FAULT_KINDS.filter((kind) => expectedOf(kind, "disk", { ...at, servers }) !== null);
  assert.ok(!known(2).includes("isolate") && known(2).includes("com-power"));
  assert.ok(known(3).includes("isolate") && known(3).includes("between-best"));
  for (const kind of known(3)) assert.not.match(kind, /^com|everything/);
});

test("R67: the recovery manual speaks of no majority and lets one server be enough", () => {
  const config = loaded(manySheet(3, undefined, "disk"));
  const faults = [
    played(3, "array-lans"),
    played(3, "lans"),
    played(3, "power-majority:SERVER1+SERVER2"),
  ];
  const leftOut = { faults: 0, pairs: 0 };
  const text = manualLines(config, "disk", { faults, leftOut }, "en").join("\n");
  assert.not.match(text, /majority/i);
  assert.match(text, /one is enough/);
  const inJapanese = manualLines(config, "disk", { faults, leftOut }, "ja").join("\n");
  assert.not.match(inJapanese, /多数決|過半数/);
});

test.run();
