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
  /** Why a faulty disk path cannot be used, in the disk process's words, naming slot and server. */
  readonly trouble?: string;
}

export interface PeerFact {
  readonly index: ServerIndex;
  /** null = not heard within the heartbeat timeout. */
  readonly state: ServerState | null;
  readonly sinceHeardMs: number | null;
  readonly host: HostIncarnation | null;
  readonly mayOwn: boolean;
  /** It shows the same view as this server. */
  readonly sameView: boolean;
  readonly epochCounter: number;
  readonly blob: Uint8Array;
  readonly presence: boolean;
  readonly configDiffers: boolean;
  /** It takes part, may own something or cannot be understood, on any path within T. Default false. */
  readonly live?: boolean;
  /** Anything of it arrives on any path within T. Default false. */
  readonly heard?: boolean;
}

/** Short word between two facts: the pulse lives, and so long the lease lasts. */
export interface AliveWord {
  readonly atMs: number;
  readonly holdsLease: boolean;
  readonly leaseUntilMs: number | null;
  readonly ackedMs: number | null;
}

/** A pulse without real-time priority may be this late on a busy host. */
const LOAD_MS = 100;

/** Both sides count with it: the pulse sends this often, the agent misses it after three. */
export function alivePeriodMs(heartbeatIntervalMs: number): number {
  return Math.max(20, Math.min(1000, heartbeatIntervalMs));
}

/**
 * Shortest silence of the pulse, ms, that ends a server whose lease is about to run out. Two words where
 * that is more than load explains: what hangs later than that before T is late beyond P (protocol.md 1.2).
 */
export function overdueMs(heartbeatIntervalMs: number): number {
  const periodMs = alivePeriodMs(heartbeatIntervalMs);
  return Math.min(3 * periodMs, Math.max(2 * periodMs, LOAD_MS));
}

/** Ids of cluster keys. */
export interface KeyFacts {
  /** That the pulse opens, the one that it seals with first. */
  readonly ids: readonly string[];
  /** That the disk process has confirmed; null = none is connected. */
  readonly disk: readonly string[] | null;
}

/** Counts by class of `hal/base/histogram.ts` since the start of the pulse (D51). */
export interface Measured {
  /** Lateness of the pulse's wakes. */
  readonly late: readonly number[];
  /** Accesses to the array. */
  readonly disk: readonly number[];
  /** What the other server's LAN beats came later than their interval, as heard here. */
  readonly heard: readonly number[];
}

export interface Facts {
  readonly atMs: number;
  /** Hash of the text that the pulse runs by, and of the one that it holds ready; absent = it does not say. */
  readonly revision?: { readonly hash: string; readonly prepared: string | null };
  readonly server: ServerState | "observing";
  readonly sinceMs: number;
  readonly view: View | null;
  /**
   * View into which this sole server would take the other one; null = none. It is installed only when the
   * agent holds it, so that no stale sole view is ever taught to a new pulse (protocol.md 1.4.8).
   */
  readonly proposal: View | null;
  /** What the pulse has promised and its agent is to hold for it (1.4.8); null = nothing, or two servers. */
  readonly promise: View | null;
  readonly floor: number;
  readonly sole: boolean;
  /** The view is a force-returned one whose groups may not start yet (protocol.md 1.8). Default false. */
  readonly provisional?: boolean;
  readonly gaveUp: StopReason | null;
  /** Groups may be started and addresses announced. */
  readonly holdsLease: boolean;
  /** Monotonic moment at which the lease ends without a further acknowledgement; null = no end. */
  readonly leaseUntilMs: number | null;
  /** Newest own stamp acknowledged in this view; null = none. */
  readonly ackedMs: number | null;
  /** Silence of the other server's LAN beats when this server went on alone, ms; null = it did not. */
  readonly lostAfterMs: number | null;
  readonly conflict: boolean;
  readonly refused: StopReason | null;
  readonly claim: string;
  readonly waitUntilMs: number | null;
  /** All other configured servers, by index; never empty. */
  readonly peers: readonly PeerFact[];
  readonly paths: readonly PathFact[];
  /** Newest will this pulse holds. */
  readonly willRevision: number;
  /** Absent = the pulse does not say. */
  readonly keys?: KeyFacts;
  /** For `kage tune` only; nothing is decided by it. */
  readonly measured?: Measured;
}

/**
 * The other server of a cluster of two, for what only two servers do with each other. null = there are more,
 * and the caller does nothing or refuses.
 */
export function onlyPeer({ peers }: Pick<Facts, "peers">): PeerFact | null {
  return peers.length === 1 ? (peers[0] ?? null) : null;
}
