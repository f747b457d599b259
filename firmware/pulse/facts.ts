/**
 * Draws the agent's facts from the pulse's state: pure, whole, newest wins.
 * Source: services/facts.ts; requirements R16 (state of each path per server).
 */

import type { ServerIndex } from "../../hal/base/ids.ts";
import type { View } from "../../hal/base/view.ts";
import { usesDisk } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Facts, PathFact, PeerFact } from "../../services/facts.ts";
import { isHeardAnywhere, isLive } from "../../services/heartbeat/liveness.ts";
import {
  acknowledgedMs,
  isPresent,
  type PeerHealth,
  showsView,
} from "../../services/heartbeat/peer.ts";
import { isSole, proposalOf } from "../../services/membership/state.ts";
import type { StampState } from "../../services/quorum/stamp-state.ts";
import { arbiterOf, diskLeaseEndMs } from "./disk-part.ts";
import { holdsLease, peerOf } from "./route.ts";
import type { PulseState } from "./state.ts";

export function drawFacts(
  state: PulseState,
  peer: PeerHealth,
  willRevision: number,
  lostAfterMs: number | null,
  atMs: number,
  config: ClusterConfig,
): Facts {
  const { membership } = state;
  const { view } = membership;
  const sole = isSole(view, membership.self);
  const { leaseUntilMs, ackedMs } = drawLease(state, config);
  const watched = config.method === "disk" ? state.disk.stamps : state.quorum;
  return {
    atMs,
    revision: { hash: config.hash, prepared: state.revision.prepared?.hash ?? null },
    server: membership.server,
    sinceMs: membership.sinceMs,
    view,
    proposal: proposalOf(membership),
    promise: null,
    floor: membership.floor,
    sole,
    provisional: membership.provisional !== null,
    gaveUp: membership.gaveUp,
    holdsLease: holdsLease(state, atMs, config),
    leaseUntilMs,
    ackedMs,
    lostAfterMs,
    conflict: membership.conflict,
    refused: membership.refused,
    claim: arbiterOf(state, config).claim,
    waitUntilMs: membership.server === "starting" ? membership.waitUntilMs : null,
    peers: [drawPeer(view, peer, atMs, config)],
    paths: [
      ...drawPaths(membership.self, peer, atMs, config),
      ...drawDisk(membership.self, watched, atMs, config),
    ],
    willRevision,
  };
}

/** End of the lease and the acknowledgement that carries it; a sole server's lease has no end. */
export function drawLease(
  state: PulseState,
  config: ClusterConfig,
): { readonly leaseUntilMs: number | null; readonly ackedMs: number | null } {
  const { view, self, baseMs } = state.membership;
  const peer = peerOf(state);
  if (view === null || peer === null || isSole(view, self)) {
    return { leaseUntilMs: null, ackedMs: null };
  }
  const ackedMs = acknowledgedMs(peer, view) ?? state.membership.carriedMs;
  const fromMs = Math.max(baseMs, ackedMs ?? baseMs);
  const onDisk = config.method === "disk";
  const leaseUntilMs = onDisk ? diskLeaseEndMs(state, peer, config) : fromMs + config.budget.a3Ms;
  return { leaseUntilMs, ackedMs };
}

/** One other server as heard; `mine` is this server's view. */
export function drawPeer(
  mine: View | null,
  peer: PeerHealth,
  atMs: number,
  config: ClusterConfig,
): PeerFact {
  const { beat } = peer;
  const sinceHeardMs = peer.lanHeardAtMs === null ? null : atMs - peer.lanHeardAtMs;
  const heard = sinceHeardMs !== null && sinceHeardMs < config.budget.timeoutMs;
  const theirs = beat?.view ?? null;
  return {
    index: peer.index,
    state: heard && beat !== null ? beat.state : null,
    sinceHeardMs,
    host: peer.host,
    mayOwn: beat?.mayOwn ?? false,
    sameView: mine !== null && showsView(peer, mine),
    epochCounter: theirs?.epoch.counter ?? 0,
    blob: beat?.blob ?? new Uint8Array(0),
    presence: isPresent(peer, atMs, config),
    configDiffers: beat !== null && beat.configHash !== config.hash,
    live: isLive(peer, atMs, config),
    heard: isHeardAnywhere(peer, atMs, config),
  };
}

/** Both directions of each LAN and of the COM line between `self` and one other server, as known here. */
export function drawPaths(
  self: ServerIndex,
  peer: PeerHealth,
  atMs: number,
  config: ClusterConfig,
): PathFact[] {
  const { timeoutMs } = config.budget;
  const heard = peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < timeoutMs;
  const since = (ms: number | null): number | null => (ms === null ? null : Math.round(atMs - ms));
  const paths: PathFact[] = [];
  for (const [index, lan] of config.lans.entries()) {
    const kind = lan.kind === "private" ? "lan-private" : "lan-public";
    const lastHeardMs = since(peer.pathHeardAtMs[index] ?? null);
    const inbound = peer.pathHealth[index] ?? "unknown";
    paths.push({ kind, id: lan.id, from: peer.index, to: self, state: inbound, lastHeardMs });
    const known = heard && peer.beat !== null;
    const reaches = known && ((peer.beat?.hearsLanBits ?? 0) & (1 << index)) !== 0;
    const outbound = known ? (reaches ? "normal" : "faulty") : "unknown";
    // The peer's own word about this direction is as old as its newest beat.
    const toldMs = reaches ? since(peer.lanHeardAtMs) : null;
    paths.push({
      kind,
      id: lan.id,
      from: self,
      to: peer.index,
      state: outbound,
      lastHeardMs: toldMs,
    });
  }
  if (config.com !== null) {
    const { id } = config.com;
    const lastHeardMs = since(peer.comHeardAtMs);
    paths.push({ kind: "com", id, from: peer.index, to: self, state: peer.comHealth, lastHeardMs });
    const known = heard && peer.beat !== null;
    // A line that never carried both ways settles nothing yet, whatever the LAN says of it.
    const proven = known && peer.comTwoWayStampMs !== null;
    const outbound = proven ? (peer.beat?.hearsCom ? "normal" : "faulty") : "unknown";
    const toldMs = outbound === "normal" ? since(peer.lanHeardAtMs) : null;
    paths.push({
      kind: "com",
      id,
      from: self,
      to: peer.index,
      state: outbound,
      lastHeardMs: toldMs,
    });
  }
  return paths;
}

/** How the own path to the array has fared, by claims or by stamps. */
type Watched = Pick<StampState, "diskHealthy" | "diskFaultNoted" | "diskError" | "lastGoodAtMs">;

/** This server's own path to the array; nothing where no disk is used. */
export function drawDisk(
  self: ServerIndex,
  watched: Watched,
  atMs: number,
  config: ClusterConfig,
): PathFact[] {
  if (config.disk === null || !usesDisk(config.method)) return [];
  const { diskHealthy, diskFaultNoted, diskError, lastGoodAtMs } = watched;
  const health = diskFaultNoted ? "faulty" : diskHealthy ? "normal" : "unknown";
  const lastHeardMs = lastGoodAtMs > atMs ? null : Math.round(atMs - lastGoodAtMs);
  const path: PathFact = {
    kind: "disk",
    id: "disk",
    from: self,
    to: self,
    state: health,
    lastHeardMs,
  };
  return [diskFaultNoted ? { ...path, trouble: diskError } : path];
}
