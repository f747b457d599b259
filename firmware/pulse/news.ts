/**
 * What is news for the own agent, so that it hears of it at once and not with the next whole facts.
 * Source: architecture.md 2 (newest wins); services/facts.ts.
 */
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { isSole } from "../../services/membership/state.ts";
import { mayOwn } from "./agent-watch.ts";
import { sameBytes } from "./beat-news.ts";
import { peerOf } from "./route.ts";
import type { PulseState } from "./state.ts";

/** How long the peer had been silent when the view became this server's alone. */
export function lostAfter(state: PulseState, atMs: number): number | null {
  const { view, self } = state.membership;
  const heardAtMs = peerOf(state)?.lanHeardAtMs ?? null;
  return isSole(view, self) && heardAtMs !== null ? Math.round(atMs - heardAtMs) : null;
}

/** Something of it concerns the agent. */
export function hasChanged(before: PulseState, after: PulseState): boolean {
  if (before.revision !== after.revision) return true;
  if (mayOwn(before) !== mayOwn(after) || before.quorum.claim !== after.quorum.claim) return true;
  return hasOtherNews(peerOf(before)?.beat ?? null, peerOf(after)?.beat ?? null);
}

/** What a peer's newest beat says to this server's agent is not what the one before it said. */
export function hasOtherNews(a: LanBeat | null, b: LanBeat | null): boolean {
  if (a === b) return false;
  if (a === null || b === null) return true;
  if (a.state !== b.state || a.mayOwn !== b.mayOwn || a.host !== b.host) return true;
  if (a.configHash !== b.configHash) return true;
  if (a.view?.epoch.counter !== b.view?.epoch.counter) return true;
  return !sameBytes(a.blob, b.blob) || (a.ack === null) !== (b.ack === null);
}
