/**
 * Partition resolution: one pure function per method turns evidence into a judgement.
 * Intuition: silence on the LAN asks the question; the arbiter answers it; on doubt the server stops.
 * Source: guide 1.2.4; requirements 1.2.4 (A, B, C, G, H rules), D3-D10; protocol.md 1.5, 1.7.
 */
import type { Budget } from "../configuration/model.ts";
import type { Evidence, StopReason } from "../events.ts";
import type { DiskStartWitness } from "./disk.ts";
import type { MirrorStartWitness } from "./mirror.ts";

/** How far this server's own claim has come. */
export type ClaimProgress = "none" | "pending" | "won" | "lost" | "failed";

export type Judgement =
  /** Too early, or nothing to resolve. */
  | { readonly kind: "wait" }
  /** Put the own claim on the arbitration partition. */
  | { readonly kind: "claim" }
  /** The peer is back: take the claim down. */
  | { readonly kind: "withdraw" }
  /** The peer is down or has given up: go on alone. */
  | { readonly kind: "survive" }
  /** Protect the data: this server gives up. */
  | { readonly kind: "stop"; readonly reason: StopReason }
  /** Go on with what runs here, but take nothing over. */
  | { readonly kind: "refuse"; readonly reason: StopReason };

export const WAIT: Judgement = { kind: "wait" };

/** What is known when a server that was cleanly off may have to start alone (protocol.md 1.7). */
export interface StartEvidence {
  /** Since the start sync wait ended; negative while it lasts. */
  readonly overdueMs: number;
  /** The COM line carried anything from the peer since this server started. */
  readonly comHeard: boolean;
  readonly presence: boolean;
  readonly first: boolean;
  readonly diskHealthy: boolean;
  /** Shared disk only. */
  readonly disk?: DiskStartWitness;
  /** Data mirror only; absent = the driver has said nothing. */
  readonly mirror?: MirrorStartWitness;
  /** The peer was heard, and its newest words do not say that its software carries out the method. Default false. */
  readonly lacksMethod?: boolean;
}

/** One row per method: in a common view, and at a start alone. */
export interface Method {
  readonly judge: (evidence: Evidence, claim: ClaimProgress, budget: Budget) => Judgement;
  readonly judgeStart: (evidence: StartEvidence, claim: ClaimProgress, budget: Budget) => Judgement;
  readonly claims: boolean;
  /** Writes stamps instead of claims (shared disk). Default false. */
  readonly stamps?: boolean;
}
