/**
 * From a line of a server's event log to the event of the tree: id, subject, both languages, and the
 * event that led to it. The cause is looked up in a table of what leads to what, nearest first and
 * within the same log; a wrong guess would mislead, so no rule means no cause.
 * Source: ecosystem.md 1.3 (`cause` links events into a story); R47, R51, R108.
 */

import type { EventMessage } from "./model.ts";
import { topicId } from "./topics.ts";

/** One line of `events.jsonl`, as the agent's feed gives it. */
export interface LogLine {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly code: string;
  readonly key: string;
  readonly severity: string;
  readonly server: string;
  readonly text: string;
  readonly cause: string;
  readonly remedy: string;
  readonly ja: { readonly text: string; readonly cause: string; readonly remedy: string };
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is published again as `event/recent`. */
export const RECENT_EVENTS = 50;
/** A cause lies shortly before its effect; a stop may take a resource's whole timeout. */
const CAUSE_AGE_MS_MAX = 120_000;
/** Longest text taken from a log line, characters: catalogue texts are far below. */
const TEXT_CHARACTERS_MAX = 2000;

/** Effect to possible causes; `group` = only an event of the same group counts. */
const CAUSES: Readonly<Record<string, { readonly from: readonly string[]; group?: true }>> = {
  "peer.lost": { from: ["peer.suspected", "path.lost"] },
  "peer.suspected": { from: ["path.lost"] },
  "claim.started": { from: ["peer.suspected"] },
  "claim.won": { from: ["claim.started"] },
  "claim.lost": { from: ["claim.started"] },
  "claim.withdrawn": { from: ["claim.started"] },
  "verdict.survive": { from: ["claim.won", "peer.suspected"] },
  "verdict.partition": { from: ["peer.suspected"] },
  "verdict.arbiter-faulty": { from: ["com.faulty", "disk.faulty"] },
  "verdict.claim-lost": { from: ["claim.lost"] },
  "verdict.outranked": { from: ["peer.suspected"] },
  "verdict.unsupported": { from: ["method.unsupported", "peer.suspected"] },
  "emergency-shutdown": {
    from: [
      "verdict.partition",
      "verdict.arbiter-faulty",
      "verdict.claim-lost",
      "verdict.outranked",
      "verdict.unsupported",
      "gap.deposed",
    ],
  },
  "give-up.started": { from: ["emergency-shutdown", "lease.lapsed", "group.stop-failed"] },
  "give-up.completed": { from: ["give-up.started"] },
  "view.installed": { from: ["verdict.survive", "server.returning", "peer.heard", "peer.lost"] },
  "failover.started": { from: ["verdict.survive", "view.installed", "peer.lost"] },
  "group.starting": {
    from: ["failover.started", "group.stopped", "command.accepted", "program.restarts-exhausted"],
    group: true,
  },
  "group.running": { from: ["group.starting"], group: true },
  "group.stopping": { from: ["command.accepted", "program.restarts-exhausted"], group: true },
  "group.stopped": { from: ["group.stopping"], group: true },
  "group.failed": { from: ["resource.failed", "program.restarts-exhausted"], group: true },
  "group.moved": { from: ["group.running", "command.accepted"], group: true },
  "failover.completed": { from: ["failover.started"], group: true },
  "program.restarted": { from: ["program.exited"], group: true },
  "program.restarts-exhausted": { from: ["program.exited"], group: true },
  "path.restored": { from: ["path.lost"] },
  "com.restored": { from: ["com.faulty"] },
  "disk.restored": { from: ["disk.faulty"] },
};

export const eventId = (server: string, seq: number): string => `${server}-${seq}`;

/** `before`: the lines of the same log before this one, oldest first. */
export function eventMessage(line: LogLine, before: readonly LogLine[]): EventMessage {
  const cause = causeOf(line, before);
  return {
    v: 1,
    id: eventId(line.server, line.seq),
    seq: line.seq,
    ts: line.at,
    severity: severityOf(line.severity),
    code: line.code,
    key: line.key,
    server: line.server,
    subject: subjectOf(line),
    args: line.data,
    cause: cause === null ? null : eventId(cause.server, cause.seq),
    text: { en: line.text, ja: line.ja.text },
    why: { en: line.cause, ja: line.ja.cause },
    hint: { en: line.remedy, ja: line.ja.remedy },
  };
}

/** What comes over the feed, or null when it is no line of a log. Never throws. */
export function readLogLine(value: unknown): LogLine | null {
  if (!isRecord(value)) return null;
  const { seq, at, code, key, severity, server, ja, data } = value;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return null;
  const words = [at, code, key, severity, server];
  if (words.some((word) => typeof word !== "string")) return null;
  const japanese = isRecord(ja) ? ja : {};
  return {
    seq,
    at: cut(at),
    code: cut(code),
    key: cut(key),
    severity: cut(severity),
    server: cut(server),
    text: cut(value["text"]),
    cause: cut(value["cause"]),
    remedy: cut(value["remedy"]),
    ja: {
      text: cut(japanese["text"]),
      cause: cut(japanese["cause"]),
      remedy: cut(japanese["remedy"]),
    },
    data: isRecord(data) ? data : {},
  };
}

function causeOf(line: LogLine, before: readonly LogLine[]): LogLine | null {
  const rule = Object.hasOwn(CAUSES, line.key) ? CAUSES[line.key] : undefined;
  if (rule === undefined) return null;
  const at = Date.parse(line.at);
  for (const earlier of before.toReversed()) {
    if (at - Date.parse(earlier.at) > CAUSE_AGE_MS_MAX) return null;
    if (!rule.from.includes(earlier.key)) continue;
    if (rule.group === undefined || sameGroup(line, earlier)) return earlier;
  }
  return null;
}

function sameGroup(line: LogLine, earlier: LogLine): boolean {
  const theirs = earlier.data["group"] ?? earlier.data["target"];
  return theirs === undefined || theirs === line.data["group"];
}

function subjectOf(line: LogLine): EventMessage["subject"] {
  const { group, server, path } = line.data;
  const [area] = line.key.split(".");
  if (typeof group === "string" && group !== "") return { kind: "group", id: topicId(group) };
  if (typeof path === "string" && path !== "") return { kind: "path", id: topicId(path) };
  if (area === "com" || area === "disk") return { kind: "path", id: area };
  if (area === "view" || area === "shutdown" || area === "verdict" || area === "sole") {
    return { kind: "cluster", id: "cluster" };
  }
  return { kind: "node", id: topicId(typeof server === "string" ? server : line.server) };
}

function severityOf(word: string): EventMessage["severity"] {
  return word === "warning" || word === "error" || word === "critical" ? word : "info";
}

const cut = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, TEXT_CHARACTERS_MAX) : "";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
