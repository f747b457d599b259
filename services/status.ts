/**
 * The status document: what `kage status -o json` prints and what the control socket answers.
 * One observer's picture: every value is what the asked server knows, unknown is `null`, never a
 * missing key, and ages say how old the knowledge is. `details` is for people and may grow.
 * Source: R16, R202-R204, protocol.md 1.1; levels of protection 1.2 and D54.
 */
import type { QuorumMethod } from "./configuration/model.ts";

/** ok: survives at least one failure; degraded: runs, but redundancy is missing; failed: a group is down. */
export type ClusterLevel = "ok" | "degraded" | "failed";

/** Why the level is not `ok`: a code of the event catalogue and its text in the caller's language. */
export interface StatusReason {
  readonly code: string;
  readonly text: string;
}

/** `off` = not heard; the others are the server's own word (`services`/beat) about itself. */
export type ShownServerState =
  | "starting"
  | "member"
  | "leaving"
  | "detached"
  | "returning"
  | "stopping"
  | "off";

/** `unknown`: the owner is not heard, so nobody here can say. */
export type ShownGroupState =
  | "stopped"
  | "starting"
  | "running"
  | "stopping"
  | "failed"
  | "unknown";

export interface ClusterStatus {
  readonly name: string;
  readonly level: ClusterLevel;
  /** Empty iff the level is `ok`. */
  readonly reasons: readonly StatusReason[];
  /** Counter of the current epoch; null before the first view. */
  readonly epoch: number | null;
  readonly method: QuorumMethod;
  /** Name of the view's coordinator; null before the first view. */
  readonly coordinator: string | null;
  /** How many further server failures the groups survive now; 0 = the next one stops the business. */
  readonly survivesFailures: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ServerStatus {
  readonly name: string;
  readonly state: ShownServerState;
  /** ISO 8601 UTC instant since when the state is seen; null = unknown. */
  readonly since: string | null;
  /** Host incarnation, 16 hex digits; null = never heard. */
  readonly incarnation: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface GroupStatus {
  readonly name: string;
  readonly state: ShownGroupState;
  /** Name of the server that runs (or starts, stops) the group; null = nobody. */
  readonly owner: string | null;
  /** Server names in order of preference, the first is the home server (R144). */
  readonly policy: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface PathStatus {
  readonly kind: "lan-private" | "lan-public" | "com" | "disk";
  readonly id: string;
  /** Sender and receiver, server names. For `disk` the server and the array's path seen from it. */
  readonly from: string;
  readonly to: string;
  readonly state: "normal" | "faulty" | "unknown";
  /** Age of the newest word on this path, ms; null = never. */
  readonly lastHeardMs: number | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface StatusDocument {
  readonly cluster: ClusterStatus;
  /** In the order of the configuration. */
  readonly servers: readonly ServerStatus[];
  readonly groups: readonly GroupStatus[];
  readonly paths: readonly PathStatus[];
}
