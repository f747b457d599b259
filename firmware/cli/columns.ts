/**
 * Text in character cells: how wide it is drawn, cutting it, laying it out as an aligned table, and
 * colouring. Japanese characters take two cells, combining marks none; control characters (an
 * agent's text could carry escape sequences) are never passed to the terminal.
 * Source: Unicode UAX #11, the ranges W and F that can appear in names and messages.
 */
import type { Tone } from "./words.ts";

export type Style = Tone | "plain" | "bold" | "head";

export interface Cell {
  readonly text: string;
  readonly style: Style;
}

/** Colours a text; the identity when colour is off. */
export type Paint = (style: Style, text: string) => string;

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
// C0, DEL and C1: what a terminal would obey instead of show.
const CONTROL = /[\p{Cc}]+/gu;

const SGR: Readonly<Record<Style, string>> = {
  good: "32",
  warn: "33",
  bad: "1;31",
  quiet: "2",
  plain: "",
  bold: "1",
  head: "2",
};

/** Painter for a terminal with or without colour. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_style, text) => text;
  return (style, text) => {
    const code = SGR[style];
    return code === "" || text === "" ? text : `\x1b[${code}m${text}\x1b[0m`;
  };
}

/** The text without control characters (each run becomes one blank). */
export function printable(text: string): string {
  return text.replace(CONTROL, " ");
}

/** Width in character cells of a text without control characters. */
export function cellWidth(text: string): number {
  let cells = 0;
  for (const character of text) cells += characterWidth(character);
  return cells;
}

/** `text` filled with blanks on the right to `cells`; longer text is left as it is. */
export function padCells(text: string, cells: number): string {
  return text + " ".repeat(Math.max(0, cells - cellWidth(text)));
}

/** Rows as aligned columns, two blanks between, none at the end of a line. */
export function layTable(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const widths: number[] = [];
  const clean = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  for (const row of clean) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cellWidth(cell.text));
    });
  }
  return clean.map((row) => {
    const last = row.findLastIndex((cell) => cell.text !== "");
    return row
      .slice(0, last + 1)
      .map((cell, column) => {
        const gap = (widths[column] ?? 0) - cellWidth(cell.text) + 2;
        return paint(cell.style, cell.text) + (column === last ? "" : " ".repeat(gap));
      })
      .join("");
  });
}

/** An unpainted line as lines of at most `cells`, parted at blanks where there are any. */
export function wrapLine(line: string, cells: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (cellWidth(rest) > cells) {
    const fits = cutLine(rest, cells);
    const blank = rest.lastIndexOf(" ", fits.length);
    // A wide character in a terminal of one cell: cut nothing rather than for ever.
    if (fits === "") break;
    const end = blank > 0 ? blank : fits.length;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** A painted line cut to `cells`; colour sequences count nothing and are closed. */
export function cutLine(line: string, cells: number): string {
  let used = 0;
  let out = "";
  // Splitting on our own colour sequences: foreign ones were removed by printable().
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence starts with ESC
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith("\x1b[")) {
      out += part;
      continue;
    }
    for (const character of part) {
      used += characterWidth(character);
      if (used > cells) return out.includes("\x1b[") ? `${out}\x1b[0m` : out;
      out += character;
    }
  }
  return out;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
