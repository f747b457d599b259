/**
 * Beats as bytes and back: the sealed content of a frame, without addresses (the header has them).
 * Intuition: fixed fields first, optional ones behind a flag, unknown flags and left-over bytes refuse
 * the whole payload, so two releases that disagree never half-understand each other.
 * Source: protocol.md 1.3. All numbers big-endian.
 *
 * LAN: host 8 | stamp 6 | state 1 | flags 1 | [view 17] | [promise 17] | [heard 6] | [ack 6 + 4]
 *      | [hears 2 | lapsed 1 | absent of the view 2, of the promise 2]
 *      | hearsLanBits 2 | claim 4 | configRevision 4 | configHash 4 | agentProgress 4 | blob 2 + n
 * COM: host 8 | stamp 6 | epochCounter 6 | flags and state 1
 * View: epoch counter 6 | coordinator 1 | coordinator's host 8 | member bits 2
 */
import { assert } from "../../hal/base/assert.ts";
import { Reader, type Writer } from "../../hal/base/bytes.ts";
import { hostIncarnation, type ServerIndex } from "../../hal/base/ids.ts";
import { SERVER_STATES, type View } from "../../hal/base/view.ts";
import type { ComBeat, LanBeat, LanBeatDraft } from "./beat.ts";

/** Longest LAN payload, bytes: with header and tag it fits an IPv6 packet of minimum MTU (1280). */
export const LAN_PAYLOAD_BYTES_MAX = 1100;
/** Shortest LAN payload: no optional field, empty blob. */
export const LAN_PAYLOAD_BYTES_MIN = 36;
export const COM_PAYLOAD_BYTES = 21;
/** Longest agent blob, bytes; what is longer has to be split by its author. */
export const BLOB_BYTES_MAX = 700;
/** Width of the member bit set; the guide's largest cluster has 16 servers. */
const SERVER_BITS = 16;

const NO_BLOB = new Uint8Array(0);

const FLAG_VIEW = 1;
const FLAG_PROMISE = 2;
const FLAG_HEARD = 4;
const FLAG_ACK = 8;
const FLAG_HEARS_COM = 16;
const FLAG_MAY_OWN = 32;
/** Words of a majority cluster follow. */
const FLAG_MAJORITY = 64;
const LAN_FLAGS = 127;

const COM_STATE_MASK = 7;
const COM_HEARS = 8;
const COM_SOLE = 16;
const COM_MAY_OWN = 32;
const COM_BITS = 63;

/**
 * Appends the LAN payload of `beat`. Asserts every range: a beat that does not fit its fields is a
 * fault of the core. Members are a set: their order is not carried.
 */
export function encodeLanBeat(beat: LanBeat, out: Writer): void {
  assert(beat.blob.length <= BLOB_BYTES_MAX, "agent blob is at most 700 bytes");
  out.hex(beat.host, 8);
  out.u48(beat.stampMs);
  out.u8(SERVER_STATES.indexOf(beat.state));
  out.u8(
    (beat.view === null ? 0 : FLAG_VIEW) |
      (beat.promise === null ? 0 : FLAG_PROMISE) |
      (beat.heardStampMs === null ? 0 : FLAG_HEARD) |
      (beat.ack === null ? 0 : FLAG_ACK) |
      (beat.hearsCom ? FLAG_HEARS_COM : 0) |
      (beat.mayOwn ? FLAG_MAY_OWN : 0) |
      (beat.hears === undefined ? 0 : FLAG_MAJORITY),
  );
  if (beat.view !== null) encodeView(beat.view, out);
  if (beat.promise !== null) encodeView(beat.promise, out);
  if (beat.heardStampMs !== null) out.u48(beat.heardStampMs);
  if (beat.ack !== null) {
    out.u48(beat.ack.stampMs);
    out.u32(beat.ack.grantedMs);
  }
  if (beat.hears !== undefined) {
    out.u16(beat.hears);
    out.u8(beat.lapsed === true ? 1 : 0);
    out.u16(serverBits(beat.view?.absent ?? []));
    out.u16(serverBits(beat.promise?.absent ?? []));
  }
  out.u16(beat.hearsLanBits);
  out.u32(beat.claim);
  out.u32(beat.configRevision);
  out.hex(beat.configHash, 4);
  out.u32(beat.agentProgress);
  out.u16(beat.blob.length);
  out.bytes(beat.blob);
}

/**
 * The LAN beat in `payload` from byte `at` on, or null when its length or shape is not exactly a beat's.
 * `at`: 0 to the length of the payload, default 0. `known`: the blob of an earlier beat, taken again where it is
 * the same; default none.
 */
export function decodeLanBeat(
  payload: Uint8Array,
  from: ServerIndex,
  to: ServerIndex,
  at = 0,
  known: Uint8Array = NO_BLOB,
): LanBeat | null {
  const input = new Reader(payload, at);
  const host = hostIncarnation(input.hex(8));
  const stampMs = input.u48();
  const state = SERVER_STATES[input.u8()];
  const flags = input.u8();
  if (state === undefined || flags > LAN_FLAGS) return null;
  const view = flags & FLAG_VIEW ? decodeView(input) : null;
  const promise = flags & FLAG_PROMISE ? decodeView(input) : null;
  const heardStampMs = flags & FLAG_HEARD ? input.u48() : null;
  const ack = flags & FLAG_ACK ? { stampMs: input.u48(), grantedMs: input.u32() } : null;
  const majority = flags & FLAG_MAJORITY ? decodeMajority(input) : null;
  const hearsLanBits = input.u16();
  const claim = input.u32();
  const configRevision = input.u32();
  const configHash = input.hex(4);
  const agentProgress = input.u32();
  const blobBytes = input.u16();
  if (blobBytes > BLOB_BYTES_MAX) return null;
  const blob = input.bytesOr(known, blobBytes);
  if (!input.complete()) return null;
  const beat: LanBeatDraft = {
    kind: "lan-beat",
    from,
    to,
    host,
    stampMs,
    state,
    view,
    promise,
    heardStampMs,
    ack,
    hearsLanBits,
    hearsCom: (flags & FLAG_HEARS_COM) !== 0,
    claim,
    mayOwn: (flags & FLAG_MAY_OWN) !== 0,
    configRevision,
    configHash,
    agentProgress,
    blob,
  };
  if (majority === null) return beat;
  if (majority.lapsed > 1) return null;
  beat.hears = majority.hears;
  beat.lapsed = majority.lapsed === 1;
  beat.view = counted(view, majority.viewAbsent);
  beat.promise = counted(promise, majority.promiseAbsent);
  return beat;
}

function decodeMajority(input: Reader): {
  readonly hears: number;
  readonly lapsed: number;
  readonly viewAbsent: number;
  readonly promiseAbsent: number;
} {
  const hears = input.u16();
  const lapsed = input.u8();
  const viewAbsent = input.u16();
  const promiseAbsent = input.u16();
  return { hears, lapsed, viewAbsent, promiseAbsent };
}

function counted(whole: View | null, absentBits: number): View | null {
  if (whole === null || absentBits === 0) return whole;
  const { epoch, members } = whole;
  return { epoch, members, absent: serversOf(absentBits) };
}

/** Appends the COM payload of `beat`, always 21 bytes. Asserts every range. */
export function encodeComBeat(beat: ComBeat, out: Writer): void {
  out.hex(beat.host, 8);
  out.u48(beat.stampMs);
  out.u48(beat.epochCounter);
  const state = SERVER_STATES.indexOf(beat.state);
  assert(state >= 0, "state is a known server state");
  out.u8(
    state |
      (beat.hearsCom ? COM_HEARS : 0) |
      (beat.sole ? COM_SOLE : 0) |
      (beat.mayOwn ? COM_MAY_OWN : 0),
  );
}

/**
 * The COM beat in `payload` from byte `at` on, or null when its length or shape is not exactly a beat's.
 * `at`: 0 to the length of the payload, default 0.
 */
export function decodeComBeat(
  payload: Uint8Array,
  from: ServerIndex,
  to: ServerIndex,
  at = 0,
): ComBeat | null {
  const input = new Reader(payload, at);
  const host = hostIncarnation(input.hex(8));
  const stampMs = input.u48();
  const epochCounter = input.u48();
  const bits = input.u8();
  const state = SERVER_STATES[bits & COM_STATE_MASK];
  if (!input.complete() || state === undefined || bits > COM_BITS) return null;
  return {
    kind: "com-beat",
    from,
    to,
    host,
    stampMs,
    state,
    epochCounter,
    hearsCom: (bits & COM_HEARS) !== 0,
    sole: (bits & COM_SOLE) !== 0,
    mayOwn: (bits & COM_MAY_OWN) !== 0,
  };
}

function encodeView(view: View, out: Writer): void {
  out.u48(view.epoch.counter);
  out.u8(view.epoch.coordinator);
  out.hex(view.epoch.host, 8);
  out.u16(serverBits(view.members));
}

function serverBits(servers: readonly ServerIndex[]): number {
  let bits = 0;
  for (const server of servers) {
    assert(Number.isInteger(server) && server >= 0 && server < SERVER_BITS, "server is 0 to 15");
    bits |= 1 << server;
  }
  return bits;
}

function serversOf(bits: number): ServerIndex[] {
  const servers: ServerIndex[] = [];
  for (let index = 0; index < SERVER_BITS; index += 1) {
    if (bits & (1 << index)) servers.push(index);
  }
  return servers;
}

function decodeView(input: Reader): View {
  const counter = input.u48();
  const coordinator = input.u8();
  const host = hostIncarnation(input.hex(8));
  const members = serversOf(input.u16());
  return { epoch: { counter, coordinator, host }, members };
}
