/**
 * The fault envelope: for every fault, method and protection level, what may come of it and whether the
 * level covers it. Intuition: only a frozen server can act after it has been overtaken; a watchdog stops that
 * in time, a fenced disk keeps it from the data, and without either it may act for an instant when it wakes.
 * Source: protocol.md (protection levels); D54; reliability.md 2.5 (S1); work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { acceptsTwo, type Cover, coverOf, LEVELS, type Level } from "./cover.ts";
import { type Expectation, expectedOf, SIMULATED, type SimulatedMethod } from "./expected.ts";
import { FAULT_KINDS, type FaultKind } from "./fault.ts";
import type { FaultRow } from "./single.ts";

export interface EnvelopeRow {
  readonly fault: FaultKind;
  readonly method: SimulatedMethod;
  readonly expected: Expectation;
  readonly covers: Readonly<Record<Level, Cover>>;
  /** Two owners for a while are the method's accepted risk. */
  readonly acceptsTwo: boolean;
  /**
   * Longest time in which a group ran on two servers at once in the runs of this fault, at this
   * configuration's own level, ms; null = it was not played. Where the level covers the fault and the method
   * accepts no two owners it has to be 0, else the run itself is reported.
   */
  readonly overlapMs: number | null;
}

/** All methods, or one; with the times of this configuration. */
export function envelopeOf(
  config: LoadedConfig,
  methods: readonly SimulatedMethod[] = SIMULATED,
): readonly EnvelopeRow[] {
  const { timeoutMs, watchdogMs } = config.budget;
  return methods.flatMap((method) =>
    FAULT_KINDS.flatMap((fault) => {
      const expected = expectedOf(fault, method, {
        timeoutMs,
        watchdogMs,
        onlyServer: false,
        servers: config.servers.length,
      });
      if (expected === null) return [];
      const [reset, storage, software] = LEVELS;
      const covers = {
        [reset]: coverOf(fault, reset),
        [storage]: coverOf(fault, storage),
        [software]: coverOf(fault, software),
      };
      return [
        { fault, method, expected, covers, acceptsTwo: acceptsTwo(fault, method), overlapMs: null },
      ];
    }),
  );
}

/** The same with what the runs of `method` have shown. */
export function measured(
  rows: readonly EnvelopeRow[],
  method: SimulatedMethod,
  played: readonly FaultRow[],
): readonly EnvelopeRow[] {
  return rows.map((row) => {
    const own = row.method === method ? played.filter(({ fault }) => fault.kind === row.fault) : [];
    if (own.length === 0) return row;
    return { ...row, overlapMs: Math.max(...own.map(({ overlapMs }) => overlapMs)) };
  });
}
