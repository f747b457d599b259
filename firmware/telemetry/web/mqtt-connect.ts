/**
 * The first packet of each side of a dashboard's MQTT connection, taken apart and made anew. The browser's
 * CONNECT gets the broker account of the user's role and a client id of our choice; everything it could
 * misuse (its own names, a last will that would speak after log-out, a session that outlives it) is left
 * out. The broker's CONNACK tells the browser that id. Pure. Source: MQTT 5.0 3.1, 3.2; MQTT 3.1.1 3.1, 3.2.
 */
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type Packet,
  parser,
} from "mqtt-packet";

export interface BrokerAccount {
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
}

export type ProtocolVersion = 4 | 5;

export type First =
  | { readonly kind: "more" }
  | { readonly kind: "malformed"; readonly reason: string }
  | { readonly kind: "packet"; readonly packet: Buffer; readonly rest: Buffer };

export type Connect =
  | { readonly kind: "connect"; readonly bytes: Buffer; readonly version: ProtocolVersion }
  | { readonly kind: "malformed"; readonly reason: string };

export type Connack =
  | { readonly kind: "connack"; readonly bytes: Buffer; readonly accepted: boolean }
  | { readonly kind: "malformed"; readonly reason: string };

/** Remaining length is at most four bytes of seven bits (MQTT 5.0 1.5.5). */
const LENGTH_BYTES_MAX = 4;

/** Splits the first packet off; refuses one longer than `bytesMax` before it is there. */
export function firstPacket(bytes: Buffer, bytesMax: number): First {
  let length = 0;
  for (let at = 0; at < LENGTH_BYTES_MAX; at++) {
    const byte = bytes[1 + at];
    if (byte === undefined) return { kind: "more" };
    length += (byte & 0x7f) * 128 ** at;
    if ((byte & 0x80) !== 0) continue;
    const end = 2 + at + length;
    if (end > bytesMax) return malformed(`first packet longer than ${bytesMax} bytes`);
    if (bytes.length < end) return { kind: "more" };
    return { kind: "packet", packet: bytes.subarray(0, end), rest: bytes.subarray(end) };
  }
  return malformed("length field longer than four bytes");
}

/** `packet`: exactly one packet. MQTT 3.1.1 and 5 only. */
export function rewriteConnect(packet: Buffer, account: BrokerAccount): Connect {
  const parsed = parseOne(packet, 5);
  if (parsed?.cmd !== "connect") return malformed("first packet is not a CONNECT");
  const { protocolVersion: version } = parsed;
  if (version !== 4 && version !== 5) return malformed("expected MQTT 3.1.1 or 5");
  const connect: IConnectPacket = {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: version,
    // A clean start and, in 5, no expiry: nothing is kept for a browser that went away.
    clean: true,
    clientId: account.clientId,
    keepalive: parsed.keepalive ?? 0,
    username: account.username,
    password: Buffer.from(account.password, "utf8"),
    ...(version === 5 ? { properties: harmless(parsed) } : {}),
  };
  return { kind: "connect", bytes: generate(connect), version };
}

/** The browser's own limits, which only make the broker send less. */
function harmless({ properties = {} }: IConnectPacket): NonNullable<IConnectPacket["properties"]> {
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum } = properties;
  return {
    ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
    ...(topicAliasMaximum === undefined ? {} : { topicAliasMaximum }),
  };
}

/** Adds the client id of our choice as "assigned" (MQTT 5); 3.1.1 has no place for it. */
export function rewriteConnack(
  packet: Buffer,
  version: ProtocolVersion,
  clientId: string,
): Connack {
  const parsed = parseOne(packet, version);
  if (parsed?.cmd !== "connack") return malformed("the broker's first packet is not a CONNACK");
  const accepted = (version === 5 ? parsed.reasonCode : parsed.returnCode) === 0;
  if (version === 4 || !accepted) return { kind: "connack", bytes: packet, accepted };
  const told: IConnackPacket = {
    cmd: "connack",
    reasonCode: 0,
    sessionPresent: parsed.sessionPresent,
    properties: { ...parsed.properties, assignedClientIdentifier: clientId },
  };
  return { kind: "connack", bytes: generate(told, { protocolVersion: 5 }), accepted };
}

/** Null = not exactly one well-formed packet. The package reports some faults by event, some by throwing. */
function parseOne(bytes: Buffer, version: ProtocolVersion): Packet | null {
  const found: Packet[] = [];
  let faults = 0;
  const machine = parser({ protocolVersion: version });
  machine.on("packet", (packet: Packet) => found.push(packet));
  machine.on("error", () => faults++);
  try {
    machine.parse(bytes);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return null;
  }
  const [only] = found;
  return faults === 0 && found.length === 1 && only !== undefined ? only : null;
}

const malformed = (reason: string) => ({ kind: "malformed", reason }) as const;
