/**
 * A wire that changes bits at a fixed place of every frame, as a server of another release would send
 * them. A LAN frame is a datagram; on the serial line a frame is what stands between two zero bytes,
 * and its closing CRC-32 is made right again, so that the receiver sees a sound frame and no noise.
 * Source: issue 2 Behaviour (wrong version on one server), D56; cobs.ts, crc.ts.
 */
import { CobsDecoder, encodeCobs } from "../base/cobs.ts";
import { crc32 } from "../base/crc.ts";

/** `mask` is put over the byte at `at` by exclusive or; 0 = nothing is changed. */
export interface Rewrite {
  readonly at: number;
  readonly mask: number;
}

const CRC_BYTES = 4;
/** The serial line's frames are below 128 bytes; a longer run is dropped to its next delimiter. */
const SERIAL_FRAME_BYTES_MAX = 1024;

/** A changed copy of a frame; a frame that has no such byte passes as it is. */
export function rewriteFrame(frame: Uint8Array, { at, mask }: Rewrite): Buffer {
  const copy = Buffer.from(frame);
  if (at < copy.length) copy.writeUInt8(copy.readUInt8(at) ^ mask, at);
  return copy;
}

/** Serial bytes in, in portions as they come; whole changed frames out. */
export class SerialRewriter {
  readonly #rewrite: Rewrite;
  readonly #decoder = new CobsDecoder(SERIAL_FRAME_BYTES_MAX);

  constructor(rewrite: Rewrite) {
    this.#rewrite = rewrite;
  }

  take(bytes: Uint8Array): Buffer {
    const out: Uint8Array[] = [];
    this.#decoder.push(bytes, (frame) => out.push(encodeCobs(this.#change(frame))));
    return Buffer.concat(out);
  }

  #change(frame: Uint8Array): Buffer {
    const end = frame.length - CRC_BYTES;
    if (this.#rewrite.at >= end) return Buffer.from(frame);
    const changed = rewriteFrame(frame, this.#rewrite);
    changed.writeUInt32BE(crc32(changed.subarray(0, end)), end);
    return changed;
  }
}
