/**
 * ARP and neighbour advertisement byte for byte; expectations are written from the RFCs by hand.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseInterface } from "../../../../hal/drivers/address-linux/ip-batch.ts";
import {
  cutArpStream,
  encodeArpProbe,
  encodeGratuitousArp,
  encodeNeighbourAdvertisement,
  ipv6Bytes,
  packetAddress,
  parseArp,
  sameAddress,
} from "../../../../hal/drivers/address-linux/protocol.ts";

const HARDWARE = "02:00:00:00:0a:01";
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

const REQUEST = bytes(
  "ffffffffffff 020000000a01 0806 0001 0800 06 04 0001 020000000a01 0a4d0064 ffffffffffff 0a4d0064",
);
const REPLY = bytes(
  "ffffffffffff 020000000a01 0806 0001 0800 06 04 0002 020000000a01 0a4d0064 020000000a01 0a4d0064",
);
const FOREIGN = bytes(
  "ffffffffffff 0200000000bb 0806 0001 0800 06 04 0001 0200000000bb 0a4d0064 000000000000 0a4d0001",
);

test("RFC 5227 3: the request form is a broadcast ARP request with sender = target address", () => {
  assert.equal(encodeGratuitousArp("request", HARDWARE, "10.77.0.100"), REQUEST);
});

test("RFC 5227 3: the reply form differs in opcode and target hardware", () => {
  assert.equal(encodeGratuitousArp("reply", HARDWARE, "10.77.0.100"), REPLY);
});

test("RFC 5227 2.1.1: a probe asks for the target address and claims none: sender address 0", () => {
  const expected = bytes(
    "ffffffffffff 020000000a01 0806 0001 0800 06 04 0001 020000000a01 00000000 000000000000 0a4d0064",
  );
  assert.equal(encodeArpProbe(HARDWARE, "10.77.0.100"), expected);
});

test("RFC 4861 7.2.6: all nodes, Override and the link-layer option", () => {
  const expected = bytes(
    `333300000001 020000000a01 86dd
     60000000 0020 3a ff fd000077000000000000000000000100 ff020000000000000000000000000001
     88 00 4daf 20000000 fd000077000000000000000000000100 02 01 020000000a01`.replace(/\s/g, ""),
  );
  assert.equal(encodeNeighbourAdvertisement(HARDWARE, "fd00:77::100"), expected);
});

test("packet(7): a link-layer socket address names EtherType, interface and broadcast", () => {
  assert.is(packetAddress(0x0806, 7), "x0806070000000100" + "0006ffffffffffff0000");
});

test("RFC 826: sender, target and form of a foreign packet are read, padding is ignored", () => {
  const padded = Buffer.concat([FOREIGN, Buffer.alloc(18)]);
  assert.equal(parseArp(padded), {
    kind: "arp",
    packet: {
      form: "request",
      senderHardware: "02:00:00:00:00:bb",
      senderAddress: "10.77.0.100",
      targetAddress: "10.77.0.1",
    },
  });
});

test("RFC 826: truncated, other types and other opcodes are malformed, never an exception", () => {
  for (let length = 0; length < 42; length += 1) {
    assert.is(parseArp(REQUEST.subarray(0, length)).kind, "malformed");
  }
  for (const [at, value] of [
    [12, 0x86],
    [15, 6],
    [16, 0x86],
    [18, 8],
    [19, 16],
    [21, 3],
  ] as const) {
    const bad = Buffer.from(REQUEST);
    bad[at] = value;
    assert.is(parseArp(bad).kind, "malformed", `byte ${at}`);
  }
});

test("a stream shifted by a short frame comes back into step and loses only that frame", () => {
  const runt = FOREIGN.subarray(0, 30);
  const stream = Buffer.concat([REQUEST, runt, FOREIGN, REPLY, REQUEST.subarray(0, 10)]);
  const { packets, rest } = cutArpStream(stream);
  assert.equal(
    packets.map((packet) => packet.senderHardware),
    ["02:00:00:00:0a:01", "02:00:00:00:00:bb", "02:00:00:00:0a:01"],
  );
  assert.ok(rest.length < 42);
  const next = cutArpStream(Buffer.concat([rest, REQUEST.subarray(10)]));
  assert.is(next.packets.length, 1);
  assert.is(next.rest.length, 0);
});

test("garbage without any frame is dropped down to less than one frame", () => {
  const { packets, rest } = cutArpStream(Buffer.alloc(10_000, 0xff));
  assert.is(packets.length, 0);
  assert.ok(rest.length < 42);
});

test("RFC 4291 2.2: IPv6 addresses in every notation become 16 bytes", () => {
  const hex = (text: string): string => ipv6Bytes(text).toString("hex");
  assert.is(hex("::"), "0".repeat(32));
  assert.is(hex("::1"), `${"0".repeat(31)}1`);
  assert.is(hex("fd00::"), `fd00${"0".repeat(28)}`);
  assert.is(hex("2001:DB8:0:1:2:3:4:5"), "20010db8000000010002000300040005");
  assert.is(hex("::ffff:192.0.2.1"), "00000000000000000000ffffc0000201");
  assert.throws(() => ipv6Bytes("fe80::1%eth0"));
  assert.ok(sameAddress("FD00:0::5", "fd00::5"));
  assert.not.ok(sameAddress("10.0.0.1", "10.0.0.10"));
  assert.not.ok(sameAddress("::1", "127.0.0.1"));
});

test("ip -json: an interface is read, and whatever else comes is no interface", () => {
  const link = `"ifindex":2,"ifname":"pub0","address":"ae:a0:43:42:13:48"`;
  const addresses = `{"family":"inet","local":"10.77.0.100","prefixlen":24},{"broken":1}`;
  const line = `[{${link},"addr_info":[${addresses}]}]`;
  assert.equal(parseInterface(line, "pub0"), {
    index: 2,
    hardware: "ae:a0:43:42:13:48",
    addresses: [{ address: "10.77.0.100", prefixLength: 24 }],
  });
  for (const bad of ["[]", "[{}]", "[{", "[null]", '["x"]', `[{"ifname":"pub0"}]`]) {
    assert.is(parseInterface(bad, "pub0"), null, bad);
  }
  assert.is(parseInterface(line, "pub1"), null);
});

test.run();
