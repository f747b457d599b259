/**
 * Cross-field rules about addresses: every endpoint parses, no address serves twice, a floating IP
 * belongs to the servers' public network and to no server, and IP stands in for a real cable or a real
 * array only on the virtual appliance.
 * Source: R115; protocol.md G5 (COM over IP shares the LAN's fate), D54; peers.md 4.9.
 */
import {
  canonicalIp,
  isLoopback,
  parseComDevice,
  parseDiskPath,
  parseEndpoint,
  parseIp,
  sameNetwork,
  unusableAsHost,
} from "./address.ts";
import { usesCom } from "./budget.ts";
import { type JsonPath, quote, type Remark } from "./finding.ts";
import type { RawConfiguration } from "./schema.ts";

export function networkRemarks(raw: RawConfiguration): Remark[] {
  return [...lanRemarks(raw), ...comRemarks(raw), ...diskRemarks(raw), ...floatingRemarks(raw)];
}

function lanRemarks(raw: RawConfiguration): Remark[] {
  const remarks: Remark[] = [];
  const seen = new Map<string, string>();
  for (const [i, lan] of raw.lans.entries()) {
    for (const [server, text] of Object.entries(lan.addresses)) {
      const at = ["lans", i, "addresses", server];
      const endpoint = parseEndpoint(text);
      if (endpoint === null) {
        const remedy =
          "write the address in digits; names are not looked up, heartbeats cannot wait";
        const expected = 'an address "ip:port", e.g. "192.168.1.1:7001"';
        remarks.push({ at, expected, found: quote(text), remedy });
        continue;
      }
      const ip = canonicalIp(endpoint.host);
      // On the virtual appliance the wires differ by port; between machines one address is one wire.
      const key = raw.virtual ? `${ip}:${endpoint.port}` : ip;
      const first = seen.get(key);
      if (first !== undefined) {
        const found = `${quote(text)}, which is ${first} already`;
        const remedy = "give every server its own address on every LAN";
        remarks.push({ at, expected: "an address used once", found, remedy });
      }
      seen.set(key, first ?? `${server} on ${lan.id}`);
      const unusable = unusableAsHost(parseIp(endpoint.host) ?? [], 32);
      if (unusable !== null) {
        const remedy = "write the address this server has on this LAN";
        remarks.push({ at, expected: "a server's address", found: unusable, remedy });
      }
    }
  }
  return remarks;
}

function comRemarks(raw: RawConfiguration): Remark[] {
  const remarks: Remark[] = [];
  for (const [server, text] of Object.entries(raw.com?.devices ?? {})) {
    const at = ["com", "devices", server];
    const device = parseComDevice(text);
    if (device === null) {
      const expected = 'a serial device, e.g. "/dev/ttyS0"';
      const remedy = "write the absolute path of the device";
      remarks.push({ at, expected, found: quote(text), remedy });
    } else if (device.kind === "tcp" && usesCom(raw.method) && !raw.virtual) {
      const expected = 'a serial device, e.g. "/dev/ttyS0"';
      const remedy =
        "COM over IP fails together with the LAN, and then both servers would own the groups; " +
        "use the serial cross cable";
      remarks.push({ at, expected, found: quote(text), remedy });
    }
  }
  return remarks;
}

function diskRemarks(raw: RawConfiguration): Remark[] {
  const remarks: Remark[] = [];
  for (const [server, text] of Object.entries(raw.disk?.paths ?? {})) {
    const at = ["disk", "paths", server];
    const path = parseDiskPath(text);
    const expected = 'a block device or file, e.g. "/dev/disk/by-id/...-part1"';
    if (path === null) {
      const remedy = "write the absolute path of the arbitration partition";
      remarks.push({ at, expected, found: quote(text), remedy });
    } else if (path.kind === "nbd" && !raw.virtual) {
      const remedy =
        'nbd:// is for the virtual appliance ("virtual": true); name the real partition';
      remarks.push({ at, expected, found: quote(text), remedy });
    }
  }
  return remarks;
}

interface KnownAddress {
  readonly owner: string;
  readonly kind: "private" | "public";
  readonly bytes: readonly number[];
}

function floatingRemarks(raw: RawConfiguration): Remark[] {
  const known = serverAddresses(raw);
  const seen = new Map<string, string>();
  const remarks: Remark[] = [];
  for (const [g, group] of raw.groups.entries()) {
    for (const [r, resource] of group.resources.entries()) {
      if (resource.type !== "floating-ip") continue;
      const at = ["groups", g, "resources", r];
      const bytes = parseIp(resource.address);
      const place = [...at, "address"];
      const found = quote(resource.address);
      if (bytes === null) {
        const expected = "an IPv4 or IPv6 address without prefix";
        const remedy = "write the address in digits; the prefix stands in prefixLength";
        remarks.push({ at: place, expected, found, remedy });
        continue;
      }
      const wrong = prefixRemarks(raw, bytes, resource.prefixLength, at, found);
      const strange = membershipRemarks(known, bytes, resource.prefixLength, place, found);
      // An impossible prefix or address makes the question about the network meaningless.
      remarks.push(...(wrong.length > 0 ? wrong : strange));
      const key = canonicalIp(resource.address);
      const first = seen.get(key);
      if (first !== undefined) {
        const remedy = "give every floating IP its own address";
        const again = `${found}, which group ${first} has already`;
        remarks.push({ at: place, expected: "an address used once", found: again, remedy });
      }
      seen.set(key, first ?? group.name);
    }
  }
  return remarks;
}

function prefixRemarks(
  raw: RawConfiguration,
  bytes: readonly number[],
  prefixLength: number,
  at: JsonPath,
  found: string,
): Remark[] {
  const bits = bytes.length * 8;
  if (prefixLength > bits) {
    const expected = `a prefix length of at most ${bits}`;
    const remedy = "write the network's prefix length, e.g. 24 for 255.255.255.0";
    return [{ at: [...at, "prefixLength"], expected, found: `${prefixLength}`, remedy }];
  }
  const unusable = unusableAsHost(bytes, prefixLength);
  const loopback = isLoopback(bytes) && !raw.virtual;
  if (unusable === null && !loopback) return [];
  const what = `${found}, ${unusable ?? "a loopback address"}`;
  const remedy = "choose a free address of the servers' public network";
  return [
    { at: [...at, "address"], expected: "an address a client can reach", found: what, remedy },
  ];
}

function membershipRemarks(
  known: readonly KnownAddress[],
  bytes: readonly number[],
  prefixLength: number,
  at: JsonPath,
  found: string,
): Remark[] {
  const same = known.find(({ bytes: other }) => canonical(other) === canonical(bytes));
  if (same !== undefined) {
    const remedy = "choose a free address: a floating IP moves, a server's own address stays";
    const what = `${found}, the address of ${same.owner}`;
    return [{ at, expected: "an address of no server", found: what, remedy }];
  }
  const open = known.filter(
    ({ kind, bytes: other }) => kind === "public" && other.length === bytes.length,
  );
  const outside = open.find(({ bytes: other }) => !sameNetwork(other, bytes, prefixLength));
  if (outside === undefined) return [];
  const network = `${formatBytes(outside.bytes)}/${prefixLength}`;
  const remedy = "choose a free address of that network, or correct prefixLength";
  return [{ at, expected: `an address in ${outside.owner}'s network ${network}`, found, remedy }];
}

function serverAddresses(raw: RawConfiguration): KnownAddress[] {
  return raw.lans.flatMap((lan) =>
    Object.entries(lan.addresses).flatMap(([owner, text]) => {
      const bytes = parseIp(parseEndpoint(text)?.host ?? "");
      return bytes === null ? [] : [{ owner, kind: lan.kind, bytes }];
    }),
  );
}

const canonical = (bytes: readonly number[]): string => bytes.join(".");

function formatBytes(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return groups.join(":");
}
