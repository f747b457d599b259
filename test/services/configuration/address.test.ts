/** Addresses and endpoints: two spellings of one address are one, wrong ones are null. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  canonicalIp,
  parseComDevice,
  parseDiskPath,
  parseEndpoint,
  parseIp,
  sameNetwork,
  unusableAsHost,
} from "../../../services/configuration/address.ts";

const ip = (text: string): readonly number[] => parseIp(text) ?? [];

test("IPv4 is four plain decimal numbers; octal, short and padded forms are refused", () => {
  assert.equal(parseIp("192.168.0.3"), [192, 168, 0, 3]);
  for (const text of ["192.168.0", "192.168.0.256", "192.168.00.3", "0x7f.0.0.1", "1.2.3.4 ", ""]) {
    assert.is(parseIp(text), null, text);
  }
});

test("IPv6 in every spelling of RFC 4291 2.2 gives the same bytes", () => {
  const bytes = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  assert.equal(parseIp("2001:db8::1"), bytes);
  assert.equal(parseIp("2001:DB8:0:0:0:0:0:1"), bytes);
  assert.equal(parseIp("2001:0db8::0.0.0.1"), bytes);
  assert.is(canonicalIp("fd00::0001"), canonicalIp("FD00:0:0:0:0:0:0:1"));
  const wrong = [
    "1::2::3",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "g::1",
  ];
  for (const text of [...wrong, "fe80::1%eth0", "1.2.3.4::1", "1:2:3:4:5:6:7:8::"]) {
    assert.is(parseIp(text), null, text);
  }
});

test("an endpoint is an address and a port from 1 to 65535", () => {
  assert.equal(parseEndpoint("127.0.0.1:7001"), { host: "127.0.0.1", port: 7001 });
  assert.equal(parseEndpoint("[fd00::1]:65535"), { host: "fd00::1", port: 65_535 });
  const wrong = ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:07001", "fd00::1:7001"];
  for (const text of [...wrong, "[127.0.0.1]:1", "host:1", ":1", "127.0.0.1:1x"]) {
    assert.is(parseEndpoint(text), null, text);
  }
});

test("devices and disk paths are absolute paths or the rack's two forms", () => {
  assert.equal(parseComDevice("/dev/ttyS0"), { kind: "serial", path: "/dev/ttyS0" });
  assert.is(parseComDevice("tcp://127.0.0.1:5")?.kind, "tcp");
  assert.is(parseComDevice("ttyS0"), null);
  assert.is(parseComDevice("tcp://host:5"), null);
  assert.equal(parseDiskPath("nbd://127.0.0.1:1080/array"), {
    kind: "nbd",
    endpoint: { host: "127.0.0.1", port: 1080 },
    exportName: "array",
  });
  for (const text of ["nbd://127.0.0.1:1080", "nbd://127.0.0.1/array", "disk", "/"]) {
    assert.is(parseDiskPath(text), null, text);
  }
});

test("R115: two addresses are in one network when the prefix says so", () => {
  assert.ok(sameNetwork(ip("192.168.0.1"), ip("192.168.1.1"), 23));
  assert.not(sameNetwork(ip("192.168.0.1"), ip("192.168.1.1"), 24));
  assert.ok(sameNetwork(ip("10.0.0.127"), ip("10.0.0.1"), 25));
  assert.not(sameNetwork(ip("10.0.0.128"), ip("10.0.0.1"), 25));
  assert.not(sameNetwork(ip("10.0.0.1"), ip("fd00::1"), 1));
});

test("network, broadcast, multicast and unspecified addresses are no host addresses", () => {
  assert.match(unusableAsHost(ip("192.168.0.0"), 24) ?? "", "network itself");
  assert.match(unusableAsHost(ip("192.168.1.255"), 23) ?? "", "broadcast");
  assert.is(unusableAsHost(ip("192.168.0.255"), 23), null);
  assert.is(unusableAsHost(ip("10.0.0.0"), 31), null);
  assert.ok(unusableAsHost(ip("224.0.0.1"), 24));
  assert.ok(unusableAsHost(ip("0.0.0.0"), 24));
  assert.ok(unusableAsHost(ip("ff02::1"), 64));
  assert.ok(unusableAsHost(ip("::"), 64));
  assert.is(unusableAsHost(ip("fd00::1"), 64), null);
});

test.run();
