/**
 * The one catalogue of events and refusals: a key and its data become code, severity, text, cause and
 * remedy in the reader's language. Pure; values from outside are cut and cleaned before they are shown,
 * because a peer's or a program's words must not move a terminal's cursor or forge a log line.
 * Source: work order 7 (stable codes with cause and remedy in English and Japanese), R108.
 */
import { blackBoxEvents } from "./catalogue/black-box.ts";
import { configurationEvents, configurationRefusals } from "./catalogue/configuration.ts";
import { dashboardRefusals } from "./catalogue/dashboard.ts";
import type { EventEntry, EventText, Language, RefusalEntry, Severity } from "./catalogue/entry.ts";
import { evidenceIn } from "./catalogue/evidence.ts";
import { groupsEvents } from "./catalogue/groups.ts";
import { keysEvents, keysRefusals } from "./catalogue/keys.ts";
import { lifeEvents, lifeRefusals } from "./catalogue/life.ts";
import { pathsEvents } from "./catalogue/paths.ts";
import { refusals as orderRefusals } from "./catalogue/refusals.ts";
import { resolutionEvents } from "./catalogue/resolution.ts";
import { scriptsEvents, scriptsRefusals } from "./catalogue/scripts.ts";
import { serversEvents } from "./catalogue/servers.ts";
import { softwareEvents } from "./catalogue/software.ts";
import { telemetryEvents, telemetryPhrases, telemetryRefusals } from "./catalogue/telemetry.ts";
import { words } from "./catalogue/words.ts";

const events = {
  ...pathsEvents,
  ...serversEvents,
  ...lifeEvents,
  ...resolutionEvents,
  ...groupsEvents,
  ...scriptsEvents,
  ...softwareEvents,
  ...blackBoxEvents,
  ...telemetryEvents,
  ...configurationEvents,
  ...keysEvents,
} as const satisfies Record<string, EventEntry>;

const refusals = {
  ...orderRefusals,
  ...lifeRefusals,
  ...scriptsRefusals,
  ...telemetryRefusals,
  ...dashboardRefusals,
  ...configurationRefusals,
  ...keysRefusals,
} as const satisfies Record<string, RefusalEntry>;

export type EventKey = keyof typeof events;
export type RefusalKey = keyof typeof refusals;
/** Sentences without a code: steps of a plan, stages of a command, the headline. */
export type PhraseKey = keyof typeof telemetryPhrases;
export const PHRASE_KEYS = Object.keys(telemetryPhrases) as readonly PhraseKey[];
export const EVENT_KEYS = Object.keys(events) as readonly EventKey[];
export const REFUSAL_KEYS = Object.keys(refusals) as readonly RefusalKey[];

/** Values of the placeholders by name. More than a text uses is fine; what is missing shows as `?`. */
export type EventData = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RenderedEvent extends EventText {
  readonly code: string;
  readonly severity: Severity;
}

export interface RenderedRefusal {
  readonly code: string;
  /** Exit code of the CLI: 1 failed, 3 refused by state, 4 not authorised, 5 outcome unknown. */
  readonly exit: RefusalEntry["exit"];
  readonly message: string;
  readonly remedy: string;
}

/** Longest value put into a text, characters. Evidence of a verdict takes about 200. */
const VALUE_CHARACTERS_MAX = 400;

/** True for a key of the catalogue; keys arrive as plain strings from the pulse and from old logs. */
export function isEventKey(key: string): key is EventKey {
  return Object.hasOwn(events, key);
}

export function isRefusalKey(key: string): key is RefusalKey {
  return Object.hasOwn(refusals, key);
}

/** The entry as it stands, with its placeholders. */
export function eventEntry(key: EventKey): EventEntry {
  return events[key];
}

export function refusalEntry(key: RefusalKey): RefusalEntry {
  return refusals[key];
}

export function renderEvent(key: EventKey, data: EventData, language: Language): RenderedEvent {
  const entry: EventEntry = events[key];
  const { text, cause, remedy } = entry[language];
  return {
    code: entry.code,
    severity: entry.severity,
    text: fill(text, data, language),
    cause: fill(cause, data, language),
    remedy: fill(remedy, data, language),
  };
}

export function renderRefusal(
  key: RefusalKey,
  data: EventData,
  language: Language,
): RenderedRefusal {
  const entry: RefusalEntry = refusals[key];
  const { text, remedy } = entry[language];
  return {
    code: entry.code,
    exit: entry.exit,
    message: fill(text, data, language),
    remedy: fill(remedy, data, language),
  };
}

/** A sentence in both languages at once, for messages that any reader may take. */
export function renderPhrase(key: PhraseKey, data: EventData): Readonly<Record<Language, string>> {
  const { en, ja } = telemetryPhrases[key];
  return { en: fill(en, data, "en"), ja: fill(ja, data, "ja") };
}

/** Names of the placeholders of a template, each once, sorted. */
export function placeholdersOf(template: string): string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ""))].sort();
}

const PLACEHOLDER = /\{([a-z][A-Za-z0-9]*)\}/g;

function fill(template: string, data: EventData, language: Language): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    if (value === undefined || value === null) return "?";
    return wordFor(name, value, language) ?? clean(String(value));
  });
}

/** Placeholders whose values come from a closed list; a server or group may bear any name. */
const IN_WORDS: readonly string[] = ["reason", "heard"];

function wordFor(name: string, value: unknown, language: Language): string | null {
  if (typeof value !== "string") return null;
  if (name === "evidence") return clean(evidenceIn(value, language));
  if (!IN_WORDS.includes(name)) return null;
  return Object.hasOwn(words, value) ? (words[value]?.[language] ?? null) : null;
}

/** One printable line: control, bidirectional and line-separating characters become blanks. */
function clean(value: string): string {
  const cut =
    value.length > VALUE_CHARACTERS_MAX ? `${value.slice(0, VALUE_CHARACTERS_MAX)}...` : value;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
