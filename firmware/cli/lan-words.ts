/**
 * The words of `--lan`: addresses in the order of the LANs, or with the id of one in front.
 * `192.168.1.1`, `192.168.1.1:7001`, `lan2=[fd00::1]:7001`; the port is 7001 unless said.
 * Source: R1-R3; services/configuration/address.ts.
 */
import { parseEndpoint, parseIp } from "../../services/configuration/address.ts";

/** UDP port of the heartbeats unless said otherwise, as in the shipped example. */
const HEARTBEAT_PORT = 7001;

export interface LanWord {
  /** null = by its position. */
  readonly id: string | null;
  /** `ip:port` */
  readonly address: string;
}

export type LanWords =
  | { readonly kind: "words"; readonly words: readonly LanWord[] }
  | { readonly kind: "bad"; readonly found: string };

/** Separated by commas; an empty text has no words. */
export function parseLans(text: string): LanWords {
  const words: LanWord[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const match = /^(?:([a-z0-9][a-z0-9-]{0,30})=)?(.+)$/.exec(part);
    const address = withPort(match?.[2] ?? "");
    if (address === null) return { kind: "bad", found: part };
    words.push({ id: match?.[1] ?? null, address });
  }
  return { kind: "words", words };
}

/** Addresses by id: those with an id as said, the others in the order of `ids`. */
export function lansById(
  words: readonly LanWord[],
  ids: readonly string[],
): Readonly<Record<string, string>> {
  const named = words.filter(({ id }) => id !== null);
  const taken = new Set(named.map(({ id }) => id));
  const free = ids.filter((id) => !taken.has(id));
  const byPlace = words.filter(({ id }) => id === null);
  return Object.fromEntries([
    ...named.map(({ id, address }) => [id ?? "", address] as const),
    // One address too many gets a name that no LAN has, so that it is refused and not lost.
    ...byPlace.map(({ address }, nth) => [free[nth] ?? `lan${ids.length + 1}`, address] as const),
  ]);
}

function withPort(text: string): string | null {
  if (parseEndpoint(text) !== null) return text;
  if (parseIp(text) === null) return null;
  return text.includes(":") ? `[${text}]:${HEARTBEAT_PORT}` : `${text}:${HEARTBEAT_PORT}`;
}
