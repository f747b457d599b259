/**
 * The simulator's command: storms over majority clusters in virtual time, from seeds or from a plan file.
 *
 *   npm run sim -- --seeds 500 [--from N] [--servers N]   so many plans drawn from seeds
 *   npm run sim -- --budget 120                           as many as fit into so many seconds
 *   npm run sim -- --seed 42 [--servers N]                one, with its timeline; shrunk when it fails
 *   npm run sim -- --plan FILE                            a plan as `--json` printed it
 *
 * `--json`: last line is one object with seeds, simHours, violations. Exit 1 when an invariant broke, 2 when
 * the command was not understood. Every 50th seed is run twice and has to leave the same trace.
 * Source: issue 4 item 5; reliability.md 2.1-2.5.
 */
import { readFileSync } from "node:fs";
import { argv, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { drawPlan, type Plan, readPlan } from "./plan.ts";
import { type PlanResult, runPlan } from "./run-plan.ts";
import { shrink } from "./shrink.ts";

const TWICE_EVERY = 50;
const SHOWN_LINES = 60;
const MS_PER_HOUR = 3_600_000;

interface Wishes {
  readonly from: number;
  readonly seeds: number;
  readonly budgetMs: number;
  readonly servers: number | undefined;
  readonly plan: Plan | null;
  readonly isJson: boolean;
}

interface Failed {
  readonly seed: number;
  readonly problems: PlanResult["problems"];
  readonly plan: Plan;
  readonly runs: number;
}

function fail(text: string): never {
  stderr.write(`sim: ${text}\n`);
  exit(2);
}

function readWishes(): Wishes {
  const options = {
    seeds: { type: "string" },
    from: { type: "string" },
    seed: { type: "string" },
    budget: { type: "string" },
    servers: { type: "string" },
    plan: { type: "string" },
    json: { type: "boolean" },
  } as const;
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    values = parseArgs({ args: argv.slice(2), options }).values;
  } catch (error) {
    return fail(
      `${error instanceof Error ? error.message : error}; see the head of test/sim/main.ts`,
    );
  }
  const number = (key: string, min: number, max: number): number | undefined => {
    const text = values[key];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return fail(`--${key}: expected a whole number ${min}-${max}, found "${text}"`);
  };
  const seed = number("seed", 0, 2 ** 32 - 1);
  const budget = number("budget", 1, 86_400);
  return {
    from: seed ?? number("from", 0, 2 ** 31) ?? 1,
    seeds:
      seed !== undefined
        ? 1
        : (number("seeds", 1, 10_000_000) ?? (budget === undefined ? 200 : Infinity)),
    budgetMs: budget === undefined ? Infinity : budget * 1000,
    servers: number("servers", 3, 16),
    plan: typeof values["plan"] === "string" ? readFile(values["plan"]) : null,
    isJson: values["json"] === true,
  };
}

function readFile(path: string): Plan {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return fail(`${path}: ${error instanceof Error ? error.message : error}`);
  }
  const read = readPlan(text);
  return read.kind === "plan" ? read.plan : fail(`${path}: ${read.text}`);
}

function main(): void {
  const wishes = readWishes();
  const beganAtMs = performance.now();
  const failed: Failed[] = [];
  const kinds = new Map<string, number>();
  let seeds = 0;
  let simMs = 0;
  let allDown = 0;
  for (; seeds < wishes.seeds && performance.now() - beganAtMs < wishes.budgetMs; seeds += 1) {
    const plan = wishes.plan ?? drawPlan(wishes.from + seeds, wishes.servers);
    const result = runPlan(plan);
    for (const { kind } of plan.faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    simMs += result.simMs;
    if (result.isAllDown) allDown += 1;
    const isTwice = seeds % TWICE_EVERY === 0;
    if (isTwice && runPlan(plan).trace !== result.trace) {
      failed.push({
        seed: plan.seed,
        problems: [{ id: "S1", text: "two runs differ" }],
        plan,
        runs: 2,
      });
    }
    if (result.problems.length > 0) failed.push(report(plan, result));
    if (wishes.seeds === 1 || wishes.plan !== null) {
      stdout.write(`${result.log.join("\n")}\n`);
      seeds += 1;
      break;
    }
  }
  const seconds = (performance.now() - beganAtMs) / 1000;
  const simHours = Number((simMs / MS_PER_HOUR).toFixed(2));
  const struck = [...kinds].sort().map(([kind, times]) => `${kind} ${times}`);
  stdout.write(`faults: ${struck.join(", ")}\n`);
  stdout.write(
    `${seeds} seeds, ${simHours} simulated hours in ${seconds.toFixed(1)} s, ` +
      `${allDown} ended with all servers down, ${failed.length} violations\n`,
  );
  if (wishes.isJson) {
    const faults = Object.fromEntries(kinds);
    const violations = failed.length;
    stdout.write(
      `${JSON.stringify({ seeds, simHours, violations, seconds, allDown, faults, failed })}\n`,
    );
  }
  if (failed.length > 0) exit(1);
}

/** Says what broke, shrinks the plan and shows the end of the smaller run. */
function report(plan: Plan, { problems }: PlanResult): Failed {
  const [first] = problems;
  const { plan: smaller, runs } = shrink(plan, first?.id ?? "S1");
  const log = runPlan(smaller).log.slice(-SHOWN_LINES);
  const faults = `${smaller.faults.length} faults (shrunk from ${plan.faults.length}, ${runs} runs)`;
  stdout.write(
    `SIM FAIL ${first?.id} seed=${plan.seed} servers=${plan.servers} plan=${faults}\n` +
      `${problems.map(({ id, text }) => `  ${id} ${text}`).join("\n")}\n` +
      `${log.join("\n")}\n` +
      `again: npm run sim -- --seed ${plan.seed} --servers ${plan.servers}; ` +
      `the small plan, for --plan: ${JSON.stringify(smaller)}\n`,
  );
  return { seed: plan.seed, problems, plan: smaller, runs };
}

main();
