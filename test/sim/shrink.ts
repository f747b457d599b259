/**
 * Cuts a failing plan down to the faults that matter: whole pieces first, then single faults, then times.
 * A smaller plan counts only if it breaks the same invariant.
 * Source: reliability.md 2.4 (ddmin, Zeller and Hildebrandt 2002).
 */
import type { Plan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";

/** At some milliseconds a run this ends within seconds. */
const RUNS_MAX = 600;
/** What is not small by then stays as it is. */
const PATIENCE_MS = 20_000;
const ROUND_MS = 100;

export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
}

export function shrink(plan: Plan, id: string): Shrunk {
  const beganAtMs = performance.now();
  let runs = 0;
  const fails = (candidate: Plan): boolean => {
    if (runs >= RUNS_MAX || performance.now() - beganAtMs >= PATIENCE_MS) return false;
    runs += 1;
    return runPlan(candidate).problems.some((problem) => problem.id === id);
  };
  let best = plan;
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
  for (const step of [roundTimes, healEarly]) {
    const candidate = step(best);
    if (fails(candidate)) best = candidate;
  }
  return { plan: best, runs };
}

const roundTimes = (plan: Plan): Plan => ({
  ...plan,
  faults: plan.faults.map((fault) => ({
    ...fault,
    atMs: Math.min(plan.healAtMs, Math.round(fault.atMs / ROUND_MS) * ROUND_MS),
  })),
});

function healEarly(plan: Plan): Plan {
  const lastMs = Math.max(0, ...plan.faults.map(({ atMs }) => atMs));
  return { ...plan, healAtMs: Math.min(plan.healAtMs, lastMs + 3 * plan.timeoutMs) };
}
