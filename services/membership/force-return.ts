/**
 * The two words of an operator that begin a cluster anew: force-return writes a view of this server alone
 * in which nothing starts yet, start-now ends the start sync wait. Intuition: a person may choose whose
 * information counts; that nobody else runs the groups is still for the method to say.
 * Source: protocol.md 1.7, 1.8, V4; requirements R191, R208, R209, D16, D17, D25.
 */
import { isLive } from "../heartbeat/liveness.ts";
import { become, done, installSole, told } from "./change.ts";
import { type MembershipState, note, type Result, type Surroundings } from "./state.ts";

/** Refused once more here, where nothing is late: a live member may have spoken since the order. */
export function found(state: MembershipState, floor: number, around: Surroundings): Result {
  const known = { ...state, floor: Math.max(state.floor, floor) };
  // A new pulse has listened to nobody yet; the wish is repeated.
  if (state.server === "observing") return told(become(known, "detached", around.atMs), []);
  if (state.server !== "detached" || isLive(around.peer, around.atMs, around.config)) {
    return done(state);
  }
  const sole = installSole(known, "force-return", around);
  return { ...sole, state: { ...sole.state, provisional: "founded" } };
}

/** The method lets this server begin alone: from here on the view is one like any other. */
export function confirm(state: MembershipState, evidence: string, around: Surroundings): Result {
  const data = { evidence, method: around.config.method };
  const next = { ...state, provisional: null, refused: null };
  return told(next, [note("force-return.confirmed", data)]);
}

/** Which event tells that the method does not let this server go on. */
export function refusalOf(state: MembershipState): string {
  if (state.provisional !== null) return "force-return.waiting";
  return state.server === "starting" ? "start.refused-alone" : "failover-not-possible";
}

/** The wait only becomes shorter, and never shorter than the lease that an earlier pulse may have left. */
export function shortenWait(
  state: MembershipState,
  wishedMs: number,
  around: Surroundings,
): Result {
  const waitUntilMs = Math.max(wishedMs, state.sinceMs + around.config.budget.abstainMs);
  return waitUntilMs < state.waitUntilMs ? told({ ...state, waitUntilMs }, []) : done(state);
}
