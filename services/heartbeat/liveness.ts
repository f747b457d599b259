/**
 * Is somebody there? Two questions that an operator's word must not overrule: is a live member heard on
 * any path, and is the peer heard at all. Intuition: a detached server that runs nothing is the only voice
 * from which a new beginning takes nothing away; whoever cannot be understood counts as alive.
 * Source: protocol.md 1.8, V4, 2.5 ("confirm off"); R208; D56.
 */
import type { ServerState } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import { isPresent, type PeerHealth } from "./peer.ts";

/** Anything of it arrives on any path: a proven beat, one that proves nothing yet, a refused frame. */
export function isHeardAnywhere(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  if (isStrange(peer, atMs, config)) return true;
  return isWithin(peer.lanHeardAtMs, atMs, config) || isWithin(peer.comHeardAtMs, atMs, config);
}

/** A server that takes part, may own something, or cannot be understood, is heard on some path. */
export function isLive(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  if (isStrange(peer, atMs, config)) return true;
  const { beat } = peer;
  const onLan = isWithin(peer.lanHeardAtMs, atMs, config);
  return (onLan && !isAside(beat)) || isLiveOnCom(peer, atMs, config);
}

/** The COM line carries the words of a server that takes part or may own something. */
export function isLiveOnCom(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  return isWithin(peer.comHeardAtMs, atMs, config) && !isAside(peer.comBeat);
}

/** It was never heard, or its newest words on any path were those of a server outside that runs nothing. */
export function leftAside({ beat, comBeat }: PeerHealth): boolean {
  if (beat === null && comBeat === null) return true;
  const byCom = beat === null || (comBeat !== null && comBeat.stampMs > beat.stampMs);
  return isAside(byCom ? comBeat : beat);
}

interface Words {
  readonly state: ServerState;
  readonly mayOwn: boolean;
}

/** Outside the cluster by its own word, and nothing of a group runs on it. */
export function isAside(words: Words | null): boolean {
  if (words === null || words.mayOwn) return false;
  return words.state === "detached" || words.state === "returning";
}

function isWithin(heardAtMs: number | null, atMs: number, config: ClusterConfig): boolean {
  return heardAtMs !== null && atMs - heardAtMs < config.budget.timeoutMs;
}

/** Its frames are refused, or it has not proven to be alive in this moment: nobody knows what it does. */
function isStrange(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  const { unprovenAtMs, lanHeardAtMs, comHeardAtMs } = peer;
  // The first words of every process prove nothing; what it proved since then counts.
  const proved = Math.max(lanHeardAtMs ?? 0, comHeardAtMs ?? 0) > (unprovenAtMs ?? 0);
  return isPresent(peer, atMs, config) || (!proved && isWithin(unprovenAtMs, atMs, config));
}
