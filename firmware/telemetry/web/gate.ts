/**
 * Decides, from headers alone, whether a request may be looked at: is it addressed to this server and,
 * when it changes something, does it come from our own page. Intuition: a page of another site can make a
 * browser send requests, and with DNS rebinding under a name of its own, but it cannot forge Host and Origin.
 * Source: reliability.md 4.1 (CSRF, WebSocket hijack); RFC 6454 7, RFC 6455 10.2, RFC 9110 7.2.
 */
import { isIP } from "node:net";

export interface GateSettings {
  /** True when served over TLS. */
  readonly secure: boolean;
  /** Names by which this server may be called beside literal addresses and localhost; lower case. */
  readonly hostNames: readonly string[];
}

export type Gate =
  | { readonly kind: "pass" }
  | { readonly kind: "wrong-host"; readonly host: string }
  | { readonly kind: "wrong-origin"; readonly origin: string };

/** Longest Host or Origin that is looked at, characters: a DNS name has at most 253. */
const HOST_CHARACTERS_MAX = 300;

/** A literal address cannot be rebound: whoever sends it reached that address. */
export function checkHost(host: string, settings: GateSettings): Gate {
  const name = hostName(host);
  if (name !== null) {
    if (isIP(name) !== 0 || name === "localhost") return { kind: "pass" };
    if (settings.hostNames.includes(name)) return { kind: "pass" };
  }
  return { kind: "wrong-host", host: host.slice(0, HOST_CHARACTERS_MAX) };
}

/** The origin must be this very server as the browser called it, scheme and port included. */
export function checkOrigin(origin: string, host: string, settings: GateSettings): Gate {
  const expected = `${settings.secure ? "https" : "http"}://${host.toLowerCase()}`;
  if (origin !== "" && stripPort(origin, settings) === stripPort(expected, settings)) {
    return { kind: "pass" };
  }
  return { kind: "wrong-origin", origin: origin.slice(0, HOST_CHARACTERS_MAX) || "-" };
}

/** Browsers leave the scheme's own port out of both headers; some clients write it in one. */
function stripPort(origin: string, settings: GateSettings): string {
  const port = settings.secure ? ":443" : ":80";
  const lower = origin.toLowerCase();
  return lower.endsWith(port) && !lower.endsWith(`[${port}`) ? lower.slice(0, -port.length) : lower;
}

/** Name or address of a Host header without port and brackets, lower case; null = malformed. */
export function hostName(host: string): string | null {
  if (host.length > HOST_CHARACTERS_MAX) return null;
  const six = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(host)?.[1];
  if (six !== undefined) return isIP(six) === 6 ? six.toLowerCase() : null;
  const name = /^([A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(host)?.[1];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, "");
}

/** Path and query of an origin-form target (`/x?y`); null for anything else. */
export function readTarget(target: string): { path: string; query: URLSearchParams } | null {
  if (!target.startsWith("/") || target.startsWith("//")) return null;
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(path) || path.split("/").includes("..")) return null;
  return { path, query: new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1)) };
}

/** One key per attacker: IPv4 as it is, IPv6 by its /64 because one host owns all of that. */
export function addressKey(address: string): string {
  const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  if (isIP(plain) !== 6) return plain;
  const [head = "", tail] = plain.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].slice(0, 4).join(":");
}

/** Value of one cookie of a Cookie header; null = not there, or there twice (then nobody's). */
export function readCookie(header: string, name: string): string | null {
  const found = header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`));
  return found.length === 1 ? (found[0]?.slice(name.length + 1) ?? null) : null;
}
