/**
 * Signed commands: on a broker that is not this server's own, nobody is believed for being let in. A command
 * there counts only with an Ed25519 signature of a known key over its topic and every field, sent in the one
 * canonical spelling, so that the bytes that were signed are the bytes that are judged.
 * Signed is `kage-command-v1 LF key LF topic LF canonical request`; the request is the payload without its
 * field `signature`. Pure. Source: ecosystem.md 1.4 (last rule); RFC 8032; RFC 8785; RFC 8037 (key as JWK).
 */
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Role } from "../model.ts";
import { isTopicId } from "../topics.ts";
import { canonicalJson } from "./canonical.ts";
import { COMMAND_BYTES_MAX, isCommandId } from "./request.ts";

export interface OperatorKey {
  /** Like a topic id: lower case, digits, hyphens. */
  readonly id: string;
  /** Highest role whose commands it may sign. */
  readonly role: Role;
  readonly key: KeyObject;
}

/** One row of the key file. */
export interface OperatorKeyRow {
  readonly id: string;
  readonly role: Role;
  /** 32 bytes, base64url without padding. */
  readonly publicKey: string;
  /** ISO 8601 UTC instant. */
  readonly added: string;
}

/** People and machines that may order from outside; more need another design. */
export const OPERATOR_KEYS_MAX = 64;
/** Signature field included. */
const SIGNED_BYTES_MAX = COMMAND_BYTES_MAX + 256;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

const RANK: Readonly<Record<Role, number>> = { view: 0, op: 1, admin: 2 };

export const mayOrder = (key: OperatorKey, role: Role): boolean => RANK[key.role] >= RANK[role];

export const isRole = (value: unknown): value is Role =>
  typeof value === "string" && Object.hasOwn(RANK, value);

/** The rows of a key file `{"v":1,"keys":[...]}`; null = it is none, and no key is known. */
export function readKeyFile(text: string): readonly OperatorKeyRow[] | null {
  const value = parseJson(text);
  if (!isRecord(value) || value["v"] !== 1 || !Array.isArray(value["keys"])) return null;
  const rows: unknown[] = value["keys"];
  if (rows.length > OPERATOR_KEYS_MAX || !rows.every(isRow)) return null;
  return new Set(rows.map(({ id }) => id)).size === rows.length ? rows : null;
}

/** null: a row is no point of the curve. */
export function operatorKeys(rows: readonly OperatorKeyRow[]): readonly OperatorKey[] | null {
  const keys = rows.map(({ id, role, publicKey }) => {
    const key = publicKeyOf(publicKey);
    return key === null ? null : { id, role, key };
  });
  return keys.includes(null) ? null : keys.filter((key) => key !== null);
}

export type Opened =
  | { readonly kind: "opened"; readonly payload: Uint8Array; readonly signer: OperatorKey }
  | {
      readonly kind: "refused";
      readonly commandId: string;
      readonly key: "command-malformed" | "signature-missing" | "signature-key" | "signature-wrong";
      readonly data: Readonly<Record<string, string>>;
    };

/** The command inside a signed payload. Cheap checks come first: strangers decide how often it is asked. */
export function openSigned(
  topic: string,
  payload: Uint8Array,
  keys: readonly OperatorKey[],
): Opened {
  const malformed = (detail: string, commandId = ""): Opened => {
    return { kind: "refused", commandId, key: "command-malformed", data: { detail } };
  };
  if (payload.length > SIGNED_BYTES_MAX) return malformed(`more than ${SIGNED_BYTES_MAX} bytes`);
  const text = Buffer.from(payload).toString("utf8");
  const value = parseJson(text);
  if (!isRecord(value)) return malformed("expected a JSON object");
  const { signature, ...request } = value;
  const commandId = isCommandId(request["commandId"]) ? request["commandId"] : "";
  const refuse = (key: "signature-missing" | "signature-key" | "signature-wrong"): Opened => {
    const name =
      isRecord(signature) && isTopicId(String(signature["key"])) ? signature["key"] : "?";
    return { kind: "refused", commandId, key, data: { key: String(name) } };
  };
  if (signature === undefined) return refuse("signature-missing");
  if (!isSignature(signature)) {
    return malformed('signature: expected {"key":name,"value":86 base64url characters}', commandId);
  }
  // Bytes, not text: a byte that is no UTF-8 would be read as a replacement character.
  const canonical = canonicalJson(value);
  if (canonical === null || !Buffer.from(canonical).equals(payload)) {
    return malformed("a signed command must be sent in its canonical spelling", commandId);
  }
  const signer = keys.find(({ id }) => id === signature.key);
  if (signer === undefined) return refuse("signature-key");
  const signed = signedBytes(signer.id, topic, request);
  const mark = Buffer.from(signature.value, "base64url");
  // One spelling here as well: the last letter of 86 has four bits that nobody reads.
  const isSpelt = mark.length === SIGNATURE_BYTES && mark.toString("base64url") === signature.value;
  if (signed === null || !isSpelt) return refuse("signature-wrong");
  if (!verify(null, signed, signer.key, mark)) return refuse("signature-wrong");
  return { kind: "opened", payload: Buffer.from(canonicalJson(request) ?? ""), signer };
}

/** The payload to publish on `topic`; null = the request has no canonical spelling. */
export function signCommand(
  request: Readonly<Record<string, unknown>>,
  topic: string,
  keyId: string,
  privateKey: KeyObject,
): string | null {
  const signed = signedBytes(keyId, topic, request);
  if (signed === null) return null;
  const value = sign(null, signed, privateKey).toString("base64url");
  return canonicalJson({ ...request, signature: { key: keyId, value } });
}

/** `publicKey` is 32 bytes in base64url; null = no Ed25519 key. */
export function publicKeyOf(publicKey: string): KeyObject | null {
  if (!PUBLIC_KEY.test(publicKey)) return null;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function signedBytes(keyId: string, topic: string, request: object): Buffer | null {
  const canonical = canonicalJson(request);
  return canonical === null
    ? null
    : Buffer.from(`kage-command-v1\n${keyId}\n${topic}\n${canonical}`);
}

function isSignature(value: unknown): value is { readonly key: string; readonly value: string } {
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  const { key, value: mark } = value;
  return typeof key === "string" && isTopicId(key) && SIGNATURE.test(String(mark));
}

function isRow(value: unknown): value is OperatorKeyRow {
  if (!isRecord(value)) return false;
  const { id, role, publicKey, added } = value;
  const isNamed = typeof id === "string" && isTopicId(id) && typeof added === "string";
  return isNamed && isRole(role) && typeof publicKey === "string" && PUBLIC_KEY.test(publicKey);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
