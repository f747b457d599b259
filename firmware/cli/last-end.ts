/**
 * Why a server ended itself, as it stands in its state folder while it is off: the last words of its pulse,
 * until its next start has taken them into the event log, or the record that stays until somebody returns it.
 * Source: requirements R108, D33; firmware/last-words.ts; firmware/agent/emergency.ts.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type EventData,
  isEventKey,
  type RenderedEvent,
  renderEvent,
} from "../../services/catalogue.ts";
import { LAST_WORDS_FILE, type LastWord, parseLastWords } from "../last-words.ts";
import { isRecord, parseObject } from "./client.ts";
import type { Lang } from "./language.ts";

/** Kept by firmware/agent/emergency.ts. */
const RECORD_FILE = "last-emergency.json";
/** A verdict and what was done, about 500 characters; a longer file is not ours. */
const FILE_BYTES_MAX = 64 * 1024;

/** Oldest first; none when there is no file, or none that can be read. */
export function lastWords(stateDir: string): readonly LastWord[] {
  const text = readSmall(join(stateDir, LAST_WORDS_FILE));
  return parseLastWords(text).filter(({ data }) => isRecord(data));
}

export interface LastEnd {
  /** The emergency shutdown with its moment, method, evidence and reason. */
  readonly told: RenderedEvent;
  /** What led to it, as far as the server said so. */
  readonly cause: string;
}

/** The newest emergency shutdown that nobody has settled yet; null = the folder knows of none. */
export function lastEnd(stateDir: string, server: string, lang: Lang): LastEnd | null {
  const words = lastWords(stateDir);
  const end = words.find(({ key }) => key === "emergency-shutdown");
  const record = parseObject(readSmall(join(stateDir, RECORD_FILE)));
  const data = end === undefined ? record : { ...end.data, at: end.at };
  if (data === null) return null;
  const told = tellLine("emergency.recorded", { ...data, server }, lang);
  if (told === null) return null;
  const verdict = words.find(({ key }) => key.startsWith("verdict."));
  const why = verdict && tellLine(verdict.key, { ...verdict.data, server }, lang);
  return { told, cause: why?.cause ?? told.cause };
}

/** The catalogue's words for what a file says; null = a key this version does not know. */
export function tellLine(
  key: string,
  data: Readonly<Record<string, unknown>>,
  lang: Lang,
): RenderedEvent | null {
  return isEventKey(key) ? renderEvent(key, scalars(data), lang) : null;
}

/** What is nested is shown as JSON; a text never has more than one value in one place. */
export function scalars(data: Readonly<Record<string, unknown>>): EventData {
  const values = Object.entries(data).map(([name, value]): [string, string] => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  return Object.fromEntries(values);
}

/** Empty when there is nothing to be read. */
function readSmall(file: string): string {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= FILE_BYTES_MAX ? readFileSync(file, "utf8") : "";
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
