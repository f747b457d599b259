/**
 * Decoders of what the broker delivers: bytes in, a checked message out, null for anything else. The
 * broker may be somebody else's, so nothing is believed about shape or size; a page that has to draw
 * must never meet a missing field. Bounded: names 64 characters, texts 2000, lists as named below.
 * Source: services/telemetry/model.ts, ecosystem.md 1.3; house rule "parsers never throw".
 */
import type {
  Bilingual,
  ClusterState,
  CommandReply,
  Envelope,
  EventMessage,
  GroupState,
  InfoState,
  NodeState,
  PathState,
} from "../model.ts";

/** A whole event list of 50 with long texts is about 100 kB; a state far less. */
export const MESSAGE_CHARACTERS_MAX = 400_000;
const NAME_CHARACTERS_MAX = 64;
const TEXT_CHARACTERS_MAX = 2000;
/** 16 servers pairwise and both ways are 240 pairs. */
const PAIRS_MAX = 512;
const LIST_MAX = 1024;
const EVENTS_MAX = 200;

type Json = Readonly<Record<string, unknown>>;

/** An object, or null; arrays, scalars, broken and oversized texts are null. */
export function readJson(text: string): Json | null {
  if (text.length > MESSAGE_CHARACTERS_MAX) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function readInfo(json: Json): InfoState | null {
  const envelope = readEnvelope(json);
  const method = oneOf(json["method"], [
    "none",
    "com",
    "disk",
    "com-disk",
    "majority",
    "mirror",
  ] as const);
  if (envelope === null) return null;
  return {
    ...envelope,
    cluster: name(json["cluster"]) ?? "?",
    version: name(json["version"]) ?? "?",
    method: (method ?? "none") as InfoState["method"],
    timeoutMs: count(json["timeoutMs"]) ?? 0,
    intervalMs: count(json["intervalMs"]) ?? 0,
    servers: names(json["servers"]),
    groups: list(json["groups"], (entry) => {
      const group = name(entry["name"]);
      if (group === null) return null;
      const resources = list(entry["resources"], (resource) => {
        const resourceName = name(resource["name"]);
        return resourceName === null
          ? null
          : { name: resourceName, type: name(resource["type"]) ?? "?" };
      });
      return { name: group, policy: names(entry["policy"]), resources };
    }),
    paths: list(json["paths"], (entry) => {
      const id = name(entry["id"]);
      const kind = oneOf(entry["kind"], PATH_KINDS);
      return id === null || kind === null ? null : { id, kind };
    }),
  };
}

const PATH_KINDS = ["lan-private", "lan-public", "com", "disk"] as const;
const LEVELS = ["ok", "degraded", "failed"] as const;
const SERVER_STATES = [
  ...(["starting", "member", "leaving", "detached", "returning", "stopping", "off"] as const),
] as const;
const GROUP_STATES = ["stopped", "starting", "running", "stopping", "failed", "unknown"] as const;
const PATH_STATES = ["normal", "faulty", "unknown"] as const;
const SEVERITIES = ["info", "warning", "error", "critical"] as const;
const SUBJECTS = ["cluster", "node", "group", "path"] as const;
const COMMAND_STATUSES = ["accepted", "running", "done", "failed", "rejected", "expired"] as const;

export function readCluster(json: Json): ClusterState | null {
  const envelope = readEnvelope(json);
  const level = oneOf(json["level"], LEVELS);
  const survivesFailures = count(json["survivesFailures"]);
  if (envelope === null || level === null || survivesFailures === null) return null;
  return {
    ...envelope,
    level,
    survivesFailures,
    reasons: list(json["reasons"], (entry) => {
      const text = words(entry["text"]);
      const code = name(entry["code"]);
      return code === null || text === null ? null : { code, text, ja: words(entry["ja"]) ?? text };
    }),
    coordinator: name(json["coordinator"]),
    headline: bilingual(json["headline"]),
    configRevision: name(json["configRevision"]),
    revision: count(json["revision"]),
  };
}

export function readNode(json: Json): NodeState | null {
  const envelope = readEnvelope(json);
  const server = name(json["name"]);
  const state = oneOf(json["state"], SERVER_STATES);
  if (envelope === null || server === null || state === null) return null;
  const since = name(json["since"]);
  return { ...envelope, name: server, state, since, incarnation: name(json["incarnation"]) };
}

export function readGroup(json: Json): GroupState | null {
  const envelope = readEnvelope(json);
  const group = name(json["name"]);
  const state = oneOf(json["state"], GROUP_STATES);
  if (envelope === null || group === null || state === null) return null;
  return {
    ...envelope,
    name: group,
    state,
    owner: name(json["owner"]),
    policy: names(json["policy"]),
  };
}

export function readPath(json: Json): PathState | null {
  const envelope = readEnvelope(json);
  const id = name(json["id"]);
  const kind = oneOf(json["kind"], PATH_KINDS);
  if (envelope === null || id === null || kind === null) return null;
  const pairs = list(json["pairs"], (entry) => {
    const from = name(entry["from"]);
    const to = name(entry["to"]);
    const state = oneOf(entry["state"], PATH_STATES);
    if (from === null || to === null || state === null) return null;
    return { from, to, state, lastHeardMs: count(entry["lastHeardMs"]) };
  });
  return { ...envelope, kind, id, pairs: pairs.slice(0, PAIRS_MAX) };
}

export function readEvent(json: Json): EventMessage | null {
  const id = name(json["id"]);
  const seq = count(json["seq"]);
  const ts = instant(json["ts"]);
  const severity = oneOf(json["severity"], SEVERITIES);
  const subject = isJson(json["subject"]) ? json["subject"] : {};
  const kind = oneOf(subject["kind"], SUBJECTS) ?? "cluster";
  if (id === null || seq === null || ts === null || severity === null) return null;
  return {
    v: 1,
    id,
    seq,
    ts,
    severity,
    code: name(json["code"]) ?? "?",
    key: name(json["key"]) ?? "?",
    server: name(json["server"]) ?? "?",
    subject: { kind, id: name(subject["id"]) ?? "?" },
    args: isJson(json["args"]) ? json["args"] : {},
    cause: name(json["cause"]),
    text: bilingual(json["text"]),
    why: bilingual(json["why"]),
    hint: bilingual(json["hint"]),
  };
}

/** Newest last; what is malformed is left out. */
export function readRecent(json: Json): readonly EventMessage[] {
  return list(json["events"], readEvent).slice(-EVENTS_MAX);
}

export function readReply(json: Json): CommandReply | null {
  const commandId = name(json["commandId"]);
  const status = oneOf(json["status"], COMMAND_STATUSES);
  if (commandId === null || status === null) return null;
  return {
    v: 1,
    commandId,
    status,
    code: name(json["code"]),
    text: bilingual(json["text"]),
    hint: bilingual(json["hint"]),
    plan: list(json["plan"], (entry) => bilingual(entry)),
    ts: instant(json["ts"]) ?? "",
    by: name(json["by"]) ?? "?",
  };
}

function readEnvelope(json: Json): Envelope | null {
  const ts = instant(json["ts"]);
  const by = name(json["by"]);
  const epoch = count(json["epoch"]);
  const rev = count(json["rev"]);
  if (json["v"] !== 1 || ts === null || by === null || epoch === null || rev === null) return null;
  return { v: 1, ts, by, epoch, rev };
}

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const name = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value.slice(0, NAME_CHARACTERS_MAX) : null;

const words = (value: unknown): string | null =>
  typeof value === "string" ? value.slice(0, TEXT_CHARACTERS_MAX) : null;

const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;

const instant = (value: unknown): string | null =>
  typeof value === "string" && Number.isFinite(Date.parse(value)) ? value : null;

const names = (value: unknown): string[] =>
  Array.isArray(value) ? value.slice(0, LIST_MAX).flatMap((entry) => name(entry) ?? []) : [];

function oneOf<T extends string>(value: unknown, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

function bilingual(value: unknown): Bilingual {
  const both = isJson(value) ? value : {};
  const en = words(both["en"]) ?? "";
  return { en, ja: words(both["ja"]) ?? en };
}

function list<T>(value: unknown, read: (entry: Json) => T | null): T[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, LIST_MAX).flatMap((entry: unknown) => {
    const found = isJson(entry) ? read(entry) : null;
    return found === null ? [] : [found];
  });
}
