/**
 * The words that travel between servers: epoch, view, states. Shared by codec, cores and status.
 * Source: protocol.md 1.1.
 */
import type { HostIncarnation, ServerIndex } from "./ids.ts";

/** Ordered by counter, then coordinator, then host incarnation; unique without a disk. */
export interface Epoch {
  readonly counter: number;
  readonly coordinator: ServerIndex;
  readonly host: HostIncarnation;
}

export interface View {
  readonly epoch: Epoch;
  readonly members: readonly ServerIndex[];
  /** Servers on planned leave: not counted for a majority (D15). Absent = none. */
  readonly absent?: readonly ServerIndex[];
}

/** starting: not yet in a view; leaving: stopping its groups to be detached or shut down. */
export const SERVER_STATES = [
  "starting",
  "member",
  "leaving",
  "detached",
  "returning",
  "stopping",
] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/** Actual state of one group on one server. */
export const GROUP_STATES = ["stopped", "starting", "running", "stopping", "failed"] as const;
export type GroupState = (typeof GROUP_STATES)[number];

export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.coordinator !== b.coordinator) return a.coordinator - b.coordinator;
  return a.host < b.host ? -1 : a.host > b.host ? 1 : 0;
}

export const sameEpoch = (a: Epoch, b: Epoch): boolean =>
  a === b || (a.counter === b.counter && a.coordinator === b.coordinator && a.host === b.host);
