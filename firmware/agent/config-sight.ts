/**
 * What the change of a configuration sees of this server and the others, drawn from the pulse's facts.
 * Intuition: a text is changed on firm ground only; whatever may be a cut is one.
 * Source: protocol.md 1.9, V3; services/configuration/rollout.ts.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Budget } from "../../services/configuration/model.ts";
import type { PeerSight, Sight } from "../../services/configuration/rollout-state.ts";
import {
  decodeRollout,
  type Revision,
  type RolloutWords,
} from "../../services/configuration/rollout-words.ts";
import { alivePeriodMs, type Facts, type PeerFact } from "../../services/facts.ts";
import { fellows, isMany } from "../../services/failover/hear.ts";
import { decodeWords } from "../../services/failover/words.ts";

/** What another server's agent says about texts; null = it is silent or says nothing. */
function rolloutOf(peer: PeerFact): RolloutWords | null {
  if (peer.state === null) return null;
  const { rollout } = decodeWords(peer.blob) ?? {};
  return rollout === undefined ? null : decodeRollout(rollout);
}

/** Older acknowledgements are the beginning of a cut; a beat may be lost and one may be late. */
const FRESH_INTERVALS = 4;

export function drawSight(
  facts: Facts,
  self: ServerIndex,
  atMs: number,
  { intervalMs, timeoutMs }: Pick<Budget, "intervalMs" | "timeoutMs">,
): Sight {
  const { view, revision } = facts;
  const isIn = view !== null && facts.server === "member";
  return {
    atMs,
    self,
    isIn,
    isUntaught: facts.server === "observing",
    coordinator: isIn ? view.epoch.coordinator : null,
    epoch: isIn ? view.epoch.counter : null,
    peers: facts.peers.map(
      (peer): PeerSight => ({
        index: peer.index,
        isIn: isIn && view.members.includes(peer.index),
        words: rolloutOf(peer),
      }),
    ),
    hasTrouble: hasTrouble(facts, atMs, intervalMs),
    timeoutMs,
    pulseHash: revision?.hash ?? "",
    pulseHolds: revision?.prepared ?? null,
  };
}

/** Another member that does not run by this server's text, as its pulse says. */
export const isMixed = (facts: Facts): boolean =>
  facts.server === "member" && fellows(facts).some(({ configDiffers }) => configDiffers);

function hasTrouble(facts: Facts, atMs: number, intervalMs: number): boolean {
  const { sole, ackedMs, peers } = facts;
  const staleMs = FRESH_INTERVALS * intervalMs + alivePeriodMs(intervalMs);
  if (facts.gaveUp !== null || facts.conflict || facts.refused !== null) return true;
  if (facts.provisional === true || facts.claim === "pending") return true;
  if (peers.some(({ presence }) => presence)) return true;
  const members = fellows(facts);
  // A server that takes part is heard outside the view: it is on its way in or was never gone.
  const isJoined = peers.some((peer) => peer.live === true && !members.includes(peer));
  if (sole) return facts.proposal !== null || isJoined;
  if (isMany(facts) && isJoined) return true;
  if (ackedMs === null || atMs - ackedMs >= staleMs || !facts.holdsLease) return true;
  const isFirm = ({ state, sameView, sinceHeardMs }: PeerFact): boolean =>
    state === "member" && sameView && (!isMany(facts) || (sinceHeardMs ?? staleMs) < staleMs);
  return peers.some((peer) => (members.includes(peer) || !isMany(facts)) && !isFirm(peer));
}

/** Texts of a server's folder. */
interface Texts {
  readonly current: Revision;
  readonly prepared: Revision | null;
  readonly old: readonly Revision[];
}

/**
 * A text that this server still has, by the beginning of its hash; null = none.
 * `index`: null = nothing on disk can be read. `ready`: one in its memory, which needs no disk.
 */
export function knownText(
  index: Texts | null,
  ready: Revision | null,
  beginning: string,
): Revision | null {
  const known = [index?.current, index?.prepared, ...(index?.old ?? []), ready].find(
    (entry) => entry?.hash.startsWith(beginning) === true,
  );
  return known == null ? null : { rev: known.rev, hash: known.hash };
}
