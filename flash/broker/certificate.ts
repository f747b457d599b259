/**
 * By what a stranger, and the other server, recognise this server's broker: a certificate of the cluster's
 * own authority. Intuition: the authority's key is derived from the cluster key, so every server has the
 * same authority without handing a key around, nothing of it lies on a disk, and whoever may be a member may
 * issue; a new cluster key is a new authority. Keys are P-256, because every TLS client knows it.
 * Pure: time, names and random bytes are parameters. Source: ecosystem.md 1.4; RFC 5280 4; RFC 5869; RFC 5480.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import {
  bits,
  boolean,
  instant,
  integer,
  objectId,
  octets,
  sequence,
  setOf,
  tagged,
  utf8,
} from "./der.ts";

export interface Authority {
  readonly key: KeyObject;
  /** Common name; all servers must write the same. */
  readonly name: string;
}

export interface NodeCertificate {
  readonly authority: Authority;
  /** Public half of the server's key. */
  readonly publicKey: KeyObject;
  readonly server: string;
  /** Addresses and DNS names by which the broker is called. */
  readonly hosts: readonly string[];
  /** Wall clock, ms. */
  readonly nowMs: number;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
}

export const DAY_MS = 86_400_000;
/** Life of a server's certificate: a year and a month, as long as clients commonly accept. */
export const NODE_DAYS = 397;
/** Before the clocks of others that go slow. */
const BEFORE_MS = DAY_MS;
/** An authority does not expire by itself (RFC 5280 4.1.2.5: no well-defined date); a new key ends it. */
const AUTHORITY_FROM_MS = Date.UTC(2020, 0, 1);
const AUTHORITY_TO_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

const CURVE = "prime256v1";
/** Order of P-256 (FIPS 186-4 D.1.2.3). */
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
/** 128 bits more than the order: what remains of the division is even (FIPS 186-4 B.4.1). */
const SEED_BYTES = 48;
const PASSWORD_BYTES = 24;

const ECDSA_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));

/** `clusterKey`: 32 secret bytes, the same on every server. */
export function deriveAuthority(clusterKey: Uint8Array, cluster: string): Authority {
  const seed = derive(clusterKey, "broker authority 1", SEED_BYTES);
  const scalar = (BigInt(`0x${seed.toString("hex")}`) % (ORDER - 1n)) + 1n;
  const pair = createECDH(CURVE);
  pair.setPrivateKey(scalar.toString(16).padStart(64, "0"), "hex");
  const point = pair.getPublicKey();
  const part = (from: number): string => point.subarray(from, from + 32).toString("base64url");
  const d = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: part(1), y: part(33), d };
  const mark = createHash("sha256").update(point).digest("hex").slice(0, 8);
  // Another cluster of the same name, or an earlier key of this one, must not bear the same name.
  const name = `Kagemusha ${cluster.slice(0, 40)} ${mark}`;
  return { key: createPrivateKey({ key: jwk, format: "jwk" }), name };
}

/** Of the account by which the servers of a cluster read each other's events. */
export const derivePeerPassword = (clusterKey: Uint8Array): string =>
  derive(clusterKey, "broker peer 1", PASSWORD_BYTES).toString("hex");

/** PEM of the authority itself: what others are given to trust. */
export function authorityCertificate(authority: Authority): string {
  const publicKey = createPublicKey(authority.key);
  const id = keyId(publicKey);
  return issue({
    authority,
    publicKey,
    subject: authority.name,
    serial: id.subarray(0, 16),
    fromMs: AUTHORITY_FROM_MS,
    toMs: AUTHORITY_TO_MS,
    extensions: [
      // An authority over servers, not over other authorities.
      extension("2.5.29.19", true, sequence(boolean(true), integer(Buffer.from([0])))),
      // keyCertSign, cRLSign
      extension("2.5.29.15", true, bits(Buffer.from([0x06]), 1)),
      extension("2.5.29.14", false, octets(id)),
    ],
  });
}

/** PEM of a server's certificate. */
export function nodeCertificate(options: NodeCertificate): string {
  const { authority, publicKey, server, nowMs, serial } = options;
  const issuerId = keyId(createPublicKey(authority.key));
  return issue({
    authority,
    publicKey,
    subject: server,
    serial,
    fromMs: nowMs - BEFORE_MS,
    toMs: nowMs + NODE_DAYS * DAY_MS,
    extensions: [
      extension("2.5.29.19", true, sequence()),
      // digitalSignature
      extension("2.5.29.15", true, bits(Buffer.from([0x80]), 7)),
      // serverAuth
      extension("2.5.29.37", false, sequence(objectId("1.3.6.1.5.5.7.3.1"))),
      extension("2.5.29.17", false, sequence(...options.hosts.map(generalName))),
      extension("2.5.29.14", false, octets(keyId(publicKey))),
      extension("2.5.29.35", false, sequence(tagged(0x80, issuerId))),
    ],
  });
}

interface Issue {
  readonly authority: Authority;
  readonly publicKey: KeyObject;
  readonly subject: string;
  readonly serial: Uint8Array;
  readonly fromMs: number;
  readonly toMs: number;
  readonly extensions: readonly Uint8Array[];
}

function issue(options: Issue): string {
  const { authority, publicKey, extensions } = options;
  // RFC 5280 4.1.2.2: positive and not zero; the first bit of ours is always clear, the second set.
  const serial = Buffer.from(options.serial);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    commonName(authority.name),
    sequence(instant(options.fromMs), instant(options.toMs)),
    commonName(options.subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, authority.key);
  const der = sequence(body, ECDSA_SHA256, bits(signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** RFC 5280: at most 64 characters. */
const commonName = (name: string): Buffer =>
  sequence(setOf(sequence(objectId("2.5.4.3"), utf8(name.slice(0, 64)))));

function extension(id: string, isCritical: boolean, content: Uint8Array): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectId(id), ...critical, octets(content));
}

function generalName(host: string): Buffer {
  if (isIPv4(host)) return tagged(0x87, Buffer.from(host.split(".").map(Number)));
  return isIPv6(host) ? tagged(0x87, ipv6Bytes(host)) : tagged(0x82, Buffer.from(host, "ascii"));
}

/** The WHATWG parser writes the dotted tail as hex, so only groups and one `::` remain. */
function ipv6Bytes(host: string): Buffer {
  const plain = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** RFC 5280 4.2.1.2 (1): SHA-1 of the point; a name, not a safeguard. */
function keyId(publicKey: KeyObject): Buffer {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, "base64url"),
    Buffer.from(y, "base64url"),
  ]);
  return createHash("sha1").update(point).digest();
}

function derive(clusterKey: Uint8Array, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", clusterKey, "", `kagemusha ${purpose}`, length));
}
