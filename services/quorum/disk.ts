/**
 * Shared disk. Every server stamps its own slot; who is silent on all LANs is judged by its stamps.
 * Intuition: the LAN asks who is there, the disk answers who is alive, and among the living the one of
 * best cluster priority decides who may stay. Whoever cannot write lets go before others may conclude it.
 *
 * | own stamps  | the others' stamps          | this server              | owner        | no groups   | guide  |
 * |-------------|-----------------------------|--------------------------|--------------|-------------|--------|
 * | not in time | any                         | any                      | ES           | ES          | B4, B6 |
 * | in time     | `off`, or of a later boot   | any                      | goes on at T | at T        | -      |
 * | in time     | none new for max(T, DIO)    | any                      | goes on at J | at J        | B5, B8 |
 * | in time     | new ones of somebody        | top, or two-way with top | goes on at J | at J        | B5     |
 * | in time     | new ones of somebody        | neither                  | ES at J - M  | ES at J     | B5     |
 *
 * Of three and more servers (2-16) only those out of reach on the LAN are judged: whoever is not the top but
 * reaches it waits for the top's next view, and a top that reaches everybody judges nobody, whatever else is
 * cut (D7). A server in reach whose own stamps are not new is no top: it stops by the first row.
 * J = 2 max(T, DIO) after the LAN loss (B8); with the early verdict (D1) the third row at once. ES of an
 * owner whose own stamps are late: when neither LAN nor stamp carries it, DIO - M after the issue of its
 * last completed one; of others from T. Top = best priority among servers with new stamps. A peer whose
 * frames fail authentication lives (G8): nothing is taken over. A server that slept through the loss
 * stops. Evidence is a list of members; with two servers it has one.
 * Source: requirements B1-B8, R65-R79, D1, D6, D7; protocol.md 1.6, 1.7, G8-G10.
 */
import { assert } from "../../hal/base/assert.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Budget } from "../configuration/model.ts";
import type { Evidence, StopReason } from "../events.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

/** Reading of one slot: `gone` = owns nothing any more, `silent` = proven to have written nothing new. */
export type SlotLife = "gone" | "silent" | "alive";

export interface MemberWitness {
  readonly index: ServerIndex;
  /** Since the newest own beat that it has acknowledged in this view, ms. */
  readonly ageMs: number;
  /** Since its newest LAN beat was received (or since the view was installed), ms. */
  readonly silenceMs: number;
  /** Largest grant given to it, at least T. */
  readonly grantedMs: number;
  readonly presence: boolean;
  /** Heard and hearing on a LAN. */
  readonly twoWay: boolean;
  readonly life: SlotLife;
  /** A stamp that was new at most one wait ago was read: its path to the disk works. */
  readonly stamps: boolean;
}

export interface DiskWitness {
  readonly self: ServerIndex;
  /** Own stamps and the readings after them were completed in time. */
  readonly stampsInTime: boolean;
  /** Away or new since the last two-way contact: what it missed is nobody's silence. */
  readonly slept: boolean;
  /** A slot says `alone` in a newer epoch: the others went on without this server. */
  readonly excluded: boolean;
  /** The other members of the view. */
  readonly members: readonly MemberWitness[];
}

/** What another server's slot means for a start alone. */
export type StartRival = "none" | "unproven" | "stands";

export interface DiskStartWitness {
  readonly stampsInTime: boolean;
  readonly rivals: readonly StartRival[];
}

export function judgeDisk(evidence: Evidence, _claim: ClaimProgress, budget: Budget): Judgement {
  const { disk, mayOwn } = evidence;
  assert(disk !== undefined, "the shared-disk method is asked with the slots' testimony");
  const limitMs = mayOwn ? budget.a3Ms : budget.timeoutMs;
  const away = disk.members.filter(({ ageMs }) => ageMs >= limitMs);
  if (away.length === 0) return WAIT;
  if (disk.excluded) return stop("excluded");
  if (disk.slept && !mayOwn) return stop("deposed");
  if (!disk.stampsInTime) return stop("disk-faulty");
  const top = topOf(disk);
  if (top !== null) {
    if (top.twoWay) return WAIT;
    const deadlineMs = mayOwn ? budget.leaveMs : budget.judgeMs;
    return top.ageMs >= deadlineMs ? stop("outranked") : WAIT;
  }
  const waitMs = settleMs(away, budget);
  if (!away.every((member) => isSilent(member, waitMs))) return WAIT;
  const present = away.some(({ presence }) => presence);
  return present ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}

/** Somebody lives whom this server has to give way to (B5, D6). */
export function mustLeave(disk: DiskWitness): boolean {
  const top = topOf(disk);
  return top !== null && !top.twoWay;
}

/** The server of better priority that decides; null = this one is the top. */
export function topOf({ self, members }: DiskWitness): MemberWitness | null {
  const better = members.filter(({ index }) => index < self).filter(mayDecide);
  return better.sort((a, b) => a.index - b.index)[0] ?? null;
}

/** Of a server in reach life says nothing about its disk; of the others it is what their stamps say. */
const mayDecide = (member: MemberWitness): boolean =>
  lives(member) && (member.stamps || !member.twoWay);

/** A start alone needs to be top of the fresh slots, and to have said so before all slots were read. */
export function judgeDiskStart(
  evidence: StartEvidence,
  claim: ClaimProgress,
  _budget: Budget,
): Judgement {
  const { disk, overdueMs, presence } = evidence;
  assert(disk !== undefined, "the shared-disk method is asked with the slots' testimony");
  if (overdueMs < 0) return WAIT;
  const stands = disk.rivals.includes("stands");
  const doubt = presence
    ? "presence"
    : !disk.stampsInTime
      ? "disk-faulty"
      : stands
        ? "outranked"
        : null;
  if (doubt !== null) {
    return claim === "none" ? { kind: "refuse", reason: doubt } : { kind: "withdraw" };
  }
  if (disk.rivals.includes("unproven")) return WAIT;
  switch (claim) {
    case "none":
      return { kind: "claim" };
    case "won":
      return { kind: "survive" };
    case "pending":
      return WAIT;
    case "lost":
    case "failed":
      return { kind: "withdraw" };
  }
}

/** Age and silence from which this server may take over: T, or J, or one wait with the early verdict. */
export function settleMs(away: readonly MemberWitness[], budget: Budget): number {
  if (away.every(({ life, presence }) => life === "gone" && !presence)) return budget.timeoutMs;
  const early = budget.earlyVerdict && !away.some((member) => lives(member));
  return early ? budget.quietMs : budget.judgeMs;
}

const isSilent = ({ ageMs, silenceMs, grantedMs }: MemberWitness, waitMs: number): boolean =>
  ageMs >= waitMs && silenceMs >= Math.max(waitMs, grantedMs);

const lives = ({ life, presence }: MemberWitness): boolean => life === "alive" || presence;

const stop = (reason: StopReason): Judgement => ({ kind: "stop", reason });
