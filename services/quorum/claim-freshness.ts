/**
 * Tells the last word in a server's slot from an old one put back whole, by a restored snapshot or by
 * somebody who has kept copies. Both are validly signed, and an old "none" would read as "no claim".
 * Intuition: who has read the diary up to page 40 is not taken in by page 30. The reader remembers
 * the newest write it has seen of the slot and never goes back; it reads every few hundred ms, so
 * the page it remembers is younger than its peer's silence.
 *
 * | the copy was written by         | and                                    | verdict             |
 * |---------------------------------|----------------------------------------|---------------------|
 * | anybody, nothing seen yet       | -                                      | fresh               |
 * | the boot last seen here         | is the write last seen, or a later one | fresh               |
 * | the boot last seen here         | earlier, or another of that instant    | stale               |
 * | a boot seen here before that    | -                                      | stale               |
 * | a boot never seen here          | serial newer than the last seen        | fresh: it restarted |
 * | a boot never seen here          | serial not newer                       | stale               |
 *
 * Stale counts as unreadable, thus as not won, also when it is a claim. Why that blocks no rightful
 * takeover: a completed write stays readable (1.5, assumption), so a peer that crashed shows the
 * newest write anyone has seen of it or a later one. That it is of an older boot than the one in its
 * beats is no fault: the newest boot may have died before its first write, or with a dead path.
 * Within a boot the clock decides and not the serial: a peer whose disk process restarts after a
 * rollback counts on from what it finds, and is believed all the same.
 * What nobody can tell: a write undone before anyone but its writer has seen it. It looks like a
 * crash just before it; there the assumption on the array is all there is.
 * Source: protocol.md 1.5 (claim 2, 3 and assumption), D4; R84.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import { type ClaimWrite, isClaimWrite, isNewerSerial } from "./claim.ts";
import { isIncarnation } from "./slot-fields.ts";

/** Earlier boots remembered per slot; older ones still fail by their serial. */
export const FORMER_WRITERS_MAX = 16;

/** What one reader has seen of one slot. */
export interface SlotMemory {
  readonly newest: ClaimWrite;
  /** Boots that wrote here before `newest.writer`, the latest last. */
  readonly former: readonly HostIncarnation[];
}

export type Freshness =
  /** Take it; `memory` is to be kept for the next reading. */
  | { readonly kind: "fresh"; readonly memory: SlotMemory }
  /** Older than `seen`: not to be believed. */
  | { readonly kind: "stale"; readonly seen: ClaimWrite };

/** `memory` null = this reader has not read the slot yet. */
export function judgeFreshness(memory: SlotMemory | null, write: ClaimWrite): Freshness {
  if (memory === null) return { kind: "fresh", memory: { newest: write, former: [] } };
  const { newest, former } = memory;
  if (write.writer === newest.writer) {
    const same = write.writtenMs === newest.writtenMs && write.serial === newest.serial;
    if (same) return { kind: "fresh", memory };
    const later = write.writtenMs > newest.writtenMs;
    return later ? fresh(write, former) : { kind: "stale", seen: newest };
  }
  const restarted = !former.includes(write.writer) && isNewerSerial(write.serial, newest.serial);
  if (!restarted) return { kind: "stale", seen: newest };
  return fresh(write, [...former, newest.writer].slice(-FORMER_WRITERS_MAX));
}

/** True for a value that may travel as a memory: bounded, every field within its range. */
export function isSlotMemory(value: unknown): value is SlotMemory {
  if (typeof value !== "object" || value === null) return false;
  const newest: unknown = Reflect.get(value, "newest");
  const former: unknown = Reflect.get(value, "former");
  return (
    isClaimWrite(newest) &&
    Array.isArray(former) &&
    former.length <= FORMER_WRITERS_MAX &&
    former.every(isIncarnation)
  );
}

const fresh = (newest: ClaimWrite, former: readonly HostIncarnation[]): Freshness => ({
  kind: "fresh",
  memory: { newest, former },
});
