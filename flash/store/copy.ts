/**
 * One copy of the state as bytes. Everything after the checksum is covered by it.
 *
 *   0            8        12       16       20
 *   +------------+--------+--------+--------+-------------+
 *   | "KAGESTO1" | CRC-32 | serial | length | JSON, UTF-8 |      numbers big-endian
 *   +------------+--------+--------+--------+-------------+
 *
 * Intuition: a torn, cut or foreign file is `bad`, never half a state. Never throws.
 * Source: style.md 1.8, 18; IEEE 802.3 (CRC-32).
 */
import { crc32 } from "../../hal/base/crc.ts";

const MAGIC = new TextEncoder().encode("KAGESTO1");
const HEADER_BYTES = 20;
/** A full record of 16 servers and 32 groups takes about 4 kB. */
export const COPY_BYTES_MAX = 65_536;

export type DecodedCopy =
  | { readonly kind: "good"; readonly serial: number; readonly value: unknown }
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

export function decodeCopy(bytes: Uint8Array): DecodedCopy {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES || buffer.length > COPY_BYTES_MAX) return bad("length");
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) return bad("magic");
  if (buffer.readUInt32BE(16) !== buffer.length - HEADER_BYTES) return bad("length");
  if (buffer.readUInt32BE(8) !== crc32(buffer.subarray(12))) return bad("checksum");
  const text = buffer.toString("utf8", HEADER_BYTES);
  const parsed = parseJson(text);
  if (parsed === null) return bad("json");
  return { kind: "good", serial: buffer.readUInt32BE(12), value: parsed.value };
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
