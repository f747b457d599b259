/**
 * What the two sides of an enrolment say inside the secret channel, as JSON, every text bounded and every
 * answer checked by the reader: a code in the right hands does not make the sender's software right.
 * Source: R115 (one configuration), architecture.md 6 (key file of 64 hex digits).
 */

/** A configuration of 16 servers and 32 groups has about 60 kB; the loader takes at most 1,000,000. */
export const PLAIN_BYTES_MAX = 3 * 1024 * 1024;
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,14}$/;

/** First word of the joiner: proves the code by being readable. */
export interface Hello {
  readonly kind: "hello";
  /** Name under which it would enrol; empty = the one it is invited by. */
  readonly server: string;
  /** What it comes for. */
  readonly wants: "cluster" | "key";
}

/** What the joiner gets. */
export interface Gift {
  readonly kind: "gift";
  readonly server: string;
  /** Text of cluster.jsonc. */
  readonly config: string;
  /** 64 hex digits. */
  readonly key: string;
}

/** What became of it. */
export interface Outcome {
  readonly kind: "outcome";
  readonly stored: boolean;
  /** Why not; empty when stored. */
  readonly detail: string;
}

/** The inviter will not give anything. */
export interface Refusal {
  readonly kind: "refusal";
  readonly reason: RefusalReason;
  readonly detail: string;
}

export const REFUSAL_REASONS = ["used", "expired", "other-server", "other-purpose"] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export type Word = Hello | Gift | Outcome | Refusal;

export function encodeWord(word: Word): Uint8Array {
  return Buffer.from(JSON.stringify(word), "utf8");
}

/** null = none of the words. */
export function parseWord(bytes: Uint8Array): Word | null {
  if (bytes.length > PLAIN_BYTES_MAX) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { kind, server, wants, config, key, stored, detail, reason } = value as Record<
    string,
    unknown
  >;
  const isNamed = typeof server === "string" && SERVER_NAME.test(server);
  switch (kind) {
    case "hello":
      if (server !== "" && !isNamed) return null;
      if (wants !== "cluster" && wants !== "key") return null;
      return { kind, server: String(server), wants };
    case "gift":
      if (!isNamed || typeof config !== "string") return null;
      if (typeof key !== "string" || !/^[0-9a-f]{64}$/.test(key)) return null;
      return { kind, server, config, key };
    case "outcome":
      return typeof stored === "boolean" ? { kind, stored, detail: shortText(detail) } : null;
    case "refusal": {
      const known = REFUSAL_REASONS.find((one) => one === reason);
      return known === undefined ? null : { kind, reason: known, detail: shortText(detail) };
    }
    default:
      return null;
  }
}

/** Longest text of the other side that is shown to a person. */
const DETAIL_CHARACTERS_MAX = 200;

const shortText = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, DETAIL_CHARACTERS_MAX) : "";
