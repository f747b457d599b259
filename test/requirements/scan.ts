/**
 * Which test carries which row of the contract, read from the sources alone.
 * Intuition: a row is carried by what says so in its name. A name is a text that a test file hands to a call,
 * puts first into a row of a table or under `name:`, and a story's first line; its head, before the first
 * colon, is a list of labels, for example `R57, R80:` or `L2 R84:` or `R146-R153:`. A row that is mentioned in
 * the middle of a sentence, in a comment or in an assertion's message is not claimed.
 * Source: spec rows R1-R215 and D1-D56 (`rows.txt`); style.md 30.
 */

/** Rows of a file of headings, in its order. */
export interface Row {
  /** `R` and `D` with a number. */
  readonly id: string;
  readonly title: string;
}

export interface Claim {
  readonly id: string;
  /** From the project's root. */
  readonly file: string;
  readonly line: number;
  /** The test's name, or the story's first line. */
  readonly name: string;
}

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Coverage {
  readonly rows: readonly (Row & { readonly claims: readonly Claim[] })[];
  /** Claims of rows that do not exist. */
  readonly unknown: readonly Claim[];
}

export type RowsRead =
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  /** `line` counts from 1. */
  | { readonly kind: "malformed"; readonly line: number; readonly text: string };

/** One row a line: `R1 heading`; lines with # are comments. Each row once. */
export function readRows(text: string): RowsRead {
  const rows = new Map<string, Row>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const found = /^([RD][1-9]\d{0,2}) (\S.*)$/.exec(line);
    const [, id = "", title = ""] = found ?? [];
    if (found === null || rows.has(id)) return { kind: "malformed", line: at + 1, text: line };
    rows.set(id, { id, title });
  }
  return { kind: "rows", rows: [...rows.values()] };
}

/** A literal as first argument, first in a table's row, or under `name`: that is where names stand. */
const NAME = /(?:\w\(|\[|\bname:)\s*(["`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** A label: a row, another document's rule, a section, a range of rows. */
const LABEL = /^(?:[A-Z]{1,2}\d{1,3}(?:-[A-Z]{1,2}\d{1,3})?|RFC|and|\d+(?:\.\d+)*(?:\(\d+\))?)$/;
const HEAD_CHARACTERS_MAX = 60;

/** Claims of one file: a story (`.txt`) by its first line, anything else as a test's source. */
export function claimsOf({ path, text }: TextFile): Claim[] {
  if (path.endsWith(".txt")) {
    const first = text.split("\n", 1)[0] ?? "";
    const name = first.replace(/^#\s*/, "");
    return first.startsWith("#")
      ? idsOf(name).map((id) => ({ id, file: path, line: 1, name }))
      : [];
  }
  const code = withoutComments(text);
  return [...code.matchAll(NAME)].flatMap((found) => {
    const name = found[2] ?? "";
    const at = found.index + found[0].indexOf(found[1] ?? "");
    const line = code.slice(0, at).split("\n").length;
    return idsOf(name).map((id) => ({ id, file: path, line, name }));
  });
}

/** Rows in the head of a name, ranges spelled out; none when the head is not a list of labels. */
export function idsOf(name: string): string[] {
  const colon = name.indexOf(":");
  if (colon < 0 || colon > HEAD_CHARACTERS_MAX) return [];
  const labels = name.slice(0, colon).split(/[\s,]+/);
  if (!labels.every((label) => LABEL.test(label))) return [];
  return [...new Set(labels.flatMap(spelledOut))];
}

function spelledOut(label: string): string[] {
  const range = /^([RD])(\d+)-\1(\d+)$/.exec(label);
  if (range === null) return /^[RD]\d+$/.test(label) ? [label] : [];
  const [, letter = "", from = "", to = ""] = range;
  const count = Math.max(0, Number(to) - Number(from) + 1);
  return Array.from({ length: count }, (_, at) => `${letter}${Number(from) + at}`);
}

/** Whole-line comments emptied, line numbers kept. */
function withoutComments(text: string): string {
  return text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
}

export function cover(rows: readonly Row[], files: readonly TextFile[]): Coverage {
  const claims = files.flatMap(claimsOf);
  const known = new Set(rows.map(({ id }) => id));
  return {
    rows: rows.map((row) => ({ ...row, claims: claims.filter(({ id }) => id === row.id) })),
    unknown: claims.filter(({ id }) => !known.has(id)),
  };
}

/** For people: each row with its tests below it, or "open". */
export function showCoverage({ rows, unknown }: Coverage): string {
  const lines = rows.flatMap(({ id, title, claims }) => [
    `${id.padEnd(5)}${title}${claims.length === 0 ? "  -- open" : ""}`,
    ...claims.map(({ file, line, name }) => `       ${file}:${line}  ${name}`),
  ]);
  return [...lines, ...unknown.map(faultOf)].join("\n");
}

export function faultOf({ id, file, line, name }: Claim): string {
  return `${file}:${line}: ${id} is no row of test/requirements/rows.txt, correct the name "${name}"`;
}

/** One line: what is carried and what is open, per letter. */
export function sumOf({ rows, unknown }: Coverage): string {
  const part = (letter: string): string => {
    const all = rows.filter(({ id }) => id.startsWith(letter));
    const open = all.filter(({ claims }) => claims.length === 0).length;
    return `${letter}: ${all.length - open} of ${all.length} carried, ${open} open`;
  };
  const names = new Set(rows.flatMap(({ claims }) => claims.map((c) => `${c.file}:${c.line}`)));
  return `${part("R")}; ${part("D")}; ${names.size} tests; ${unknown.length} unknown`;
}
