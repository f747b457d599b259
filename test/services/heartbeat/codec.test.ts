/**
 * Beat payloads: byte for byte as documented, whole or refused.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AssertionFault } from "../../../hal/base/assert.ts";
import { Writer } from "../../../hal/base/bytes.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { Prng } from "../../../hal/base/prng.ts";
import { SERVER_STATES } from "../../../hal/base/view.ts";
import type { ComBeat, LanBeat } from "../../../services/heartbeat/beat.ts";
import {
  BLOB_BYTES_MAX,
  decodeComBeat,
  decodeLanBeat,
  encodeComBeat,
  encodeLanBeat,
  LAN_PAYLOAD_BYTES_MAX,
  LAN_PAYLOAD_BYTES_MIN,
} from "../../../services/heartbeat/codec.ts";

const HOST = hostIncarnation("00112233445566ff");
const PEER_HOST = hostIncarnation("a0a1a2a3a4a5a6a7");

const fullBeat: LanBeat = {
  kind: "lan-beat",
  from: 2,
  to: 0,
  host: HOST,
  stampMs: 0x010203040506,
  state: "leaving",
  view: { epoch: { counter: 7, coordinator: 1, host: PEER_HOST }, members: [0, 2, 15] },
  promise: { epoch: { counter: 8, coordinator: 2, host: HOST }, members: [2] },
  heardStampMs: 0x0a0b0c0d0e0f,
  ack: { stampMs: 0x111213141516, grantedMs: 3000 },
  hearsLanBits: 0x8001,
  hearsCom: true,
  claim: 0xfffffffe,
  mayOwn: true,
  configRevision: 9,
  configHash: "deadbeef",
  agentProgress: 0xffffffff,
  blob: Uint8Array.of(1, 2, 3),
};

const FULL_HEX =
  "00112233445566ff" + // host
  "010203040506" + // stamp
  "02" + // leaving
  "3f" + // every flag
  "00000000000701a0a1a2a3a4a5a6a78005" + // view: counter, coordinator, host, members 0 2 15
  "0000000000080200112233445566ff0004" + // promise: member 2
  "0a0b0c0d0e0f" + // heard
  "11121314151600000bb8" + // ack: stamp, granted 3000
  "8001" + // hears LAN 0 and 15
  "fffffffe" + // claim
  "00000009" + // configuration revision
  "deadbeef" + // configuration hash
  "ffffffff" + // progress
  "0003010203"; // blob

const emptyBeat: LanBeat = {
  ...fullBeat,
  stampMs: 0,
  state: "starting",
  view: null,
  promise: null,
  heardStampMs: null,
  ack: null,
  hearsLanBits: 0,
  hearsCom: false,
  claim: 0,
  mayOwn: false,
  configRevision: 0,
  configHash: "00000000",
  agentProgress: 0,
  blob: new Uint8Array(0),
};

const comBeat: ComBeat = {
  kind: "com-beat",
  from: 1,
  to: 0,
  host: HOST,
  stampMs: 0x010203040506,
  state: "stopping",
  epochCounter: 0x0a0b0c0d0e0f,
  hearsCom: true,
  sole: false,
  mayOwn: true,
};

const fault = (error: unknown) => error instanceof AssertionFault;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

function encodeLan(beat: LanBeat): Uint8Array {
  const out = new Writer(LAN_PAYLOAD_BYTES_MAX);
  encodeLanBeat(beat, out);
  return out.written();
}

function encodeCom(beat: ComBeat): Uint8Array {
  const out = new Writer(64);
  encodeComBeat(beat, out);
  return out.written();
}

test("a LAN beat with every field is put down as documented", () => {
  assert.is(hex(encodeLan(fullBeat)), FULL_HEX);
  assert.equal(decodeLanBeat(unhex(FULL_HEX), 2, 0), fullBeat);
});

test("a LAN beat without optional fields has the shortest payload", () => {
  const payload = encodeLan(emptyBeat);
  assert.is(payload.length, LAN_PAYLOAD_BYTES_MIN);
  assert.equal(decodeLanBeat(payload, 2, 0), emptyBeat);
});

test("the longest LAN beat is within the payload bound, a longer blob is a broken contract", () => {
  const longest = { ...fullBeat, blob: new Prng(1).bytes(BLOB_BYTES_MAX) };
  const payload = encodeLan(longest);
  assert.ok(payload.length <= LAN_PAYLOAD_BYTES_MAX);
  assert.equal(decodeLanBeat(payload, 2, 0), longest);
  const tooLong = { ...fullBeat, blob: new Uint8Array(BLOB_BYTES_MAX + 1) };
  assert.throws(() => encodeLan(tooLong), fault);
});

test("every state and every combination of optional fields comes back", () => {
  for (const state of SERVER_STATES) {
    for (let bits = 0; bits < 64; bits += 1) {
      const beat: LanBeat = {
        ...fullBeat,
        state,
        view: bits & 1 ? fullBeat.view : null,
        promise: bits & 2 ? fullBeat.promise : null,
        heardStampMs: bits & 4 ? 0 : null,
        ack: bits & 8 ? { stampMs: 0, grantedMs: 0 } : null,
        hearsCom: (bits & 16) !== 0,
        mayOwn: (bits & 32) !== 0,
      };
      assert.equal(decodeLanBeat(encodeLan(beat), 2, 0), beat);
    }
    for (let bits = 0; bits < 8; bits += 1) {
      const beat: ComBeat = {
        ...comBeat,
        state,
        hearsCom: (bits & 1) !== 0,
        sole: (bits & 2) !== 0,
        mayOwn: (bits & 4) !== 0,
      };
      assert.equal(decodeComBeat(encodeCom(beat), 1, 0), beat);
    }
  }
});

test("a COM beat is put down as documented in 21 bytes", () => {
  assert.is(hex(encodeCom(comBeat)), "00112233445566ff0102030405060a0b0c0d0e0f2d");
});

test("a payload of any other length is refused whole", () => {
  const lan = unhex(FULL_HEX);
  for (let length = 0; length < lan.length; length += 1) {
    assert.is(decodeLanBeat(lan.subarray(0, length), 2, 0), null, `LAN ${length}`);
  }
  assert.is(decodeLanBeat(Uint8Array.of(...lan, 0), 2, 0), null);
  const com = encodeCom(comBeat);
  for (let length = 0; length < com.length; length += 1) {
    assert.is(decodeComBeat(com.subarray(0, length), 1, 0), null, `COM ${length}`);
  }
  assert.is(decodeComBeat(Uint8Array.of(...com, 0), 1, 0), null);
});

test("unknown states and flags are refused, so that a newer meaning is never ignored", () => {
  const lan = unhex(FULL_HEX);
  lan[14] = SERVER_STATES.length;
  assert.is(decodeLanBeat(lan, 2, 0), null, "LAN state");
  for (const flag of [0x40, 0x80]) {
    const flagged = unhex(FULL_HEX);
    flagged[15] = (flagged[15] ?? 0) | flag;
    assert.is(decodeLanBeat(flagged, 2, 0), null, `LAN flag ${flag}`);
    const com = encodeCom(comBeat).slice();
    com[20] = (com[20] ?? 0) | flag;
    assert.is(decodeComBeat(com, 1, 0), null, `COM flag ${flag}`);
  }
  const com = encodeCom(comBeat).slice();
  com[20] = 6;
  assert.is(decodeComBeat(com, 1, 0), null, "COM state");
});

test("a blob length beyond the bound is refused even where the bytes are there", () => {
  const beat = unhex(hex(encodeLan(emptyBeat)).replace(/0000$/, "02bd") + "00".repeat(701));
  assert.is(decodeLanBeat(beat, 2, 0), null);
});

test("random payloads never throw", () => {
  const random = new Prng(5);
  let decoded = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const payload = random.bytes(random.below(120));
    payload[14] = random.below(6);
    payload[15] = random.below(64);
    if (decodeLanBeat(payload, 0, 1) !== null) decoded += 1;
    if (decodeComBeat(payload.subarray(0, 21), 0, 1) !== null) decoded += 1;
  }
  assert.ok(decoded > 0, "some random payloads have a beat's shape");
});

test("a beat that does not fit its fields is a broken contract", () => {
  assert.throws(() => encodeLan({ ...fullBeat, stampMs: 1.5 }), fault);
  assert.throws(() => encodeLan({ ...fullBeat, stampMs: 2 ** 48 }), fault);
  assert.throws(() => encodeLan({ ...fullBeat, hearsLanBits: 0x10000 }), fault);
  assert.throws(() => encodeLan({ ...fullBeat, configHash: "dead" }), fault);
  assert.throws(() => encodeLan({ ...fullBeat, host: hostIncarnation("xyz") }), fault);
  const view = { epoch: { counter: 1, coordinator: 0, host: HOST }, members: [16] };
  assert.throws(() => encodeLan({ ...fullBeat, view }), fault);
  assert.throws(() => encodeCom({ ...comBeat, epochCounter: -1 }), fault);
});

test("D15: words of a majority cluster stand behind their flag: who is heard, lapsed, planned leaves", () => {
  const { view, promise } = fullBeat;
  if (view === null || promise === null) throw new Error("the full beat has both");
  const beat: LanBeat = {
    ...fullBeat,
    view: { ...view, absent: [1, 3] },
    promise,
    hears: 0x8005,
    lapsed: true,
  };
  const out = new Writer(LAN_PAYLOAD_BYTES_MAX);
  encodeLanBeat(beat, out);
  const hex = Buffer.from(out.written()).toString("hex");
  const fixed = FULL_HEX.replace("023f", "027f");
  const at = fixed.indexOf("8001fffffffe");
  // hears 0 2 15 | lapsed | absent of the view: 1 3 | of the promise: none
  assert.is(hex, `${fixed.slice(0, at)}800501000a0000${fixed.slice(at)}`);
  assert.equal(decodeLanBeat(out.written(), 2, 0), beat);
});

test("reliability 4.3: a lapse that is neither yes nor no refuses the whole payload", () => {
  const out = new Writer(LAN_PAYLOAD_BYTES_MAX);
  encodeLanBeat({ ...fullBeat, hears: 1, lapsed: false }, out);
  const bytes = Uint8Array.from(out.written());
  assert.ok(decodeLanBeat(bytes, 2, 0) !== null);
  const at = Buffer.from(bytes).toString("hex").indexOf("8001fffffffe") / 2 - 5;
  bytes[at] = 2;
  assert.is(decodeLanBeat(bytes, 2, 0), null);
});

test.run();
