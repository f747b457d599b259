/**
 * One LAN heartbeat path: datagrams to and from the peers, best effort, in no promised order.
 * Intuition: a lost datagram is repaired by the next beat, so nothing here retries or queues; trouble
 * is told as a change of state, once, and never stops the caller.
 * Source: requirements R1-R3, protocol.md 1.3.
 */
import type { PathId, ServerIndex } from "../base/ids.ts";

/** Reported only when it differs from what was reported before. */
export type LanLinkState =
  | { readonly kind: "open" }
  /** The path's own address cannot be used, e.g. the interface is down; it is tried again. */
  | { readonly kind: "closed"; readonly code: string; readonly text: string }
  /** Sending to one peer fails (no route, refused by a filter); it is tried with every frame. */
  | { readonly kind: "send-failed"; readonly to: ServerIndex; readonly code: string }
  | { readonly kind: "send-recovered"; readonly to: ServerIndex };

export interface LanLinkHandlers {
  /** The bytes belong to the receiver. */
  onFrame(frame: Uint8Array): void;
  onState(state: LanLinkState): void;
}

export interface LanLinkCounters {
  sent: number;
  /** Not sent: link closed, or the system still had frames of before. */
  dropped: number;
  failed: number;
  received: number;
  /** Longer than any frame. */
  oversized: number;
  /** From an address that is no peer's. */
  strangers: number;
}

export interface LanLink {
  readonly path: PathId;
  /** Sends one frame now or drops it; never throws, never waits. The frame must not be changed after. */
  send(to: ServerIndex, frame: Uint8Array): void;
  readonly counters: Readonly<LanLinkCounters>;
  /** Ends the link; no handler is called afterwards. May be called twice. */
  close(): Promise<void>;
}
