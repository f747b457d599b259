/**
 * One entry of a journal in words: what came in and what the core decided, short enough for one line.
 * Kinds of events and effects keep the names that the code and its documents use; notes are told by the
 * catalogue, in the reader's language.
 */
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import { type AnyEffect, type Decided, effectOf } from "../replay/decided.ts";
import type { AnyEvent } from "../replay/entry.ts";
import type { Moment } from "../replay/replay.ts";
import { isRecord } from "../replay/values.ts";
import type { Lang } from "./language.ts";

/** Kinds that come all day long; with nothing but daily effects they are folded into one line. */
const DAILY: ReadonlySet<string> = new Set([
  "tick",
  "beat.received",
  "agent.spoke",
  "facts.received",
  "effect.completed",
  "disk.answered",
]);
const FIELDS_MAX = 8;
const TEXT_MAX = 60;

export function isDaily({ event, decided }: Moment): boolean {
  const failed = isRecord(event) && event["ok"] === false;
  const quiet = decided.effects.every(({ kind }) => kind === "words.changed");
  return DAILY.has(event.kind) && quiet && !failed;
}

/** `beat.received lan1 SERVER2 member epoch 4 owner`. */
export function eventWords(event: AnyEvent, config: ClusterConfig): string {
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const { beat, token, facts } = fields;
  if (isRecord(beat)) return beatWords(fields, beat, config);
  if (isRecord(token)) return `${event.kind} ${tokenWords(token)}`;
  if (isRecord(facts)) return `${event.kind} ${factWords(facts)}`;
  return [event.kind, ...plainFields(fields, config)].join(" ");
}

function beatWords(
  { path, proven }: Readonly<Record<string, unknown>>,
  beat: Readonly<Record<string, unknown>>,
  config: ClusterConfig,
): string {
  const isLan = beat["kind"] === "lan-beat";
  const wire = isLan ? config.lans[Number(path)]?.id : config.com?.id;
  const { from, state, view, mayOwn, ack, epochCounter } = beat;
  const words = [
    "beat.received",
    String(wire ?? path),
    serverName(from, config),
    String(state),
    isLan ? viewWords(view) : `epoch ${String(epochCounter)}`,
    mayOwn === true ? "owner" : "",
    isLan && isRecord(ack) ? "ack" : "",
    proven === true ? "" : "unproven",
  ];
  return words.filter((word) => word !== "").join(" ");
}

function tokenWords({ wish, mayOwn }: Readonly<Record<string, unknown>>): string {
  const kind = isRecord(wish) ? String(wish["kind"]) : "";
  return mayOwn === true ? `${kind} owner` : kind;
}

function factWords(facts: Readonly<Record<string, unknown>>): string {
  const { server, view, holdsLease, gaveUp } = facts;
  const lease = holdsLease === true ? "lease" : "no lease";
  const end = typeof gaveUp === "string" ? ` gave up: ${gaveUp}` : "";
  return `${String(server)} ${viewWords(view)} ${lease}${end}`;
}

function viewWords(view: unknown): string {
  if (!isRecord(view) || !isRecord(view["epoch"])) return "no view";
  return `epoch ${String(view["epoch"]["counter"])}`;
}

const serverName = (index: unknown, config: ClusterConfig): string =>
  config.servers[Number(index)]?.name ?? String(index);

function plainFields(
  fields: Readonly<Record<string, unknown>>,
  config: ClusterConfig,
): readonly string[] {
  return Object.entries(fields)
    .filter(([key]) => key !== "kind" && key !== "atMs")
    .flatMap(([key, value]) => {
      if (key === "from" || key === "target") return [`${key}=${serverName(value, config)}`];
      if (key === "config" && isRecord(value)) return [`hash=${String(value["hash"])}`];
      const isShort = value === null || typeof value !== "object";
      if (isShort) return value === "" ? [] : [`${key}=${cut(String(value))}`];
      return isRecord(value) && typeof value["kind"] === "string" ? [value["kind"]] : [];
    })
    .slice(0, FIELDS_MAX);
}

/** All effects in order, the daily ones by their kind. */
export function decidedWords(
  decided: Decided,
  config: ClusterConfig,
  server: string,
  lang: Lang,
): string {
  const others = [...decided.effects];
  const words = [...decided.letters].map((letter) => {
    const daily = effectOf(letter);
    if (daily !== null) return daily;
    const effect = others.shift();
    return effect === undefined ? "?" : effectWords(effect, config, server, lang);
  });
  return countRepeats(words).join(", ");
}

function effectWords(effect: AnyEffect, config: ClusterConfig, server: string, lang: Lang): string {
  const fields = effect as unknown as Readonly<Record<string, unknown>>;
  const { key, data } = fields;
  if (effect.kind === "note" && typeof key === "string" && isRecord(data)) {
    if (!isEventKey(key)) return `note ${cut(key)}`;
    const { code, text } = renderEvent(key, { server, ...(data as NoteData) }, lang);
    // It stands in a list.
    return `${code} ${text.replace(/[.。]$/, "")}`;
  }
  return [effect.kind, ...plainFields(fields, config)].join(" ");
}

function countRepeats(words: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => (count === 1 ? word : `${count} x ${word}`));
}

const cut = (text: string): string =>
  text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}...`;
