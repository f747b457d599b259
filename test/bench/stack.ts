/**
 * What the bench can do with a failover stack, so that Kagemusha and its yardstick go through the
 * same hands.
 */
import type { Cabinet } from "../lab/cabinet.ts";
import type { Probe } from "./tools.ts";

export const SERVERS = ["SERVER1", "SERVER2"] as const;
export const FLOATING = "10.77.2.100";
export const SERVICE_PORT = 7777;

export interface Stack {
  readonly name: "kagemusha" | "keepalived";
  /** Silence after which the other server takes over, counted from the last sign of life, ms. */
  readonly windowMs: number;
  /** The settings in words. */
  readonly setting: string;
  readonly cabinet: Cabinet;
  readonly probe: Probe;
  /** Who serves now; null = nobody. */
  owner(): Promise<string | null> | string | null;
  /** Newest sign of life of a server at or before that instant, monotonic ms. */
  lastBeat(server: string, atMs: number): number | null;
  /** Power cut; returns its instant, monotonic ms. */
  cut(server: string): Promise<number>;
  /** Powers a cut server on and waits until it is a standby again. */
  repair(server: string): Promise<void>;
  /**
   * Orders the service away from `from`. Resolves when the order was given; the result makes both
   * ready again.
   */
  move(from: string): Promise<() => Promise<void>>;
  /** Number of ownership changes so far by the stack's own count; null = it does not say. */
  takeovers(): Promise<number | null>;
  close(): Promise<void>;
}
