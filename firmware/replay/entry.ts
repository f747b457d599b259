/**
 * One event of a core as text of a journal and back. Most events are beats that repeat what the last one of
 * the same sender said: those are told by what differs. What a process has merely handed on out of the
 * core's own state is told as such, because cores ask by identity what has changed.
 *
 * ```
 * "t", atMs                                   a tick
 * "b", atMs, path, proven 0|1, beat           a whole beat
 * "d", atMs, path, proven 0|1, kind, from, {what differs from the last beat of that kind and sender}
 * "e", event                                  anything else; {"$held": 1} = the value the state has
 * ```
 */
import type { Beat } from "../../services/heartbeat/beat.ts";
import { copyOf, isRecord, type Mask, toText } from "./values.ts";

/** What both cores' events have in common. */
export interface AnyEvent {
  readonly kind: string;
  readonly atMs: number;
}

type Fields = Readonly<Record<string, unknown>>;
/** Newest beat of each kind and sender since the beginning of the segment. */
export type Bases = Map<string, Fields>;

const BEAT_EVENT_KEYS = 5;
const HELD = { $held: 1 };

/** Event as text; moves `bases` on. `state` is the one that the event finds. */
export function eventText(event: AnyEvent, state: unknown, bases: Bases, mask: Mask): string {
  if (event.kind === "tick") return `"t",${event.atMs}`;
  if (event.kind === "beat.received" && Object.keys(event).length === BEAT_EVENT_KEYS) {
    return beatText(event as unknown as BeatEvent, bases, mask);
  }
  return `"e",${toText(markHeld(event, state), mask)}`;
}

interface BeatEvent extends AnyEvent {
  readonly path: number;
  readonly beat: Beat;
  readonly proven: boolean;
}

const slotOf = (kind: unknown, from: unknown): string => `${String(kind)} ${String(from)}`;

function beatText({ atMs, path, beat, proven }: BeatEvent, bases: Bases, mask: Mask): string {
  const { kind, from } = beat;
  const slot = slotOf(kind, from);
  const base = bases.get(slot);
  const fields = beat as unknown as Fields;
  bases.set(slot, fields);
  const head = `${atMs},${path},${proven ? 1 : 0}`;
  const changed = base === undefined ? null : changes(base, fields);
  if (changed === null) return `"b",${head},${toText(beat, mask)}`;
  // Numbers and words need no tags.
  const bare = changed.isBare ? JSON.stringify(changed.fields) : toText(changed.fields, mask);
  return `"d",${head},"${kind}",${from},${bare}`;
}

/** Fields of `next` that are not those of `base`; null = `next` lacks one. */
function changes(base: Fields, next: Fields): { fields: Fields; isBare: boolean } | null {
  const fields: Record<string, unknown> = {};
  let isBare = true;
  for (const key in next) {
    const value = next[key];
    if (isSame(base[key], value)) continue;
    fields[key] = value;
    if (typeof value === "number" ? !Number.isFinite(value) : isBinary(value)) isBare = false;
  }
  for (const key in base) if (next[key] === undefined && base[key] !== undefined) return null;
  return { fields, isBare };
}

const isBinary = (value: unknown): boolean => value instanceof Uint8Array;

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return isBinary(a) && isBinary(b) && Buffer.compare(a as Uint8Array, b as Uint8Array) === 0;
  }
  const left = a as Fields;
  const right = b as Fields;
  for (const key in left) if (!isSame(left[key], right[key])) return false;
  for (const key in right) if (!(key in left)) return false;
  return Array.isArray(a) === Array.isArray(b);
}

/** Where an event hands something of the state on: its field, and where that stands in the state. */
function heldFields(event: unknown, state: unknown): { key: string; held: Fields } | null {
  if (!isRecord(event) || !isRecord(state)) return null;
  const agent = state["agent"];
  if (event["kind"] === "agent.spoke" && isRecord(agent) && isRecord(agent["token"])) {
    return { key: "token", held: agent["token"] };
  }
  const facts = state["facts"];
  return event["kind"] === "facts.received" && isRecord(facts)
    ? { key: "facts", held: facts }
    : null;
}

function markHeld(event: AnyEvent, state: unknown): unknown {
  const place = heldFields(event, state);
  const told = place === null ? null : (event as unknown as Fields)[place.key];
  if (place === null || !isRecord(told)) return event;
  const marked: Record<string, unknown> = {};
  for (const key in told) {
    const value = told[key];
    const isHeld = typeof value === "object" && value !== null && value === place.held[key];
    marked[key] = isHeld ? HELD : value;
  }
  return { ...event, [place.key]: marked };
}

/** An event as parsed: what it holds of the state is put in when it is stepped. */
export type Told = AnyEvent;

/** The event of a record without its number, and what follows it; null = it is none. */
export function parseEvent(
  items: readonly unknown[],
  bases: Bases,
): { readonly event: Told; readonly tail: readonly unknown[] } | null {
  const [word, first] = items;
  if (word === "t" && isTime(first)) {
    return { event: { kind: "tick", atMs: first }, tail: items.slice(2) };
  }
  if (word === "e" && isEvent(first)) return { event: first, tail: items.slice(2) };
  if (!isTime(first)) return null;
  const beat = word === "b" ? items[4] : word === "d" ? differing(items, bases) : null;
  if (!isRecord(beat)) return null;
  bases.set(slotOf(beat["kind"], beat["from"]), beat);
  // Every event brings a beat of its own, as from the wire.
  const fields = { path: items[2], beat: copyOf(beat), proven: items[3] === 1 };
  const event = { kind: "beat.received", atMs: first, ...fields };
  return { event, tail: items.slice(word === "b" ? 5 : 7) };
}

function differing(items: readonly unknown[], bases: Bases): Fields | null {
  const base = bases.get(slotOf(items[4], items[5]));
  const changed = items[6];
  return base === undefined || !isRecord(changed) ? null : { ...base, ...changed };
}

/** The event as the core is given it. */
export function resolveHeld(event: Told, state: unknown): AnyEvent {
  const place = heldFields(event, state);
  const told = place === null ? null : (event as unknown as Fields)[place.key];
  if (place === null || !isRecord(told)) return event;
  const whole: Record<string, unknown> = { ...told };
  for (const key in told) {
    const value = told[key];
    if (isRecord(value) && value["$held"] === 1) whole[key] = place.held[key];
  }
  return { ...event, [place.key]: whole };
}

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

const isEvent = (value: unknown): value is AnyEvent =>
  isRecord(value) && typeof value["kind"] === "string" && isTime(value["atMs"]);
