/**
 * Where things lie on the arbitration partition, and its header.
 * Intuition: one header written by the operator's `format`, then two blocks per server which nobody
 * else writes, so that no block ever has two writers and a torn write costs the older copy only.
 *
 *   block 0        header            block 1+2i, 2+2i   the two alternating copies of server i
 *
 *   0        8     10    12        16                                        4092     4096
 *   +--------+-----+-----+---------+----------------- zeros --------------------+--------+
 *   |KAGEHEAD| ver |slots|clusterId|                                            | CRC-32 |
 *   +--------+-----+-----+---------+--------------------------------------------+--------+
 *   all numbers big endian. The header carries no tag: who forges it can only have the partition
 *   refused, since what is decided here stands in the copies. Source: protocol.md 1.5; hardware.md 5
 *   (sector atomicity).
 */
import { assert } from "../../hal/base/assert.ts";
import { Reader, Writer } from "../../hal/base/bytes.ts";
import { crc32 } from "../../hal/base/crc.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { ARRAY_BLOCK_BYTES } from "../../hal/ports/array.ts";

/** Slots on every partition: the largest cluster, so that adding a server needs no new format. */
export const ARBITRATION_SLOTS = 16;
/** Blocks of the whole layout: 33, that is 132 KiB. */
export const ARBITRATION_BLOCKS = 1 + 2 * ARBITRATION_SLOTS;
/** Version of header and claim; another version is refused, not guessed. */
export const ARBITRATION_VERSION = 3;
const CRC_OFFSET = ARRAY_BLOCK_BYTES - 4;

const HEADER_MAGIC = new TextEncoder().encode("KAGEHEAD");

export type HeaderVerdict =
  | { readonly kind: "good"; readonly clusterId: number }
  /** Zeros only: a new partition. */
  | { readonly kind: "blank" }
  /** Somebody else's data, or a header of ours that is damaged or of another version. */
  | { readonly kind: "foreign"; readonly found: string };

/** Block of one copy (0 or 1) of a server's claim. */
export function claimBlockIndex(server: ServerIndex, copy: 0 | 1): number {
  assert(
    Number.isInteger(server) && server >= 0 && server < ARBITRATION_SLOTS,
    `server index within 0-${ARBITRATION_SLOTS - 1}, got ${server}`,
  );
  return 1 + 2 * server + copy;
}

export function encodeHeader(clusterId: number): Uint8Array {
  const writer = new Writer(ARRAY_BLOCK_BYTES);
  writer.bytes(HEADER_MAGIC);
  writer.u16(ARBITRATION_VERSION);
  writer.u16(ARBITRATION_SLOTS);
  writer.u32(clusterId);
  return sealBlock(writer.written());
}

export function decodeHeader(block: Uint8Array): HeaderVerdict {
  if (isBlank(block)) return { kind: "blank" };
  if (block.length !== ARRAY_BLOCK_BYTES || !startsWith(block, HEADER_MAGIC)) {
    return { kind: "foreign", found: "data of another program" };
  }
  if (!isSealed(block)) return { kind: "foreign", found: "a damaged header (CRC differs)" };
  const reader = new Reader(block.subarray(HEADER_MAGIC.length));
  const version = reader.u16();
  if (version !== ARBITRATION_VERSION) {
    const found = `a header of format version ${version} instead of ${ARBITRATION_VERSION}`;
    return { kind: "foreign", found };
  }
  const slots = reader.u16();
  if (slots !== ARBITRATION_SLOTS) {
    return { kind: "foreign", found: `a header with ${slots} slots` };
  }
  return { kind: "good", clusterId: reader.u32() };
}

/** A whole block of `content`, zeros and the CRC-32 of both in the last four bytes. */
export function sealBlock(content: Uint8Array): Uint8Array {
  const writer = new Writer(ARRAY_BLOCK_BYTES);
  writer.bytes(content);
  writer.bytes(new Uint8Array(CRC_OFFSET - content.length));
  writer.u32(crc32(writer.written()));
  return writer.written();
}

/** True when a 4096-byte block ends with the CRC-32 of what stands before. */
export function isSealed(block: Uint8Array): boolean {
  return new Reader(block.subarray(CRC_OFFSET)).u32() === crc32(block.subarray(0, CRC_OFFSET));
}

export function isBlank(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

export function startsWith(block: Uint8Array, magic: Uint8Array): boolean {
  return block.length >= magic.length && magic.every((byte, i) => block[i] === byte);
}
