/**
 * Why this server ended itself last time, kept over the restart: the pulse's last words go into the event
 * log once, and one record stays until the server is a member again, so that the operator who looks at the
 * status finds the cause without searching. Source: requirements R108, D33, R203.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NoteData } from "../../services/effects.ts";
import { LAST_WORDS_FILE, parseLastWords } from "../last-words.ts";

const FILE = "last-emergency.json";
/** Evidence of a verdict takes about 200 characters; a file longer than this is not ours. */
const FILE_CHARACTERS_MAX = 8192;

type Tell = (key: string, data: NoteData, atMs: number) => void;

export class Emergency {
  readonly #stateDir: string;
  #record: NoteData | null = null;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Data of the event `emergency.recorded`; null = the last end was none, or it is settled. */
  get record(): NoteData | null {
    return this.#record;
  }

  /** Once per start of the agent: last words into the log, then what is still to be settled. */
  open(tell: Tell): void {
    try {
      const isNew = this.#takeLastWords(tell);
      this.#record = this.#read();
      if (this.#record !== null && isNew) tell("emergency.recorded", this.#record, Date.now());
    } catch (error) {
      tell("host.trouble", { text: textOf(error) }, Date.now());
    }
  }

  /** The server is a member again: somebody has looked at it and returned it. */
  settle(): void {
    if (this.#record === null) return;
    this.#record = null;
    rmSync(join(this.#stateDir, FILE), { force: true });
  }

  #takeLastWords(tell: Tell): boolean {
    const file = join(this.#stateDir, LAST_WORDS_FILE);
    if (!existsSync(file)) return false;
    const words = parseLastWords(readFileSync(file, "utf8"));
    const end = words.find(({ key }) => key === "emergency-shutdown");
    if (end !== undefined) keepEmergency(this.#stateDir, { ...end.data, at: end.at });
    for (const { key, data, at } of words) tell(key, data, Date.parse(at));
    rmSync(file, { force: true });
    return end !== undefined;
  }

  #read(): NoteData | null {
    const file = join(this.#stateDir, FILE);
    if (!existsSync(file)) return null;
    const text = readFileSync(file, "utf8");
    if (text.length > FILE_CHARACTERS_MAX) return null;
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null ? (value as NoteData) : null;
    } catch (error) {
      // Half a file of a power cut: the event log has the same words.
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
}

/** Whole or not at all. Throws the file system's error. */
export function keepEmergency(stateDir: string, record: NoteData): void {
  const file = join(stateDir, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
