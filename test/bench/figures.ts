/**
 * Small statistics: what the tables show and what the targets are held against.
 */
export interface Spread {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly values: readonly number[];
}

/** Values rounded to 0.1; null for an empty list. */
export function spread(values: readonly number[]): Spread | null {
  const sorted = values.map(round).sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? min;
  const high = sorted[Math.ceil(middle)] ?? max;
  return { n: sorted.length, min, median: round((low + high) / 2), max, values: sorted };
}

export const round = (value: number): number => Math.round(value * 10) / 10;

/** Two decimals; null when there is nothing to divide. */
export function ratio(ours: Spread | null, theirs: Spread | null): number | null {
  if (ours === null || theirs === null || theirs.median === 0) return null;
  return Math.round((ours.median / theirs.median) * 100) / 100;
}

/** One line of the final table. `met` null = no target, a figure for comparison. */
export interface Row {
  readonly name: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean | null;
}

export const showSpread = (figures: Spread | null, unit: string): string =>
  figures === null
    ? "not measured"
    : `${figures.min} / ${figures.median} / ${figures.max} ${unit} (n=${figures.n})`;

export function showTable(rows: readonly Row[]): string {
  const headings: Row = {
    name: "what",
    value: "min / median / max",
    target: "target",
    met: null,
  };
  const cells = [headings, ...rows].map((row, index) => [
    row.name,
    row.value,
    row.target,
    index === 0 ? "verdict" : row.met === null ? "" : row.met ? "met" : "MISSED",
  ]);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((line) => [...(line[column] ?? "")].length)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
