/**
 * What every part of the rack may know about the whole: who has power, who is frozen, which cable
 * is pulled, and where to write down what happened. Parts ask at the instant a byte would pass and
 * keep no copy. Source: architecture.md 7.
 */
import type { RackEvent } from "./record.ts";

export interface Cabinet {
  /** Monotonic clock, ms. */
  now(): number;
  /** False from the instant power is lost, even while processes are still being killed. */
  isPowered(server: string): boolean;
  isFrozen(server: string): boolean;
  /** `to` is absent for a cable between a server and the cabinet. */
  isCut(path: string, from: string, to?: string | null): boolean;
  record(event: RackEvent): void;
}
