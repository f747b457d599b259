/**
 * `npm run test:mutants [-- --only PATTERN] [-- --sample N --seed S] [-- --jobs N] [-- --json]`: takes one
 * rule at a time out of a copy of the compiled sources, in a temporary folder, and runs the test that carries
 * it: it has to fail. A test that hangs counts as failing after its deadline. The sources of the pulse have
 * more of them (`node dist/test/firmware/pulse/mutants.js`). The last line is the sum.
 * Exit 0 = all caught; 1 = one survives, or the table does not fit the sources; 2 = usage.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Mutant, sampleOf } from "./mutant.ts";
import { copyOfSources, inLanes, runTest, withMutant } from "./sources.ts";
import { MUTANTS } from "./table.ts";

/** The slowest of the named files takes some seconds on an idle machine. */
const TEST_TIMEOUT_MS = 60_000;

interface Outcome {
  readonly mutant: Mutant;
  /** File and first failed test of it; null = none noticed. */
  readonly caughtBy: string | null;
  readonly how: "failed" | "hung" | Miss;
}

/** `unfit`: the text is not there once; `broken`: the file could not even be loaded, which proves nothing. */
type Miss = "survives" | "unfit" | "broken";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const OPTIONS = {
  only: { type: "string", default: "" },
  sample: { type: "string" },
  seed: { type: "string", default: "1" },
  jobs: { type: "string", default: String(availableParallelism()) },
  json: { type: "boolean", default: false },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const values = readOptions();
  if (values === null) {
    process.stderr.write("expected [--only TEXT] [--sample N] [--seed N] [--jobs N] [--json]\n");
    return 2;
  }
  const [count, seed, jobs] = [values.sample ?? MUTANTS.length, values.seed, values.jobs].map(
    Number,
  );
  if (!isWhole(count) || !isWhole(seed) || !isWhole(jobs) || jobs < 1 || count < 1) {
    process.stderr.write("expected whole numbers: --sample 1.., --seed 0.., --jobs 1..\n");
    return 2;
  }
  const pattern = values.only.toLowerCase();
  const wanted = MUTANTS.filter((m) =>
    `${m.row} ${m.name} ${m.file}`.toLowerCase().includes(pattern),
  );
  const chosen = sampleOf(wanted, count, seed);
  if (chosen.length === 0) {
    process.stderr.write(`no mutant has "${values.only}" in its row, name or file\n`);
    return 2;
  }
  const say = (line: string): void => {
    if (!values.json) process.stdout.write(`${line}\n`);
  };
  const outcomes = await runAll(chosen, jobs, say);
  if (outcomes === null) return 1;
  const caught = outcomes.filter(({ caughtBy }) => caughtBy !== null).length;
  const sum = { mutants: outcomes.length, caught, survivors: outcomes.length - caught, seed };
  if (values.json) process.stdout.write(`${JSON.stringify({ outcomes, ...sum })}\n`);
  say(`${sum.mutants} mutants, ${sum.caught} caught, ${sum.survivors} survive or do not fit`);
  return sum.survivors === 0 ? 0 : 1;
}

function isWhole(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0;
}

/** null = it was not understood. */
function readOptions(): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] | null {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch {
    return null;
  }
}

/** null = a test fails without any mutant, so that its failing would prove nothing. */
async function runAll(
  mutants: readonly Mutant[],
  jobs: number,
  say: (line: string) => void,
): Promise<readonly Outcome[] | null> {
  const lanes = Array.from({ length: Math.min(jobs, mutants.length) }, copyOfSources);
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
  const broken: string[] = [];
  await inLanes(lanes, tests, async (folder, test) => {
    const { kind } = await runTest(folder, test, TEST_TIMEOUT_MS);
    if (kind !== "passed") broken.push(`${test} ${kind} without any mutant`);
  });
  if (broken.length > 0) {
    process.stderr.write(`${broken.join("\n")}\n`);
    return null;
  }
  const outcomes = new Map<Mutant, Outcome>();
  await inLanes(lanes, mutants, async (folder, mutant) => {
    const outcome = await tryMutant(folder, mutant);
    outcomes.set(mutant, outcome);
    const word = outcome.caughtBy === null ? outcome.how.toUpperCase() : "caught";
    say(`${word.padEnd(9)}${mutant.row}: ${mutant.name} [${outcome.caughtBy ?? mutant.file}]`);
  });
  return mutants.flatMap((mutant) => outcomes.get(mutant) ?? []);
}

async function tryMutant(folder: string, mutant: Mutant): Promise<Outcome> {
  const outcome = await withMutant(folder, mutant, () => firstToNotice(folder, mutant));
  return outcome === "unfit" ? { mutant, caughtBy: null, how: "unfit" } : outcome;
}

async function firstToNotice(folder: string, mutant: Mutant): Promise<Outcome> {
  let how: Miss = "survives";
  for (const test of mutant.tests) {
    const verdict = await runTest(folder, test, TEST_TIMEOUT_MS);
    if (verdict.kind === "hung") return { mutant, caughtBy: `${test} hangs`, how: "hung" };
    if (verdict.kind === "failed") {
      return { mutant, caughtBy: `${test}: ${verdict.name}`, how: "failed" };
    }
    if (verdict.kind === "broken") how = "broken";
  }
  return { mutant, caughtBy: null, how };
}
