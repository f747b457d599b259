/**
 * What is wrong once a fault has been repaired and time has passed: the simulator's own end checks, without
 * what the method accepts. Where two servers may own for a while (A7, H2) the one that stays does not announce
 * its addresses anew, so that a switch may believe the other one until its entry is over.
 * Source: reliability.md 2.5 (L rows); D53.
 */
import { findAtEnd } from "../simulator/checks.ts";
import type { World } from "../simulator/world.ts";

/** `stopsAsked`: a group may be stopped, because what befell it was its own program. */
export function troublesAfterRepair(world: World, stopsAsked: boolean): readonly string[] {
  const mayBeTwo = ["com", "none"].includes(world.config.method);
  const met = mayBeTwo && world.notes.some(({ key }) => key === "verdict.survive");
  return findAtEnd(world, { stopsAsked })
    .filter(({ id }) => !(met && id === "L7"))
    .map(({ text }) => `after repair: ${text}`);
}
