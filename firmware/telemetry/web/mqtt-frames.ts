/**
 * Watches the packets a browser sends after its CONNECT without taking them apart: kind, flags, length.
 * Intuition: the broker decides about topics, but it must never see a second CONNECT under our account, an
 * AUTH, a retained message (commands are never retained) or a packet larger than a command can be.
 * Pure; pieces may be cut anywhere. Source: MQTT 5.0 2.1; ecosystem.md 1.4.
 */

export type Watched =
  /** `publishes`: messages whose header was in this piece. */
  | { readonly kind: "pass"; readonly publishes: number }
  | { readonly kind: "refused"; readonly reason: string };

export interface FrameWatch {
  /** After a refusal every further piece is refused. */
  feed(piece: Uint8Array): Watched;
}

const PUBLISH = 3;
/** PUBLISH, its acknowledgements, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT. */
const ALLOWED: ReadonlySet<number> = new Set([PUBLISH, 4, 5, 6, 7, 8, 10, 12, 14]);
const RETAIN_FLAG = 0x01;
const LENGTH_BYTES_MAX = 4;

/** `bytesMax`: largest packet body, bytes. */
export function createFrameWatch(bytesMax: number): FrameWatch {
  let state: "header" | "length" | "body" | "refused" = "header";
  let length = 0;
  let lengthBytes = 0;
  let bodyLeft = 0;
  let reason = "";

  function refuse(why: string): Watched {
    state = "refused";
    reason = why;
    return { kind: "refused", reason };
  }

  /** One byte of the length field; null = go on. */
  function takeLength(byte: number): Watched | null {
    length += (byte & 0x7f) * 128 ** lengthBytes;
    lengthBytes++;
    if (length > bytesMax) return refuse(`packet longer than ${bytesMax} bytes`);
    if ((byte & 0x80) === 0) {
      bodyLeft = length;
      state = bodyLeft === 0 ? "header" : "body";
    } else if (lengthBytes === LENGTH_BYTES_MAX) return refuse("malformed length");
    return null;
  }

  return {
    feed(piece) {
      if (state === "refused") return { kind: "refused", reason };
      let publishes = 0;
      let at = 0;
      while (at < piece.length) {
        const byte = piece[at] ?? 0;
        if (state === "body") {
          const taken = Math.min(bodyLeft, piece.length - at);
          bodyLeft -= taken;
          at += taken;
          if (bodyLeft === 0) state = "header";
          continue;
        }
        at++;
        if (state === "header") {
          const kind = byte >> 4;
          if (!ALLOWED.has(kind)) return refuse(`packet of kind ${kind}`);
          if (kind === PUBLISH && (byte & RETAIN_FLAG) !== 0) return refuse("retained message");
          if (kind === PUBLISH) publishes++;
          state = "length";
          length = 0;
          lengthBytes = 0;
        } else {
          const refused = takeLength(byte);
          if (refused !== null) return refused;
        }
      }
      return { kind: "pass", publishes };
    },
  };
}
