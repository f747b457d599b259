/**
 * What is asked of several servers over one disk again and again: that nobody ever held a lease beside another one
 * that still runs something, and when a server may begin in a view. Source: R67, R79.
 */
import * as assert from "uvu/assert";
import type { Crew } from "./crew.ts";

/** Nobody has ever held a lease in a view without one that still runs something. */
export const safe = (crew: Crew, why = ""): void =>
  assert.equal(crew.violations.slice(0, 3), [], why);

/** Ms until `index` may begin in a view of these members; negative = never. */
export const takes = (
  crew: Crew,
  index: number,
  members: readonly number[],
  maxMs = 6000,
): number =>
  crew.until(() => crew.holds(index) && crew.members(index).join("") === members.join(""), maxMs);
