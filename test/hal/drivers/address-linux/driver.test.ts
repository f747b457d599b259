/**
 * The address driver against emulated tools: confirmation by read-back, lost tools, foreign claims.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { ForeignClaim } from "../../../../hal/ports/host.ts";
import { until } from "../../../deadline.ts";
import { addressesOf, addressSuite, faultOf, open } from "./stage.ts";

const HARDWARE = Buffer.from("020000000a01", "hex");
const test = addressSuite("address-linux");

test("issue 4: up and down are answered when the interface shows it", async (w) => {
  await w.port.up("10.77.0.100", 24);
  assert.equal(addressesOf(w), ["10.77.0.100/24"]);
  await w.port.up("fd00:77::100", 64);
  await w.port.down("10.77.0.100");
  assert.equal(addressesOf(w), ["fd00:77::100/64"]);
  await w.port.down("FD00:77:0::100");
  assert.equal(addressesOf(w), []);
});

test("architecture 1.8: what is there is adopted, what is absent is down", async (w) => {
  writeFileSync(w.state, `[{"family":"inet","local":"10.77.0.100","prefixlen":24}]`);
  await w.port.up("10.77.0.100", 24);
  await w.port.down("10.77.0.101");
  assert.equal(addressesOf(w), ["10.77.0.100/24"]);
});

test("architecture 1.8: what an earlier driver left goes, whatever its prefix", async (w) => {
  writeFileSync(w.state, `[{"family":"inet","local":"10.77.0.100","prefixlen":16}]`);
  await w.port.down("10.77.0.100");
  assert.equal(addressesOf(w), []);
});

test("P1: orders at once are carried out in their order", async (w) => {
  await Promise.all([
    w.port.up("10.77.0.100", 24),
    w.port.down("10.77.0.100"),
    w.port.up("10.77.0.101", 24),
    w.port.up("10.77.0.102", 24),
    w.port.down("10.77.0.101"),
  ]);
  assert.equal(addressesOf(w), ["10.77.0.102/24"]);
});

test("an ip process that dies in the middle costs a repetition, not the order", async (w) => {
  await w.port.up("10.77.0.100", 24);
  writeFileSync(`${w.state}.die`, "");
  await w.port.down("10.77.0.100");
  assert.equal(addressesOf(w), []);
  assert.not.ok(existsSync(`${w.state}.die`));
});

test("an ip process that hangs is a fault within two timeouts", async (w) => {
  w.port.close();
  w.port = open(w, { timeoutMs: 200 });
  writeFileSync(`${w.state}.hang`, "");
  const fault = await faultOf(w.port.up("10.77.0.100", 24));
  assert.is(fault.code, "unconfirmed");
  assert.match(fault.message, "no answer in 200 ms");
});

test("an address that ip takes but the interface does not show is a fault", async (w) => {
  writeFileSync(`${w.state}.deaf`, "");
  assert.is((await faultOf(w.port.up("10.77.0.100", 24))).code, "refused");
  writeFileSync(w.state, `[{"family":"inet","local":"10.77.0.101","prefixlen":24}]`);
  const fault = await faultOf(w.port.down("10.77.0.101"));
  assert.match(fault.message, "10.77.0.101 is still on pub0");
});

test("without the interface up is refused in words and down is success", async (w) => {
  writeFileSync(`${w.state}.gone`, "");
  assert.match((await faultOf(w.port.up("10.77.0.100", 24))).message, "interface pub0 is missing");
  await w.port.down("10.77.0.100");
});

test("without the tool the fault says what to install", async (w) => {
  w.port.close();
  w.port = open(w, { ip: [join(w.dir, "no-ip")] });
  assert.match((await faultOf(w.port.up("10.77.0.100", 24))).message, "iproute2");
});

test("what is no address or no prefix never reaches ip", async (w) => {
  for (const [address, bits] of [
    ["10.77.0.100\naddr flush dev pub0", 24],
    ["fe80::1%pub0", 64],
    ["host.example", 24],
    ["10.77.0.100", 33],
    ["10.77.0.100", 1.5],
    ["fd00::1", 129],
  ] as const) {
    assert.is((await faultOf(w.port.up(address, bits))).code, "refused", address);
  }
  assert.throws(() => open(w, { networkInterface: "pub0 brd +" }));
});

test("peers 4.6: an announcement is both ARP forms, or one neighbour advertisement", async (w) => {
  await w.port.up("10.77.0.100", 24);
  w.port.announce("10.77.0.100");
  await until("two ARP frames", () => w.heard().length === 84);
  assert.is(w.heard().readUInt16BE(20), 1);
  assert.is(w.heard().readUInt16BE(42 + 20), 2);
  assert.equal(w.heard().subarray(6, 12), HARDWARE);
  await w.port.up("fd00:77::100", 64);
  w.port.announce("fd00:77::100");
  await until("advertisement", () => w.heard().length === 84 + 86);
  assert.is(w.heard().readUInt16BE(84 + 12), 0x86dd);
});

test("R113: only an address that is up here is announced", async (w) => {
  await w.port.up("10.77.0.100", 24);
  await w.port.down("10.77.0.100");
  w.port.announce("10.77.0.100");
  assert.equal(
    w.alerts.map((alert) => alert.kind),
    ["announce.failed"],
  );
  assert.is(w.heard().length, 0);
});

test("RFC 5227 2.4: another sender with our address is a foreign claim", async (w) => {
  const claims: ForeignClaim[] = [];
  w.port.onForeignClaim((claim) => claims.push(claim));
  await w.port.up("10.77.0.100", 24);
  await until("segment joined", () => w.sockets.size === 2);
  const arp = (hardware: string, sender: string): Buffer =>
    Buffer.from(
      `ffffffffffff${hardware}08060001080006040001${hardware}${sender}0000000000000a4d0001`,
      "hex",
    );
  const sendAll = (frame: Buffer): void => {
    for (const socket of w.sockets) socket.write(frame);
  };
  sendAll(arp("020000000a01", "0a4d0064"));
  sendAll(arp("0200000000bb", "0a4d0065"));
  sendAll(arp("0200000000bb", "0a4d0064"));
  await until("claim noticed", () => claims.length > 0);
  assert.equal(claims, [{ address: "10.77.0.100", hardwareAddress: "02:00:00:00:00:bb" }]);
});

test("a socat that ends is opened anew for the next announcement", async (w) => {
  await w.port.up("10.77.0.100", 24);
  await until("segment joined", () => w.sockets.size === 2);
  for (const socket of w.sockets) socket.destroy();
  const losses = (): number => w.alerts.filter((one) => one.kind === "announcer.lost").length;
  await until("loss of both told", () => losses() === 2);
  w.port.announce("10.77.0.100");
  await until("announced again", () => w.heard().length === 84);
});

test("without socat and arping every announcement that fails is told", async (w) => {
  w.port.close();
  w.alerts.length = 0;
  w.port = open(w, { socat: [join(w.dir, "no-socat")] });
  await w.port.up("10.77.0.100", 24);
  await until("degraded", () => w.alerts.some((alert) => alert.kind === "announce.degraded"));
  w.port.announce("10.77.0.100");
  await until("failed", () => w.alerts.some((alert) => alert.kind === "announce.failed"));
  assert.is(w.alerts.filter((alert) => alert.kind === "announce.degraded").length, 1);
});

test("after close every order is refused", async (w) => {
  w.port.close();
  assert.is((await faultOf(w.port.up("10.77.0.100", 24))).code, "closed");
  w.port.announce("10.77.0.100");
});

test.run();
