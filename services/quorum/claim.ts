/**
 * One server's claim on the arbitration partition: how a copy is written, read and picked.
 * Intuition: two boxes on a form, filled in alternately and signed. A power cut tears the box being
 * filled in; the other one still says what was last true. Anything that no power cut explains
 * (wiped, foreign, of another server, not signed with our key) is reported as such, for "I cannot
 * read it" must never pass for "nobody claims".
 *
 *   0        8     10  11  12        16       20     28        34  35
 *   +--------+-----+---+---+---------+--------+------+---------+---+--- ...
 *   |KAGECLAM| ver |srv|st |clusterId| serial | host | counter |crd|
 *   +--------+-----+---+---+---------+--------+------+---------+---+--- ...
 *   35      43       47        53       61          67          4064    4076     4092     4096
 *   +-------+--------+---------+--------+-----------+-- zeros --+-------+--------+--------+
 *   | ehost | number | stampMs | writer | writtenMs |           | nonce |  tag   | CRC-32 |
 *   +-------+--------+---------+--------+-----------+-----------+-------+--------+--------+
 *   counter, crd (coordinator), ehost: the epoch. State none leaves 20 to 52 zero. In a stamp
 *   (stamp.ts) two bit sets of 16 take the place of the number: members, two-way peers. writer, writtenMs:
 *   the boot that wrote the copy, and when on its clock. All numbers big endian. Tag: 16 bytes over
 *   the bytes 0 to 4063 with the writing server's key and the nonce, see claim-tag.ts; nothing is
 *   encrypted. CRC-32 over the 4092 bytes before it.
 *
 * A slot never written has been written by the format, with two signed copies of state none: only
 * a signed copy says "none", and a zeroed one is `wiped` from the first day on. What the tag cannot
 * tell is an old copy put back whole: claim-freshness.ts does.
 * Source: protocol.md 1.5, D4; reliability.md 0.5.
 */
import { assert, unreachable } from "../../hal/base/assert.ts";
import { Reader, Writer } from "../../hal/base/bytes.ts";
import { type HostIncarnation, hostIncarnation, type ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";
import { ARRAY_BLOCK_BYTES } from "../../hal/ports/array.ts";
import { ARBITRATION_VERSION, isSealed, sealBlock, startsWith } from "./arbitration-layout.ts";
import { CLAIM_NONCE_BYTES, CLAIM_TAG_BYTES, type ClaimKeys } from "./claim-tag.ts";
import { isEpoch, isIncarnation, isRecord, isServer, isWholeBelow } from "./slot-fields.ts";
import { isStamp, type SlotWord, stampCode, stampStateOf } from "./stamp.ts";

const CLAIM_MAGIC = new TextEncoder().encode("KAGECLAM");
const SERIAL_OFFSET = 16;
const NONCE_OFFSET = 4064;
const TAG_OFFSET = NONCE_OFFSET + CLAIM_NONCE_BYTES;
/** From 20 to 52: what a claim says; zeros in state none. */
const CLAIM_BYTES = 33;
const STATE_NONE = 0;
const STATE_CLAIMED = 1;
const HALF_U32 = 0x8000_0000;
const BITS16 = 0x1_0000;

/** A claim that stands; the state "none" is `null` wherever a claim is passed. */
export interface Claim {
  readonly state: "claimed";
  /** Claimant's incarnation: a claim of an older one is void (protocol.md 1.5, claim 3). */
  readonly host: HostIncarnation;
  readonly epoch: Epoch;
  /** Counts the claims of this server, 0 to 2^32-1; shown in its beats while the claim stands. */
  readonly number: number;
  /** Claimant's own beat stamp at the claim, ms of its monotonic clock, whole. */
  readonly stampMs: number;
}

/** Which write a copy is: what a reader needs to tell the last word from an old one put back. */
export interface ClaimWrite {
  /** Counts the writes of the slot over all boots of its server; newer wins; wraps at 2^32. */
  readonly serial: number;
  /** The boot of the server that wrote it; `FORMAT_WRITER` = the format, on behalf of nobody. */
  readonly writer: HostIncarnation;
  /** That boot's monotonic clock at the write, whole ms; rises with every write of one boot. */
  readonly writtenMs: number;
}

/** Stands for the format where a boot's incarnation is expected. */
export const FORMAT_WRITER = hostIncarnation("0000000000000000");

export interface ClaimCopy extends ClaimWrite {
  readonly clusterId: number;
  readonly server: ServerIndex;
  readonly claim: SlotWord | null;
}

/**
 * Why a copy says nothing. `torn`: the CRC differs, a write was cut short or is under way. `wiped`:
 * not a claim block at all. `foreign-cluster`, `wrong-slot`: a whole block that belongs elsewhere.
 * `version`: whole, of another format version. `unauthenticated`: whole and in its place, but its tag
 * differs: the writer has another cluster key, or the block is forged. `malformed`: by a holder of
 * the key, but not in our words.
 */
export type CopyFault =
  | "foreign-cluster"
  | "wrong-slot"
  | "version"
  | "unauthenticated"
  | "malformed"
  | "wiped"
  | "torn";

export type DecodedCopy =
  | { readonly kind: "good"; readonly copy: ClaimCopy }
  | { readonly kind: "bad"; readonly reason: CopyFault };

export type ClaimPick =
  /** What the server last wrote whole; `null` = it claims nothing. `copy` = which box held it. */
  | {
      readonly kind: "readable";
      readonly claim: SlotWord | null;
      readonly write: ClaimWrite;
      readonly copy: 0 | 1;
    }
  /** Not "none": the caller treats it as "not won". `conflict`: two copies, neither is newer. */
  | { readonly kind: "unreadable"; readonly reason: CopyFault | "conflict" };

export interface ClaimOwner {
  readonly clusterId: number;
  readonly server: ServerIndex;
}

/**
 * `nonce`: 12 random bytes, drawn by the caller for this write alone. Refuses (assert) what
 * `decodeClaimCopy` would not take back.
 */
export function encodeClaimCopy(copy: ClaimCopy, keys: ClaimKeys, nonce: Uint8Array): Uint8Array {
  assert(isServer(copy.server), `server index within 0-15, got ${copy.server}`);
  const writer = new Writer(ARRAY_BLOCK_BYTES);
  writer.bytes(CLAIM_MAGIC);
  writer.u16(ARBITRATION_VERSION);
  writer.u8(copy.server);
  writer.u8(stateCode(copy.claim));
  writer.u32(copy.clusterId);
  writer.u32(copy.serial);
  if (copy.claim === null) writer.bytes(new Uint8Array(CLAIM_BYTES));
  else encodeClaim(writer, copy.claim);
  assert(isIncarnation(copy.writer), "writer is a host incarnation");
  writer.hex(copy.writer, 8);
  writer.u48(copy.writtenMs);
  writer.bytes(new Uint8Array(NONCE_OFFSET - writer.written().length));
  const tag = keys.tag(copy.server, nonce, writer.written());
  writer.bytes(nonce);
  writer.bytes(tag);
  return sealBlock(writer.written());
}

export function decodeClaimCopy(
  block: Uint8Array,
  expect: ClaimOwner,
  keys: ClaimKeys,
): DecodedCopy {
  if (block.length !== ARRAY_BLOCK_BYTES || !startsWith(block, CLAIM_MAGIC)) return bad("wiped");
  // The CRC comes first: everything below it was written on purpose, and no power cut explains it.
  if (!isSealed(block)) return bad("torn");
  const reader = new Reader(block.subarray(CLAIM_MAGIC.length));
  const version = reader.u16();
  const server = reader.u8();
  const state = reader.u8();
  const clusterId = reader.u32();
  const serial = reader.u32();
  // Honest mistakes next: they have better names than a wrong tag, and none of them passes.
  if (version !== ARBITRATION_VERSION) return bad("version");
  if (clusterId !== expect.clusterId) return bad("foreign-cluster");
  if (server !== expect.server) return bad("wrong-slot");
  if (!hasTag(block, server, keys)) return bad("unauthenticated");
  const claim = decodeWord(reader, state);
  const written = { serial, writer: hostIncarnation(reader.hex(8)), writtenMs: reader.u48() };
  if (state === STATE_NONE) return { kind: "good", copy: { ...expect, ...written, claim: null } };
  if (!isSlotWord(claim)) return bad("malformed");
  return { kind: "good", copy: { ...expect, ...written, claim } };
}

/**
 * What the two copies of one server say together.
 *
 * | copies                        | result                                             |
 * |-------------------------------|----------------------------------------------------|
 * | good, good                    | the newer serial (either when the blocks are equal) |
 * | good, good, neither is newer  | unreadable: conflict                               |
 * | good, torn                    | the good one: a write was cut short                |
 * | torn, torn                    | unreadable: torn (one power cut cannot do that)    |
 * | any other fault in either     | unreadable: that fault, the gravest of the two     |
 *
 * So one copy whose tag is wrong spoils the slot: next to it the good one may be the older one.
 */
export function pickClaim(
  copyA: Uint8Array,
  copyB: Uint8Array,
  expect: ClaimOwner,
  keys: ClaimKeys,
): ClaimPick {
  const a = decodeClaimCopy(copyA, expect, keys);
  const b = decodeClaimCopy(copyB, expect, keys);
  const fault = gravest(a, b);
  if (fault !== null && fault !== "torn") return { kind: "unreadable", reason: fault };
  if (a.kind === "good" && b.kind === "good") return pickNewer(a.copy, b.copy, same(copyA, copyB));
  if (a.kind === "good") return readable(a.copy, 0);
  if (b.kind === "good") return readable(b.copy, 1);
  return { kind: "unreadable", reason: "torn" };
}

/** Serial order with wrap-around: true when `a` was written after `b`. */
export function isNewerSerial(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0;
  return ahead !== 0 && ahead < HALF_U32;
}

/** Where the owner of the slot writes next, from what it reads there itself. */
export type WritePlan =
  | { readonly kind: "write"; readonly copy: 0 | 1; readonly serial: number }
  | { readonly kind: "refused"; readonly reason: CopyFault | "conflict" };

/**
 * The copy that is not the newest, with the next serial. Two torn copies are repaired by writing,
 * since nobody else writes there. Anything else points to a second writer or a wrong partition:
 * hands off.
 */
export function planWrite(own: ClaimPick): WritePlan {
  if (own.kind === "readable") {
    return { kind: "write", copy: own.copy === 0 ? 1 : 0, serial: nextSerial(own.write.serial) };
  }
  switch (own.reason) {
    case "torn":
      return { kind: "write", copy: 0, serial: 1 };
    case "conflict":
    case "wiped":
    case "foreign-cluster":
    case "wrong-slot":
    case "version":
    case "unauthenticated":
    case "malformed":
      return { kind: "refused", reason: own.reason };
    default:
      return unreachable(own.reason);
  }
}

export const nextSerial = (serial: number): number => (serial + 1) >>> 0;

/** True for a value that may travel as a claim: every field present, whole and within its range. */
export function isClaim(value: unknown): value is Claim {
  if (!isRecord(value)) return false;
  const { state, host, number, stampMs, epoch } = value;
  return (
    state === "claimed" &&
    isIncarnation(host) &&
    isWholeBelow(number, 2 ** 32) &&
    isWholeBelow(stampMs, 2 ** 48) &&
    isEpoch(epoch)
  );
}

/** True for a value that may travel as the word of a slot. */
export const isSlotWord = (value: unknown): value is SlotWord => isClaim(value) || isStamp(value);

/** True for a value that may travel as a write: every field present, whole and within its range. */
export function isClaimWrite(value: unknown): value is ClaimWrite {
  if (!isRecord(value)) return false;
  const { serial, writer, writtenMs } = value;
  return isWholeBelow(serial, 2 ** 32) && isIncarnation(writer) && isWholeBelow(writtenMs, 2 ** 48);
}

/**
 * The newest serial that two torn copies show, as a hint only (nothing vouches for it): whoever
 * repairs the slot counts on from there, so that its readers do not take the repair for an old copy.
 * Null when neither block has kept its first bytes.
 */
export function tornSerial(copyA: Uint8Array, copyB: Uint8Array): number | null {
  const [a, b] = [serialAt(copyA), serialAt(copyB)];
  if (a === null || b === null) return a ?? b;
  return isNewerSerial(b, a) ? b : a;
}

function serialAt(block: Uint8Array): number | null {
  if (block.length !== ARRAY_BLOCK_BYTES || !startsWith(block, CLAIM_MAGIC)) return null;
  return new Reader(block.subarray(SERIAL_OFFSET)).u32();
}

function hasTag(block: Uint8Array, server: ServerIndex, keys: ClaimKeys): boolean {
  const nonce = block.subarray(NONCE_OFFSET, TAG_OFFSET);
  const tag = block.subarray(TAG_OFFSET, TAG_OFFSET + CLAIM_TAG_BYTES);
  return keys.isTagged(server, nonce, block.subarray(0, NONCE_OFFSET), tag);
}

function stateCode(word: SlotWord | null): number {
  if (word === null) return STATE_NONE;
  return word.state === "claimed" ? STATE_CLAIMED : stampCode(word.state);
}

function encodeClaim(writer: Writer, word: SlotWord): void {
  assert(isSlotWord(word), `claim within its ranges, or a stamp, got ${JSON.stringify(word)}`);
  writer.hex(word.host, 8);
  writer.u48(word.epoch.counter);
  writer.u8(word.epoch.coordinator);
  writer.hex(word.epoch.host, 8);
  writer.u32(word.state === "claimed" ? word.number : (word.members ?? 0) * BITS16 + word.twoWay);
  writer.u48(word.stampMs);
}

/** Null for a state that nobody writes. The fields are read anyway: others follow them. */
function decodeWord(reader: Reader, code: number): SlotWord | null {
  const host = hostIncarnation(reader.hex(8));
  const counter = reader.u48();
  const coordinator = reader.u8();
  const epoch = { counter, coordinator, host: hostIncarnation(reader.hex(8)) };
  const number = reader.u32();
  const stampMs = reader.u48();
  if (code === STATE_CLAIMED) return { state: "claimed", host, epoch, number, stampMs };
  const state = stampStateOf(code);
  if (state === null) return null;
  const members = Math.floor(number / BITS16);
  const stamp = { state, host, epoch, twoWay: number % BITS16, stampMs };
  return members === 0 ? stamp : { ...stamp, members };
}

function pickNewer(a: ClaimCopy, b: ClaimCopy, equal: boolean): ClaimPick {
  if (isNewerSerial(a.serial, b.serial) || equal) return readable(a, 0);
  if (isNewerSerial(b.serial, a.serial)) return readable(b, 1);
  return { kind: "unreadable", reason: "conflict" };
}

function readable(copy: ClaimCopy, which: 0 | 1): ClaimPick {
  const { claim, serial, writer, writtenMs } = copy;
  return { kind: "readable", claim, write: { serial, writer, writtenMs }, copy: which };
}

/** Gravest first: what points to the wrong partition, then what points to damage. */
const FAULTS_BY_GRAVITY: readonly CopyFault[] = [
  "foreign-cluster",
  "wrong-slot",
  "version",
  "unauthenticated",
  "malformed",
  "wiped",
  "torn",
];

function gravest(a: DecodedCopy, b: DecodedCopy): CopyFault | null {
  for (const fault of FAULTS_BY_GRAVITY) {
    if (a.kind === "bad" && a.reason === fault) return fault;
    if (b.kind === "bad" && b.reason === fault) return fault;
  }
  return null;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const bad = (reason: CopyFault): DecodedCopy => ({ kind: "bad", reason });
