/**
 * The pulse's part in a change of the configuration: holds the next text ready, installs it with an epoch,
 * and lives by the stricter of both budgets until the other server shows that epoch.
 * Intuition: the text, the epoch and the beat that tells of them change in one step of one process.
 * Source: protocol.md 1.9, 1.3.1, 1.3.4, L10, V3; services/configuration/blend.ts.
 */
import { sameEpoch } from "../../hal/base/view.ts";
import { blendBudgets } from "../../services/configuration/blend.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { HeartbeatState } from "../../services/heartbeat/core.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import { installRevision } from "../../services/membership/revision.ts";
import {
  isMember,
  isSole,
  type MembershipState,
  type Surroundings,
} from "../../services/membership/state.ts";

export interface RevisionPart {
  /** On disk here, to be installed with the next epoch; null = none. */
  readonly prepared: ClusterConfig | null;
  /** Installed, but the other server has not shown the epoch: its own times rule from then on. */
  readonly final: ClusterConfig | null;
}

export const NO_REVISION: RevisionPart = { prepared: null, final: null };

/** What may change in one step. */
interface Turn {
  readonly part: RevisionPart;
  readonly membership: MembershipState;
  readonly config: ClusterConfig;
  readonly effects: readonly PulseEffect[];
}

/** The agent's words about texts. `isClaiming`: the own block bears a claim. */
function stepRevision(
  turn: Turn,
  event: PulseEvent,
  around: Surroundings,
  isClaiming: boolean,
): Turn {
  const { part } = turn;
  switch (event.kind) {
    case "config.prepared": {
      if (event.config.hash === turn.config.hash) return turn;
      return tell({ ...turn, part: { ...part, prepared: event.config } });
    }
    case "config.dropped":
      return part.prepared === null ? turn : tell({ ...turn, part: { ...part, prepared: null } });
    case "config.install": {
      const next = part.prepared;
      return next?.hash === event.hash ? install(turn, next, around, isClaiming) : turn;
    }
    default:
      return turn;
  }
}

function install(turn: Turn, next: ClusterConfig, around: Surroundings, isClaiming: boolean): Turn {
  const { membership: members } = turn;
  const isAlone = isSole(members.view, members.self) && members.promise === null;
  // Outside a view this server grants nothing and owns nothing; alone in one, nobody else lives by it.
  if (isAlone || (!isMember(members) && !around.mayOwn)) return switchTo(turn, next, around.peer);
  const isNear = blendBudgets(turn.config.budget, next.budget) !== null;
  const installed = isClaiming || !isNear ? null : installRevision(members, around);
  if (installed === null) return turn;
  const effects = [...turn.effects, ...installed.effects];
  return switchTo({ ...turn, membership: installed.state, effects }, next, around.peer);
}

/**
 * Run after membership has looked at the peer: it may have followed into an epoch of the prepared text, or
 * this process was taught that epoch after a restart and is handed the text only afterwards.
 */
function followRevision(turn: Turn, peer: PeerHealth): Turn {
  const { view } = turn.membership;
  const next = turn.part.prepared;
  const shown = peer.beat?.view ?? null;
  const isThere = view !== null && shown !== null && sameEpoch(shown.epoch, view.epoch);
  const isTheirs = next !== null && peer.beat?.configHash === next.hash;
  const isIn = shown?.members.includes(turn.membership.self) === true;
  return settle(isThere && isIn && isTheirs ? switchTo(turn, next, peer) : turn, peer);
}

function switchTo(turn: Turn, next: ClusterConfig, peer: PeerHealth): Turn {
  const { membership: members } = turn;
  const isPair = members.view !== null && isMember(members) && !isSole(members.view, members.self);
  const blended = isPair ? blendBudgets(turn.config.budget, next.budget) : null;
  const config = blended === null ? next : { ...next, budget: blended };
  const part = { prepared: null, final: blended === null ? null : next };
  const server = next.servers[members.self]?.name ?? "";
  const data = { server, revision: next.revision, hash: next.hash };
  const effects: PulseEffect[] = [
    ...turn.effects,
    { kind: "config.switched", config },
    { kind: "note", key: "config.installed", data },
  ];
  return settle(tell({ ...turn, part, config, effects }), peer);
}

/** The other server shows the epoch, or it is no longer in it: one budget is left. */
function settle(turn: Turn, peer: PeerHealth): Turn {
  const { final } = turn.part;
  const { view, self } = turn.membership;
  if (final === null) return turn;
  const shown = peer.beat?.view ?? null;
  const isShown = view !== null && shown !== null && sameEpoch(shown.epoch, view.epoch);
  if (!isShown && view !== null && !isSole(view, self)) return turn;
  const effects: PulseEffect[] = [...turn.effects, { kind: "config.switched", config: final }];
  return { ...turn, part: { ...turn.part, final: null }, config: final, effects };
}

/** One step's new state and the text that the rest of the step is to go by. */
export interface Revised<S> {
  readonly state: S;
  readonly config: ClusterConfig;
  readonly effects: readonly PulseEffect[];
}

interface Revisable {
  readonly revision: RevisionPart;
  readonly membership: MembershipState;
  readonly heartbeat: HeartbeatState;
}

/** First in a step: the agent's words about texts. */
export function beginRevision<S extends Revisable>(
  state: S,
  event: PulseEvent,
  around: Surroundings | null,
  isClaiming: boolean,
): Revised<S> | null {
  if (around === null || !event.kind.startsWith("config.")) return null;
  const { membership, revision } = state;
  const turn: Turn = { part: revision, membership, config: around.config, effects: [] };
  return finish(state, stepRevision(turn, event, around, isClaiming), around.peer);
}

/** After membership has looked at the peer. */
export function endRevision<S extends Revisable>(
  state: S,
  around: Surroundings | null,
): Revised<S> | null {
  const { membership, revision } = state;
  if (around === null || (revision.prepared === null && revision.final === null)) return null;
  const turn: Turn = { part: revision, membership, config: around.config, effects: [] };
  return finish(state, followRevision(turn, around.peer), around.peer);
}

/**
 * Grants of an older epoch carry no lease in this one, so once the peer has shown the epoch of the present
 * text the largest grant given to it starts anew (L10).
 */
function finish<S extends Revisable>(state: S, turn: Turn, peer: PeerHealth): Revised<S> {
  const { part, membership, config, effects } = turn;
  const isFinal = part.final === null && effects.some(({ kind }) => kind === "config.switched");
  const { timeoutMs } = config.budget;
  const peers = state.heartbeat.peers.map((old) =>
    isFinal && old.index === peer.index ? { ...old, grantedMs: timeoutMs } : old,
  );
  const heartbeat = { ...state.heartbeat, peers };
  return { state: { ...state, revision: part, membership, heartbeat }, config, effects };
}

const tell = (turn: Turn): Turn => ({
  ...turn,
  effects: [...turn.effects, { kind: "agent.tell" }],
});
