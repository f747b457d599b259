/**
 * Cuts a failing storm down: whole pieces first, then single faults, then their lengths and amounts, then
 * their moments. A smaller storm counts only if it breaks the same invariant; every fault has its own stream of
 * chance, so that the others stay what they are. Source: reliability.md 2.4 (ddmin, Zeller and Hildebrandt 2002).
 */
import type { InvariantId } from "../../firmware/simulator/invariants.ts";
import { faultNamed } from "./faults.ts";
import { runStorm } from "./run-storm.ts";
import type { Storm, StormFault } from "./storm.ts";

/** A run takes some ten to some hundred ms. */
const RUNS_MAX = 400;
/** The whole report has to stand after half a minute. */
const PATIENCE_MS = 20_000;
const ROUND_MS = 100;
const HEAL_AFTER_MS = 3000;

export interface ShrunkStorm {
  readonly storm: Storm;
  readonly runs: number;
}

/** `breaks`: whether a candidate still fails in the same way; default: by running it. */
export function shrinkStorm(
  storm: Storm,
  id: InvariantId,
  breaks: (candidate: Storm) => boolean = (candidate) =>
    runStorm(candidate).violations.some((violation) => violation.id === id),
): ShrunkStorm {
  const beganAtMs = performance.now();
  let runs = 0;
  const fails = (candidate: Storm): boolean => {
    if (runs >= RUNS_MAX || performance.now() - beganAtMs >= PATIENCE_MS) return false;
    runs += 1;
    return breaks(candidate);
  };
  let best = dropFaults(storm, fails);
  for (const simpler of [halve, weaken, round]) {
    for (const at of best.faults.keys()) best = change(best, at, simpler, fails);
  }
  const lastMs = Math.max(0, ...best.faults.map(({ atMs }) => atMs));
  const early = { ...best, healAtMs: Math.min(best.healAtMs, lastMs + HEAL_AFTER_MS) };
  if (early.healAtMs < best.healAtMs && fails(early)) best = early;
  return { storm: best, runs };
}

function dropFaults(storm: Storm, fails: (candidate: Storm) => boolean): Storm {
  let best = storm;
  for (let pieces = 2; best.faults.length > 0; ) {
    const size = Math.ceil(best.faults.length / pieces);
    const smaller = Array.from({ length: pieces }, (_, piece) => ({
      ...best,
      faults: best.faults.filter((_, at) => Math.floor(at / size) !== piece),
    })).find((candidate) => candidate.faults.length < best.faults.length && fails(candidate));
    if (smaller !== undefined) {
      best = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size <= 1) break;
    else pieces = Math.min(best.faults.length, pieces * 2);
  }
  return best;
}

function change(
  storm: Storm,
  at: number,
  simpler: (fault: StormFault, storm: Storm) => StormFault,
  fails: (candidate: Storm) => boolean,
): Storm {
  const faults = storm.faults.map((fault, index) => (index === at ? simpler(fault, storm) : fault));
  const candidate = { ...storm, faults };
  const isSame = JSON.stringify(faults[at]) === JSON.stringify(storm.faults[at]);
  return !isSame && fails(candidate) ? candidate : storm;
}

const halve = (fault: StormFault): StormFault => ({ ...fault, forMs: Math.ceil(fault.forMs / 2) });

function weaken(fault: StormFault): StormFault {
  const least = faultNamed(fault.kind)?.range[0] ?? fault.amount;
  return { ...fault, amount: Math.max(least, Math.floor(fault.amount / 2)) };
}

const round = (fault: StormFault, { healAtMs }: Storm): StormFault => ({
  ...fault,
  atMs: Math.min(healAtMs, Math.round(fault.atMs / ROUND_MS) * ROUND_MS),
});
