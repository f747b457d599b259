/** A stamp on the block: the claim's layout, tag and freshness; bytes by hand from claim.ts. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { decodeClaimCopy, encodeClaimCopy, isSlotWord } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import { asStamp, isStamp, type Stamp } from "../../../services/quorum/stamp.ts";

const KEYS = new ClaimKeys(Uint8Array.from({ length: 32 }, (_, at) => at));
const HOST = hostIncarnation("0011223344556677");
const OWNER = { clusterId: 0xc1a5_7e12, server: 1 };
const STAMP: Stamp = {
  state: "running",
  host: HOST,
  epoch: { counter: 9, coordinator: 1, host: HOST },
  twoWay: 0b101,
  stampMs: 123_456_789,
};

const block = (claim: Stamp): Uint8Array =>
  encodeClaimCopy(
    { ...OWNER, serial: 5, writer: HOST, writtenMs: 77, claim },
    KEYS,
    new Uint8Array(12).fill(3),
  );

test("R68: every state of a stamp comes back from the block as it was written", () => {
  for (const [state, code] of [
    ["off", 2],
    ["starting", 3],
    ["running", 4],
    ["alone", 5],
  ] as const) {
    const written = block({ ...STAMP, state });
    assert.is(written[11], code);
    const read = decodeClaimCopy(written, OWNER, KEYS);
    assert.is(read.kind, "good");
    if (read.kind === "good") assert.equal(read.copy.claim, { ...STAMP, state });
  }
});

test("reliability 0.5: a stamp under another key, in another slot or with a changed state is refused", () => {
  const other = new ClaimKeys(new Uint8Array(32).fill(9));
  const reasonOf = (bytes: Uint8Array, owner = OWNER, keys = KEYS): string => {
    const read = decodeClaimCopy(bytes, owner, keys);
    return read.kind === "bad" ? read.reason : "good";
  };
  assert.is(reasonOf(block(STAMP), OWNER, other), "unauthenticated");
  assert.is(reasonOf(block(STAMP), { ...OWNER, server: 0 }), "wrong-slot");
  const bent = block(STAMP);
  bent[11] = 2;
  assert.is(reasonOf(bent), "torn");
});

test("1.6: what may travel as a stamp is bounded in every field", () => {
  assert.ok(isStamp(STAMP));
  assert.ok(isSlotWord(STAMP));
  for (const wrong of [
    { ...STAMP, state: "claimed" },
    { ...STAMP, state: "sleeping" },
    { ...STAMP, twoWay: 65_536 },
    { ...STAMP, stampMs: -1 },
    { ...STAMP, stampMs: 1.5 },
    { ...STAMP, host: "0011" },
    { ...STAMP, epoch: { ...STAMP.epoch, counter: 2 ** 48 } },
    { ...STAMP, epoch: null },
    null,
  ]) {
    assert.not(isStamp(wrong), JSON.stringify(wrong));
  }
});

test("1.5: a claim is no stamp and a stamp is no claim", () => {
  const { epoch, host, stampMs } = STAMP;
  assert.is(asStamp({ state: "claimed", epoch, host, number: 1, stampMs }), null);
  assert.equal(asStamp(STAMP), STAMP);
});

/** Bytes 43-46 of a copy: the number of a claim, or members and two-way peers of a stamp, big endian. */
const bitsIn = (written: Uint8Array): string =>
  Buffer.from(written.subarray(43, 47)).toString("hex");

test("R67: the members of a stamp stand in the upper half of its bit set, and come back", () => {
  const stamp = { ...STAMP, members: 0x8003 };
  const written = block(stamp);
  assert.is(bitsIn(written), "80030005");
  const read = decodeClaimCopy(written, OWNER, KEYS);
  assert.is(read.kind, "good");
  if (read.kind === "good") assert.equal(read.copy.claim, stamp);
});

test("R67, R68: a stamp that says nothing about others is, byte for byte, one of two servers", () => {
  const epoch = `${"000000000009"}${"01"}${HOST}`;
  const word = Buffer.from(block(STAMP).subarray(20, 53)).toString("hex");
  assert.is(word, `${HOST}${epoch}${"00000005"}${"0000075bcd15"}`);
  assert.equal(block({ ...STAMP, members: 0 }), block(STAMP));
  const read = decodeClaimCopy(block(STAMP), OWNER, KEYS);
  if (read.kind === "good") assert.not("members" in (read.copy.claim ?? {}));
});

test("R67: sixteen members are the most that a stamp may name", () => {
  assert.ok(isStamp({ ...STAMP, members: 0xffff }));
  for (const members of [0x1_0000, -1, 1.5, "3", null])
    assert.not(isStamp({ ...STAMP, members }), String(members));
});

test.run();
