/**
 * Every row of the guide's tables that a running cluster can show has a story that claims it in its title: the
 * rules of resolution (1.2.4), the state transitions (3.2.2), start and force-return (protocol.md 1.7, 1.8).
 * A row that only the validator can show, or that needs a driver which is not there, stands below with its reason.
 * Source: requirements.md 1.2.4 and 3.2.2; work order 4 item 9.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario } from "./language.ts";
import { scenarioFolder } from "./scenario-folder.ts";

const RULES = "A3 A4 A5 A6 A7 B3 B4 B5 B6 B7 B8 C4 C5 C6 C7 J1 J2 J3 J4 H1 H2";
const TRANSITIONS = "S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12";
const SECTIONS = "1.7 1.8";
const ROWS = [RULES, TRANSITIONS, SECTIONS].flatMap((rows) => rows.split(" "));

/** Shown elsewhere, or by nothing in this release; so are G1 to G3, as the data mirror has no driver. */
const NO_STORY: Readonly<Record<string, string>> = {
  A1: "validator",
  A2: "validator",
  B1: "validator",
  B2: "validator",
  C1: "validator",
  C2: "validator",
  C3: "validator",
  H3: "one level of software only",
};

const IDS = /\b(?:[ABCHJS]\d{1,2}|1\.[78])\b/g;
const folder = scenarioFolder();
const claims = new Map<string, string[]>();
for (const file of readdirSync(folder).filter((one) => one.endsWith(".txt"))) {
  const parsed = parseScenario(file, readFileSync(join(folder, file), "utf8"));
  if (parsed.kind === "malformed") continue;
  const [ids = ""] = parsed.scenario.title.split(": ");
  for (const [id] of ids.matchAll(IDS)) claims.set(id, [...(claims.get(id) ?? []), file]);
}

test("item 9: every rule of resolution and every state transition has a story", () => {
  const open = ROWS.filter((row) => (claims.get(row) ?? []).length === 0);
  assert.equal(open, []);
});

test("item 9: what has no story is not claimed by one either", () => {
  const claimed = Object.keys(NO_STORY).filter((row) => claims.has(row));
  assert.equal(claimed, [], "then it belongs to the rows that need one");
  assert.equal(
    Object.keys(NO_STORY).filter((row) => ROWS.includes(row)),
    [],
  );
});

test.run();
