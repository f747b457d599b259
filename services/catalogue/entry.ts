/**
 * Shape of a catalogue entry: what every event and every refusal says, in English and Japanese.
 * `{name}` is a placeholder; both languages use the same ones. Codes never change their meaning and
 * are never used again, because operators' runbooks and alert rules name them.
 * Source: work order 7 (stable codes with cause and remedy), R108.
 */

export const SEVERITIES = ["info", "warning", "error", "critical"] as const;
/**
 * info: for the record; warning: redundancy or attention; error: something does not work; critical:
 * data or the business is at stake.
 */
export type Severity = (typeof SEVERITIES)[number];

export const LANGUAGES = ["en", "ja"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface EventText {
  readonly text: string;
  readonly cause: string;
  readonly remedy: string;
}

export interface EventEntry {
  /** `KG-` and four digits: 1 paths, 2 servers, 3 resolution, 4 groups, 5 software, 6 commands. */
  readonly code: string;
  readonly severity: Severity;
  readonly en: EventText;
  readonly ja: EventText;
}

export interface RefusalText {
  readonly text: string;
  readonly remedy: string;
}

export interface RefusalEntry {
  /** `KG-9` and three digits. */
  readonly code: string;
  /** Exit code of the CLI. */
  readonly exit: 1 | 3 | 4 | 5;
  readonly en: RefusalText;
  readonly ja: RefusalText;
}
