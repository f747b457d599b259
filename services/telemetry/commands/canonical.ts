/**
 * One spelling for one JSON value, so that a signature covers bytes about which nobody can disagree. The
 * subset of RFC 8785 that a command needs: objects with their keys sorted by UTF-16 units, arrays, texts as
 * JSON.stringify writes them, whole numbers within 2^53, true, false, null; no blanks.
 * What has no such spelling (fractions, lone surrogates, deep nesting) has none here: null.
 */

/** `expect` within a request within a signed whole is the deepest there is. */
const DEPTH_MAX = 8;

/** null: no value of the subset. */
export function canonicalJson(value: unknown): string | null {
  return spell(value, 0);
}

function spell(value: unknown, depth: number): string | null {
  if (depth > DEPTH_MAX) return null;
  if (value === null || typeof value === "boolean") return String(value);
  // Minus zero is spelt like zero: the reader compares spellings and finds the difference.
  if (typeof value === "number") return Number.isSafeInteger(value) ? JSON.stringify(value) : null;
  if (typeof value === "string") return spellText(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => spell(item, depth + 1));
    return items.includes(null) ? null : `[${items.join(",")}]`;
  }
  if (typeof value !== "object") return null;
  return spellObject(value as Readonly<Record<string, unknown>>, depth);
}

function spellObject(value: Readonly<Record<string, unknown>>, depth: number): string | null {
  const parts: string[] = [];
  // Without a comparison, sort() orders by UTF-16 units: what RFC 8785 3.2.3 asks for.
  for (const name of Object.keys(value).sort()) {
    const key = spellText(name);
    const content = spell(value[name], depth + 1);
    if (key === null || content === null) return null;
    parts.push(`${key}:${content}`);
  }
  return `{${parts.join(",")}}`;
}

/** I-JSON (RFC 7493 2.1): a text without a partner of a surrogate is no Unicode text. */
const spellText = (text: string): string | null =>
  /\p{Surrogate}/u.test(text) ? null : JSON.stringify(text);
