/**
 * Frames: layout pinned byte for byte, damage, strangers and replays refused, D56 presence.
 */
import { createCipheriv, hkdfSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { crc32 } from "../../../hal/base/crc.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { Prng } from "../../../hal/base/prng.ts";
import { comFrameBytes, LAN_FRAME_BYTES_MAX } from "../../../services/heartbeat/frame.ts";
import {
  comBeat,
  fault,
  HOST_A,
  hex,
  introduced,
  KEY,
  lanBeat,
  saltOf,
  sealer,
  uncobs,
  unhex,
  verdict,
} from "./sealer-fixture.ts";

/** The documented AEAD, written with node:crypto alone. */
function sealByHand(header: string, plain: string, info: string): string {
  const salt = unhex("1111111111111111");
  const key = new Uint8Array(hkdfSync("sha256", KEY, salt, unhex(info), 32));
  const cipher = createCipheriv("aes-256-gcm", key, unhex("000000000000000000000001"));
  cipher.setAAD(unhex(header));
  return hex(cipher.update(unhex(plain))) + cipher.final("hex") + hex(cipher.getAuthTag());
}

const INFO = hex(new TextEncoder().encode("kagemusha beat 1"));

test("a LAN frame is the documented header, ciphertext and tag", () => {
  // magic 4b47, version, type, cluster, from 0, to 1, channel 5, key 7, salt
  const header = `4b470101c1a57e1200010507${"11".repeat(8)}`;
  const plain =
    "00".repeat(8) + // no echo: nothing heard yet
    `${HOST_A}0000000003e8` + // host, stamp 1000
    "01" + // member
    "00" + // no optional field
    "0003" + // hears LAN 0 and 1
    "00000000" + // no claim
    "00000001" +
    "01020304" +
    "00000005" +
    "0001ee";
  const seq = "000000000001";
  const expected = header + seq + sealByHand(header + seq, plain, `${INFO}000105`);
  assert.is(hex(sealer(0, "1", { keyId: 7 }).sealLan(lanBeat(0, 1), 5)), expected);
});

test("a COM frame is the documented header, ciphertext, tag and CRC in COBS, 72 bytes", () => {
  const header = `12c1a57e12${"01"}${"11".repeat(8)}000000000001`;
  const plain = `${"00".repeat(8)}${HOST_A}0000000003e800000000000629`;
  const sealed = header + sealByHand(header, plain, `${INFO}0001ff`);
  const crc = crc32(unhex(sealed)).toString(16).padStart(8, "0");
  const line = sealer(0, "1").sealCom(comBeat(0, 1));
  assert.is(hex(uncobs(line)), sealed + crc);
  assert.is(line.length, 72);
  assert.is(comFrameBytes, 72);
});

test("a COM frame takes at most 21 ms at 38400 bit/s 8N1", () => {
  assert.ok((comFrameBytes * 10 * 1000) / 38_400 <= 21);
});

test("beats come back as they were sent, on every channel, in both directions", () => {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  for (const [from, to, send, receive] of [
    [0, 1, a, b],
    [1, 0, b, a],
  ] as const) {
    for (let channel = 0; channel < 16; channel += 1) {
      const beat = lanBeat(from, to, { stampMs: 1000 + channel });
      const opened = receive.openLan(send.sealLan(beat, channel), channel, 0);
      assert.ok(opened.kind === "beat");
      assert.equal(opened.beat, beat);
      assert.is(opened.process, hex(saltOf(from === 0 ? "1" : "2")));
      assert.is(opened.seq, 1);
    }
    const beat = comBeat(from, to, { stampMs: 2000 });
    const opened = receive.openCom(uncobs(send.sealCom(beat)), 0);
    assert.ok(opened.kind === "beat");
    assert.equal(opened.beat, beat);
  }
});

test("the longest beat fits the longest frame", () => {
  const view = {
    epoch: { counter: 1, coordinator: 0, host: hostIncarnation(HOST_A) },
    members: [0, 1],
  };
  const beat = lanBeat(0, 1, {
    view,
    promise: view,
    heardStampMs: 1,
    ack: { stampMs: 1, grantedMs: 1 },
    blob: new Uint8Array(700),
  });
  const frame = sealer(0, "1").sealLan(beat, 0);
  assert.ok(frame.length <= LAN_FRAME_BYTES_MAX);
  assert.is(verdict(sealer(1, "2").openLan(frame, 0, 0)), "beat unproven");
});

test("every truncation of a LAN or COM frame is refused", () => {
  const b = sealer(1, "2");
  const lan = sealer(0, "1").sealLan(lanBeat(0, 1), 0);
  for (let length = 0; length < lan.length; length += 1) {
    assert.is.not(b.openLan(lan.subarray(0, length), 0, length * 1000).kind, "beat", `${length}`);
  }
  assert.is(verdict(b.openLan(lan.subarray(0, 9), 0, 0)), "malformed length");
  assert.is(verdict(b.openLan(lan.subarray(0, 85), 0, 0)), "malformed length");
  const com = uncobs(sealer(0, "1").sealCom(comBeat(0, 1)));
  for (let length = 0; length < com.length; length += 1) {
    assert.is(b.openCom(com.subarray(0, length), 0).kind, "malformed", `${length}`);
  }
  assert.is(verdict(b.openLan(lan, 0, 1_000_000)), "beat unproven");
});

test("frames longer than any frame are refused unseen", () => {
  const b = sealer(1, "2");
  const long = new Uint8Array(LAN_FRAME_BYTES_MAX + 1);
  long.set(sealer(0, "1").sealLan(lanBeat(0, 1), 0));
  assert.is(verdict(b.openLan(long, 0, 0)), "malformed length");
  assert.is(verdict(b.openCom(new Uint8Array(129), 0)), "malformed length");
});

test("every single wrong bit of a LAN frame makes it presence or malformed, never a beat", () => {
  const b = sealer(1, "2");
  const frame = sealer(0, "1").sealLan(lanBeat(0, 1), 0);
  const seen = new Set<string>();
  for (let bit = 0; bit < frame.length * 8; bit += 1) {
    const wrong = frame.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const said = verdict(b.openLan(wrong, 0, bit * 1000));
    assert.ok(said.startsWith("presence") || said.startsWith("malformed"), `bit ${bit}: ${said}`);
    seen.add(said);
  }
  assert.equal([...seen].sort(), [
    "malformed address",
    "malformed foreign-cluster",
    "malformed magic",
    "malformed replay", // frame number 1 became 0
    "malformed shape",
    "presence tag",
    "presence version",
  ]);
  assert.is(verdict(b.openLan(frame, 0, 10_000_000)), "beat unproven");
});

test("every single wrong bit of a COM frame is noise, never a beat and never presence", () => {
  const b = sealer(1, "2");
  const frame = uncobs(sealer(0, "1").sealCom(comBeat(0, 1)));
  for (let bit = 0; bit < frame.length * 8; bit += 1) {
    const wrong = frame.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(verdict(b.openCom(wrong, 0)), "malformed shape", `bit ${bit}`);
  }
});

test("a wrong bit of a COM frame whose CRC is right again is still never a beat", () => {
  const b = sealer(1, "2");
  const frame = uncobs(sealer(0, "1").sealCom(comBeat(0, 1)));
  for (let bit = 0; bit < (frame.length - 4) * 8; bit += 1) {
    const wrong = frame.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    closeWithCrc(wrong);
    assert.is.not(b.openCom(wrong, bit * 1000).kind, "beat", `bit ${bit}`);
  }
});

test("a frame seen before is a replay, on the LAN and on the line", () => {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  const lan = a.sealLan(lanBeat(0, 1), 0);
  const com = uncobs(a.sealCom(comBeat(0, 1)));
  assert.is(verdict(b.openLan(lan, 0, 0)), "beat unproven");
  assert.is(verdict(b.openLan(lan, 0, 0)), "malformed replay");
  assert.is(verdict(b.openCom(com, 0)), "beat unproven");
  assert.is(verdict(b.openCom(com, 0)), "malformed replay");
});

test("frames out of order within 256 count once each, older ones are replays", () => {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  const frames = Array.from({ length: 300 }, () => a.sealLan(lanBeat(0, 1), 0));
  const said = (index: number) => verdict(b.openLan(frames[index] ?? new Uint8Array(0), 0, 0));
  assert.is(said(299), "beat unproven");
  assert.is(said(43), "malformed replay");
  assert.is(said(44), "beat unproven");
  for (let index = 298; index > 44; index -= 1) assert.is(said(index), "beat unproven");
  for (let index = 0; index < 300; index += 1) assert.is(said(index), "malformed replay");
});

test("a frame counts only on the channel and for the server it was made for", () => {
  const a = sealer(0, "1");
  const frame = a.sealLan(lanBeat(0, 1), 0);
  assert.is(verdict(sealer(1, "2").openLan(frame, 1, 0)), "malformed address");
  assert.is(verdict(sealer(2, "3").openLan(frame, 0, 0)), "malformed address");
  const rewired = frame.slice();
  rewired[10] = 1;
  assert.is(verdict(sealer(1, "2").openLan(rewired, 1, 0)), "presence tag");
});

test("frames of this server itself (loop-back plug, crossed pair) are malformed", () => {
  const a = sealer(0, "1");
  assert.is(verdict(a.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0)), "malformed address");
  assert.is(verdict(a.openCom(uncobs(a.sealCom(comBeat(0, 1))), 0)), "malformed address");
  const reflected = a.sealLan(lanBeat(0, 1), 0).slice();
  reflected[9] = 0;
  assert.is(verdict(a.openLan(reflected, 0, 0)), "malformed address");
});

test("a server outside the list is no address", () => {
  const stranger = sealer(3, "4", { serverCount: 4 });
  const b = sealer(1, "2");
  assert.is(verdict(b.openLan(stranger.sealLan(lanBeat(3, 1), 0), 0, 0)), "malformed address");
});

test("another cluster's frames are malformed, not presence", () => {
  const foreign = sealer(0, "1", { clusterId: 5 });
  const b = sealer(1, "2");
  const lan = b.openLan(foreign.sealLan(lanBeat(0, 1), 0), 0, 0);
  assert.is(verdict(lan), "malformed foreign-cluster");
  const com = b.openCom(uncobs(foreign.sealCom(comBeat(0, 1))), 0);
  assert.is(verdict(com), "malformed foreign-cluster");
});

test("D56: a wrong key is presence of its sender on every medium, however long it lasts", () => {
  const stranger = sealer(2, "1", { clusterKey: new Uint8Array(32).fill(9) });
  const b = sealer(1, "2");
  for (let round = 0; round < 100; round += 1) {
    const lan = b.openLan(stranger.sealLan(lanBeat(2, 1), 0), 0, round);
    assert.equal(lan, { kind: "presence", from: 2, reason: "tag" });
    const com = b.openCom(uncobs(stranger.sealCom(comBeat(2, 1))), round);
    assert.equal(com, { kind: "presence", from: 2, reason: "tag" });
  }
  assert.is(b.peerProcess(2), null);
  assert.ok(b.counters.throttled > 150, "work per second is bounded");
});

test("D56: another key number is presence", () => {
  const frame = sealer(0, "1", { keyId: 1 }).sealLan(lanBeat(0, 1), 0);
  assert.is(verdict(sealer(1, "2").openLan(frame, 0, 0)), "presence tag");
});

test("D56: another version is presence on every medium, whatever its frame looks like further on", () => {
  const b = sealer(1, "2");
  const lan = unhex("4b470299c1a57e120001");
  assert.equal(b.openLan(lan, 0, 0), { kind: "presence", from: 0, reason: "version" });
  const com = Uint8Array.of(...unhex("22c1a57e1201"), 0, 0, 0, 0);
  closeWithCrc(com);
  assert.equal(b.openCom(com, 0), { kind: "presence", from: 0, reason: "version" });
});

test("another frame type on the line is not a beat", () => {
  const com = uncobs(sealer(0, "1").sealCom(comBeat(0, 1))).slice();
  com[0] = 0x13;
  closeWithCrc(com);
  assert.is(verdict(sealer(1, "2").openCom(com, 0)), "malformed magic");
});

test("an authentic frame whose content is no beat is malformed, not a beat and not presence", () => {
  const header = "4b470101c1a57e12000100001111111111111111000000000001";
  const plain = "00".repeat(8) + "ff".repeat(40);
  const frame = unhex(header + sealByHand(header, plain, `${INFO}000100`));
  assert.is(verdict(sealer(1, "2").openLan(frame, 0, 0)), "malformed shape");
});

test("random bytes are never more than malformed or presence", () => {
  const random = new Prng(8);
  const b = sealer(1, "2");
  const head = unhex("4b470101c1a57e1200010000");
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = random.bytes(random.below(200));
    if (random.chance(0.7)) bytes.set(head.subarray(0, Math.min(12, bytes.length)));
    assert.is.not(b.openLan(bytes, 0, round).kind, "beat");
    if (random.chance(0.5) && bytes.length > 4) closeWithCrc(bytes);
    assert.is.not(b.openCom(bytes, round).kind, "beat");
  }
});

test("counters tell what became of every frame", () => {
  const { a, b } = introduced();
  b.openLan(Uint8Array.of(1), 0, 0);
  b.openLan(sealer(2, "5", { keyId: 3 }).sealLan(lanBeat(2, 1), 0), 0, 0);
  assert.equal(b.counters, {
    sealed: 1,
    opened: 2,
    unproven: 1,
    presence: 1,
    malformed: 1,
    throttled: 0,
  });
  assert.is(a.counters.sealed, 2);
});

test("a sealer refuses keys, salts and addresses that cannot be", () => {
  assert.throws(() => sealer(0, "1", { clusterKey: new Uint8Array(16) }), fault);
  assert.throws(() => sealer(0, "1", { processSalt: new Uint8Array(8) }), fault);
  assert.throws(() => sealer(0, "1", { processSalt: new Uint8Array(7).fill(1) }), fault);
  assert.throws(() => sealer(0, "1", { serverCount: 17 }), fault);
  assert.throws(() => sealer(3, "1"), fault);
  assert.throws(() => sealer(0, "1").sealLan(lanBeat(1, 0), 0), fault);
  assert.throws(() => sealer(0, "1").sealLan(lanBeat(0, 0), 0), fault);
  assert.throws(() => sealer(0, "1").sealLan(lanBeat(0, 1), 16), fault);
  assert.throws(() => sealer(0, "1").sealCom(comBeat(0, 3)), fault);
});

/** Makes the CRC of a COM frame right. */
function closeWithCrc(frame: Uint8Array): void {
  const end = frame.length - 4;
  new DataView(frame.buffer, frame.byteOffset).setUint32(end, crc32(frame.subarray(0, end)));
}

test.run();
