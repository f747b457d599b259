/**
 * A mutant: one rule taken out of the compiled sources by replacing one text, and the test that has to fail
 * then. Pure parts: what a replacement is, and which mutants a sample takes.
 */
import { Prng } from "../../hal/base/prng.ts";

/** One text of one compiled file in place of another. */
export interface Replacement {
  /** Compiled file, from the folder of the compiled sources. */
  readonly file: string;
  /** Occurs exactly once in that file. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant extends Replacement {
  /** Rows or rules that are taken out, e.g. `R84` or `D18`. */
  readonly row: string;
  /** What the product does without the rule. */
  readonly name: string;
  /** Compiled test files, quick ones first; the first that fails is the one that notices. */
  readonly tests: readonly string[];
}

export type Applied =
  | { readonly kind: "applied"; readonly text: string }
  /** `count` 0 = the text is not there any more, above 1 = it says too little. */
  | { readonly kind: "unfit"; readonly count: number };

export function applyMutant({ from, to }: Pick<Replacement, "from" | "to">, text: string): Applied {
  const parts = text.split(from);
  if (parts.length !== 2) return { kind: "unfit", count: parts.length - 1 };
  return { kind: "applied", text: parts.join(to) };
}

/** `count` of them, the same ones for the same seed, in the order of the list. */
export function sampleOf<T>(list: readonly T[], count: number, seed: number): T[] {
  const left = list.map((_, at) => at);
  const taken = new Set<number>();
  const prng = new Prng(seed);
  while (taken.size < count && left.length > 0) {
    const [at] = left.splice(prng.below(left.length), 1);
    if (at !== undefined) taken.add(at);
  }
  return list.filter((_, at) => taken.has(at));
}
