/**
 * The invariants by their stable ids, and what each of them says about this product. A violation names its
 * id, so that a plan that is cut down keeps breaking the same one.
 * Source: reliability.md 2.5; protocol.md 1.3-1.8.
 */

/** What must never be, in the words of this release; parts of the ids that need devices it has not are said. */
export const INVARIANTS = {
  S1: "no group has effects on two servers at one time",
  S2: "nobody writes another server's block, and no word of an older epoch follows a newer one",
  S3: "nothing starts outside the other server's view while that one holds its lease and may own",
  S4: "who gives up owns nothing once its margin is over, or its watchdog has ended it",
  S5: "of two partitions at most one goes on where an arbiter settles it",
  S6: "an epoch is installed once, with one set of members, and never after a later one",
  S7: "frames of older lives, other keys and other versions make nobody look alive",
  S8: "after a sleep longer than the lease nothing is owned before it has been acknowledged again",
  S9: "nobody is put out of a view while it is heard as a member",
  S10: "whoever is taken for gone before its lease is over owns nothing (off commands: not in this release)",
  S11: "a start alone waits the whole start sync wait, whatever the clocks do (schedules: not yet)",
  S12: "off by order and the clean mark only when nothing runs any more (UPS: not in this release)",
  S13: "what is read back from flash was once written whole",
  S14: "an order is answered once, and a refused one changes nothing",
  S15: "what lies outside the cluster changes no decision",
  L1: "after the healing every wanted group runs, once",
  L2: "after the healing there is one view, and nobody stays in one that the others have left",
  L3: "after a blackout the service is back, or waits for an operator and comes back by his order",
  L4: "after the healing nobody changes its view, gives up or moves a group any more",
  L5: "a new configuration is installed everywhere or nowhere (updates: not in this release)",
  L6: "no refusal, conflict or provisional view outlives its cause",
  L7: "who announced a group's address last is who owns it",
  L8: "queues are bounded",
} as const;
export type InvariantId = keyof typeof INVARIANTS;
export const INVARIANT_IDS = Object.keys(INVARIANTS) as InvariantId[];

export interface Violation {
  readonly id: InvariantId;
  readonly text: string;
}
