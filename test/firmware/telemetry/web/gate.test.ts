/**
 * The gate by tables: which Host headers are ours, which Origin is, what a target may look like, and which
 * addresses count as one attacker.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  addressKey,
  checkHost,
  checkOrigin,
  hostName,
  readCookie,
  readTarget,
} from "../../../../firmware/telemetry/web/gate.ts";

const plain = { secure: false, hostNames: ["cluster.example"] };

for (const host of [
  "127.0.0.1:8090",
  "192.168.1.5",
  "[::1]:8090",
  "[fe80::1]",
  "localhost:8090",
  "LOCALHOST",
  "cluster.example:8090",
  "Cluster.Example.",
]) {
  test(`Host ${host} is this server`, () => {
    assert.is(checkHost(host, plain).kind, "pass");
  });
}

for (const host of [
  "",
  "evil.example",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "evil.example:127",
  "127.0.0.1:8090:1",
  "user@127.0.0.1",
  "127.0.0.1/x",
  "[::1",
  "[zz]:1",
  "999.1.1.1",
  "0x7f000001",
  "2130706433",
  "a".repeat(400),
]) {
  test(`DNS rebinding: Host ${JSON.stringify(host.slice(0, 40))} is refused`, () => {
    assert.is(checkHost(host, plain).kind, "wrong-host");
  });
}

const origins: readonly [origin: string, host: string, secure: boolean, passes: boolean][] = [
  ["http://127.0.0.1:8090", "127.0.0.1:8090", false, true],
  ["http://[::1]:8090", "[::1]:8090", false, true],
  ["https://127.0.0.1:8090", "127.0.0.1:8090", true, true],
  ["https://10.0.0.1", "10.0.0.1:443", true, true],
  ["http://10.0.0.1", "10.0.0.1:80", false, true],
  ["http://[::1]", "[::1]:80", false, true],
  ["", "127.0.0.1:8090", false, false],
  ["null", "127.0.0.1:8090", false, false],
  ["http://127.0.0.1:8091", "127.0.0.1:8090", false, false],
  ["http://127.0.0.1", "127.0.0.1:8090", false, false],
  ["https://127.0.0.1:8090", "127.0.0.1:8090", false, false],
  ["http://127.0.0.1:8090.evil.example", "127.0.0.1:8090", false, false],
  ["http://evil.example", "127.0.0.1:8090", false, false],
  ["http://127.0.0.1:8090/", "127.0.0.1:8090", false, false],
];
for (const [origin, host, secure, passes] of origins) {
  test(`Origin ${origin || "(none)"} for Host ${host} ${passes ? "passes" : "is refused"}`, () => {
    const kind = checkOrigin(origin, host, { ...plain, secure }).kind;
    assert.is(kind, passes ? "pass" : "wrong-origin");
  });
}

test("a target is a path and a query, nothing else", () => {
  const found = readTarget("/status?lang=ja&x=%3C");
  assert.is(found?.path, "/status");
  assert.is(found?.query.get("lang"), "ja");
  assert.is(found?.query.get("x"), "<");
  for (const bad of [
    "http://evil.example/",
    "//evil.example/",
    "*",
    "",
    "status",
    "/assets/../users.json",
    "/assets/%2e%2e/users.json",
    "/a\\b",
    "/a\0",
  ]) {
    assert.is(readTarget(bad), null, bad);
  }
});

test("a host name loses port, case, brackets and the final dot", () => {
  assert.is(hostName("Name.Example.:80"), "name.example");
  assert.is(hostName("[2001:DB8::1]:443"), "2001:db8::1");
  assert.is(hostName("a b"), null);
});

test("one attacker is one IPv4 address or one IPv6 /64", () => {
  assert.is(addressKey("::ffff:10.0.0.1"), "10.0.0.1");
  assert.is(addressKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  assert.is(addressKey("2001:db8:1:2::9"), "2001:db8:1:2");
  assert.is(addressKey("2001:db8::9"), "2001:db8:0:0");
  assert.is(addressKey("::1"), "0:0:0:0");
  assert.is(addressKey("fe80::1%eth0"), "fe80:0:0:0");
});

test("a cookie that is there twice is nobody's", () => {
  assert.is(readCookie("a=1; kage_session=x; b=2", "kage_session"), "x");
  assert.is(readCookie("kage_session=x; kage_session=y", "kage_session"), null);
  assert.is(readCookie("xkage_session=x", "kage_session"), null);
  assert.is(readCookie("", "kage_session"), null);
});

test.run();
