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
import type { Outcome, SimulatedMethod } from "./expected.ts";
import {
  AT_ONCE_WORDS,
  EDGE_WORDS,
  MANUAL_WORDS,
  REPAIR_WORDS,
  STATE_WORDS,
  stepWords,
} from "./manual-words.ts";
import type { LeftOut } from "./plan.ts";
import { unplayedOf } from "./row-words.ts";
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
    `## ${text("outside")}`,
    "",
    // Chapters are of faults: rows of 3.2.2 have none in any case.
    ...unplayedOf(method)
      .filter(({ rows }) => rows.startsWith("E"))
      .map(({ rows, why }) => `- ${rows}: ${why[lang]}`),
    "",
  ];
}

/** Some faults have a chapter from some servers and start states only. */
function missingLine(played: number, { faults }: LeftOut, lang: Lang): string {
  return fill(MANUAL_WORDS.some, lang, { played: `${played}`, total: `${played + faults}` });
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
  const said = fill(FAULT_WORDS[fault.kind], lang, { what: fault.what });
  // Names of servers keep their case.
  const isName = fault.what !== "" && said.startsWith(fault.what);
  const title = isName ? said : said.charAt(0).toUpperCase() + said.slice(1);
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
    ...stepLines(config, rows, lang),
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
    const line = `- \`${event.code}\` ${server}: ${event.text}\n  - ${event.remedy}`;
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
  const outcome: Bilingual = outcomeWords(row.simulated, config.servers.length, row.takesOver);
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

/**
 * First what may not wait for the repair, then the repair, then what the outcome asks for, each step once.
 * Start states that come to different outcomes have a list each: only one of them holds.
 */
function stepLines(config: LoadedConfig, rows: readonly FaultRow[], lang: Lang): readonly string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const byOutcome = new Map<Outcome | null, FaultRow[]>();
  for (const row of rows) {
    byOutcome.set(row.simulated, [...(byOutcome.get(row.simulated) ?? []), row]);
  }
  const atOnce = rows.flatMap((row) =>
    said(config, row, row.simulated === null ? [] : (AT_ONCE_WORDS[row.simulated] ?? []), lang),
  );
  const data = wordsOf(config, first);
  const begin = [...atOnce, fill(REPAIR_WORDS[first.fault.kind], lang, data)];
  const lists = [...byOutcome].map(([outcome, ran]) => ({
    outcome,
    steps: ran.flatMap((row) => afterRepair(config, row, lang)),
  }));
  const [only] = lists;
  if (only !== undefined && lists.length === 1) return numbered([...begin, ...only.steps]);
  const cases = lists.flatMap(({ outcome, steps }) => {
    const words = outcomeWords(outcome, config.servers.length)[lang];
    return ["", fill(MANUAL_WORDS.case, lang, { outcome: words }), "", ...numbered(steps)];
  });
  return [...numbered(begin), ...cases];
}

const numbered = (steps: readonly string[]): readonly string[] =>
  [...new Set(steps)].map((step, at) => `${at + 1}. ${step}`);

function afterRepair(config: LoadedConfig, row: FaultRow, lang: Lang): readonly string[] {
  const asked = row.simulated === null ? [] : stepWords(row.simulated, config);
  return [...said(config, row, asked, lang), ...edgeLines(config, row, lang)];
}

/** Each step for each server that is gone. */
function said(
  config: LoadedConfig,
  row: FaultRow,
  steps: readonly Bilingual[],
  lang: Lang,
): readonly string[] {
  const gone = row.servers.filter(({ shows }) => isGone(shows)).map(({ name }) => name);
  const servers = gone.length === 0 ? [row.fault.what] : gone;
  const data = wordsOf(config, row);
  return steps.flatMap((step) => servers.map((server) => fill(step, lang, { ...data, server })));
}

function wordsOf(config: LoadedConfig, { fault }: FaultRow): Readonly<Record<string, string>> {
  const count = config.servers.length;
  return {
    what: fault.what,
    group: config.groups[fault.group ?? 0]?.name ?? "GROUP",
    base: config.servers[0]?.name ?? "",
    other: config.servers[1]?.name ?? "",
    count: `${count}`,
    needed: `${quorumOf(count)}`,
  };
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
