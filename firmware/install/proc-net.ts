/**
 * Addresses, networks and sockets of a machine as its kernel lists them in /proc/net. Pure parsers: a
 * line that is not understood is left out, because a check must not end at an odd kernel.
 * Source: proc(5); kernel net/ipv4/fib_trie.c, net/ipv6/addrconf.c, Documentation/networking/proc_net_tcp.
 */
import { BlockList, isIPv6 } from "node:net";

export interface Network {
  readonly device: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface ListeningPort {
  /** As the kernel shows it, canonical; the zero address = every address. */
  readonly host: string;
  readonly port: number;
}

/** IPv4 addresses of the machine from /proc/net/fib_trie. */
export function parseLocalAddresses(fibTrie: string): ReadonlySet<string> {
  const found = new Set<string>();
  let last = "";
  for (const line of fibTrie.split("\n")) {
    const address = /\|--\s+(\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1];
    if (address !== undefined) last = address;
    else if (/\/32 host LOCAL/.test(line) && last !== "") found.add(last);
  }
  return found;
}

/** Networks that hang on a device directly, from /proc/net/route (hex in host byte order). */
export function parseRoutes(route: string): readonly Network[] {
  return route.split("\n").flatMap((line) => {
    const [device = "", to = "", via = "", , , , , mask = ""] = line.trim().split(/\s+/);
    if (!/^[0-9A-F]{8}$/i.test(to) || !/^0{8}$/.test(via) || /^0{8}$/.test(mask)) return [];
    const ones = [...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === "1").length;
    return [{ device, address: littleEndian(to), prefixLength: ones }];
  });
}

/** Addresses with their networks from /proc/net/if_inet6. */
export function parseInet6(text: string): readonly Network[] {
  return text.split("\n").flatMap((line) => {
    const [hex = "", , prefix = "", , , device = ""] = line.trim().split(/\s+/);
    if (!/^[0-9a-f]{32}$/i.test(hex)) return [];
    return [{ device, address: groups(hex), prefixLength: Number.parseInt(prefix, 16) }];
  });
}

/** Bound UDP sockets (`udp`, `udp6`) or listening TCP sockets (`tcp`, `tcp6`). */
export function parseSockets(text: string, kind: "udp" | "tcp"): readonly ListeningPort[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*\d+:\s+([0-9A-F]+):([0-9A-F]{4})\s+\S+\s+([0-9A-F]{2})\s/i.exec(line);
    const [, hex = "", port = "", state = ""] = match ?? [];
    if (match === null || (kind === "tcp" && state !== TCP_LISTEN)) return [];
    return [{ host: hostOf(hex), port: Number.parseInt(port, 16) }];
  });
}

const TCP_LISTEN = "0A";

/** True when `address` lies in the network. Both families. */
export function contains(network: Network, address: string): boolean {
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  if ((family === "ipv6") !== isIPv6(network.address)) return false;
  const list = new BlockList();
  list.addSubnet(network.address, network.prefixLength, family);
  return list.check(address, family);
}

/** The kernel prints each 32-bit word as this machine's number; all our machines are little endian. */
function littleEndian(hex: string): string {
  return [...hex.matchAll(/../g)]
    .map(([byte]) => Number.parseInt(byte, 16))
    .reverse()
    .join(".");
}

function hostOf(hex: string): string {
  if (hex.length === 8) return littleEndian(hex);
  const words = [...hex.matchAll(/.{8}/g)].map(([word]) =>
    [...word.matchAll(/../g)].map(([byte]) => byte).reverse(),
  );
  return groups(words.flat().join(""));
}

const groups = (hex: string): string => (hex.match(/.{4}/g) ?? []).join(":").toLowerCase();
