/**
 * Gives every distinct situation of one server, and every distinct beat, a number, and the value back. Kept
 * are packed bytes and not objects: two hundred bytes instead of some kilobytes.
 * Bytes are compared whole, so that two situations never share a number. Source: issue 4 item 7.
 */

import type { Packer } from "./pack.ts";
import { hashOf } from "./table.ts";

/** A value never lies across two chunks. */
const CHUNK_BYTES = 1 << 24;
const FIRST_VALUES = 1 << 12;
const SLACK = 2;
const RECENT_MAX = 1 << 12;

export class Pool<T> {
  readonly #packer: Packer;
  readonly #chunks: Uint8Array[] = [];
  /** End of what is written in the last chunk. */
  #end = CHUNK_BYTES;
  #size = 0;
  /** By number: chunk and place in it, as one number; then the length. */
  #places = new Float64Array(FIRST_VALUES);
  #lengths = new Uint32Array(FIRST_VALUES);
  #hashes = new Uint32Array(FIRST_VALUES);
  /** Values read last, by the end of their number: what a round has made is looked at in the next hop. */
  readonly #recent: ({ readonly id: number; readonly value: T } | undefined)[] = [];
  #slots = new Uint32Array(FIRST_VALUES * SLACK);
  readonly #words = new Uint32Array(1 << 12);

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    const lists = this.#places.byteLength + this.#lengths.byteLength + this.#hashes.byteLength;
    return this.#chunks.length * CHUNK_BYTES + lists + this.#slots.byteLength;
  }

  idOf(value: T): number {
    const before = this.#size;
    const id = this.#idOf(this.#packer.pack(value));
    if (this.#size > before) this.#recent[id % RECENT_MAX] = { id, value };
    return id;
  }

  /** Number of the same value a round later. */
  aged(id: number): number {
    const place = this.#places[id] ?? 0;
    const chunk = this.#chunks[Math.floor(place / CHUNK_BYTES)];
    if (chunk === undefined) throw new Error(`nothing has the number ${id}`);
    return this.#idOf(this.#packer.age(chunk, place % CHUNK_BYTES));
  }

  #idOf(bytes: Uint8Array): number {
    const hash = this.#hash(bytes);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let id = this.#slots[slot] ?? 0; id !== 0; id = this.#slots[slot] ?? 0) {
      if (this.#hashes[id - 1] === hash && this.#isAt(id - 1, bytes)) return id - 1;
      slot = (slot + 1) & mask;
    }
    return this.#add(bytes, hash);
  }

  /** The value with instants as seen from `NOW_MS`; nobody may change it. */
  at(id: number): T {
    const recent = this.#recent[id % RECENT_MAX];
    if (recent?.id === id) return recent.value;
    const value = this.#read(id);
    this.#recent[id % RECENT_MAX] = { id, value };
    return value;
  }

  #read(id: number): T {
    if (id >= this.#size) throw new Error(`nothing has the number ${id}`);
    const place = this.#places[id] ?? 0;
    const chunk = this.#chunks[Math.floor(place / CHUNK_BYTES)];
    if (chunk === undefined) throw new Error(`nothing lies at ${place}`);
    return this.#packer.unpack(chunk, place % CHUNK_BYTES) as T;
  }

  #hash(bytes: Uint8Array): number {
    const count = (bytes.length + 3) >> 2;
    const words = count > this.#words.length ? new Uint32Array(count) : this.#words;
    for (let at = 0; at < count; at += 1) {
      const from = 4 * at;
      const low = (bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8);
      words[at] = low | ((bytes[from + 2] ?? 0) << 16) | ((bytes[from + 3] ?? 0) << 24);
    }
    return hashOf(words, count);
  }

  #isAt(id: number, bytes: Uint8Array): boolean {
    if (this.#lengths[id] !== bytes.length) return false;
    const place = this.#places[id] ?? 0;
    const chunk = this.#chunks[Math.floor(place / CHUNK_BYTES)];
    const from = place % CHUNK_BYTES;
    if (chunk === undefined) return false;
    for (let at = 0; at < bytes.length; at += 1) {
      if (chunk[from + at] !== bytes[at]) return false;
    }
    return true;
  }

  #add(bytes: Uint8Array, hash: number): number {
    if (this.#size === this.#lengths.length) this.#grow();
    if (this.#end + bytes.length > CHUNK_BYTES) {
      this.#chunks.push(new Uint8Array(CHUNK_BYTES));
      this.#end = 0;
    }
    const last = this.#chunks.length - 1;
    this.#chunks[last]?.set(bytes, this.#end);
    const id = this.#size;
    this.#places[id] = last * CHUNK_BYTES + this.#end;
    this.#lengths[id] = bytes.length;
    this.#hashes[id] = hash;
    this.#end += bytes.length;
    this.#size += 1;
    this.#enter(id, hash);
    return id;
  }

  #enter(id: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }

  #grow(): void {
    const length = 2 * this.#lengths.length;
    const places = new Float64Array(length);
    places.set(this.#places);
    this.#places = places;
    this.#lengths = longer(this.#lengths, length);
    this.#hashes = longer(this.#hashes, length);
    this.#slots = new Uint32Array(length * SLACK);
    for (let id = 0; id < this.#size; id += 1) this.#enter(id, this.#hashes[id] ?? 0);
  }
}

function longer(old: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(length);
  next.set(old);
  return next;
}
