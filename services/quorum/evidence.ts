/**
 * Gathers what the method's table needs from what has been heard. Ages count from the view's
 * installation until the first acknowledgement of that view, so a new view starts with a full lease to win.
 * Source: protocol.md 1.3.2, 1.5; R103.
 */
import type { View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { Evidence } from "../events.ts";
import { lacksMethod } from "../failover/hear.ts";
import { acknowledgedMs, comWord, isPresent, type PeerHealth } from "../heartbeat/peer.ts";
import type { StartEvidence } from "./judgement.ts";

/** The common view a verdict is sought in. */
export interface Standing {
  readonly self: number;
  readonly view: View;
  /** Moment from which ages count: installation, or what a restarted pulse was taught, ms. */
  readonly baseMs: number;
  /** Moment from which the peer's silence counts: installation, gap or restart of the pulse, ms. */
  readonly listensFromMs: number;
  readonly mayOwn: boolean;
  readonly diskHealthy: boolean;
}

export function gatherEvidence(
  standing: Standing,
  peer: PeerHealth,
  atMs: number,
  config: ClusterConfig,
): Evidence {
  const ackedMs = acknowledgedMs(peer, standing.view);
  const heardAtMs = Math.max(standing.listensFromMs, peer.lanHeardAtMs ?? standing.listensFromMs);
  return {
    ageMs: atMs - Math.max(standing.baseMs, ackedMs ?? standing.baseMs),
    silenceMs: atMs - heardAtMs,
    com: comWord(peer, config),
    presence: isPresent(peer, atMs, config),
    mayOwn: standing.mayOwn,
    first: claimsFirst(standing.self, standing.mayOwn, peer.index, peer.beat?.mayOwn ?? false),
    diskHealthy: standing.diskHealthy,
    grantedMs: peer.grantedMs,
    lacksMethod: lacksMethod(peer.beat, config.method),
  };
}

export function gatherStartEvidence(
  self: number,
  diskHealthy: boolean,
  peer: PeerHealth,
  overdueMs: number,
  atMs: number,
  config: ClusterConfig,
): StartEvidence {
  return {
    overdueMs,
    // A process that does not hear us cannot prove itself, but silence it is not (1.7).
    comHeard: peer.comHeardAtMs !== null || peer.unprovenAtMs !== null,
    presence: isPresent(peer, atMs, config),
    first: self < peer.index,
    diskHealthy,
    lacksMethod: lacksMethod(peer.beat, config.method),
  };
}

/** Order of the claimants, fixed by the last common view: who runs groups first, then cluster priority. */
export function claimsFirst(
  self: number,
  mayOwn: boolean,
  peer: number,
  peerMayOwn: boolean,
): boolean {
  return mayOwn === peerMayOwn ? self < peer : mayOwn;
}
