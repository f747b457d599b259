/**
 * How fast the simulator is: storms of ten simulated minutes per core and minute at 2, 4 and 16 servers, held
 * against the aim of 5,000 of mixed size in five minutes on two cores. No product figure, but it says how much
 * a night of searching finds. Source: work order 4, Speed and size.
 */
import { measureSpeed, type Speed } from "../sim/speed.ts";
import type { Row } from "./figures.ts";

/** Processor time for each setting, ms. */
const BUDGET_MS = 30_000;
/** 5,000 in five minutes on two cores. */
const AIM_PER_CORE_MINUTE = 500;

export interface SimulatorResult {
  readonly name: "sim";
  readonly speeds: readonly Speed[];
  readonly rows: readonly Row[];
}

export async function measureSimulator(say: (line: string) => void): Promise<SimulatorResult> {
  say("sim: storms of ten simulated minutes");
  const speeds = measureSpeed(BUDGET_MS);
  const rows = speeds.map(({ servers, setting, perCoreMinute, times }) => ({
    name: `simulator, ${servers} servers, ${setting}`,
    value: `${perCoreMinute} storms per core and minute (${times} times real time)`,
    target: `>= ${AIM_PER_CORE_MINUTE}`,
    met: perCoreMinute >= AIM_PER_CORE_MINUTE,
  }));
  return { name: "sim", speeds, rows };
}
