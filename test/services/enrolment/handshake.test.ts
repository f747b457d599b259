/** The one-time code, the secret channel and the words inside it. Keys are made here, code by hand. */
import { generateKeyPairSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CODE_BYTES, codeFrom, parseCode } from "../../../services/enrolment/code.ts";
import { openChannel, rawPublicKey } from "../../../services/enrolment/handshake.ts";
import { encodeWord, parseWord, type Word } from "../../../services/enrolment/words.ts";

const CODE = "0123456789ABCDEFGHJK";
const text = (value: string): Uint8Array => Buffer.from(value, "utf8");

test("a code is four groups of five characters that hold the first 100 random bits", () => {
  assert.is(codeFrom(new Uint8Array(CODE_BYTES)), "00000-00000-00000-00000");
  // The last four of the 104 bits do not appear.
  const ones = new Uint8Array(CODE_BYTES).fill(0xff);
  assert.is(codeFrom(ones), "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ");
  const first = new Uint8Array(CODE_BYTES);
  first[12] = 0x10;
  assert.not.equal(codeFrom(first), codeFrom(new Uint8Array(CODE_BYTES)));
});

test("a typed code is read whatever its case, hyphens, blanks and look-alikes", () => {
  assert.is(parseCode("01234-56789-ABCDE-FGHJK"), CODE);
  assert.is(parseCode(" o1234 56789 abcde fghjk "), CODE);
  assert.is(parseCode("OI234-56789-ABCDE-FGHJK"), CODE);
  assert.is(parseCode("01234-56789-ABCDE-FGHJ"), null);
  assert.is(parseCode("01234-56789-ABCDE-FGHJU"), null);
  assert.is(parseCode(""), null);
});

function pairOf(joinerCode: string, inviterCode: string) {
  const joiner = generateKeyPairSync("x25519");
  const inviter = generateKeyPairSync("x25519");
  const a = openChannel("joiner", joiner, rawPublicKey(inviter), joinerCode);
  const b = openChannel("inviter", inviter, rawPublicKey(joiner), inviterCode);
  if (a === null || b === null) throw new Error("both keys are good");
  return { a, b };
}

test("with one code both sides read each other, frame by frame", () => {
  const { a, b } = pairOf(CODE, CODE);
  assert.equal(b.open(a.seal(text("one"))), Buffer.from("one"));
  assert.equal(b.open(a.seal(text("two"))), Buffer.from("two"));
  assert.equal(a.open(b.seal(text("three"))), Buffer.from("three"));
});

test("with another code, or another key in between, nothing can be read", () => {
  const { a, b } = pairOf(CODE, CODE.replace("K", "M"));
  assert.is(b.open(a.seal(text("hello"))), null);
  const one = pairOf(CODE, CODE);
  const two = pairOf(CODE, CODE);
  assert.is(two.b.open(one.a.seal(text("hello"))), null);
});

test("a replayed, reordered, bent, cut or reflected frame is not read", () => {
  const { a, b } = pairOf(CODE, CODE);
  const frame = a.seal(text("hello"));
  assert.is(a.open(frame), null);
  const bent = Buffer.from(frame);
  bent[0] = (bent[0] ?? 0) ^ 1;
  assert.is(b.open(bent), null);
  assert.is(b.open(frame.subarray(0, frame.length - 1)), null);
  assert.is(b.open(new Uint8Array(0)), null);
  assert.equal(b.open(frame), Buffer.from("hello"));
  assert.is(b.open(frame), null);
  a.seal(text("skipped"));
  assert.is(b.open(a.seal(text("third"))), null);
});

test("public keys that yield no secret are refused", () => {
  const own = generateKeyPairSync("x25519");
  assert.is(openChannel("inviter", own, new Uint8Array(32), CODE), null);
  const one = new Uint8Array(32);
  one[0] = 1;
  assert.is(openChannel("inviter", own, one, CODE), null);
  assert.is(openChannel("inviter", own, new Uint8Array(31), CODE), null);
});

test("each word comes back as it was sent", () => {
  const words: readonly Word[] = [
    { kind: "hello", server: "", wants: "cluster" },
    { kind: "gift", server: "SERVER2", config: "{}", key: "0f".repeat(32) },
    { kind: "outcome", stored: false, detail: "full" },
    { kind: "refusal", reason: "used", detail: "" },
  ];
  for (const word of words) assert.equal(parseWord(encodeWord(word)), word);
});

test("what is no word is null: truncated, foreign, wrong types, names that are paths", () => {
  const bad: readonly unknown[] = [
    null,
    7,
    [],
    { kind: "gift", server: "SERVER2", config: "{}", key: "0f" },
    { kind: "gift", server: "../../etc", config: "{}", key: "0f".repeat(32) },
    { kind: "gift", server: "SERVER2", config: 1, key: "0f".repeat(32) },
    { kind: "hello", server: "a/b", wants: "cluster" },
    { kind: "hello", server: "", wants: "everything" },
    { kind: "refusal", reason: "mood", detail: "" },
    { kind: "outcome", stored: "yes" },
  ];
  for (const value of bad) assert.is(parseWord(text(JSON.stringify(value))), null);
  assert.is(parseWord(text('{"kind":"hello"')), null);
  const long = { kind: "outcome", stored: false, detail: "x".repeat(1000) };
  const read = parseWord(text(JSON.stringify(long)));
  assert.is(read?.kind === "outcome" ? read.detail.length : 0, 200);
});

test.run();
