/**
 * Decides whether a frame number was seen before: each number counts once, late ones within a window.
 * Intuition: one bit per number of the newest 256; older than that is as good as seen.
 * Source: RFC 4303 3.4.3 (anti-replay window), reliability.md 4.3.
 */

/** Numbers behind the newest that may still arrive late. 256 beats outlast any delay worth hearing. */
export const REPLAY_WINDOW = 256;

export class ReplayWindow {
  readonly #bits = new Uint8Array(REPLAY_WINDOW);
  #newest = 0;

  /** True when `seq` (1 to 2^48 - 1) is new; 0 is never fresh. Changes nothing. */
  isFresh(seq: number): boolean {
    if (seq > this.#newest) return true;
    return seq > this.#newest - REPLAY_WINDOW && seq > 0 && this.#bits[seq % REPLAY_WINDOW] === 0;
  }

  /** Marks a fresh `seq` as seen; only for frames whose tag was right. */
  accept(seq: number): void {
    if (seq > this.#newest) {
      const passed = Math.min(seq - this.#newest, REPLAY_WINDOW);
      for (let back = 0; back < passed; back += 1) this.#bits[(seq - back) % REPLAY_WINDOW] = 0;
      this.#newest = seq;
    }
    this.#bits[seq % REPLAY_WINDOW] = 1;
  }
}
