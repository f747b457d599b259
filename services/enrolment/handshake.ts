/**
 * The secret channel of an enrolment. Intuition: both sides show a fresh public key and mix the shared
 * secret of the two with the typed code; who lacks the code, or stands between the two, derives other
 * keys and cannot open or forge one frame. The ephemeral keys are gone with the session, so a recording
 * and the code together, later, open nothing.
 * Source: RFC 7748 (X25519), RFC 5869 (HKDF), the Noise pattern NNpsk (psk mixed into the key).
 *
 * salt  = SHA-256("kagemusha enrol 1" | joiner's public key | inviter's public key)
 * key   = HKDF-SHA256(ikm X25519 | code, salt, info "joiner" or "inviter" = who sends), one per direction
 * frame = AES-256-GCM(key, nonce 4 zero bytes | number 8), tag 16 behind it
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from "node:crypto";

/** Raw X25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
export const TAG_BYTES = 16;
const KEY_BYTES = 32;
const CIPHER = "aes-256-gcm";
const CONTEXT = "kagemusha enrol 1";
/** Head of an X25519 SubjectPublicKeyInfo (RFC 8410 4); the 32 raw bytes follow. */
const SPKI_HEAD = Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 110, 3, 33, 0);

export type Role = "joiner" | "inviter";

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Channel {
  /** Seals the next frame of this side. */
  seal(plain: Uint8Array): Uint8Array;
  /** Opens the next frame of the other side; null = not sealed by who knows the code, or not the next. */
  open(frame: Uint8Array): Uint8Array | null;
}

export function rawPublicKey(pair: KeyPair): Uint8Array {
  return pair.publicKey.export({ type: "spki", format: "der" }).subarray(SPKI_HEAD.length);
}

/** null = the other side's key is no point that yields a secret (all zero, of low order). */
export function openChannel(
  role: Role,
  own: KeyPair,
  theirs: Uint8Array,
  code: string,
): Channel | null {
  const shared = agree(own.privateKey, theirs);
  if (shared === null) return null;
  const mine = rawPublicKey(own);
  const [joiner, inviter] = role === "joiner" ? [mine, theirs] : [theirs, mine];
  const salt = createHash("sha256").update(CONTEXT).update(joiner).update(inviter).digest();
  const secret = Buffer.concat([shared, Buffer.from(code, "utf8")]);
  const keyOf = (sender: Role): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", secret, salt, sender, KEY_BYTES));
  return new SealedChannel(keyOf(role), keyOf(role === "joiner" ? "inviter" : "joiner"));
}

class SealedChannel implements Channel {
  readonly #out: Uint8Array;
  readonly #in: Uint8Array;
  #sent = 0n;
  #received = 0n;

  constructor(out: Uint8Array, into: Uint8Array) {
    this.#out = out;
    this.#in = into;
  }

  seal(plain: Uint8Array): Uint8Array {
    const cipher = createCipheriv(CIPHER, this.#out, nonce(this.#sent));
    this.#sent += 1n;
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(frame: Uint8Array): Uint8Array | null {
    if (frame.length < TAG_BYTES) return null;
    const cut = frame.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, this.#in, nonce(this.#received), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(frame.subarray(cut));
    try {
      const plain = Buffer.concat([decipher.update(frame.subarray(0, cut)), decipher.final()]);
      this.#received += 1n;
      return plain;
    } catch {
      // The one failure of a cipher with the right lengths: the tag does not fit.
      return null;
    }
  }
}

function nonce(number: bigint): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(number, 4);
  return bytes;
}

function agree(privateKey: KeyObject, theirs: Uint8Array): Uint8Array | null {
  if (theirs.length !== PUBLIC_KEY_BYTES) return null;
  try {
    const key = Buffer.concat([SPKI_HEAD, theirs]);
    const publicKey = createPublicKey({ key, format: "der", type: "spki" });
    const shared = diffieHellman({ privateKey, publicKey });
    return shared.some((byte) => byte !== 0) ? shared : null;
  } catch {
    // OpenSSL refuses points of low order: such a peer proves nothing.
    return null;
  }
}
