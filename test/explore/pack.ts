/**
 * A value as bytes, and back: what a server is, in about one byte per field. Instants are written as
 * ages from a common now and read back as instants of the next now, so that a world which has done nothing
 * for a second is the very world it was, and a visited set closes.
 * Intuition: the cores know no time but the one they are given, so moving every instant of a state and of
 * what is in flight changes nothing that they will ever do. An age beyond the longest time that any rule waits
 * is held there: older and oldest decide alike. Fields are written by shape (the names once, in a dictionary),
 * whatever they are: a field that is new in a core is in the bytes without this file being told.
 * Source: reliability.md 5; issue 4 item 7.
 */

/** The moment at which every round is played. Far above every timeout, so that no instant is negative. */
export const NOW_MS = 1_000_000;

export interface PackRules {
  /** Length of a round; ages are mostly whole rounds. */
  readonly roundMs: number;
  /** Ages of instants are held here, ms; by name of the field where another time is the longest. */
  readonly oldestMs: number;
  readonly oldestBy?: Readonly<Record<string, number>>;
  /** Fields that no rule of this world reads, by name: always written as this. */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/**
 * Numbers in ms that are lengths and not moments: they stay. All others whose name ends in "Ms" are
 * moments of a monotonic clock, and all clocks of a world run together.
 */
const LENGTHS: ReadonlySet<string> = new Set(["grantedMs"]);
/** Values that only have to differ from the one before: the agent's counter. */
const COUNTERS: ReadonlySet<string> = new Set(["progress", "agentProgress"]);

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const ENDLESS = 4;
const NEVER = 5;
const FRACTION = 6;
const NEGATIVE = 7;
const STRING = 8;
const ARRAY = 9;
const OBJECT = 10;
const BYTES = 11;
const WHOLE = 12;
const AGE = 13;
const AGE_AHEAD = 14;
/** Whole numbers 0-95 are one byte. */
const SMALL = 16;
const SMALL_MAX = 95;
/** Ages of 0-143 whole rounds are one byte. */
const ROUNDS = SMALL + SMALL_MAX + 1;
const ROUNDS_MAX = 255 - ROUNDS;

/** How the numbers of one field are written. */
interface Field {
  readonly name: string;
  readonly isInstant: boolean;
  readonly isCounter: boolean;
  readonly oldestMs: number;
  readonly fixed: { readonly value: unknown } | null;
}

/** A place in the tree of field names; `shape` is the list of names that leads here. */
interface Place {
  readonly shape: number;
  readonly next: Map<string, Place>;
  /** Where the last one went on: nearly always the only way. */
  lastName: string;
  last: Place | null;
}

export class Packer {
  readonly #rules: PackRules;
  readonly #root: Place = { shape: 0, next: new Map(), lastName: "", last: null };
  readonly #shapes: (readonly Field[])[] = [[]];
  readonly #fields = new Map<string, Field>();
  readonly #plain: Field;
  readonly #strings = new Dictionary<string>();
  readonly #byteStrings = new Dictionary<string>();
  readonly #byteValues: Uint8Array[] = [];
  #out = new Uint8Array(1 << 14);
  #at = 0;
  #in: Uint8Array = this.#out;
  #from = 0;

  constructor(rules: PackRules) {
    this.#rules = rules;
    this.#plain = this.#fieldOf("");
  }

  /** The bytes lie in a buffer that the next call overwrites. Ages count from `NOW_MS`. */
  pack(value: unknown): Uint8Array {
    this.#at = 0;
    this.#write(value, this.#plain);
    return this.#out.subarray(0, this.#at);
  }

  /** Instants come back as seen from `NOW_MS`. */
  unpack(bytes: Uint8Array, from: number): unknown {
    this.#in = bytes;
    this.#from = from;
    return this.#read();
  }

  /** The same value a round later, in the buffer that `pack` uses: without building it. */
  age(bytes: Uint8Array, from: number): Uint8Array {
    const source = this.#in;
    this.#in = bytes;
    this.#from = from;
    this.#at = 0;
    this.#copyAged(this.#plain);
    this.#in = source;
    return this.#out.subarray(0, this.#at);
  }

  #copyAged(field: Field): void {
    if (this.#at + 32 > this.#out.length) this.#widen();
    const tag = this.#in[this.#from] ?? NULL;
    this.#from += 1;
    const roundMs = field.fixed === null ? this.#rules.roundMs : 0;
    if (tag >= ROUNDS) {
      return this.#writeAge(
        Math.min((tag - ROUNDS) * this.#rules.roundMs + roundMs, field.oldestMs),
      );
    }
    switch (tag) {
      case AGE:
        return this.#writeAge(Math.min(this.#readVarint() + roundMs, field.oldestMs));
      case AGE_AHEAD:
        return this.#writeAge(Math.min(roundMs - this.#readVarint(), field.oldestMs));
      case FRACTION:
      case NEGATIVE:
      case STRING:
      case BYTES:
      case WHOLE:
        this.#byte(tag);
        return this.#varint(this.#readVarint());
      case ARRAY: {
        const length = this.#readVarint();
        this.#byte(tag);
        this.#varint(length);
        for (let item = 0; item < length; item += 1) this.#copyAged(field);
        return;
      }
      case OBJECT: {
        const shape = this.#readVarint();
        this.#byte(tag);
        this.#varint(shape);
        for (const inner of this.#shapes[shape] ?? []) this.#copyAged(inner);
        return;
      }
      default:
        return this.#byte(tag);
    }
  }

  #fieldOf(name: string): Field {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const { fixed = {}, oldestBy = {}, oldestMs } = this.#rules;
    const field: Field = {
      name,
      isInstant: name.endsWith("Ms") && !LENGTHS.has(name),
      isCounter: COUNTERS.has(name),
      oldestMs: oldestBy[name] ?? oldestMs,
      fixed: Object.hasOwn(fixed, name) ? { value: fixed[name] } : null,
    };
    this.#fields.set(name, field);
    return field;
  }

  #write(value: unknown, field: Field): void {
    if (this.#at + 32 > this.#out.length) this.#widen();
    if (typeof value === "number") return this.#writeNumber(value, field);
    if (value === null || value === undefined) return this.#byte(NULL);
    if (typeof value === "boolean") return this.#byte(value ? TRUE : FALSE);
    if (typeof value === "string") {
      this.#byte(STRING);
      return this.#varint(this.#strings.idOf(value));
    }
    if (value instanceof Uint8Array) return this.#writeBytes(value);
    if (Array.isArray(value)) {
      this.#byte(ARRAY);
      this.#varint(value.length);
      for (const item of value) this.#write(item, field);
      return;
    }
    this.#writeObject(value as Readonly<Record<string, unknown>>);
  }

  #writeObject(fields: Readonly<Record<string, unknown>>): void {
    let place = this.#root;
    for (const name in fields) {
      if (fields[name] === undefined) continue;
      const { last } = place;
      place = last !== null && place.lastName === name ? last : this.#follow(place, name);
    }
    this.#byte(OBJECT);
    this.#varint(place.shape);
    for (const field of this.#shapes[place.shape] ?? []) {
      const { fixed } = field;
      this.#write(fixed === null ? fields[field.name] : fixed.value, field);
    }
  }

  #follow(place: Place, name: string): Place {
    const next = place.next.get(name) ?? this.#branch(place, name);
    place.lastName = name;
    place.last = next;
    return next;
  }

  #branch(place: Place, name: string): Place {
    const shape = this.#shapes.length;
    this.#shapes.push([...(this.#shapes[place.shape] ?? []), this.#fieldOf(name)]);
    const next: Place = { shape, next: new Map(), lastName: "", last: null };
    place.next.set(name, next);
    return next;
  }

  #writeNumber(value: number, field: Field): void {
    if (field.isCounter) return this.#byte(SMALL);
    if (value === Number.POSITIVE_INFINITY) return this.#byte(ENDLESS);
    if (value === Number.NEGATIVE_INFINITY) return this.#byte(NEVER);
    if (!Number.isInteger(value)) return this.#writeFraction(field, value);
    if (field.isInstant) return this.#writeAge(Math.min(NOW_MS - value, field.oldestMs));
    if (value < 0) {
      this.#byte(NEGATIVE);
      return this.#varint(-value);
    }
    if (value <= SMALL_MAX) return this.#byte(SMALL + value);
    this.#byte(WHOLE);
    this.#varint(value);
  }

  #writeAge(ageMs: number): void {
    const rounds = ageMs / this.#rules.roundMs;
    if (ageMs >= 0 && rounds <= ROUNDS_MAX && Number.isInteger(rounds)) {
      return this.#byte(ROUNDS + rounds);
    }
    this.#byte(ageMs < 0 ? AGE_AHEAD : AGE);
    this.#varint(Math.abs(ageMs));
  }

  #writeFraction(field: Field, value: number): void {
    if (field.isInstant) throw new Error(`${field.name}: expected whole ms, found ${value}`);
    this.#byte(FRACTION);
    this.#varint(this.#strings.idOf(String(value)));
  }

  #writeBytes(value: Uint8Array): void {
    const text = String.fromCharCode(...value);
    const id = this.#byteStrings.idOf(text);
    if (id === this.#byteValues.length) this.#byteValues.push(value);
    this.#byte(BYTES);
    this.#varint(id);
  }

  #read(): unknown {
    const tag = this.#in[this.#from] ?? NULL;
    this.#from += 1;
    if (tag >= ROUNDS) return NOW_MS - (tag - ROUNDS) * this.#rules.roundMs;
    if (tag >= SMALL) return tag - SMALL;
    switch (tag) {
      case FALSE:
        return false;
      case TRUE:
        return true;
      case ENDLESS:
        return Number.POSITIVE_INFINITY;
      case NEVER:
        return Number.NEGATIVE_INFINITY;
      case FRACTION:
        return Number(this.#strings.at(this.#readVarint()));
      case NEGATIVE:
        return -this.#readVarint();
      case STRING:
        return this.#strings.at(this.#readVarint());
      case BYTES:
        return this.#byteValues[this.#readVarint()];
      case WHOLE:
        return this.#readVarint();
      case AGE:
        return NOW_MS - this.#readVarint();
      case AGE_AHEAD:
        return NOW_MS + this.#readVarint();
      case ARRAY:
        return this.#readArray();
      case OBJECT:
        return this.#readObject();
      default:
        return null;
    }
  }

  #readArray(): unknown[] {
    const length = this.#readVarint();
    const items: unknown[] = [];
    for (let at = 0; at < length; at += 1) items.push(this.#read());
    return items;
  }

  #readObject(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const { name } of this.#shapes[this.#readVarint()] ?? []) value[name] = this.#read();
    return value;
  }

  #readVarint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#in[this.#from] ?? 0;
      this.#from += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  #byte(value: number): void {
    this.#out[this.#at] = value;
    this.#at += 1;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #widen(): void {
    const wider = new Uint8Array(2 * this.#out.length);
    wider.set(this.#out);
    this.#out = wider;
  }
}

/** Gives every distinct value a number from 0, and the value back. */
class Dictionary<T> {
  readonly #ids = new Map<T, number>();
  readonly #values: T[] = [];

  idOf(value: T): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#values.push(value);
    this.#ids.set(value, id);
    return id;
  }

  at(id: number): T | undefined {
    return this.#values[id];
  }
}
