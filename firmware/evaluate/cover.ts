/**
 * Which faults a protection level covers. Intuition: only a frozen server can act after it has been overtaken;
 * a watchdog stops that in time, a fenced disk keeps it from the data, and without either it may act for an
 * instant when it wakes. Source: D54; protocol.md 1.2 (L5) and its protection levels.
 */
import type { SimulatedMethod } from "./expected.ts";
import type { FaultKind } from "./fault.ts";

export const LEVELS = ["reset-bounded", "storage-bounded", "software-bounded"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * inside: what is permitted holds in every moment; data-only: for data on fenced disks, not for addresses;
 * outside: a server that wakes may act for an instant before it gives up.
 */
export type Cover = "inside" | "data-only" | "outside";

/** Faults after which a server may go on where it left off, unaware. */
const FROZEN: readonly FaultKind[] = ["freeze-long"];

export function coverOf(fault: FaultKind, level: Level): Cover {
  if (!FROZEN.includes(fault) || level === "reset-bounded") return "inside";
  return level === "storage-bounded" ? "data-only" : "outside";
}

/**
 * Whether the method lets two servers own for a while after this fault: no arbiter is left that could tell
 * (A7, H2, D53). Until they meet, or until the one that is not heard hears the other one.
 */
export function acceptsTwo(fault: FaultKind, method: SimulatedMethod): boolean {
  if (method === "com") return fault === "everything";
  return method === "none" && WITHOUT_ARBITER.includes(fault);
}

const WITHOUT_ARBITER: readonly FaultKind[] = ["lans", "lans-one-way", "com-lans", "everything"];
