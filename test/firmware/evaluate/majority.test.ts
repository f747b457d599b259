/**
 * The guide's majority rows against simulated clusters of three, four and five servers: who goes on and who
 * shuts down, written out by hand from J1-J4, R86-R94 and 3.2.1, not taken from the product's own table.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listFaults } from "../../../firmware/evaluate/fault.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { runTransition } from "../../../firmware/evaluate/transitions.ts";
import { guarded, loaded, manySheet, type Sheet } from "./sheets.ts";

/** The row of fault `id` with every group at home on SERVER1. */
function played(count: number, id: string, bend?: (sheet: Sheet) => void): FaultRow {
  const config = loaded(manySheet(count, bend));
  const [home] = listStarts(config);
  const fault = listFaults(config).find((one) => one.id === id);
  if (home === undefined || fault === undefined) throw new Error(`no fault ${id}`);
  const row = runFault(config, "majority", home, fault);
  if (row === null) throw new Error(`${id} does not exist with a majority`);
  return row;
}

/** Who is off and who runs the group afterwards. */
const ends = ({ servers }: FaultRow): readonly string[] =>
  servers.map(({ shows, runs }) => `${shows.replace(/ .*/, "")} ${runs.join(" ")}`.trim());

const AS_BEFORE_3 = ["member web", "member", "member"];
const SECOND_TAKES_OVER_3 = ["off", "member web", "member"];
const OFF_3 = ["off", "off", "off"];

const ROWS: readonly (readonly [string, number, string, readonly string[]])[] = [
  ["R89, J2: of 3 servers 1 is down", 3, "power:SERVER1", SECOND_TAKES_OVER_3],
  ["R90, J3: of 3 servers 2 are down", 3, "power-majority:SERVER1+SERVER2", OFF_3],
  ["R90, J3: the owner is the last", 3, "power-majority:SERVER2+SERVER3", OFF_3],
  [
    "R91, D2: of 4 servers 2 are down",
    4,
    "power-majority:SERVER3+SERVER4",
    ["off", "off", "off", "off"],
  ],
  [
    "R92: of 5 servers 2 are down",
    5,
    "power-minority:SERVER1+SERVER2",
    ["off", "off", "member web", "member", "member"],
  ],
  [
    "R92: of 5 servers 3 are down",
    5,
    "power-majority:SERVER3+SERVER4+SERVER5",
    ["off", "off", "off", "off", "off"],
  ],
  ["R93, J4: all are isolated", 3, "lans", OFF_3],
  ["R87, R88: the owner is isolated", 3, "isolate:SERVER1", SECOND_TAKES_OVER_3],
  ["R87: another one is isolated", 3, "isolate:SERVER3", ["member web", "member", "off"]],
  [
    "R87, R88, J2: a minority with the owner is cut off",
    5,
    "split-minority:SERVER1+SERVER2",
    ["off", "off", "member web", "member", "member"],
  ],
  ["J2, D2: split in the middle", 4, "split-half:SERVER1+SERVER2", ["off", "off", "off", "off"]],
  ["J2: nobody hears the owner", 3, "lans-one-way:SERVER1", SECOND_TAKES_OVER_3],
  ["J2: the owner hears nobody", 3, "lans-deaf:SERVER1", SECOND_TAKES_OVER_3],
  ["D7: two of three do not hear each other", 3, "between:SERVER1+SERVER2", AS_BEFORE_3],
  ["E14, E15: one LAN of two", 3, "lan:lan1", AS_BEFORE_3],
  ["E16, E17, R40: the other LAN", 3, "lan:lan2", AS_BEFORE_3],
  ["R21: the owner's pulse dies", 3, "kill-pulse:SERVER1", AS_BEFORE_3],
  ["R21: the owner's agent hangs", 3, "hang-agent:SERVER1", AS_BEFORE_3],
  ["R13: the owner freezes for a moment", 3, "freeze-short:SERVER1", AS_BEFORE_3],
  ["E18, D54: the owner freezes", 3, "freeze-long:SERVER1", SECOND_TAKES_OVER_3],
  ["D56, J4: another key everywhere", 3, "keys", OFF_3],
  [
    "E19, D28: the program never works",
    3,
    "program-broken:web",
    ["member", "member web", "member"],
  ],
];

for (const [rows, count, id, expected] of ROWS) {
  test(`${rows}: ${id}`, () => {
    const row = played(count, id);
    assert.equal(ends(row), expected);
    assert.ok(row.permitted, row.troubles.join("\n"));
    if (id !== "freeze-long:SERVER1") assert.is(row.overlapMs, 0);
  });
}

test("R94: a majority takes over when T is over, and no resolution time is added", () => {
  const took = played(3, "power:SERVER1").takeoverMs ?? 0;
  assert.ok(took >= 900 && took <= 1300, `${took} ms`);
});

test("R92: with longer times a hung pulse of one of five servers moves nothing", () => {
  const slow = (made: Sheet): void => {
    made.timing["heartbeatTimeoutMs"] = 2000;
    made.timing["heartbeatIntervalMs"] = 200;
  };
  assert.equal(ends(played(5, "hang-pulse:SERVER1", slow)), [
    ...["member web", "member", "member", "member", "member"],
  ]);
});

test("D54: a watchdog that is short enough leaves no instant with two owners", () => {
  const row = played(3, "freeze-long:SERVER1", guarded);
  assert.is(row.overlapMs, 0);
  assert.ok(row.permitted, row.troubles.join("\n"));
  assert.match(row.servers[0]?.shows ?? "", /^(off|detached)/);
});

test("3.2.2: a majority starts after the wait, fewer start nothing, and all come back from all down", () => {
  const config = loaded(manySheet(3));
  for (const row of ["S1", "S2", "S3", "S7", "S11", "S12"]) {
    const played = runTransition(config, row);
    if (played.kind === "absent") throw new Error(`${row} was not played`);
    assert.equal(played.troubles, [], row);
    if (row === "S2") assert.ok((played.tookMs ?? 0) >= 4900, `${played.tookMs} ms`);
    if (row === "S3") assert.is(played.tookMs, null);
  }
});

test.run();
