/**
 * What `kage evaluate` prints, read as the integrator reads it: every row of 3.2.1 and 3.2.2 stands somewhere,
 * with what is expected; nothing is said to be taken over where there was nothing to take over; and what this
 * configuration does not have is not called "not played". Rows by hand from the guide's two tables.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sheet } from "../evaluate/sheets.ts";
import { kage } from "./fake-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "kage-evaluate-text-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function said(name: string, text: string, ...words: readonly string[]): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const { exit, out, err } = await kage("/nonexistent", ["evaluate", "--config", file, ...words]);
  assert.is(exit, 0, `${out}${err}`);
  return out;
}

const none = await said("none.jsonc", sheet("none"));
/** The only group may run on one server alone. */
const lonely = await said(
  "lonely.jsonc",
  sheet("com", (made) => {
    const [web] = made.groups;
    if (web !== undefined) web.policy = ["SERVER1"];
  }),
);
const lineOf = (out: string, part: RegExp): string =>
  out.split("\n").find((line) => part.test(line)) ?? "";

test("3.2.1: each of E1 to E20 is played or said to be outside, with and without a shared disk", async () => {
  const disk = await said("disk.jsonc", sheet("disk"), "--lang", "ja");
  for (const out of [none, disk]) {
    for (let row = 1; row <= 20; row += 1)
      assert.match(out, new RegExp(`\\bE${row}\\b`), `E${row}`);
  }
  assert.match(none, /E3 E4 E5 E6 E8 E11 E12: no shared disk/);
  assert.not.match(disk, "no shared disk");
  assert.match(disk, /^ {2}E5 E6: .*経路/m);
});

test("3.2.1: the interconnect has its own rows and the public LAN its own", () => {
  assert.match(lineOf(none, /LAN lan1 is cut +home/), / E14 E15 R9 +nothing/);
  assert.match(lineOf(none, /LAN lan2 is cut +home/), / E16 E17 R9 R40 +nothing/);
});

test("a server that runs nothing is not said to be taken over", () => {
  const standby = lineOf(none, /SERVER2 loses power.* home/);
  assert.match(standby, / the other server goes on +the other server goes on +-$/);
  assert.match(
    lineOf(none, /SERVER1 loses power.* home/),
    /takes over +the other server takes over/,
  );
});

test("3.2.2: every row says what is expected and what came of it", () => {
  assert.match(
    lineOf(none, / S2 /),
    /the groups start once the start sync wait is over +as expected/,
  );
  assert.match(
    lineOf(none, / S12 /),
    /the groups stay stopped until they are started +as expected/,
  );
  for (let row = 1; row <= 12; row += 1)
    assert.match(none, new RegExp(`^permitted +S${row} `, "m"));
});

test("3.2.2: the time of a row of several orders is that of all of them", () => {
  const ms = (row: string): number =>
    Number(/ (\d+) ms$/.exec(lineOf(none, new RegExp(` ${row} `)))?.[1] ?? Number.NaN);
  assert.ok(ms("S12") > ms("S11"), "force-return, return and starts take longer than one return");
});

test("3.2.2: a row for which the configuration has nothing is told with the reason", () => {
  assert.not.match(lonely, /^permitted +S8 /m);
  assert.match(lonely, /^ {2}S8: no group may run on a second server/m);
});

test("the envelope leaves out what this cluster does not have", () => {
  const envelope = none.slice(none.indexOf("Fault envelope"));
  assert.not.match(envelope, "COM line");
  assert.not.match(envelope, "not played");
  assert.match(envelope, "-o json");
});

test("the rows are explained", () => {
  assert.match(none, /GUIDE: E rows of 3\.2\.1, S rows of 3\.2\.2/);
});

test.run();
