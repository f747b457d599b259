/**
 * The fault envelope: for every fault, method and protection level, what may come of it and whether the
 * level covers it. Intuition: only a frozen server can act after it has been overtaken; a watchdog stops that
 * in time, a fenced disk keeps it from the data, and without either it may act for an instant when it wakes.
 * Source: protocol.md (protection levels); D54; reliability.md 2.5 (S1); work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { type Expectation, expectedOf, SIMULATED, type SimulatedMethod } from "./expected.ts";
import { FAULT_KINDS, type FaultKind } from "./fault.ts";

export const LEVELS = ["reset-bounded", "storage-bounded", "software-bounded"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * inside: what is permitted holds in every moment; data-only: for data on fenced disks, not for addresses;
 * outside: a server that wakes may act for an instant before it gives up.
 */
export type Cover = "inside" | "data-only" | "outside";

export interface EnvelopeRow {
  readonly fault: FaultKind;
  readonly method: SimulatedMethod;
  readonly expected: Expectation;
  readonly covers: Readonly<Record<Level, Cover>>;
}

/** Faults after which a server may go on where it left off, unaware. */
const FROZEN: readonly FaultKind[] = ["freeze-long"];

const coverOf = (fault: FaultKind, level: Level): Cover => {
  if (!FROZEN.includes(fault) || level === "reset-bounded") return "inside";
  return level === "storage-bounded" ? "data-only" : "outside";
};

/** All methods, or one; with the times of this configuration. */
export function envelopeOf(
  config: LoadedConfig,
  methods: readonly SimulatedMethod[] = SIMULATED,
): readonly EnvelopeRow[] {
  const { timeoutMs, watchdogMs } = config.budget;
  return methods.flatMap((method) =>
    FAULT_KINDS.flatMap((fault) => {
      const expected = expectedOf(fault, method, { timeoutMs, watchdogMs, onlyServer: false });
      if (expected === null) return [];
      const covers = {
        "reset-bounded": coverOf(fault, "reset-bounded"),
        "storage-bounded": coverOf(fault, "storage-bounded"),
        "software-bounded": coverOf(fault, "software-bounded"),
      };
      return [{ fault, method, expected, covers }];
    }),
  );
}
