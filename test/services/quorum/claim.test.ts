/**
 * The claim's two copies: every row of the pick table, every way a write can be cut short, every
 * flipped bit. Expected results are written by hand from protocol.md 1.5.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import {
  claimBlockIndex,
  decodeHeader,
  encodeHeader,
} from "../../../services/quorum/arbitration-layout.ts";
import {
  type Claim,
  decodeClaimCopy,
  encodeClaimCopy,
  isClaim,
  isNewerSerial,
  pickClaim,
  planWrite,
  tornSerial,
} from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import { CLAIM, CLUSTER, KEYS, OWNER, WRITER, withCrc } from "./claim-sample.ts";

const NONCE = new Uint8Array(12).fill(0x5a);

const written = (serial: number) => ({ serial, writer: WRITER, writtenMs: 77 });

const copy = (serial: number, claim: Claim | null, owner = OWNER): Uint8Array =>
  encodeClaimCopy({ ...owner, ...written(serial), claim }, KEYS, NONCE);

const decoded = (block: Uint8Array, owner = OWNER) => decodeClaimCopy(block, owner, KEYS);

/** A changed claim as somebody without the key can make it: CRC right, tag of the unchanged one. */
function forged(at: number, value: number): Uint8Array {
  const block = copy(9, CLAIM);
  block[at] = value;
  return withCrc(block);
}

/** A changed claim as a server of our key would write it. */
function signed(at: number, value: number): Uint8Array {
  const block = copy(9, CLAIM);
  block[at] = value;
  block.set(KEYS.tag(1, NONCE, block.subarray(0, 4064)), 4076);
  return withCrc(block);
}

const FOREIGN = copy(9, null, { clusterId: 1, server: 1 });
const WRONG_SLOT = copy(9, null, { clusterId: CLUSTER, server: 0 });
const WIPED = new Uint8Array(4096);
const TORN = copy(9, CLAIM).fill(0, 512, 4096);
const VERSION_1 = forged(9, 1);
const VERSION_9 = signed(9, 9);
const STATE_7 = signed(11, 7);
const COORDINATOR_200 = signed(34, 200);
const UNSIGNED = forged(46, 4);

test("R84: a claim reads back as it was written, at the documented offsets", () => {
  const block = copy(0x0102_0304, CLAIM);
  assert.is(block.length, 4096);
  assert.is(new TextDecoder().decode(block.subarray(0, 8)), "KAGECLAM");
  assert.is(
    Buffer.from(block.subarray(8, 67)).toString("hex"),
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
      "00000000004d", // written at
  );
  assert.ok(block.subarray(67, 4064).every((byte) => byte === 0));
  assert.equal(block.subarray(4064, 4076), NONCE);
  assert.equal(decoded(block), {
    kind: "good",
    copy: { ...OWNER, ...written(0x0102_0304), claim: CLAIM },
  });
});

test("R84: largest numbers of every field read back", () => {
  const claim: Claim = {
    ...CLAIM,
    epoch: { ...CLAIM.epoch, counter: 2 ** 48 - 1, coordinator: 15 },
    number: 2 ** 32 - 1,
    stampMs: 2 ** 48 - 1,
  };
  const owner = { clusterId: 0xffff_ffff, server: 15 };
  assert.equal(decoded(copy(0xffff_ffff, claim, owner), owner), {
    kind: "good",
    copy: { clusterId: 0xffff_ffff, server: 15, ...written(0xffff_ffff), claim },
  });
});

test("R84: what would not read back is refused before it is written", () => {
  assert.throws(() => copy(1, { ...CLAIM, number: 2 ** 32 }), /claim within its ranges/);
  assert.throws(() => copy(1, { ...CLAIM, stampMs: 0.5 }), /claim within its ranges/);
  assert.throws(() => copy(1, { ...CLAIM, host: hostIncarnation("XY") }), /within its ranges/);
  assert.throws(() => copy(1, null, { clusterId: CLUSTER, server: 16 }), /server index/);
  assert.throws(() => copy(2 ** 32, null), /number fits/);
  const late = { ...OWNER, serial: 1, writer: WRITER, writtenMs: 2 ** 48, claim: null };
  assert.throws(() => encodeClaimCopy(late, KEYS, NONCE), /number fits/);
  const nobody = { ...OWNER, ...written(1), writer: hostIncarnation("XY"), claim: null };
  assert.throws(() => encodeClaimCopy(nobody, KEYS, NONCE), /writer is a host incarnation/);
  assert.throws(() => claimBlockIndex(16, 0), /server index/);
  const none = { ...OWNER, ...written(1), claim: null };
  assert.throws(() => encodeClaimCopy(none, KEYS, new Uint8Array(11)), /nonce is 12 bytes/);
  assert.throws(() => new ClaimKeys(new Uint8Array(31)), /cluster key is 32 bytes/);
});

interface Row {
  readonly what: string;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  {
    what: "none older, claim newer",
    a: copy(4, null),
    b: copy(5, CLAIM),
    expected: "claim 5 in 1",
  },
  {
    what: "claim newer, none older",
    a: copy(5, CLAIM),
    b: copy(4, null),
    expected: "claim 5 in 0",
  },
  { what: "claim older, none newer", a: copy(4, CLAIM), b: copy(5, null), expected: "none 5 in 1" },
  { what: "none newer, claim older", a: copy(5, null), b: copy(4, CLAIM), expected: "none 5 in 0" },
  { what: "the same block twice", a: copy(5, CLAIM), b: copy(5, CLAIM), expected: "claim 5 in 0" },
  { what: "same serial, other words", a: copy(5, CLAIM), b: copy(5, null), expected: "conflict" },
  { what: "half a wrap apart", a: copy(0, null), b: copy(2 ** 31, CLAIM), expected: "conflict" },
  {
    what: "wrap: 0 follows ffffffff",
    a: copy(0xffff_ffff, null),
    b: copy(0, CLAIM),
    expected: "claim 0 in 1",
  },
  {
    what: "wrap: 3 follows fffffffe",
    a: copy(3, null),
    b: copy(0xffff_fffe, CLAIM),
    expected: "none 3 in 0",
  },
  { what: "good, torn", a: copy(4, CLAIM), b: TORN, expected: "claim 4 in 0" },
  { what: "torn, good", a: TORN, b: copy(4, null), expected: "none 4 in 1" },
  { what: "torn, torn", a: TORN, b: TORN, expected: "torn" },
  { what: "wiped, wiped", a: WIPED, b: WIPED, expected: "wiped" },
  { what: "good, wiped", a: copy(4, null), b: WIPED, expected: "wiped" },
  { what: "wiped, good", a: WIPED, b: copy(4, CLAIM), expected: "wiped" },
  { what: "torn, wiped", a: TORN, b: WIPED, expected: "wiped" },
  { what: "foreign, foreign", a: FOREIGN, b: FOREIGN, expected: "foreign-cluster" },
  { what: "good, foreign", a: copy(4, null), b: FOREIGN, expected: "foreign-cluster" },
  { what: "foreign, torn", a: FOREIGN, b: TORN, expected: "foreign-cluster" },
  { what: "wrong slot, wrong slot", a: WRONG_SLOT, b: WRONG_SLOT, expected: "wrong-slot" },
  { what: "wrong slot, good", a: WRONG_SLOT, b: copy(4, null), expected: "wrong-slot" },
  { what: "wiped, wrong slot", a: WIPED, b: WRONG_SLOT, expected: "wrong-slot" },
  { what: "wrong slot, foreign", a: WRONG_SLOT, b: FOREIGN, expected: "foreign-cluster" },
  { what: "good, other version", a: copy(4, null), b: VERSION_9, expected: "version" },
  { what: "good, version without tag", a: copy(4, null), b: VERSION_1, expected: "version" },
  { what: "good, unsigned", a: copy(4, null), b: UNSIGNED, expected: "unauthenticated" },
  { what: "unsigned, good", a: UNSIGNED, b: copy(10, null), expected: "unauthenticated" },
  { what: "unsigned, torn", a: UNSIGNED, b: TORN, expected: "unauthenticated" },
  { what: "wiped, unsigned", a: WIPED, b: UNSIGNED, expected: "unauthenticated" },
  { what: "unsigned, malformed", a: UNSIGNED, b: STATE_7, expected: "unauthenticated" },
  { what: "other version, unsigned", a: VERSION_9, b: UNSIGNED, expected: "version" },
  { what: "unknown state, good", a: STATE_7, b: copy(4, null), expected: "malformed" },
  {
    what: "coordinator beyond 15, good",
    a: COORDINATOR_200,
    b: copy(4, null),
    expected: "malformed",
  },
];

function said(a: Uint8Array, b: Uint8Array): string {
  const pick = pickClaim(a, b, OWNER, KEYS);
  if (pick.kind === "unreadable") return pick.reason;
  if (pick.claim !== null) assert.equal(pick.claim, CLAIM);
  return `${pick.claim === null ? "none" : "claim"} ${pick.write.serial} in ${pick.copy}`;
}

for (const row of ROWS) {
  test(`R84: two copies, ${row.what}: ${row.expected}`, () => {
    assert.is(said(row.a, row.b), row.expected);
  });
}

test("R84: a write cut short after any number of bytes shows the old claim or the new one, never a third", () => {
  const older = copy(4, null);
  const before = copy(5, CLAIM);
  const after = copy(6, { ...CLAIM, number: 4 });
  let old = 0;
  for (let bytes = 0; bytes <= 4096; bytes++) {
    const block = new Uint8Array(older);
    block.set(after.subarray(0, bytes));
    const pick = pickClaim(block, before, OWNER, KEYS);
    assert.is(pick.kind, "readable", `${bytes} bytes`);
    if (pick.kind !== "readable") return;
    // Only the whole block is new; less of it leaves the newest claim before it standing.
    const number = pick.claim?.state === "claimed" ? pick.claim.number : null;
    assert.is(number, bytes === 4096 ? 4 : 3, `${bytes} bytes`);
    if (bytes < 4096) old += 1;
  }
  assert.is(old, 4096);
});

test("R84: no flipped bit of a copy passes for a copy", () => {
  const block = copy(5, CLAIM);
  for (let bit = 0; bit < 4096 * 8; bit++) {
    const byte = bit >> 3;
    const mask = 1 << (bit & 7);
    block[byte] = (block[byte] ?? 0) ^ mask;
    assert.is(decoded(block).kind, "bad", `bit ${bit}`);
    block[byte] = (block[byte] ?? 0) ^ mask;
  }
  assert.is(decoded(block).kind, "good");
});

test("R84: a block of another length is no claim", () => {
  const block = copy(5, CLAIM);
  for (const length of [0, 1, 7, 8, 511, 4095]) {
    assert.equal(decoded(block.subarray(0, length)), {
      kind: "bad",
      reason: "wiped",
    });
  }
  const longer = new Uint8Array(4097);
  longer.set(block);
  assert.equal(decoded(longer), { kind: "bad", reason: "wiped" });
});

test("R84: serial order goes round", () => {
  assert.ok(isNewerSerial(1, 0));
  assert.ok(isNewerSerial(0, 0xffff_ffff));
  assert.ok(isNewerSerial(0x7fff_ffff, 0));
  assert.not(isNewerSerial(0, 0));
  assert.not(isNewerSerial(0x8000_0000, 0));
  assert.not(isNewerSerial(0xffff_ffff, 0));
});

test("R84: the owner writes the older copy with the next serial and keeps its hands off what is not its own", () => {
  const plan = (a: Uint8Array, b: Uint8Array) => planWrite(pickClaim(a, b, OWNER, KEYS));
  assert.equal(plan(copy(4, null), copy(5, CLAIM)), { kind: "write", copy: 0, serial: 6 });
  assert.equal(plan(copy(5, null), TORN), { kind: "write", copy: 1, serial: 6 });
  assert.equal(plan(copy(0xffff_ffff, null), copy(0xffff_fffe, null)), {
    kind: "write",
    copy: 1,
    serial: 0,
  });
  assert.equal(plan(TORN, TORN), { kind: "write", copy: 0, serial: 1 });
  assert.equal(plan(WIPED, WIPED), { kind: "refused", reason: "wiped" });
  assert.equal(plan(FOREIGN, copy(1, null)), { kind: "refused", reason: "foreign-cluster" });
  assert.equal(plan(WRONG_SLOT, copy(1, null)), { kind: "refused", reason: "wrong-slot" });
  assert.equal(plan(UNSIGNED, copy(1, null)), { kind: "refused", reason: "unauthenticated" });
  assert.equal(plan(copy(5, CLAIM), copy(5, null)), { kind: "refused", reason: "conflict" });
});

test("R84: two torn copies still hint at the serial to count on from", () => {
  const torn = (serial: number): Uint8Array => copy(serial, CLAIM).fill(0, 512, 4096);
  assert.is(tornSerial(torn(8), torn(9)), 9);
  assert.is(tornSerial(torn(9), torn(8)), 9);
  assert.is(tornSerial(torn(0xffff_ffff), torn(0)), 0, "0 follows ffffffff");
  assert.is(tornSerial(WIPED, torn(8)), 8);
  assert.is(tornSerial(torn(8), WIPED), 8);
  assert.is(tornSerial(WIPED, WIPED), null);
  assert.is(tornSerial(torn(8).subarray(0, 16), WIPED), null);
});

test("R84: a message is a claim only with every field in its range", () => {
  assert.ok(isClaim({ ...CLAIM }));
  for (const wrong of [
    null,
    [],
    "claimed",
    { ...CLAIM, state: "none" },
    { ...CLAIM, host: "00112233445566FF" },
    { ...CLAIM, host: "00112233445566" },
    { ...CLAIM, number: -1 },
    { ...CLAIM, number: "3" },
    { ...CLAIM, stampMs: Number.NaN },
    { ...CLAIM, epoch: null },
    { ...CLAIM, epoch: { ...CLAIM.epoch, coordinator: 16 } },
    { ...CLAIM, epoch: { ...CLAIM.epoch, counter: 2 ** 48 } },
    { ...CLAIM, epoch: { ...CLAIM.epoch, host: 1 } },
  ]) {
    assert.not(isClaim(wrong), JSON.stringify(wrong));
  }
});

test("R4: the header names its cluster, and a blank, damaged or foreign block 0 is told apart", () => {
  const header = encodeHeader(CLUSTER);
  assert.equal(decodeHeader(header), { kind: "good", clusterId: CLUSTER });
  assert.equal(decodeHeader(new Uint8Array(4096)), { kind: "blank" });
  const older = new Uint8Array(header);
  older[9] = 1;
  assert.equal(decodeHeader(withCrc(older)), {
    kind: "foreign",
    found: "a header of format version 1 instead of 3",
  });
  const damaged = new Uint8Array(header);
  damaged[2000] = 1;
  assert.equal(decodeHeader(damaged), { kind: "foreign", found: "a damaged header (CRC differs)" });
  const filesystem = new Uint8Array(4096).fill(0x53, 1080, 1090);
  assert.equal(decodeHeader(filesystem), { kind: "foreign", found: "data of another program" });
  assert.equal(decodeHeader(header.subarray(0, 4095)), {
    kind: "foreign",
    found: "data of another program",
  });
});

test("R4: every server has two blocks of its own behind the header", () => {
  const blocks = new Set<number>([0]);
  for (let server = 0; server < 16; server++) {
    assert.is(claimBlockIndex(server, 0), 1 + 2 * server);
    assert.is(claimBlockIndex(server, 1), 2 + 2 * server);
    blocks.add(claimBlockIndex(server, 0)).add(claimBlockIndex(server, 1));
  }
  assert.is(blocks.size, 33);
});

test.run();
