/**
 * One simulated run of either kind behind one face: a storm over a whole simulated cluster (`storm.ts`), or a
 * plan over majority pulses alone (`plan.ts`), which is quicker. Source: work order 4 item 5.
 */
import { readFileSync } from "node:fs";
import type { InvariantId } from "../../firmware/simulator/invariants.ts";
import type { Medium } from "./fault-kind.ts";
import { goalsOf } from "./goals.ts";
import { drawLong } from "./long-storm.ts";
import { drawPlan, type Plan, readPlan } from "./plan.ts";
import { parsePlanText } from "./plan-text.ts";
import { runPlan } from "./run-plan.ts";
import { runStorm } from "./run-storm.ts";
import { type SettingName, serversOf } from "./settings.ts";
import { shrink } from "./shrink.ts";
import { shrinkStorm } from "./shrink-storm.ts";
import { drawStorm, type Storm } from "./storm.ts";
import { readStorm, writeStorm } from "./storm-file.ts";
import { Timeline } from "./timeline.ts";

export type Game =
  | { readonly kind: "storm"; readonly storm: Storm }
  | { readonly kind: "plan"; readonly plan: Plan };

export interface Played {
  readonly problems: readonly { readonly id: string; readonly text: string }[];
  readonly trace: string;
  readonly simMs: number;
  readonly goals: ReadonlySet<string>;
  readonly isExcused: boolean;
  readonly isAllDown: boolean;
}

/** Every so many seeds it is a plan over majority pulses. */
const PLAN_EVERY = 4;
/** One seed in so many is a storm over a large cluster; it costs as much as twenty others. */
const LARGE_EVERY = 25;
const LARGE: readonly SettingName[] = ["majority-7-10s", "majority-16-3s", "majority-9-30s"];

/** `medium`: every second blow is of it. `isLong`: a storm of ten minutes, of mixed size where no setting is named. */
export function drawGame(
  seed: number,
  servers?: number,
  setting?: SettingName,
  isLong = false,
  medium?: Medium,
): Game {
  if (medium !== undefined) return { kind: "storm", storm: drawStorm(seed, setting, medium) };
  if (isLong) return { kind: "storm", storm: drawLong(seed, setting) };
  if (servers === undefined && setting === undefined && seed % LARGE_EVERY === 1) {
    const large = LARGE[Math.floor(seed / LARGE_EVERY) % LARGE.length];
    return { kind: "storm", storm: drawStorm(seed, large) };
  }
  const isPlan = servers !== undefined || (setting === undefined && seed % PLAN_EVERY === 0);
  return isPlan
    ? { kind: "plan", plan: drawPlan(seed, servers) }
    : { kind: "storm", storm: drawStorm(seed, setting) };
}

/** Reads either kind of file; refused with line and reason. */
export function readGame(path: string): Game | { readonly kind: "refused"; readonly text: string } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { kind: "refused", text: error instanceof Error ? error.message : String(error) };
  }
  const parsed = parsePlanText(text);
  if (parsed.kind === "refused") return parsed;
  return isOld(parsed.value) ? readPlan(text) : readStorm(text);
}

const isOld = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "version" in value && value.version === 1;

export function play(game: Game): Played {
  if (game.kind === "plan") {
    const { problems, trace, simMs, isAllDown } = runPlan(game.plan);
    return { problems, trace, simMs, isAllDown, goals: new Set(), isExcused: false };
  }
  const { violations, excused, world, trace, simMs } = runStorm(game.storm);
  const isExcused = excused.length > 0;
  const isAllDown = world.hosts.every(({ on }) => !on);
  const goals = goalsOf(world, isExcused);
  return { problems: violations, trace, simMs, goals, isExcused, isAllDown };
}

export const kindsOf = (game: Game): string[] =>
  game.kind === "plan"
    ? game.plan.faults.map(({ kind }) => kind)
    : game.storm.faults.map(({ kind }) => kind);

export const sizeOf = (game: Game): number =>
  game.kind === "plan" ? game.plan.servers : serversOf(game.storm.setting);

export const seedOf = (game: Game): number =>
  game.kind === "plan" ? game.plan.seed : game.storm.seed;

export interface Smaller {
  readonly game: Game;
  readonly runs: number;
}

export function shrinkGame(game: Game, id: string): Smaller {
  if (game.kind === "plan") {
    const { plan, runs } = shrink(game.plan, id);
    return { game: { kind: "plan", plan }, runs };
  }
  const { storm, runs } = shrinkStorm(game.storm, id as InvariantId);
  return { game: { kind: "storm", storm }, runs };
}

/** What happened, line by line. */
export function tellGame(game: Game): readonly string[] {
  if (game.kind === "plan") return runPlan(game.plan).log;
  let timeline: Timeline | null = null;
  runStorm(game.storm, (world) => {
    timeline = new Timeline(world);
  });
  return timeline === null ? [] : (timeline as Timeline).lines;
}

export const textOfGame = (game: Game): string =>
  game.kind === "plan" ? `${JSON.stringify(game.plan)}\n` : writeStorm(game.storm);
