/**
 * What the change of a configuration sees of this server and the other one, drawn from the pulse's facts.
 * Intuition: a text is changed on firm ground only; whatever may be a cut is one.
 * Source: protocol.md 1.9, V3; services/configuration/rollout.ts.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Sight } from "../../services/configuration/rollout.ts";
import { decodeRollout, type RolloutWords } from "../../services/configuration/rollout-words.ts";
import { alivePeriodMs, type Facts, onlyPeer } from "../../services/facts.ts";
import { decodeWords } from "../../services/failover/words.ts";

/** What the other server's agent says about texts; null = it is silent or says nothing. */
export function rolloutOfPeer(facts: Facts): RolloutWords | null {
  const peer = onlyPeer(facts);
  if (peer === null || peer.state === null) return null;
  const { rollout } = decodeWords(peer.blob) ?? {};
  return rollout === undefined ? null : decodeRollout(rollout);
}

/** Older acknowledgements are the beginning of a cut; a beat may be lost and one may be late. */
const FRESH_INTERVALS = 4;

export function drawSight(
  facts: Facts,
  self: ServerIndex,
  atMs: number,
  intervalMs: number,
): Sight {
  const { view, revision } = facts;
  const peer = onlyPeer(facts);
  const isIn = view !== null && facts.server === "member";
  return {
    atMs,
    isIn,
    isCoordinator: isIn && view.epoch.coordinator === self,
    isPeerIn: isIn && peer !== null && view.members.includes(peer.index),
    epoch: isIn ? view.epoch.counter : null,
    peer: rolloutOfPeer(facts),
    hasTrouble: hasTrouble(facts, atMs, intervalMs),
    pulseHash: revision?.hash ?? "",
    pulseHolds: revision?.prepared ?? null,
  };
}

function hasTrouble(facts: Facts, atMs: number, intervalMs: number): boolean {
  const { sole, ackedMs } = facts;
  const peer = onlyPeer(facts);
  // A text and a key go from one server to one other: among more nothing is changed.
  if (peer === null) return true;
  const staleMs = FRESH_INTERVALS * intervalMs + alivePeriodMs(intervalMs);
  if (facts.gaveUp !== null || facts.conflict || facts.refused !== null) return true;
  if (facts.provisional === true || peer.presence || facts.claim === "pending") return true;
  // Alone: a server that takes part is heard, so somebody is on his way in or was never gone.
  if (sole) return facts.proposal !== null || peer.live === true;
  if (ackedMs === null || atMs - ackedMs >= staleMs) return true;
  return !facts.holdsLease || peer.state !== "member" || !peer.sameView;
}
