/**
 * Data mirror. Each server has its own copy, so silence destroys nothing: who hears nothing for T goes on,
 * both of them where only the wires are cut (the stated, accepted risk; what follows is mirror-meeting.ts).
 * Intuition: the LAN says whether somebody is there, the own copy whether there is anything to go on with.
 *
 * | own copy                | owner                       | server without groups | guide       |
 * |-------------------------|-----------------------------|-----------------------|-------------|
 * | paired / ahead          | goes on at T                | takes over at T       | G3, D12     |
 * | diverged / unknown      | keeps what runs, from T     | takes nothing over    | 1.2.3, D13  |
 * | behind / rebuilding     | ES at A3                    | takes nothing over    | 1.2.3, R124 |
 *
 * With paired or ahead, frames that fail authentication are life: nothing is taken over (D56).
 *
 * | own copy         | start alone after the wait | force-returned base, copy chosen | guide    |
 * |------------------|----------------------------|----------------------------------|----------|
 * | paired / ahead   | starts                     | starts                           | S2, S3   |
 * | behind           | refused                    | starts: its loss was accepted    | S12, D16 |
 * | diverged         | refused                    | starts                           | D13      |
 * | rebuilding       | refused                    | refused: there is nothing whole  | 1.2.3    |
 * | unknown          | refused                    | refused                          | 1.2.3    |
 *
 * A driver that has said nothing yet is `unknown`. Whoever comes to be alone without this table, because the
 * other one has left in order or was started anew, is held back by the volume itself: none is activated on a
 * copy that may not be taken over onto. Source: requirements 1.2.4 G1-G3, R95-R99, R124, D12-D14,
 * D53, D55; protocol.md 1.5, 1.7, 1.8.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { Budget } from "../configuration/model.ts";
import type { Evidence, StopReason } from "../events.ts";
import { isSilent, stopAtDeadline } from "./com.ts";
import { type ClaimProgress, type Judgement, type StartEvidence, WAIT } from "./judgement.ts";

/**
 * What the mirror's driver says of one volume's copy on this server. `paired`: equal to the other one, every
 * write reaches both. `ahead`: whole, and the other one lacks writes of it. `behind`: a whole state of the
 * past, the other one has writes that it lacks. `diverged`: each has writes that the other one lacks.
 * `rebuilding`: a rebuild into it has begun and not ended: neither the old state nor the new one. `unknown`:
 * its record cannot be read, or the driver has fallen silent.
 */
export type CopyState = "paired" | "ahead" | "behind" | "diverged" | "rebuilding" | "unknown";

export interface MirrorWitness {
  /** One per volume, at least one; the gravest decides for all, because a view has all groups. */
  readonly copies: readonly CopyState[];
}

export interface MirrorStartWitness extends MirrorWitness {
  /** An operator has made this server the source (force-return, 3.3(6), D13). */
  readonly chosen: boolean;
}

export function judgeMirror(evidence: Evidence, _claim: ClaimProgress, budget: Budget): Judgement {
  const doubt = gravest(evidence.mirror?.copies ?? []);
  if (doubt === "mirror-behind" && evidence.mayOwn) return stopAtDeadline(doubt, evidence, budget);
  if (!isSilent(evidence, budget)) return WAIT;
  if (doubt !== null) return { kind: "refuse", reason: doubt };
  return evidence.presence ? { kind: "refuse", reason: "presence" } : { kind: "survive" };
}

/** Alone by the guide's wait, with copies that are whole and have no rival, or that a person has chosen. */
export function judgeMirrorStart(
  evidence: StartEvidence,
  _claim: ClaimProgress,
  _budget: Budget,
): Judgement {
  if (evidence.overdueMs < 0) return WAIT;
  if (evidence.presence) return { kind: "refuse", reason: "presence" };
  const { copies, chosen } = evidence.mirror ?? { copies: [], chosen: false };
  // A choice makes the newest of what is whole; it makes nothing whole, and nothing known.
  const settled = copies.map((copy) => (chosen && isChoosable(copy) ? "ahead" : copy));
  const doubt = gravest(settled);
  return doubt === null ? { kind: "survive" } : { kind: "refuse", reason: doubt };
}

const isChoosable = (copy: CopyState): boolean => copy === "behind" || copy === "diverged";

/** What forbids most comes first. */
const DOUBTS = ["mirror-behind", "mirror-diverged", "mirror-unknown"] as const;

/** Why nothing may be taken over onto these copies; null = all are whole and the newest. */
function gravest(copies: readonly CopyState[]): StopReason | null {
  if (copies.length === 0) return "mirror-unknown";
  const doubts = copies.map(copyDoubt);
  return DOUBTS.find((doubt) => doubts.includes(doubt)) ?? null;
}

function copyDoubt(copy: CopyState): StopReason | null {
  switch (copy) {
    case "paired":
    case "ahead":
      return null;
    case "behind":
    case "rebuilding":
      return "mirror-behind";
    case "diverged":
      return "mirror-diverged";
    case "unknown":
      return "mirror-unknown";
    default:
      return unreachable(copy);
  }
}
