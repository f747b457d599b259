/**
 * What is known of one peer, and the questions the other cores ask about it.
 * Intuition: hearing a peer proves that it lives; only its acknowledgement proves that it knows we do.
 * Source: protocol.md 1.3, 1.5; requirements D3, D7-D9.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { type Epoch, sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { ComWord } from "../events.ts";
import type { ComBeat, LanBeat } from "./beat.ts";

export type PathHealth = "normal" | "faulty" | "unknown";

export interface PeerHealth {
  readonly index: ServerIndex;
  /** null until the first proven beat. */
  readonly host: HostIncarnation | null;
  /** Newest proven LAN beat; null = never. */
  readonly beat: LanBeat | null;
  readonly lanHeardAtMs: number | null;
  /** Sender stamp of the newest LAN beat that acknowledged something new of ours: the LAN worked both ways. */
  readonly lanTwoWayStampMs: number | null;
  /**
   * Newest own stamp it acknowledged, and in which epoch. Kept when a later beat carries none: a grant
   * runs out by age, and a peer whose pulse has just restarted has heard nothing it could acknowledge.
   */
  readonly acked: { readonly epoch: Epoch; readonly stampMs: number } | null;
  /** Newest own stamp the peer says it heard. */
  readonly heardOwnStampMs: number | null;
  readonly pathHeardAtMs: readonly (number | null)[];
  readonly pathHealth: readonly PathHealth[];
  readonly comHeardAtMs: number | null;
  readonly comBeat: ComBeat | null;
  readonly comStampMs: number | null;
  /** Sender stamp of the newest COM beat that said it hears us on COM; moves with the LAN over a common pause. */
  readonly comTwoWayStampMs: number | null;
  readonly comHealth: PathHealth;
  /** Since when it has been heard on some path without a silence of T; null = not heard. */
  readonly aliveSinceMs: number | null;
  /** Newest beat of a process that has not proven itself, on any path; null = never. */
  readonly unprovenAtMs: number | null;
  readonly presenceAtMs: number | null;
  /** Largest grant ever given to this peer in this process, ms. */
  readonly grantedMs: number;
}

/** A peer's entry while one step fills it in; nobody but that step has seen it. */
export type PeerDraft = { -readonly [Part in keyof PeerHealth]: PeerHealth[Part] };

/** Written out: every frame needs one, and the engine copies a literal some ten times as fast as a spread. */
export const peerDraft = (peer: PeerHealth): PeerDraft => ({
  index: peer.index,
  host: peer.host,
  beat: peer.beat,
  lanHeardAtMs: peer.lanHeardAtMs,
  lanTwoWayStampMs: peer.lanTwoWayStampMs,
  acked: peer.acked,
  heardOwnStampMs: peer.heardOwnStampMs,
  pathHeardAtMs: peer.pathHeardAtMs,
  pathHealth: peer.pathHealth,
  comHeardAtMs: peer.comHeardAtMs,
  comBeat: peer.comBeat,
  comStampMs: peer.comStampMs,
  comTwoWayStampMs: peer.comTwoWayStampMs,
  comHealth: peer.comHealth,
  aliveSinceMs: peer.aliveSinceMs,
  unprovenAtMs: peer.unprovenAtMs,
  presenceAtMs: peer.presenceAtMs,
  grantedMs: peer.grantedMs,
});

/** How the COM line reads once the LAN is silent (protocol.md 1.5). `null` without a COM path. */
export function comWord(peer: PeerHealth, config: ClusterConfig): ComWord {
  const { comAliveMs, comFaultyMs } = config.budget;
  const lanMs = peer.lanTwoWayStampMs;
  if (peer.comStampMs === null || lanMs === null) return "faulty";
  if (peer.comStampMs - lanMs > comAliveMs) return "alive";
  if (peer.comTwoWayStampMs === null) return "faulty";
  return lanMs - peer.comTwoWayStampMs > comFaultyMs ? "faulty" : "together";
}

/** Whether the peer's proven LAN beats arrive and ours are heard by it, both within T. */
export function isTwoWay(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  const { timeoutMs } = config.budget;
  if (peer.lanHeardAtMs === null || atMs - peer.lanHeardAtMs >= timeoutMs) return false;
  return peer.heardOwnStampMs !== null && atMs - peer.heardOwnStampMs < timeoutMs;
}

/**
 * It shows this view as a member of it. Who is outside shows the highest epoch that it knows with nobody in it,
 * and that may be the very epoch of the view that it has left.
 */
export function showsView({ index, beat }: PeerHealth, view: View): boolean {
  const shown = beat?.view ?? null;
  return shown?.members.includes(index) === true && sameEpoch(shown.epoch, view.epoch);
}

/** Newest own stamp the peer acknowledges for exactly this view; null = none. */
export function acknowledgedMs(peer: PeerHealth, view: View): number | null {
  const { acked } = peer;
  return acked !== null && sameEpoch(acked.epoch, view.epoch) ? acked.stampMs : null;
}

/** Bit per LAN path on which this peer was heard within T. */
export function hearsLanBits(peer: PeerHealth, atMs: number, config: ClusterConfig): number {
  let bits = 0;
  for (const [path, heardAtMs] of peer.pathHeardAtMs.entries()) {
    if (heardAtMs !== null && atMs - heardAtMs < config.budget.timeoutMs) bits |= 1 << path;
  }
  return bits;
}

export function hearsCom(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  const { comFaultyMs } = config.budget;
  return peer.comHeardAtMs !== null && atMs - peer.comHeardAtMs < comFaultyMs;
}

/** Frames of the right cluster that fail authentication arrived from this peer within T (D56). */
export function isPresent(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  return peer.presenceAtMs !== null && atMs - peer.presenceAtMs < config.budget.timeoutMs;
}
