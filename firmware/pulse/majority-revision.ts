/**
 * The pulse's part in a change of the configuration where a majority decides: the coordinator proposes its own
 * view once more, and whoever installs that epoch takes the next text with it.
 * Intuition: the text belongs to the epoch. Its coordinator is the first to install it, so what it shows beside
 * the epoch says which text that is; everybody else follows the pair of both or neither. Times stay as they
 * are, so nobody's lease hangs on who has the text already.
 * Source: protocol.md 1.9, 1.4.3-1.4.5, V3.
 */
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import { isSameCrew } from "../../services/membership/majority/propose.ts";
import { isIn } from "../../services/membership/majority/sight.ts";
import type { MajorityState } from "../../services/membership/majority/state.ts";

export interface MajorityRevision {
  /** On disk here, to be installed with an epoch; null = none. */
  readonly prepared: ClusterConfig | null;
  /** The coordinator is to propose its view once more for it, and has so since this moment; null = no. */
  readonly renewsSinceMs: number | null;
}

export const NO_MAJORITY_REVISION: MajorityRevision = { prepared: null, renewsSinceMs: null };

/** What may change in one step. */
export interface RevisionTurn {
  readonly part: MajorityRevision;
  readonly config: ClusterConfig;
  readonly effects: readonly PulseEffect[];
}

/** First in a step: the agent's words about texts. */
export function hearTexts(
  part: MajorityRevision,
  event: PulseEvent,
  membership: MajorityState,
  mayOwn: boolean,
  config: ClusterConfig,
): RevisionTurn {
  const turn: RevisionTurn = { part, config, effects: [] };
  switch (event.kind) {
    case "config.prepared": {
      // Other times would need two budgets at once; the agent refuses them before.
      const isFit = event.config.hash !== config.hash && hasSameTimes(event.config, config);
      return isFit
        ? tell({ ...turn, part: { prepared: event.config, renewsSinceMs: null } })
        : turn;
    }
    case "config.dropped":
      return part.prepared === null ? turn : tell({ ...turn, part: NO_MAJORITY_REVISION });
    case "config.install": {
      const next = part.prepared;
      if (next?.hash !== event.hash) return turn;
      // Outside a view this server grants nothing and owns nothing; alone in one, nobody else lives by it.
      const isOutside = !isIn(membership) && !mayOwn;
      const isAlone = membership.view?.members.length === 1 && membership.promise === null;
      if (isOutside || (isIn(membership) && isAlone)) return switchTo(turn, next, membership);
      return { ...turn, part: { ...part, renewsSinceMs: event.atMs } };
    }
    default:
      return turn;
  }
}

/** Last in a step: a view may have been installed, or its text have been handed over only now. */
export function takeText(
  part: MajorityRevision,
  before: View | null,
  membership: MajorityState,
  peers: readonly PeerHealth[],
  config: ClusterConfig,
  atMs: number,
): RevisionTurn {
  const turn: RevisionTurn = { part, config, effects: [] };
  const next = part.prepared;
  const { view, self } = membership;
  if (next === null) return turn;
  const isInView = isIn(membership) && view !== null;
  const isNew = isInView && (before === null || !sameEpoch(before.epoch, view.epoch));
  const renewed = part.renewsSinceMs !== null && isNew && view.epoch.coordinator === self;
  if (renewed && before !== null && isSameCrew(before, view))
    return switchTo(turn, next, membership);
  if (isInView && isShownWith(next.hash, view, peers)) return switchTo(turn, next, membership);
  // Whatever else came of it, or nothing within T: the agent looks at what there is and asks again.
  const isOver =
    part.renewsSinceMs !== null &&
    (isNew || !isInView || atMs - part.renewsSinceMs >= config.budget.timeoutMs);
  return isOver ? { ...turn, part: { ...part, renewsSinceMs: null } } : turn;
}

/** Another member shows this very view and lives by that text. */
function isShownWith(hash: string, view: View, peers: readonly PeerHealth[]): boolean {
  return peers.some(({ index, beat }) => {
    if (beat?.view == null || beat.configHash !== hash || !view.members.includes(index))
      return false;
    return sameEpoch(beat.view.epoch, view.epoch);
  });
}

function switchTo(
  turn: RevisionTurn,
  next: ClusterConfig,
  membership: MajorityState,
): RevisionTurn {
  const server = next.servers[membership.self]?.name ?? "";
  const data = { server, revision: next.revision, hash: next.hash };
  const effects: PulseEffect[] = [
    ...turn.effects,
    { kind: "config.switched", config: next },
    { kind: "note", key: "config.installed", data },
  ];
  return tell({ part: NO_MAJORITY_REVISION, config: next, effects });
}

/** The same lease arithmetic to the millisecond. */
const hasSameTimes = (a: ClusterConfig, b: ClusterConfig): boolean =>
  JSON.stringify(a.budget) === JSON.stringify(b.budget);

const tell = (turn: RevisionTurn): RevisionTurn => ({
  ...turn,
  effects: [...turn.effects, { kind: "agent.tell" }],
});
