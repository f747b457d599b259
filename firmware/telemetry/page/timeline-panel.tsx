/**
 * The events, newest first: filter by subject and severity, cause and remedy on demand, and links along
 * the chain of causes. Following a link opens the other event, marks the whole story and takes the focus
 * there. Source: ecosystem.md 3.2 point 4; R108.
 */
import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { EventMessage } from "../../../services/telemetry/model.ts";
import { SEVERITY_WORDS } from "../../../services/telemetry/picture/state-words.ts";
import {
  type EventRow,
  storyOf,
  subjectsOf,
  type TimelineFilter,
  timelineRows,
} from "../../../services/telemetry/picture/timeline.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

const ALL: TimelineFilter = { subject: null, atLeast: "info" };
const SEVERITIES = ["info", "warning", "error", "critical"] as const;

export function TimelinePanel({ events }: { readonly events: readonly EventMessage[] }) {
  const { t, lang } = useSpeech();
  const [filter, setFilter] = useState(ALL);
  const [opened, setOpened] = useState<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const rows = useMemo(() => timelineRows(events, filter, lang), [events, filter, lang]);
  const story = useMemo(
    () => (opened === null ? new Set<string>() : storyOf(events, opened)),
    [events, opened],
  );

  function follow(id: string): void {
    setOpened(id);
    setFilter(ALL);
    requestAnimationFrame(() => {
      const row = list.current?.querySelector<HTMLElement>(`[data-event="${CSS.escape(id)}"]`);
      row?.focus();
      row?.scrollIntoView({ block: "nearest" });
    });
  }

  const drawn = useRef(new Map<string, DrawnRow>());
  const body = useMemo(() => {
    const kept = new Map<string, DrawnRow>();
    for (const row of rows) {
      const isOpen = row.id === opened;
      const isInStory = story.size > 1 && story.has(row.id);
      const inputs = JSON.stringify([row, isOpen, isInStory]);
      const before = drawn.current.get(row.id);
      const item = (
        <EventItem
          key={row.id}
          {...{ row, isOpen, isInStory }}
          onToggle={() => setOpened((now) => (now === row.id ? null : row.id))}
          onFollow={follow}
        />
      );
      kept.set(row.id, before?.inputs === inputs ? before : { inputs, item });
    }
    drawn.current = kept;
    return [...kept.values()].map(({ item }) => item);
  }, [rows, opened, story]);
  return (
    <section class="panel timeline" aria-labelledby="events-title">
      <header class="panel-head">
        <h2 id="events-title">{t("timeline")}</h2>
        <TimelineFilters events={events} filter={filter} onChange={setFilter} />
      </header>
      {rows.length === 0 ? <p class="empty quiet">{t("noEvents")}</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard (WCAG 2.1.1) */}
      <ol ref={list} tabIndex={0} aria-labelledby="events-title">
        {body}
      </ol>
    </section>
  );
}

/** A row that says the same is the same virtual node, which Preact skips. */
interface DrawnRow {
  readonly inputs: string;
  readonly item: VNode;
}

interface FiltersProps {
  readonly events: readonly EventMessage[];
  readonly filter: TimelineFilter;
  readonly onChange: (filter: TimelineFilter) => void;
}

function TimelineFilters({ events, filter, onChange }: FiltersProps) {
  const { t, lang } = useSpeech();
  const subjects = useMemo(() => subjectsOf(events), [events]);
  return (
    <div class="filters">
      <label>
        <span class="unseen">{t("filterSubject")}</span>
        <select
          value={filter.subject ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onChange({ ...filter, subject: value === "" ? null : value })
          }
        >
          <option value="">{t("everything")}</option>
          {subjects.map((subject) => (
            <option key={subject} value={subject}>
              {subject.slice(subject.indexOf("/") + 1)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="unseen">{t("filterSeverity")}</span>
        <select
          value={filter.atLeast}
          onChange={({ currentTarget: { value } }) =>
            onChange({ ...filter, atLeast: SEVERITIES.find((each) => each === value) ?? "info" })
          }
        >
          {SEVERITIES.map((severity) => (
            <option key={severity} value={severity}>
              {t("atLeast", { word: SEVERITY_WORDS[severity].text[lang] })}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

interface ItemProps {
  readonly row: EventRow;
  readonly isOpen: boolean;
  readonly isInStory: boolean;
  readonly onToggle: () => void;
  readonly onFollow: (id: string) => void;
}

function EventItem({ row, isOpen, isInStory, onToggle, onFollow }: ItemProps) {
  const { t, lang } = useSpeech();
  const style = `event tone-${row.word.tone}${isInStory ? " in-story" : ""}${isOpen ? " is-open" : ""}`;
  return (
    <li class={style}>
      {row.day === null ? null : <p class="event-day">{row.day}</p>}
      <button
        type="button"
        class="event-head"
        data-event={row.id}
        aria-expanded={isOpen}
        onClick={onToggle}
      >
        <span class="event-sign">
          <Icon name={row.word.icon} />
        </span>
        <span class="event-main">
          <span class="event-meta">
            <time>{row.time}</time>
            <span class="event-severity">{row.word.text[lang]}</span>
            <span class="quiet">{row.subject}</span>
            {row.others.length === 0 ? null : (
              <span class="quiet">{t("saidBy", { count: `${row.others.length + 1}` })}</span>
            )}
          </span>
          <span class="event-text">{row.text}</span>
        </span>
      </button>
      {isOpen ? <EventDetails row={row} onFollow={onFollow} /> : null}
      {!isOpen && row.cause !== null ? (
        <p class="event-cause">
          <CauseLink cause={row.cause} onFollow={onFollow} />
        </p>
      ) : null}
      {isOpen ? (
        <p class="event-foot quiet">
          {`${row.code} · ${t("reportedBy", { server: [row.server, ...row.others].join(", ") })}`}
        </p>
      ) : null}
    </li>
  );
}

function EventDetails({
  row,
  onFollow,
}: {
  readonly row: EventRow;
  readonly onFollow: (id: string) => void;
}) {
  const { t } = useSpeech();
  return (
    <dl class="event-details">
      <dt>{t("why")}</dt>
      <dd>{row.why}</dd>
      <dt>{t("hint")}</dt>
      <dd>{row.hint}</dd>
      {row.cause === null ? null : (
        <>
          <dt>{t("causedBy")}</dt>
          <dd>
            <CauseLink cause={row.cause} onFollow={onFollow} />
          </dd>
        </>
      )}
      {row.effects.length === 0 ? null : (
        <>
          <dt>{t("ledTo")}</dt>
          {row.effects.map(({ id, text }) => (
            <dd key={id}>
              <button type="button" class="link" onClick={() => onFollow(id)}>
                <Icon name="arrow" size={13} />
                {text}
              </button>
            </dd>
          ))}
        </>
      )}
    </dl>
  );
}

function CauseLink({
  cause,
  onFollow,
}: {
  readonly cause: NonNullable<EventRow["cause"]>;
  readonly onFollow: (id: string) => void;
}) {
  const { t } = useSpeech();
  if (cause.text === null) return <span class="quiet">{t("causeGone")}</span>;
  return (
    <button type="button" class="link" onClick={() => onFollow(cause.id)}>
      <Icon name="link" size={13} />
      <span class="unseen">{t("causedBy")}: </span>
      {cause.text}
    </button>
  );
}
