/**
 * The golden tables of decisions.txt: reading them, listing every situation that their columns can express,
 * and looking up what the first fitting row says.
 * Source: guide 1.2.4; the form follows the transcripts of style.md 1.2.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import type { Budget } from "../../../services/configuration/model.ts";

export type Situation = Readonly<Record<string, string>>;

export interface Row {
  readonly cells: readonly string[];
  readonly verdict: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Sources are beside the compiled tests only by their path in the repository. */
const FILE = fileURLToPath(
  new URL("../../../../test/services/quorum/decisions.txt", import.meta.url),
);

const MIRROR_RECORDS = ["quiet", "wrote", "rebuilding"];
const OTHERS_OF_THREE = ["near", "near-blind", "cut-alive", "cut-quiet", "cut-gone"];

const VALUES: Readonly<Record<string, readonly string[]>> = {
  age: ["fresh", "first", "second", "late", "over", "past"],
  silence: ["heard", "silent"],
  com: ["alive", "together", "faulty"],
  frames: ["good", "refused"],
  server: ["owner", "idle"],
  order: ["leads", "follows"],
  disk: ["works", "fails"],
  claim: ["none", "pending", "won", "lost", "failed"],
  wait: ["waiting", "head", "over"],
  line: ["silent", "heard"],
  copy: ["paired", "ahead", "behind", "diverged", "rebuilding", "unknown"],
  chosen: ["yes", "no"],
  words: ["says", "lacks"],
  own: MIRROR_RECORDS,
  ground: ["same", "different"],
  here: ["idle", "runs"],
  there: ["idle", "runs"],
  source: ["none", "own", "other"],
  since: ["fresh", "late", "over", "settled", "leaving", "judged"],
  span: ["fresh", "late", "settled", "leaving", "judged"],
  stamps: ["timely", "late"],
  slept: ["awake", "slept"],
  left: ["in", "out"],
  rank: ["top", "below"],
  heard: ["T", "between", "J"],
  self: ["S1", "S2", "S3"],
  one: OTHERS_OF_THREE,
  two: OTHERS_OF_THREE,
  rivals: ["none", "unproven", "stands", "both"],
  counted: Array.from({ length: 15 }, (_, at) => String(at + 2)),
  reach: ["enough", "short"],
  lease: ["fresh", "late", "over"],
};

/** The other server: its copy where two copies meet, its slot otherwise. */
const valuesOf = (column: string, columns: readonly string[]): readonly string[] => {
  if (column === "other") return columns.includes("own") ? MIRROR_RECORDS : SLOTS;
  return VALUES[column] ?? [];
};
const SLOTS = ["alive", "quiet", "gone"];

export function readTables(): Map<string, Table> {
  const tables = new Map<string, Table>();
  let current: { columns: string[]; rows: Row[] } | null = null;
  for (const line of readFileSync(FILE, "utf8").split("\n")) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const head = /^\[(.+)\]\s+(.+) -> verdict$/.exec(text);
    if (head !== null) {
      current = { columns: (head[2] ?? "").split(/\s+/), rows: [] };
      tables.set(head[1] ?? "", current);
      continue;
    }
    assert.ok(current !== null, `a row stands in a table: ${text}`);
    if (current !== null) current.rows.push(readRow(text, current.columns));
  }
  return tables;
}

function readRow(text: string, columns: readonly string[]): Row {
  const words = text.split(/\s+/);
  const count = columns.length;
  assert.ok(words.length > count, `a verdict behind ${count} cells: ${text}`);
  for (const [at, cell] of words.slice(0, count).entries()) {
    const column = columns[at] ?? "";
    const known = cell === "*" || valuesOf(column, columns).includes(cell);
    assert.ok(known, `${text}: "${cell}" is no ${column}`);
  }
  return { cells: words.slice(0, count), verdict: words.slice(count).join(" ") };
}

export function situationsOf({ columns }: Table): Situation[] {
  let all: Situation[] = [{}];
  for (const column of columns) {
    const values = valuesOf(column, columns);
    all = all.flatMap((one) => values.map((value) => ({ ...one, [column]: value })));
  }
  return all;
}

export const rowOf = (table: Table, situation: Situation): Row | undefined =>
  table.rows.find(({ cells }) =>
    cells.every((cell, at) => cell === "*" || cell === situation[table.columns[at] ?? ""]),
  );

export type Mark = "A3" | "T" | "leave" | "J" | "past";

export const markMs = (mark: Mark, b: Budget): number => {
  switch (mark) {
    case "A3":
      return b.a3Ms;
    case "T":
      return b.timeoutMs;
    case "leave":
      return b.leaveMs;
    case "J":
      return b.judgeMs;
    case "past":
      return b.timeoutMs + b.diskWaitMs;
  }
};

/** What the table says of a situation at an age; "no row" where none fits. */
export function expectedOf(table: Table, situation: Situation, ageMs: number, b: Budget): string {
  const verdict = rowOf(table, situation)?.verdict ?? "no row";
  const timed = /^@(A3|T|leave|J) (.+)$/.exec(verdict);
  if (timed === null) return verdict;
  return ageMs >= markMs(timed[1] as Mark, b) ? (timed[2] ?? "") : "wait";
}

/** Every word that a table's verdicts use. */
export function verdictsOf(table: Table): string[] {
  const words = table.rows.map(({ verdict }) => verdict.replace(/^@\w+ /, ""));
  return [...new Set(["wait", ...words])].filter(
    (word) => word !== "wait" || table.rows.some(({ verdict }) => /^(wait|@)/.test(verdict)),
  );
}
