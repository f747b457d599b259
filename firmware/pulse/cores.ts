/**
 * What the pulse process asks of its cores, whichever method decides: two servers with an arbiter, or three and
 * more by majority. The process carries effects out and never looks into a core's state beyond this.
 * Intuition: who decides is settled once, at the start, because the method cannot change while a server runs.
 * Source: architecture.md 1.1, 4; protocol.md 1.3-1.5.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { AgentToken, PulseEvent } from "../../services/events.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import type { MembershipState } from "../../services/membership/state.ts";
import { straight, type Through } from "../replay/recorder.ts";
import { usesCrewDisk } from "./disk-crew.ts";
import { MajorityCores } from "./majority-cores.ts";
import { PairCores } from "./pair-cores.ts";

export interface Cores {
  readonly membership: MembershipState;
  /** Newest word of the agent; null = it has not spoken. */
  readonly token: AgentToken | null;
  /** All other servers as heard. */
  readonly peers: readonly PeerHealth[];
  /** Nothing may be sent any more: this server's last word stands elsewhere. */
  readonly hasSaidFarewell: boolean;
  /** One event through all cores; effects in the order in which they may be carried out. */
  take(event: PulseEvent, config: ClusterConfig): Taken;
  /** Groups may be started and addresses announced. */
  holdsLease(atMs: number, config: ClusterConfig): boolean;
  /** Absolute moment of the next tick, ms. */
  nextDeadlineMs(config: ClusterConfig, nowMs: number): number;
  drawFacts(willRevision: number, atMs: number, config: ClusterConfig): Facts;
  drawLease(atMs: number, config: ClusterConfig): Pick<AliveWord, "leaseUntilMs" | "ackedMs">;
  /** The last stamp is owed or under way, and the disk may take it. */
  owesFarewell(config: ClusterConfig): boolean;
  /** After the will, before the host goes off. Resolves when nobody has to be told any more. */
  sayFarewell(): Promise<void>;
}

export interface Taken {
  readonly effects: readonly PulseEffect[];
  /** The agent is to hear of it at once, and not with the next whole facts. */
  readonly isNews: boolean;
}

/** Views of three and more servers, by majority or by the shared disk; otherwise an arbiter settles between two. */
export const isCrew = (config: ClusterConfig): boolean =>
  config.method === "majority" || usesCrewDisk(config);

export function createCores(
  self: ServerIndex,
  host: HostIncarnation,
  config: ClusterConfig,
  atMs: number,
  through: Through = straight,
): Cores {
  return isCrew(config)
    ? new MajorityCores(self, host, config, atMs, through)
    : new PairCores(self, host, config, atMs, through);
}
