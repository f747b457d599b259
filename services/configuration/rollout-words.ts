/**
 * What a server says about configuration texts inside its beat: the revision it runs by, and the text under
 * way in pieces. Like everything in the beat it is repeated until the other side shows that it has it; the
 * frame's AES-256-GCM tag is what makes it trustworthy.
 *
 * ```
 * byte 0      bit 0: text put there by hand, bit 1: a text is under way, bit 2: ready (on disk and in the pulse)
 *             bits 3-4: part (0 offers, 1 takes, 2 refuses)
 * byte 1-4    number of the revision in force   5-12 first 8 bytes of its SHA-256
 * with a text under way:
 * 4 number   8 hash   4 length of the text   4 position   2 bytes that follow   n bytes from that position
 * ```
 * Who takes shows as position how much it has; who offers sends what follows that. Source: protocol.md 1.9.
 */
import { Reader, Writer } from "../../hal/base/bytes.ts";

/** Number of a revision, and the first 16 hex digits of SHA-256 over its text. */
export interface Revision {
  readonly rev: number;
  readonly hash: string;
}

export const PARTS = ["offers", "takes", "refuses"] as const;
export type Part = (typeof PARTS)[number];

export interface UnderWay extends Revision {
  readonly part: Part;
  /** On this server's disk and held by its pulse. */
  readonly ready: boolean;
  /** Length of the whole text, bytes. */
  readonly length: number;
  /** Where `piece` stands in the text, bytes. */
  readonly at: number;
  readonly piece: Uint8Array;
}

export interface RolloutWords {
  /** What this server's agent runs by; its group words are counted by it. */
  readonly current: Revision;
  /** The text was put there by a person and not by an apply. */
  readonly byHand: boolean;
  readonly underWay: UnderWay | null;
}

/** Largest text that is distributed, bytes: twice what 16 servers with 32 groups need. */
export const CONFIG_BYTES_MAX = 65_536;
/** Beside 147 bytes of group words and 37 of these it fits the 700 of a beat. */
export const PIECE_BYTES_MAX = 480;
const HASH_BYTES = 8;
const FIXED_BYTES = 1 + 4 + HASH_BYTES;
const UNDER_WAY_BYTES = 4 + HASH_BYTES + 4 + 4 + 2;

export function encodeRollout(words: RolloutWords): Uint8Array {
  const { current, byHand, underWay } = words;
  const more = underWay === null ? 0 : UNDER_WAY_BYTES + underWay.piece.length;
  const out = new Writer(FIXED_BYTES + more);
  const part = underWay === null ? 0 : PARTS.indexOf(underWay.part);
  const flags = (byHand ? 1 : 0) | (underWay === null ? 0 : 2) | (underWay?.ready ? 4 : 0);
  out.u8(flags | (part << 3));
  out.u32(current.rev);
  out.hex(current.hash, HASH_BYTES);
  if (underWay !== null) {
    out.u32(underWay.rev);
    out.hex(underWay.hash, HASH_BYTES);
    out.u32(underWay.length);
    out.u32(underWay.at);
    out.u16(underWay.piece.length);
    out.bytes(underWay.piece);
  }
  return out.written();
}

/** null = not these words; the other side then counts as one that says nothing about texts. */
export function decodeRollout(bytes: Uint8Array): RolloutWords | null {
  const input = new Reader(bytes);
  const flags = input.u8();
  const current = { rev: input.u32(), hash: input.hex(HASH_BYTES) };
  const part = PARTS[(flags >> 3) & 3];
  if (flags >= 32 || part === undefined) return null;
  const byHand = (flags & 1) !== 0;
  if ((flags & 2) === 0) {
    return input.complete() ? { current, byHand, underWay: null } : null;
  }
  const revision = { rev: input.u32(), hash: input.hex(HASH_BYTES) };
  const length = input.u32();
  const at = input.u32();
  const pieceBytes = input.u16();
  if (length > CONFIG_BYTES_MAX || at > length || pieceBytes > PIECE_BYTES_MAX) return null;
  if (at + pieceBytes > length) return null;
  const piece = input.bytes(pieceBytes);
  if (!input.complete()) return null;
  const ready = (flags & 4) !== 0;
  return { current, byHand, underWay: { ...revision, part, ready, length, at, piece } };
}
