/**
 * Watchdog: resets this host unless it is fed. The only thing that ends a host that no longer runs
 * code.
 * Source: protocol.md 1.3.6-1.3.7; architecture.md 1.4 and 7.
 */
export interface WatchdogPort {
  /**
   * Starts the countdown. `timeoutMs` > 0; a device with a coarser step takes the next longer one
   * it can.
   */
  arm(timeoutMs: number): void;
  /** Starts the countdown anew. Without effect before `arm`. */
  feed(): void;
  /** Ends the countdown. Only for an orderly end with no group running. */
  disarm(): void;
}
