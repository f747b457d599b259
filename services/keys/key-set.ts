/**
 * The keys that one server holds: one it seals with, perhaps one that comes, perhaps one that goes; as a file
 * and as a list in the order in which they are tried.
 * Intuition: whoever is to be understood by a server seals with a key which that server holds already; so a key
 * is taken by all before anybody uses it, and let go by all only after nobody does.
 * The key file of the installation is where a set begins. When a person replaces it (enrolment, `kage key accept`),
 * the set that grew out of the earlier one is void.
 * Source: reliability.md 4.3 (rotation: keys have ids, receive accepts prev, cur, next); requirements D56, R138.
 */

import { createHash } from "node:crypto";
import { assert } from "../../hal/base/assert.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";

export const KEY_BYTES = 32;
/** Characters of an id: a name, not a proof. */
export const KEY_ID_HEX = 8;
/** Longest file of keys that is read, bytes: three keys take about 600. */
export const KEY_FILE_BYTES_MAX = 4096;
const FORMAT = 1;
const ID_INFO = "kagemusha key id 1";

export interface HeldKey {
  /** First 8 hex digits of a hash of the key; says nothing about the key. */
  readonly id: string;
  /** 32 secret bytes. */
  readonly key: Uint8Array;
  /** Wall clock of the moment it came into this place of the set, ms since 1970. */
  readonly sinceMs: number;
}

/** A key that is to come. */
export interface NextKey extends HeldKey {
  /** This server made it and brings it into force. */
  readonly isOwn: boolean;
  /** To be brought into force although a server is away. */
  readonly alone: boolean;
  /** Server that it was taken from, who made it; absent = it is own, or not known. */
  readonly from?: ServerIndex;
}

export interface KeySet {
  /** Seals; opens first. */
  readonly active: HeldKey;
  readonly next: NextKey | null;
  /** The one before, opens only. */
  readonly old: HeldKey | null;
  /** Id of the last one that was let go. */
  readonly retired: string | null;
}

/** Key `key` as sealing and opening see it, and what it is at this moment. */
export interface RingKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly role: "active" | "next" | "old";
}

export function keyId(key: Uint8Array): string {
  assert(key.length === KEY_BYTES, "a cluster key is 32 bytes");
  return createHash("sha256").update(ID_INFO).update(key).digest("hex").slice(0, KEY_ID_HEX);
}

/** The byte of a LAN frame's header that names its key: opening a frame then costs one try. */
export const keyHint = (id: string): number => Number.parseInt(id.slice(0, 2), 16);

export function firstSet(key: Uint8Array, nowMs: number): KeySet {
  const active = { id: keyId(key), key, sinceMs: nowMs };
  return { active, next: null, old: null, retired: null };
}

/** The active key first. */
export function ringOf({ active, next, old }: KeySet): readonly RingKey[] {
  const ring: RingKey[] = [{ id: active.id, key: active.key, role: "active" }];
  if (next !== null) ring.push({ id: next.id, key: next.key, role: "next" });
  if (old !== null) ring.push({ id: old.id, key: old.key, role: "old" });
  return ring;
}

export const holds = (set: KeySet, id: string): boolean => ringOf(set).some((k) => k.id === id);

/** `origin`: id of the key in the installation's key file at this moment. */
export function formatKeySet(set: KeySet, origin: string): string {
  const { active, next, old, retired } = set;
  const flags = next === null ? {} : { isOwn: next.isOwn, alone: next.alone, from: next.from };
  const written = {
    format: FORMAT,
    origin,
    retired,
    active: plain(active),
    next: next === null ? null : { ...plain(next), ...flags },
    old: old === null ? null : plain(old),
  };
  return `${JSON.stringify(written, null, 2)}\n`;
}

const plain = ({ key, sinceMs }: HeldKey): object => ({
  key: Buffer.from(key).toString("hex"),
  sinceMs,
});

export type ChosenSet =
  /** `file`: the key file rules, since there is no set, or one that grew out of another key. */
  | { readonly kind: "set" | "file"; readonly set: KeySet }
  /** There is a set, but it cannot be read as one; the key file is what is left. */
  | { readonly kind: "broken"; readonly set: KeySet };

/** Which keys a process starts by. `text` null = there is no file of keys. */
export function chooseKeySet(fileKey: Uint8Array, text: string | null, nowMs: number): ChosenSet {
  const file = firstSet(fileKey, nowMs);
  if (text === null) return { kind: "file", set: file };
  const parsed = parseKeySet(text);
  if (parsed === null) return { kind: "broken", set: file };
  const { set, origin } = parsed;
  if (origin === file.active.id || set.active.id === file.active.id) return { kind: "set", set };
  return { kind: "file", set: file };
}

function parseKeySet(text: string): { readonly set: KeySet; readonly origin: string } | null {
  const value = parseObject(text);
  if (value === null || value["format"] !== FORMAT) return null;
  const { origin, retired } = value;
  const active = parseKey(value["active"]);
  const next = value["next"] === null ? null : parseNext(value["next"]);
  const old = value["old"] === null ? null : parseKey(value["old"]);
  if (active === null || next === undefined || (old === null && value["old"] !== null)) return null;
  if (!isId(origin) || (retired !== null && !isId(retired))) return null;
  const set = { active, next, old, retired };
  const ids = ringOf(set).map(({ id }) => id);
  return new Set(ids).size === ids.length ? { set, origin } : null;
}

/** undefined = it is none. */
function parseNext(value: unknown): NextKey | undefined {
  const key = parseKey(value);
  if (key === null || !isRecord(value)) return undefined;
  const { from } = value;
  const known = typeof from === "number" && Number.isInteger(from) && from >= 0 ? { from } : {};
  return { ...key, isOwn: value["isOwn"] === true, alone: value["alone"] === true, ...known };
}

function parseKey(value: unknown): HeldKey | null {
  if (!isRecord(value)) return null;
  const { key, sinceMs } = value;
  if (typeof key !== "string" || !/^[0-9a-f]{64}$/.test(key)) return null;
  if (typeof sinceMs !== "number" || !Number.isFinite(sinceMs)) return null;
  const bytes = new Uint8Array(Buffer.from(key, "hex"));
  return { id: keyId(bytes), key: bytes, sinceMs };
}

/** The keys that the agent hands to pulse and disk process; null = they are none. */
export function parseRing(value: unknown): readonly RingKey[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > 3) return null;
  const ring: RingKey[] = [];
  for (const entry of value) {
    if (!isRecord(entry) || typeof entry["key"] !== "string") return null;
    const { key, role } = entry;
    if (!/^[0-9a-f]{64}$/.test(key as string)) return null;
    if (role !== "active" && role !== "next" && role !== "old") return null;
    const bytes = new Uint8Array(Buffer.from(key as string, "hex"));
    ring.push({ id: keyId(bytes), key: bytes, role });
  }
  return ring[0]?.role === "active" ? ring : null;
}

/** What `parseRing` reads. */
export const formatRing = (ring: readonly RingKey[]): readonly object[] =>
  ring.map(({ key, role }) => ({ key: Buffer.from(key).toString("hex"), role }));

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{8}$/.test(value);
