/**
 * Identities of loaded programs as servers tell them to each other, so that one is taken once in the whole
 * cluster and not only on one server.
 * Intuition: an identity that is used twice shows only when both groups meet on one server, at a failover,
 * which is the wrong moment; told in every beat it is refused on the day it is written.
 * A mark is the CRC-32 of the identity in lower case: two of up to four characters never share one, of
 * longer ones two in four thousand million do, and then the second is refused.
 * Source: requirement R160; successor.md 2.1 (one name space, without regard to case).
 */
import { crc32 } from "../../hal/base/crc.ts";

export interface LoadMark {
  /** Index of the group in the configuration. */
  readonly group: number;
  /** 32 bits. */
  readonly mark: number;
}

/** What one server says of its loaded programs. */
export interface LoadWords {
  /** False = the beat had no room for all of them. */
  readonly isWhole: boolean;
  readonly marks: readonly LoadMark[];
}

/** What is known of the other server's. */
export interface HeardLoads {
  /** Its host incarnation; null = nothing was heard. */
  readonly host: string | null;
  readonly marks: readonly LoadMark[];
}

export const NOTHING_HEARD: HeardLoads = { host: null, marks: [] };

/** 32 groups with 64 programs each; what is remembered beyond that is forgotten first. */
const MARKS_MAX = 2048;

export function markOf(id: string): number {
  return crc32(Buffer.from(id.toLowerCase(), "latin1"));
}

/** What was left out for want of room still stands; a new host has nothing of the old one. */
export function hearLoads(
  before: HeardLoads,
  host: string | null,
  words: LoadWords | undefined,
): HeardLoads {
  const { isWhole, marks } = words ?? { isWhole: true, marks: [] };
  if (isWhole || before.host !== host) return { host, marks };
  const kept = before.marks.filter((old) => !marks.some((mark) => isEqual(mark, old)));
  return { host, marks: [...marks, ...kept].slice(0, MARKS_MAX) };
}

/** Group under which the other server has the identity; null = it does not, or it is the same group's. */
export function takenElsewhere(heard: HeardLoads, group: number, id: string): number | null {
  const mark = markOf(id);
  // Of one group only one server has programs; what the other still shows is on its way out.
  return heard.marks.find((one) => one.mark === mark && one.group !== group)?.group ?? null;
}

const isEqual = (a: LoadMark, b: LoadMark): boolean => a.mark === b.mark && a.group === b.group;
