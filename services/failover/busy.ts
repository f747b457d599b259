/**
 * Groups that are not at rest: run, start, stop or are ordered somewhere, here or on another server.
 * Source: protocol.md 1.9 (what runs keeps its resources).
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { Facts, PeerFact } from "../facts.ts";
import { fellows, wordsHeard } from "./hear.ts";
import type { FailoverState } from "./state.ts";

/** Names in the order of the configuration. A group of which nothing is known counts as busy. */
export function busyGroups(state: FailoverState, config: ClusterConfig): readonly string[] {
  const { facts } = state;
  const said = (facts?.peers ?? []).map(wordsHeard);
  const isTold = facts !== null && (facts.sole || askedFor(facts).every(hasWords));
  return config.groups.flatMap(({ name }, index) => {
    const own = state.groups[index];
    const rests = (shown: string | undefined): boolean =>
      shown === undefined || shown === "stopped" || shown === "failed";
    const isFree = own?.desired === null && own.pendingId === null && own.upCount === 0;
    const isQuiet = isFree && !own.stranded && rests(own.actual);
    const isQuietThere = said.every((words) => rests(words?.groups[index]?.state));
    return isTold && isQuiet && isQuietThere ? [] : [name];
  });
}

/** Outside a view any server may run something. */
const askedFor = (facts: Facts): readonly PeerFact[] =>
  facts.view === null ? facts.peers : fellows(facts);

const hasWords = (peer: PeerFact): boolean => wordsHeard(peer) !== null;
