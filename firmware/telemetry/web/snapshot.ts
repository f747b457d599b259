/**
 * What `/status`, `/healthz` and `/metrics` are drawn from: one look at what the telemetry process knows,
 * and what never changes while it runs.
 * Source: contract of the telemetry pieces; services/status.ts.
 */
import type { StatusDocument } from "../../../services/status.ts";

export interface WebSnapshot {
  /** The agent's last word; null = none yet. */
  readonly status: StatusDocument | null;
  /** Age of it, ms; null = none yet. */
  readonly ageMs: number | null;
  readonly broker: { readonly connected: boolean };
  /** Counters by name; those of `metrics.ts` (COUNTERS) are shown, others are ignored. */
  readonly counters: Readonly<Record<string, number>>;
  /** Texts of `status.cluster.reasons` in Japanese, same order; default: as they come. */
  readonly reasonsJa?: readonly string[];
}

export interface OtherServer {
  readonly name: string;
  /** Address of its dashboard; null = it has none or it is not known. */
  readonly url: string | null;
}

/** What `/bootstrap.json` tells everybody: no secrets. */
export interface WebIdentity {
  readonly cluster: string;
  readonly prefix: string;
  readonly topicPrefix: string;
  readonly server: string;
  readonly servers: readonly OtherServer[];
  readonly virtual: boolean;
  readonly version: string;
}
