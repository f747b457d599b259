/**
 * Who may speak on the arbitration partition: the layout with its tag as known answers, and every way
 * to speak without the key or out of place. The known answers were computed from the layout comment
 * of claim.ts with another implementation (OpenSSL through Python); node:crypto, called directly,
 * must give the same.
 */
import { createCipheriv, hkdfSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { decodeClaimCopy, encodeClaimCopy, pickClaim } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import { type ClaimContext, isValidClaim } from "../../../services/quorum/core.ts";
import { lanBeat } from "../heartbeat/sealer-fixture.ts";
import { CLAIM, CLUSTER_KEY, HOST, KEYS, OWNER, WRITER, withCrc } from "./claim-sample.ts";

const NONCE = Uint8Array.from({ length: 12 }, (_, i) => 0xa0 + i);
const COPY = {
  ...OWNER,
  serial: 0x0102_0304,
  writer: WRITER,
  writtenMs: 0x0a0b_0c0d_0e0f,
  claim: CLAIM,
};

const BEAT = lanBeat(1, 0, { host: HOST });

const FIELDS =
  "4b414745434c414d" + // KAGECLAM
  "0003" + // version
  "01" + // server
  "01" + // claimed
  "c1a57e12" + // cluster
  "01020304" + // serial
  "00112233445566ff" + // host
  "000000000007" + // epoch counter
  "01" + // epoch coordinator
  "8899aabbccddeeff" + // epoch host
  "00000003" + // number
  "0000075bcd15" + // stamp
  "fedcba9876543210" + // writer
  "0a0b0c0d0e0f"; // written at
const NONE_FIELDS = `4b414745434c414d00030100c1a57e1201020304${"00".repeat(33)}fedcba98765432100a0b0c0d0e0f`;

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (part: Uint8Array): string => Buffer.from(part).toString("hex");

/** The layout with nothing of the product's but its CRC: what a second implementation would write. */
function byHand(fields: string): Uint8Array {
  const info = Buffer.concat([Buffer.from("kagemusha claim 1", "ascii"), Buffer.from([1])]);
  const key = Buffer.from(hkdfSync("sha256", CLUSTER_KEY, "", info, 32));
  assert.is(hex(key), "a4b4c1722bc69f9a863741a52b388ee115df700afc5599b2ad0514c1af486448");
  const block = new Uint8Array(4096);
  block.set(bytes(fields));
  const gmac = createCipheriv("aes-256-gcm", key, NONCE, { authTagLength: 16 });
  gmac.setAAD(block.subarray(0, 4064));
  gmac.final();
  block.set(NONCE, 4064);
  block.set(gmac.getAuthTag(), 4076);
  return withCrc(block);
}

function reasonOf(block: Uint8Array, keys = KEYS, owner = OWNER): string {
  const decoded = decodeClaimCopy(block, owner, keys);
  return decoded.kind === "good" ? "good" : decoded.reason;
}

test("R84: a signed claim is the known block, byte for byte", () => {
  const block = encodeClaimCopy(COPY, KEYS, NONCE);
  assert.is(hex(block.subarray(0, 67)), FIELDS);
  assert.is(hex(block.subarray(4064, 4076)), "a0a1a2a3a4a5a6a7a8a9aaab");
  assert.is(hex(block.subarray(4076, 4092)), "f3273f284b9fa3f40203f12ac37497ba");
  assert.is(hex(block.subarray(4092)), "cf3715c8");
  assert.equal(block, byHand(FIELDS));
});

test("R84: a signed 'none' is the known block, byte for byte, and is read back as none", () => {
  const block = encodeClaimCopy({ ...COPY, claim: null }, KEYS, NONCE);
  assert.is(hex(block.subarray(4076, 4092)), "c227b2a9b7cbb45d5edf1820f9759073");
  assert.is(hex(block.subarray(4092)), "326e7834");
  assert.equal(block, byHand(NONE_FIELDS));
  assert.equal(decodeClaimCopy(block, OWNER, KEYS), {
    kind: "good",
    copy: { ...COPY, claim: null },
  });
});

test("R84: every write has a nonce of its own in its block and the tag depends on it", () => {
  const other = encodeClaimCopy(COPY, KEYS, new Uint8Array(12));
  const block = encodeClaimCopy(COPY, KEYS, NONCE);
  assert.is(reasonOf(other), "good");
  assert.is.not(hex(other.subarray(4076, 4092)), hex(block.subarray(4076, 4092)));
  block.set(new Uint8Array(12), 4064);
  assert.is(reasonOf(withCrc(block)), "unauthenticated");
});

test("D56: a copy of another cluster key is told from a torn one, whichever bit of the key differs", () => {
  const block = encodeClaimCopy(COPY, KEYS, NONCE);
  for (let bit = 0; bit < 256; bit++) {
    const otherKey = new Uint8Array(CLUSTER_KEY);
    otherKey[bit >> 3] = (otherKey[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(reasonOf(block, new ClaimKeys(otherKey)), "unauthenticated", `bit ${bit}`);
  }
  block[4095] = (block[4095] ?? 0) ^ 1;
  assert.is(reasonOf(block), "torn");
});

/** What a flipped bit is called when the forger has recomputed the CRC. */
function nameOfFlipAt(byte: number): string {
  if (byte < 8) return "wiped";
  if (byte < 10) return "version";
  if (byte === 10) return "wrong-slot";
  if (byte >= 12 && byte < 16) return "foreign-cluster";
  return "unauthenticated";
}

test("R84: no flipped bit passes for a copy when its CRC is made good: fields, zeros, nonce and tag", () => {
  for (const claim of [CLAIM, null]) {
    const block = encodeClaimCopy({ ...COPY, claim }, KEYS, NONCE);
    const crc = new Uint8Array(block.subarray(4092));
    for (let bit = 0; bit < 4092 * 8; bit++) {
      const byte = bit >> 3;
      const mask = 1 << (bit & 7);
      block[byte] = (block[byte] ?? 0) ^ mask;
      assert.is(reasonOf(withCrc(block)), nameOfFlipAt(byte), `bit ${bit}`);
      block[byte] = (block[byte] ?? 0) ^ mask;
      block.set(crc, 4092);
    }
    assert.is(reasonOf(block), "good");
  }
});

test("R84: a copy moved to another server's slot is refused, relabelled or not", () => {
  const own = encodeClaimCopy({ ...COPY, server: 0, claim: null }, KEYS, NONCE);
  assert.is(reasonOf(own), "wrong-slot");
  own[10] = 1;
  assert.is(reasonOf(withCrc(own)), "unauthenticated");
  const pick = pickClaim(encodeClaimCopy(COPY, KEYS, NONCE), own, OWNER, KEYS);
  assert.equal(pick, { kind: "unreadable", reason: "unauthenticated" });
});

test("R84: a copy of another cluster with the same key is refused, relabelled or not", () => {
  const foreign = encodeClaimCopy({ ...COPY, clusterId: 5 }, KEYS, NONCE);
  assert.is(reasonOf(foreign), "foreign-cluster");
  foreign.set(bytes("c1a57e12"), 12);
  assert.is(reasonOf(withCrc(foreign)), "unauthenticated");
});

test("R84: a claim turned into 'none', or a slot of zeros, does not say that nobody claims", () => {
  const taken = encodeClaimCopy(COPY, KEYS, NONCE);
  taken[11] = 0;
  taken.fill(0, 20, 53);
  assert.is(reasonOf(withCrc(taken)), "unauthenticated");
  const standing = encodeClaimCopy(COPY, KEYS, NONCE);
  assert.is(pickClaim(standing, taken, OWNER, KEYS).kind, "unreadable");
  const zeros = new Uint8Array(4096);
  assert.equal(pickClaim(zeros, zeros, OWNER, KEYS), { kind: "unreadable", reason: "wiped" });
});

test("D4: an old claim put back whole is authentic and still void: host, epoch and a later beat say so", () => {
  const old = encodeClaimCopy(COPY, KEYS, NONCE);
  const pick = pickClaim(old, old, OWNER, KEYS);
  assert.is(pick.kind, "readable");
  if (pick.kind !== "readable") return;
  assert.equal(pick.claim, CLAIM);
  const stood = pick.claim?.state === "claimed" ? pick.claim : null;
  const then: ClaimContext = {
    host: hostIncarnation("ffffffffffffff00"),
    epoch: CLAIM.epoch,
    peer: 1,
    peerBeat: null,
    peerHost: HOST,
  };
  assert.ok(isValidClaim(stood, then), "in its own time it counts");
  const rebooted = { ...then, peerHost: hostIncarnation("00112233445566aa") };
  assert.not(isValidClaim(stood, rebooted), "the peer has started anew since");
  const laterView = { ...then, epoch: { ...CLAIM.epoch, counter: 8 } };
  assert.not(isValidClaim(stood, laterView), "a view was installed since");
  const takenBack = { ...then, peerBeat: { ...BEAT, stampMs: CLAIM.stampMs + 1, claim: 0 } };
  assert.not(isValidClaim(stood, takenBack), "the same peer has said 'no claim' since");
  const stillClaims = { ...then, peerBeat: { ...BEAT, stampMs: CLAIM.stampMs + 1, claim: 3 } };
  assert.ok(isValidClaim(stood, stillClaims), "the peer itself says that it stands");
});

test.run();
