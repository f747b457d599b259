/**
 * The clear part of a heartbeat frame: layout, header, and the checks that need no key.
 * Intuition: what costs nothing is checked first, and what every release can read (magic, cluster,
 * version, from, to) lies at fixed places for ever, so that a frame of another release still proves
 * that its sender is there.
 * Source: reliability.md 4.3, hardware.md 3, requirements D56. All numbers big-endian.
 *
 * LAN  | magic 4B 47 | version 1 | type 1 | clusterId 4 | from 1 | to 1 | channel 1 | keyId 1
 *      | salt 8 | seq 6 || ciphertext | tag 16
 * COM  | version and type 1 (a nibble each) | clusterId 4 | from and to 1 (a nibble each)
 *      | salt 8 | seq 6 || ciphertext 29 | tag 16 | CRC-32 4
 * Up to `||` is the header and the additional data of the AEAD. Plaintext: echo 8 | payload.
 * Bytes 0-9 of a LAN frame, and bytes 0-5 and the closing CRC of a COM frame, keep their meaning in
 * every version. A serial line has no checksum of its own: the CRC tells noise from a wrong key.
 */
import { putU16, putU32, putU48, u16At, u32At, u48At } from "../../hal/base/bytes.ts";
import { cobsBytesMax } from "../../hal/base/cobs.ts";
import { crc32 } from "../../hal/base/crc.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Opened } from "./beat.ts";
import { TAG_BYTES } from "./cipher.ts";
import { COM_PAYLOAD_BYTES, LAN_PAYLOAD_BYTES_MAX, LAN_PAYLOAD_BYTES_MIN } from "./codec.ts";

export const SALT_BYTES = 8;
/** Serial line as a channel; LAN channels are path indexes from 0. */
export const COM_CHANNEL = 255;
/** LAN paths that a beat can name (`hearsLanBits` has 16 bits). */
export const LAN_CHANNELS_MAX = 16;
/** `from` and `to` are nibbles on the serial line. */
export const SERVERS_MAX = 16;

const MAGIC = 0x4b47;
const VERSION = 1;
const LAN_TYPE = 1;
const COM_TYPE = 2;
const LAN_FIXED_BYTES = 10;
const COM_FIXED_BYTES = 6;
const CRC_BYTES = 4;

/** Where the parts of one medium's frame lie, bytes. */
export interface Layout {
  readonly headerBytes: number;
  readonly saltAt: number;
  readonly seqAt: number;
  readonly trailerBytes: number;
}

export const LAN_LAYOUT: Layout = { headerBytes: 26, saltAt: 12, seqAt: 20, trailerBytes: 0 };
export const COM_LAYOUT: Layout = {
  headerBytes: 20,
  saltAt: 6,
  seqAt: 14,
  trailerBytes: CRC_BYTES,
};

/** Where a LAN frame names its key; a serial frame has no room for it. */
export const LAN_KEY_AT = 11;

const LAN_OVERHEAD_BYTES = LAN_LAYOUT.headerBytes + SALT_BYTES + TAG_BYTES;
const LAN_FRAME_BYTES_MIN = LAN_OVERHEAD_BYTES + LAN_PAYLOAD_BYTES_MIN;
/** Longest LAN frame of any version, bytes; a link may drop longer datagrams unseen. */
export const LAN_FRAME_BYTES_MAX = LAN_OVERHEAD_BYTES + LAN_PAYLOAD_BYTES_MAX;
const COM_RAW_BYTES =
  COM_LAYOUT.headerBytes + SALT_BYTES + COM_PAYLOAD_BYTES + TAG_BYTES + CRC_BYTES;
/** Longest COM frame of any version between its delimiters, COBS removed, bytes. */
export const COM_RAW_BYTES_MAX = 128;
/** One COM frame on the line, COBS and both delimiters included: 72 bytes, 18.75 ms at 38400 8N1. */
export const comFrameBytes = cobsBytesMax(COM_RAW_BYTES) + 2;

/** What a received frame is measured against. */
export interface Expected {
  readonly clusterId: number;
  readonly self: ServerIndex;
  readonly serverCount: number;
}

/** Why a frame goes no further, or its sender when it may be decrypted. */
export type Checked =
  | { readonly kind: "sealed"; readonly from: ServerIndex }
  | Exclude<Opened, { kind: "beat" }>;

const refused = {
  length: { kind: "malformed", reason: "length" },
  magic: { kind: "malformed", reason: "magic" },
  "foreign-cluster": { kind: "malformed", reason: "foreign-cluster" },
  address: { kind: "malformed", reason: "address" },
  shape: { kind: "malformed", reason: "shape" },
  replay: { kind: "malformed", reason: "replay" },
} as const satisfies Record<string, Opened>;

/** One shared object per reason: refusing a flood makes no garbage. */
export const refusedFor = (reason: keyof typeof refused): Exclude<Opened, { kind: "beat" }> =>
  refused[reason];

/** Writes the clear header of a LAN frame into its first 26 bytes. */
export function writeLanHeader(
  frame: Uint8Array,
  expected: Expected,
  to: ServerIndex,
  channel: number,
  salt: Uint8Array,
  seq: number,
  keyId: number,
): void {
  putU16(frame, 0, MAGIC);
  frame[2] = VERSION;
  frame[3] = LAN_TYPE;
  putU32(frame, 4, expected.clusterId);
  frame[8] = expected.self;
  frame[9] = to;
  frame[10] = channel;
  frame[LAN_KEY_AT] = keyId;
  frame.set(salt, LAN_LAYOUT.saltAt);
  putU48(frame, LAN_LAYOUT.seqAt, seq);
}

/** Writes the clear header of a COM frame into its first 20 bytes. */
export function writeComHeader(
  frame: Uint8Array,
  expected: Expected,
  to: ServerIndex,
  salt: Uint8Array,
  seq: number,
): void {
  frame[0] = (VERSION << 4) | COM_TYPE;
  putU32(frame, 1, expected.clusterId);
  frame[5] = (expected.self << 4) | to;
  frame.set(salt, COM_LAYOUT.saltAt);
  putU48(frame, COM_LAYOUT.seqAt, seq);
}

/** Writes the CRC that closes a COM frame. */
export function writeComTrailer(frame: Uint8Array): void {
  const end = frame.length - CRC_BYTES;
  putU32(frame, end, crc32(frame.subarray(0, end)));
}

/** Every check of a LAN frame that needs no key. `channel`: path on which it came. */
export function checkLanFrame(frame: Uint8Array, expected: Expected, channel: number): Checked {
  if (frame.length < LAN_FIXED_BYTES || frame.length > LAN_FRAME_BYTES_MAX) {
    return refusedFor("length");
  }
  if (u16At(frame, 0) !== MAGIC) return refusedFor("magic");
  const from = frame[8] ?? 0;
  const stranger = checkAddress(expected, u32At(frame, 4), from, frame[9] ?? 0);
  if (stranger !== null) return stranger;
  if (frame[2] !== VERSION) return { kind: "presence", from, reason: "version" };
  if (frame.length < LAN_FRAME_BYTES_MIN) return refusedFor("length");
  if (frame[3] !== LAN_TYPE) return refusedFor("shape");
  if (frame[10] !== channel) return refusedFor("address");
  return { kind: "sealed", from };
}

/** Every check of a COM frame (COBS removed) that needs no key. */
export function checkComFrame(frame: Uint8Array, expected: Expected): Checked {
  const end = frame.length - CRC_BYTES;
  if (end < COM_FIXED_BYTES || frame.length > COM_RAW_BYTES_MAX) return refusedFor("length");
  if (u32At(frame, end) !== crc32(frame.subarray(0, end))) return refusedFor("shape");
  const kind = frame[0] ?? 0;
  if ((kind & 15) !== COM_TYPE) return refusedFor("magic");
  const addresses = frame[5] ?? 0;
  const from = addresses >> 4;
  const stranger = checkAddress(expected, u32At(frame, 1), from, addresses & 15);
  if (stranger !== null) return stranger;
  if (kind >> 4 !== VERSION) return { kind: "presence", from, reason: "version" };
  if (frame.length !== COM_RAW_BYTES) return refusedFor("length");
  return { kind: "sealed", from };
}

/** Frame number at `at`; the caller has checked the length. */
export const readSeq = (frame: Uint8Array, at: number): number => u48At(frame, at);

/** A frame of this server itself is a loop-back plug or a crossed pair, never a peer. */
function checkAddress(
  expected: Expected,
  clusterId: number,
  from: ServerIndex,
  to: ServerIndex,
): Checked | null {
  if (clusterId !== expected.clusterId) return refusedFor("foreign-cluster");
  const isPeer = from < expected.serverCount && from !== expected.self;
  return isPeer && to === expected.self ? null : refusedFor("address");
}
