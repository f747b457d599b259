/**
 * What a campaign has shown so far: seeds, simulated time, faults met, goals reached, invariants broken. One
 * seed's record is plain data, so that several processes may share a campaign (lanes.ts).
 * Source: work order 4 item 5 (`--json`), Speed and size; reliability.md 2.5.
 */
import { GOALS } from "./goals.ts";
import { SpeedCount } from "./speed.ts";

const MS_PER_HOUR = 3_600_000;

export interface Failed {
  readonly seed: number;
  readonly problems: readonly { readonly id: string; readonly text: string }[];
  /** The shrunk plan as `--plan` reads it. */
  readonly plan: string;
  readonly runs: number;
}

/** What one seed has shown. */
export interface Shown {
  readonly servers: number;
  readonly simMs: number;
  /** Processor time of the run alone, us. */
  readonly usedUs: number;
  readonly kinds: readonly string[];
  readonly goals: readonly string[];
  readonly isAllDown: boolean;
  readonly isExcused: boolean;
  readonly failed: readonly Failed[];
  /** What is said of it at once; empty when nothing broke. */
  readonly text: string;
}

export class Count {
  seeds = 0;
  readonly failed: Failed[] = [];
  #simMs = 0;
  #allDown = 0;
  #excused = 0;
  readonly #kinds = new Map<string, number>();
  readonly #goals = new Map<string, number>();
  readonly #speed = new SpeedCount();

  take(shown: Shown): void {
    this.seeds += 1;
    this.#simMs += shown.simMs;
    if (shown.isAllDown) this.#allDown += 1;
    if (shown.isExcused) this.#excused += 1;
    for (const kind of shown.kinds) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    for (const goal of shown.goals) this.#goals.set(goal, (this.#goals.get(goal) ?? 0) + 1);
    this.#speed.book(shown.servers, shown.simMs, shown.usedUs);
    this.failed.push(...shown.failed);
  }

  /** `seconds`: by the clock on the wall. `withGoals`: false for a single seed, which reaches few. */
  lines(seconds: number, withGoals: boolean): string[] {
    const struck = [...this.#kinds].sort().map(([kind, times]) => `${kind} ${times}`);
    const missed = this.#missed;
    const reached = `sometimes: ${GOALS.length - missed.length} of ${GOALS.length} goals reached`;
    return [
      `faults (${struck.length} kinds): ${struck.join(", ")}`,
      ...(withGoals
        ? [missed.length === 0 ? reached : `${reached}; not: ${missed.join(", ")}`]
        : []),
      `${this.seeds} seeds, ${this.#simHours} simulated hours in ${seconds.toFixed(1)} s, ` +
        `${this.#excused} outside the envelope with an alert, ` +
        `${this.#allDown} ended with all servers down, ${this.failed.length} violations`,
      this.#speed.line,
    ];
  }

  /** The object of `--json`. */
  toJson(seconds: number): Readonly<Record<string, unknown>> {
    return {
      seeds: this.seeds,
      simHours: this.#simHours,
      violations: this.failed.length,
      seconds,
      allDown: this.#allDown,
      excused: this.#excused,
      faults: Object.fromEntries(this.#kinds),
      goals: Object.fromEntries(this.#goals),
      missed: this.#missed,
      perCoreMinute: this.#speed.perCoreMinute,
      failed: this.failed,
    };
  }

  get #simHours(): number {
    return Number((this.#simMs / MS_PER_HOUR).toFixed(2));
  }

  get #missed(): readonly string[] {
    return GOALS.filter((goal) => !this.#goals.has(goal));
  }
}
