/**
 * Proof of the explorer: one rule at a time is taken out of a copy of the compiled cores, and the search has
 * to come upon a violation, where it ends. By hand: `npm run explore -- --mutants [PATTERN]`.
 * Intuition: a violation proves something about the rule only if the same events do no harm to cores that
 * have it, so every way that was found is gone once more over the unharmed ones.
 * Source: protocol.md chapter 3 (the model's mutants); test/mutants/main.ts (the same over tests).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { unreachable } from "../../hal/base/assert.ts";
import { applyMutant } from "../mutants/mutant.ts";
import { MUTANTS, type Mutant } from "./mutant-table.ts";
import { type Result, retrace } from "./search.ts";
import { worldNamed } from "./worlds.ts";

const PARTS = ["firmware/pulse", "services", "hal", "test/explore", "test/mutants"];
/** A search of so many states in so much processor time has ended or never will on this machine. */
const STATES_MAX = 8_000_000;
const SECONDS_DEFAULT = 600;
/** A machine that is busy gives a search a part of a core only. */
const WALL_FACTOR = 6;
/** The newest part of what a search says; its result is the last line. */
const OUTPUT_CHARS_MAX = 4_000_000;

export interface Hunt {
  /** Part of the names, as a regular expression without regard to case; "" = all. */
  readonly pattern: RegExp;
  /** Searches at once, each in a process and with a copy of the cores of its own, 1 and up. */
  readonly jobs: number;
  /** Processor time of one search; null = 600 s. */
  readonly seconds: number | null;
}

type Verdict =
  | { readonly kind: "caught"; readonly result: Result; readonly path: readonly string[] }
  | { readonly kind: "survives"; readonly result: Result }
  /** The bound came before the end: nothing is known. */
  | { readonly kind: "undecided"; readonly result: Result }
  /** The text to be replaced is not there once: the table is to be adapted. */
  | { readonly kind: "unfit"; readonly text: string }
  /** The same events break the unharmed cores as well, so that they prove nothing. */
  | { readonly kind: "hollow"; readonly text: string }
  | { readonly kind: "broken"; readonly text: string };

const children = new Set<ChildProcess>();
const folders = new Set<string>();

/** Ends all searches and takes their copies away; for whoever is told to end at once. */
export function endHunt(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export const mutantsNamed = (pattern: RegExp): readonly Mutant[] =>
  MUTANTS.filter(({ name }) => pattern.test(name));

/** Tries every mutant that `pattern` names; 0 = all caught, 1 = one was not. */
export async function huntMutants({ pattern, jobs, seconds }: Hunt): Promise<number> {
  const before = Date.now();
  const waiting = [...mutantsNamed(pattern)];
  const count = waiting.length;
  const sums = new Map<Verdict["kind"], number>();
  let ms = 0;
  const lane = async (): Promise<void> => {
    const folder = copyOfCores();
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const verdict = await tryMutant(next, folder, seconds ?? SECONDS_DEFAULT);
        sums.set(verdict.kind, (sums.get(verdict.kind) ?? 0) + 1);
        ms += "result" in verdict ? verdict.result.ms : 0;
        stdout.write(`${lineOf(next, verdict)}\n`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, count) }, lane));
  const caught = sums.get("caught") ?? 0;
  const others = [...sums].filter(([kind]) => kind !== "caught");
  const rest = others.map(([kind, number]) => `, ${number} ${kind}`).join("");
  const wallMs = Date.now() - before;
  stdout.write(
    `explore: ${count} mutants, ${caught} caught${rest}; ${secondsOf(ms)} s of the processor, ` +
      `${secondsOf(wallMs)} s with ${Math.min(jobs, count)} at once\n`,
  );
  return caught === count ? 0 : 1;
}

function lineOf({ name, world }: Mutant, verdict: Verdict): string {
  const head = `${verdict.kind === "caught" ? "caught" : verdict.kind.toUpperCase()}`.padEnd(10);
  return `${head}${name} [${world}]: ${endOf(verdict)}`;
}

function endOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "caught": {
      const { result, path } = verdict;
      return `${path.join("; ")} (${result.states} states, ${secondsOf(result.ms)} s)`;
    }
    case "survives":
      return `all of ${verdict.result.states} states, ${secondsOf(verdict.result.ms)} s`;
    case "undecided": {
      const { states, frontier, incomplete, ms } = verdict.result;
      return `bound of ${incomplete} at ${states} states, frontier ${frontier}, ${secondsOf(ms)} s`;
    }
    case "unfit":
    case "hollow":
    case "broken":
      return verdict.text;
    default:
      return unreachable(verdict);
  }
}

const secondsOf = (ms: number): string => (ms / 1000).toFixed(1);

function copyOfCores(): string {
  const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");
  const folder = mkdtempSync(join(tmpdir(), "kage-explore-"));
  folders.add(folder);
  for (const part of PARTS) {
    mkdirSync(join(folder, dirname(part)), { recursive: true });
    cpSync(join(dist, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  return folder;
}

async function tryMutant(mutant: Mutant, folder: string, seconds: number): Promise<Verdict> {
  const wholes = new Map<string, string>();
  try {
    for (const edit of mutant.edits) {
      const path = join(folder, edit.file);
      const text = readFileSync(path, "utf8");
      const applied = applyMutant(edit, text);
      if (applied.kind === "unfit") {
        const found = `found ${applied.count} times "${edit.from}"`;
        return { kind: "unfit", text: `expected once, ${found} in ${edit.file}` };
      }
      if (!wholes.has(path)) wholes.set(path, text);
      writeFileSync(path, applied.text);
    }
    return await searched(mutant, folder, seconds);
  } finally {
    for (const [path, whole] of wholes) writeFileSync(path, whole);
  }
}

async function searched(mutant: Mutant, folder: string, seconds: number): Promise<Verdict> {
  const { world, events } = mutant;
  const main = join(folder, "test/explore/main.js");
  const args = ["--world", world, "--states", `${STATES_MAX}`, "--seconds", `${seconds}`, "--json"];
  const more = events === undefined ? [] : ["--events", `${events}`];
  const said = await outputOf([main, ...args, ...more], seconds * WALL_FACTOR * 1000);
  if (said.kind === "broken") return said;
  const { result } = said;
  if (result.finding !== null) {
    const problem = unharmed(mutant, result.finding);
    const { path } = result.finding;
    return problem === null
      ? { kind: "caught", result, path }
      : { kind: "hollow", text: `${path.join("; ")}, and without the mutant: ${problem}` };
  }
  return { kind: result.incomplete === null ? "survives" : "undecided", result };
}

/** What the events of a finding break in the cores that this process runs by. */
function unharmed({ world, events }: Mutant, finding: NonNullable<Result["finding"]>) {
  const small = worldNamed(world);
  if (small === null) throw new Error(`there is no world ${world}`);
  return retrace(small.make(events ?? small.events), finding);
}

type Said =
  | { readonly kind: "said"; readonly result: Result }
  | { readonly kind: "broken"; readonly text: string };

async function outputOf(args: readonly string[], timeoutMs: number): Promise<Said> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARS_MAX);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-OUTPUT_CHARS_MAX);
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(deadline);
  children.delete(child);
  if (code !== 0 && code !== 1) {
    const why =
      errors.split("\n").find((line) => /Error|explore:/.test(line)) ?? errors.slice(-200);
    return { kind: "broken", text: `no result, ended by ${signal ?? `status ${code}`}: ${why}` };
  }
  return { kind: "said", result: JSON.parse(output.trim().split("\n").at(-1) ?? "") as Result };
}
