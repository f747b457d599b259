/** The scanner of rows against hand-made sources, and the sources of this project against the list. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROWS_FILE, readCarriers } from "./carriers.ts";
import { claimsOf, cover, faultOf, idsOf, readRows, showCoverage, sumOf } from "./scan.ts";

const HEADS: readonly [string, readonly string[]][] = [
  ["R9: one cable moves nothing", ["R9"]],
  ["R57, R80: a COM", ["R57", "R80"]],
  ["R187 R59 S7 A3: a power cut", ["R187", "R59"]],
  ["L2 R84: cut one way", ["R84"]],
  ["1.5, D53: two owners", ["D53"]],
  ["R21 1.2.1(3): killed", ["R21"]],
  ["R146-R148: three events", ["R146", "R147", "R148"]],
  ["R115 RFC 5227 2.1.1: a probe", ["R115"]],
  ["R9, R9: twice", ["R9"]],
  ["R999: no such row", ["R999"]],
  ["a fault of R64 is told", []],
  ["the rest of it: R64 again", []],
  ["R64 a colon is missing", []],
  ["R64x: no row", []],
  ["R155 /R n: words in the head", []],
  ["", []],
];

test("a name claims the rows of its head, and nothing that it merely mentions", () => {
  for (const [name, ids] of HEADS) assert.equal(idsOf(name), [...ids], name);
});

test("names stand in calls, first in rows of tables and under name; other texts claim nothing", () => {
  const text = [
    'test("R1: plain", () => {',
    '  assert.is(a, b, "R2: a message of an assertion");',
    "});",
    '// test("R3: commented out", () => {',
    ' * test("R4: in a comment", () => {',
    `test(\`R5: \${method}: a template\`, () => {`,
    "tell(",
    '  "R6: on the next line",',
    'const rows = [["R7: in a table", 1], { name: "R8: by name" }];',
    'const said = "R9: elsewhere";',
    'test("R10: with \\"quotes\\" inside", () => {});',
  ].join("\n");
  assert.equal(
    claimsOf({ path: "test/x.test.ts", text }).map(({ id, line }) => [id, line]),
    [
      ["R1", 1],
      ["R5", 6],
      ["R6", 8],
      ["R7", 9],
      ["R8", 9],
      ["R10", 11],
    ],
  );
});

test("a story claims by its first line only", () => {
  const story = "# R61 A5: all LANs cut.\n# fails without: R62\ncluster method=com\n";
  const path = "test/scenarios/x.txt";
  const name = "R61 A5: all LANs cut.";
  assert.equal(claimsOf({ path, text: story }), [{ id: "R61", file: path, line: 1, name }]);
  assert.equal(claimsOf({ path, text: "cluster method=com\n# R61: late\n" }), []);
  assert.equal(claimsOf({ path, text: "" }), []);
});

test("the list has one heading a row; a doubled or unreadable line is named", () => {
  const rows = [
    { id: "R1", title: "beats" },
    { id: "D2", title: "more than half" },
  ];
  assert.equal(readRows("# head\n\nR1 beats\nD2 more than half\n"), { kind: "rows", rows });
  assert.equal(readRows("R1 a\nR1 b\n"), { kind: "malformed", line: 2, text: "R1 b" });
  for (const line of ["R1", "R0 zero", "X1 other", "R1000 much", "R1\ttab"]) {
    assert.equal(readRows(line), { kind: "malformed", line: 1, text: line });
  }
});

test("open rows, carried rows and rows that do not exist are told apart", () => {
  const rows = ["R1", "R2", "D1"].map((id) => ({ id, title: `about ${id}` }));
  const text = 'test("R1, D1: both", f);\ntest("R1: again", f);\ntest("R3: none", f);\n';
  const coverage = cover(rows, [{ path: "test/a.test.ts", text }]);
  assert.equal(showCoverage({ ...coverage, unknown: [] }).split("\n"), [
    "R1   about R1",
    "       test/a.test.ts:1  R1, D1: both",
    "       test/a.test.ts:2  R1: again",
    "R2   about R2  -- open",
    "D1   about D1",
    "       test/a.test.ts:1  R1, D1: both",
  ]);
  assert.is(
    sumOf(coverage),
    "R: 1 of 2 carried, 1 open; D: 1 of 1 carried, 0 open; 2 tests; 1 unknown",
  );
  assert.equal(coverage.unknown.map(faultOf), [
    'test/a.test.ts:3: R3 is no row of test/requirements/rows.txt, correct the name "R3: none"',
  ]);
});

test("this project's list has R1 to R215 and D1 to D56, and no test names another row", () => {
  const read = readRows(readFileSync(ROWS_FILE, "utf8"));
  assert.is(read.kind, "rows");
  if (read.kind !== "rows") return;
  const numbers = (letter: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
  assert.equal(
    read.rows.map(({ id }) => id),
    [...numbers("R", 215), ...numbers("D", 56)],
  );
  const coverage = cover(read.rows, readCarriers(".") ?? []);
  assert.equal(coverage.unknown.map(faultOf), []);
  assert.ok(coverage.rows.filter(({ claims }) => claims.length > 0).length > 100);
});

test.run();
