/**
 * The rules of the guide once more, as single claims in no order: "where this holds, only that may be said".
 * Intuition: decisions.txt is read from top to bottom, so an early row can hide a wrong one below it; here
 * every claim that fits has its say, and together they have to leave exactly one verdict. Written by hand from
 * guide 1.2.4, protocol.md 1.5-1.7 and D1-D16; nothing of the product is asked.
 */
import type { Mark, Situation } from "./decision-tables.ts";

export interface Claim {
  /** Rule of the guide or of protocol.md. */
  readonly rule: string;
  /** Column to the values it speaks of; columns left out do not matter. */
  readonly when: Readonly<Record<string, string | readonly string[]>>;
  /** From that age on, or before it; default any age. */
  readonly from?: Mark;
  readonly until?: Mark;
  /** The only verdicts left. */
  readonly says?: readonly string[];
  readonly never?: readonly string[];
}

type When = Claim["when"];

/** A reason to stop that an owner heeds at its own deadline and the others at theirs; before, they wait. */
function stops(rule: string, when: When, says: string, owner: Mark, idle: Mark): Claim[] {
  const own = { ...when, server: "owner" };
  const rest = { ...when, server: "idle" };
  return [
    { rule, when: own, from: owner, says: [says] },
    { rule, when: own, until: owner, says: ["wait"] },
    { rule, when: rest, from: idle, says: [says] },
    { rule, when: rest, until: idle, says: ["wait"] },
  ];
}

/** After the acknowledgements have stopped: what the COM word says, whatever else is known. */
const SUSPECT = ["first", "second", "late", "over", "past"];

const COM_DOUBTS: readonly Claim[] = [
  ...stops("D56", { age: SUSPECT, frames: "refused" }, "ES:presence", "A3", "T"),
  ...stops("A5 C5", { age: SUSPECT, frames: "good", com: "alive" }, "ES:partition", "A3", "T"),
  ...stops(
    "A4 A6 C4 C6",
    { age: SUSPECT, frames: "good", com: "faulty" },
    "ES:arbiter-faulty",
    "A3",
    "T",
  ),
];

const COM: readonly Claim[] = [
  { rule: "1.5: a fresh acknowledgement ends every doubt", when: { age: "fresh" }, says: ["wait"] },
  ...COM_DOUBTS,
  {
    rule: "A3 A7",
    when: { frames: "good", com: "together", silence: "silent" },
    from: "T",
    says: ["go-on"],
  },
  { rule: "L10", when: { silence: "heard" }, never: ["go-on"] },
  { rule: "R59", when: {}, until: "T", never: ["go-on"] },
  {
    rule: "R107: together is no reason to stop",
    when: { frames: "good", com: "together" },
    never: ["ES:presence", "ES:partition", "ES:arbiter-faulty"],
  },
];

const CRASH_OR_CUT = { frames: "good", com: "together" };
const NO_DOUBT = ["ES:presence", "ES:partition", "ES:arbiter-faulty"];
const CLAIMS_MADE = ["pending", "won", "lost", "failed"];

const COM_DISK: readonly Claim[] = [
  { rule: "1.5 claim 4", when: { age: "fresh", claim: "none" }, says: ["wait"] },
  { rule: "1.5 claim 4", when: { age: "fresh", claim: CLAIMS_MADE }, says: ["withdraw"] },
  { rule: "1.5 claim 4", when: { age: SUSPECT }, never: ["withdraw"] },
  ...COM_DOUBTS,
  { rule: "C7", when: { ...CRASH_OR_CUT }, never: NO_DOUBT },
  {
    rule: "C7: the winner goes on",
    when: { ...CRASH_OR_CUT, claim: "won", silence: "silent" },
    from: "T",
    says: ["go-on"],
  },
  {
    rule: "C7: the winner waits for the end of the other's grant",
    when: { ...CRASH_OR_CUT, claim: "won", silence: "heard", age: SUSPECT },
    says: ["wait"],
  },
  {
    rule: "C7",
    when: { ...CRASH_OR_CUT, claim: "won", age: SUSPECT },
    until: "T",
    says: ["wait"],
  },
  { rule: "C7", when: { claim: ["none", "pending", "lost", "failed"] }, never: ["go-on"] },
  ...stops(
    "C7: the loser stops",
    { ...CRASH_OR_CUT, claim: "lost", age: SUSPECT },
    "ES:claim-lost",
    "A3",
    "T",
  ),
  ...stops(
    "D5",
    { ...CRASH_OR_CUT, claim: ["pending", "failed"], age: SUSPECT },
    "ES:disk-faulty",
    "A3",
    "past",
  ),
  ...stops(
    "D5: no claim on a disk that fails",
    { ...CRASH_OR_CUT, claim: "none", disk: "fails", age: SUSPECT },
    "ES:disk-faulty",
    "A3",
    "past",
  ),
  {
    rule: "D4: the first one claims at A1",
    when: { ...CRASH_OR_CUT, claim: "none", disk: "works", order: "leads", age: "first" },
    says: ["claim"],
  },
  {
    rule: "D4: the second one leaves the first its time",
    when: { ...CRASH_OR_CUT, claim: "none", order: "follows", age: "first" },
    says: ["wait"],
  },
  {
    rule: "D4: both from A2",
    when: { ...CRASH_OR_CUT, claim: "none", disk: "works", age: "second" },
    says: ["claim"],
  },
  {
    rule: "D5: a server without groups claims up to T + DIO",
    when: {
      ...CRASH_OR_CUT,
      claim: "none",
      disk: "works",
      server: "idle",
      age: ["late", "over"],
    },
    says: ["claim"],
  },
  {
    rule: "D5: nobody claims past its own deadline",
    when: { ...CRASH_OR_CUT, claim: "none", server: "owner", age: ["late", "over", "past"] },
    says: ["ES:disk-faulty"],
  },
  {
    rule: "D5: nobody claims past its own deadline",
    when: { ...CRASH_OR_CUT, claim: "none", server: "idle", age: "past" },
    says: ["ES:disk-faulty"],
  },
];

const SAYS = { words: "says" };

const NONE: readonly Claim[] = [
  ...stops("H3 R103", { words: "lacks" }, "ES:method-unsupported", "A3", "T"),
  { rule: "H3: no double start", when: { words: "lacks" }, never: ["go-on", "refuse:presence"] },
  {
    rule: "H2",
    when: { ...SAYS, silence: "silent", frames: "good" },
    from: "T",
    says: ["go-on"],
  },
  {
    rule: "D56",
    when: { ...SAYS, silence: "silent", frames: "refused" },
    from: "T",
    says: ["refuse:presence"],
  },
  { rule: "H2: nobody before T", when: SAYS, until: "T", says: ["wait"] },
  { rule: "L10", when: { ...SAYS, silence: "heard" }, says: ["wait"] },
];

/** Starts: while the wait lasts nobody does anything. */
export const WAITS: Claim = { rule: "S2 S3 D17", when: { wait: "waiting" }, says: ["wait"] };
export const WAITED = ["head", "over"];
export const REFUSED: Claim = {
  rule: "D56",
  when: { wait: WAITED, frames: "refused" },
  says: ["refuse:presence"],
};

const COM_START: readonly Claim[] = [
  WAITS,
  REFUSED,
  {
    rule: "D55: a word on the line: the other one lives",
    when: { wait: WAITED, frames: "good", line: "heard" },
    says: ["refuse:partition"],
  },
  {
    rule: "D55: alone after a silent line",
    when: { wait: WAITED, frames: "good", line: "silent" },
    says: ["go-on"],
  },
];

const NONE_START: readonly Claim[] = [
  WAITS,
  { ...REFUSED, when: { ...REFUSED.when, ...SAYS } },
  { rule: "S2 S3", when: { ...SAYS, wait: WAITED, frames: "good" }, says: ["go-on"] },
  {
    rule: "H3 R102: heard, and of other software",
    when: { wait: WAITED, words: "lacks" },
    says: ["refuse:method-unsupported"],
  },
];

const STARTS_NOW: readonly When[] = [{ wait: "over" }, { wait: "head", order: "leads" }];

const COM_DISK_START: readonly Claim[] = [
  WAITS,
  { rule: "1.7: the second one waits", when: { wait: "head", order: "follows" }, says: ["wait"] },
  ...STARTS_NOW.flatMap((now): Claim[] => {
    const calm = { ...now, frames: "good" };
    return [
      { rule: "D56", when: { ...now, frames: "refused" }, says: ["refuse:presence"] },
      { rule: "D55", when: { ...calm, claim: "none", disk: "works" }, says: ["claim"] },
      {
        rule: "D55: no start without the disk",
        when: { ...calm, claim: "none", disk: "fails" },
        says: ["refuse:disk-faulty"],
      },
      { rule: "D55", when: { ...calm, claim: "won" }, says: ["go-on"] },
      { rule: "D55", when: { ...calm, claim: "lost" }, says: ["refuse:claim-lost"] },
      { rule: "D55", when: { ...calm, claim: "failed" }, says: ["refuse:disk-faulty"] },
      { rule: "D55", when: { ...calm, claim: "pending" }, says: ["wait"] },
    ];
  }),
];

/** By table of decisions.txt. */
export const COM_CLAIMS: Readonly<Record<string, readonly Claim[]>> = {
  com: COM,
  "com-disk": COM_DISK,
  none: NONE,
  "com start": COM_START,
  "com-disk start": COM_DISK_START,
  "none start": NONE_START,
};

export function fits(claim: Claim, one: Situation): boolean {
  return Object.entries(claim.when).every(([column, wanted]) => {
    const value = one[column] ?? "";
    return typeof wanted === "string" ? value === wanted : wanted.includes(value);
  });
}
