/**
 * Neighbour messages byte by byte: RFC 4861 4.3, 4.4, 7.1 and RFC 4862 5.4, written by hand; the probe's
 * checksum was added up by hand as well (RFC 4443 2.3).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  cutNeighbours,
  encodeNeighbourProbe,
  neighbourListener,
  parseNeighbour,
  solicitedNode,
} from "../../../../hal/drivers/address-linux/neighbour.ts";

const TARGET = "fd000077000000000000000000000100";
const TARGET_TEXT = "fd00:77:0:0:0:0:0:100";
const bytes = (...hex: string[]): Buffer => Buffer.from(hex.join("").replaceAll(" ", ""), "hex");

/** Type, code, checksum (the kernel has checked it), flags, target. */
const ADVERTISEMENT = `88 00 1234 20000000 ${TARGET}`;
const PROBE = `87 00 1234 00000000 ${TARGET}`;
const TARGET_OPTION = "02 01 0200000000bb";
const SOURCE_OPTION = "01 01 0200000000cc";
const NONCE_OPTION = "0e 01 a1a2a3a4a5a6";

function read(...hex: string[]): string {
  const parsed = parseNeighbour(bytes(...hex));
  if (parsed.kind === "malformed") return parsed.reason;
  const { form, target, hardware, nonce } = parsed.packet;
  assert.is(target, TARGET_TEXT);
  return `${form} ${hardware} ${nonce} ${parsed.bytes}`;
}

test("RFC 4861 4.4: an advertisement names its target and, by option, the claimant's hardware", () => {
  assert.is(read(ADVERTISEMENT, TARGET_OPTION), "advertisement 02:00:00:00:00:bb  32");
  assert.is(read(ADVERTISEMENT), "advertisement   24", "the option may be missing");
  assert.is(read(ADVERTISEMENT, SOURCE_OPTION), "advertisement   32", "another option is none");
  assert.is(
    read(ADVERTISEMENT, NONCE_OPTION, TARGET_OPTION),
    "advertisement 02:00:00:00:00:bb a1a2a3a4a5a6 40",
  );
});

test("RFC 4862 5.4: a solicitation without the sender's hardware is a probe, with it a question", () => {
  assert.is(read(PROBE), "probe   24");
  assert.is(read(PROBE, NONCE_OPTION), "probe  a1a2a3a4a5a6 32");
  assert.is(read(PROBE, SOURCE_OPTION), "question 02:00:00:00:00:cc  32");
});

test("RFC 4861 7.1: what a receiver must drop is malformed, with the reason", () => {
  for (const [hex, reason] of [
    ["", /^0 bytes, expected 24 or more/],
    [PROBE.slice(0, -2), /^23 bytes, expected 24 or more/],
    [`86 00 1234 00000000 ${TARGET}`, /^type 134/],
    [`88 01 1234 20000000 ${TARGET}`, /^code 1/],
    [`88 00 1234 60000000 ${TARGET}`, /^a solicited advertisement to a group/],
    [`87 00 1234 00000000 ff020000000000000000000000000001`, /^a group as target/],
    [`${ADVERTISEMENT} 02 00 0200000000bb`, /^an option of length 0/],
    [`${ADVERTISEMENT} 02 02 0200000000bb`, /^an option of length 0 or beyond the end/],
    [`${ADVERTISEMENT} 02 01 02000000`, /^an option of length 0 or beyond the end/],
  ] as const) {
    assert.match(read(hex), reason, hex);
  }
});

test("every prefix of a message is read without throwing", () => {
  const whole = bytes(ADVERTISEMENT, NONCE_OPTION, TARGET_OPTION);
  const good = Array.from(whole.keys()).filter(
    (length) => parseNeighbour(whole.subarray(0, length)).kind === "neighbour",
  );
  assert.equal(good, [24, 32]);
});

test("messages that the pipe has joined are cut, and what follows a malformed one is dropped", () => {
  const forms = (...hex: string[]): string =>
    cutNeighbours(bytes(...hex))
      .map((packet) => packet.form)
      .join(" ");
  assert.is(forms(), "");
  assert.is(
    forms(PROBE, ADVERTISEMENT, TARGET_OPTION, PROBE, SOURCE_OPTION),
    "probe advertisement question",
  );
  assert.is(forms(PROBE, NONCE_OPTION, PROBE, NONCE_OPTION), "probe probe");
  assert.is(forms(PROBE, "86 00 1234", PROBE), "", "an option that is none");
  assert.is(forms(ADVERTISEMENT, PROBE, "01 00 0000"), "advertisement");
});

test("RFC 4862 5.4.2: our probe comes from nobody, to the solicited-node group, hop limit 255", () => {
  const nonce = bytes("a1a2a3a4a5a6");
  const frame = encodeNeighbourProbe("02:00:00:00:0a:01", "fd00:77::100", nonce);
  const before = bytes(
    "3333ff000100 020000000a01 86dd",
    "60000000 0020 3a ff",
    "00000000000000000000000000000000",
    "ff0200000000000000000001ff000100",
    "87 00",
  );
  assert.is(frame.length, 86);
  assert.equal(frame.subarray(0, 56), before);
  assert.equal(frame.subarray(58), bytes("00000000", TARGET, NONCE_OPTION));
  // ff02 + 1 + ff00 + 100 (group), 20 + 3a, 8700, fd00 + 77 + 100 (target), 0e01 + a1a2 + a3a4 + a5a6:
  // together 57dc1, folded 7dc6, and 8239 is what is missing to ffff.
  assert.is(frame.readUInt16BE(56), 0x8239);
  assert.is(read(frame.subarray(54).toString("hex")), "probe  a1a2a3a4a5a6 32");
});

test("RFC 4291 2.7.1: the solicited-node group has the last three bytes of the address", () => {
  assert.is(
    solicitedNode("fe80::2aa:ff:fe28:9c5a").toString("hex"),
    "ff0200000000000000000001ff289c5a",
  );
});

test("RFC 3542 3.2: the kernel is asked for types 135 and 136 only, on one interface", () => {
  const filter = `58:1:x${"ff".repeat(16)}7ffe${"ff".repeat(14)}`;
  const bound = "x000000000000ff02000000000000000000000000000107000000";
  const listening = `SOCKET-RECV:10:3:58:${bound},setsockopt-listen=${filter}`;
  assert.is(neighbourListener(7, null), listening);
  assert.is(
    neighbourListener(7, "fd00:77::100"),
    `${listening},setsockopt-listen=41:20:xff0200000000000000000001ff00010007000000`,
  );
});

test.run();
