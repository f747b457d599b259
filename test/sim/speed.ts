/**
 * How fast the simulator is: storms of ten simulated minutes per core and minute, at 2, 4 and 16 servers, with
 * the times as they are drawn and, for comparison, at a timeout of 1 s. Counted in processor time of this
 * process, so that a busy machine does not change the figure much.
 * Source: work order 4, Speed and size; reliability.md 6.
 */
import { cpuUsage } from "node:process";
import { drawLong, LONG_MS } from "./long-storm.ts";
import { runStorm } from "./run-storm.ts";
import type { SettingName } from "./settings.ts";

export interface Speed {
  readonly servers: number;
  readonly setting: SettingName;
  /** Ten-minute storms per core and minute. */
  readonly perCoreMinute: number;
  /** Simulated time per processor time. */
  readonly times: number;
}

/** One pair of the product's default times and one of a timeout ten to thirty times as short, by size. */
export const SPEED_SETTINGS: readonly (readonly [number, SettingName])[] = [
  [2, "com-disk-30s"],
  [2, "com-disk"],
  [4, "majority-4-30s"],
  [4, "majority-4"],
  [16, "majority-16-30s"],
  [16, "majority-16-3s"],
];

const MINUTE_US = 60_000_000;

/** Processor time of this process that `run` takes, us, and what it gives. */
export function timed<T>(run: () => T): { readonly result: T; readonly us: number } {
  const before = cpuUsage();
  const result = run();
  const { user, system } = cpuUsage(before);
  return { result, us: user + system };
}

/** `budgetMs`: so much processor time per setting, but one whole storm at least. */
export function measureSpeed(budgetMs: number): Speed[] {
  return SPEED_SETTINGS.map(([servers, setting]) => {
    let simMs = 0;
    let usedUs = 0;
    for (let seed = 1; usedUs < budgetMs * 1000; seed += 1) {
      const { result, us } = timed(() => runStorm(drawLong(seed, setting)));
      simMs += result.simMs;
      usedUs += us;
    }
    const perCoreMinute = ((simMs / LONG_MS) * MINUTE_US) / usedUs;
    return {
      servers,
      setting,
      perCoreMinute: round(perCoreMinute),
      times: round((simMs * 1000) / usedUs),
    };
  });
}

/** Sizes that are counted together, by the largest of each. */
const CLASSES = [2, 6, 16] as const;

/** Counts along with any run: simulated time and processor time by size. */
export class SpeedCount {
  readonly #used = new Map<number, { simMs: number; us: number }>();

  /** Books a run of `simMs` virtual time that took `us` of a processor. */
  book(servers: number, simMs: number, us: number): void {
    const size = CLASSES.find((largest) => servers <= largest) ?? 16;
    const booked = this.#used.get(size) ?? { simMs: 0, us: 0 };
    booked.simMs += simMs;
    booked.us += us;
    this.#used.set(size, booked);
  }

  /** Ten simulated minutes per core and minute, by the largest size of each class. */
  get perCoreMinute(): Readonly<Record<string, number>> {
    const entries = [...this.#used].sort(([a], [b]) => a - b);
    return Object.fromEntries(
      entries.map(([size, { simMs, us }]) => [size, round(((simMs / LONG_MS) * MINUTE_US) / us)]),
    );
  }

  get line(): string {
    const names: Readonly<Record<string, string>> = { 2: "2", 6: "3-6", 16: "7-16" };
    const parts = Object.entries(this.perCoreMinute).map(
      ([size, value]) => `${value} with ${names[size] ?? size} servers`,
    );
    return `ten simulated minutes per core and minute: ${parts.join(", ")}`;
  }
}

const round = (value: number): number => Number(value.toPrecision(3));

export const speedLine = (speeds: readonly Speed[]): string =>
  `ten-minute storms per core and minute: ${speeds
    .map(
      ({ servers, setting, perCoreMinute }) => `${servers} servers (${setting}) ${perCoreMinute}`,
    )
    .join(", ")}`;
