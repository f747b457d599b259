/**
 * The seeded bugs: at least 40, each with the invariants that its rule protects; most invariants that storms can
 * break have one. The run that takes them out one by one is `npm run sim:mutants`.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AT_BOOT } from "../firmware/pulse/mutant-boot.ts";
import { SHARED_DISK } from "../firmware/pulse/mutant-disk.ts";
import { DISK_CREW } from "../firmware/pulse/mutant-disk-crew.ts";
import { MAJORITY } from "../firmware/pulse/mutant-majority.ts";
import { MUTANTS } from "../firmware/pulse/mutant-table.ts";
import { invariantsOf } from "./mutant-rules.ts";

const ALL = [...MUTANTS, ...SHARED_DISK, ...AT_BOOT, ...DISK_CREW, ...MAJORITY];

test("issue 4 item 6: at least 40 seeded bugs, and each is mapped to what it breaks", () => {
  assert.ok(ALL.length >= 40, `${ALL.length}`);
  const names = ALL.map(({ name }) => name);
  assert.is(new Set(names).size, names.length, "no name twice");
  assert.equal(
    names.filter((name) => invariantsOf(name).length === 0),
    [],
  );
});

test("issue 4 item 6: the seeded bugs stand for different invariants", () => {
  const broken = new Set(ALL.flatMap(({ name }) => invariantsOf(name)));
  const expected = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"];
  for (const id of [...expected, "L1", "L2", "L4", "L6"]) {
    assert.ok(
      [...broken].some((known) => known === id),
      id,
    );
  }
});

test.run();
