/**
 * Proof of the explorer: one rule at a time is taken out of a copy of the compiled cores, and the search has
 * to come upon a violation. By hand: `node dist/test/explore/mutants.js [PATTERN]`; exit 1 when one survives.
 * Source: protocol.md chapter 3 (the model's mutants); test/firmware/pulse/mutants.ts (the same over tests).
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

interface Mutant {
  readonly name: string;
  /** World, events and rounds that show it. */
  readonly search: readonly [string, number, number];
  readonly file: string;
  /** Occurs exactly once. */
  readonly from: string;
  readonly to: string;
}

const MAJORITY = "services/membership/majority";
const MUTANTS: readonly Mutant[] = [
  {
    name: "J3 half of the servers is enough",
    search: ["a", 1, 2],
    file: `${MAJORITY}/votes.js`,
    from: "Math.floor(count / 2) + 1",
    to: "Math.floor(count / 2)",
  },
  {
    name: "1.3.2 the lease of one acknowledgement less",
    search: ["a", 1, 2],
    file: `${MAJORITY}/lease.js`,
    from: "quorumIn(view, field.config.servers.length) - 1;",
    to: "quorumIn(view, field.config.servers.length) - 2;",
  },
  {
    name: "1.3.3 the lease outlives the grant by two beats",
    search: ["a", 1, 2],
    file: `${MAJORITY}/lease.js`,
    from: "const ownMs = carriedByMs(state, field) + field.config.budget.a3Ms;",
    to: "const ownMs = carriedByMs(state, field) + 1.2 * field.config.budget.timeoutMs;",
  },
  {
    name: "1.3.6 the watchdog is fed whatever the lease",
    search: ["a", 2, 8],
    file: "firmware/pulse/majority-route.js",
    from: "return atMs <= endMs + (resets ? budget.timeoutMs - budget.a3Ms - budget.watchdogMs : 0);",
    to: "return true;",
  },
  {
    name: "1.5 claim 2: claim without reading",
    search: ["b", 1, 2],
    file: "services/quorum/core.js",
    from: "const lost = isValidClaim(peerClaim, context);",
    to: "const lost = false;",
  },
  {
    name: "1.3.4 takeover before the peer's grant has run out",
    search: ["b", 1, 2],
    file: "services/quorum/com.js",
    from: "return evidence.ageMs >= budget.timeoutMs && evidence.silenceMs >= evidence.grantedMs;",
    to: "return evidence.ageMs >= budget.a2Ms;",
  },
  {
    name: "1.4.6 agent: started before the others have seen the order",
    search: ["c", 2, 10],
    file: "test/explore/trio-host.js",
    from: "&& said.order === host.words.order",
    to: "",
  },
  {
    name: "1.4.2 agent: a leaving server still starts",
    search: ["c", 2, 10],
    file: "test/explore/trio-host.js",
    from: '(server === "leaving" && host.words.runs !== "stopped")',
    to: 'server === "leaving"',
  },
];

const TIMEOUT_MS = 300_000;
const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "kage-explore-"));
try {
  process.exitCode = main(new RegExp(argv[2] ?? "", "i"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function main(pattern: RegExp): number {
  for (const part of ["firmware/pulse", "services", "hal", "test/explore"]) {
    mkdirSync(join(folder, dirname(part)), { recursive: true });
    cpSync(join(dist, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  let survivors = 0;
  for (const mutant of MUTANTS.filter(({ name }) => pattern.test(name))) {
    const problem = tryMutant(mutant);
    if (problem === null) survivors += 1;
    console.log(`${problem === null ? "SURVIVES" : "found   "} ${mutant.name}: ${problem ?? ""}`);
  }
  return survivors === 0 ? 0 : 1;
}

function tryMutant({ name, file, from, to, search }: Mutant): string | null {
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
    return explored(search);
  } finally {
    writeFileSync(path, whole);
  }
}

/** The path that was found; null = none was. */
function explored([world, events, rounds]: Mutant["search"]): string | null {
  const main = join(folder, "test/explore/main.js");
  const args = ["--world", world, "--events", `${events}`, "--rounds", `${rounds}`, "--json"];
  const run = spawnSync(process.execPath, [main, ...args], {
    timeout: TIMEOUT_MS,
    encoding: "utf8",
  });
  if (run.status !== 0 && run.status !== 1) {
    throw new Error(`expected a search that ends, found status ${run.status}: ${run.stderr}`);
  }
  const { finding } = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "");
  return finding === null ? null : finding.path.join("; ");
}
