/**
 * The frames that tell a segment where a floating address lives, and the words of `ip -batch -`.
 * Intuition: neighbours and switches believe the last one who spoke; so the new owner speaks, in
 * both ARP forms because some gear learns only from one, and listens for anybody who says the same
 * of himself.
 * Source: RFC 826 (ARP), RFC 5227 2.1.1, 2.3 and 3 (probe, announcement, conflict), RFC 4861 4.4 and 7.2.6
 * (unsolicited neighbour advertisement), RFC 4443 2.3 (checksum); spec/peers.md 4.6; packet(7);
 * ip(8).
 */
import { isIPv4, isIPv6 } from "node:net";

/** Ethernet (14) + ARP for IPv4 over Ethernet (28). */
export const ARP_FRAME_BYTES = 42;
/** Ethernet (14) + IPv6 (40) + ICMPv6 neighbour advertisement with one option (32). */
export const NA_FRAME_BYTES = 86;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

export type ArpForm = "request" | "reply";

export interface ArpPacket {
  readonly form: ArpForm;
  /** `aa:bb:cc:dd:ee:ff` */
  readonly senderHardware: string;
  readonly senderAddress: string;
  readonly targetAddress: string;
}

export type ArpParsed =
  | { readonly kind: "arp"; readonly packet: ArpPacket }
  | { readonly kind: "malformed"; readonly reason: string };

const BROADCAST = Buffer.alloc(6, 0xff);
/** 33:33 and the last four bytes of ff02::1 (RFC 2464 7). */
const ALL_NODES_HARDWARE = Buffer.of(0x33, 0x33, 0, 0, 0, 1);
const ALL_NODES = "ff02::1";
/** IPv6 next header. */
export const ICMPV6 = 58;
/** RFC 4861 7.1.2: a receiver drops what a router could have forwarded. */
const HOP_LIMIT = 255;
const OPCODES = { request: 1, reply: 2 } as const;

/**
 * A gratuitous ARP frame, 42 bytes.
 *
 *    0  ff ff ff ff ff ff    destination: everybody
 *    6  our hardware         source
 *   12  08 06                ARP
 *   14  00 01                hardware type Ethernet
 *   16  08 00                protocol type IPv4
 *   18  06 04                address lengths
 *   20  00 01 | 00 02        request | reply
 *   22  our hardware         sender hardware
 *   28  the address          sender address
 *   32  ff ff ff ff ff ff    target hardware (ours in the reply form, as arping -A sends it)
 *   38  the address          target address = sender address: gratuitous
 */
export function encodeGratuitousArp(form: ArpForm, hardware: string, address: string): Buffer {
  const own = hardwareBytes(hardware);
  const ip = ipv4Bytes(address);
  const frame = arpBroadcast(form, own);
  ip.copy(frame, 28);
  (form === "request" ? BROADCAST : own).copy(frame, 32);
  ip.copy(frame, 38);
  return frame;
}

/**
 * An ARP probe, 42 bytes: "who has the address?" of one who does not claim it. It differs from the
 * gratuitous request in two fields, so that no neighbour's table changes by it.
 *
 *   28  00 00 00 00          sender address: none
 *   32  00 00 00 00 00 00    target hardware: not known
 *   38  the address          target address
 */
export function encodeArpProbe(hardware: string, address: string): Buffer {
  const frame = arpBroadcast("request", hardwareBytes(hardware));
  ipv4Bytes(address).copy(frame, 38);
  return frame;
}

/** The first 28 bytes are filled in; sender address, target hardware and target address are zero. */
function arpBroadcast(form: ArpForm, own: Buffer): Buffer {
  const frame = Buffer.alloc(ARP_FRAME_BYTES);
  BROADCAST.copy(frame, 0);
  own.copy(frame, 6);
  frame.writeUInt16BE(ETHERTYPE_ARP, 12);
  frame.writeUInt16BE(1, 14);
  frame.writeUInt16BE(0x0800, 16);
  frame.writeUInt8(6, 18);
  frame.writeUInt8(4, 19);
  frame.writeUInt16BE(OPCODES[form], 20);
  own.copy(frame, 22);
  return frame;
}

/** Reads the first 42 bytes of a frame; longer ones are Ethernet padding. Never throws. */
export function parseArp(frame: Uint8Array): ArpParsed {
  if (frame.length < ARP_FRAME_BYTES)
    return malformed(`${frame.length} bytes, expected 42 or more`);
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (bytes.readUInt16BE(12) !== ETHERTYPE_ARP) return malformed("no ARP frame");
  if (bytes.readUInt32BE(14) !== 0x00010800 || bytes.readUInt16BE(18) !== 0x0604) {
    return malformed("not IPv4 over Ethernet");
  }
  const opcode = bytes.readUInt16BE(20);
  if (opcode !== OPCODES.request && opcode !== OPCODES.reply) return malformed(`opcode ${opcode}`);
  return {
    kind: "arp",
    packet: {
      form: opcode === OPCODES.request ? "request" : "reply",
      senderHardware: hardwareText(bytes.subarray(22, 28)),
      senderAddress: bytes.subarray(28, 32).join("."),
      targetAddress: bytes.subarray(38, 42).join("."),
    },
  };
}

/**
 * Cuts a stream of 42-byte frames. A shorter frame on the wire shifts the stream; then bytes are
 * dropped one by one until a frame fits again. `rest` is less than one frame.
 */
export function cutArpStream(stream: Buffer): { packets: ArpPacket[]; rest: Buffer } {
  const packets: ArpPacket[] = [];
  let at = 0;
  while (stream.length - at >= ARP_FRAME_BYTES) {
    const parsed = parseArp(stream.subarray(at, at + ARP_FRAME_BYTES));
    if (parsed.kind === "arp") packets.push(parsed.packet);
    at += parsed.kind === "arp" ? ARP_FRAME_BYTES : 1;
  }
  return { packets, rest: stream.subarray(at) };
}

/**
 * An unsolicited neighbour advertisement to all nodes, 86 bytes.
 *
 *    0  33 33 00 00 00 01    destination: all nodes
 *    6  our hardware         source
 *   12  86 dd                IPv6
 *   14  60 00 00 00          version 6
 *   18  00 20                payload 32
 *   20  3a ff                ICMPv6, hop limit 255
 *   22  the address          source
 *   38  ff02::1              destination
 *   54  88 00                neighbour advertisement
 *   56  checksum             over pseudo header and the 32 bytes
 *   58  20 00 00 00          Override; Solicited and Router clear (no router here)
 *   62  the address          target
 *   78  02 01 our hardware   target link-layer address, one unit of 8 bytes
 */
export function encodeNeighbourAdvertisement(hardware: string, address: string): Buffer {
  const own = hardwareBytes(hardware);
  const ip = ipv6Bytes(address);
  const frame = Buffer.alloc(NA_FRAME_BYTES);
  ALL_NODES_HARDWARE.copy(frame, 0);
  own.copy(frame, 6);
  frame.writeUInt16BE(ETHERTYPE_IPV6, 12);
  frame.writeUInt8(0x60, 14);
  frame.writeUInt16BE(NA_FRAME_BYTES - 54, 18);
  frame.writeUInt8(ICMPV6, 20);
  frame.writeUInt8(HOP_LIMIT, 21);
  ip.copy(frame, 22);
  ipv6Bytes(ALL_NODES).copy(frame, 38);
  frame.writeUInt8(136, 54);
  frame.writeUInt8(0x20, 58);
  ip.copy(frame, 62);
  frame.writeUInt8(2, 78);
  frame.writeUInt8(1, 79);
  own.copy(frame, 80);
  frame.writeUInt16BE(icmpv6Checksum(frame.subarray(22, 54), frame.subarray(54)), 56);
  return frame;
}

/**
 * `sockaddr_ll` of packet(7) as the hex text of a generic socket address, 18 bytes after the
 * family: protocol (network order), interface index, hardware type, packet type, length and 8 bytes
 * of address.
 */
export function packetAddress(ethertype: number, interfaceIndex: number): string {
  const bytes = Buffer.alloc(18);
  bytes.writeUInt16BE(ethertype, 0);
  // The kernel reads these in its own order; every machine this runs on is little-endian.
  bytes.writeUInt32LE(interfaceIndex, 2);
  bytes.writeUInt16LE(1, 6);
  bytes.writeUInt8(6, 9);
  BROADCAST.copy(bytes, 10);
  return `x${bytes.toString("hex")}`;
}

/** The 16 bytes of an IPv6 address in any usual notation; asserts on anything else. */
export function ipv6Bytes(address: string): Buffer {
  if (!isIPv6(address) || address.includes("%"))
    throw new RangeError(`no IPv6 address: ${address}`);
  // An embedded IPv4 tail counts for two groups.
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (tail) => {
    const bytes = ipv4Bytes(tail);
    return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
  });
  const [head = "", tail] = text.split("::");
  const first = groups(head);
  const last = groups(tail ?? "");
  const words = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  const bytes = Buffer.alloc(16);
  for (const [index, word] of words.entries()) bytes.writeUInt16BE(word, index * 2);
  return bytes;
}

/** True when both texts are the same address, however they are written. */
export function sameAddress(a: string, b: string): boolean {
  if (isIPv4(a) || isIPv4(b)) return a === b;
  if (!isIPv6(a) || !isIPv6(b)) return false;
  return ipv6Bytes(a).equals(ipv6Bytes(b));
}

const groups = (text: string): number[] =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));

function ipv4Bytes(address: string): Buffer {
  if (!isIPv4(address)) throw new RangeError(`no IPv4 address: ${address}`);
  return Buffer.from(address.split(".").map(Number));
}

/** The 6 bytes of `aa:bb:cc:dd:ee:ff`; throws RangeError on anything else. */
export function hardwareBytes(hardware: string): Buffer {
  const bytes = Buffer.from(hardware.replaceAll(":", ""), "hex");
  if (bytes.length !== 6) throw new RangeError(`no Ethernet address: ${hardware}`);
  return bytes;
}

/** `aa:bb:cc:dd:ee:ff` */
export function hardwareText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * Internet checksum over the pseudo header (addresses, length, next header) and the ICMPv6 bytes.
 */
export function icmpv6Checksum(addresses: Buffer, body: Buffer): number {
  let sum = body.length + ICMPV6;
  for (const part of [addresses, body]) {
    for (let at = 0; at < part.length; at += 2) sum += part.readUInt16BE(at);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const malformed = (reason: string): ArpParsed => ({ kind: "malformed", reason });
