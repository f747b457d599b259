/**
 * A storm: a setting, a seed and an explicit list of faults, drawn whole before the run, so that it can be
 * cut down fault by fault, kept in a file and run again. Source: reliability.md 2.2, 2.4; work order 4 item 5.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { Prng } from "../../hal/base/prng.ts";
import type { FaultKind, Medium } from "./fault-kind.ts";
import { FAULTS } from "./faults.ts";
import { configOf, SETTING_NAMES, type SettingName, serversOf } from "./settings.ts";

export interface StormFault {
  /** Since the start of the run, ms. */
  readonly atMs: number;
  /** Name of a kind of the catalogue. */
  readonly kind: string;
  /** Server that is struck. */
  readonly server: number;
  /** In the unit of the kind. */
  readonly amount: number;
  /** The fault ends so much later, ms; 0 = with the healing. */
  readonly forMs: number;
  /** Names its stream of chance, so that a fault stays what it is when others are dropped. */
  readonly key: number;
}

export interface Storm {
  /** Format of the file; 1 is that of `plan.ts`. */
  readonly version: 2;
  readonly setting: SettingName;
  readonly seed: number;
  /** Everything is healed at this moment, ms. */
  readonly healAtMs: number;
  readonly faults: readonly StormFault[];
  /** So often an operator takes back who stands outside, ms; absent = only after the healing. */
  readonly tendMs?: number;
}

/** From the power to the first blow: mostly calm, sometimes in the middle of the start. */
const CALM_MS = 3500;
const ROUNDS_MAX = 7;
/** Of a hundred storms so many hold faults that no level covers; the alert is checked then. */
const OUTSIDE_SHARE = 0.15;
const SIDES = 3;

/** Whether the level that this setting claims covers the kind. */
export function isInside(kind: FaultKind, setting: SettingName): boolean {
  return kind.covers[configOf(setting).budget.protection] === "inside";
}

/** Whether the kind can do anything there. */
export function fits(kind: FaultKind, setting: SettingName): boolean {
  const { com, disk, budget } = configOf(setting);
  switch (kind.needs) {
    case "com":
      return com !== null;
    case "array":
      return disk !== null;
    case "watchdog":
      return budget.watchdogMs > 0;
    case "many":
      return serversOf(setting) > 2;
    case "pair":
      return serversOf(setting) === 2;
    case undefined:
      return true;
    default:
      return unreachable(kind.needs);
  }
}

/** `medium`: every second blow is of it, where it has kinds that fit. */
export function drawStorm(seed: number, only?: SettingName, medium?: Medium): Storm {
  const random = new Prng(seed);
  const setting = only ?? SETTING_NAMES[random.below(SETTING_NAMES.length)] ?? "com-disk";
  const mayLeave = random.chance(OUTSIDE_SHARE);
  const kinds = FAULTS.filter(
    (kind) => fits(kind, setting) && (mayLeave || isInside(kind, setting) || isAsleep(kind)),
  );
  const wanted = kinds.filter((kind) => kind.medium === medium);
  const faults: StormFault[] = [];
  let atMs = random.chance(0.8) ? CALM_MS : 100 + random.below(3000);
  const blows = 1 + random.below(ROUNDS_MAX);
  for (let blow = 0; blow < blows; blow += 1) {
    const among = wanted.length > 0 && random.chance(0.5) ? wanted : kinds;
    const kind = among[random.below(among.length)];
    if (kind !== undefined) faults.push(drawFault(kind, setting, atMs, blow, random));
    const pause = random.below(10);
    if (pause >= 3) atMs += random.below(pause < 7 ? 700 : 3500);
  }
  return { version: 2, setting, seed, healAtMs: atMs + 200 + random.below(3000), faults };
}

/** Sleep is outside most levels, but what wakes is not counted until it had its time (checks.ts). */
const isAsleep = ({ covers }: FaultKind): boolean => covers["reset-bounded"] === "inside";

function drawFault(
  kind: FaultKind,
  setting: SettingName,
  atMs: number,
  key: number,
  random: Prng,
): StormFault {
  const [least, most] = kind.range;
  const server = random.below(serversOf(setting));
  const amount = least + random.below(most - least + 1);
  const lasts = kind.end !== undefined && random.below(SIDES) > 0;
  const forMs = lasts ? 1 + random.below(random.chance(0.5) ? 800 : 4000) : 0;
  return { atMs, kind: kind.name, server, amount, forMs, key };
}
