/**
 * Proof of the explorer: one rule at a time is taken out of a copy of the compiled cores, and the search has
 * to come upon a violation. By hand: `npm run explore -- --mutants [PATTERN]`; exit 1 when one survives.
 * Source: protocol.md chapter 3 (the model's mutants); test/firmware/pulse/mutants.ts (the same over tests).
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { MUTANTS, type Mutant } from "./mutant-table.ts";
import type { Result } from "./search.ts";

const TIMEOUT_MS = 900_000;
const STATES_MAX = "6000000";

/** Tries every mutant whose name has `pattern`; the exit code. */
export function huntMutants(pattern: string): number {
  const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");
  const folder = mkdtempSync(join(tmpdir(), "kage-explore-"));
  try {
    for (const part of ["firmware/pulse", "services", "hal", "test/explore"]) {
      mkdirSync(join(folder, dirname(part)), { recursive: true });
      cpSync(join(dist, part), join(folder, part), { recursive: true });
    }
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    const wanted = new RegExp(pattern, "i");
    const chosen = MUTANTS.filter(({ name }) => wanted.test(name));
    const survivors = chosen.filter((mutant) => !isCaught(mutant, folder)).length;
    stdout.write(
      `explore: ${chosen.length} mutants, ${chosen.length - survivors} caught, ` +
        `${survivors} survived\n`,
    );
    return survivors === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isCaught(mutant: Mutant, folder: string): boolean {
  const { name, world, edits } = mutant;
  const wholes = new Map<string, string>();
  for (const { file, from, to } of edits) {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    if (!wholes.has(path)) wholes.set(path, text);
    if (text.split(from).length !== 2) {
      throw new Error(`${name}: expected exactly one "${from}" in ${file}; adapt the table`);
    }
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  try {
    const { finding, states, incomplete } = explored(mutant, folder);
    const end =
      finding === null
        ? `SURVIVES ${incomplete ?? "all"} of ${states} states`
        : `caught after ${finding.rounds} rounds, ${states} states: ${finding.path.join("; ")}`;
    stdout.write(`${name} [${world}]: ${end}\n`);
    return finding !== null;
  } finally {
    for (const [path, whole] of wholes) writeFileSync(path, whole);
  }
}

type Found = Pick<Result, "finding" | "states" | "incomplete">;

function explored({ world, events }: Mutant, folder: string): Found {
  const main = join(folder, "test/explore/main.js");
  const args = ["--world", world, "--states", STATES_MAX, "--json"];
  const more = events === undefined ? [] : ["--events", `${events}`];
  const run = spawnSync(process.execPath, [main, ...args, ...more], {
    timeout: TIMEOUT_MS,
    encoding: "utf8",
  });
  if (run.status !== 0 && run.status !== 1) {
    throw new Error(`expected a search that ends, found status ${run.status}: ${run.stderr}`);
  }
  return JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as Found;
}
