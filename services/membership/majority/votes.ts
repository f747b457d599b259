/**
 * How many servers decide, and whether so many are there.
 * Intuition: two majorities of one count share a server, and that server does not say yes twice. The count
 * shrinks only by a leave that was planned and decided by the count before it: a loss never makes the rest
 * a majority of itself. Source: guide 1.2.4 J1-J4; requirements R86-R93, D2, D15; protocol.md 1.1.
 */
import type { ServerIndex } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";

/** Strictly more than half of `count` servers (D2): 2 of 3, 3 of 4, 3 of 5, 9 of 16. */
export const quorumOf = (count: number): number => Math.floor(count / 2) + 1;

/** Servers that are counted in a view: all configured ones except those on planned leave (D15). */
export const countIn = (view: View | null, configured: number): number =>
  configured - (view?.absent?.length ?? 0);

/** Members that are needed to go on in a view. */
export const quorumIn = (view: View | null, configured: number): number =>
  quorumOf(countIn(view, configured));

/**
 * How many more members may fail, one after the other, before the rest goes down (R89-R92). 0 = the next
 * loss stops the cluster; negative is never returned.
 */
export const survivableLosses = (view: View, configured: number): number =>
  Math.max(0, view.members.length - quorumIn(view, configured));

/** Who is there, who counts and how many are needed, for an event's text. */
export function countsOf(view: View, configured: number) {
  const counted = countIn(view, configured);
  return { members: view.members.length, counted, needed: quorumOf(counted) };
}

/** Whether the cluster goes on when `leaver` goes on planned leave: the rest decides it by itself. */
export function mayLeave(view: View, leaver: ServerIndex, configured: number): boolean {
  const rest = view.members.filter((index) => index !== leaver).length;
  return rest >= quorumIn(view, configured);
}
