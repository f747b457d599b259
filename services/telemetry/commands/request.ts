/**
 * The payload of a command, read strictly: a field that is misspelt would silently take a condition
 * away, so unknown fields are refused like wrong ones. Never throws, bounded in size.
 * Source: ecosystem.md 1.4; model.ts `CommandRequest`.
 */
import type { CommandRequest } from "../model.ts";

/** A command is a few hundred bytes; more is a mistake or an attack. */
export const COMMAND_BYTES_MAX = 8192;
/** Longest free text, characters. */
const REASON_CHARACTERS_MAX = 400;
const NAME_CHARACTERS_MAX = 64;
/** Shortest and longest validity, s. */
const TTL_S_MAX = 300;

export type ReadRequest =
  | { readonly kind: "request"; readonly request: CommandRequest; readonly sentMs: number }
  /** `commandId` when it could be read, so that the sender learns which one. */
  | { readonly kind: "malformed"; readonly detail: string; readonly commandId: string | null };

type Fields = Readonly<Record<string, unknown>>;

/** Each says null when the value fits, else what was expected. */
const FIELDS: Readonly<Record<string, (value: unknown) => string | null>> = {
  commandId: (value) => (isCommandId(value) ? null : "8 to 64 letters, digits or hyphens"),
  args: (value) => readFields(value, { to: isName }),
  expect: (value) => readFields(value, { owner: isNameOrNull, epoch: isCount, state: isName }),
  confirm: isName,
  reason: (value) =>
    typeof value === "string" && value.length <= REASON_CHARACTERS_MAX
      ? null
      : `a text of up to ${REASON_CHARACTERS_MAX} characters`,
  ts: (value) =>
    typeof value === "string" && ISO_INSTANT.test(value) && Number.isFinite(Date.parse(value))
      ? null
      : "an ISO 8601 instant in UTC",
  ttlS: (value) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= TTL_S_MAX
      ? null
      : `a whole number of seconds from 1 to ${TTL_S_MAX}`,
  dryRun: (value) => (typeof value === "boolean" ? null : "true or false"),
};
const REQUIRED = ["commandId", "ts", "ttlS"] as const;
const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

/** For any bytes. Malformed: what was expected, and for whom, where its `commandId` could be read. */
export function readRequest(payload: Uint8Array): ReadRequest {
  if (payload.length > COMMAND_BYTES_MAX) {
    return malformed(`more than ${COMMAND_BYTES_MAX} bytes`, null);
  }
  const value = parseJson(payload);
  if (!isRecord(value)) return malformed("expected a JSON object", null);
  const commandId = isCommandId(value["commandId"]) ? value["commandId"] : null;
  for (const name of REQUIRED) {
    if (!Object.hasOwn(value, name)) return malformed(`${name} is missing`, commandId);
  }
  const fault = readFields(value, FIELDS);
  if (fault !== null) return malformed(fault, commandId);
  // Every field was just checked against the table above.
  const request = value as unknown as CommandRequest;
  return { kind: "request", request, sentMs: Date.parse(request.ts) };
}

function readFields(
  value: unknown,
  fields: Readonly<Record<string, (value: unknown) => string | null>>,
): string | null {
  if (!isRecord(value)) return "expected an object";
  for (const [name, content] of Object.entries(value)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (check === undefined) return `unknown field ${JSON.stringify(name.slice(0, 40))}`;
    const expected = check(content);
    if (expected !== null) return `${name}: expected ${expected}`;
  }
  return null;
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch (error) {
    // No UTF-8 or no JSON: both are the sender's fault and answered as such.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function isName(value: unknown): string | null {
  const fits = typeof value === "string" && value !== "" && value.length <= NAME_CHARACTERS_MAX;
  return fits ? null : `a name of 1 to ${NAME_CHARACTERS_MAX} characters`;
}

const isNameOrNull = (value: unknown): string | null => (value === null ? null : isName(value));

const isCount = (value: unknown): string | null =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? null : "a whole number";

export const isCommandId = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z0-9-]{8,64}$/.test(value);

const malformed = (detail: string, commandId: string | null): ReadRequest => ({
  kind: "malformed",
  detail,
  commandId,
});

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
