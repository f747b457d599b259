/**
 * What a pulse tells an agent while nothing is the matter: no verdict under way, nothing proposed, promised,
 * refused or given up. A test spreads it and writes only what its case is about.
 */
import type { Facts } from "../../../services/facts.ts";

export const UNEVENTFUL = {
  sinceMs: 0,
  proposal: null,
  promise: null,
  gaveUp: null,
  leaseUntilMs: null,
  ackedMs: null,
  lostAfterMs: null,
  conflict: false,
  refused: null,
  claim: "none",
  waitUntilMs: null,
  paths: [],
} as const satisfies Partial<Facts>;
