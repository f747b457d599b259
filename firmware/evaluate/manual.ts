/**
 * The recovery manual of one configuration: for every fault what the operator sees, what the cluster does by
 * itself, and what he does then, taken from the simulated runs and the catalogue of events. Markdown, because
 * it is printed, kept beside the machine and compared with the next one.
 * Source: D52; guide 3.2 (the manual is written from the evaluation), 3.3 (3)-(6).
 */

import { words } from "../../services/catalogue/words.ts";
import { type EventData, isEventKey, renderEvent } from "../../services/catalogue.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { quorumOf } from "../../services/membership/majority/votes.ts";
import { type Bilingual, fill, type Lang } from "../cli/language.ts";
import type { Noted } from "../simulator/world.ts";
import type { Evaluation } from "./evaluate.ts";
import type { SimulatedMethod } from "./expected.ts";
import { EDGE_WORDS, MANUAL_WORDS, REPAIR_WORDS, STATE_WORDS, stepWords } from "./manual-words.ts";
import type { LeftOut } from "./plan.ts";
import { type FaultRow, nameOf } from "./single.ts";
import { FAULT_WORDS, outcomeWords } from "./words.ts";

/** What stands in the log after a fault, most severe first; more says nothing new at a glance. */
const EVENTS_SHOWN = 12;

export function manualLines(
  config: LoadedConfig,
  method: SimulatedMethod,
  { faults, leftOut }: Pick<Evaluation, "faults" | "leftOut">,
  lang: Lang,
): readonly string[] {
  const text = (key: keyof typeof MANUAL_WORDS, data: Readonly<Record<string, string>> = {}) =>
    fill(MANUAL_WORDS[key], lang, data);
  const { timeoutMs, judgeMs, protection } = config.budget;
  const byFault = new Map<string, FaultRow[]>();
  for (const row of faults) {
    byFault.set(row.fault.id, [...(byFault.get(row.fault.id) ?? []), row]);
  }
  const chapters = [...byFault.values()].map((rows, at) => chapter(config, rows, at + 1, lang));
  return [
    `# ${text("title", { name: config.name })}`,
    "",
    text("intro", { method, level: protection, hash: config.hash }),
    text("times", { timeout: `${timeoutMs}`, judge: `${judgeMs}` }),
    text("always"),
    ...(leftOut.faults === 0 ? [] : [missingLine(faults.length, leftOut, lang)]),
    "",
    ...chapters.flat(),
  ];
}

/** What has no chapter, or a chapter from some servers and start states only. */
function missingLine(played: number, leftOut: LeftOut, lang: Lang): string {
  const { faults, kinds } = leftOut;
  const total = `${played + faults}`;
  const said = fill(MANUAL_WORDS.some, lang, { played: `${played}`, total });
  if (kinds.length === 0) return said;
  const names = kinds.map((kind) => fill(FAULT_WORDS[kind], lang, { what: "X" }));
  return `${said} ${fill(MANUAL_WORDS.missing, lang, { kinds: names.join("; ") })}`;
}

function chapter(
  config: LoadedConfig,
  rows: readonly FaultRow[],
  number: number,
  lang: Lang,
): readonly string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { fault } = first;
  const title = fill(FAULT_WORDS[fault.kind], lang, { what: fault.what });
  const heading = (key: "sees" | "does" | "todo"): string => `**${MANUAL_WORDS[key][lang]}**`;
  return [
    `## ${number}. ${title}`,
    "",
    fill(MANUAL_WORDS.rows, lang, { rows: first.expected.rows.join(" ") }),
    "",
    heading("sees"),
    "",
    ...eventLines(config, rows, lang),
    "",
    heading("does"),
    "",
    ...rows.map((row) => `- ${didLine(config, row, lang)}`),
    "",
    heading("todo"),
    "",
    ...stepLines(config, rows, lang).map((line, at) => `${at + 1}. ${line}`),
    "",
  ];
}

/** One line per event and server's words, the gravest first, each code once. */
function eventLines(
  config: LoadedConfig,
  rows: readonly FaultRow[],
  lang: Lang,
): readonly string[] {
  const seen = new Map<string, { readonly rank: number; readonly line: string }>();
  for (const note of rows.flatMap(({ notes }) => notes)) {
    const event = rendered(note, lang);
    if (event === null || event.rank === 0 || seen.has(event.code)) continue;
    const server = nameOf(config, note.index);
    const line = `- \`${event.code}\` ${server}: ${event.text} ${event.remedy}`;
    seen.set(event.code, { rank: event.rank, line });
  }
  const sorted = [...seen.values()].sort((a, b) => b.rank - a.rank);
  const lines = sorted.slice(0, EVENTS_SHOWN).map(({ line }) => line);
  return lines.length > 0 ? lines : [`- ${MANUAL_WORDS.nothing[lang]}`];
}

const RANKS = { info: 0, warning: 1, error: 2, critical: 3 } as const;

function rendered(note: Noted, lang: Lang) {
  if (!isEventKey(note.key)) return null;
  const data: EventData = note.data;
  const event = renderEvent(note.key, data, lang);
  return { ...event, rank: RANKS[event.severity] };
}

function didLine(config: LoadedConfig, row: FaultRow, lang: Lang): string {
  const outcome: Bilingual = outcomeWords(row.simulated, config.servers.length);
  const ends = row.servers.map(({ name, shows, runs }) => {
    const groups = runs.length === 0 ? "-" : runs.join(" ");
    return `${name}: ${shownState(shows, lang)} (${groups})`;
  });
  const took =
    row.takeoverMs === null
      ? ""
      : fill(MANUAL_WORDS.took, lang, {
          took: `${row.takeoverMs}`,
          most: `${row.takeoverMaxMs}`,
        });
  const from = row.start === "home" ? MANUAL_WORDS.home[lang] : onServer(config, row.start, lang);
  return `${from}: ${outcome[lang]}${took}; ${ends.join(", ")}`;
}

/** A state of the simulator in the reader's words; a reason in those of the catalogue. */
function shownState(shows: string, lang: Lang): string {
  const [, off = "", reason = ""] = /^(?:off|gave up:?) ?\(?(es:)?([a-z-]*)\)?$/.exec(shows) ?? [];
  const known = STATE_WORDS[reason === "" || off !== "" ? shows : reason];
  if (known !== undefined) return known[lang];
  if (reason === "") return shows;
  const why = words[reason]?.[lang] ?? reason;
  return fill(MANUAL_WORDS.gaveUp, lang, { why });
}

const onServer = (config: LoadedConfig, start: string, lang: Lang): string =>
  fill(MANUAL_WORDS.onServer, lang, {
    server: config.servers.find(({ name }) => name === start)?.name ?? start,
  });

/** First the repair, then what each outcome that occurs asks for, each step once. */
function stepLines(config: LoadedConfig, rows: readonly FaultRow[], lang: Lang): readonly string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { fault } = first;
  const group = config.groups[fault.group ?? 0]?.name ?? "GROUP";
  const base = config.servers[0]?.name ?? "";
  const other = config.servers[1]?.name ?? "";
  const count = config.servers.length;
  const counts = { count: `${count}`, needed: `${quorumOf(count)}` };
  const data = { what: fault.what, group, base, other, ...counts };
  const steps = rows.flatMap((row) => {
    const gone = row.servers.filter(({ shows }) => isGone(shows)).map(({ name }) => name);
    const asked = row.simulated === null ? [] : stepWords(row.simulated, count);
    const said = asked.flatMap((step) =>
      (gone.length === 0 ? [fault.what] : gone).map((server) =>
        fill(step, lang, { ...data, server }),
      ),
    );
    return [...said, ...edgeLines(config, row, lang)];
  });
  return [...new Set([fill(REPAIR_WORDS[fault.kind], lang, data), ...steps])];
}

const isGone = (shows: string): boolean => /^(off|detached|gave up)/.test(shows);

/** Where a majority decides and nobody more may fail. */
function edgeLines(config: LoadedConfig, row: FaultRow, lang: Lang): readonly string[] {
  if (config.method !== "majority") return [];
  const count = config.servers.length;
  const needed = quorumOf(count);
  const left = row.servers.filter(({ shows }) => !isGone(shows)).length;
  if (left !== needed) return [];
  return [fill(EDGE_WORDS, lang, { left: `${left}`, count: `${count}`, needed: `${needed}` })];
}
