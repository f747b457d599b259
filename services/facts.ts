/**
 * What the pulse tells the agent: the newest state, whole, so that a lost or late message does no harm.
 * Source: architecture.md 2 (newest wins), protocol.md 1.4.5-1.4.7.
 */
import type { HostIncarnation, ServerIndex } from "../hal/base/ids.ts";
import type { ServerState, View } from "../hal/base/view.ts";
import type { StopReason } from "./events.ts";
import type { PathHealth } from "./heartbeat/peer.ts";

export interface PathFact {
  readonly kind: "lan-private" | "lan-public" | "com" | "disk";
  readonly id: string;
  /** Sender and receiver of the direction; for the disk the server itself twice. */
  readonly from: ServerIndex;
  readonly to: ServerIndex;
  readonly state: PathHealth;
  /** null = never, or not known to this side. */
  readonly lastHeardMs: number | null;
}

export interface PeerFact {
  readonly index: ServerIndex;
  /** null = not heard within the heartbeat timeout. */
  readonly state: ServerState | null;
  readonly sinceHeardMs: number | null;
  readonly host: HostIncarnation | null;
  readonly mayOwn: boolean;
  /** The peer shows the same view as this server. */
  readonly sameView: boolean;
  readonly epochCounter: number;
  readonly blob: Uint8Array;
  readonly presence: boolean;
  readonly configDiffers: boolean;
}

/** Short word between two facts: the pulse lives, and so long the lease lasts. */
export interface AliveWord {
  readonly atMs: number;
  readonly holdsLease: boolean;
  readonly leaseUntilMs: number | null;
  readonly ackedMs: number | null;
}

/** Both sides count with it: the pulse sends this often, the agent misses it after three. */
export function alivePeriodMs(heartbeatIntervalMs: number): number {
  return Math.max(20, Math.min(1000, heartbeatIntervalMs));
}

export interface Facts {
  readonly atMs: number;
  readonly server: ServerState | "observing";
  readonly sinceMs: number;
  readonly view: View | null;
  readonly floor: number;
  readonly sole: boolean;
  readonly gaveUp: StopReason | null;
  /** Groups may be started and addresses announced. */
  readonly holdsLease: boolean;
  /** Monotonic moment at which the lease ends without a further acknowledgement; null = no end. */
  readonly leaseUntilMs: number | null;
  /** Newest own stamp acknowledged in this view; null = none. */
  readonly ackedMs: number | null;
  /** Silence of the peer's LAN beats when this server went on alone, ms; null = it did not. */
  readonly lostAfterMs: number | null;
  readonly conflict: boolean;
  readonly refused: StopReason | null;
  readonly claim: string;
  readonly waitUntilMs: number | null;
  readonly peer: PeerFact;
  readonly paths: readonly PathFact[];
  /** Newest will this pulse holds. */
  readonly willRevision: number;
}
