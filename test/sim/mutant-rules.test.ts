/**
 * The seeded bugs: at least 40, each with the invariants that its rule protects; most invariants that storms can
 * break have one. The run that takes them out one by one is `npm run sim:mutants`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NOTICED_BY } from "../firmware/pulse/mutant-noticed.ts";
import { SEEDED_BUGS } from "../firmware/pulse/mutant-tests.ts";
import { applyMutant } from "../mutants/mutant.ts";
import { invariantsOf } from "./mutant-rules.ts";

test("issue 4 item 6: at least 40 seeded bugs, and each is mapped to what it breaks", () => {
  assert.ok(SEEDED_BUGS.length >= 40, `${SEEDED_BUGS.length}`);
  const names = SEEDED_BUGS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length, "no name twice");
  assert.equal(
    names.filter((name) => invariantsOf(name).length === 0),
    [],
  );
});

test("issue 4 item 6: the seeded bugs stand for different invariants", () => {
  const broken = new Set(SEEDED_BUGS.flatMap(({ name }) => invariantsOf(name)));
  const expected = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"];
  for (const id of [...expected, "L1", "L2", "L4", "L6"]) {
    assert.ok(
      [...broken].some((known) => known === id),
      id,
    );
  }
});

test("issue 4 item 6: every seeded bug fits the compiled sources", () => {
  const unfit = SEEDED_BUGS.filter((mutant) => {
    const path = join(import.meta.dirname, "../..", mutant.file);
    return applyMutant(mutant, readFileSync(path, "utf8")).kind === "unfit";
  });
  const named = unfit.map(({ file, name }) => `${file}: ${name}`);
  assert.equal(named, [], "adapt test/firmware/pulse/mutant-*.ts to the changed source");
});

test("issue 4 item 6: who is said to notice a seeded bug is said of one that exists, and once", () => {
  const said = Object.values(NOTICED_BY).flat();
  const names = new Set(SEEDED_BUGS.map(({ name }) => name));
  assert.equal(
    said.filter((name, at) => !names.has(name) || said.indexOf(name) !== at),
    [],
  );
});

test.run();
