/**
 * Groups that are not at rest: run, start, stop or are ordered somewhere, here or on the other server.
 * Source: protocol.md 1.9 (what runs keeps its resources).
 */
import type { ClusterConfig } from "../configuration/model.ts";
import { wordsOfPeer } from "./orders.ts";
import type { FailoverState } from "./state.ts";

/** Names in the order of the configuration. A group of which nothing is known counts as busy. */
export function busyGroups(state: FailoverState, config: ClusterConfig): readonly string[] {
  const { facts } = state;
  const words = facts === null ? null : wordsOfPeer(facts);
  const isTold = facts !== null && (facts.sole || words !== null);
  return config.groups.flatMap(({ name }, index) => {
    const own = state.groups[index];
    const theirs = words?.groups[index];
    const rests = (shown: string | undefined): boolean =>
      shown === undefined || shown === "stopped" || shown === "failed";
    const isFree = own?.desired === null && own.pendingId === null && own.upCount === 0;
    const isQuiet = isFree && !own.stranded && rests(own.actual) && rests(theirs?.state);
    return isTold && isQuiet ? [] : [name];
  });
}
