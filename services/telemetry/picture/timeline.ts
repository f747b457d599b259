/**
 * Events as a story: newest first, filtered by subject and severity, each with the event that led to it
 * and those it led to, so that "why did web move?" is answered by following links.
 * Source: ecosystem.md 1.3 (`cause`), 3.2 point 4; R108.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { EventMessage } from "../model.ts";
import { showDay, showTime } from "./ages.ts";
import { SEVERITY_RANK, SEVERITY_WORDS, type Word } from "./state-words.ts";

export interface TimelineFilter {
  /** `kind/id` as in `subjectKey`; null = all. */
  readonly subject: string | null;
  /** This severity and everything above. */
  readonly atLeast: EventMessage["severity"];
}

export interface EventRow {
  readonly id: string;
  readonly time: string;
  /** Set on the first row of a day. */
  readonly day: string | null;
  readonly word: Word;
  readonly severity: EventMessage["severity"];
  readonly code: string;
  readonly text: string;
  readonly why: string;
  readonly hint: string;
  readonly server: string;
  readonly subject: string;
  /** The event that led here; `text` null = it is no longer kept. */
  readonly cause: { readonly id: string; readonly text: string | null } | null;
  readonly effects: readonly { readonly id: string; readonly text: string }[];
}

/** More rows than anybody reads at once; the filter narrows, the event log has the rest. */
export const ROWS_MAX = 120;

/** Newest first. `zone`: IANA name, default the reader's. */
export function timelineRows(
  events: readonly EventMessage[],
  filter: TimelineFilter,
  lang: Language,
  zone?: string,
): readonly EventRow[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const effects = new Map<string, EventMessage[]>();
  for (const event of events) {
    if (event.cause === null) continue;
    const known = effects.get(event.cause);
    if (known === undefined) effects.set(event.cause, [event]);
    else known.push(event);
  }
  const shown = events
    .filter((event) => matches(event, filter))
    .slice(-ROWS_MAX)
    .reverse();
  let day = "";
  return shown.map((event) => {
    const itsDay = showDay(event.ts, lang, zone);
    const isFirst = itsDay !== day;
    day = itsDay;
    return {
      id: event.id,
      time: showTime(event.ts, lang, zone),
      day: isFirst ? itsDay : null,
      word: SEVERITY_WORDS[event.severity],
      severity: event.severity,
      code: event.code,
      text: event.text[lang],
      why: event.why[lang],
      hint: event.hint[lang],
      server: event.server,
      subject: event.subject.id,
      cause:
        event.cause === null
          ? null
          : { id: event.cause, text: byId.get(event.cause)?.text[lang] ?? null },
      effects: (effects.get(event.id) ?? []).map((effect) => ({
        id: effect.id,
        text: effect.text[lang],
      })),
    };
  });
}

export const subjectKey = (event: EventMessage): string =>
  `${event.subject.kind}/${event.subject.id}`;

/** Every subject that has an event, each once, sorted. */
export function subjectsOf(events: readonly EventMessage[]): readonly string[] {
  return [...new Set(events.map(subjectKey))].sort();
}

function matches(event: EventMessage, filter: TimelineFilter): boolean {
  if (filter.subject !== null && subjectKey(event) !== filter.subject) return false;
  return SEVERITY_RANK[event.severity] >= SEVERITY_RANK[filter.atLeast];
}

/** Ids of the whole story an event belongs to: its causes to the first, and all that followed. */
export function storyOf(events: readonly EventMessage[], id: string): ReadonlySet<string> {
  const byId = new Map(events.map((event) => [event.id, event]));
  let root = id;
  const seen = new Set([id]);
  for (let at = byId.get(id)?.cause; at != null && byId.has(at) && !seen.has(at); ) {
    root = at;
    seen.add(at);
    at = byId.get(at)?.cause;
  }
  const story = new Set([root]);
  // Events come oldest first and a cause is older than its effect, so one pass finds all.
  for (const event of events) {
    if (event.cause !== null && story.has(event.cause)) story.add(event.id);
  }
  story.add(id);
  return story;
}
