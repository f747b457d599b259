/**
 * Whether the page may still be believed. Three ways to lose the cluster from sight: the connection to
 * the broker is gone, the last will of the telemetry that writes the view has arrived, or nothing was
 * heard for longer than a living telemetry is ever silent. The safe side is "stale": never an old green.
 * Source: ecosystem.md 3.2 point 3, work order 3 item 7.
 */
import type { Board } from "./board.ts";

/** The telemetry repeats `state` every 5 s (services/telemetry/board.ts); two are missed before doubt. */
export const SILENT_MAX_MS = 12_000;

export type Link =
  | { readonly kind: "open" }
  /**
   * Since when, ms of the reader's own clock; `isServerThere`: the server still answers over HTTP, so
   * that the broker behind it is what is missing.
   */
  | { readonly kind: "lost"; readonly sinceMs: number; readonly isServerThere: boolean };

export type Freshness =
  | { readonly kind: "waiting" }
  | { readonly kind: "live"; readonly asOfMs: number }
  | {
      readonly kind: "stale";
      readonly why: "link" | "broker" | "telemetry" | "silent";
      /** Moment of the newest word, ms of the reader's own clock; null = there was none. */
      readonly asOfMs: number | null;
    };

/** `server`: topic id of the server whose page this is. */
export function judgeFreshness(board: Board, link: Link, server: string, nowMs: number): Freshness {
  const asOfMs = board.heardAtMs;
  if (link.kind === "lost") {
    return { kind: "stale", why: link.isServerThere ? "broker" : "link", asOfMs };
  }
  if (board.online.get(server) === false) {
    // What a broker has kept may be far older than the moment at which it was handed over.
    const observed = board.cluster === null ? Number.NaN : Date.parse(board.cluster.value.ts);
    const oldest = asOfMs !== null && observed < asOfMs ? observed : asOfMs;
    return { kind: "stale", why: "telemetry", asOfMs: oldest };
  }
  if (asOfMs === null || board.cluster === null) return { kind: "waiting" };
  if (nowMs - asOfMs > SILENT_MAX_MS) return { kind: "stale", why: "silent", asOfMs };
  return { kind: "live", asOfMs };
}
