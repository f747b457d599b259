/**
 * Two network namespaces joined by a veth pair, on which the address driver is tried with real
 * kernels: the owner's side and a peer's.
 */
import { spawnSync } from "node:child_process";

/** Own names per process, so that two runs at once do not meet. */
export const OWNER = `kage-own-${process.pid}`;
export const PEER = `kage-peer-${process.pid}`;
export const DEVICE = "pub0";
export const ADDRESS = "10.77.0.100";
export const SIX = "fd00:77::100";

export function run(...args: readonly string[]): string {
  const [tool = "", ...rest] = args;
  const result = spawnSync(tool, rest, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** The driver's tools on the owner's side. */
export const OWNER_SIDE = {
  networkInterface: DEVICE,
  ip: ["ip", "netns", "exec", OWNER, "ip"],
  socat: ["ip", "netns", "exec", OWNER, "socat"],
};

export const ip = (netns: string, ...args: readonly string[]): string =>
  run("ip", "-n", netns, ...args);
export const addresses = (): string => ip(OWNER, "-o", "addr", "show", "dev", DEVICE);

export function hardwareOf(netns: string): string {
  const found = /link\/ether (\S+)/.exec(ip(netns, "link", "show", "dev", DEVICE))?.[1];
  if (found === undefined) throw new Error("no hardware address");
  return found;
}

const hasTools = ["ip", "socat"].every((tool) => !spawnSync(tool, ["-V"]).error);
/** Root with the tools. */
export const isPossible = process.getuid?.() === 0 && hasTools;

export function layCable(): void {
  if (!isPossible) return;
  for (const netns of [OWNER, PEER]) run("ip", "netns", "add", netns);
  const peer = ["peer", "name", DEVICE, "netns", PEER];
  ip(OWNER, "link", "add", DEVICE, "type", "veth", ...peer);
  for (const netns of [OWNER, PEER]) ip(netns, "link", "set", DEVICE, "up");
  ip(OWNER, "addr", "add", "10.77.0.1/24", "dev", DEVICE);
  ip(PEER, "addr", "add", "10.77.0.9/24", "dev", DEVICE);
  ip(PEER, "addr", "add", "fd00:77::9/64", "dev", DEVICE, "nodad");
}

export function removeCable(): void {
  if (!isPossible) return;
  for (const netns of [OWNER, PEER]) run("ip", "netns", "del", netns);
}
