/**
 * A cipher that costs a tenth of AES-GCM, for bulk runs of the simulator: the content travels in clear, and a
 * keyed check over header, number and content stands where the tag stands. Everything else of a frame is the
 * real thing. It keeps nothing secret; it only notices, as the tag does, a frame that was altered, cut, made
 * with another key or for another way. The runner takes real AES-256-GCM for one seed in so many.
 * Source: reliability.md 2.2; the mixing steps are those of MurmurHash3 (Austin Appleby, public domain).
 */
import type { BeatCipher, Sealed } from "../../services/heartbeat/cipher.ts";
import { KEY_BYTES, TAG_BYTES } from "../../services/heartbeat/cipher.ts";

const FIRST = 0xcc9e2d51 | 0;
const SECOND = 0x1b873593 | 0;

/** One step of the mix: `hash` with 32 more bits. */
function mix(hash: number, value: number): number {
  let part = Math.imul(value, FIRST);
  part = Math.imul((part << 15) | (part >>> 17), SECOND);
  const turned = hash ^ part;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads the last bits over the whole word. */
function settle(hash: number): number {
  let word = hash ^ (hash >>> 16);
  word = Math.imul(word, 0x85ebca6b);
  word ^= word >>> 13;
  word = Math.imul(word, 0xc2b2ae35);
  return word ^ (word >>> 16);
}

function mixBytes(start: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = start;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = mix(hash, wordAt(bytes, at));
  for (; at < to; at += 1) hash = mix(hash, bytes[at] ?? 0);
  return hash;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

/** The check over everything before the tag. The frame number lies in the header, so the nonce does. */
function checkOf(key: Uint8Array, { frame, tagAt }: Sealed): number {
  return settle(mixBytes(wordAt(key, 0) ^ tagAt, frame, 0, tagAt));
}

export const QUICK_CHECK: BeatCipher = {
  derive(clusterKey, salt, from, to, channel) {
    const key = new Uint8Array(KEY_BYTES);
    const mixed = mix(
      mixBytes(mixBytes(1, clusterKey, 0, clusterKey.length), salt, 0, salt.length),
      0,
    );
    const word = settle(mix(mixed, (from << 16) | (to << 8) | channel));
    for (let at = 0; at < 4; at += 1) key[at] = (word >>> (8 * at)) & 0xff;
    return key;
  },
  seal(key, _nonce, plain, into) {
    into.frame.set(plain, into.from);
    const check = checkOf(key, into);
    for (let at = 0; at < TAG_BYTES; at += 1) {
      into.frame[into.tagAt + at] = (check >>> (8 * (at & 3))) & 0xff;
    }
  },
  open(key, _nonce, sealed) {
    const { frame, from, tagAt } = sealed;
    const check = checkOf(key, sealed);
    for (let at = 0; at < TAG_BYTES; at += 1) {
      if (frame[tagAt + at] !== ((check >>> (8 * (at & 3))) & 0xff)) return null;
    }
    return frame.subarray(from, tagAt);
  },
};
