/**
 * A finding: one thing that is wrong (refusal) or worth knowing (warning) in a configuration text.
 * It always says where (file, line, column, path), what was expected, what stands there and what to
 * do, so that nobody has to guess. Source: work order 8, R104, successor.md's configuration checks.
 */

/** Steps from the root to a value: keys and array positions. */
export type JsonPath = readonly (string | number)[];

export interface Finding {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, counted in UTF-16 units as editors do. */
  readonly column: number;
  /** E.g. `servers[1].name`; empty for the whole file. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
  /** All of the above as one line for people. */
  readonly text: string;
}

/** What a rule reports; the place becomes line and column when the finding is composed. */
export interface Remark {
  readonly at: JsonPath;
  /** The key itself is wrong (not its value): point at the key. */
  readonly onKey?: boolean;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Longest piece of the operator's own text that is quoted back; the rest is cut with "...". */
const QUOTE_CHARACTERS_MAX = 60;

/** Longest list of findings; after that many the reader starts at the top anyway. */
export const FINDINGS_MAX = 50;

export function composeFinding(file: string, place: Place, remark: Remark): Finding {
  const path = formatPath(remark.at);
  const where = `${file}:${place.line}:${place.column}: ${path === "" ? "" : `${path}: `}`;
  const text = `${where}expected ${remark.expected}, found ${remark.found}; ${remark.remedy}`;
  return {
    file,
    ...place,
    path,
    expected: remark.expected,
    found: remark.found,
    remedy: remark.remedy,
    text,
  };
}

export function formatPath(path: JsonPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** A value as it is quoted in a message: JSON, cut to a readable length, control characters escaped. */
export function quote(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length <= QUOTE_CHARACTERS_MAX ? text : `${text.slice(0, QUOTE_CHARACTERS_MAX)}...`;
}
