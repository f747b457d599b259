/**
 * Why a server gave up, kept over its end: the pulse writes these lines when everything of the groups is
 * gone, the agent of the next start takes them into the event log. Same form as the log's own lines, so
 * that a service engineer can read the file of a server that stays off. Source: requirements R108.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NoteData } from "../services/effects.ts";
import type { StopReason } from "../services/events.ts";

export const LAST_WORDS_FILE = "events-last.jsonl";

export interface LastWord {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly key: string;
  readonly data: NoteData;
}

const VERDICT_KEYS: Readonly<Partial<Record<StopReason, string>>> = {
  partition: "verdict.partition",
  presence: "verdict.partition",
  "arbiter-faulty": "verdict.arbiter-faulty",
  "disk-faulty": "verdict.arbiter-faulty",
  "claim-lost": "verdict.claim-lost",
  outranked: "verdict.outranked",
  "method-unsupported": "verdict.unsupported",
};

/** The system goes off with the groups: by the will itself, or because something has outlived it (D24). */
export const endsSystem = (
  { off, offIfLeft = false }: { readonly off: boolean; readonly offIfLeft?: boolean },
  completed: boolean,
): boolean => off || (offIfLeft && !completed);

/** JSON lines: the verdict, then what was done. */
export function drawLastWords(
  method: string,
  reason: StopReason,
  evidence: string,
  off: boolean,
  completed: boolean,
  epoch: number,
  wallMs: number,
): string {
  const data = { method, reason, evidence, completed, epoch };
  const keys = [VERDICT_KEYS[reason], off ? "emergency-shutdown" : "give-up.started"];
  const at = new Date(wallMs).toISOString();
  return keys
    .filter((key) => key !== undefined)
    .map((key) => `${JSON.stringify({ seq: 0, at, key, data })}\n`)
    .join("");
}

export interface Ending {
  readonly method: string;
  readonly reason: StopReason;
  readonly evidence: string;
  readonly off: boolean;
  readonly completed: boolean;
  readonly epoch: number;
}

/** The one file the pulse writes, when nothing is left to lose (R108). A folder that refuses is told on stderr. */
export function leaveLastWords(stateDir: string, ending: Ending): void {
  const { method, reason, evidence, off, completed, epoch } = ending;
  const lines = drawLastWords(method, reason, evidence, off, completed, epoch, Date.now());
  try {
    writeFileSync(join(stateDir, LAST_WORDS_FILE), lines, { mode: 0o600 });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`last words not kept: ${text}; ${lines}\n`);
  }
}

/** Lines that are not whole (power cut) are left out. */
export function parseLastWords(text: string): LastWord[] {
  return text.split("\n").flatMap((line) => {
    if (line === "") return [];
    try {
      const word = JSON.parse(line) as LastWord;
      return typeof word.key === "string" && !Number.isNaN(Date.parse(word.at)) ? [word] : [];
    } catch {
      return [];
    }
  });
}
