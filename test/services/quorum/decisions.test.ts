/**
 * The golden table of decisions: every situation that its columns can express, asked of the product. The
 * table is decisions.txt, written by hand from the guide; "@A3" and "@T" in it mean "wait before that age".
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { computeBudget, type DetailedBudget } from "../../../services/configuration/budget.ts";
import type { ComWord, Evidence } from "../../../services/events.ts";
import type {
  ClaimProgress,
  Judgement,
  StartEvidence,
} from "../../../services/quorum/judgement.ts";
import { METHODS } from "../../../services/quorum/methods.ts";

type Situation = Readonly<Record<string, string>>;

interface Row {
  readonly cells: readonly string[];
  readonly verdict: string;
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Sources are beside the compiled tests only by their path in the repository. */
const FILE = fileURLToPath(
  new URL("../../../../test/services/quorum/decisions.txt", import.meta.url),
);

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
};

const FOREVER_MS = 10_000_000;

function readTables(): Map<string, Table> {
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
    const words = text.split(/\s+/);
    assert.ok(current !== null && words.length > current.columns.length, `row in a table: ${text}`);
    const count = current.columns.length;
    for (const [at, cell] of words.slice(0, count).entries()) {
      const known = VALUES[current.columns[at] ?? ""] ?? [];
      assert.ok(
        cell === "*" || known.includes(cell),
        `${text}: "${cell}" is no ${current.columns[at]}`,
      );
    }
    current.rows.push({ cells: words.slice(0, count), verdict: words.slice(count).join(" ") });
  }
  return tables;
}

function situationsOf(columns: readonly string[]): Situation[] {
  let all: Situation[] = [{}];
  for (const column of columns) {
    const values = VALUES[column] ?? [];
    all = all.flatMap((one) => values.map((value) => ({ ...one, [column]: value })));
  }
  return all;
}

const budgetOf = (method: "com" | "com-disk" | "none", timeoutMs: number): DetailedBudget => {
  const timing = {
    heartbeatTimeoutMs: timeoutMs,
    heartbeatIntervalMs: timeoutMs / 10,
    comIntervalMs: Math.min(1000, timeoutMs / 10),
    diskWaitMs: timeoutMs,
    startSyncWaitMs: 300_000,
    watchdogTimeoutMs: 0,
  };
  const result = computeBudget(method, timing, { baud: method === "none" ? null : 38400 });
  if (result.kind !== "budget") throw new Error("the times do not fit");
  return result.budget;
};

/** First and last millisecond of a band. */
function agesOf(band: string, b: DetailedBudget): readonly [number, number] {
  const marks: Readonly<Record<string, readonly [number, number]>> = {
    fresh: [0, b.a1Ms - 1],
    first: [b.a1Ms, b.a2Ms - 1],
    second: [b.a2Ms, b.a3Ms - 1],
    late: [b.a3Ms, b.timeoutMs - 1],
    over: [b.timeoutMs, b.timeoutMs + b.diskWaitMs - 1],
    past: [b.timeoutMs + b.diskWaitMs, FOREVER_MS],
  };
  return marks[band] ?? [0, 0];
}

function expectedOf(table: Table, situation: Situation, ageMs: number, b: DetailedBudget): string {
  const row = table.rows.find(({ cells }) =>
    cells.every((cell, at) => cell === "*" || cell === situation[table.columns[at] ?? ""]),
  );
  const verdict = row?.verdict ?? "no row";
  const timed = /^@(A3|T) (.+)$/.exec(verdict);
  if (timed === null) return verdict;
  return ageMs >= (timed[1] === "A3" ? b.a3Ms : b.timeoutMs) ? (timed[2] ?? "") : "wait";
}

function textOf(judgement: Judgement): string {
  switch (judgement.kind) {
    case "survive":
      return "go-on";
    case "stop":
      return `ES:${judgement.reason}`;
    case "refuse":
      return `refuse:${judgement.reason}`;
    case "wait":
    case "claim":
    case "withdraw":
      return judgement.kind;
  }
}

function evidenceOf(one: Situation, ageMs: number, b: DetailedBudget): Evidence {
  return {
    ageMs,
    silenceMs: one["silence"] === "silent" ? b.timeoutMs : b.timeoutMs - 1,
    com: (one["com"] ?? "together") as ComWord,
    presence: one["frames"] === "refused",
    mayOwn: one["server"] === "owner",
    first: one["order"] === "leads",
    diskHealthy: one["disk"] === "works",
    grantedMs: b.timeoutMs,
  };
}

function startOf(one: Situation, b: DetailedBudget): readonly StartEvidence[] {
  const headMs = b.claimMs + b.sigmaMs;
  const bands: Readonly<Record<string, readonly number[]>> = {
    waiting: [-FOREVER_MS, -1],
    head: [0, headMs - 1],
    over: [headMs, FOREVER_MS],
  };
  return (bands[one["wait"] ?? ""] ?? []).map((overdueMs) => ({
    overdueMs,
    comHeard: one["line"] === "heard",
    presence: one["frames"] === "refused",
    first: one["order"] === "leads",
    diskHealthy: one["disk"] === "works",
  }));
}

const tables = readTables();
let asked = 0;

for (const method of ["com", "com-disk", "none"] as const) {
  for (const timeoutMs of [1000, 30_000]) {
    test(`guide 1.2.4 ${method}, T = ${timeoutMs} ms: every situation of the table in a common view`, () => {
      const table = tables.get(method);
      const budget = budgetOf(method, timeoutMs);
      const judge = METHODS[method]?.judge;
      assert.ok(table !== undefined && judge !== undefined);
      for (const situation of situationsOf(table.columns)) {
        for (const ageMs of agesOf(situation["age"] ?? "", budget)) {
          const claim = (situation["claim"] ?? "none") as ClaimProgress;
          const told = textOf(judge(evidenceOf(situation, ageMs, budget), claim, budget));
          const expected = expectedOf(table, situation, ageMs, budget);
          assert.is(told, expected, `${JSON.stringify(situation)} at ${ageMs} ms`);
          asked += 1;
        }
      }
    });

    test(`protocol 1.7 ${method}, T = ${timeoutMs} ms: every situation of a start alone`, () => {
      const table = tables.get(`${method} start`);
      const budget = budgetOf(method, timeoutMs);
      const judge = METHODS[method]?.judgeStart;
      assert.ok(table !== undefined && judge !== undefined);
      for (const situation of situationsOf(table.columns)) {
        for (const evidence of startOf(situation, budget)) {
          const claim = (situation["claim"] ?? "none") as ClaimProgress;
          const told = textOf(judge(evidence, claim, budget));
          const expected = expectedOf(table, situation, 0, budget);
          assert.is(told, expected, `${JSON.stringify(situation)} at ${evidence.overdueMs} ms`);
          asked += 1;
        }
      }
    });
  }
}

test("issue 4: at least 1,000 distinct situations, and no row that never fits", () => {
  let distinct = 0;
  for (const [name, table] of tables) {
    const used = new Set<Row>();
    for (const situation of situationsOf(table.columns)) {
      distinct += 1;
      const row = table.rows.find(({ cells }) =>
        cells.every((cell, at) => cell === "*" || cell === situation[table.columns[at] ?? ""]),
      );
      assert.ok(row !== undefined, `${name}: no row for ${JSON.stringify(situation)}`);
      used.add(row);
    }
    const idle = table.rows.filter((row) => !used.has(row));
    assert.equal(idle, [], `${name}: rows that never fit`);
  }
  assert.ok(distinct >= 1000, `only ${distinct}`);
  assert.ok(asked >= 4 * distinct - 1, `every one at two moments and two timeouts, asked ${asked}`);
});

test.run();
