/**
 * Rules taken out one at a time, in copies of the compiled cores: which test notices, and which invariants fell?
 * `npm run sim:mutants [-- PATTERN of file and name] [--jobs N]`; not part of the gate. Every test passes without
 * any of them first. The last line is the sum; exit 1 when one survives or does not fit the sources any more.
 * Source: protocol.md chapter 3 (the model's mutants) and the rows of found*.test.ts; work order 4 item 6.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { invariantsOf } from "../../sim/mutant-rules.ts";
import { SHARED_DISK } from "./mutant-disk.ts";
import { MAJORITY } from "./mutant-majority.ts";
import { MUTANTS, type Mutant } from "./mutant-table.ts";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const PARTS = ["firmware", "services", "hal", "flash", "test/firmware/pulse", "test/sim"];
const MORE_PARTS = ["test/services/membership", "test/services/quorum"];
const QUORUM = ["disk", "disk-many", "disk-witness", "stamping"];
/** Quick ones first; whole clusters in virtual time come last. */
const TESTS = [
  "route",
  "disk-pair",
  "farewell",
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
  "../../sim/storms",
  "../../sim/whole-storms",
];
/** The swarm takes 20 s of a core, and a busy machine several times as long; what hangs counts as caught. */
const TEST_TIMEOUT_MS = 600_000;

const require = createRequire(import.meta.url);
const packages = dirname(dirname(dirname(realpathSync(require.resolve("uvu")))));
const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { jobs: { type: "string", default: String(availableParallelism()) } },
    allowPositionals: true,
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) {
    process.stderr.write("expected --jobs 1 and up\n");
    return 2;
  }
  const pattern = new RegExp(positionals[0] ?? "", "i");
  const wanted = [...MUTANTS, ...SHARED_DISK, ...MAJORITY].filter(({ file, name }) =>
    pattern.test(`${file} ${name}`),
  );
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
  const sum = `${wanted.length - survivors} caught, ${survivors} survive or do not fit`;
  process.stdout.write(`${wanted.length} seeded bugs, ${sum}\n`);
  return survivors === 0 ? 0 : 1;
}

function testsOf(mutant: Mutant): readonly string[] {
  return MAJORITY.includes(mutant) ? MAJORITY_TESTS : TESTS;
}

/** Tests that fail by themselves: their failing would prove nothing. */
async function unharmed(lanes: readonly string[], tests: ReadonlySet<string>): Promise<string[]> {
  const failing: string[] = [];
  await inLanes(lanes, [...tests], async (folder, test) => {
    if (!(await passes(folder, test))) failing.push(test);
  });
  return failing;
}

/** Work is taken by whichever folder is free. */
async function inLanes<T>(
  lanes: readonly string[],
  work: readonly T[],
  act: (folder: string, item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...work];
  const lane = async (folder: string): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await act(folder, item);
    }
  };
  await Promise.all(lanes.map(lane));
}

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), "kage-mutants-"));
  folders.push(folder);
  for (const part of [...PARTS, ...MORE_PARTS]) {
    mkdirSync(join(folder, dirname(part)), { recursive: true });
    cpSync(join(dist, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(packages, join(folder, "node_modules"));
  return folder;
}

interface Tried {
  readonly kind: "caught" | "survives" | "unfit";
  readonly by: string;
}

async function tryMutant(folder: string, mutant: Mutant): Promise<Tried> {
  const { file, from, to } = mutant;
  const path = join(folder, file);
  const whole = readFileSync(path, "utf8");
  if (whole.split(from).length !== 2) {
    return { kind: "unfit", by: `expected exactly one "${from}" in ${file}; adapt the table` };
  }
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    for (const test of testsOf(mutant)) {
      if (!(await passes(folder, test))) return { kind: "caught", by: test };
    }
    return { kind: "survives", by: file };
  } finally {
    writeFileSync(path, whole);
  }
}

async function passes(folder: string, test: string): Promise<boolean> {
  const file = join(folder, "test/firmware/pulse", `${test}.test.js`);
  const child = spawn(process.execPath, [file], { stdio: "ignore", detached: true });
  const deadline = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, TEST_TIMEOUT_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(deadline);
  return code === 0;
}
