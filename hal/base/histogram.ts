/**
 * Counts durations in a fixed number of classes, so that a process can keep what it measures for ever
 * without growing, and two snapshots give what happened between them. Pure; adding costs no allocation.
 * Source: D51 (measured lateness and access times).
 */

/** Upper bounds of the classes, ms; one more class lies above the last. */
export const HISTOGRAM_EDGES_MS = [
  ...[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768],
  ...[1024, 1536, 2048, 4096, 8192, 16_384, 32_768],
] as const;

export class Histogram {
  readonly #counts = new Array<number>(HISTOGRAM_EDGES_MS.length + 1).fill(0);

  /** `ms` below zero counts as zero; what is no number is not counted. */
  add(ms: number): void {
    if (Number.isNaN(ms)) return;
    let at = 0;
    while (at < HISTOGRAM_EDGES_MS.length && ms > (HISTOGRAM_EDGES_MS[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Counts by class since the start of the process. */
  snapshot(): readonly number[] {
    return [...this.#counts];
  }
}

export interface Worst {
  /** Upper bound of the highest class that was hit, ms; twice the last edge above it. */
  readonly atMostMs: number;
  readonly count: number;
}

/**
 * What happened between two snapshots, or since the start when `before` is of another process (some
 * count is higher than after) or absent. null = nothing, or no snapshot.
 */
export function worstBetween(
  before: readonly number[] | null,
  after: readonly number[] | null,
): Worst | null {
  if (after === null) return null;
  const isSame = before?.every((count, at) => count <= (after[at] ?? 0)) === true;
  const counts = after.map((count, at) => count - (isSame ? (before?.[at] ?? 0) : 0));
  const count = counts.reduce((sum, one) => sum + one, 0);
  const highest = counts.findLastIndex((one) => one > 0);
  if (highest === -1) return null;
  const last = HISTOGRAM_EDGES_MS.at(-1) ?? 0;
  return { atMostMs: HISTOGRAM_EDGES_MS[highest] ?? 2 * last, count };
}
