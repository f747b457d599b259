/**
 * What the guide expects of every fault, written by hand: per fault and resolution method the rows that say
 * so and the outcomes they permit. Nothing here is computed from the cores, else a wrong core would agree
 * with itself. Source: guide 3.2.1 (E1-E20), 1.2.4 (A, B, C, H, J rows and its summary table), R9, R21-R23,
 * R40, R64, R87-R93; D2-D5, D7, D24, D53, D56; protocol.md 1.3-1.6.
 */
import { usesCom } from "../../services/configuration/budget.ts";
import type { QuorumMethod } from "../../services/configuration/model.ts";
import type { FaultKind } from "./fault.ts";

/** Methods that the simulator plays: majority for 3 to 16 servers, disk for 2 to 16, the others for two. */
export const SIMULATED = [
  ...(["com", "com-disk", "disk", "none"] as const),
  "majority",
] as const satisfies QuorumMethod[];
export type SimulatedMethod = (typeof SIMULATED)[number];

export const OUTCOMES = [
  /** Everything runs where it ran, all servers are members. */
  "unchanged",
  /** The group that was struck runs on the other server, all else is as it was. */
  "moved",
  /** The group that was struck runs nowhere, all else is as it was. */
  "group-fails",
  /** The servers that were not struck are one view and run everything they may run. */
  "takeover",
  /** The same, and every server that was struck has shut itself down or has no power. */
  "majority-goes-on",
  /** The server of best cluster priority is alone and runs everything it may run; all others are off. */
  "best-goes-on",
  /** Of the servers that were struck and the others: the part with the best cluster priority, all else is off. */
  "best-side-goes-on",
  /** One server, no matter which, is alone and runs everything it may run; the other is off. */
  "one-goes-on",
  /** Each server runs everything it may run: the accepted risk of the method. */
  "both-go-on",
  /** Nothing runs; every server that was not switched off has shut itself down. */
  "all-stop",
  /** Nothing runs, because no server has power. */
  "dark",
  /** A majority, whichever, is one view and runs everything it may run; all others are off. */
  "some-go-on",
  /** Nothing runs on a server on which it did not run before: says least, so it is asked last. */
  "no-takeover",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Expectation {
  /** Rows of the guide and of the requirements. */
  readonly rows: readonly string[];
  /** At least one. */
  readonly permitted: readonly Outcome[];
}

/** `disk-many`: of three and more servers, where it differs from two. */
type Row = Readonly<Record<SimulatedMethod, Expectation | null>> & {
  readonly "disk-many"?: Expectation | null;
};

const expect = (rows: string, ...permitted: readonly Outcome[]): Expectation => ({
  rows: rows.split(" "),
  permitted,
});
/** The method makes no difference. */
const same = (rows: string, ...permitted: readonly Outcome[]): Row => {
  const all = expect(rows, ...permitted);
  return { com: all, "com-disk": all, disk: all, none: all, majority: all };
};
/** Exists with three and more servers only: those of a majority, and those of a shared disk. */
const many = (majority: Expectation | null, disk: Expectation): Row => ({
  ...{ com: null, "com-disk": null, disk: null, none: null, majority },
  "disk-many": disk,
});
/** B5, D6, D7: who has the best cluster priority, and who reaches it both ways. */
const BEST_SIDE = expect("B5 R71 R72 R73 D7", "best-side-goes-on");

const EXPECTED: Readonly<Record<FaultKind, Row>> = {
  lan: same("E14 E15 E16 E17 R9 R40", "unchanged"),
  lans: {
    com: expect("A5 R61", "all-stop"),
    "com-disk": expect("C5 R82", "all-stop"),
    disk: expect("B5 R71 R73", "best-goes-on"),
    none: expect("H2 R101", "both-go-on"),
    majority: expect("J4 R93", "all-stop"),
  },
  // Without an acknowledgement there is no lease: deaf one way is deaf. Who still hears may see the other
  // leave or go on, and acts on that.
  "lans-one-way": {
    com: expect("A5 1.5", "all-stop", "one-goes-on"),
    "com-disk": expect("C5 1.5", "all-stop", "one-goes-on"),
    disk: expect("B5 1.6", "best-goes-on"),
    "disk-many": BEST_SIDE,
    none: expect("H2 1.5", "takeover"),
    majority: expect("J2 R87 R88", "majority-goes-on"),
  },
  com: { ...same("R64", "unchanged"), majority: null, "disk-many": null },
  "com-lans": {
    com: expect("A6 R62", "all-stop"),
    "com-disk": expect("C6 R83", "all-stop"),
    disk: expect("B5", "best-goes-on"),
    none: expect("H2", "both-go-on"),
    majority: null,
    "disk-many": null,
  },
  "com-power": {
    com: expect("A4 R60", "all-stop"),
    "com-disk": expect("C4 R81", "all-stop"),
    disk: expect("B3 B8", "takeover"),
    none: expect("E1", "takeover"),
    majority: null,
    "disk-many": null,
  },
  everything: {
    com: expect("A7 R63", "both-go-on"),
    "com-disk": expect("C7 R84", "one-goes-on", "all-stop"),
    disk: expect("B5", "best-goes-on"),
    none: expect("H2", "both-go-on"),
    majority: null,
    "disk-many": null,
  },
  "array-path": {
    com: null,
    "com-disk": expect("E6 E8 R40 D5", "unchanged"),
    disk: expect("E6 E8 R40", "unchanged"),
    none: null,
    majority: null,
  },
  array: {
    com: null,
    "com-disk": expect("E5 D5", "unchanged"),
    disk: expect("E5", "unchanged"),
    none: null,
    majority: null,
  },
  "array-stall": {
    com: null,
    "com-disk": expect("E5 D5", "unchanged"),
    disk: expect("E5", "unchanged"),
    none: null,
    majority: null,
  },
  "array-lans": {
    com: null,
    "com-disk": expect("C5 D5", "all-stop"),
    disk: expect("B6 R74", "all-stop"),
    none: null,
    majority: null,
  },
  "array-power": {
    com: null,
    "com-disk": expect("D5 1.5", "all-stop"),
    disk: expect("B4 R70", "all-stop"),
    none: null,
    majority: null,
  },
  "array-stall-power": {
    com: null,
    "com-disk": expect("D5 1.5", "all-stop"),
    disk: expect("B7 R75", "all-stop"),
    none: null,
    majority: null,
  },
  power: {
    com: expect("E1 E7 E10 E18 S7 A3 R59", "takeover"),
    "com-disk": expect("E1 E7 E10 E18 S7 R85", "takeover"),
    disk: expect("E1 E7 E10 E18 S7 B3 B8 R69", "takeover"),
    none: expect("E1 E7 E10 E18 S7", "takeover"),
    majority: expect("E1 E7 E10 E18 S7 J2 R88 R89 R92", "takeover"),
  },
  "lans-deaf": many(expect("J2 R87 R88", "majority-goes-on"), BEST_SIDE),
  isolate: many(expect("J2 R87 R88", "majority-goes-on"), BEST_SIDE),
  "split-minority": many(expect("J2 R87 R88", "majority-goes-on"), BEST_SIDE),
  // Of an even number half is no majority.
  "split-half": many(expect("J2 J3 R87 D2", "all-stop"), BEST_SIDE),
  // All are carried by the others, or reach the best server: no resolution.
  between: many(expect("D7 J2", "unchanged"), expect("D7 B5", "unchanged")),
  "between-best": many(null, BEST_SIDE),
  "power-minority": many(expect("J2 J3 R88 R92", "takeover"), expect("B3 B8 R67 R69", "takeover")),
  "power-majority": many(
    expect("J3 R90 R91 R92 D2", "all-stop"),
    expect("B3 B8 R67 R69", "takeover"),
  ),
  mains: same("E13", "dark"),
  "freeze-short": same("R13", "unchanged"),
  "freeze-long": same("E1 E18 D54", "takeover"),
  "kill-pulse": same("R21 R22 D24", "unchanged"),
  "kill-agent": same("R21 R22 D24", "unchanged"),
  // Nobody is left who remembers what was promised; a server without groups owes no lease. With COM the
  // server that is about to give up may still be heard there: it lives, and data comes before the business.
  "kill-both": {
    com: expect("R23 D24 A5", "takeover", "unchanged", "all-stop"),
    "com-disk": expect("R23 D24 C5", "takeover", "unchanged", "all-stop"),
    disk: expect("R23 D24", "takeover", "unchanged"),
    none: expect("R23 D24", "takeover", "unchanged"),
    majority: expect("R23 D24 1.4", "takeover", "unchanged"),
  },
  "hang-pulse": same("R21 R22 D24", "unchanged"),
  "hang-agent": same("R21 R22 D24", "unchanged"),
  keys: {
    com: expect("D56 1.5", "all-stop"),
    "com-disk": expect("D56 1.5", "all-stop"),
    // The worse priority shuts down; once it is off the other may take over what it had.
    disk: expect("D56 1.6", "no-takeover", "best-goes-on"),
    none: expect("D56 1.5", "no-takeover"),
    majority: expect("D56 J4", "all-stop"),
  },
  "program-once": same("D21 D22", "unchanged"),
  "program-broken": same("E19 D22", "moved"),
  // Half done: the giving server has stopped it, the taking one has not begun.
  "move-power": same("S7 S8 R188 1.4", "takeover"),
};

/** The interconnect has rows of its own, and so has the public LAN. */
const LAN_ROWS = {
  private: ["E14", "E15", "R9"],
  public: ["E16", "E17", "R9", "R40"],
} as const;

/** A pulse takes some 200 ms to be back; with less time than this its lease may end before. */
const RESTART_NEEDS_MS = 1000;
/**
 * One that hangs is ended after T / 2 only: with less than this it depends on when between two beats it began
 * to hang whether an acknowledgement is back in time.
 */
const HANG_NEEDS_MS = 1200;
/** The same where two and more acknowledgements carry it, which come with the next beats only. */
const RESTART_NEEDS_MANY_MS = 1500;

/** null = the fault does not exist with this method. */
export function expectedOf(
  kind: FaultKind,
  method: SimulatedMethod,
  at: {
    readonly timeoutMs: number;
    readonly watchdogMs: number;
    readonly onlyServer: boolean;
    readonly servers: number;
    /** Of the LAN that fails; absent = of either kind. */
    readonly lan?: "private" | "public" | null;
  },
): Expectation | null {
  const row = EXPECTED[kind];
  const isMany = method === "disk" && at.servers > 2 && row["disk-many"] !== undefined;
  const found = row[isMany ? "disk-many" : method] ?? null;
  if (found === null) return null;
  if (kind === "lan" && at.lan) return { ...found, rows: LAN_ROWS[at.lan] };
  const isPulse = kind === "kill-pulse" || kind === "hang-pulse";
  // A watchdog that bites before the agent ends the hung pulse resets the server: the other takes over, or
  // has heard it on COM in between and reads a partition.
  if (kind === "hang-pulse" && at.watchdogMs > 0) {
    const read = usesCom(method) ? (["all-stop"] as const) : [];
    return { ...found, permitted: ["unchanged", "takeover", ...read] };
  }
  const fewMs = kind === "hang-pulse" ? HANG_NEEDS_MS : RESTART_NEEDS_MS;
  const restartMs = at.servers > 3 ? RESTART_NEEDS_MANY_MS : fewMs;
  if (isPulse && at.timeoutMs < restartMs) {
    return { ...found, permitted: ["unchanged", "takeover"] };
  }
  // R54: no other server of the policy, so the group stays where it failed.
  if (kind === "program-broken" && at.onlyServer) {
    return { rows: [...found.rows, "R54"], permitted: ["group-fails"] };
  }
  return found;
}

export function isSimulated(method: QuorumMethod): method is SimulatedMethod {
  return SIMULATED.some((one) => one === method);
}
