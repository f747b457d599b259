/**
 * One copy of the state as bytes. Everything after the checksum is covered by it.
 *
 *   0            8        12       16       20
 *   +------------+--------+--------+--------+-------------+
 *   | "KAGESTO1" | CRC-32 | serial | length | JSON, UTF-8 |      numbers big-endian
 *   +------------+--------+--------+--------+-------------+
 *
 * Intuition: a torn, cut or foreign file is `bad`, never half a state. The digit after KAGESTO is the
 * version of the content; the frame around it stays as it is, so that an older program can tell a later
 * one's copy from rubbish and compare serials; from version 2 on the checksum covers the first eight bytes
 * too, or one flipped bit would make another version. Never throws.
 * Source: style.md 1.8, 18; IEEE 802.3 (CRC-32).
 */
import { crc32 } from "../../hal/base/crc.ts";
import type { CopyState } from "./pick.ts";

const MAGIC = new TextEncoder().encode("KAGESTO1");
/** Same in every version. */
const MAGIC_FIXED_BYTES = 7;
/** Place of the version, one ASCII digit. */
const VERSION_AT = 7;
const DIGIT_NINE = 0x39;
const HEADER_BYTES = 20;
/** A full record of 16 servers and 32 groups takes about 4 kB. */
export const COPY_BYTES_MAX = 65_536;

export type DecodedCopy =
  | { readonly kind: "good"; readonly serial: number; readonly value: unknown }
  /** Whole, of a later version of the product. */
  | { readonly kind: "newer-version"; readonly serial: number }
  | { readonly kind: "bad"; readonly reason: "length" | "magic" | "checksum" | "json" };

/** null = the value is too large for a copy. */
export function encodeCopy(serial: number, value: unknown): Uint8Array | null {
  const payload = Buffer.from(JSON.stringify(value), "utf8");
  if (HEADER_BYTES + payload.length > COPY_BYTES_MAX) return null;
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.set(MAGIC, 0);
  bytes.writeUInt32BE(serial, 12);
  bytes.writeUInt32BE(payload.length, 16);
  payload.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

/** For any bytes; a whole copy of a later version is told from a damaged one. */
export function decodeCopy(bytes: Uint8Array): DecodedCopy {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES || buffer.length > COPY_BYTES_MAX) return bad("length");
  const isOurs = buffer.subarray(0, MAGIC_FIXED_BYTES).equals(MAGIC.subarray(0, MAGIC_FIXED_BYTES));
  const version = buffer[VERSION_AT] ?? 0;
  const own = MAGIC[VERSION_AT] ?? 0;
  if (!isOurs || version < own || version > DIGIT_NINE) return bad("magic");
  if (buffer.readUInt32BE(16) !== buffer.length - HEADER_BYTES) return bad("length");
  const isLater = version !== own;
  const body = buffer.subarray(12);
  const covered = isLater ? Buffer.concat([buffer.subarray(0, MAGIC.length), body]) : body;
  if (buffer.readUInt32BE(8) !== crc32(covered)) return bad("checksum");
  if (isLater) return { kind: "newer-version", serial: buffer.readUInt32BE(12) };
  const text = buffer.toString("utf8", HEADER_BYTES);
  const parsed = parseJson(text);
  if (parsed === null) return bad("json");
  return { kind: "good", serial: buffer.readUInt32BE(12), value: parsed.value };
}

/** What `pick` makes of a bad copy. */
export function damageOf({ reason }: DecodedCopy & { readonly kind: "bad" }): CopyState {
  const isForeign = reason === "magic" || reason === "json";
  return { kind: "bad", why: isForeign ? "foreign" : "torn" };
}

function bad(reason: "length" | "magic" | "checksum" | "json"): DecodedCopy {
  return { kind: "bad", reason };
}

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
