/**
 * Values of the cores as JSON text and back, exact enough to be stepped again: bytes and the numbers that
 * JSON lacks travel as tagged objects. What is secret does not: words of agents carry cluster keys and
 * pieces of configuration texts, and configurations carry passwords in environments and arguments.
 * Intuition: the cores only ask whether secret bytes have changed, so a keyed digest of the same length
 * does as well as the bytes. Source: work order 4 item 8; reliability.md 6 (canary secret absent).
 */
import { createHmac, randomBytes } from "node:crypto";
import { decodeRollout } from "../../services/configuration/rollout-words.ts";
import { decodeWords, encodeWords } from "../../services/failover/words.ts";
import { decodeKeyWords } from "../../services/keys/key-words.ts";

/** Bytes in, bytes of the same length out: equal for equal ones, different for different ones. */
export type Mask = (bytes: Uint8Array, key: string) => Uint8Array;

/** For values that have been masked already. */
export const asIs: Mask = (bytes) => bytes;

/** Arguments of programs and scripts in a configuration; the first word is the program. */
const ARGUMENT_KEYS: ReadonlySet<string> = new Set(["argv", "start", "stop", "recover"]);

/** Masks with a key of this process that is written nowhere, so that nobody can try what a digest hides. */
export function createMask(salt: Uint8Array = randomBytes(32)): Mask {
  const hide = (bytes: Uint8Array): Uint8Array => {
    const digest = createHmac("sha256", salt).update(bytes).digest();
    const hidden = new Uint8Array(bytes.length);
    hidden.set(digest.subarray(0, bytes.length));
    return hidden;
  };
  // The same words go out in every beat to everybody.
  const known = new WeakMap<Uint8Array, Uint8Array>();
  return (bytes, key) => {
    if (key !== "blob") return hide(bytes);
    const masked = known.get(bytes) ?? maskWords(bytes, hide);
    known.set(bytes, masked);
    return masked;
  };
}

/** Words of an agent without key and text; what are no words is hidden whole. */
function maskWords(blob: Uint8Array, hide: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  if (blob.length === 0) return blob;
  const words = decodeWords(blob);
  if (words === null) return hide(blob);
  const { rollout, keys } = words;
  const hidesText = rollout !== undefined && decodeRollout(rollout)?.underWay !== null;
  const hidesKey = keys !== undefined && decodeKeyWords(keys)?.offer !== null;
  if (!hidesText && !hidesKey) return blob;
  return encodeWords({
    ...words,
    ...(rollout === undefined ? {} : { rollout: hide(rollout) }),
    ...(keys === undefined ? {} : { keys: hide(keys) }),
  });
}

/** `value` as one line of JSON. */
export function toText(value: unknown, mask: Mask): string {
  return JSON.stringify(value, function replace(this: unknown, key: string, drawn: unknown) {
    // A Buffer has turned itself into something else before it comes here.
    const own = (this as Readonly<Record<string, unknown>>)[key];
    if (own instanceof Uint8Array) {
      return { $bytes: Buffer.from(mask(own, key)).toString("base64") };
    }
    if (typeof drawn === "number" && !Number.isFinite(drawn)) return { $number: String(drawn) };
    if (ARGUMENT_KEYS.has(key) && Array.isArray(drawn)) return drawn.slice(0, 1);
    if (key === "env" && isRecord(drawn)) {
      return Object.fromEntries(Object.keys(drawn).map((name) => [name, ""]));
    }
    return drawn;
  });
}

/** The value of a line; undefined = it is no JSON. */
export function fromText(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => revive(value));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function revive(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { $bytes: bytes, $number: number } = value;
  if (typeof bytes === "string") return Uint8Array.from(Buffer.from(bytes, "base64"));
  return typeof number === "string" ? Number(number) : value;
}

export interface Difference {
  /** `membership.view.epoch.counter`; empty = the value itself. */
  readonly at: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/** First place where the two differ; null = nowhere. A key without a value is no key. */
export function firstDifference(recorded: unknown, replayed: unknown, at = ""): Difference | null {
  if (Object.is(recorded, replayed) || (recorded === 0 && replayed === 0)) return null;
  if (recorded instanceof Uint8Array && replayed instanceof Uint8Array) {
    return Buffer.compare(recorded, replayed) === 0 ? null : { at, recorded, replayed };
  }
  if (!isObject(recorded) || !isObject(replayed)) return { at, recorded, replayed };
  if (Array.isArray(recorded) !== Array.isArray(replayed)) return { at, recorded, replayed };
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
    const below = at === "" ? key : `${at}.${key}`;
    const found = firstDifference(recorded[key], replayed[key], below);
    if (found !== null) return found;
  }
  return null;
}

/** A copy that shares nothing: the cores tell by identity what has changed. */
export function copyOf<T>(value: T): T {
  return structuredClone(value);
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !Array.isArray(value) && !(value instanceof Uint8Array);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
