/**
 * Cluster shutdown in three steps, and the end of a server's own shutdown: all groups stop, the coordinator
 * commits when everybody has shown it, everybody writes the clean mark, the coordinator last.
 * Intuition: nobody vouches for groups that another member has not yet shown as stopped.
 * Source: G7; protocol.md 1.4.8; requirements R184, D18.
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { Facts, PeerFact } from "../facts.ts";
import { fellows, isAtRest, wordsHeard, wordsInView } from "./hear.ts";
import { isCoordinator } from "./orders.ts";
import type { AgentEffect, FailoverState } from "./state.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

/** An orderly off takes the operating system some seconds to begin with. */
const OFF_RETRY_MS = 10_000;

/** One step towards the end, where one is under way. */
export function lead(state: FailoverState, config: ClusterConfig, atMs: number): Result {
  const { facts } = state;
  if (facts === null) return { state, effects: [] };
  // An order to a pulse that is just being restarted is lost; whoever still runs gives it again.
  const again = state.offSent && state.offAtMs !== null && atMs >= state.offAtMs;
  if (again) return sendOff(state, atMs);
  if (state.offSent) return { state, effects: [] };
  if (state.afterLeave === "off" && facts.server === "detached" && isIdle(state)) {
    return sendOff(state, atMs);
  }
  if (facts.server === "detached" && isIdle(state) && hearsCommitment(facts)) {
    return sendOff(state, atMs);
  }
  if (state.offAtMs !== null && atMs >= state.offAtMs) return sendOff(state, atMs);
  if (state.shutdown === 1 && isCoordinator(state) && allStopped(state)) {
    return { state: { ...state, shutdown: 2 }, effects: [{ kind: "words.changed" }] };
  }
  if (state.shutdown === 2) return close(state, facts, config, atMs);
  return { state, effects: [] };
}

/** A detached server goes with the cluster. */
const hearsCommitment = (facts: Facts): boolean =>
  facts.peers.some((peer) => wordsHeard(peer)?.shutdown === 2);

function sendOff(state: FailoverState, atMs: number): Result {
  const next = { ...state, offSent: true, offAtMs: atMs + OFF_RETRY_MS };
  return { state: next, effects: [{ kind: "server.off" }] };
}

/** The mark is the last step: members first, the coordinator when all that are heard have shown theirs. */
function close(state: FailoverState, facts: Facts, config: ClusterConfig, atMs: number): Result {
  const stopping = { ...state, wish: { kind: "stop" as const } };
  if (state.marked === "no") {
    const isWaiting =
      isCoordinator(state) &&
      fellows(facts).some((peer) => isStillIn(peer) && wordsHeard(peer)?.marked !== true);
    if (isWaiting) return { state: stopping, effects: [] };
    const id = state.nextId;
    const next = { ...stopping, nextId: id + 1, marked: "writing" as const };
    return { state: next, effects: [{ kind: "mark.write", id }] };
  }
  if (state.marked === "written" && state.offAtMs === null) {
    return { state: { ...stopping, offAtMs: atMs + 3 * config.budget.intervalMs }, effects: [] };
  }
  return { state: stopping, effects: [] };
}

/** Who has been started anew meanwhile runs nothing of this view, and writes no mark for it. */
const isStillIn = ({ state, sameView }: PeerFact): boolean => state !== null && sameView;

const isIdle = (state: FailoverState): boolean =>
  state.groups.every((group) => group.upCount === 0 && group.pendingId === null);

function allStopped(state: FailoverState): boolean {
  const { facts } = state;
  if (facts === null || !isIdle(state)) return false;
  if (facts.sole) return true;
  const others = fellows(facts);
  if (others.length < (facts.view?.members.length ?? 0) - 1) return false;
  return others.every((peer) => {
    const words = wordsInView(peer);
    if (words === null || peer.mayOwn || words.shutdown === 0) return false;
    return words.groups.every((_, index) => isAtRest(words, index));
  });
}
