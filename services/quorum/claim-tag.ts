/**
 * Says who wrote a copy of a claim: one key per writing server, one 16-byte tag per copy.
 * Intuition: the CRC tells a torn page, the tag a forged one. Who can write the array but does not
 * know the cluster key can destroy a claim, which counts as unreadable; he cannot make one, take one
 * back or move one to another server's slot.
 * While one cluster key takes the other's place a tag under any of them counts: who is away writes nothing anew.
 * Source: reliability.md 0.5 (every byte between servers is authenticated), NIST SP 800-38D (GMAC).
 *
 * key = HKDF-SHA256(ikm clusterKey, no salt, info "kagemusha claim 1" | server as one byte), 32 bytes
 * tag = AES-256-GCM(key, nonce 12, additional data = the copy before its nonce, no plaintext)
 *
 * A random nonce may be used 2^32 times with one key (SP 800-38D 8.3). A server writes twice a second
 * at most while nothing happens: that is 68 years. Stamps of the shared-disk method: ten times at most,
 * that is 13 years; with the guide's times once a second.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { assert } from "../../hal/base/assert.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";

export const CLAIM_NONCE_BYTES = 12;
export const CLAIM_TAG_BYTES = 16;

const KEY_BYTES = 32;
const INFO = new TextEncoder().encode("kagemusha claim 1");
const CIPHER = "aes-256-gcm";
/** Without it OpenSSL takes a shorter tag as well, and four bytes can be guessed. */
const TAG_OPTIONS = { authTagLength: CLAIM_TAG_BYTES } as const;

/** The claim keys of all servers of one cluster, derived when first needed. */
export class ClaimKeys {
  #rings: readonly Derived[];
  /** What `server` wrote under its key before this one counts in its own eyes. */
  readonly #former: { readonly server: ServerIndex; readonly derived: Derived } | null;

  /**
   * `clusterKey`: 32 secret bytes, the same on every server. `former`: a key that `server`, this one, had before a
   * person gave it another; it proves that server's own slot only, so that it can go on writing there.
   */
  constructor(
    clusterKey: Uint8Array,
    former: { readonly server: ServerIndex; readonly key: Uint8Array } | null = null,
  ) {
    this.#rings = [new Derived(clusterKey)];
    this.#former =
      former === null ? null : { server: former.server, derived: new Derived(former.key) };
  }

  /** The cluster keys from this moment on: the first one tags, each of them is believed. */
  setKeys(clusterKeys: readonly Uint8Array[]): void {
    assert(clusterKeys.length > 0, "there is a key to tag with");
    const known = (key: Uint8Array) => this.#rings.find((derived) => derived.isOf(key));
    this.#rings = clusterKeys.map((key) => known(key) ?? new Derived(key));
  }

  /** `nonce`: 12 random bytes, drawn for this write alone. `content`: the copy before its nonce. */
  tag(server: ServerIndex, nonce: Uint8Array, content: Uint8Array): Uint8Array {
    assert(nonce.length === CLAIM_NONCE_BYTES, "nonce is 12 bytes");
    const [active] = this.#rings;
    assert(active !== undefined, "there is a key to tag with");
    const cipher = createCipheriv(CIPHER, active.of(server), nonce, TAG_OPTIONS);
    cipher.setAAD(content);
    cipher.final();
    return new Uint8Array(cipher.getAuthTag());
  }

  /** True when `server`, or another holder of a cluster key, wrote `content`. */
  isTagged(server: ServerIndex, nonce: Uint8Array, content: Uint8Array, tag: Uint8Array): boolean {
    if (nonce.length !== CLAIM_NONCE_BYTES || tag.length !== CLAIM_TAG_BYTES) return false;
    const { server: own, derived } = this.#former ?? {};
    const all = derived === undefined || own !== server ? this.#rings : [...this.#rings, derived];
    return all.some((keys) => isTaggedBy(keys.of(server), nonce, content, tag));
  }
}

function isTaggedBy(
  key: Uint8Array,
  nonce: Uint8Array,
  content: Uint8Array,
  tag: Uint8Array,
): boolean {
  const decipher = createDecipheriv(CIPHER, key, nonce, TAG_OPTIONS);
  decipher.setAAD(content);
  decipher.setAuthTag(tag);
  try {
    decipher.final();
  } catch {
    return false;
  }
  return true;
}

/** What one cluster key gives for each server. */
class Derived {
  readonly #clusterKey: Uint8Array;
  readonly #keys = new Map<ServerIndex, Uint8Array>();

  constructor(clusterKey: Uint8Array) {
    assert(clusterKey.length === KEY_BYTES, "cluster key is 32 bytes");
    this.#clusterKey = new Uint8Array(clusterKey);
  }

  isOf(clusterKey: Uint8Array): boolean {
    return Buffer.compare(this.#clusterKey, clusterKey) === 0;
  }

  of(server: ServerIndex): Uint8Array {
    let key = this.#keys.get(server);
    if (key === undefined) {
      const info = new Uint8Array(INFO.length + 1);
      info.set(INFO);
      info[INFO.length] = server;
      key = new Uint8Array(
        hkdfSync("sha256", this.#clusterKey, new Uint8Array(0), info, KEY_BYTES),
      );
      this.#keys.set(server, key);
    }
    return key;
  }
}
