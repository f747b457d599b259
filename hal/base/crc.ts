/**
 * CRC-32 as in Ethernet and zip: tells damage from meaning where no key is at hand.
 * Intuition: reflected polynomial EDB88320, one table step per byte; not a protection against intent.
 * Source: IEEE 802.3; check value CRC32("123456789") = CBF43926.
 */
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder >>> 0;
});

/** CRC-32 of `bytes`, 0 to 2^32 - 1. `previous` continues an earlier result over following bytes. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
