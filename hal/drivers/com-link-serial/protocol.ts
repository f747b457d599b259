/**
 * What runs on the serial line: COBS frames between zero bytes, nothing else, no handshake.
 *
 *   00 | COBS(frame) | 00        8 data bits, no parity, 1 stop bit: ten bit times per byte
 *
 * Intuition: both sides may start, stop or garble at any byte; the next zero byte heals it.
 * Source: hardware.md 3 (framing).
 */
import { CobsDecoder } from "../../base/cobs.ts";

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Longest decoded frame that the line accepts; the heartbeat's are 69 bytes. */
const FRAME_BYTES_MAX = 128;

/** Time that `byteCount` bytes occupy the line at `baud` bit/s, ms. */
export function lineTimeMs(byteCount: number, baud: number): number {
  return (byteCount * BITS_PER_BYTE * 1000) / baud;
}

/** A decoder for one opening of the line; bytes before the first delimiter are discarded. */
export function createLineDecoder(): CobsDecoder {
  return new CobsDecoder(FRAME_BYTES_MAX);
}
