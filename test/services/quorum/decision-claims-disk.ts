/**
 * Claims, as in decision-claims.ts, of the shared disk and of the majority. Written by hand from guide 1.2.4
 * B3-B8 and J2-J4, protocol.md 1.6-1.7, D1, D2, D6, D7.
 */
import type { Claim } from "./decision-claims.ts";
import type { Situation } from "./decision-tables.ts";

type When = Claim["when"];

/** Somebody of better priority lives: an owner leaves M before J, the others at J, and nobody before. */
function giveWay(rule: string, when: When): Claim[] {
  const owner = { ...when, server: "owner" };
  const idle = { ...when, server: "idle" };
  return [
    { rule, when: owner, from: "leave", says: ["ES:outranked"] },
    { rule, when: owner, until: "leave", says: ["wait"] },
    { rule, when: idle, from: "J", says: ["ES:outranked"] },
    { rule, when: idle, until: "J", says: ["wait"] },
  ];
}

/** `asked`: the loss is this server's to look at, an owner's from A3, the others' from T. */
const isAsked = ({ since, server }: Situation): boolean =>
  since !== "fresh" && (since !== "late" || server === "owner");

/** `fit`: own stamps in time, not left out, and awake where that matters. */
const isFit = ({ stamps, left, slept, server }: Situation): boolean =>
  stamps === "timely" && left === "in" && (slept === "awake" || server === "owner");

const yes = (is: boolean): string => (is ? "yes" : "no");

/** The situation with the words that these claims use beside the columns. */
export const withFitness = (one: Situation): Situation =>
  one["left"] === undefined ? one : { ...one, asked: yes(isAsked(one)), fit: yes(isFit(one)) };

const FIT = { asked: "yes", fit: "yes" };
const ALONE = { ...FIT, frames: "good" };
const LONELY: readonly When[] = [
  { ...ALONE, other: "quiet" },
  { ...ALONE, rank: "top", other: "alive" },
];

const DISK: readonly Claim[] = [
  { rule: "1.6: no loss, no verdict", when: { asked: "no" }, says: ["wait"] },
  { rule: "1.4.4", when: { asked: "yes", left: "out" }, says: ["ES:excluded"] },
  {
    rule: "B4 B6",
    when: { asked: "yes", left: "in", stamps: "late", slept: "awake" },
    says: ["ES:disk-faulty"],
  },
  {
    rule: "B4 B6: also an owner that slept",
    when: { asked: "yes", left: "in", stamps: "late", server: "owner" },
    says: ["ES:disk-faulty"],
  },
  {
    rule: "1.6: who slept knows nothing of the silence",
    when: { asked: "yes", left: "in", server: "idle", slept: "slept" },
    says: ["ES:deposed"],
  },
  ...giveWay("B5 D6: the best of the living decides", { ...FIT, rank: "below", other: "alive" }),
  ...giveWay("B5 G8: what cannot be read lives", { ...FIT, rank: "below", frames: "refused" }),
  ...LONELY.flatMap((when): Claim[] => [
    { rule: "B5 B8", when: { ...when, since: "judged", heard: "J" }, says: ["go-on"] },
    { rule: "B8: not before J", when, until: "J", says: ["wait"] },
    { rule: "L10", when: { ...when, heard: ["T", "between"] }, says: ["wait"] },
  ]),
  {
    rule: "1.6: off frees the groups at T",
    when: { ...ALONE, other: "gone", heard: ["between", "J"] },
    from: "T",
    says: ["go-on"],
  },
  { rule: "1.6", when: { ...ALONE, other: "gone" }, until: "T", says: ["wait"] },
  { rule: "L10", when: { ...ALONE, other: "gone", heard: "T" }, says: ["wait"] },
  {
    rule: "G8: frames that cannot be read are life",
    when: { ...FIT, rank: "top", frames: "refused", heard: "J" },
    from: "J",
    says: ["refuse:presence"],
  },
  { rule: "G8", when: { ...FIT, rank: "top", frames: "refused" }, until: "J", says: ["wait"] },
  {
    rule: "G8",
    when: { ...FIT, rank: "top", frames: "refused", heard: ["T", "between"] },
    says: ["wait"],
  },
];

const EARLY: readonly Claim[] = [
  { rule: "D1: never before T", when: {}, until: "T", says: ["wait"] },
  ...giveWay("B5", { rank: "below", other: "alive" }),
  ...giveWay("G8", { rank: "below", frames: "refused" }),
  {
    rule: "D1: one wait without a stamp is enough",
    when: { other: ["quiet", "gone"], frames: "good", heard: ["between", "J"] },
    from: "T",
    says: ["go-on"],
  },
  {
    rule: "L10",
    when: { other: ["quiet", "gone"], frames: "good", heard: "T" },
    says: ["wait"],
  },
  {
    rule: "D1: who lives is given the whole time",
    when: { rank: "top", other: "alive" },
    until: "J",
    says: ["wait"],
  },
  {
    rule: "B5",
    when: { rank: "top", other: "alive", frames: "good", heard: "J" },
    from: "J",
    says: ["go-on"],
  },
  {
    rule: "L10",
    when: { rank: "top", other: "alive", heard: ["T", "between"] },
    says: ["wait"],
  },
  { rule: "G8", when: { rank: "top", frames: "refused" }, until: "J", says: ["wait"] },
  {
    rule: "G8",
    when: { rank: "top", frames: "refused", heard: "J" },
    from: "J",
    says: ["refuse:presence"],
  },
  {
    rule: "G8",
    when: { rank: "top", frames: "refused", heard: ["T", "between"] },
    says: ["wait"],
  },
];

const NEAR = ["near", "near-blind"];
/** Those that do not decide although they are of better priority (D6). */
const MUTE = ["near-blind", "cut-quiet", "cut-gone"];
const SLOW = ["cut-alive", "cut-quiet"];
const QUICK = ["near", "near-blind", "cut-gone"];

/** The top of three: whoever of the others is away is taken over. */
function topClaims(self: When, others: readonly (readonly [When, When])[]): Claim[] {
  return others.flatMap(([one, two]): Claim[] => {
    const when = { ...self, ...one, ...two };
    return [
      { rule: "B5 B8", when, from: "J", says: ["go-on"] },
      { rule: "B8: not before J", when, until: "J", says: ["wait"] },
    ];
  });
}

function freeClaims(self: When, others: readonly (readonly [When, When])[]): Claim[] {
  return others.flatMap(([one, two]): Claim[] => {
    const when = { ...self, ...one, ...two };
    return [
      { rule: "1.6: all who are away said off", when, from: "T", says: ["go-on"] },
      { rule: "1.6", when, until: "T", says: ["wait"] },
    ];
  });
}

const THREE: readonly Claim[] = [
  { rule: "R13", when: { since: "fresh" }, says: ["wait"] },
  { rule: "D7: nobody is away", when: { one: NEAR, two: NEAR }, says: ["wait"] },
  { rule: "B5: reaches the best one", when: { self: ["S2", "S3"], one: "near" }, says: ["wait"] },
  ...giveWay("B5: does not reach it", { self: ["S2", "S3"], one: "cut-alive" }),
  {
    rule: "D6: the best of the living, reached",
    when: { self: "S3", one: MUTE, two: "near" },
    says: ["wait"],
  },
  ...giveWay("D6: not reached", { self: "S3", one: MUTE, two: "cut-alive" }),
  ...topClaims({ self: "S1" }, [
    [{ one: SLOW }, {}],
    [{}, { two: SLOW }],
  ]),
  ...freeClaims({ self: "S1" }, [
    [{ one: "cut-gone" }, { two: QUICK }],
    [{ one: QUICK }, { two: "cut-gone" }],
  ]),
  ...topClaims({ self: "S2" }, [
    [{ one: "cut-quiet" }, {}],
    [{ one: MUTE }, { two: SLOW }],
  ]),
  ...freeClaims({ self: "S2" }, [
    [{ one: "cut-gone" }, { two: QUICK }],
    [{ one: "near-blind" }, { two: "cut-gone" }],
  ]),
  ...topClaims({ self: "S3" }, [
    [{ one: "cut-quiet" }, { two: MUTE }],
    [{ one: MUTE }, { two: "cut-quiet" }],
  ]),
  ...freeClaims({ self: "S3" }, [
    [{ one: "cut-gone" }, { two: ["near-blind", "cut-gone"] }],
    [{ one: "near-blind" }, { two: "cut-gone" }],
  ]),
];

const WAITED = ["head", "over"];
const SAID = ["pending", "won", "lost", "failed"];

/** Whoever has said that it would begin takes the word back, whoever has not is refused. */
const refusedOr = (rule: string, when: When, reason: string): Claim[] => [
  { rule, when: { ...when, wait: WAITED, claim: "none" }, says: [`refuse:${reason}`] },
  { rule, when: { ...when, wait: WAITED, claim: SAID }, says: ["withdraw"] },
];

const calm = { wait: WAITED, frames: "good", stamps: "timely" };

const DISK_START: readonly Claim[] = [
  { rule: "S2 S3 D17", when: { wait: "waiting" }, says: ["wait"] },
  ...refusedOr("D56", { frames: "refused" }, "presence"),
  ...refusedOr("D55 B4", { frames: "good", stamps: "late" }, "disk-faulty"),
  ...refusedOr(
    "D55: top of the fresh slots",
    { frames: "good", stamps: "timely", rivals: ["stands", "both"] },
    "outranked",
  ),
  { rule: "1.7: every slot is read first", when: { ...calm, rivals: "unproven" }, says: ["wait"] },
  { rule: "1.7", when: { ...calm, rivals: "none", claim: "none" }, says: ["claim"] },
  { rule: "1.7", when: { ...calm, rivals: "none", claim: "pending" }, says: ["wait"] },
  { rule: "1.7", when: { ...calm, rivals: "none", claim: "won" }, says: ["go-on"] },
  {
    rule: "1.7",
    when: { ...calm, rivals: "none", claim: ["lost", "failed"] },
    says: ["withdraw"],
  },
];

/** Verdicts at the ages that the lease column names. */
const MAJORITY: readonly Claim[] = [
  { rule: "J2 R88: a majority goes on", when: { reach: "enough" }, says: ["wait"] },
  {
    rule: "J2 J3 J4: the owner is gone before anybody takes over",
    when: { reach: "short", server: "owner", lease: ["late", "over"] },
    says: ["ES:partition"],
  },
  {
    rule: "J2 J3 J4",
    when: { reach: "short", server: "idle", lease: "over" },
    says: ["ES:partition"],
  },
  { rule: "R13", when: { lease: "fresh" }, says: ["wait"] },
  { rule: "R13", when: { server: "idle", lease: "late" }, says: ["wait"] },
];

/** By table of decisions.txt. */
export const DISK_CLAIMS: Readonly<Record<string, readonly Claim[]>> = {
  disk: DISK,
  "disk early": EARLY,
  "disk three": THREE,
  "disk start": DISK_START,
  majority: MAJORITY,
};
