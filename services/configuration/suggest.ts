/**
 * "Did you mean": the known word nearest to a mistyped one, by edit distance with transpositions.
 * Intuition: at most one slip per three letters, otherwise a suggestion misleads.
 * Source: work order 8 (unknown keys name the key that was meant).
 */

/** Longer words are not compared: nobody's key is that long, and the work grows with the square. */
const WORD_CHARACTERS_MAX = 64;

/** The nearest known word, or null when none is near enough. Case is ignored. */
export function suggest(word: string, known: readonly string[]): string | null {
  if (word.length > WORD_CHARACTERS_MAX) return null;
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "x"?` or `use one of: ...`. */
export function remedyForUnknown(word: string, known: readonly string[]): string {
  const near = suggest(word, known);
  if (near !== null) return `did you mean "${near}"?`;
  return known.length === 0 ? "remove it" : `use one of: ${known.join(", ")}`;
}

/** Optimal string alignment distance: insert, delete, replace and swap of neighbours cost 1 each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replace = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const remove = (last[column] ?? 0) + 1;
      const insert = (current[column - 1] ?? 0) + 1;
      let cost = Math.min(replace, remove, insert);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
