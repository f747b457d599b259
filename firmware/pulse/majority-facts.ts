/**
 * Draws the agent's facts where a majority decides: all other servers, the lease that enough of them carry,
 * and the promise that the agent is to hold. Same facts as for two servers: see facts.ts.
 * Source: services/facts.ts; protocol.md 1.3.2, 1.4.8.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AliveWord, Facts, PathFact } from "../../services/facts.ts";
import { isTwoWay } from "../../services/heartbeat/peer.ts";
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
      ...(state.disk === null
        ? []
        : [...drawDisk(self, state.disk, atMs, config), ...drawOtherDisks(state, atMs, config)]),
    ],
    willRevision,
  };
}

/**
 * Paths of the other members to the array, as far as their slots tell: who is heard on a LAN and writes nothing
 * new does not reach it, and cannot take anything over when somebody fails (R16, G11).
 */
function drawOtherDisks(
  { membership, disk, heartbeat }: MajorityPulse,
  atMs: number,
  config: ClusterConfig,
): readonly PathFact[] {
  const { view, self, baseMs } = membership;
  const { quietMs, diskWaitMs } = config.budget;
  if (view === null || disk === null) return [];
  return disk.slots.flatMap(({ server, roseAtMs, readFromMs }): PathFact[] => {
    const peer = heartbeat.peers[server];
    const isIn = server !== self && view.members.includes(server);
    if (!isIn || peer === undefined || !isTwoWay(peer, atMs, config)) return [];
    const isRead = !disk.diskFaultNoted && atMs - readFromMs < diskWaitMs;
    // Whoever has just come in is given the time to write.
    const isQuiet = atMs - Math.max(roseAtMs, baseMs) >= quietMs;
    const state = !isRead ? "unknown" : isQuiet ? "faulty" : "normal";
    const lastHeardMs = Number.isFinite(roseAtMs) ? Math.round(atMs - roseAtMs) : null;
    return [{ kind: "disk", id: "disk", from: server, to: server, state, lastHeardMs }];
  });
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
