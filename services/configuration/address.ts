/**
 * IP addresses and endpoints of the configuration as bytes, so that two spellings of one address are
 * seen as one and a prefix can be compared. Pure parsers: a wrong text is `null`, nothing throws.
 * Host names are not accepted: a heartbeat must not wait for a name service.
 * Source: R115, R143 glossary "floating IP"; RFC 4291 2.2 (IPv6 text), RFC 6943 3.1 (strict IPv4).
 */

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export type DiskPath =
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "nbd"; readonly endpoint: Endpoint; readonly exportName: string };

export type ComDevice =
  | { readonly kind: "serial"; readonly path: string }
  | { readonly kind: "tcp"; readonly endpoint: Endpoint };

/** 4 or 16 bytes, or null. IPv4 without leading zeros, IPv6 without zone. */
export function parseIp(text: string): readonly number[] | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** `192.168.1.1:7001` or `[fd00::1]:7001`; port 1-65535. */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):([1-9][0-9]{0,4})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || parseIp(host) === null || !(port <= 65_535)) return null;
  // In brackets only IPv6, else "[10.0.0.1]:1" would be a second spelling of the same endpoint.
  if (match?.[1] !== undefined && !host.includes(":")) return null;
  return { host, port };
}

/** `/dev/ttyS0` or `tcp://ip:port`. */
export function parseComDevice(text: string): ComDevice | null {
  if (isAbsolutePath(text)) return { kind: "serial", path: text };
  const endpoint = text.startsWith("tcp://") ? parseEndpoint(text.slice("tcp://".length)) : null;
  return endpoint === null ? null : { kind: "tcp", endpoint };
}

/** `/dev/disk/by-id/...`, a file, or `nbd://ip:port/export`. */
export function parseDiskPath(text: string): DiskPath | null {
  if (isAbsolutePath(text)) return { kind: "local", path: text };
  const match = /^nbd:\/\/([^/]+)\/([A-Za-z0-9._-]{1,64})$/.exec(text);
  const endpoint = parseEndpoint(match?.[1] ?? "");
  const exportName = match?.[2];
  if (endpoint === null || exportName === undefined) return null;
  return { kind: "nbd", endpoint, exportName };
}

/** One spelling per address: the bytes, for comparing. The text itself when it is no address. */
export function canonicalIp(text: string): string {
  return parseIp(text)?.join(".") ?? text;
}

/** True when both addresses are of one family and share the first `prefixLength` bits. */
export function sameNetwork(
  a: readonly number[],
  b: readonly number[],
  prefixLength: number,
): boolean {
  if (a.length !== b.length) return false;
  return a.every((byte, position) => {
    const bits = Math.min(8, Math.max(0, prefixLength - position * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((b[position] ?? 0) & mask);
  });
}

/**
 * Why no server can carry the address in a network of that prefix, in words, or null if one can.
 * IPv4 networks of 31 and 32 bits have neither network nor broadcast address (RFC 3021).
 */
export function unusableAsHost(address: readonly number[], prefixLength: number): string | null {
  const first = address[0] ?? 0;
  if (address.every((byte) => byte === 0)) return "the unspecified address";
  if (address.length === 16) return first === 0xff ? "a multicast address" : null;
  if (first >= 224 || first === 0) return "not a host address";
  if (prefixLength >= 31) return null;
  const hostBits = address.map((byte, position) => {
    const bits = Math.min(8, Math.max(0, prefixLength - position * 8));
    return { value: byte & (0xff >> bits), all: 0xff >> bits };
  });
  if (hostBits.every((host) => host.value === 0)) return "the address of the network itself";
  if (hostBits.every((host) => host.value === host.all)) return "the network's broadcast address";
  return null;
}

export function isLoopback(address: readonly number[]): boolean {
  if (address.length === 4) return address[0] === 127;
  return address.every((byte, position) => byte === (position === 15 ? 1 : 0));
}

function isAbsolutePath(text: string): boolean {
  return /^\/[^\0]{1,1023}$/.test(text);
}

function parseIpv4(text: string): readonly number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => (/^(0|[1-9][0-9]{0,2})$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseIpv6Half(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseIpv6Half(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const gap = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (halves.length === 1 ? gap !== 0 : gap < 2) return null;
  return [...head, ...Array.from({ length: gap }, () => 0), ...tail];
}

/** Groups of hex digits; the very end of an address may be written as IPv4. */
function parseIpv6Half(text: string, atEnd: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [position, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = atEnd && position === groups.length - 1 ? parseIpv4(group) : null;
    if (embedded === null) return null;
    bytes.push(...embedded);
  }
  return bytes.length <= 16 ? bytes : null;
}
