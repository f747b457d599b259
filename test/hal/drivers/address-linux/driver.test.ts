/**
 * The address driver against emulated tools: confirmation by read-back, lost tools, foreign claims.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AddressAlert } from "../../../../hal/drivers/address-linux/announcer.ts";
import {
  type LinuxAddressOptions,
  openLinuxAddresses,
} from "../../../../hal/drivers/address-linux/driver.ts";
import { waitUntilEmpty } from "../../../../hal/drivers/process-tree/process-tree.ts";
import { type AddressPort, type ForeignClaim, HostFault } from "../../../../hal/ports/host.ts";

interface World {
  dir: string;
  state: string;
  port: AddressPort;
  alerts: AddressAlert[];
  segment: Server;
  sockets: Set<Socket>;
  /** Everything the emulated segment received, whoever sent it. */
  heard: () => Buffer;
}

const DEADLINE_MS = 10_000;
const HARDWARE = Buffer.from("020000000a01", "hex");
const EMULATOR = fileURLToPath(
  new URL("../../../../hal/drivers/address-linux/emulator.js", import.meta.url),
);
const test = suite<World>("address-linux");

async function until(what: string, holds: () => boolean): Promise<void> {
  const self = [{ pid: 0, startTicks: 0 }];
  assert.is((await waitUntilEmpty(() => (holds() ? [] : self), DEADLINE_MS)).length, 0, what);
}

function open(w: World, more: Partial<LinuxAddressOptions> = {}): AddressPort {
  return openLinuxAddresses({
    networkInterface: "pub0",
    onAlert: (alert) => w.alerts.push(alert),
    ip: [process.execPath, EMULATOR, "ip", w.state],
    socat: [process.execPath, EMULATOR, "segment", join(w.dir, "segment")],
    arping: [join(w.dir, "no-arping")],
    timeoutMs: 3000,
    ...more,
  });
}

const addressesOf = (w: World): string[] =>
  existsSync(w.state)
    ? (JSON.parse(readFileSync(w.state, "utf8")) as { local: string; prefixlen: number }[]).map(
        (entry) => `${entry.local}/${entry.prefixlen}`,
      )
    : [];

async function faultOf(promise: Promise<void>): Promise<HostFault> {
  const error: unknown = await promise.then(
    () => new Error("was carried out"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HostFault)) throw error;
  return error;
}

test.before.each(async (w) => {
  w.dir = mkdtempSync(join(tmpdir(), "kage-address-"));
  w.state = join(w.dir, "state");
  w.alerts = [];
  w.sockets = new Set();
  const parts: Buffer[] = [];
  w.heard = () => Buffer.concat(parts);
  w.segment = createServer((socket) => {
    w.sockets.add(socket);
    socket.on("data", (part) => parts.push(part));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => w.sockets.delete(socket));
  }).listen(join(w.dir, "segment"));
  await once(w.segment, "listening");
  w.port = open(w);
});

test.after.each((w) => {
  w.port.close();
  for (const socket of w.sockets) socket.destroy();
  w.segment.close();
  rmSync(w.dir, { recursive: true, force: true });
});

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

test("R9: only an address that is up here is announced", async (w) => {
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

const PROBE = Buffer.from(
  "ffffffffffff020000000a0108060001080006040001020000000a01000000000000000000000a4d0064",
  "hex",
);

/** To everybody on the emulated segment; `target` is the address asked for. */
function speak(w: World, hardware: string, sender: string, target: string): void {
  const head = `ffffffffffff${hardware}08060001080006040001${hardware}`;
  const frame = Buffer.from(`${head}${sender}000000000000${target}`, "hex");
  for (const socket of w.sockets) socket.write(frame);
}

test("R115 RFC 5227 2.1: three probes and nobody's answer: the address is free", async (w) => {
  await until("segment joined", () => w.sockets.size === 2);
  const beganAtMs = performance.now();
  assert.is(await w.port.probe("10.77.0.100"), "free");
  const tookMs = performance.now() - beganAtMs;
  assert.ok(tookMs >= 330, `listened for ${tookMs} ms only`);
  await until("three probes", () => w.heard().length >= 3 * PROBE.length);
  assert.equal(w.heard(), Buffer.concat([PROBE, PROBE, PROBE]));
  assert.equal(addressesOf(w), [], "asking brings nothing up");
  assert.equal(w.alerts, []);
});

test("R115 RFC 5227 2.1.1: another's word for the address, or his own probe for it, is in-use", async (w) => {
  for (const [sender, target] of [
    ["0a4d0064", "0a4d0001"],
    ["00000000", "0a4d0064"],
  ] as const) {
    await until("segment joined", () => w.sockets.size === 2);
    const before = w.heard().length;
    const asked = w.port.probe("10.77.0.100");
    await until("probe heard", () => w.heard().length > before);
    speak(w, "020000000a01", sender, target);
    speak(w, "0200000000bb", "0a4d0065", "0a4d0001");
    speak(w, "0200000000bb", "0a4d0001", "0a4d0064");
    speak(w, "0200000000cc", sender, target);
    assert.is(await asked, "in-use");
  }
  const detail = "10.77.0.100: 02:00:00:00:00:cc on pub0 holds it";
  const told = { kind: "probe.answered", detail };
  assert.equal(w.alerts, [told, told]);
});

test("R115: own words and others' questions do not make an address taken", async (w) => {
  await until("segment joined", () => w.sockets.size === 2);
  const asked = w.port.probe("10.77.0.100");
  await until("probe heard", () => w.heard().length > 0);
  speak(w, "020000000a01", "0a4d0064", "0a4d0064");
  speak(w, "0200000000bb", "0a4d0009", "0a4d0064");
  speak(w, "0200000000bb", "00000000", "0a4d0065");
  assert.is(await asked, "free");
});

test("architecture 1.8: an address that is on the interface is ours and is not asked for", async (w) => {
  writeFileSync(w.state, `[{"family":"inet","local":"10.77.0.100","prefixlen":24}]`);
  assert.is(await w.port.probe("10.77.0.100"), "free");
  assert.is(w.heard().length, 0);
});

/** The kernel's view of a neighbour message: ICMPv6 alone, to every listener on the segment. */
function speakSix(w: World, type: "88" | "87", target: string, option: string): void {
  const flags = type === "88" ? "20000000" : "00000000";
  const message = Buffer.from(`${type}001234${flags}${target}${option}`, "hex");
  for (const socket of w.sockets) socket.write(message);
}

const SIX = "fd000077000000000000000000000100";

test("R115 RFC 4862 5.4: three probes and nobody's answer: the IPv6 address is free", async (w) => {
  await until("segment joined", () => w.sockets.size === 2);
  assert.is(await w.port.probe("fd00:77::100"), "free");
  await until("three probes", () => w.heard().length >= 3 * 86);
  const probe = w.heard().subarray(0, 86);
  assert.equal(w.heard(), Buffer.concat([probe, probe, probe]));
  const head = `3333ff000100020000000a0186dd6000000000203aff${"00".repeat(16)}`;
  assert.is(probe.toString("hex", 0, 38), head);
  assert.is(probe.toString("hex", 62, 78), SIX);
  assert.equal(addressesOf(w), [], "asking brings nothing up");
  assert.equal(w.alerts, []);
  await until("who asked is gone, who listens stays", () => w.sockets.size === 3);
});

test("R115 RFC 4862 5.4.3: another's advertisement, or his own probe for it, is in-use", async (w) => {
  // Two addresses: the listener of all neighbours repeats the first answer, maybe during the second.
  for (const [last, type, option, who] of [
    ["100", "88", "02010200000000cc", "02:00:00:00:00:cc"],
    ["101", "87", "0e01a1a2a3a4a5a6", "another station"],
  ] as const) {
    const asked = w.port.probe(`FD00:77:0::${last}`);
    const target = SIX.replace("0100", `0${last}`);
    await until("probe heard", () => w.heard().includes(Buffer.from(target, "hex")));
    speakSix(w, type, target, option);
    assert.is(await asked, "in-use");
    const detail = `fd00:77::${last}: ${who} on pub0 holds it`;
    assert.equal(w.alerts.splice(0), [{ kind: "probe.answered", detail }]);
  }
});

test("R115: own words and others' questions do not make an IPv6 address taken", async (w) => {
  const asked = w.port.probe("fd00:77::100");
  await until("probe heard", () => w.heard().length > 0);
  speakSix(w, "87", SIX, w.heard().toString("hex", 78, 86));
  speakSix(w, "88", SIX, "0201020000000a01");
  speakSix(w, "87", SIX, "01010200000000bb");
  speakSix(w, "88", SIX.replace("0100", "0101"), "02010200000000bb");
  assert.is(await asked, "free");
});

test("RFC 4861 7.2.6: another's advertisement of our IPv6 address is a foreign claim", async (w) => {
  const claims: ForeignClaim[] = [];
  w.port.onForeignClaim((claim) => claims.push(claim));
  await w.port.up("fd00:77::100", 64);
  await until("segment joined", () => w.sockets.size === 3);
  speakSix(w, "88", SIX, "0201020000000a01");
  speakSix(w, "88", SIX.replace("0100", "0101"), "02010200000000bb");
  speakSix(w, "87", SIX, "0e01a1a2a3a4a5a6");
  speakSix(w, "87", SIX, "01010200000000bb");
  speakSix(w, "88", SIX, "02010200000000bb");
  await until("claim noticed", () => claims.length > 0);
  assert.equal(claims, [{ address: "fd00:77::100", hardwareAddress: "02:00:00:00:00:bb" }]);
  await w.port.down("fd00:77::100");
  speakSix(w, "88", SIX, "02010200000000bb");
  assert.is(await w.port.probe("fd00:77::101"), "free", "time enough for what must not come");
  assert.is(claims.length, 1);
});

test("IPv4 alone opens no listener for IPv6", async (w) => {
  await w.port.up("10.77.0.100", 24);
  assert.is(await w.port.probe("10.77.0.101"), "free");
  assert.is(w.sockets.size, 2);
});

test("R115: who cannot ask does not know: no socat (told), a pipe lost meanwhile", async (w) => {
  await until("segment joined", () => w.sockets.size === 2);
  const asked = w.port.probe("10.77.0.100");
  await until("probe heard", () => w.heard().length > 0);
  for (const socket of w.sockets) socket.destroy();
  assert.is(await asked, "unknown");
  w.port.close();
  w.port = open(w, { socat: [join(w.dir, "no-socat")] });
  await until("degraded", () => w.alerts.some((alert) => alert.kind === "announce.degraded"));
  assert.is(await w.port.probe("10.77.0.100"), "unknown");
  assert.is(w.alerts.filter((alert) => alert.kind === "probe.unavailable").length, 2);
  const last = w.port.probe("10.77.0.100");
  w.port.close();
  assert.is((await faultOf(last.then(() => undefined))).code, "closed");
});

for (const address of ["10.77.0.100", "fd00:77::100"]) {
  test(`R115: ${address}: silence counts only from when the tool asks`, async (w) => {
    w.port.close();
    writeFileSync(join(w.dir, "segment.slow"), "");
    await until("only the slow ones are left", () => w.sockets.size === 0);
    w.port = open(w);
    setTimeout(() => rmSync(join(w.dir, "segment.slow")), 600);
    assert.is(await w.port.probe(address), "free");
    const frameBytes = address.includes(":") ? 86 : PROBE.length;
    assert.is(w.heard().length, 3 * frameBytes);
  });
}

test("R115: a tool that never opens its sockets has not asked", async (w) => {
  w.port.close();
  writeFileSync(join(w.dir, "segment.slow"), "");
  w.port = open(w);
  assert.is(await w.port.probe("10.77.0.100"), "unknown");
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
