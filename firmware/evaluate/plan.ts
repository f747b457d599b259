/**
 * Which runs are made. Of two servers all are; of more the number of frames grows with the square of the
 * servers, so that a bounded selection is made and what it leaves out is counted and said: never a row of
 * 3.2.2 and never a kind of fault. Intuition: first one fault of every kind, the nearest to the limit of the
 * majority; then the same kinds on other servers; then other distributions of the groups. Source: work order 4 item 8; guide 3.2.
 */
import { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { expectedOf, type SimulatedMethod } from "./expected.ts";
import { type Fault, type FaultKind, listFaults } from "./fault.ts";
import { listPairs } from "./pairs.ts";
import { listStarts, type StartState } from "./stage.ts";
import { TRANSITIONS } from "./transitions.ts";

export interface FaultRun {
  readonly start: StartState;
  readonly fault: Fault;
}
export interface PairRun {
  readonly start: StartState;
  readonly couple: readonly [Fault, Fault];
}

/** What a smaller cluster would have been asked beyond this. */
export interface LeftOut {
  /** Runs of single faults. */
  readonly faults: number;
  /** Runs of pairs; 0 as well when no pairs were asked for. */
  readonly pairs: number;
}

export interface Plan {
  readonly starts: readonly StartState[];
  readonly faults: readonly FaultRun[];
  readonly transitions: readonly string[];
  readonly pairs: readonly PairRun[];
  readonly leftOut: LeftOut;
}

/** All a run does beside the frames, in units of one frame between each two servers. */
const RUN_COST = 2;
/** In the same units: about half a minute of one core for those beyond the first of each kind. */
const FAULTS_COST_MAX = 2400;
/** Pairs are asked for by someone who has more time: about two minutes. */
const PAIRS_COST_MAX = 9000;
/** Any number: the same pairs every time. */
const PAIRS_SEED = 20260502;

/** The guide's rows of many servers first, then what every method has to bear. */
const KINDS_FIRST: readonly FaultKind[] = [
  ...(["power", "isolate", "lans", "power-minority", "power-majority", "split-minority"] as const),
  ...(["array-power", "array-lans", "between-best"] as const),
  ...(["split-half", "lans-deaf", "lans-one-way", "between", "freeze-long", "lan"] as const),
  ...(["kill-both", "hang-agent", "program-broken", "hang-pulse", "keys", "mains"] as const),
  "move-power",
];
export function planRuns(config: LoadedConfig, method: SimulatedMethod, double: boolean): Plan {
  const { timeoutMs, watchdogMs } = config.budget;
  const starts = listStarts(config);
  const faults = listFaults(config).filter(
    ({ kind }) =>
      expectedOf(kind, method, {
        timeoutMs,
        watchdogMs,
        onlyServer: false,
        servers: config.servers.length,
      }) !== null,
  );
  const all = starts.flatMap((start) => faults.map((fault) => ({ start, fault })));
  const chosen = chooseFaults(config, all);
  const couples = double ? listPairs(config) : [];
  const pairs = starts.flatMap((start) => couples.map((couple) => ({ start, couple })));
  const chosenPairs = choosePairs(config, pairs);
  return {
    starts: starts.filter(
      (start) =>
        chosen.some((run) => run.start === start) || chosenPairs.some((run) => run.start === start),
    ),
    faults: chosen,
    transitions: TRANSITIONS,
    pairs: chosenPairs,
    leftOut: { faults: all.length - chosen.length, pairs: pairs.length - chosenPairs.length },
  };
}

const isWhole = ({ servers }: LoadedConfig): boolean => servers.length === 2;

const runCost = ({ servers }: LoadedConfig): number => RUN_COST + servers.length ** 2;

/** One run of each kind, and as many more as the cost allows, in the order of the list. */
function chooseFaults(config: LoadedConfig, all: readonly FaultRun[]): readonly FaultRun[] {
  if (isWhole(config)) return all;
  const seen = new Set<FaultKind>();
  const ranked = all.map((run, at) => {
    const isFirst = !seen.has(run.fault.kind);
    seen.add(run.fault.kind);
    return { run, rank: isFirst ? rankOf(run.fault.kind) : KINDS_FIRST.length + 1, at };
  });
  ranked.sort((a, b) => a.rank - b.rank || a.at - b.at);
  const most = Math.max(seen.size, Math.floor(FAULTS_COST_MAX / runCost(config)));
  const taken = ranked.slice(0, most).sort((a, b) => a.at - b.at);
  return taken.map(({ run }) => run);
}

function rankOf(kind: FaultKind): number {
  const at = KINDS_FIRST.indexOf(kind);
  return at < 0 ? KINDS_FIRST.length : at;
}

/** Spread over all of them, the same every time. */
function choosePairs(config: LoadedConfig, all: readonly PairRun[]): readonly PairRun[] {
  const most = Math.floor(PAIRS_COST_MAX / runCost(config));
  if (isWhole(config) || all.length <= most) return all;
  const random = new Prng(PAIRS_SEED);
  const drawn = all.map((run, at) => ({ run, at, lot: random.u32() }));
  drawn.sort((a, b) => a.lot - b.lot);
  const taken = drawn.slice(0, most).sort((a, b) => a.at - b.at);
  return taken.map(({ run }) => run);
}
