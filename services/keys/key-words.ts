/**
 * What a server says about keys inside its beat: which it seals with, which it holds, and, while another is
 * to get one, that key. Intuition: the words are inside a frame sealed with a key that both hold, so a key never
 * crosses a wire in clear, and a word that is lost is said again by the next beat.
 *
 * ```
 * byte 0     bit 0: a key follows, bit 1: an id of a key let go follows, bits 4-5: how many other ids (0-2)
 * byte 1-4   id of the key that its pulse seals with
 * 4 per other id that it holds on disk and in its processes
 * [4 id of the last key that was let go]   [32 the key that the other server is to take]
 * ```
 * At most 49 bytes; 17 without a key, which is what stands beside a piece of a configuration text.
 * Source: reliability.md 4.3 (distribute next, all members report holding it).
 */
import { Reader, Writer } from "../../hal/base/bytes.ts";
import { KEY_BYTES, KEY_ID_HEX } from "./key-set.ts";

export interface KeyWords {
  /** Id of the key that its pulse seals with. */
  readonly active: string;
  /** Further ids that pulse and disk process of it open. */
  readonly others: readonly string[];
  readonly retired: string | null;
  /** 32 secret bytes, for the other server to take. */
  readonly offer: Uint8Array | null;
}

const ID_BYTES = KEY_ID_HEX / 2;
const OTHERS_MAX = 2;

export function encodeKeyWords({ active, others, retired, offer }: KeyWords): Uint8Array {
  const ids = others.slice(0, OTHERS_MAX);
  const more = (retired === null ? 0 : ID_BYTES) + (offer === null ? 0 : KEY_BYTES);
  const out = new Writer(1 + ID_BYTES * (1 + ids.length) + more);
  out.u8((offer === null ? 0 : 1) | (retired === null ? 0 : 2) | (ids.length << 4));
  out.hex(active, ID_BYTES);
  for (const id of ids) out.hex(id, ID_BYTES);
  if (retired !== null) out.hex(retired, ID_BYTES);
  if (offer !== null) out.bytes(offer);
  return out.written();
}

/** null = not these words; the other side then counts as one that says nothing about keys. */
export function decodeKeyWords(bytes: Uint8Array): KeyWords | null {
  const input = new Reader(bytes);
  const flags = input.u8();
  const count = flags >> 4;
  if ((flags & 0x0c) !== 0 || count > OTHERS_MAX) return null;
  const active = input.hex(ID_BYTES);
  const others: string[] = [];
  for (let at = 0; at < count; at += 1) others.push(input.hex(ID_BYTES));
  const retired = (flags & 2) === 0 ? null : input.hex(ID_BYTES);
  const offer = (flags & 1) === 0 ? null : Uint8Array.from(input.bytes(KEY_BYTES));
  return input.complete() ? { active, others, retired, offer } : null;
}
