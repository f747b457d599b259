/**
 * Rules taken out one at a time, in a copy of the compiled cores: which test notices? By hand:
 * `node dist/test/firmware/pulse/mutants.js [PATTERN]`; not part of the gate. Exit 1 when one survives.
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
import { MUTANTS, type Mutant } from "./mutant-table.ts";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../../..");
const parts = [
  "firmware",
  "services",
  "hal",
  "flash",
  "test/firmware/pulse",
  "test/services/quorum",
];
const tests = [
  "route",
  "disk-pair",
  ...["disk", "disk-witness", "stamping"].map((name) => `../../services/quorum/${name}`),
  "found",
  "found-restart",
  "found-agent",
  "swarm",
];
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
  const unharmed = caughtBy();
  if (unharmed !== null) {
    console.log(`without any mutant: ${unharmed} fails`);
    return 1;
  }
  let survivors = 0;
  for (const mutant of [...MUTANTS, ...SHARED_DISK]) {
    if (!pattern.test(mutant.name)) continue;
    const caught = tryMutant(mutant);
    if (caught === null) survivors += 1;
    console.log(`${caught === null ? "SURVIVES" : "caught  "} ${mutant.name}: ${caught ?? ""}`);
  }
  return survivors === 0 ? 0 : 1;
}

function tryMutant({ name, file, from, to }: Mutant): string | null {
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
    return caughtBy();
  } finally {
    writeFileSync(path, whole);
  }
}

/** The first test that fails at present, the quick ones first; null = none does. */
function caughtBy(): string | null {
  const caught = tests.find((name) => {
    const file = join(folder, "test/firmware/pulse", `${name}.test.js`);
    const run = spawnSync(process.execPath, [file], {
      timeout: TEST_TIMEOUT_MS,
      stdio: "ignore",
    });
    return run.status !== 0;
  });
  return caught ?? null;
}
