/**
 * Hash tables of whole numbers in typed arrays: a record of a few 32-bit words is found by its value, gets
 * the next number, and carries a few more words. Records lie one after the other in the order in which they
 * came, so that a set of visited worlds is its own queue.
 * Intuition: ten million worlds as strings are gigabytes, as four words each they are 160 megabytes; and
 * because the whole record is compared and no digest, two different worlds are never taken for one.
 * Source: issue 4 item 7.
 */

const FIRST_RECORDS = 1 << 12;
/** Slots per record: at most half of them are taken. */
const SLACK = 2;

export class Table {
  readonly keyWords: number;
  readonly valueWords: number;
  #keys: Uint32Array;
  #values: Uint32Array;
  /** Number of the record + 1; 0 = free. */
  #slots: Uint32Array;
  #size = 0;

  constructor(keyWords: number, valueWords: number) {
    this.keyWords = keyWords;
    this.valueWords = valueWords;
    this.#keys = new Uint32Array(FIRST_RECORDS * keyWords);
    this.#values = new Uint32Array(FIRST_RECORDS * valueWords);
    this.#slots = new Uint32Array(FIRST_RECORDS * SLACK);
  }

  get size(): number {
    return this.#size;
  }

  /** What the arrays take. */
  get bytes(): number {
    return this.#keys.byteLength + this.#values.byteLength + this.#slots.byteLength;
  }

  /** Number of the record with this key; -1 = there is none. */
  find(key: Uint32Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(key, this.keyWords) & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot] ?? 0) - 1;
      if (at < 0 || this.#isAt(at, key)) return at;
    }
  }

  /** Number of the new record; the key must not be there yet. Its values are 0. */
  add(key: Uint32Array): number {
    if ((this.#size + 1) * SLACK > this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = hashOf(key, this.keyWords) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    const at = this.#size;
    this.#size += 1;
    this.#slots[slot] = at + 1;
    const from = at * this.keyWords;
    for (let word = 0; word < this.keyWords; word += 1) this.#keys[from + word] = key[word] ?? 0;
    return at;
  }

  /** Copies the key of a record into `into`. */
  read(at: number, into: Uint32Array): void {
    const from = at * this.keyWords;
    for (let word = 0; word < this.keyWords; word += 1) into[word] = this.#keys[from + word] ?? 0;
  }

  value(at: number, word: number): number {
    return this.#values[at * this.valueWords + word] ?? 0;
  }

  put(at: number, word: number, value: number): void {
    this.#values[at * this.valueWords + word] = value;
  }

  #isAt(at: number, key: Uint32Array): boolean {
    const from = at * this.keyWords;
    for (let word = 0; word < this.keyWords; word += 1) {
      if (this.#keys[from + word] !== key[word]) return false;
    }
    return true;
  }

  #grow(): void {
    const records = this.#slots.length / SLACK;
    this.#keys = widened(this.#keys, 2 * records * this.keyWords);
    this.#values = widened(this.#values, 2 * records * this.valueWords);
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    const key = new Uint32Array(this.keyWords);
    for (let at = 0; at < this.#size; at += 1) {
      this.read(at, key);
      let slot = hashOf(key, this.keyWords) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = at + 1;
    }
    this.#slots = slots;
  }
}

function widened(old: Uint32Array, length: number): Uint32Array {
  const next = new Uint32Array(length);
  next.set(old);
  return next;
}

/** Murmur3's mixing over 32-bit words: neighbours in value are far apart in the table. */
export function hashOf(words: Uint32Array, count: number): number {
  let hash = count;
  for (let at = 0; at < count; at += 1) {
    let word = Math.imul(words[at] ?? 0, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
