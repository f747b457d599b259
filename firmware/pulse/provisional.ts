/**
 * Asks the method whether a force-returned server may let its groups start, and takes an operator's word
 * that the other server is off where the method cannot say. Intuition: a peer that says itself that it is
 * outside is the best evidence; silence is judged as at a start alone, and a person's word counts for
 * silence only, never against a voice.
 * Source: protocol.md 1.7, 1.8, V4, 2.5 ("confirm off"); requirements R191, R205, R208.
 */
import {
  isAside,
  isHeardAnywhere,
  isLiveOnCom,
  leftAside,
} from "../../services/heartbeat/liveness.ts";
import type { Surroundings } from "../../services/membership/state.ts";
import { gatherStartEvidence } from "../../services/quorum/evidence.ts";
import type { Method } from "../../services/quorum/judgement.ts";
import { arbiterOf, startWitnessOf } from "./disk-part.ts";
import type { PulseState } from "./state.ts";
import type { Verdict } from "./verdict.ts";

export function askProvisional(
  state: PulseState,
  method: Method,
  around: Surroundings,
  atMs: number,
): Verdict {
  const { membership: members } = state;
  const { peer, config } = around;
  const claims = arbiterOf(state, config);
  const { timeoutMs } = config.budget;
  const onLan = peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < timeoutMs;
  if (onLan && isAside(peer.beat)) {
    return { judgement: { kind: "survive" }, evidence: "the other server is outside", seen: null };
  }
  const overdueMs = atMs - members.baseMs;
  const { diskHealthy } = claims;
  const start = gatherStartEvidence(members.self, diskHealthy, peer, overdueMs, atMs, config);
  // Not "throughout": while this server was outside, the other may have been switched off in peace.
  const unheard = peer.beat === null && peer.comBeat === null;
  // A view that still waits when a new pulse learns of it had a reason to wait, which is forgotten.
  const forgotten = members.provisional === "taught" && unheard;
  const comHeard = forgotten || isLiveOnCom(peer, atMs, config) || !leftAside(peer);
  const known = {
    ...start,
    comHeard,
    presence: start.presence || onLan,
    disk: startWitnessOf(state, atMs, config),
  };
  const judgement = method.judgeStart(known, claims.claim, config.budget);
  const com = comHeard ? "of a live server" : "silent or outside";
  const evidence = `after force-return: COM ${com}, presence ${known.presence}, claim ${claims.claim}`;
  return sworn({ judgement, evidence, seen: null }, state, around, atMs);
}

/** What the method refuses for want of evidence goes on when a person has looked and nothing is heard or written. */
export function sworn(
  verdict: Verdict,
  state: PulseState,
  around: Surroundings,
  atMs: number,
): Verdict {
  const { peer, peerOff, config } = around;
  if (verdict.judgement.kind !== "refuse" || !peerOff) return verdict;
  if (isHeardAnywhere(peer, atMs, config)) return verdict;
  const roseAtMs = state.disk.stamps.slots[peer.index]?.roseAtMs ?? Number.NEGATIVE_INFINITY;
  if (config.method === "disk" && atMs - roseAtMs < config.budget.quietMs) return verdict;
  const evidence = `${verdict.evidence}; an operator states that the other server is off`;
  return { judgement: { kind: "survive" }, evidence, seen: null };
}
