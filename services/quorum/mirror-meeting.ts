/**
 * Two copies of a data mirror meet again: which is the newer one, and who does what.
 * Intuition: each copy has written down since when it has gone its own way and whether it took writes there.
 * One that did not write follows the one that did; where both wrote, no rule knows which half is worth more,
 * so both are kept and a person chooses. Nothing is ever copied over a server on which groups run.
 *
 * | own \ other          | same ground, no writes | same ground, writes | other ground | rebuilding       |
 * |----------------------|------------------------|---------------------|--------------|------------------|
 * | same ground, nothing | pair                   | own is rebuilt      | hold         | other is rebuilt |
 * | same ground, writes  | other is rebuilt       | hold (R99, D13)     | hold         | other is rebuilt |
 * | rebuilding           | own is rebuilt         | own is rebuilt      | own rebuilt  | lost             |
 *
 * Where groups run on the side to be rebuilt, and where they run on both (G3), it is `hold` as well: both go on
 * as they are, neither announces addresses (D53), an alert stands, and nothing is copied before an operator has
 * named the source by a force-return. That choice outweighs the table, but a copy that is not whole cannot be
 * chosen; the groups of the other side stop first.
 * Source: requirements R99, R124, D12, D13, D53; guide 1.2.4 G3, 3.3(6).
 */
import { type Epoch, sameEpoch } from "../../hal/base/view.ts";

/** What a copy says of itself. A disk that was just put in is `rebuilding`: nothing on it is whole. */
export type CopyRecord =
  | { readonly kind: "rebuilding" }
  | {
      readonly kind: "whole";
      /** Epoch of the view in which both were last found equal: the ground on which both stand. */
      readonly pairedIn: Epoch;
      /** Took writes since then that the other one did not get. */
      readonly wroteAlone: boolean;
    };

export interface Meeting {
  readonly own: CopyRecord;
  readonly other: CopyRecord;
  /** Groups on the mirror may run there. */
  readonly ownRuns: boolean;
  readonly otherRuns: boolean;
  /** The source that an operator has chosen since they were last equal; null = nobody has. */
  readonly source: "own" | "other" | null;
}

export type MeetingJudgement =
  /** Equal: writes go to both again. */
  | { readonly kind: "pair" }
  /** Every block that differs is copied into that side. */
  | { readonly kind: "rebuild"; readonly into: "own" | "other" }
  /** This side is to be rebuilt and runs groups: they stop first. */
  | { readonly kind: "give-way" }
  /** The other side is to be rebuilt and still runs groups. */
  | { readonly kind: "await-stop" }
  | { readonly kind: "hold" }
  /** No copy is whole: only a backup helps. */
  | { readonly kind: "lost" };

/** Which copy has what the other one lacks. */
export type Comparison = "equal" | "own" | "other" | "both" | "none-whole";

export function compareCopies(own: CopyRecord, other: CopyRecord): Comparison {
  if (own.kind === "rebuilding") return other.kind === "rebuilding" ? "none-whole" : "other";
  if (other.kind === "rebuilding") return "own";
  // Of another ground nothing can be said: it may be a disk of long ago that was put back.
  if (!sameEpoch(own.pairedIn, other.pairedIn)) return "both";
  if (own.wroteAlone) return other.wroteAlone ? "both" : "own";
  return other.wroteAlone ? "other" : "equal";
}

export function judgeMeeting(meeting: Meeting): MeetingJudgement {
  const { own, other, ownRuns, otherRuns } = meeting;
  const found = compareCopies(own, other);
  if (found === "none-whole") return { kind: "lost" };
  if (found === "equal" && !(ownRuns && otherRuns)) return { kind: "pair" };
  const source = wholeSource(meeting);
  if (source !== null) return rebuildFrom(source, meeting);
  if (found === "own" && !otherRuns) return { kind: "rebuild", into: "other" };
  if (found === "other" && !ownRuns) return { kind: "rebuild", into: "own" };
  return { kind: "hold" };
}

/** A person's choice outweighs the records, but nobody can choose what is not whole. */
function wholeSource({ own, other, source }: Meeting): Meeting["source"] {
  if (source === null) return null;
  const chosen = source === "own" ? own : other;
  return chosen.kind === "whole" ? source : null;
}

function rebuildFrom(source: "own" | "other", { ownRuns, otherRuns }: Meeting): MeetingJudgement {
  if (source === "own") {
    return otherRuns ? { kind: "await-stop" } : { kind: "rebuild", into: "other" };
  }
  return ownRuns ? { kind: "give-way" } : { kind: "rebuild", into: "own" };
}
