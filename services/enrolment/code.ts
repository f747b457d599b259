/**
 * The one-time code by which a second server enrols: 20 characters of Crockford's alphabet in four
 * fives, 100 random bits. Intuition: it is typed by a person, so no letter looks like another; with that
 * many bits nobody guesses it, neither on the wire nor from a recording.
 * Source: ecosystem.md 7 (join by a code of the first server); Crockford base 32.
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS = 20;
const GROUP = 5;
/** 20 characters of 5 bits; four bits of the last byte are not used. */
export const CODE_BYTES = 13;

/** `XXXXX-XXXXX-XXXXX-XXXXX` from 13 random bytes. */
export function codeFrom(random: Uint8Array): string {
  let bits = 0n;
  for (const byte of random.subarray(0, CODE_BYTES)) bits = (bits << 8n) | BigInt(byte);
  const letters = Array.from({ length: CHARACTERS }, (_, position) => {
    const shift = BigInt(5 * (CHARACTERS - 1 - position));
    return ALPHABET[Number((bits >> shift) & 31n)] ?? "";
  });
  const groups = Array.from({ length: CHARACTERS / GROUP }, (_, nth) =>
    letters.slice(nth * GROUP, (nth + 1) * GROUP).join(""),
  );
  return groups.join("-");
}

/**
 * What a person typed, as the secret both sides use: case, blanks and hyphens do not matter, O is 0,
 * I and L are 1. null = not 20 characters of the alphabet.
 */
export function parseCode(text: string): string | null {
  const plain = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  const isCode = plain.length === CHARACTERS && [...plain].every((c) => ALPHABET.includes(c));
  return isCode ? plain : null;
}
