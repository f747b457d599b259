/**
 * Who holds the address? Probes of both families against emulated tools (RFC 5227, RFC 4862).
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { ForeignClaim } from "../../../../hal/ports/host.ts";
import { until } from "../../../deadline.ts";
import { addressesOf, addressSuite, faultOf, open, type World } from "./stage.ts";

const test = addressSuite("address-linux probes");

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
    // Longer than the silence that is waited for: counted from the order, it would be over before.
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

test.run();
