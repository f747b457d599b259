/**
 * Who is there, who is gone, and who hears whom.
 * Intuition: a server is lost for me when I have not received it for as long as I ever granted it; a server
 * is dropped only when nobody that stays still hears it, for whoever hears it will not promise to drop it.
 * Source: protocol.md 1.3.4, 1.4.1-1.4.2, D56.
 */
import type { ServerIndex } from "../../../hal/base/ids.ts";
import { sameEpoch } from "../../../hal/base/view.ts";
import type { LanBeat } from "../../heartbeat/beat.ts";
import { isAside } from "../../heartbeat/liveness.ts";
import { isPresent, isTwoWay, type PeerHealth } from "../../heartbeat/peer.ts";
import { takesPart } from "../state.ts";
import type { Field, MajorityState } from "./state.ts";

export const peerAt = (field: Field, index: ServerIndex): PeerHealth | null =>
  field.peers.find((peer) => peer.index === index) ?? null;

/** A proven LAN beat arrived within T. */
export function isHeard(peer: PeerHealth, { atMs, config }: Field): boolean {
  return peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < config.budget.timeoutMs;
}

/**
 * Silent for T and for the longest grant given, counted from when this process began to listen. Frames
 * that cannot be read are presence, and presence is not silence (D56).
 */
export function isLost(state: MajorityState, peer: PeerHealth, field: Field): boolean {
  const { listensFromMs } = state;
  const heardMs = Math.max(listensFromMs, peer.lanHeardAtMs ?? listensFromMs);
  const waitMs = Math.max(field.config.budget.timeoutMs, peer.grantedMs);
  return field.atMs - heardMs >= waitMs && !isPresent(peer, field.atMs, field.config);
}

/** Another boot than the one that was in the view: what ran in the old one is gone (L3). */
export function isRebooted(state: MajorityState, peer: PeerHealth): boolean {
  const known = state.hosts[peer.index] ?? null;
  return known !== null && peer.host !== null && peer.host !== known;
}

/** By its own word outside, or about to be and with all groups stopped. */
export function hasLeft(state: MajorityState, peer: PeerHealth, field: Field): boolean {
  const { beat } = peer;
  if (beat === null || beat.mayOwn || !isHeard(peer, field)) return false;
  if (beat.state === "leaving") return isInMyView(state, beat);
  // The newcomer's own installation may still be on its way: its older beats do not undo the view.
  const isOutside =
    beat.state === "detached" || beat.state === "returning" || beat.state === "starting";
  return isOutside && !isArriving(state, beat, field);
}

function isArriving(state: MajorityState, beat: LanBeat, field: Field): boolean {
  const { view } = state;
  if (view === null) return false;
  const promised = beat.promise !== null && sameEpoch(beat.promise.epoch, view.epoch);
  return promised || field.atMs - state.baseMs < field.config.budget.timeoutMs / 2;
}

/** Its lease is over, or nothing of the view's time runs there any more. */
export function isGone(state: MajorityState, peer: PeerHealth, field: Field): boolean {
  return isLost(state, peer, field) || isRebooted(state, peer) || hasLeft(state, peer, field);
}

export const isInMyView = (state: MajorityState, beat: LanBeat): boolean =>
  state.view !== null &&
  beat.view?.members.includes(beat.from) === true &&
  sameEpoch(state.view.epoch, beat.view.epoch);

/** It asks to come in, runs nothing, and lives by this server's text. */
export function asksIn(peer: PeerHealth, field: Field): boolean {
  const { beat } = peer;
  if (beat === null || beat.mayOwn || !isTwoWay(peer, field.atMs, field.config)) return false;
  if (beat.configHash !== field.config.hash) return false;
  return beat.state === "starting" || beat.state === "returning";
}

/** A server that takes part in a view, or cannot be understood, is heard. */
export function isLiveMember(peer: PeerHealth, field: Field): boolean {
  if (isPresent(peer, field.atMs, field.config)) return true;
  const { beat } = peer;
  if (beat === null || !isHeard(peer, field)) return false;
  return !isAside(beat) && beat.state !== "starting";
}

/** Bit per server from which proven LAN beats arrive here. */
export function hearsBits(field: Field): number {
  let bits = 0;
  for (const peer of field.peers) if (isHeard(peer, field)) bits |= 1 << peer.index;
  return bits;
}

/** Whether beats pass between `a` and `b` in both directions, as this server knows it. */
export function hearEachOther(
  state: MajorityState,
  a: ServerIndex,
  b: ServerIndex,
  field: Field,
): boolean {
  if (a === b) return true;
  const other = a === state.self ? b : a;
  if (a === state.self || b === state.self) {
    const peer = peerAt(field, other);
    return peer !== null && isTwoWay(peer, field.atMs, field.config);
  }
  return doesHear(a, b, field) && doesHear(b, a, field);
}

/** `a`'s newest word on whether it hears `b`. */
export function doesHear(a: ServerIndex, b: ServerIndex, field: Field): boolean {
  const hears = peerAt(field, a)?.beat?.hears ?? 0;
  return (hears & (1 << b)) !== 0;
}

/** Grants, promises, resolves: in a view and neither outside nor given up. */
export const isIn = (state: MajorityState): boolean =>
  (state.view?.members.includes(state.self) ?? false) && takesPart(state);
