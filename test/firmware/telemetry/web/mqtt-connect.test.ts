/**
 * The first packets against bytes written by hand from the standards (MQTT 3.1.1 3.1, 3.2 and MQTT 5.0
 * 3.1, 3.2): what the broker gets, what the browser gets, and what is refused.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  firstPacket,
  rewriteConnack,
  rewriteConnect,
} from "../../../../firmware/telemetry/web/mqtt-connect.ts";

const account = { username: "viewer", password: "pw-viewer", clientId: "web-eve-1" };
const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");

/** `web-eve-1`, `viewer`, `pw-viewer` as MQTT strings. */
const NAMES = "0009 7765622d6576652d31  0006 766965776572  0009 70772d766965776572";
/** Protocol name, 3.1.1; user name, password, clean; keepalive 60 s; id "x", user "eve", password "pw". */
const CONNECT_311 = hex("10 16 0004 4d515454 04 c2 003c 0001 78 0003 657665 0002 7077");
/**
 * 5: user name, password, retained will of QoS 1, clean; session expiry for ever, receive maximum 20, a
 * user property; empty id; will "cmd" = "!"; user "eve", password "pw".
 */
const CONNECT_5 = hex(
  "10 2e 0004 4d515454 05 ee 003c 0f 11ffffffff 210014 26 0001 61 0001 62" +
    "0000 00 0003 636d64 0001 21 0003 657665 0002 7077",
);

test("3.1.1: the browser's names are replaced by the account of its role", () => {
  const made = rewriteConnect(CONNECT_311, account);
  assert.is(made.kind, "connect");
  if (made.kind !== "connect") return;
  assert.is(made.version, 4);
  assert.equal(made.bytes, hex(`10 28 0004 4d515454 04 c2 003c ${NAMES}`));
});

test("5: will, session expiry and user properties are left out, the browser's own limit stays", () => {
  const made = rewriteConnect(CONNECT_5, account);
  assert.is(made.kind, "connect");
  if (made.kind !== "connect") return;
  assert.is(made.version, 5);
  assert.equal(made.bytes, hex(`10 2c 0004 4d515454 05 c2 003c 03 210014 ${NAMES}`));
});

test("a browser without names gets the account all the same, and always a clean start", () => {
  // Flags 0: no clean start, no names; id "x".
  const made = rewriteConnect(hex("10 0d 0004 4d515454 04 00 0000 0001 78"), account);
  if (made.kind !== "connect") throw new Error(made.reason);
  assert.equal(made.bytes, hex(`10 28 0004 4d515454 04 c2 0000 ${NAMES}`));
});

const refused: readonly [what: string, bytes: string][] = [
  ["a PUBLISH", "30 05 0001 61 6869"],
  ["a PINGREQ", "c0 00"],
  ["MQTT 3.1", "10 0f 0006 4d5149736470 03 02 003c 0001 78"],
  ["MQTT 6", "10 0d 0004 4d515454 06 02 003c 0001 78"],
  ["another protocol", "10 0d 0004 48545450 04 02 003c 0001 78"],
  ["reserved flags in the header", "11 0d 0004 4d515454 04 02 003c 0001 78"],
  ["an id that is longer than the packet", "10 0d 0004 4d515454 04 02 003c 00ff 78"],
  ["a password flag without a password", "10 0d 0004 4d515454 04 c2 003c 0001 78"],
  ["properties that are longer than the packet", "10 0e 0004 4d515454 05 02 003c ff 0001 78"],
  ["nothing at all", "10 00"],
];
for (const [what, bytes] of refused) {
  test(`${what} is no CONNECT`, () => {
    assert.is(rewriteConnect(hex(bytes), account).kind, "malformed");
  });
}

test("a CONNECT cut anywhere is not whole, and never a fault", () => {
  for (const whole of [CONNECT_311, CONNECT_5]) {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      assert.is(firstPacket(cut, 8192).kind, "more");
      const forced = rewriteConnect(Buffer.concat([hex("10"), Buffer.of(length), cut]), account);
      assert.is(forced.kind, "malformed");
    }
  }
});

test("every single damaged byte of a CONNECT is a value, never a fault", () => {
  for (const whole of [CONNECT_311, CONNECT_5]) {
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bad = Buffer.from(whole);
        bad[at] = (bad[at] ?? 0) ^ mask;
        const made = rewriteConnect(bad, account);
        if (made.kind === "malformed") continue;
        assert.ok(made.bytes.includes("pw-viewer") && made.bytes.includes("web-eve-1"));
        assert.not(made.bytes.includes("eve\0"), "the browser's own name must not get through");
      }
    }
  }
});

test("what follows the first packet is kept", () => {
  const first = firstPacket(Buffer.concat([CONNECT_311, hex("c000")]), 8192);
  assert.is(first.kind, "packet");
  if (first.kind !== "packet") return;
  assert.equal(first.packet, CONNECT_311);
  assert.equal(first.rest, hex("c000"));
});

test("a first packet longer than the bound is refused before it is there", () => {
  // 3 bytes of header and 8189 make 8192.
  assert.is(firstPacket(hex("10 fd3f"), 8192).kind, "more");
  assert.is(firstPacket(hex("10 fe3f"), 8192).kind, "malformed");
  assert.is(firstPacket(hex("10 ffffff7f"), 8192).kind, "malformed");
  assert.is(firstPacket(hex("10 ffffffff"), 8192).kind, "malformed");
});

test("5: CONNACK tells the browser the id chosen for it", () => {
  // Topic alias maximum 10.
  const made = rewriteConnack(hex("20 06 00 00 03 22000a"), 5, "web-eve-1");
  if (made.kind !== "connack") throw new Error(made.reason);
  assert.ok(made.accepted);
  assert.equal(made.bytes, hex("20 12 00 00 0f 22000a 12 0009 7765622d6576652d31"));
});

test("3.1.1: CONNACK goes through as it is, accepted or not", () => {
  assert.equal(rewriteConnack(hex("20 02 00 00"), 4, "x"), {
    kind: "connack",
    bytes: hex("20 02 00 00"),
    accepted: true,
  });
  assert.equal(rewriteConnack(hex("20 02 00 05"), 4, "x"), {
    kind: "connack",
    bytes: hex("20 02 00 05"),
    accepted: false,
  });
});

test("5: a refusal of the broker goes through as it is", () => {
  const made = rewriteConnack(hex("20 03 00 87 00"), 5, "x");
  assert.equal(made, { kind: "connack", bytes: hex("20 03 00 87 00"), accepted: false });
});

test("a broker that does not begin with CONNACK is none", () => {
  for (const bytes of ["d0 00", "20 02 02 00", "30 05 0001 61 6869"]) {
    assert.is(rewriteConnack(hex(bytes), 4, "x").kind, "malformed");
  }
});

test.run();
