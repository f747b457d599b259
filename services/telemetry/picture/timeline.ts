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
  /** Who has it in its log; with several, the first to say so. */
  readonly server: string;
  /** Further servers that said the same. */
  readonly others: readonly string[];
  readonly subject: string;
  /** The event that led here; `text` null = it is no longer kept. */
  readonly cause: { readonly id: string; readonly text: string | null } | null;
  readonly effects: readonly { readonly id: string; readonly text: string }[];
}

/** Three servers or more that say the same are one row; two have a row each, as in their logs. */
const CHORUS_MIN = 3;
/** Words about one occurrence lie within this; detection differs by less than a timeout. */
const CHORUS_MS = 10_000;
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
  const choruses = chorusesOf(events);
  const leaderOf = (id: string): string => choruses.get(id)?.[0]?.id ?? id;
  const effects = new Map<string, EventMessage[]>();
  for (const event of events) {
    if (event.cause === null || leaderOf(event.id) !== event.id) continue;
    const cause = leaderOf(event.cause);
    const known = effects.get(cause);
    if (known === undefined) effects.set(cause, [event]);
    else known.push(event);
  }
  const shown = events
    .filter((event) => leaderOf(event.id) === event.id && matches(event, filter))
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
      others: (choruses.get(event.id) ?? []).slice(1).map(({ server }) => server),
      subject: event.subject.id,
      cause:
        event.cause === null
          ? null
          : { id: leaderOf(event.cause), text: byId.get(event.cause)?.text[lang] ?? null },
      effects: (effects.get(event.id) ?? []).map((effect) => ({
        id: effect.id,
        text: effect.text[lang],
      })),
    };
  });
}

/** By event: all that said the same within a short time, the first of them first. */
function chorusesOf(events: readonly EventMessage[]): ReadonlyMap<string, readonly EventMessage[]> {
  const open = new Map<string, EventMessage[]>();
  const found: EventMessage[][] = [];
  for (const event of events) {
    const words = `${event.code} ${event.subject.kind}/${event.subject.id} ${event.text.en}`;
    const chorus = open.get(words);
    const [first] = chorus ?? [];
    const isSame =
      first !== undefined &&
      Date.parse(event.ts) - Date.parse(first.ts) <= CHORUS_MS &&
      chorus?.every(({ server }) => server !== event.server) === true;
    if (isSame) chorus?.push(event);
    else {
      const fresh = [event];
      open.set(words, fresh);
      found.push(fresh);
    }
  }
  return new Map(
    found
      .filter((chorus) => chorus.length >= CHORUS_MIN)
      .flatMap((chorus) => chorus.map(({ id }) => [id, chorus] as const)),
  );
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
