/**
 * The guide's tables against the simulated cluster: what each method does after a fault, written out by hand
 * from 1.2.4 and 3.2.1, not taken from the table that the product carries.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settleMs, strike } from "../../../firmware/evaluate/blow.ts";
import { expectedOf, type SimulatedMethod } from "../../../firmware/evaluate/expected.ts";
import { FAULT_KINDS, type Fault, listFaults } from "../../../firmware/evaluate/fault.ts";
import { type FaultRow, runFault } from "../../../firmware/evaluate/single.ts";
import { allMembers, calmCluster, listStarts, runsAt } from "../../../firmware/evaluate/stage.ts";
import { runTransition, TRANSITIONS } from "../../../firmware/evaluate/transitions.ts";
import { loaded, manySheet, sheet, twoWay } from "./sheets.ts";

/** Three and more servers are tried in majority.test.ts and disk-many.test.ts. */
const OF_TWO = ["com", "com-disk", "disk", "none"] as const;

function faultOf(faults: readonly Fault[], id: string): Fault {
  const found = faults.find((fault) => fault.id === id);
  if (found === undefined) throw new Error(`no fault ${id}`);
  return found;
}

/** The row of fault `id` with every group at home on SERVER1. */
function played(method: SimulatedMethod, id: string): FaultRow {
  const config = loaded(sheet(method));
  const [home] = listStarts(config);
  if (home === undefined) throw new Error("no start state");
  const row = runFault(config, method, home, faultOf(listFaults(config), id));
  if (row === null) throw new Error(`${id} does not exist with ${method}`);
  return row;
}

/** Who is off and who runs the group afterwards. */
const ends = ({ servers }: FaultRow): readonly string[] =>
  servers.map(({ shows, runs }) => `${shows.replace(/ .*/, "")} ${runs.join(" ")}`.trim());

const BOTH_OFF = ["off", "off"];
const FIRST_GOES_ON = ["sole web", "off"];
const SECOND_GOES_ON = ["off", "sole web"];
const BOTH_GO_ON = ["sole web", "sole web"];
const AS_BEFORE = ["member web", "member"];

const ROWS: readonly (readonly [SimulatedMethod, string, string, readonly string[]])[] = [
  ["com", "A3, R59", "power:SERVER1", SECOND_GOES_ON],
  ["com", "A4, R60", "com-power:SERVER1", BOTH_OFF],
  ["com", "A5, R61", "lans", BOTH_OFF],
  ["com", "A6, R62", "com-lans", BOTH_OFF],
  ["com", "A7, R63", "everything", BOTH_GO_ON],
  ["com", "R64", "com", AS_BEFORE],
  ["com-disk", "R85", "power:SERVER1", SECOND_GOES_ON],
  ["com-disk", "C4, R81", "com-power:SERVER1", BOTH_OFF],
  ["com-disk", "C5, R82", "lans", BOTH_OFF],
  ["com-disk", "C6, R83", "com-lans", BOTH_OFF],
  ["com-disk", "C7, R84", "everything", FIRST_GOES_ON],
  ["com-disk", "D5", "array-power:SERVER1", BOTH_OFF],
  ["disk", "B3, B8, R69", "power:SERVER1", SECOND_GOES_ON],
  ["disk", "B4, R70", "array-power:SERVER1", BOTH_OFF],
  ["disk", "B5, R71, R73", "lans", FIRST_GOES_ON],
  ["disk", "B6, R74", "array-lans", BOTH_OFF],
  ["disk", "B7, R75", "array-stall-power:SERVER1", BOTH_OFF],
  ["none", "H2, R101", "lans", BOTH_GO_ON],
  ["none", "E10", "power:SERVER1", SECOND_GOES_ON],
  ["none", "E14, E15", "lan:lan1", AS_BEFORE],
  ["none", "E16, E17, R40", "lan:lan2", AS_BEFORE],
  ["none", "E19, R30", "program-broken:web", ["member", "member web"]],
];

for (const [method, rows, id, expected] of ROWS) {
  test(`${rows}: ${method}: ${id}`, () => {
    const row = played(method, id);
    assert.equal(ends(row), expected);
    assert.ok(row.permitted, row.troubles.join("\n"));
  });
}

test("R22: whether a hung pulse is back in time is certain from T 1.2 s on, wherever between two beats", () => {
  const permitted = (kind: "hang-pulse" | "kill-pulse", timeoutMs: number) =>
    expectedOf(kind, "com", { timeoutMs, watchdogMs: 0, onlyServer: false, servers: 2 })?.permitted;
  assert.equal(permitted("hang-pulse", 1000), ["unchanged", "takeover"]);
  assert.equal(permitted("hang-pulse", 1200), ["unchanged"]);
  assert.equal(permitted("kill-pulse", 1000), ["unchanged"]);
  const config = loaded(
    sheet("com", (made) => Object.assign(made.timing, { heartbeatTimeoutMs: 1200 })),
  );
  const [home] = listStarts(config);
  if (home === undefined) throw new Error("no start state");
  for (let offsetMs = 0; offsetMs < 100; offsetMs += 20) {
    const world = calmCluster(config, home);
    if (world === null) throw new Error("the cluster does not start");
    world.run(offsetMs);
    strike(world, { kind: "hang", server: 0, process: "pulse" });
    world.run(settleMs(config));
    assert.ok(allMembers(world) && runsAt(world, home.owners), `${offsetMs} ms later`);
  }
});

test("T1, T2: a takeover takes T with COM, and 2 x T with the shared disk", () => {
  const com = played("com", "power:SERVER1").takeoverMs ?? 0;
  assert.ok(com >= 900 && com <= 1300, `${com} ms`);
  const disk = played("disk", "power:SERVER1").takeoverMs ?? 0;
  assert.ok(disk >= 1800 && disk <= 2400, `${disk} ms`);
});

test("every method: no single fault differs from the guide while both servers own a group", () => {
  for (const method of OF_TWO) {
    const config = loaded(sheet(method, twoWay));
    for (const start of listStarts(config).slice(0, 1)) {
      for (const fault of listFaults(config)) {
        const row = runFault(config, method, start, fault);
        if (row === null) continue;
        const why = `${method} ${start.id} ${fault.id}: ${row.simulated} ${row.troubles.join()}`;
        assert.ok(row.permitted, why);
      }
    }
  }
});

test("3.2.2: S1 to S12 come to what the guide expects, with every method", () => {
  for (const method of OF_TWO) {
    const config = loaded(sheet(method));
    const rows = TRANSITIONS.flatMap((row) => {
      const played = runTransition(config, row);
      return played.kind === "played" ? [played] : [];
    });
    assert.equal(
      rows.map(({ row }) => row),
      ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"],
    );
    for (const row of rows) assert.ok(row.permitted, `${method} ${row.row}: ${row.troubles}`);
    const alone = rows[1]?.tookMs ?? 0;
    assert.ok(alone >= 4900, `S2: groups started after ${alone} ms of a wait of 5000 ms`);
  }
});

test("the fault list holds every kind, and start states differ in who owns", () => {
  const config = loaded(sheet("com-disk", twoWay));
  const all = [config, ...[manySheet(6), manySheet(3, undefined, "disk")].map(loaded)];
  const kinds = new Set(all.flatMap((one) => listFaults(one).map(({ kind }) => kind)));
  assert.equal(
    [...FAULT_KINDS].filter((kind) => !kinds.has(kind)),
    [],
  );
  assert.equal(
    listStarts(config).map(({ id, owners }) => [id, owners]),
    [
      ["home", [0, 1]],
      ["SERVER1", [0, 0]],
      ["SERVER2", [1, 1]],
    ],
  );
});

test("the same configuration gives the same answer, to the millisecond", () => {
  const first = played("com-disk", "power:SERVER1");
  const second = played("com-disk", "power:SERVER1");
  assert.is(first.takeoverMs, second.takeoverMs);
  assert.equal(first.notes, second.notes);
});

test.run();
