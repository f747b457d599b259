/**
 * What changes between two texts, line by line, as `diff -u` shows it. Pure and bounded: the middle that
 * is left when equal beginnings and ends are gone is compared by the longest common subsequence, or
 * shown as replaced where that would cost too much.
 * Source: ecosystem.md 4.2 (`kage config diff`).
 */

/** Cells of the comparison table: 2000 changed lines against 2000. */
const CELLS_MAX = 4_000_000;
const CONTEXT_LINES = 2;

type Mark = " " | "-" | "+";
interface Line {
  readonly mark: Mark;
  readonly text: string;
}

/** Lines with their mark (` `, `-`, `+`) and `...` where equal ones are left out; empty = no change. */
export function lineDiff(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const a = before.split("\n");
  const b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  const least = Math.min(a.length, b.length) - head;
  while (tail < least && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const same = (text: string): Line => ({ mark: " ", text });
  const lines = [
    ...a.slice(0, head).map(same),
    ...compare(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
  return withContext(lines);
}

function compare(a: readonly string[], b: readonly string[]): Line[] {
  const gone = (text: string): Line => ({ mark: "-", text });
  const come = (text: string): Line => ({ mark: "+", text });
  if (a.length * b.length > CELLS_MAX) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      const skip = Math.max(length[at + width] ?? 0, length[at + 1] ?? 0);
      length[at] = a[i] === b[j] ? (length[at + width + 1] ?? 0) + 1 : skip;
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const at = i * width + j;
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: " ", text: a[i] ?? "" });
      i += 1;
      j += 1;
    } else if (
      j >= b.length ||
      (i < a.length && (length[at + width] ?? 0) >= (length[at + 1] ?? 0))
    ) {
      lines.push(gone(a[i] ?? ""));
      i += 1;
    } else {
      lines.push(come(b[j] ?? ""));
      j += 1;
    }
  }
  return lines;
}

function withContext(lines: readonly Line[]): string[] {
  const near = (at: number): boolean =>
    lines
      .slice(Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1)
      .some(({ mark }) => mark !== " ");
  const shown: string[] = [];
  let isGap = false;
  for (const [at, { mark, text }] of lines.entries()) {
    if (mark === " " && !near(at)) {
      isGap = true;
      continue;
    }
    if (isGap && shown.length > 0) shown.push("...");
    isGap = false;
    shown.push(`${mark} ${text}`);
  }
  return shown;
}
