/**
 * What has happened in a run, as one number that grows with it: two runs of one seed have to end with the
 * same. Intuition: 2 x 32 bits folded step by step cost nothing and need no memory.
 * Source: reliability.md 2.2 (trace hashes of double runs).
 */

export class TraceHash {
  #a = 0x811c9dc5 | 0;
  #b = 0x01000193;

  number(value: number): void {
    const low = value | 0;
    const fraction = ((value - low) * 1e6) | 0;
    this.#a = Math.imul(this.#a ^ low, 0x01000193) ^ fraction;
    this.#b = Math.imul(this.#b ^ (this.#a >>> 7), 0x85ebca6b) + 1;
  }

  text(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      this.#a = Math.imul(this.#a ^ text.charCodeAt(at), 0x01000193);
    }
    this.#b = Math.imul(this.#b ^ (this.#a >>> 7), 0x85ebca6b) + 1;
  }

  /** 16 hex digits. */
  get digest(): string {
    const word = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
    return word(this.#a) + word(this.#b);
  }
}
