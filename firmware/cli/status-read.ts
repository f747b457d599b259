/**
 * Checks what an agent calls its status before anything is shown or decided from it. Keys nobody
 * here knows are left alone (`-o json` passes them on); a wrong or missing one names its place.
 */
import type { StatusDocument } from "../../services/status.ts";
import { isRecord } from "./client.ts";
import { GROUP_WORDS, LEVEL_WORDS, PATH_KIND_WORDS, PATH_WORDS, SERVER_WORDS } from "./words.ts";

export type StatusReading =
  | { readonly kind: "status"; readonly document: StatusDocument }
  /** `detail` says which key was expected to be what. */
  | { readonly kind: "malformed"; readonly detail: string };

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, readonly [Check, string]>>;

const isText: Check = (value) => typeof value === "string";
const isTextOrNull: Check = (value) => value === null || typeof value === "string";
const isCount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isCountOrNull: Check = (value) => value === null || isCount(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isReasons: Check = (value) =>
  Array.isArray(value) &&
  value.every((reason) => isRecord(reason) && isText(reason["code"]) && isText(reason["text"]));
const isWordOf =
  (words: object): Check =>
  (value) =>
    typeof value === "string" && Object.hasOwn(words, value);
const among = (words: object): string => Object.keys(words).join(" | ");

const CLUSTER: Shape = {
  name: [isText, "a name"],
  level: [isWordOf(LEVEL_WORDS), among(LEVEL_WORDS)],
  reasons: [isReasons, "a list of { code, text }"],
  epoch: [isCountOrNull, "a number or null"],
  method: [isText, "a method"],
  coordinator: [isTextOrNull, "a name or null"],
  survivesFailures: [isCount, "a number"],
};

const LISTS: Readonly<Record<"servers" | "groups" | "paths", Shape>> = {
  servers: {
    name: [isText, "a name"],
    state: [isWordOf(SERVER_WORDS), among(SERVER_WORDS)],
    since: [isTextOrNull, "an instant or null"],
    incarnation: [isTextOrNull, "a text or null"],
  },
  groups: {
    name: [isText, "a name"],
    state: [isWordOf(GROUP_WORDS), among(GROUP_WORDS)],
    owner: [isTextOrNull, "a name or null"],
    policy: [isTexts, "a list of names"],
  },
  paths: {
    kind: [isWordOf(PATH_KIND_WORDS), among(PATH_KIND_WORDS)],
    id: [isText, "an id"],
    from: [isText, "a name"],
    to: [isText, "a name"],
    state: [isWordOf(PATH_WORDS), among(PATH_WORDS)],
    lastHeardMs: [isCountOrNull, "a number or null"],
  },
};

export function readStatus(value: unknown): StatusReading {
  if (!isRecord(value)) return malformed("result", "an object");
  const cluster = checkShape("cluster", value["cluster"], CLUSTER);
  if (cluster !== null) return cluster;
  for (const [list, shape] of Object.entries(LISTS)) {
    const entries = value[list];
    if (!Array.isArray(entries)) return malformed(list, "a list");
    for (const [index, entry] of entries.entries()) {
      const fault = checkShape(`${list}[${index}]`, entry, shape);
      if (fault !== null) return fault;
    }
  }
  // The checks above are the proof the compiler cannot see.
  return { kind: "status", document: value as unknown as StatusDocument };
}

function checkShape(at: string, value: unknown, shape: Shape): StatusReading | null {
  if (!isRecord(value)) return malformed(at, "an object");
  for (const [key, [isGood, expected]] of Object.entries(shape)) {
    if (!isGood(value[key])) return malformed(`${at}.${key}`, expected);
  }
  return null;
}

function malformed(at: string, expected: string): StatusReading {
  return { kind: "malformed", detail: `${at}: expected ${expected}` };
}
