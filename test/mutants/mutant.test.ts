/** The runner's pure parts, and the table against the compiled sources: every text is there exactly once. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { applyMutant, sampleOf } from "./mutant.ts";
import { MUTANTS } from "./table.ts";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");

test("a mutant replaces one text, and none that is missing or there twice", () => {
  const mutant = { from: "a < b", to: "a <= $&" };
  assert.equal(applyMutant(mutant, "if (a < b)"), { kind: "applied", text: "if (a <= $&)" });
  assert.equal(applyMutant(mutant, "if (b < a)"), { kind: "unfit", count: 0 });
  assert.equal(applyMutant(mutant, "a < b; a < b"), { kind: "unfit", count: 2 });
});

test("a sample has its size, the list's order, no item twice, and one outcome for one seed", () => {
  const list = Array.from({ length: 60 }, (_, at) => at);
  const sample = sampleOf(list, 12, 7);
  assert.is(sample.length, 12);
  assert.is(new Set(sample).size, 12);
  assert.equal(
    sample,
    [...sample].sort((a, b) => a - b),
  );
  assert.equal(sampleOf(list, 12, 7), sample);
  assert.not.equal(sampleOf(list, 12, 8), sample);
  assert.equal(sampleOf(list, 99, 7), list, "more than there is");
  const drawn = new Set(Array.from({ length: 200 }, (_, seed) => sampleOf(list, 12, seed)).flat());
  assert.is(drawn.size, 60, "every mutant has its turn");
});

test("the table fits the sources: each text is there once, each test exists, no mutant is there twice", () => {
  const faults = MUTANTS.flatMap((mutant) => {
    const file = join(dist, mutant.file);
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const applied = applyMutant(mutant, text);
    const missing = mutant.tests.filter((path) => !existsSync(join(dist, path)));
    return [
      ...(applied.kind === "unfit" ? [`${mutant.file}: ${applied.count} x ${mutant.from}`] : []),
      ...missing.map((path) => `${mutant.name}: no ${path}`),
    ];
  });
  assert.equal(faults, [], "adapt test/mutants/table-*.ts to the changed source");
  assert.is(new Set(MUTANTS.map(({ file, from, to }) => file + from + to)).size, MUTANTS.length);
  assert.ok(MUTANTS.length >= 40);
  assert.ok(new Set(MUTANTS.map(({ row }) => row)).size >= 30, "over many rows");
});

test.run();
