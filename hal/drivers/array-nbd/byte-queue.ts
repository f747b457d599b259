/**
 * Bytes of a stream on their way to becoming frames.
 * Intuition: a conveyor belt; `take` lifts exactly n bytes or nothing. Pieces are joined only when
 * a frame is lifted, so that a large payload arriving in small pieces costs one copy, not one per
 * piece.
 */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** The first `count` bytes as a copy of their own, removed; null while fewer are there. */
  take(count: number): Uint8Array | null {
    if (this.#length < count) return null;
    const out = new Uint8Array(count);
    let filled = 0;
    let used = 0;
    while (filled < count) {
      const piece = this.#pieces[used];
      if (piece === undefined) break;
      const part = piece.subarray(0, count - filled);
      out.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) used += 1;
      else this.#pieces[used] = piece.subarray(part.length);
    }
    this.#pieces.splice(0, used);
    this.#length -= count;
    return out;
  }
}
