/**
 * Form of a journal (`.kgj`): what one deciding process took in, what its core decided, and the states from
 * which that can be decided again. All numbers little-endian; a journal is a row of segments, oldest first.
 *
 * ```
 * segment   8 bytes "KAGEJRN" and the version's digit, then records: one head, then items in order
 * record    4 length n, 4 complement of n, 4 CRC-32 of the payload, n payload (one line of JSON, UTF-8)
 * head      {"segment": number, "role", "product", "cluster", "clusterId", "server", "host", "pid",
 *            "wallMs", "atMs", "next": number of the first entry, "config", "state"}
 * item      [n, event, decided] one event taken in (entry.ts, decided.ts), or {"config"} from here on
 * ```
 *
 * Entries are numbered through the life of the process, so that a missing piece shows. A segment can be
 * replayed without the ones before it. Source: architecture.md 4; work order 4 "Bad input".
 */
import { crc32 } from "node:zlib";

export const MAGIC = "KAGEJRN";
export const VERSION = "1";
export const MAGIC_BYTES = MAGIC.length + 1;
export const RECORD_HEAD_BYTES = 12;
/** A head with 16 servers and 32 groups is below 200 KiB. */
export const RECORD_BYTES_MAX = 4 * 1024 * 1024;

/** Writes a record at `at` and returns the position behind it; `out` must have room for it. */
export function putRecord(out: Buffer, at: number, payload: string): number {
  const begin = at + RECORD_HEAD_BYTES;
  const length = out.write(payload, begin, "utf8");
  out.writeUInt32LE(length, at);
  out.writeUInt32LE(~length >>> 0, at + 4);
  out.writeUInt32LE(crc32(out.subarray(begin, begin + length)), at + 8);
  return begin + length;
}

/** Beginning of a segment: magic and head. */
export function drawSegment(head: string): Buffer {
  const out = Buffer.alloc(MAGIC_BYTES + RECORD_HEAD_BYTES + Buffer.byteLength(head));
  out.write(`${MAGIC}${VERSION}`, 0, "latin1");
  putRecord(out, MAGIC_BYTES, head);
  return out;
}

export type Piece =
  | { readonly kind: "segment"; readonly offset: number }
  | { readonly kind: "record"; readonly offset: number; readonly payload: string }
  /** The bytes end inside a record, or were never written from here on. */
  | { readonly kind: "cut"; readonly offset: number }
  | { readonly kind: "foreign" | "version" | "damaged" | "checksum"; readonly offset: number };

/** The piece at `offset`; null = the end. Whatever is no whole good piece is the last one. */
export function pieceAt(bytes: Buffer, offset: number): Piece | null {
  const left = bytes.length - offset;
  if (left <= 0) return null;
  const word = bytes.toString("latin1", offset, offset + MAGIC.length);
  if (word === MAGIC && left >= MAGIC_BYTES) {
    const version = bytes.toString("latin1", offset + MAGIC.length, offset + MAGIC_BYTES);
    return { kind: version === VERSION ? "segment" : "version", offset };
  }
  if (offset === 0) return { kind: MAGIC.startsWith(word) ? "cut" : "foreign", offset };
  if (left < RECORD_HEAD_BYTES) return { kind: "cut", offset };
  const length = bytes.readUInt32LE(offset);
  const complement = bytes.readUInt32LE(offset + 4);
  if (length === 0 && complement === 0) return { kind: "cut", offset };
  if (~length >>> 0 !== complement || length > RECORD_BYTES_MAX) return { kind: "damaged", offset };
  const begin = offset + RECORD_HEAD_BYTES;
  if (begin + length > bytes.length) return { kind: "cut", offset };
  const payload = bytes.subarray(begin, begin + length);
  if (crc32(payload) !== bytes.readUInt32LE(offset + 8)) return { kind: "checksum", offset };
  return { kind: "record", offset, payload: payload.toString("utf8") };
}

/** Where the piece after this one begins. */
export function behind(piece: Extract<Piece, { kind: "segment" | "record" }>): number {
  if (piece.kind === "segment") return piece.offset + MAGIC_BYTES;
  return piece.offset + RECORD_HEAD_BYTES + Buffer.byteLength(piece.payload);
}

/** How much of the bytes of one segment is whole; what a kill has torn off behind that is left out. */
export function wholeBytes(bytes: Buffer): number {
  let offset = 0;
  for (let piece = pieceAt(bytes, 0); piece !== null; piece = pieceAt(bytes, offset)) {
    if (piece.kind === "cut") return piece.offset;
    // Damage is kept as it is: the replay is to say so.
    if (piece.kind !== "record" && piece.kind !== "segment") return bytes.length;
    offset = behind(piece);
  }
  return offset;
}
