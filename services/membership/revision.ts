/**
 * The view change that carries a new configuration: same members, next epoch, and nobody's lease grows by
 * it. Intuition: a revision is an attribute of a view, so the epoch tells which text a server lives by; ages
 * are carried over, because being told something new is no acknowledgement of anything old.
 * Source: protocol.md 1.4.3-1.4.5, 1.9, V3.
 */
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { LanBeat } from "../heartbeat/beat.ts";
import { acknowledgedMs, isTwoWay } from "../heartbeat/peer.ts";
import { install } from "./change.ts";
import { isMember, isSole, type MembershipState, type Result, type Surroundings } from "./state.ts";

/** An acknowledgement that is older is the beginning of a cut; a beat may be lost and one may be late. */
const FRESH_INTERVALS = 4;

/** The coordinator's step in a view of both; null = not at this moment, the old text stays. */
export function installRevision(state: MembershipState, around: Surroundings): Result | null {
  const { view, self, host } = state;
  const { peer, atMs, config } = around;
  const { beat } = peer;
  if (view === null || isSole(view, self) || !isMember(state) || beat === null) return null;
  const settled = state.server === "member" && state.gaveUp === null && state.promise === null;
  if (!settled || state.conflict || state.listenUntilMs !== null) return null;
  if (view.epoch.coordinator !== self || beat.state !== "member" || beat.claim !== 0) return null;
  if (beat.view === null || !sameEpoch(beat.view.epoch, view.epoch)) return null;
  const ackedMs = acknowledgedMs(peer, view);
  const freshMs = Math.min(config.budget.a1Ms, FRESH_INTERVALS * config.budget.intervalMs);
  const isFresh = ackedMs !== null && atMs - ackedMs < freshMs;
  if (!isFresh || !isTwoWay(peer, atMs, config)) return null;
  const counter = Math.max(state.floor, view.epoch.counter) + 1;
  const next = { epoch: { counter, coordinator: self, host }, members: view.members };
  return carried(state, next, around);
}

/** A member follows its coordinator into the newer view of the same members. */
export function followRevision(state: MembershipState, view: View, around: Surroundings): Result {
  return carried(state, view, around);
}

/** The peer's newer view has this server in it, but by a text that this server does not run by. */
export function awaitsText(beat: LanBeat, around: Surroundings): boolean {
  const { config, prepared } = around;
  return beat.configHash !== config.hash && beat.configHash !== prepared;
}

export function isSameCrew(a: View | null, b: View): boolean {
  return (
    a !== null &&
    a.members.length === b.members.length &&
    b.members.every((index) => a.members.includes(index))
  );
}

function carried(state: MembershipState, view: View, around: Surroundings): Result {
  const { peer } = around;
  const ackedMs = state.view === null ? null : acknowledgedMs(peer, state.view);
  const baseMs = Math.max(state.baseMs, ackedMs ?? state.baseMs);
  const carriedMs = ackedMs ?? state.carriedMs;
  const { listensFromMs, hosts } = state;
  const installed = install(state, view, "configuration", around);
  return { ...installed, state: { ...installed.state, baseMs, carriedMs, listensFromMs, hosts } };
}
