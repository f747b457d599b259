/**
 * Rules taken out one at a time, in copies of the compiled cores: which test notices, and which invariants fell?
 * `npm run sim:mutants [-- PATTERN of file and name] [--jobs N]`; not part of the gate. Every test passes without
 * any of them first. The last line is the sum; exit 1 when one survives or does not fit the sources any more.
 * Source: protocol.md chapter 3 (the model's mutants) and the rows of found*.test.ts; work order 4 item 6.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import {
  copyOfSources,
  inLanes,
  runTest,
  type Verdict,
  withMutant,
} from "../../mutants/sources.ts";
import { invariantsOf } from "../../sim/mutant-rules.ts";
import { AT_BOOT } from "./mutant-boot.ts";
import { SHARED_DISK } from "./mutant-disk.ts";
import { DISK_CREW } from "./mutant-disk-crew.ts";
import { MAJORITY } from "./mutant-majority.ts";
import { MUTANTS, type Mutant } from "./mutant-table.ts";

const QUORUM = ["disk", "disk-many", "disk-witness", "stamping"];
/** Quick ones first; whole clusters in virtual time come last. */
const TESTS = [
  "route",
  "disk-pair",
  "left-over",
  "../agent/boot",
  "../agent/boot-first",
  "farewell",
  "hung-pulse",
  ...QUORUM.map((name) => `../../services/quorum/${name}`),
  "found",
  "found-restart",
  "found-agent",
  "../../sim/fault-proofs",
  "swarm",
  "../../sim/whole-storms",
];
const MAJORITY_TESTS = [
  "../../services/membership/majority",
  "majority",
  "hung-pulse",
  "../../sim/storms",
  "../../sim/whole-storms",
];
const MEMBERSHIP = ["disk-rule", "disk-settle", "disk-start", "disk-turn", "majority"];
const CREW_TESTS = [
  ...MEMBERSHIP.map((name) => `../../services/membership/${name}`),
  "../../services/quorum/stamping-crew",
  "disk-crew-slot",
  "disk-crew",
  "disk-crew-start",
  "disk-crew-storm",
];
/** The swarm takes 20 s of a core, and a busy machine several times as long; what hangs counts as caught. */
const TEST_TIMEOUT_MS = 180_000;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readOptions();
  if (asked === null) {
    process.stderr.write("expected [PATTERN of file and name] [--jobs N, 1 and up]\n");
    return 2;
  }
  const { jobs, pattern } = asked;
  const all = [...MUTANTS, ...SHARED_DISK, ...AT_BOOT, ...DISK_CREW, ...MAJORITY];
  const wanted = all.filter(({ file, name }) => pattern.test(`${file} ${name}`));
  const lanes = Array.from({ length: Math.min(jobs, Math.max(1, wanted.length)) }, copyOfSources);
  const failing = await unharmed(lanes, new Set(wanted.flatMap(testsOf)));
  if (failing.length > 0) {
    process.stdout.write(`without any mutant: ${failing.join(", ")} fails\n`);
    return 1;
  }
  let survivors = 0;
  await inLanes(lanes, wanted, async (folder, mutant) => {
    const caught = await tryMutant(folder, mutant);
    if (caught.kind !== "caught") survivors += 1;
    const word = caught.kind === "caught" ? "caught  " : caught.kind.toUpperCase();
    const broken = invariantsOf(mutant.name).join(" ");
    process.stdout.write(`${word} [${broken}] ${mutant.name}: ${caught.by}\n`);
  });
  const sum = `${wanted.length - survivors} caught, ${survivors} survive, break or do not fit`;
  process.stdout.write(`${wanted.length} seeded bugs, ${sum}\n`);
  return survivors === 0 ? 0 : 1;
}

/** null = it was not understood. */
function readOptions(): { readonly jobs: number; readonly pattern: RegExp } | null {
  try {
    const { values, positionals } = parseArgs({
      options: { jobs: { type: "string", default: String(availableParallelism()) } },
      allowPositionals: true,
    });
    const jobs = Number(values.jobs);
    const pattern = new RegExp(positionals[0] ?? "", "i");
    return Number.isInteger(jobs) && jobs >= 1 && positionals.length < 2 ? { jobs, pattern } : null;
  } catch {
    return null;
  }
}

function testsOf(mutant: Mutant): readonly string[] {
  if (DISK_CREW.includes(mutant)) return CREW_TESTS;
  return MAJORITY.includes(mutant) ? MAJORITY_TESTS : TESTS;
}

/** Tests that fail by themselves: their failing would prove nothing. */
async function unharmed(lanes: readonly string[], tests: ReadonlySet<string>): Promise<string[]> {
  const failing: string[] = [];
  await inLanes(lanes, [...tests], async (folder, test) => {
    if ((await tried(folder, test)) !== "passed") failing.push(test);
  });
  return failing;
}

interface Tried {
  readonly kind: "caught" | "survives" | "unfit" | "broken";
  readonly by: string;
}

async function tryMutant(folder: string, mutant: Mutant): Promise<Tried> {
  const { file, from } = mutant;
  const outcome = await withMutant(folder, mutant, async (): Promise<Tried> => {
    for (const test of testsOf(mutant)) {
      const kind = await tried(folder, test);
      // What cannot even be loaded, or dies outside of every test, proves nothing.
      if (kind === "broken") return { kind, by: test };
      if (kind !== "passed") return { kind: "caught", by: test };
    }
    return { kind: "survives", by: file };
  });
  if (outcome !== "unfit") return outcome;
  return { kind: "unfit", by: `expected exactly one "${from}" in ${file}; adapt the table` };
}

async function tried(folder: string, test: string): Promise<Verdict["kind"]> {
  const file = `test/firmware/pulse/${test}.test.js`;
  return (await runTest(folder, file, TEST_TIMEOUT_MS)).kind;
}
