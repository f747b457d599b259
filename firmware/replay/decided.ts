/**
 * What a core decided on one event, short enough to be kept for every event and sharp enough to notice any
 * change: a letter per effect in order, one hash over what the daily ones say, and the others in full.
 *
 * ```
 * [letters, hash, effect...]   L lan.send  C com.send  w watchdog.feed  r claim.read  s claim.write
 *                              t agent.tell  N any other effect, which follows in full
 * ```
 * Source: architecture.md 1.1 (equal input, equal output); D55.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { isRecord, type Mask } from "./values.ts";

/** An effect of either core. */
export interface AnyEffect {
  readonly kind: string;
}

export interface Decided {
  readonly letters: string;
  /** 0 = no daily effect says anything. */
  readonly hash: number;
  /** Those behind the letter N, in order. */
  readonly effects: readonly AnyEffect[];
}

export const NOTHING_DECIDED: Decided = { letters: "", hash: 0, effects: [] };

const LETTERS: Readonly<Record<string, string>> = {
  "lan.send": "L",
  "com.send": "C",
  "watchdog.feed": "w",
  "claim.read": "r",
  "claim.write": "s",
  "agent.tell": "t",
};

/** The daily effect behind a letter; null = the letter stands for none. */
export function effectOf(letter: string): string | null {
  return Object.keys(LETTERS).find((kind) => LETTERS[kind] === letter) ?? null;
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

export function drawDecided(effects: readonly AnyEffect[], mask: Mask): Decided {
  if (effects.length === 0) return NOTHING_DECIDED;
  let letters = "";
  let hash = 0;
  const others: AnyEffect[] = [];
  for (const effect of effects) {
    const letter = LETTERS[effect.kind];
    letters += letter ?? "N";
    if (letter === undefined) others.push(plain(effect));
    else hash = fold(hash === 0 ? FNV_BASIS : hash, effect, "", mask);
  }
  return { letters, hash: hash >>> 0, effects: others };
}

/** A text that is now in force is told by its hash: it stands in the journal as an item of its own. */
function plain(effect: AnyEffect): AnyEffect {
  if (effect.kind !== "config.switched") return effect;
  const { config } = effect as AnyEffect & { readonly config: ClusterConfig };
  return { kind: effect.kind, hash: config.hash } as AnyEffect;
}

/** FNV-1a over the values in the order of their keys; a key without a value is no key. */
function fold(hash: number, value: unknown, key: string, mask: Mask): number {
  switch (typeof value) {
    case "number":
      float[0] = value;
      return mix(mix(hash, halves[0] ?? 0), halves[1] ?? 0);
    case "string": {
      let next = hash;
      for (let at = 0; at < value.length; at += 1) next = mix(next, value.charCodeAt(at));
      return next;
    }
    case "boolean":
      return mix(hash, value ? 1 : 2);
    default:
      return foldObject(hash, value, key, mask);
  }
}

function foldObject(hash: number, value: unknown, key: string, mask: Mask): number {
  if (value === null || value === undefined) return mix(hash, 3);
  let next = mix(hash, 4);
  if (value instanceof Uint8Array) {
    const masked = mask(value, key);
    for (let at = 0; at < masked.length; at += 1) next = mix(next, masked[at] ?? 0);
    return next;
  }
  if (Array.isArray(value)) {
    for (const item of value) next = fold(next, item, "", mask);
    return next;
  }
  if (!isRecord(value)) return next;
  for (const name in value) {
    if (value[name] !== undefined) next = fold(next, value[name], name, mask);
  }
  return next;
}

const mix = (hash: number, part: number): number => Math.imul(hash ^ part, FNV_PRIME);

/** As a record carries it, without brackets. */
export function decidedText(
  { letters, hash, effects }: Decided,
  text: (v: unknown) => string,
): string {
  if (letters === "") return "";
  const others = effects.map((effect) => `,${text(effect)}`).join("");
  return `,${JSON.stringify(letters)},${hash}${others}`;
}

/** From the tail of a record; null = it is none. */
export function parseDecided(tail: readonly unknown[]): Decided | null {
  if (tail.length === 0) return NOTHING_DECIDED;
  const [letters, hash, ...effects] = tail;
  if (typeof letters !== "string" || typeof hash !== "number") return null;
  const known = [...letters].every((letter) => letter === "N" || effectOf(letter) !== null);
  const count = [...letters].filter((letter) => letter === "N").length;
  if (!known || count !== effects.length || !effects.every(isEffect)) return null;
  return { letters, hash, effects };
}

const isEffect = (value: unknown): value is AnyEffect =>
  isRecord(value) && typeof value["kind"] === "string";
