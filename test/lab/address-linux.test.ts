/**
 * The address driver on real kernels' tools: two network namespaces joined by a veth pair, a peer
 * that captures and learns. Needs root, `ip`, `socat`; counted as skipped elsewhere.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AddressAlert } from "../../hal/drivers/address-linux/announcer.ts";
import { openLinuxAddresses } from "../../hal/drivers/address-linux/driver.ts";
import {
  encodeArpProbe,
  encodeGratuitousArp,
  encodeNeighbourAdvertisement,
  packetAddress,
} from "../../hal/drivers/address-linux/protocol.ts";
import { readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import type { AddressPort, ForeignClaim } from "../../hal/ports/host.ts";
import { until, within } from "../deadline.ts";
import {
  ADDRESS,
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
  run,
  SIX,
} from "./address-linux-stage.ts";

interface World {
  alerts: AddressAlert[];
  ports: AddressPort[];
  open: () => AddressPort;
}

/** Raw frames the peer receives with the given EtherType; `ready` when it listens. */
function capture(ethertype: number): {
  frames: () => Buffer[];
  end: () => void;
  ready: Promise<unknown>;
} {
  const index = Number(ip(PEER, "-o", "link", "show", "dev", DEVICE).split(":")[0]);
  const protocol = ((ethertype & 0xff) << 8) | (ethertype >> 8);
  const socket = `SOCKET-RECV:17:3:${protocol}:${packetAddress(ethertype, index)}`;
  const args = ["netns", "exec", PEER, "socat", "-d", "-d", "-u", "-x", socket, "-"];
  const child = spawn("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.on("data", (part: Buffer) => {
    text += part.toString();
  });
  const frames = (): Buffer[] =>
    text
      .split("\n")
      .filter((line) => /^( [0-9a-f]{2})+\s*$/.test(line))
      .map((line) => Buffer.from(line.replaceAll(" ", ""), "hex"));
  const ready = until("capture runs", () => text.includes("starting data transfer loop"));
  return { frames, end: () => child.kill("SIGKILL"), ready };
}

const test = suite<World>("address-linux in namespaces");
/** Elsewhere every test counts as skipped. */
const whenPossible = isPossible ? test : test.skip;
if (!isPossible) console.log("SKIP address-linux in namespaces: needs root, ip and socat");

test.before(layCable);
test.after(removeCable);

test.before.each((w) => {
  w.alerts = [];
  w.ports = [];
  w.open = () => {
    const port = openLinuxAddresses({
      ...OWNER_SIDE,
      onAlert: (alert) => w.alerts.push(alert),
    });
    w.ports.push(port);
    return port;
  };
});

test.after.each(async (w) => {
  if (!isPossible) return;
  const last = w.open();
  for (const address of [ADDRESS, SIX, "10.77.0.101", "10.88.0.1", "10.88.0.2"]) {
    await last.down(address);
  }
  for (const port of w.ports) port.close();
});

whenPossible("issue 4: up and down are real, read back, and take a few milliseconds", async (w) => {
  const port = w.open();
  await port.up(ADDRESS, 24);
  assert.match(addresses(), `${ADDRESS}/24`);
  await port.up(SIX, 64);
  assert.match(addresses(), `${SIX}/64`);
  const line = addresses()
    .split("\n")
    .find((one) => one.includes(SIX));
  assert.not.match(line ?? "", "tentative");
  await port.down(ADDRESS);
  await port.down(SIX);
  assert.not.match(addresses(), /\.100|::100/);
  const rounds = 50;
  const beganAtMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await port.up(ADDRESS, 24);
    await port.down(ADDRESS);
  }
  const eachMs = (performance.now() - beganAtMs) / rounds / 2;
  console.log(`  up or down with read-back: ${eachMs.toFixed(2)} ms`);
  assert.ok(eachMs < 20, `${eachMs} ms`);
});

whenPossible(
  "architecture 1.8: what a killed owner left is adopted by the next driver",
  async (w) => {
    const first = w.open();
    await first.up(ADDRESS, 24);
    first.close();
    assert.match(addresses(), ADDRESS);
    const next = w.open();
    await next.up(ADDRESS, 24);
    await next.down(ADDRESS);
    assert.not.match(addresses(), ADDRESS);
  },
);

whenPossible("peers 4.6: five announcements at once leave as ten single ARP frames", async (w) => {
  const port = w.open();
  await port.up(ADDRESS, 24);
  const wire = capture(0x0806);
  await wire.ready;
  for (let count = 0; count < 5; count += 1) port.announce(ADDRESS);
  const own = hardwareOf(OWNER);
  const wanted = [
    encodeGratuitousArp("request", own, ADDRESS),
    encodeGratuitousArp("reply", own, ADDRESS),
  ];
  const ours = (): Buffer[] =>
    wire.frames().filter((frame) => wanted.some((one) => one.equals(frame)));
  await until("ten frames", () => ours().length === 10);
  assert.equal(wire.frames().length, ours().length, "and no joined ones");
  wire.end();
});

whenPossible("peers 4.6: the neighbour tables of a peer follow the announcement", async (w) => {
  const own = hardwareOf(OWNER);
  const stale = "02:00:00:00:00:77";
  for (const address of [ADDRESS, SIX]) {
    ip(PEER, "neigh", "replace", address, "lladdr", stale, "dev", DEVICE, "nud", "stale");
  }
  const port = w.open();
  await port.up(ADDRESS, 24);
  await port.up(SIX, 64);
  port.announce(ADDRESS);
  port.announce(SIX);
  for (const address of [ADDRESS, SIX]) {
    await until(`${address} learned`, () => ip(PEER, "neigh", "show", address).includes(own));
  }
});

whenPossible("RFC 4861 7.2.6: the advertisement arrives as one frame of 86 bytes", async (w) => {
  const port = w.open();
  await port.up(SIX, 64);
  const wire = capture(0x86dd);
  await wire.ready;
  port.announce(SIX);
  port.announce(SIX);
  const wanted = encodeNeighbourAdvertisement(hardwareOf(OWNER), SIX);
  await until("two", () => wire.frames().filter((frame) => frame.equals(wanted)).length === 2);
  wire.end();
});

whenPossible("RFC 5227 2.4: a peer that takes our address is noticed", async (w) => {
  const port = w.open();
  await port.up(ADDRESS, 24);
  const claim = within(
    "foreign claim",
    new Promise<ForeignClaim>((resolve) => port.onForeignClaim(resolve)),
  );
  const other = hardwareOf(PEER);
  const index = Number(ip(PEER, "-o", "link", "show", "dev", DEVICE).split(":")[0]);
  // Repeated until heard: the listening socat may have started just now.
  const frame = encodeGratuitousArp("request", other, ADDRESS);
  const target = `SOCKET-DATAGRAM:17:3:0:${packetAddress(0x0806, index)}`;
  const send = (): void => {
    const args = ["netns", "exec", PEER, "socat", "-u", "-b", "42", "-", target];
    spawnSync("ip", args, { input: frame });
  };
  const repeat = setInterval(send, 100);
  send();
  const heard = await claim.finally(() => clearInterval(repeat));
  assert.equal(heard, { address: ADDRESS, hardwareAddress: other });
});

whenPossible(
  "R115: an address that a stranger on the segment has is in use, else free",
  async (w) => {
    const port = w.open();
    assert.is(await port.probe(ADDRESS), "free");
    ip(PEER, "addr", "add", `${ADDRESS}/24`, "dev", DEVICE);
    const wire = capture(0x0806);
    await wire.ready;
    const beganAtMs = performance.now();
    const use = await port.probe(ADDRESS);
    const tookMs = performance.now() - beganAtMs;
    ip(PEER, "addr", "del", `${ADDRESS}/24`, "dev", DEVICE);
    assert.is(use, "in-use");
    console.log(`  a stranger is noticed in ${tookMs.toFixed(1)} ms`);
    const probe = encodeArpProbe(hardwareOf(OWNER), ADDRESS);
    await until("the probe as sent", () => wire.frames().some((frame) => frame.equals(probe)));
    wire.end();
    const answered = w.alerts.filter((alert) => alert.kind === "probe.answered");
    assert.match(answered[0]?.detail ?? "", hardwareOf(PEER));
    assert.is(await port.probe(ADDRESS), "free");
    await port.up(ADDRESS, 24);
    assert.is(await port.probe(ADDRESS), "free", "up here is no stranger");
  },
);

whenPossible("R115: a probe leaves the neighbour tables of a peer as they were", async (w) => {
  const other = "02:00:00:00:00:77";
  ip(PEER, "neigh", "replace", ADDRESS, "lladdr", other, "dev", DEVICE, "nud", "stale");
  assert.is(await w.open().probe(ADDRESS), "free");
  assert.match(ip(PEER, "neigh", "show", ADDRESS), other);
});

whenPossible(
  "addresses that the kernel takes along with a subnet's first are restored",
  async (w) => {
    const port = w.open();
    await port.up("10.88.0.1", 24);
    await port.up("10.88.0.2", 24);
    await port.down("10.88.0.1");
    assert.match(addresses(), "10.88.0.2/24");
    assert.not.match(addresses(), "10.88.0.1/24");
    assert.equal(
      w.alerts.map((alert) => alert.kind),
      ["address.restored"],
    );
  },
);

whenPossible("an interface made anew under the same name is found again", async (w) => {
  const port = w.open();
  await port.up(ADDRESS, 24);
  ip(OWNER, "link", "del", DEVICE);
  await port.down(ADDRESS);
  const peer = ["peer", "name", DEVICE, "netns", PEER];
  ip(OWNER, "link", "add", DEVICE, "type", "veth", ...peer);
  for (const netns of [OWNER, PEER]) ip(netns, "link", "set", DEVICE, "up");
  ip(PEER, "addr", "add", "10.77.0.9/24", "dev", DEVICE);
  await port.up(ADDRESS, 24);
  assert.match(addresses(), ADDRESS);
  const own = hardwareOf(OWNER);
  const stale = "02:00:00:00:00:77";
  ip(PEER, "neigh", "replace", ADDRESS, "lladdr", stale, "dev", DEVICE, "nud", "stale");
  port.announce(ADDRESS);
  await until("learned", () => ip(PEER, "neigh", "show", ADDRESS).includes(own));
  await port.down(ADDRESS);
});

whenPossible("P3: ip and socat end with the process that owns them, also by SIGKILL", async () => {
  const driver = new URL("../../hal/drivers/address-linux/driver.js", import.meta.url).href;
  const source = `
    const { openLinuxAddresses } = await import(${JSON.stringify(driver)});
    const port = openLinuxAddresses({ ...${JSON.stringify(OWNER_SIDE)}, onAlert() {} });
    await port.up("${ADDRESS}", 24);
    console.log("up");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await within("driver up", once(child.stdout, "data"));
  const list = `/proc/${child.pid}/task/${child.pid}/children`;
  const tools = run("cat", list).trim().split(" ").map(Number);
  assert.is(tools.length, 3, "ip and two socats");
  child.kill("SIGKILL");
  const gone = (pid: number): boolean => (readProcess(pid)?.state ?? "Z") === "Z";
  await until("tools gone", () => tools.every(gone));
  assert.match(addresses(), ADDRESS, "the address stays for the next driver");
});

test.run();
