/**
 * Replacements that both tables of the explorer's mutants use.
 * Source: protocol.md 1.3.2, 2.1 L2, chapter 3.
 */
import type { Edit } from "./mutant-table.ts";

const HEARTBEAT = "services/heartbeat/core.js";
export const COMPOSE = "services/heartbeat/compose.js";
export const RUN = "services/failover/run.js";

/** Whoever is heard in a view counts as one that has acknowledged what was sent at that moment. */
export const ON_RECEPTION: readonly Edit[] = [
  {
    file: HEARTBEAT,
    from: "beat.ack === null || beat.view === null",
    to: "beat.view === null",
  },
  { file: HEARTBEAT, from: "const { stampMs } = beat.ack;", to: "const { stampMs } = beat;" },
];
