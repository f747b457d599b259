/**
 * Equal situations look equal: instants are counted from a common now, so that a world that has done
 * nothing for a second is the very world it was, and a visited set closes.
 * Intuition: the cores know no time but the one they are given, so shifting every instant of a state and
 * of what is in flight changes nothing that they will ever do. Source: reliability.md 5; issue 4 item 7.
 */
import { createHash } from "node:crypto";

/** The moment at which every round is played. Far above every timeout, so that no instant is negative. */
export const NOW_MS = 1_000_000;

/**
 * Numbers in ms that are lengths and not moments: they stay. All others whose name ends in "Ms" are
 * moments of a monotonic clock, and all clocks of a world run together.
 */
const LENGTHS: ReadonlySet<string> = new Set(["grantedMs"]);

/** Values that only have to differ from the one before: the agent's counter. */
const COUNTERS: ReadonlySet<string> = new Set(["progress"]);

/**
 * The same value `byMs` earlier. Instants before `floorMs` are held there: choose it further back than
 * the longest time that any core waits.
 */
export function shift<T>(value: T, byMs: number, floorMs: number): T {
  return shiftAt(value, "", byMs, floorMs) as T;
}

function shiftAt(value: unknown, key: string, byMs: number, floorMs: number): unknown {
  if (typeof value === "number") {
    if (COUNTERS.has(key)) return 0;
    if (!isInstant(key) || !Number.isFinite(value)) return value;
    return Math.max(floorMs, value - byMs);
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    if (!value.some((item) => isShifted(item, key))) return value;
    return value.map((item) => shiftAt(item, key, byMs, floorMs));
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const name in fields) copy[name] = shiftAt(fields[name], name, byMs, floorMs);
  return copy;
}

const isShifted = (item: unknown, key: string): boolean =>
  typeof item === "object" ? item !== null : typeof item === "number" && isInstant(key);

const isInstant = (key: string): boolean => key.endsWith("Ms") && !LENGTHS.has(key);

/**
 * One text per situation. Fields come in the order in which the cores write them: another order would only
 * cost a second visit.
 */
export function textOf(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return `<${String.fromCharCode(...value)}>`;
  let text = Array.isArray(value) ? "[" : "{";
  if (Array.isArray(value)) {
    for (const item of value) text += `${textOf(item)},`;
    return `${text}]`;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    const field = fields[name];
    if (field !== undefined) text += `${name}:${textOf(field)},`;
  }
  return `${text}}`;
}

/** Gives every distinct value a number, and the value back; 0 is the first one put in. */
export class Pool<T> {
  readonly #values: T[] = [];
  /** By a digest of 128 bits: a state is some kilobytes of text. */
  readonly #ids = new Map<string, number>();

  get size(): number {
    return this.#values.length;
  }

  idOf(value: T): number {
    const digest = createHash("md5").update(textOf(value), "latin1").digest("base64");
    const known = this.#ids.get(digest);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#values.push(value);
    this.#ids.set(digest, id);
    return id;
  }

  at(id: number): T {
    const value = this.#values[id];
    if (value === undefined) throw new Error(`nothing has the number ${id}`);
    return value;
  }
}
