/**
 * The rules that are taken out, one at a time, each with the small world that has to notice: protocol.md
 * chapter 3 first ("3"), then by the names of chapter 2 and of the rules.
 * Not here: votes that do not bind (L1), a voter that does not look itself (1.4.2 alone), a voter that forgets
 * and does not abstain (L9 alone). A candidate proposes only when no member of the new view hears the dropped
 * server, so its lease is over before the first vote; four link events (majority-links), and two with late
 * beats (majority-late), do not get around that. Where one rule covers another both are taken out.
 * Nor an order to install that stands for ever (1.9): the next view takes it, only later than it was meant.
 * Source: protocol.md 1.3-1.9, 2.1, 2.2, 2.4, chapter 3.
 */
import { CREW_MUTANTS } from "./mutant-crew.ts";
import { PAIR_MUTANTS } from "./mutant-pair.ts";

export interface Edit {
  readonly file: string;
  /** Occurs exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly name: string;
  /** The world that shows it, with fewer events where that is enough. */
  readonly world: string;
  readonly events?: number;
  readonly edits: readonly Edit[];
}

/** Two servers first. */
export const MUTANTS: readonly Mutant[] = [...PAIR_MUTANTS, ...CREW_MUTANTS];
