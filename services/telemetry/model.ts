/**
 * The MQTT tree as types: what stands under `kage/v1/<cluster>/` and what a command and its replies look
 * like. One definition for the publisher, the page and the tests of strangers. Every retained state is
 * wrapped in an envelope whose `epoch`, `rev` let a reader drop what is older. Unknown is `null` or
 * `"unknown"`, never a missing key. Source: ecosystem.md 1.3, 1.4; services/status.ts.
 */
import type { QuorumMethod } from "../configuration/model.ts";
import type {
  ClusterLevel,
  GroupStatus,
  PathStatus,
  ServerStatus,
  StatusReason,
} from "../status.ts";

/** Wraps every state, retained or not. */
export interface Envelope {
  readonly v: 1;
  /** ISO 8601 UTC instant of the observation. */
  readonly ts: string;
  /** Name of the observing server. */
  readonly by: string;
  /** Counter of the view's epoch; 0 before the first view. */
  readonly epoch: number;
  /** Rises by one per change of what `by` publishes; a reader ignores a lower one of the same epoch and `by`. */
  readonly rev: number;
}

export interface Bilingual {
  readonly en: string;
  readonly ja: string;
}

/** Topic `info`. */
export interface InfoState extends Envelope {
  readonly cluster: string;
  readonly version: string;
  readonly method: QuorumMethod;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Best cluster priority first. */
  readonly servers: readonly string[];
  readonly groups: readonly {
    readonly name: string;
    readonly policy: readonly string[];
    readonly resources: readonly { readonly name: string; readonly type: string }[];
  }[];
  readonly paths: readonly { readonly kind: PathStatus["kind"]; readonly id: string }[];
}

/** Topic `state`. `headline` says in one sentence how many more failures can be survived. */
export interface ClusterState extends Envelope {
  readonly level: ClusterLevel;
  readonly reasons: readonly (StatusReason & { readonly ja: string })[];
  readonly coordinator: string | null;
  readonly survivesFailures: number;
  readonly headline: Bilingual;
  /** Hash prefix of the configuration in force; null = unknown. */
  readonly configRevision: string | null;
  /** Its number, as in `kage config history`; null = unknown. */
  readonly revision: number | null;
}

/** Topic `node/<n>/state`. */
export interface NodeState extends Envelope {
  /** Topic id, as in the topic and in commands; always sent, a reader may do without. */
  readonly id?: string;
  readonly name: string;
  readonly state: ServerStatus["state"];
  readonly since: string | null;
  readonly incarnation: string | null;
}

/** Topic `group/<g>/state`. */
export interface GroupState extends Envelope {
  /** Topic id, as in the topic and in commands; always sent, a reader may do without. */
  readonly id?: string;
  readonly name: string;
  readonly state: GroupStatus["state"];
  readonly owner: string | null;
  readonly policy: readonly string[];
}

/** Topic `path/<p>/state`: one entry per direction and pair. */
export interface PathState extends Envelope {
  readonly kind: PathStatus["kind"];
  readonly id: string;
  readonly pairs: readonly {
    readonly from: string;
    readonly to: string;
    readonly state: PathStatus["state"];
    readonly lastHeardMs: number | null;
  }[];
}

/** Topic `event` (one) and, as array `events`, `event/recent` (retained, newest last, at most 50). */
export interface EventMessage {
  readonly v: 1;
  /** `<server>-<seq>`: unique in the cluster. */
  readonly id: string;
  readonly seq: number;
  readonly ts: string;
  readonly severity: "info" | "warning" | "error" | "critical";
  readonly code: string;
  readonly key: string;
  /** Server whose log has it. */
  readonly server: string;
  readonly subject: { readonly kind: "cluster" | "node" | "group" | "path"; readonly id: string };
  readonly args: Readonly<Record<string, unknown>>;
  /** `id` of the event that led to this one; null = none known. */
  readonly cause: string | null;
  readonly text: Bilingual;
  readonly why: Bilingual;
  readonly hint: Bilingual;
  /** True when sent again after the broker was away. */
  readonly replay?: true;
}

/** Topic `alert/<code>-<nth>`: one open alert; an empty payload clears it. */
export interface AlertState extends Envelope {
  readonly code: string;
  readonly text: Bilingual;
}

/** Topic `node/<n>/metrics`, not retained, every 10 s: the telemetry process itself. */
export interface NodeMetrics extends Envelope {
  readonly loadAverage: number;
  readonly memoryFreeMib: number;
  readonly telemetryMib: number;
  readonly statusAgeMs: number | null;
}

/** Topic `audit`: what became of one command. */
export interface AuditLine {
  readonly v: 1;
  readonly ts: string;
  readonly by: string;
  readonly topic: string;
  readonly commandId: string | null;
  readonly reason: string | null;
  readonly replyTo: string | null;
  readonly status: CommandStatus | "ignored";
  readonly code: string | null;
  /** Id of the key that signed it; null = none. */
  readonly signer: string | null;
  /** It came over a broker that is not the server's own. */
  readonly outside: boolean;
}

export interface RecentEvents extends Envelope {
  readonly events: readonly EventMessage[];
}

/** Role of a sender; stands in the command's topic so that a static broker list can decide. */
export type Role = "view" | "op" | "admin";

/**
 * Payload of `cmd/<role>/...`. Topics: `cmd/op/group/<g>/{start,stop,move}`,
 * `cmd/op/node/<n>/{detach,return}`, `cmd/admin/node/<n>/{shutdown,force-return,start-now}`,
 * `cmd/admin/cluster/{shutdown,start-now}`, `cmd/view/{ping,snapshot}`. The `start-now` of the cluster is
 * for the one server that is reached over this broker; where several are, the node has to be named.
 */
export interface CommandRequest {
  /** 8 to 64 of `[A-Za-z0-9-]`; remembered 10 minutes, the same id acts once. */
  readonly commandId: string;
  /** `to`: server name, for start and move. */
  readonly args?: { readonly to?: string };
  /** Compare and set: refused when the present state differs. */
  readonly expect?: {
    readonly owner?: string | null;
    readonly epoch?: number;
    readonly state?: string;
  };
  /** Name of the target; required for stop, move, shutdown, detach, force-return, start-now. */
  readonly confirm?: string;
  readonly reason?: string;
  /** ISO 8601 UTC instant of sending. */
  readonly ts: string;
  /** 1 to 300 s; refused as expired when ts + ttlS has passed. */
  readonly ttlS: number;
  readonly dryRun?: boolean;
}

/**
 * On a broker that is not the server's own: the canonical spelling of the request with its signature
 * (signature.ts), and `expect.epoch` in everything but `cmd/view/...`.
 */
export interface SignedRequest extends CommandRequest {
  readonly signature: { readonly key: string; readonly value: string };
}

export type CommandStatus = "accepted" | "running" | "done" | "failed" | "rejected" | "expired";

/** On the MQTT 5 response topic, which must lie under `kage/v1/<cluster>/reply/`. */
export interface CommandReply {
  readonly v: 1;
  readonly commandId: string;
  readonly status: CommandStatus;
  /** Code of the catalogue (`KG-9...`) when rejected or failed, else null. */
  readonly code: string | null;
  readonly text: Bilingual;
  readonly hint: Bilingual;
  /** What would be or was done, in order; the reply of a dry run has only this. */
  readonly plan: readonly Bilingual[];
  readonly ts: string;
  readonly by: string;
}
