/**
 * Turns a good frame into one whose tag or version does not fit, as another key or another release would make
 * it: everything that can be read without a key stays right, so that the parser comes so far.
 * Source: services/heartbeat/frame.ts (layout); requirements D56.
 */
import { CobsDecoder, encodeCobs } from "../../hal/base/cobs.ts";
import { COM_RAW_BYTES_MAX, writeComTrailer } from "../../services/heartbeat/frame.ts";
import { COM, type Frame, type Spoilt } from "./wires.ts";

const CRC_BYTES = 4;
/** Version of a LAN frame; of a serial frame it is the upper nibble of the first byte. */
const LAN_VERSION_AT = 2;

/** The bytes that arrive; those of `frame` themselves when nothing is to be spoilt. */
export function spoil({ bytes, path }: Frame, spoilt: Spoilt): Uint8Array {
  if (spoilt === "no" || bytes.length === 0) return bytes;
  return path === COM ? spoilCom(bytes, spoilt) : spoilLan(bytes, spoilt);
}

function spoilLan(bytes: Uint8Array, spoilt: "tag" | "version"): Uint8Array {
  const other = new Uint8Array(bytes);
  turnOver(other, spoilt === "tag" ? other.length - 1 : LAN_VERSION_AT, 1);
  return other;
}

/** The closing CRC fits again: it is the line's own check, and the line is in order. */
function spoilCom(bytes: Uint8Array, spoilt: "tag" | "version"): Uint8Array {
  let raw: Uint8Array | null = null;
  new CobsDecoder(COM_RAW_BYTES_MAX).push(bytes, (frame) => {
    raw = frame;
  });
  if (raw === null) return bytes;
  const frame: Uint8Array = raw;
  if (frame.length <= CRC_BYTES) return bytes;
  if (spoilt === "tag") turnOver(frame, frame.length - CRC_BYTES - 1, 1);
  else turnOver(frame, 0, 0x10);
  writeComTrailer(frame);
  return encodeCobs(frame);
}

function turnOver(bytes: Uint8Array, at: number, bits: number): void {
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ bits;
}
