/**
 * IPv6 on real kernels: who claims our address and who probes for one is heard, and the kernel's own
 * duplicate address detection is the counterpart. Needs root, `ip`, `socat`; counted as skipped elsewhere.
 */
import { spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AddressAlert } from "../../hal/drivers/address-linux/announcer.ts";
import { openLinuxAddresses } from "../../hal/drivers/address-linux/driver.ts";
import { encodeNeighbourProbe } from "../../hal/drivers/address-linux/neighbour.ts";
import {
  encodeNeighbourAdvertisement,
  packetAddress,
} from "../../hal/drivers/address-linux/protocol.ts";
import type { AddressPort, ForeignClaim } from "../../hal/ports/host.ts";
import { until } from "../deadline.ts";
import {
  addresses,
  DEVICE,
  hardwareOf,
  ip,
  isPossible,
  layCable,
  OWNER,
  OWNER_SIDE,
  PEER,
  removeCable,
  SIX,
} from "./address-linux-stage.ts";

interface World {
  alerts: AddressAlert[];
  port: AddressPort;
}

const test = suite<World>("address-linux, IPv6 in namespaces");
/** Elsewhere every test counts as skipped. */
const whenPossible = isPossible ? test : test.skip;
if (!isPossible) console.log("SKIP address-linux, IPv6: needs root, ip and socat");

test.before(layCable);
test.after(removeCable);

test.before.each((w) => {
  w.alerts = [];
  w.port = openLinuxAddresses({
    ...OWNER_SIDE,
    onAlert: (alert) => w.alerts.push(alert),
  });
});

test.after.each(async (w) => {
  if (isPossible) await w.port.down(SIX);
  w.port.close();
});

/** Frames from the peer, again and again until `stop`: who listens may have started just now. */
function repeatFromPeer(frames: readonly Buffer[]): { stop: () => void } {
  const index = Number(ip(PEER, "-o", "link", "show", "dev", DEVICE).split(":")[0]);
  const target = `SOCKET-DATAGRAM:17:3:0:${packetAddress(0x86dd, index)}`;
  const args = ["netns", "exec", PEER, "socat", "-u", "-b", "86", "-", target];
  const child = spawn("ip", args, { stdio: ["pipe", "ignore", "inherit"] });
  const repeat = setInterval(() => child.stdin.write(Buffer.concat(frames)), 50);
  const stop = (): void => {
    clearInterval(repeat);
    child.stdin.end();
  };
  return { stop };
}

const shown = (): string => ip(PEER, "-6", "-o", "addr", "show", "dev", DEVICE, "to", SIX);

/** What the peer's kernel found when it took the address with its own detection. */
async function settledDad(): Promise<"duplicate" | "unique"> {
  const settled = (): boolean => shown().includes("dadfailed") || !shown().includes("tentative");
  await until("detection settled", settled);
  const said = shown().includes("dadfailed") ? "duplicate" : "unique";
  ip(PEER, "addr", "del", `${SIX}/64`, "dev", DEVICE);
  return said;
}

whenPossible("RFC 4861 7.2.6: a peer that takes our IPv6 address is noticed", async ({ port }) => {
  await port.up(SIX, 64);
  const claims: ForeignClaim[] = [];
  port.onForeignClaim((claim) => claims.push(claim));
  const other = hardwareOf(PEER);
  // Our own word and another address first: neither is a claim.
  const peer = repeatFromPeer([
    encodeNeighbourAdvertisement(hardwareOf(OWNER), SIX),
    encodeNeighbourAdvertisement(other, "fd00:77::101"),
    encodeNeighbourAdvertisement(other, SIX),
  ]);
  await until("claim", () => claims.length > 0).finally(peer.stop);
  const expected = { address: SIX, hardwareAddress: other };
  assert.equal(claims, Array(claims.length).fill(expected));
});

whenPossible("R115: an IPv6 address that a stranger has is in use, else free", async (w) => {
  assert.is(await w.port.probe(SIX), "free");
  ip(PEER, "addr", "add", `${SIX}/64`, "dev", DEVICE, "nodad");
  const beganAtMs = performance.now();
  const use = await w.port.probe(SIX);
  const tookMs = performance.now() - beganAtMs;
  ip(PEER, "addr", "del", `${SIX}/64`, "dev", DEVICE);
  assert.is(use, "in-use");
  console.log(`  a stranger is noticed in ${tookMs.toFixed(1)} ms`);
  const answered = w.alerts.filter((alert) => alert.kind === "probe.answered");
  assert.match(answered[0]?.detail ?? "", hardwareOf(PEER));
  assert.is(await w.port.probe(SIX), "free");
  await w.port.up(SIX, 64);
  assert.is(await w.port.probe(SIX), "free", "up here is no stranger");
});

whenPossible("R115: a probe leaves the neighbour tables of a peer as they were", async (w) => {
  const other = "02:00:00:00:00:77";
  ip(PEER, "neigh", "replace", SIX, "lladdr", other, "dev", DEVICE, "nud", "stale");
  assert.is(await w.port.probe(SIX), "free");
  assert.match(ip(PEER, "neigh", "show", SIX), other);
});

whenPossible("RFC 4862 5.4.3: a stranger's probe for the same address is heard", async (w) => {
  const probe = encodeNeighbourProbe(hardwareOf(PEER), SIX, Buffer.from("a1a2a3a4a5a6", "hex"));
  const stranger = repeatFromPeer([probe]);
  assert.is(await w.port.probe(SIX).finally(stranger.stop), "in-use");
  assert.match(w.alerts[0]?.detail ?? "", "another station");
});

whenPossible(
  "RFC 4862 5.4.3: our probe and a kernel's at once: not both get the address",
  async (w) => {
    const asked = w.port.probe(SIX);
    // In the middle of the probe, which is the case that is tested; no event tells where it is.
    const add = setTimeout(() => ip(PEER, "addr", "add", `${SIX}/64`, "dev", DEVICE), 60);
    const use = await asked.finally(() => clearTimeout(add));
    assert.not.equal([use, await settledDad()], ["free", "unique"]);
  },
);

whenPossible("RFC 4862 5.4: an address that is up here is a duplicate for others", async (w) => {
  const claims: ForeignClaim[] = [];
  w.port.onForeignClaim((claim) => claims.push(claim));
  await w.port.up(SIX, 64);
  ip(PEER, "addr", "add", `${SIX}/64`, "dev", DEVICE);
  assert.is(await settledDad(), "duplicate");
  assert.match(addresses(), SIX);
  assert.equal(claims, [], "asking is not claiming");
});

test.run();
