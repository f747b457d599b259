/**
 * The simulator's command: storms over clusters of two to sixteen servers in virtual time, from seeds or a file.
 *
 *   npm run sim -- --seeds 500 [--from N] [--setting NAME | --servers N]   so many drawn from seeds
 *   npm run sim -- --budget 120                                            as many as fit into so many seconds
 *   npm run sim -- --seed 42                    one, with its timeline; shrunk when it fails
 *   npm run sim -- --plan FILE [--save FILE]    a plan as it was printed; --save: the small one of a failing run
 *   npm run sim -- --long --seeds 50            storms of ten simulated minutes over 2-16 servers
 *   npm run sim -- --speed                      how many of these a core runs per minute at 2, 4 and 16 servers
 *   npm run sim -- --faults                     the catalogue: every kind with its unit and its envelope
 *
 * `--setting`: one cluster of `settings.ts`; `--servers`: plans over majority pulses alone. `--json`: the last
 * line is one object with seeds, simHours, violations. Exit 1 when an invariant broke, 2 when the command was
 * not understood. Every 50th seed is run twice and has to leave the same trace.
 * Source: issue 4 item 5; reliability.md 2.1-2.5.
 */
import { writeFileSync } from "node:fs";
import { argv, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
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
import { GOALS } from "./goals.ts";
import { ALL_SETTING_NAMES, type SettingName } from "./settings.ts";
import { measureSpeed, SpeedCount, speedLine } from "./speed.ts";

const TWICE_EVERY = 50;
const SHOWN_LINES = 80;
const MS_PER_HOUR = 3_600_000;
/** Processor time for each setting whose speed is measured. */
const SPEED_MS = 10_000;

interface Wishes {
  readonly from: number;
  readonly seeds: number;
  readonly budgetMs: number;
  readonly servers: number | undefined;
  readonly setting: SettingName | undefined;
  readonly game: Game | null;
  readonly save: string | null;
  readonly isJson: boolean;
  readonly isLong: boolean;
}

interface Failed {
  readonly seed: number;
  readonly problems: Played["problems"];
  readonly plan: string;
  readonly runs: number;
}

interface Count {
  seeds: number;
  simMs: number;
  allDown: number;
  excused: number;
  readonly kinds: Map<string, number>;
  readonly goals: Map<string, number>;
  readonly failed: Failed[];
  readonly speed: SpeedCount;
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
    ...{ plan: text, save: text, json: flag, faults: flag, long: flag, speed: flag },
  };
  try {
    return parseArgs({ args: argv.slice(2), options }).values;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(`${why}; see the head of test/sim/main.ts`);
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
  const { plan, save } = values;
  return {
    from: seed ?? number("from", 0, 2 ** 31) ?? 1,
    seeds: seed === undefined ? many : 1,
    budgetMs: budget === undefined ? Infinity : budget * 1000,
    servers: number("servers", 3, 16),
    setting,
    game: typeof plan === "string" ? readFile(plan) : null,
    save: typeof save === "string" ? save : null,
    isJson: values["json"] === true,
    isLong: values["long"] === true,
  };
}

function readFile(path: string): Game {
  const read = readGame(path);
  return read.kind === "refused" ? fail(`${path}: ${read.text}`) : read;
}

function main(): void {
  const values = readValues();
  if (values["faults"] === true) return listFaults();
  if (values["speed"] === true) {
    stdout.write(`${speedLine(measureSpeed(SPEED_MS))}\n`);
    return;
  }
  const wishes = readWishes(values);
  const beganAtMs = performance.now();
  const count: Count = {
    ...{ seeds: 0, simMs: 0, allDown: 0, excused: 0 },
    ...{ kinds: new Map(), goals: new Map(), failed: [], speed: new SpeedCount() },
  };
  const isOne = wishes.seeds === 1 || wishes.game !== null;
  const seeds = wishes.game === null ? wishes.seeds : 1;
  while (count.seeds < seeds && performance.now() - beganAtMs < wishes.budgetMs) {
    const game = wishes.game ?? drawWished(wishes.from + count.seeds, wishes);
    const played = run(game, count, wishes.save);
    if (isOne && played.problems.length === 0) stdout.write(`${tellGame(game).join("\n")}\n`);
  }
  summarise(count, (performance.now() - beganAtMs) / 1000, wishes.isJson, isOne);
  if (count.failed.length > 0) exit(1);
}

const drawWished = (seed: number, { servers, setting, isLong }: Wishes): Game =>
  drawGame(seed, servers, setting, isLong);

function run(game: Game, count: Count, save: string | null): Played {
  const played = count.speed.count(
    sizeOf(game),
    () => play(game),
    ({ simMs }) => simMs,
  );
  for (const kind of kindsOf(game)) count.kinds.set(kind, (count.kinds.get(kind) ?? 0) + 1);
  for (const goal of played.goals) count.goals.set(goal, (count.goals.get(goal) ?? 0) + 1);
  count.simMs += played.simMs;
  if (played.isAllDown) count.allDown += 1;
  if (played.isExcused) count.excused += 1;
  if (count.seeds % TWICE_EVERY === 0 && play(game).trace !== played.trace) {
    const problems = [{ id: "S1", text: "two runs of one plan differ" }];
    stdout.write(`SIM FAIL determinism seed=${seedOf(game)}\n`);
    count.failed.push({ seed: seedOf(game), problems, plan: textOfGame(game), runs: 2 });
  }
  count.seeds += 1;
  if (played.problems.length > 0) count.failed.push(report(game, played, save));
  return played;
}

function summarise(count: Count, seconds: number, isJson: boolean, isOne: boolean): void {
  const { seeds, allDown, excused, failed } = count;
  const simHours = Number((count.simMs / MS_PER_HOUR).toFixed(2));
  const struck = [...count.kinds].sort().map(([kind, times]) => `${kind} ${times}`);
  const missed = GOALS.filter((goal) => !count.goals.has(goal));
  stdout.write(`faults (${struck.length} kinds): ${struck.join(", ")}\n`);
  if (!isOne) {
    stdout.write(`sometimes: ${GOALS.length - missed.length} of ${GOALS.length} goals reached`);
    stdout.write(missed.length === 0 ? "\n" : `; not: ${missed.join(", ")}\n`);
  }
  stdout.write(
    `${seeds} seeds, ${simHours} simulated hours in ${seconds.toFixed(1)} s, ` +
      `${excused} outside the envelope with an alert, ${allDown} ended with all servers down, ` +
      `${failed.length} violations\n`,
  );
  stdout.write(`${count.speed.line}\n`);
  if (!isJson) return;
  const { perCoreMinute } = count.speed;
  const faults = Object.fromEntries(count.kinds);
  const goals = Object.fromEntries(count.goals);
  const violations = failed.length;
  const sums = {
    seeds,
    simHours,
    violations,
    seconds,
    allDown,
    excused,
    faults,
    goals,
    missed,
    perCoreMinute,
  };
  stdout.write(`${JSON.stringify({ ...sums, failed })}\n`);
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
function report(game: Game, { problems }: Played, save: string | null): Failed {
  const [first] = problems;
  const id = first?.id ?? "S1";
  const { game: smaller, runs } = shrinkGame(game, id);
  const faults = `${kindsOf(smaller).length} faults (shrunk from ${kindsOf(game).length}, ${runs} runs)`;
  const plan = textOfGame(smaller);
  if (save !== null) writeFileSync(save, plan);
  stdout.write(
    `SIM FAIL ${id} seed=${seedOf(game)} plan=${faults}\n` +
      `${problems.map((problem) => `  ${problem.id} ${problem.text}`).join("\n")}\n` +
      `${tellGame(smaller).slice(-SHOWN_LINES).join("\n")}\n` +
      `again: npm run sim -- --seed ${seedOf(game)}; the small plan, for --plan FILE:\n${plan}`,
  );
  return { seed: seedOf(game), problems, plan, runs };
}

main();
