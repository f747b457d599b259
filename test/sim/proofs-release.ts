/**
 * Proofs for servers of two releases: the difference is shown as long as it is there, what is not known is
 * answered, and nothing else happens. Source: R207, D56; spec/peers.md G7.
 */
import type { Proof } from "./proof.ts";

const apart = {
  in: "com-disk",
  at: 1,
  sight: "note release.differs",
  without: "nobody",
  with: "S0 S1",
} as const;

export const RELEASE_PROOFS: readonly Proof[] = [
  { ...apart, kind: "release-update", rule: "R207: a mixed cluster is shown", amount: 800 },
  {
    kind: "release-rolling",
    in: "majority-3",
    rule: "R207: and so is the end of it",
    amount: 1000,
    sight: "note release.same",
    without: "nobody",
    // The last one sees the others' release from its first word on.
    with: "S0 S1",
  },
  { ...apart, kind: "release-agent", rule: "R207" },
  {
    ...apart,
    kind: "release-before",
    rule: "R207: a release before says none, and is one of before",
    with: "S0",
  },
  {
    ...apart,
    kind: "release-installed",
    rule: "R207: it counts from the next start",
    both: [{ kind: "kill-agent", fromMs: 4000, at: 1 }],
  },
  {
    kind: "release-order",
    in: "com-disk",
    rule: "R207: what is not known is answered",
    sight: "answers",
    without: "none",
    with: "other-release",
  },
];
