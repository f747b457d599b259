/**
 * The simulator's command: storms over clusters of two to sixteen servers in virtual time, from seeds or a file.
 *
 *   npm run sim -- --seeds 500 [--from N] [--setting NAME | --servers N]   so many drawn from seeds
 *   npm run sim -- --budget 120                                            as many as fit into so many seconds
 *   npm run sim -- --seed 42                    one, with its timeline; shrunk when it fails
 *   npm run sim -- --plan FILE [--save FILE]    a plan as it was printed; --save: the small one of a failing run
 *   npm run sim -- --medium text --seeds 500    storms in which every second blow is of that medium
 *   npm run sim -- --long --seeds 50            storms of ten simulated minutes over 2-16 servers
 *   npm run sim -- --speed                      how many of these a core runs per minute at 2, 4 and 16 servers
 *   npm run sim -- --faults                     the catalogue: every kind with its unit and its envelope
 *
 * `--jobs N`: in so many processes, default one for each core. `--setting`: one cluster of `settings.ts`; `--servers`: plans over majority pulses alone. `--json`: the last
 * line is one object with seeds, simHours, violations. Exit 1 when an invariant broke, 2 when the command was
 * not understood. Every 50th seed is run twice and has to leave the same trace.
 * Source: issue 4 item 5; reliability.md 2.1-2.5.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { argv, env, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { Count, type Failed, type Shown } from "./count.ts";
import type { Medium } from "./fault-kind.ts";
import { FAULTS } from "./faults.ts";
import {
  drawGame,
  type Game,
  kindsOf,
  type Played,
  play,
  readGame,
  seedOf,
  shrinkGame,
  sizeOf,
  tellGame,
  textOfGame,
} from "./game.ts";
import { inLanes, type Lane, laneOf, ONLY_LANE, tell } from "./lanes.ts";
import { ALL_SETTING_NAMES, type SettingName } from "./settings.ts";
import { measureSpeed, speedLine, timed } from "./speed.ts";

const TWICE_EVERY = 50;
const SHOWN_LINES = 80;
/** Processor time for each setting whose speed is measured. */
const SPEED_MS = 10_000;

const USAGE = `usage: npm run sim -- [options]
storms over simulated clusters of 2 to 16 servers; 200 seeds when nothing is said

  --seeds N [--from N]   so many storms, from that seed on (default 1)
  --budget S             as many as fit into so many seconds
  --seed X               one, with its timeline; shrunk when it fails
  --setting NAME         one cluster: ${ALL_SETTING_NAMES.slice(0, 4).join(", ")}, ...
  --servers N            plans over N majority pulses alone, 3-16
  --medium NAME          every second blow is of that medium, for example text, array, order
  --long                 ten simulated minutes each
  --plan FILE            a storm as it was printed
  --save FILE            writes the small plan of a failing run there
  --jobs N               in so many processes (default: one for each core)
  --json                 the last line is one object
  --faults               lists the kinds of faults
  --speed                measures storms per core and minute
  --help                 this

exit status: 0 nothing broke, 1 an invariant broke, 2 the command was not understood
`;

interface Wishes {
  readonly from: number;
  readonly seeds: number;
  readonly budgetMs: number;
  readonly jobs: number;
  readonly servers: number | undefined;
  readonly setting: SettingName | undefined;
  readonly game: Game | null;
  readonly save: string | null;
  readonly isJson: boolean;
  readonly isLong: boolean;
  readonly medium: Medium | undefined;
}

function fail(text: string): never {
  stderr.write(`sim: ${text}\n`);
  exit(2);
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function readValues(): Values {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    ...{ seeds: text, from: text, seed: text, budget: text, servers: text, setting: text },
    ...{ plan: text, save: text, medium: text, jobs: text },
    ...{ json: flag, faults: flag, long: flag, speed: flag, help: flag },
  };
  try {
    return parseArgs({ args: argv.slice(2), options }).values;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(`${why}; npm run sim -- --help lists them`);
  }
}

function readWishes(values: Values): Wishes {
  const number = (key: string, min: number, max: number): number | undefined => {
    const text = values[key];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return fail(`--${key}: expected a whole number ${min}-${max}, found "${text}"`);
  };
  const seed = number("seed", 0, 2 ** 32 - 1);
  const budget = number("budget", 1, 86_400);
  const many = number("seeds", 1, 10_000_000) ?? (budget === undefined ? 200 : Infinity);
  const setting = ALL_SETTING_NAMES.find((name) => name === values["setting"]);
  if (values["setting"] !== undefined && setting === undefined) {
    return fail(`--setting: expected one of ${ALL_SETTING_NAMES.join(", ")}`);
  }
  const media = [...new Set(FAULTS.map(({ medium }) => medium))];
  const medium = media.find((name) => name === values["medium"]);
  if (values["medium"] !== undefined && medium === undefined) {
    return fail(`--medium: expected one of ${media.join(", ")}`);
  }
  const { plan, save } = values;
  return {
    from: seed ?? number("from", 0, 2 ** 31) ?? 1,
    seeds: seed === undefined ? many : 1,
    budgetMs: budget === undefined ? Infinity : budget * 1000,
    jobs: number("jobs", 1, 256) ?? availableParallelism(),
    servers: number("servers", 3, 16),
    setting,
    game: typeof plan === "string" ? readFile(plan) : null,
    save: typeof save === "string" ? save : null,
    isJson: values["json"] === true,
    isLong: values["long"] === true,
    medium,
  };
}

function readFile(path: string): Game {
  const read = readGame(path);
  return read.kind === "refused" ? fail(`${path}: ${read.text}`) : read;
}

async function main(): Promise<void> {
  const values = readValues();
  if (values["help"] === true) {
    stdout.write(USAGE);
    return;
  }
  if (values["faults"] === true) return listFaults();
  if (values["speed"] === true) {
    stdout.write(`${speedLine(measureSpeed(SPEED_MS))}\n`);
    return;
  }
  const wishes = readWishes(values);
  const lane = laneOf(env);
  if (lane !== null) return runLane(wishes, lane, tell);
  const beganAtMs = performance.now();
  const count = new Count();
  const take = (shown: Shown): void => {
    count.take(shown);
    stdout.write(shown.text);
  };
  const isOne = wishes.game !== null || wishes.seeds === 1;
  const jobs = isOne ? 1 : Math.min(wishes.jobs, wishes.seeds);
  const isDone = jobs > 1 ? await inLanes(import.meta.url, jobs, take) : true;
  if (jobs === 1) await runLane(wishes, ONLY_LANE, async (shown) => take(shown));
  const seconds = (performance.now() - beganAtMs) / 1000;
  stdout.write(`${count.lines(seconds, !isOne).join("\n")}\n`);
  if (!isDone)
    stdout.write("incomplete: a process of the campaign ended before its work was done\n");
  if (wishes.isJson) stdout.write(`${JSON.stringify(count.toJson(seconds))}\n`);
  if (count.failed.length > 0 || !isDone) process.exitCode = 1;
}

async function runLane(
  wishes: Wishes,
  { index, count }: Lane,
  take: (shown: Shown) => Promise<void>,
): Promise<void> {
  const beganAtMs = performance.now();
  const seeds = wishes.game === null ? wishes.seeds : 1;
  for (let at = index; at < seeds; at += count) {
    if (performance.now() - beganAtMs >= wishes.budgetMs) return;
    const game = wishes.game ?? drawWished(wishes.from + at, wishes);
    await take(show(game, at % TWICE_EVERY === 0, seeds === 1, wishes.save));
  }
}

const drawWished = (seed: number, { servers, setting, isLong, medium }: Wishes): Game =>
  drawGame(seed, servers, setting, isLong, medium);

/** `isTold`: its timeline is wanted although nothing breaks. */
function show(game: Game, isTwice: boolean, isTold: boolean, save: string | null): Shown {
  const { result: played, us: usedUs } = timed(() => play(game));
  const failed: Failed[] = [];
  let text = "";
  if (isTwice && play(game).trace !== played.trace) {
    const problems = [{ id: "S1", text: "two runs of one plan differ" }];
    text += `SIM FAIL determinism seed=${seedOf(game)}\n`;
    failed.push({ seed: seedOf(game), problems, plan: textOfGame(game), runs: 2 });
  }
  if (played.problems.length > 0) {
    const report = draw(game, played, save);
    failed.push(report.failed);
    text += report.text;
  } else if (isTold) text += `${tellGame(game).join("\n")}\n`;
  const { simMs, isAllDown, isExcused } = played;
  const seen = { kinds: [...kindsOf(game)], goals: [...played.goals], isAllDown, isExcused };
  return { servers: sizeOf(game), simMs, usedUs, ...seen, failed, text };
}

function listFaults(): void {
  for (const { name, medium, does, unit, range, covers } of FAULTS) {
    const amount = unit === "-" ? "" : ` (${unit} ${range[0]}-${range[1]})`;
    const inside = Object.entries(covers).map(([level, cover]) => `${level}: ${cover}`);
    stdout.write(`${medium.padEnd(9)}${name}: ${does}${amount}; ${inside.join(", ")}\n`);
  }
  stdout.write(`${FAULTS.length} kinds\n`);
}

/** Says what broke, shrinks the plan and shows the last minute of the smaller run. */
function draw(
  game: Game,
  { problems }: Played,
  save: string | null,
): { readonly failed: Failed; readonly text: string } {
  const [first] = problems;
  const id = first?.id ?? "S1";
  const { game: smaller, runs } = shrinkGame(game, id);
  const faults = `${kindsOf(smaller).length} faults (shrunk from ${kindsOf(game).length}, ${runs} runs)`;
  const plan = textOfGame(smaller);
  if (save !== null) writeFileSync(save, plan);
  const text =
    `SIM FAIL ${id} seed=${seedOf(game)} plan=${faults}\n` +
    `${problems.map((problem) => `  ${problem.id} ${problem.text}`).join("\n")}\n` +
    `${tellGame(smaller).slice(-SHOWN_LINES).join("\n")}\n` +
    `again: npm run sim -- --seed ${seedOf(game)}; the small plan, for --plan FILE:\n${plan}`;
  return { failed: { seed: seedOf(game), problems, plan, runs }, text };
}

await main();
