/**
 * The serial cross cable between two servers: short frames, one at a time, newest only.
 * Intuition: the line is slow, so a frame that could not go at once is worthless as soon as there is a
 * newer one; a queue would tell the peer about the past.
 * Source: requirements R5, hardware.md 3.
 */

/** Reported only when it differs from what was reported before; `open` also after a return. */
export type ComLinkState =
  | { readonly kind: "open" }
  | { readonly kind: "lost"; readonly reason: ComLinkLoss; readonly text: string };

/** open-failed: device absent or in use; vanished: hung up; write-timeout: the line takes no bytes. */
export type ComLinkLoss = "open-failed" | "vanished" | "write-failed" | "write-timeout";

export interface ComLinkHandlers {
  /** What stood between two delimiters, COBS removed; the bytes belong to the receiver. */
  onFrame(frame: Uint8Array): void;
  onState(state: ComLinkState): void;
}

export interface ComLinkCounters {
  sent: number;
  /** Replaced by a newer frame while the line was busy, or the line was not there. */
  dropped: number;
  received: number;
  /** Bytes of the line that belonged to no frame. */
  discardedBytes: number;
}

export interface ComLink {
  /** Sends one encoded frame, delimiters included, or keeps it until the line is free if none newer comes. */
  send(line: Uint8Array): void;
  readonly counters: Readonly<ComLinkCounters>;
  /** Ends the link; no handler is called afterwards. May be called twice. */
  close(): Promise<void>;
}
