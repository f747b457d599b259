/**
 * Which invariants the rule behind a seeded bug stands for: every mutant's name begins with its rule, and what
 * the rule protects is said here once. Source: protocol.md 1.3-1.7, 2.1, chapter 3; reliability.md 2.5, 6
 * (oracle strength: at least 40 seeded bugs, all caught).
 */
import type { InvariantId } from "../../firmware/simulator/invariants.ts";

/** Beginning of a mutant's name, longer ones first; the invariants that fall without its rule. */
const RULES: readonly (readonly [string, readonly InvariantId[]])[] = [
  ["1.3.1", ["S3", "S5"]],
  ["1.3.2", ["S3", "S1"]],
  ["1.3.3", ["S3", "S4"]],
  ["1.3.4", ["S3", "S9"]],
  ["1.3.6", ["S4", "S1"]],
  ["1.4.1", ["S9", "L2"]],
  ["1.4.2", ["S10", "S1"]],
  ["1.4.3", ["S3", "S5"]],
  ["1.4.4", ["S6", "L2"]],
  ["1.4.5", ["S3", "S1"]],
  ["1.4.6", ["S1"]],
  ["1.4.8", ["S6", "S5"]],
  ["1.5 claim 2", ["S5", "S1"]],
  ["1.5 claim 5", ["S5"]],
  ["1.5 claim 6", ["S3", "S5"]],
  ["1.5 claim 7", ["S5", "L2"]],
  ["1.5: com", ["S3", "S5"]],
  ["1.7", ["S11", "S5"]],
  ["D15", ["S5", "L1"]],
  ["D53", ["S5", "L2"]],
  ["D55", ["S5"]],
  ["D56", ["S7"]],
  ["G2", ["L1"]],
  ["G4", ["S5", "L1"]],
  ["J2", ["S5"]],
  ["J3", ["S5"]],
  ["L3", ["S10"]],
  ["L5", ["S8", "S5"]],
  ["L8", ["S5"]],
  ["L9", ["S3", "S6"]],
  ["shared disk: 1.6", ["L1"]],
  ["shared disk: 1.7", ["S5", "S11"]],
  ["shared disk: B3", ["S9", "L1"]],
  ["shared disk: B4", ["S3", "S5"]],
  ["shared disk: B5", ["S5", "S3"]],
  ["shared disk: B8", ["S3"]],
  ["shared disk: D1", ["S3", "S9"]],
  ["shared disk: D6", ["L1"]],
  ["shared disk: D7", ["L1"]],
  ["shared disk: G10", ["S3"]],
  ["shared disk: G8", ["S7"]],
  ["shared disk: G9", ["L1"]],
  ["shared disk: L3", ["S10"]],
  ["shared disk: L5", ["S8", "S5"]],
  ["shared disk: P1", ["S12", "S10"]],
  ["shared disk: P6", ["S2"]],
  ["shared disk: R78", ["S3", "S5"]],
  ["shared disk: R79", ["S3"]],
  ["shared disk: ", ["S5", "S3"]],
  ["found: a claim", ["S5"]],
  ["found: a conflict", ["L6", "L1"]],
  ["found: a deadline", ["S3", "S4"]],
  ["found: events", ["S3", "S4"]],
  ["found: a failed claim", ["L1"]],
  ["found: epochs", ["S6"]],
  ["found: empty words", ["L1"]],
  ["found: late words", ["L1"]],
  ["found: a stranded", ["L1"]],
  ["found: a silent member", ["L1"]],
  ["found: who stays", ["L1"]],
  ["found: news", ["S4", "L4"]],
  ["found: off is ordered", ["L6", "S12"]],
  ["found: one-way COM", ["S11", "S5"]],
  ["found: the only server", ["L1", "L6"]],
  ["found: stamps", ["S7"]],
  ["found: a new boot", ["S10", "L2"]],
  ["found: a restarted", ["S9", "S5"]],
  ["found: a starter", ["S5"]],
  ["found: a taught", ["S4"]],
  ["found: a beat", ["S4", "L4"]],
  ["found: an agent", ["S10", "S1"]],
];

/** Longest beginning that fits; empty = nobody has said what the rule is for. */
export function invariantsOf(name: string): readonly InvariantId[] {
  const fits = RULES.filter(([beginning]) => name.startsWith(beginning));
  const best = fits.sort(([a], [b]) => b.length - a.length)[0];
  return best?.[1] ?? [];
}
