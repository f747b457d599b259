/**
 * A proof that a fault kind can change an outcome: one fixed run with the fault and the same run without it,
 * what an observer sees in each, and the rule that says so. Both are written by hand from the guide.
 * Source: work order 4 item 5 ("each proven to change an outcome").
 */
import { World } from "../../firmware/simulator/world.ts";
import { streamOf } from "./fault-kind.ts";
import { faultNamed } from "./faults.ts";
import { configOf, type SettingName, textOf } from "./settings.ts";
import { see } from "./sight.ts";

/** `at` = server that is struck, 0 by default; `forMs` 0 = it lasts. */
export interface Struck {
  readonly kind: string;
  readonly fromMs: number;
  readonly at?: number;
  readonly amount?: number;
  readonly forMs?: number;
}

export interface Proof {
  readonly kind: string;
  readonly in: SettingName;
  /** Rule or row that the two outcomes follow from. */
  readonly rule: string;
  readonly at?: number;
  readonly amount?: number;
  /** Default 3500: the cluster is calm, group one runs on S0 and two on S1. */
  readonly fromMs?: number;
  readonly forMs?: number;
  /** What happens in both runs. */
  readonly both?: readonly Struck[];
  /** When the observer looks; default 9000. */
  readonly lookMs?: number;
  /** Default 7. */
  readonly seed?: number;
  readonly sight: string;
  readonly without: string;
  readonly with: string;
}

const SEED = 7;
const CALM_MS = 3500;
const LOOK_MS = 9000;

export function outcomeOf(proof: Proof, isStruck: boolean): { seen: string; world: World } {
  const world = new World(configOf(proof.in), proof.seed ?? SEED, { text: textOf(proof.in) });
  for (const host of world.hosts) host.power();
  const { both = [], kind, fromMs = CALM_MS } = proof;
  const struck: Struck = { ...proof, kind, fromMs };
  for (const [at, fault] of [...both, ...(isStruck ? [struck] : [])].entries()) {
    arrange(world, fault, at);
  }
  world.run(proof.lookMs ?? LOOK_MS);
  return { seen: see(world, proof.sight), world };
}

function arrange(world: World, fault: Struck, order: number): void {
  const kind = faultNamed(fault.kind);
  if (kind === undefined) throw new Error(`no fault kind ${fault.kind}`);
  const { fromMs, at = 0, amount = 0, forMs = 0 } = fault;
  const random = streamOf(SEED, fault.kind, order);
  const blow = { world, host: world.at(at), amount, random };
  world.clock.at(fromMs, () => kind.strike(blow));
  if (forMs > 0) world.clock.at(fromMs + forMs, () => kind.end?.(blow));
}
