/**
 * Draws the agent's facts where a majority decides: all other servers, the lease that enough of them carry,
 * and the promise that the agent is to hold. Same facts as for two servers: see facts.ts.
 * Source: services/facts.ts; protocol.md 1.3.2, 1.4.8.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import { carriedByMs, LONG_OVER_MS, leaseEndMs } from "../../services/membership/majority/lease.ts";
import { isSole } from "../../services/membership/state.ts";
import { drawDisk, drawPaths, drawPeer } from "./facts.ts";
import { fieldOf, holdsLease, type MajorityPulse, peersOf } from "./majority-route.ts";

export function drawMajorityFacts(
  state: MajorityPulse,
  willRevision: number,
  lostAfterMs: number | null,
  atMs: number,
  config: ClusterConfig,
): Facts {
  const { membership } = state;
  const { view, self } = membership;
  const peers = peersOf(state);
  const { leaseUntilMs, ackedMs } = drawMajorityLease(state, atMs, config);
  return {
    atMs,
    revision: { hash: config.hash, prepared: state.revision.prepared?.hash ?? null },
    server: membership.server,
    sinceMs: membership.sinceMs,
    view,
    proposal: null,
    promise: membership.promise,
    floor: membership.floor,
    sole: isSole(view, self),
    provisional: membership.provisional !== null,
    gaveUp: membership.gaveUp,
    holdsLease: holdsLease(state, atMs, config),
    leaseUntilMs,
    ackedMs,
    lostAfterMs,
    conflict: membership.conflict,
    refused: membership.refused,
    claim: state.disk?.claim ?? "none",
    waitUntilMs: membership.server === "starting" ? membership.waitUntilMs : null,
    peers: peers.map((peer) => drawPeer(view, peer, atMs, config)),
    paths: [
      ...peers.flatMap((peer) => drawPaths(self, peer, atMs, config)),
      ...(state.disk === null ? [] : drawDisk(self, state.disk, atMs, config)),
    ],
    willRevision,
  };
}

/**
 * End of the lease, the last view's included, and the own stamp from which it counts. A lease that nobody has
 * carried yet ends where the view began; one that nobody has to carry has no end.
 */
export function drawMajorityLease(
  state: MajorityPulse,
  atMs: number,
  config: ClusterConfig,
): Pick<AliveWord, "leaseUntilMs" | "ackedMs"> {
  const { membership } = state;
  if (membership.view === null) return { leaseUntilMs: null, ackedMs: null };
  const field = fieldOf(state, atMs, config);
  const endMs = Math.max(leaseEndMs(membership, field), membership.baseMs);
  const carriedMs = membership.carriedUntilMs - config.budget.a3Ms;
  // A whole round on the disk is as good as an acknowledgement of all: it begins where its write did.
  const { wholeFromMs = Number.NEGATIVE_INFINITY } = state.disk ?? {};
  const roundMs = wholeFromMs < membership.baseMs ? Number.NEGATIVE_INFINITY : wholeFromMs;
  const ackedMs = Math.max(carriedByMs(membership, field), carriedMs, roundMs);
  return {
    leaseUntilMs: Number.isFinite(endMs) ? endMs : null,
    ackedMs: Number.isFinite(ackedMs) && ackedMs > LONG_OVER_MS ? ackedMs : null,
  };
}
