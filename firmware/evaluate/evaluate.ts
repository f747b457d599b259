/**
 * The evaluation before operation (guide 3.2) of one configuration: every single fault from every start state,
 * the state transitions, on demand every pair of faults, and the fault envelope. Deterministic: the same
 * configuration gives the same answer. Source: guide 3.2.1, 3.2.2; D52, D54; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { type EnvelopeRow, envelopeOf } from "./envelope.ts";
import type { SimulatedMethod } from "./expected.ts";
import { listFaults } from "./fault.ts";
import { listPairs, type PairRow, runPair } from "./pairs.ts";
import { type FaultRow, runFault } from "./single.ts";
import { listStarts, type StartState } from "./stage.ts";
import { runTransition, TRANSITIONS, type TransitionRow } from "./transitions.ts";

export interface Evaluation {
  readonly starts: readonly StartState[];
  readonly faults: readonly FaultRow[];
  readonly transitions: readonly TransitionRow[];
  /** null = not asked for. */
  readonly pairs: readonly PairRow[] | null;
  /** Of all methods that are simulated. */
  readonly envelope: readonly EnvelopeRow[];
}

export interface Options {
  readonly double: boolean;
  /** Called after each run; false ends the evaluation. Default: goes on. */
  readonly goesOn: () => Promise<boolean>;
  /** Before the pairs: how many runs. */
  readonly beforePairs: (runs: number) => void;
}

/** null = ended by `goesOn`. */
export async function evaluate(
  config: LoadedConfig,
  method: SimulatedMethod,
  { double, goesOn, beforePairs }: Options,
): Promise<Evaluation | null> {
  const starts = listStarts(config);
  const faults: FaultRow[] = [];
  for (const start of starts) {
    for (const fault of listFaults(config)) {
      const row = runFault(config, method, start, fault);
      if (row !== null) faults.push(row);
      if (!(await goesOn())) return null;
    }
  }
  const transitions: TransitionRow[] = [];
  for (const row of TRANSITIONS) {
    const played = runTransition(config, row);
    if (played !== null) transitions.push(played);
    if (!(await goesOn())) return null;
  }
  const pairs: PairRow[] = [];
  const couples = double ? listPairs(config) : [];
  if (double) beforePairs(couples.length * starts.length);
  for (const start of couples.length > 0 ? starts : []) {
    for (const couple of couples) {
      pairs.push(runPair(config, start, couple));
      if (!(await goesOn())) return null;
    }
  }
  const envelope = envelopeOf(config);
  return { starts, faults, transitions, pairs: double ? pairs : null, envelope };
}

/** Nothing differs from what the guide expects. */
export function agrees({ faults, transitions, pairs }: Evaluation): boolean {
  return [...faults, ...transitions, ...(pairs ?? [])].every(({ permitted }) => permitted);
}
