/**
 * The cipher of a frame: what one way's key is derived with, and how its content is closed and opened.
 * Intuition: everything else about a frame (layout, number, process, replay window) is the sealer's; here is
 * only the mathematics, so that a simulation of years may count its frames with a cheaper one. The product
 * names no cipher and always has this one. Source: reliability.md 2.2, 4.3.
 *
 * key = HKDF-SHA256(ikm clusterKey, salt process salt, info "kagemusha beat 1" | from | to | channel)
 * cipher = AES-256-GCM, additional data = header, tag 16
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { ServerIndex } from "../../hal/base/ids.ts";

/** Bytes of a cluster key and of what is derived from it. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const INFO = new TextEncoder().encode("kagemusha beat 1");
const CIPHER = "aes-256-gcm";
const TAG_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Where the content lies in a frame: from `from`, the tag from `tagAt`; what lies before is in clear. */
export interface Sealed {
  readonly frame: Uint8Array;
  readonly from: number;
  readonly tagAt: number;
}

export interface BeatCipher {
  /** 32 bytes for one sender's process, direction and channel (0-255). */
  readonly derive: (
    clusterKey: Uint8Array,
    salt: Uint8Array,
    from: ServerIndex,
    to: ServerIndex,
    channel: number,
  ) => Uint8Array;
  /** Writes `plain` closed and its tag into the frame; it fills the room between `from` and `tagAt`. */
  readonly seal: (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, into: Sealed) => void;
  /** What was closed, null when the tag does not fit. */
  readonly open: (key: Uint8Array, nonce: Uint8Array, sealed: Sealed) => Uint8Array | null;
}

export const AES_256_GCM: BeatCipher = {
  derive(clusterKey, salt, from, to, channel) {
    const info = new Uint8Array(INFO.length + 3);
    info.set(INFO);
    info.set([from, to, channel], INFO.length);
    return new Uint8Array(hkdfSync("sha256", clusterKey, salt, info, KEY_BYTES));
  },
  seal(key, nonce, plain, { frame, from, tagAt }) {
    const cipher = createCipheriv(CIPHER, key, nonce, TAG_OPTIONS);
    cipher.setAAD(frame.subarray(0, from));
    frame.set(cipher.update(plain), from);
    cipher.final();
    frame.set(cipher.getAuthTag(), tagAt);
  },
  open(key, nonce, { frame, from, tagAt }) {
    const decipher = createDecipheriv(CIPHER, key, nonce, TAG_OPTIONS);
    decipher.setAAD(frame.subarray(0, from));
    decipher.setAuthTag(frame.subarray(tagAt, tagAt + TAG_BYTES));
    const plain = decipher.update(frame.subarray(from, tagAt));
    try {
      decipher.final();
    } catch {
      return null;
    }
    return plain;
  },
};
