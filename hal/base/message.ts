/**
 * A small JSON object that came as one datagram: the first look that every receiver takes before it
 * reads fields. Intuition: whatever is too long, no JSON or no object is nothing, never an exception.
 * Source: style.md 18 (parsers never throw, everything bounded); RFC 8259.
 */

/** A word of a board or of the public switch is about 60 bytes. */
export const MESSAGE_BYTES_MAX = 512;

/** Fields of the object, all of them unchecked; null for anything else. */
export function readMessage(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  if (bytes.length > MESSAGE_BYTES_MAX) return null;
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) return null;
  return message as Readonly<Record<string, unknown>>;
}

/** What servers and the public switch tell each other about a floating address. */
export interface AddressMessage<Kind extends string> {
  readonly kind: Kind;
  readonly address: string;
}

/** The message if its kind is one of `kinds`, else null. The address is any text. */
export function readAddressMessage<Kind extends string>(
  bytes: Uint8Array,
  kinds: readonly Kind[],
): AddressMessage<Kind> | null {
  const message = readMessage(bytes);
  const kind = kinds.find((one) => one === message?.["kind"]);
  const address = message?.["address"];
  return kind === undefined || typeof address !== "string" ? null : { kind, address };
}
