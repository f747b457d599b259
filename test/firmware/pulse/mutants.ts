/**
 * Rules taken out one at a time, in copies of the compiled cores: which test notices, and which invariants fell?
 * `npm run sim:mutants [-- PATTERN of file and name] [--jobs N]`; not part of the gate. A test that noticed
 * one has to pass without any. The last line is the sum; exit 1 when one survives or does not fit the sources any more.
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
import type { Mutant } from "./mutant-table.ts";
import { SEEDED_BUGS, testsOf } from "./mutant-tests.ts";

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
  const wanted = SEEDED_BUGS.filter(({ file, name }) => pattern.test(`${file} ${name}`));
  const lanes = Array.from({ length: Math.min(jobs, Math.max(1, wanted.length)) }, copyOfSources);
  const noticed = new Set<string>();
  let survivors = 0;
  await inLanes(lanes, wanted, async (folder, mutant) => {
    const caught = await tryMutant(folder, mutant);
    if (caught.kind === "caught") noticed.add(caught.by);
    else survivors += 1;
    const word = caught.kind === "caught" ? "caught  " : caught.kind.toUpperCase();
    const broken = invariantsOf(mutant.name).join(" ");
    process.stdout.write(`${word} [${broken}] ${mutant.name}: ${caught.by}\n`);
  });
  const failing = await failingUnharmed(lanes, noticed);
  if (failing.length > 0) {
    process.stdout.write(`without any mutant: ${failing.join(", ")} fails, and proves nothing\n`);
  }
  const sum = `${wanted.length - survivors} caught, ${survivors} survive, break or do not fit`;
  process.stdout.write(`${wanted.length} seeded bugs, ${sum}\n`);
  return survivors === 0 && failing.length === 0 ? 0 : 1;
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

/** Tests that fail by themselves: their failing proves nothing. */
async function failingUnharmed(
  lanes: readonly string[],
  tests: ReadonlySet<string>,
): Promise<string[]> {
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
