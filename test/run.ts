/**
 * Test runner: `node dist/test/run.js unit|rack|long|more|broker|page|lab|units... [--only PATTERN]`. Every compiled uvu file
 * runs in a child process of its own with a deadline, several side by side, because uvu alone
 * answers 0 to a file that forgot `run()`, hangs on a leaked handle and shares module state
 * between files (design: style 4.5). The last line is exactly `N passed, N failed, N skipped`.
 *
 * A file says "this part could not run here" with a line `# skip REASON` on its output, in place
 * of the test. With CI=true a skip whose reason is not in `expectedSkips` fails the run.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { argv, env, exit, kill, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { type FileResult, judge, type Sum, sumLine } from "./judge.ts";

type Stage = "unit" | "rack" | "long" | "more" | "broker" | "page" | "lab" | "units";

interface StageRules {
  readonly owns: (path: string) => boolean;
  readonly parallel: number;
  readonly timeoutMs: number;
}

const inFolder = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** Scenarios on real processes compete for the cores they measure time on: two at once, no more. */
const WORLD_PARALLEL = 2;
/** One file plays all scenarios of a world; .ci/run bounds the whole. */
const WORLD_TIMEOUT_MS = 15 * 60_000;

/** Tests in a real browser; their neighbours above are unit tests. */
const PAGE = "firmware/telemetry/page";

/** Unit tests that take more than some seconds, most of them of processor time; their quick neighbours stay. */
const LONG: readonly string[] = [
  "explore/worlds.test.js",
  "firmware/cli/evaluate-text.test.js",
  "firmware/cli/evaluate.test.js",
  "firmware/cli/users.test.js",
  "firmware/evaluate/disk-many.test.js",
  "firmware/evaluate/envelope.test.js",
  "firmware/evaluate/majority.test.js",
  "firmware/evaluate/mutant.test.js",
  "firmware/evaluate/single.test.js",
  "firmware/pulse/disk-crew-storm.test.js",
  "firmware/pulse/disk-crew.test.js",
  "firmware/pulse/force-return-swarm.test.js",
  "firmware/pulse/swarm.test.js",
  "firmware/replay/storms.test.js",
  "firmware/simulator/internal-failure.test.js",
  "firmware/simulator/world.test.js",
  "firmware/telemetry/flood.test.js",
  "firmware/telemetry/telemetry.test.js",
  "firmware/telemetry/web/accounts.test.js",
  "firmware/telemetry/web/limits.test.js",
  "firmware/telemetry/web/own-password.test.js",
  "firmware/telemetry/web/users.test.js",
  "mutants/sample.test.js",
  "sim/campaign.test.js",
  "sim/fault-proofs.test.js",
  "sim/invariants.test.js",
  "sim/real-storms.test.js",
  "sim/regress.test.js",
  "sim/storm.test.js",
  "sim/whole-storms.test.js",
];

const stages: Readonly<Record<Stage, StageRules>> = {
  unit: {
    owns: (path) =>
      !["scenarios", "lab", "units", "broker", PAGE].some((folder) => inFolder(path, folder)) &&
      !LONG.includes(path),
    // Many of them wait for processes or for a slow hash that they started: one more than cores.
    parallel: availableParallelism() + 1,
    timeoutMs: 60_000,
  },
  rack: {
    owns: (path) => inFolder(path, "scenarios"),
    parallel: WORLD_PARALLEL,
    timeoutMs: WORLD_TIMEOUT_MS,
  },
  long: {
    // Mostly computing.
    owns: (path) => LONG.includes(path),
    parallel: availableParallelism() + 1,
    timeoutMs: WORLD_TIMEOUT_MS,
  },
  more: {
    // The stories that do not fit into the five minutes of `npm test`.
    owns: (path) => path === "scenarios/run.test.js",
    parallel: 1,
    timeoutMs: WORLD_TIMEOUT_MS,
  },
  broker: {
    // Strangers from Debian; without them the file says so and counts as skipped.
    owns: (path) => inFolder(path, "broker"),
    parallel: availableParallelism(),
    timeoutMs: WORLD_TIMEOUT_MS,
  },
  page: {
    // Headless Chromium; without it the file says so and counts as skipped. One browser at a time,
    // because frames are counted.
    owns: (path) => inFolder(path, PAGE),
    parallel: 1,
    timeoutMs: 5 * 60_000,
  },
  lab: {
    owns: (path) =>
      path !== "scenarios/sim.test.js" && (inFolder(path, "scenarios") || inFolder(path, "lab")),
    // One after the other: every lab that opens removes what killed labs left, also another file's.
    parallel: 1,
    timeoutMs: WORLD_TIMEOUT_MS,
  },
  units: {
    // Machines with systemd as first process; they mostly wait. After the lab, whose leftovers theirs are.
    owns: (path) => inFolder(path, "units"),
    parallel: 2,
    timeoutMs: 5 * 60_000,
  },
};

/** After uvu's summary a healthy file is gone at once; one that stays has leaked a handle. */
const LEAK_GRACE_MS = 3_000;
/** Time to tidy up between TERM and KILL for a file over its deadline. */
const KILL_GRACE_MS = 10_000;
/**
 * More output than this of one file is cut in the middle of nothing useful; keeps memory bounded.
 */
const OUTPUT_CHARS_MAX = 1_000_000;

const running = new Set<ChildProcess>();

/** What a story file is told of its world; other files do not look. */
function worldOf(stage: Stage): NodeJS.ProcessEnv {
  if (stage === "lab") return { KAGE_WORLD: "lab" };
  return { KAGE_WORLD: "rack", KAGE_SET: stage === "more" ? "more" : "basic" };
}

async function main(): Promise<void> {
  const { chosen, only } = parse(argv.slice(2));
  const root = dirname(fileURLToPath(import.meta.url));
  const total: Sum = { passed: 0, failed: 0, skipped: 0 };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void interrupt(signal));
  }
  let files = 0;
  for (const stage of chosen) {
    const found = testFiles(root).filter((path) => stages[stage].owns(path) && path.includes(only));
    files += found.length;
    if (found.length === 0 && only === "") {
      stdout.write(`FAIL ${stage}: no test file found under ${relative(".", root) || "."}\n`);
      total.failed += 1;
    }
    await inParallel(found, stages[stage].parallel, async (path) => {
      const result = await runFile(stage, root, path);
      report(stage, result);
      total.passed += result.sum.passed;
      total.failed += result.sum.failed;
      total.skipped += result.sum.skipped;
    });
  }
  if (files === 0 && only !== "") {
    stdout.write(`FAIL no test file of ${chosen.join(", ")} has "${only}" in its path\n`);
    total.failed += 1;
  }
  if (total.passed + total.failed + total.skipped === 0) total.failed += 1;
  stdout.write(`${sumLine(total)}\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function parse(words: readonly string[]): { chosen: Stage[]; only: string } {
  const chosen: Stage[] = [];
  let only = "";
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    if (word === "--only") {
      only = words[i + 1] ?? "";
      i += 1;
      if (only === "") usage("--only needs a part of a path");
    } else if (Object.hasOwn(stages, word)) {
      const stage = word as Stage;
      if (!chosen.includes(stage)) chosen.push(stage);
    } else usage(`unknown word "${word}"`);
  }
  if (chosen.length === 0) usage("no stage given");
  return { chosen, only };
}

function usage(problem: string): never {
  stderr.write(
    `${problem}\nusage: node dist/test/run.js unit|rack|more|broker|page|lab|units... [--only PATTERN]\n`,
  );
  exit(2);
}

/** Compiled test files below `root`, relative, sorted: the same order on every machine. */
function testFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.js"))
    .sort();
}

async function inParallel(
  paths: readonly string[],
  parallel: number,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const waiting = [...paths];
  const lane = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) await work(path);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

function runFile(stage: Stage, root: string, path: string): Promise<FileResult> {
  const startedAt = process.hrtime.bigint();
  const child = spawn(process.execPath, ["--enable-source-maps", join(root, path)], {
    env: { ...env, NO_COLOR: "1", ...worldOf(stage) },
    // A group of its own, so that a file over its deadline takes its children along.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  return new Promise((settle) => {
    let output = "";
    let stopped: "timeout" | "leak" | null = null;
    let leakTimer: NodeJS.Timeout | undefined;
    const stop = (why: "timeout" | "leak"): void => {
      stopped ??= why;
      signalGroup(child, "SIGTERM");
      setTimeout(() => signalGroup(child, "SIGKILL"), KILL_GRACE_MS).unref();
    };
    const deadline = setTimeout(() => stop("timeout"), stages[stage].timeoutMs);
    const hear = (chunk: string): void => {
      if (output.length < OUTPUT_CHARS_MAX) output += chunk;
      if (leakTimer === undefined && /^ {2}Duration: /m.test(output)) {
        leakTimer = setTimeout(() => stop("leak"), LEAK_GRACE_MS);
      }
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    let spawnError = "";
    child.on("error", (error) => {
      spawnError = error.message;
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      clearTimeout(deadline);
      clearTimeout(leakTimer);
      const tookMs = Number((process.hrtime.bigint() - startedAt) / 1_000_000n);
      settle(
        judge({ path, output: output + spawnError, code, signal, stopped, tookMs }, env["CI"]),
      );
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child)) return;
  try {
    kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function interrupt(signal: NodeJS.Signals): Promise<void> {
  const ended = [...running].map((child) => new Promise((done) => child.once("close", done)));
  for (const child of running) signalGroup(child, "SIGTERM");
  setTimeout(() => {
    for (const child of running) signalGroup(child, "SIGKILL");
  }, KILL_GRACE_MS).unref();
  await Promise.all(ended);
  stderr.write(`ended by ${signal}\n`);
  exit(130);
}

function report(stage: Stage, result: FileResult): void {
  const { path, sum, problems, output, tookMs } = result;
  const word = sum.failed > 0 ? "FAIL" : sum.passed === 0 ? "skip" : "ok  ";
  stdout.write(`${word} ${stage} ${path} (${sumLine(sum)}, ${tookMs} ms)\n`);
  for (const reason of result.skips) stdout.write(`     skipped: ${reason}\n`);
  if (sum.failed === 0) return;
  for (const problem of problems) stdout.write(`     ${problem}\n`);
  stdout.write(`${output.trimEnd().replace(/^/gm, "     | ")}\n`);
}

await main();
