/**
 * What IPv6 stations say of addresses: advertisements (a claim), probes (about to claim) and questions.
 * Intuition: reading all IPv6 traffic to find a few of these would cost more than the service itself.
 * So the kernel sorts: a raw ICMPv6 socket bound to all-nodes, with a filter for the two types. It
 * checks the checksum too. Bound so, it hears multicast of the link only, which no router forwards:
 * that stands for the hop limit of 255, which such a socket does not show.
 * Source: RFC 4861 4.3, 4.4, 7.1, 7.2.6; RFC 4862 5.4; RFC 7527 (nonce); RFC 3542 3.2; socat(1);
 * ipv6(7).
 */
import { Buffer } from "node:buffer";
import {
  ETHERTYPE_IPV6,
  hardwareBytes,
  hardwareText,
  ICMPV6,
  icmpv6Checksum,
  ipv6Bytes,
} from "./protocol.ts";

/** Ethernet (14) + IPv6 (40) + neighbour solicitation with a nonce (32). */
export const NS_FRAME_BYTES = 86;
export const NONCE_BYTES = 6;

const SOLICITATION = 135;
const ADVERTISEMENT = 136;
/** Type, code, checksum, flags and target. */
const BODY_BYTES = 24;
const FLAG_SOLICITED = 0x40;
/** RFC 4861 4.6.1, RFC 7527 4.1. */
const OPTION_SOURCE = 1;
const OPTION_TARGET = 2;
const OPTION_NONCE = 14;
/** Options are counted in these. */
const UNIT_BYTES = 8;

export interface NeighbourPacket {
  /**
   * `advertisement`: the sender has the target. `probe`: it is about to take it (duplicate address
   * detection). `question`: it asks for the target's hardware address.
   */
  readonly form: "advertisement" | "probe" | "question";
  /** Eight groups in hex, not shortened. */
  readonly target: string;
  /** `aa:bb:cc:dd:ee:ff` as the option says; empty without one. */
  readonly hardware: string;
  /** Of a probe, hex; empty without one. */
  readonly nonce: string;
}

export type NeighbourParsed =
  /** `bytes`: length of the message with its options. */
  | { readonly kind: "neighbour"; readonly packet: NeighbourPacket; readonly bytes: number }
  | { readonly kind: "malformed"; readonly reason: string };

/**
 * A probe of duplicate address detection, 86 bytes: "does anybody have this address?" of one who has
 * none yet. No neighbour's table changes by it.
 *
 *    0  33 33 ff + last 3    destination: solicited-node group of the address
 *    6  our hardware         source
 *   12  86 dd                IPv6
 *   14  60 00 00 00          version 6
 *   18  00 20                payload 32
 *   20  3a ff                ICMPv6, hop limit 255
 *   22  ::                   source: none
 *   38  ff02::1:ff + last 3  destination
 *   54  87 00                neighbour solicitation
 *   56  checksum
 *   58  00 00 00 00
 *   62  the address          target
 *   78  0e 01 nonce          6 random bytes, so that an echo of our own is known again
 */
export function encodeNeighbourProbe(hardware: string, address: string, nonce: Buffer): Buffer {
  const group = solicitedNode(address);
  const frame = Buffer.alloc(NS_FRAME_BYTES);
  frame.writeUInt16BE(0x3333, 0);
  group.copy(frame, 2, 12);
  hardwareBytes(hardware).copy(frame, 6);
  frame.writeUInt16BE(ETHERTYPE_IPV6, 12);
  frame.writeUInt8(0x60, 14);
  frame.writeUInt16BE(NS_FRAME_BYTES - 54, 18);
  frame.writeUInt8(ICMPV6, 20);
  frame.writeUInt8(255, 21);
  group.copy(frame, 38);
  frame.writeUInt8(SOLICITATION, 54);
  ipv6Bytes(address).copy(frame, 62);
  frame.writeUInt8(OPTION_NONCE, 78);
  frame.writeUInt8(1, 79);
  nonce.copy(frame, 80, 0, NONCE_BYTES);
  frame.writeUInt16BE(icmpv6Checksum(frame.subarray(22, 54), frame.subarray(54)), 56);
  return frame;
}

/**
 * Reads one ICMPv6 message at the start of `bytes`, as a raw socket gives it: without Ethernet and
 * IPv6 header. It ends where an option that starts like another message would. Never throws.
 */
export function parseNeighbour(bytes: Buffer): NeighbourParsed {
  if (bytes.length < BODY_BYTES) return malformed(`${bytes.length} bytes, expected 24 or more`);
  const type = bytes.readUInt8(0);
  if (type !== SOLICITATION && type !== ADVERTISEMENT) return malformed(`type ${type}`);
  if (bytes.readUInt8(1) !== 0) return malformed(`code ${bytes.readUInt8(1)}`);
  const isAdvertisement = type === ADVERTISEMENT;
  // What comes here came to a group; an answer to somebody's question does not (7.1.2).
  const isAnswer = isAdvertisement && (bytes.readUInt8(4) & FLAG_SOLICITED) !== 0;
  if (isAnswer) return malformed("a solicited advertisement to a group");
  const target = bytes.subarray(8, BODY_BYTES);
  if (target.readUInt8(0) === 0xff) return malformed("a group as target");
  const options = readOptions(bytes.subarray(BODY_BYTES));
  if (options === null) return malformed("an option of length 0 or beyond the end");
  const source = options.found.get(OPTION_SOURCE);
  // A question to a group carries the asker's hardware address, a probe must not (4.3).
  const asked = source === undefined ? "probe" : "question";
  const hardware = isAdvertisement ? options.found.get(OPTION_TARGET) : source;
  const packet: NeighbourPacket = {
    form: isAdvertisement ? "advertisement" : asked,
    target: groupsOf(target),
    hardware: hardware === undefined ? "" : hardwareText(hardware),
    nonce: options.found.get(OPTION_NONCE)?.toString("hex") ?? "",
  };
  return { kind: "neighbour", packet, bytes: BODY_BYTES + options.bytes };
}

/**
 * All messages in `bytes`, which start with one: what the pipe has joined is cut, the rest behind a
 * malformed one is dropped.
 */
export function cutNeighbours(bytes: Buffer): NeighbourPacket[] {
  const packets: NeighbourPacket[] = [];
  let at = 0;
  while (at < bytes.length) {
    const parsed = parseNeighbour(bytes.subarray(at));
    if (parsed.kind === "malformed") break;
    packets.push(parsed.packet);
    at += parsed.bytes;
  }
  return packets;
}

/** ff02::1:ff00:0 with the last three bytes of the address (RFC 4291 2.7.1). */
export function solicitedNode(address: string): Buffer {
  const group = ipv6Bytes("ff02::1:ff00:0");
  ipv6Bytes(address).copy(group, 13, 13);
  return group;
}

/**
 * socat's address of the listening socket on one interface. `asked`: an IPv6 address that is not up
 * here and whose probes by others are to be heard as well; null = none.
 */
export function neighbourListener(interfaceIndex: number, asked: string | null): string {
  const scope = Buffer.alloc(4);
  // The kernel reads these in its own order; every machine this runs on is little-endian.
  scope.writeUInt32LE(interfaceIndex);
  const index = scope.toString("hex");
  // Port and flow label, 6 bytes of zero, stand before the address.
  const bound = `x000000000000${ipv6Bytes("ff02::1").toString("hex")}${index}`;
  const joined =
    asked === null ? [] : [sockopt(41, 20, solicitedNode(asked).toString("hex") + index)];
  return [`SOCKET-RECV:10:3:${ICMPV6}:${bound}`, sockopt(58, 1, typeFilter()), ...joined].join(",");
}

/** Before the socket is bound, the name notwithstanding. Numbers: IPPROTO_IPV6 41, IPPROTO_ICMPV6 58. */
const sockopt = (level: number, name: number, hex: string): string =>
  `setsockopt-listen=${level}:${name}:x${hex}`;

/** `struct icmp6_filter`: eight 32-bit words in the machine's order, a set bit blocks its type. */
function typeFilter(): string {
  const filter = Buffer.alloc(32, 0xff);
  for (const type of [SOLICITATION, ADVERTISEMENT]) {
    const at = type >> 3;
    filter.writeUInt8(filter.readUInt8(at) & ~(1 << (type & 7)), at);
  }
  return filter.toString("hex");
}

/** The first option of each type, without its two bytes of head; null when they do not add up. */
function readOptions(bytes: Buffer): { found: Map<number, Buffer>; bytes: number } | null {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const type = bytes.readUInt8(at);
    if (type === SOLICITATION || type === ADVERTISEMENT) break;
    if (at + UNIT_BYTES > bytes.length) return null;
    const length = bytes.readUInt8(at + 1) * UNIT_BYTES;
    if (length === 0 || at + length > bytes.length) return null;
    if (!found.has(type)) found.set(type, bytes.subarray(at + 2, at + UNIT_BYTES));
    at += length;
  }
  return { found, bytes: at };
}

const groupsOf = (bytes: Buffer): string =>
  Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");

const malformed = (reason: string): NeighbourParsed => ({ kind: "malformed", reason });
