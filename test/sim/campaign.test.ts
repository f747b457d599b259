/**
 * A campaign of a fixed time on every run of the gate, as its user would start it. Its seeds are the first ones
 * of the large campaign, so that a seed that fails here has changed with the code and not by chance.
 * Source: work order 4, Speed and size (120 s).
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const COMMAND = fileURLToPath(new URL("./main.js", import.meta.url));
const BUDGET_S = 120;
/** A slow machine with one core does as many. */
const SEEDS_MIN = 30;
const OUTPUT_CHARS_MAX = 2_000_000;

interface Sums {
  readonly seeds: number;
  readonly simHours: number;
  readonly violations: number;
  readonly faults: Readonly<Record<string, number>>;
}

async function campaign(...options: readonly string[]): Promise<{ sums: Sums; said: string }> {
  const child = spawn(process.execPath, [COMMAND, ...options, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said = (said + chunk).slice(-OUTPUT_CHARS_MAX);
  });
  await new Promise((resolve) => child.once("close", resolve));
  const last = said.trimEnd().split("\n").at(-1) ?? "";
  return { sums: JSON.parse(last) as Sums, said };
}

test("a campaign in two processes shows what one in a single process shows", async () => {
  const [one, two] = await Promise.all([
    campaign("--seeds", "8", "--jobs", "1"),
    campaign("--seeds", "8", "--jobs", "2"),
  ]);
  assert.is(one.sums.seeds, 8);
  const facts = ({ seeds, simHours, violations, faults }: Sums): unknown[] => [
    seeds,
    simHours,
    violations,
    Object.entries(faults).sort(),
  ];
  assert.equal(facts(two.sums), facts(one.sums));
});

test(`reliability 2.5: a campaign of ${BUDGET_S} s breaks no invariant`, async () => {
  // One process: the gate runs other tests beside it.
  const { sums, said } = await campaign("--budget", String(BUDGET_S), "--jobs", "1");
  assert.is(sums.violations, 0, said);
  assert.ok(sums.seeds >= SEEDS_MIN, `${sums.seeds} seeds`);
});

test.run();
