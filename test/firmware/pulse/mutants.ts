/**
 * Rules taken out one at a time, in a copy of the compiled cores: which test notices? By hand:
 * `node dist/test/firmware/pulse/mutants.js [PATTERN of file and name]`; not part of the gate. Exit 1 when one survives.
 * Source: protocol.md chapter 3 (the model's mutants) and the rows of found*.test.ts.
 */
import { spawnSync } from "node:child_process";
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
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SHARED_DISK } from "./mutant-disk.ts";
import { MAJORITY } from "./mutant-majority.ts";
import { MUTANTS, type Mutant } from "./mutant-table.ts";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../../..");
const parts = [
  "firmware",
  "services",
  "hal",
  "flash",
  "test/firmware/pulse",
  "test/services/membership",
  "test/sim",
  "test/services/quorum",
];
const tests = [
  "route",
  "disk-pair",
  "farewell",
  ...["disk", "disk-many", "disk-witness", "stamping"].map(
    (name) => `../../services/quorum/${name}`,
  ),
  "found",
  "found-restart",
  "found-agent",
  "swarm",
];
const majorityTests = ["../../services/membership/majority", "majority", "../../sim/storms"];
/** The swarm's files run some seconds; a mutant that makes them hang counts as caught. */
const TEST_TIMEOUT_MS = 120_000;

const require = createRequire(import.meta.url);
const packages = dirname(dirname(dirname(realpathSync(require.resolve("uvu")))));
const pattern = new RegExp(process.argv[2] ?? "", "i");
const folder = mkdtempSync(join(tmpdir(), "kage-mutants-"));
try {
  process.exitCode = main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function main(): number {
  for (const part of parts) {
    mkdirSync(join(folder, dirname(part)), { recursive: true });
    cpSync(join(dist, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(packages, join(folder, "node_modules"));
  const unharmed = caughtBy([...tests, ...majorityTests]);
  if (unharmed !== null) {
    console.log(`without any mutant: ${unharmed} fails`);
    return 1;
  }
  let survivors = 0;
  for (const mutant of [...MUTANTS, ...SHARED_DISK, ...MAJORITY]) {
    if (!pattern.test(`${mutant.file} ${mutant.name}`)) continue;
    const caught = tryMutant(mutant);
    if (caught === null) survivors += 1;
    console.log(`${caught === null ? "SURVIVES" : "caught  "} ${mutant.name}: ${caught ?? ""}`);
  }
  return survivors === 0 ? 0 : 1;
}

function tryMutant(mutant: Mutant): string | null {
  const { name, file, from, to } = mutant;
  const path = join(folder, file);
  const whole = readFileSync(path, "utf8");
  if (whole.split(from).length !== 2) {
    throw new Error(`${name}: expected exactly one "${from}" in ${file}; adapt the table`);
  }
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    return caughtBy(MAJORITY.includes(mutant) ? majorityTests : tests);
  } finally {
    writeFileSync(path, whole);
  }
}

/** The first test that fails at present, the quick ones first; null = none does. */
function caughtBy(names: readonly string[]): string | null {
  const caught = names.find((name) => {
    const file = join(folder, "test/firmware/pulse", `${name}.test.js`);
    const run = spawnSync(process.execPath, [file], {
      timeout: TEST_TIMEOUT_MS,
      stdio: "ignore",
    });
    return run.status !== 0;
  });
  return caught ?? null;
}
