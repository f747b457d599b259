/**
 * What the tests of the address driver stand on: emulated tools, and a segment that hears everything.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite, type Test } from "uvu";
import type { AddressAlert } from "../../../../hal/drivers/address-linux/announcer.ts";
import {
  type LinuxAddressOptions,
  openLinuxAddresses,
} from "../../../../hal/drivers/address-linux/driver.ts";
import { type AddressPort, HostFault } from "../../../../hal/ports/host.ts";

export interface World {
  dir: string;
  state: string;
  port: AddressPort;
  alerts: AddressAlert[];
  segment: Server;
  sockets: Set<Socket>;
  /** Everything the emulated segment received, whoever sent it. */
  heard: () => Buffer;
}

const EMULATOR = fileURLToPath(
  new URL("../../../../hal/drivers/address-linux/emulator.js", import.meta.url),
);

export function open(w: World, more: Partial<LinuxAddressOptions> = {}): AddressPort {
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

export const addressesOf = (w: World): string[] =>
  existsSync(w.state)
    ? (JSON.parse(readFileSync(w.state, "utf8")) as { local: string; prefixlen: number }[]).map(
        (entry) => `${entry.local}/${entry.prefixlen}`,
      )
    : [];

/** The refusal of an order that must be refused. */
export async function faultOf(promise: Promise<void>): Promise<HostFault> {
  const error: unknown = await promise.then(
    () => new Error("was carried out"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HostFault)) throw error;
  return error;
}

/** A suite whose every test has a world of its own. */
export function addressSuite(name: string): Test<World> {
  const test = suite<World>(name);
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
  return test;
}
