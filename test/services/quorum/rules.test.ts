/**
 * The list of the guide's rules on partition resolution, by hand, against the titles of the tests that stand for
 * them. Each of those files proves by itself that its rules ran (rule-book.ts); here nothing may be left out.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { rulesOf } from "./rule-book.ts";

/** Guide 1.2.4 in its own order, then chapter 7.1, then what 7.5 adds to it. */
const RULES: readonly (readonly [string, string])[] = [
  ["A1", "COM: two servers"],
  ["A2", "COM: serial cross cable"],
  ["A3", "COM: the peer's life over the line"],
  ["A4", "COM faulty, then a crash: no failover, ES"],
  ["A5", "COM healthy, all networks cut: all ES"],
  ["A6", "COM faulty, all networks cut: all ES"],
  ["A7", "networks and COM at once: both fail over"],
  ["B1", "disk: clusters with a shared disk"],
  ["B2", "disk: its own partition"],
  ["B3", "disk: periodic writing, last time alive"],
  ["B4", "disk faulty, then a crash: no failover, ES"],
  ["B5", "networks cut: the highest and who reaches it go on"],
  ["B6", "disk faulty, networks cut: all ES"],
  ["B7", "disk slower than its timeout: no failover"],
  ["B8", "the longer of 2 HBT and 2 DIO"],
  ["C1", "COM + disk: two servers, shared disk"],
  ["C2", "COM + disk: serial cross cable"],
  ["C3", "COM + disk: its own partition"],
  ["C4", "COM faulty, then a crash: no failover, ES"],
  ["C5", "COM healthy, networks cut: all ES"],
  ["C6", "COM faulty, networks cut: all ES"],
  ["C7", "networks and COM at once: at least one ES"],
  ["J1", "majority: three servers or more"],
  ["J2", "without a majority: down"],
  ["J3", "half or more down: the rest too"],
  ["J4", "all isolated: all down"],
  ["G1", "mirror: two servers"],
  ["G2", "mirror: chosen by itself, no other"],
  ["G3", "networks cut: both fail over"],
  ["H1", "none: no shared disk"],
  ["H2", "networks cut: all fail over"],
  ["H3", "not with servers that do not support it"],
  ["D1", "early conclusion"],
  ["D2", "strictly more than half"],
  ["D3", "sender's stamps"],
  ["D4", "claims: order, no time added"],
  ["D5", "disk fault at a crash"],
  ["D6", "which server is the highest"],
  ["D7", "partial and one-way loss"],
  ["D8", "disk and COM are evidence, not life"],
  ["D9", "when an arbiter is known faulty"],
  ["D10", "partition = all LAN paths"],
  ["D11", "volume manager: COM or majority"],
  ["D12", "both run: mirror, none"],
  ["D13", "diverged mirror"],
  ["D14", "none is not for mirrors"],
  ["D15", "planned leaves and the count"],
  ["D16", "after all servers ES"],
  ["D53", "two owners meet again"],
  ["D55", "a start alone"],
  ["D56", "key or version mismatch"],
];

const compiled = dirname(fileURLToPath(import.meta.url));
const sources = fileURLToPath(new URL("../../../../test/services/quorum/", import.meta.url));

/** Ids at the heads of the titles of one file. */
function titlesIn(text: string): string[] {
  const titles = [...text.matchAll(/^test\(\s*"((?:\\.|[^"\\])*)"/gm)];
  return titles.flatMap(([, title = ""]) => rulesOf(title));
}

/** The files whose tests stand for rules. */
const carriers = readdirSync(sources)
  .filter((name) => /^rules-.*\.test\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(sources, name), "utf8") }));

test("the list has every rule of the guide's methods once", () => {
  const ids = RULES.map(([id]) => id);
  assert.is(new Set(ids).size, ids.length);
  const count = (letter: string) => ids.filter((id) => id.startsWith(letter)).length;
  // 1.2.4 has 7, 8, 7, 4, 3 and 3 bullets; chapter 7.1 has 16 decisions.
  assert.equal(["A", "B", "C", "J", "G", "H"].map(count), [7, 8, 7, 4, 3, 3]);
  assert.is(count("D"), 16 + 3);
});

test("every rule of the list heads the title of a test, in a file that proves that it ran", () => {
  assert.ok(carriers.length >= 5, "the files of rules are there");
  const carried = new Set(carriers.flatMap(({ text }) => titlesIn(text)));
  const open = RULES.filter(([id]) => !carried.has(id)).map((rule) => rule.join(": "));
  assert.equal(open, []);
  for (const { name, text } of carriers) {
    assert.match(text, "const test = ruleBook([", name);
    assert.match(text, /^test\.run\(\);$/m, name);
    const built = readFileSync(join(compiled, name.replace(/\.ts$/, ".js")), "utf8");
    assert.equal(titlesIn(built), titlesIn(text), `${name}: build it again`);
  }
});

test("no test stands for a rule that the list does not know", () => {
  const known = new Set(RULES.map(([id]) => id));
  const strangers = carriers
    .flatMap(({ text }) => titlesIn(text))
    .filter((id) => !known.has(id) && !/^R\d+$/.test(id));
  assert.equal(strangers, []);
});

test("a title's head is a list of ids before the first colon", () => {
  assert.equal(rulesOf("A4, R60: COM faulty: ES"), ["A4", "R60"]);
  assert.equal(rulesOf("D53: two owners"), ["D53"]);
  assert.equal(rulesOf("B5 without a colon"), []);
  assert.equal(rulesOf("1.6: a section"), []);
});

test.run();
