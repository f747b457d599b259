/**
 * Retained topics that stand in a broker and may be nobody's: an earlier life, another speaker or an older
 * configuration has left them. Intuition: a broker that keeps its memory never forgets by itself, and a
 * group that was removed would be shown for ever. Pure. Source: ecosystem.md 1.2, 1.3.
 */

/** More than a tree of 16 servers and 32 groups has; what a broken publisher adds beyond stays there. */
const LEFTOVERS_MAX = 1024;
const KEPT = /^(alert\/[^/]+|(group|path|node)\/[^/]+\/state|node\/[^/]+\/online)$/;

export class Leftovers {
  readonly #found = new Set<string>();

  /** `below`: topic without the prefix. */
  hear(below: string, isEmpty: boolean): void {
    if (!KEPT.test(below)) return;
    if (isEmpty) this.#found.delete(below);
    else if (this.#found.size < LEFTOVERS_MAX) this.#found.add(below);
  }

  /** All that were heard of, each once: the broker does not echo our own words, so nobody would correct it. */
  take(): readonly string[] {
    const found = [...this.#found];
    this.#found.clear();
    return found;
  }

  /** The connection is gone; the next one brings what is still there. */
  forget(): void {
    this.#found.clear();
  }
}
