/**
 * The evaluation before operation (guide 3.2) of one configuration: the single faults, the state
 * transitions, on demand pairs of faults, and the fault envelope; of a large cluster a selection. Deterministic: the same
 * configuration gives the same answer. Source: guide 3.2.1, 3.2.2; D52, D54; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { type EnvelopeRow, envelopeOf, measured } from "./envelope.ts";
import type { SimulatedMethod } from "./expected.ts";
import { type PairRow, runPair } from "./pairs.ts";
import { type LeftOut, planRuns } from "./plan.ts";
import { type FaultRow, runFault } from "./single.ts";
import type { StartState } from "./stage.ts";
import { type AbsentRow, runTransition, type TransitionRow } from "./transitions.ts";

export interface Evaluation {
  readonly starts: readonly StartState[];
  readonly faults: readonly FaultRow[];
  readonly transitions: readonly TransitionRow[];
  /** Rows of 3.2.2 for which the configuration has nothing. */
  readonly absent: readonly AbsentRow[];
  /** null = not asked for. */
  readonly pairs: readonly PairRow[] | null;
  /** Of all methods that are simulated; what was measured, of this one. */
  readonly envelope: readonly EnvelopeRow[];
  /** Runs that were not made, because the cluster is large. */
  readonly leftOut: LeftOut;
}

export interface Options {
  readonly double: boolean;
  /** Before the first of them: how many single faults and rows. */
  readonly beforeRuns: (runs: number) => void;
  /** Called after each run; false ends the evaluation. Default: goes on. */
  readonly goesOn: () => Promise<boolean>;
  /** Before the pairs: how many runs. */
  readonly beforePairs: (runs: number) => void;
}

/** null = ended by `goesOn`. */
export async function evaluate(
  config: LoadedConfig,
  method: SimulatedMethod,
  { double, goesOn, beforeRuns, beforePairs }: Options,
): Promise<Evaluation | null> {
  const plan = planRuns(config, method, double);
  beforeRuns(plan.faults.length + plan.transitions.length);
  const faults: FaultRow[] = [];
  for (const { start, fault } of plan.faults) {
    const row = runFault(config, method, start, fault);
    if (row !== null) faults.push(row);
    if (!(await goesOn())) return null;
  }
  const transitions: TransitionRow[] = [];
  const absent: AbsentRow[] = [];
  for (const row of plan.transitions) {
    const played = runTransition(config, row);
    if (played.kind === "played") transitions.push(played);
    else absent.push(played);
    if (!(await goesOn())) return null;
  }
  const pairs: PairRow[] = [];
  if (double) beforePairs(plan.pairs.length);
  for (const { start, couple } of plan.pairs) {
    pairs.push(runPair(config, start, couple));
    if (!(await goesOn())) return null;
  }
  const { starts, leftOut } = plan;
  const envelope = measured(envelopeOf(config), method, faults);
  return { starts, faults, transitions, absent, pairs: double ? pairs : null, envelope, leftOut };
}
