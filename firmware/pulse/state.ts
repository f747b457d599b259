/**
 * Everything that the cores of a pulse of two servers remember, as one value: each event makes a new one.
 * Source: architecture.md 4 (pure cores); route.ts steps it.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import * as heartbeat from "../../services/heartbeat/core.ts";
import { createMembership, type MembershipState } from "../../services/membership/state.ts";
import * as quorum from "../../services/quorum/core.ts";
import { type AgentWatch, createAgentWatch } from "./agent-watch.ts";
import { createDiskPart, type DiskPart } from "./disk-part.ts";
import { NO_REVISION, type RevisionPart } from "./revision-part.ts";

export interface PulseState {
  readonly heartbeat: heartbeat.HeartbeatState;
  readonly quorum: quorum.QuorumState;
  readonly membership: MembershipState;
  readonly agent: AgentWatch;
  readonly disk: DiskPart;
  readonly revision: RevisionPart;
  readonly nextLanAtMs: number;
  readonly nextComAtMs: number;
  readonly suspected: boolean;
  /** Newest tick: every deadline since then is still owed one, whatever was taken in meanwhile. */
  readonly tickedAtMs: number;
  /** A verdict is owed although no deadline lies ahead. */
  readonly isJudgeDue: boolean;
  /** The will has run to its end: nothing of ours may own anything any more. */
  readonly willDone: "no" | "completed" | "overdue";
}

export function createPulse(
  self: ServerIndex,
  host: HostIncarnation,
  config: ClusterConfig,
  atMs: number,
): PulseState {
  return {
    heartbeat: heartbeat.createHeartbeat(self, config, atMs),
    quorum: quorum.createQuorum(atMs),
    membership: createMembership(self, host, config.servers.length, atMs),
    disk: createDiskPart(config.servers.length, atMs),
    revision: NO_REVISION,
    agent: createAgentWatch(atMs),
    nextLanAtMs: atMs,
    nextComAtMs: atMs,
    suspected: false,
    tickedAtMs: atMs,
    isJudgeDue: false,
    willDone: "no",
  };
}

/** A state while one step fills it in; nobody but that step has seen it. */
export type PulseDraft = { -readonly [Part in keyof PulseState]: PulseState[Part] };

/** Written out: the engine copies a literal some ten times as fast as a spread, and every event needs one. */
export const draftOf = (state: PulseState): PulseDraft => ({
  heartbeat: state.heartbeat,
  quorum: state.quorum,
  membership: state.membership,
  agent: state.agent,
  disk: state.disk,
  revision: state.revision,
  nextLanAtMs: state.nextLanAtMs,
  nextComAtMs: state.nextComAtMs,
  suspected: state.suspected,
  tickedAtMs: state.tickedAtMs,
  isJudgeDue: state.isJudgeDue,
  willDone: state.willDone,
});
