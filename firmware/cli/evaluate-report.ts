/**
 * The report of `kage evaluate`: tables for people, one object for scripts. Rows that differ from the guide
 * say below the table what the servers came to. Source: guide 3.2.1, 3.2.2; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { LEVELS } from "../evaluate/cover.ts";
import type { EnvelopeRow } from "../evaluate/envelope.ts";
import type { Evaluation } from "../evaluate/evaluate.ts";
import type { Outcome, SimulatedMethod } from "../evaluate/expected.ts";
import type { PairRow } from "../evaluate/pairs.ts";
import { LACK_WORDS, rowWords, type Unplayed, unplayedOf } from "../evaluate/row-words.ts";
import { type FaultRow, nameOf } from "../evaluate/single.ts";
import type { StartState } from "../evaluate/stage.ts";
import { FAULT_WORDS, outcomeWords } from "../evaluate/words.ts";
import type { Call } from "./call.ts";
import { type Cell, layTable, printable, type Style } from "./columns.ts";
import { fill } from "./language.ts";

/** Everything that was held against an expectation. */
export function rowsOf({ faults, transitions, pairs }: Evaluation): readonly {
  readonly permitted: boolean;
}[] {
  return [...faults, ...transitions, ...(pairs ?? [])];
}

export function reportLines(
  call: Call,
  file: string,
  config: LoadedConfig,
  method: SimulatedMethod,
  evaluation: Evaluation,
  runs: number,
): readonly string[] {
  const { say, paint } = call;
  const level = config.budget.protection;
  const name = printable(config.name);
  const count = config.servers.length;
  return [
    say("evalHead", { file: printable(file), name, method, level, runs: `${runs}` }),
    ...evaluation.starts.map((start) => `  ${startLine(call, config, start)}`),
    "",
    paint("bold", say("evalFaults")),
    ...faultTable(call, evaluation.faults, count),
    say("evalLegend"),
    "",
    paint("bold", say("evalTransitions")),
    ...transitionTable(call, evaluation, method, count),
    ...(evaluation.pairs === null ? [] : ["", ...pairLines(call, evaluation.pairs, count)]),
    ...leftOutLines(call, evaluation, count),
    "",
    paint("bold", say("evalNotSimulated")),
    ...unplayed(method, evaluation).map(({ rows, why }) => `  ${rows}: ${why[call.lang]}`),
    "",
    paint("bold", say("evalEnvelope", { method })),
    // What this cluster does not have was not played and says nothing about it.
    ...envelopeTable(
      call,
      config,
      evaluation.envelope.filter((row) => row.method === method && row.overlapMs !== null),
    ),
    say("evalAllMethods"),
    "",
  ];
}

/** Rows for which the configuration has nothing first, for they are its own. */
function unplayed(method: SimulatedMethod, { absent }: Evaluation): readonly Unplayed[] {
  const own = absent.map(({ row, lacks }) => ({ rows: row, why: LACK_WORDS[lacks] }));
  return [...own, ...unplayedOf(method)];
}

function startLine(call: Call, config: LoadedConfig, { id, owners }: StartState): string {
  const placed = config.groups.map(
    ({ name, index }) => `${printable(name)} ${nameOf(config, owners[index] ?? 0)}`,
  );
  const shown = placed.length === 0 ? call.say("nobody") : placed.join(", ");
  return call.say("evalStart", { id: printable(id), owners: shown });
}

const cell = (text: string, style: Style = "plain"): Cell => ({ text, style });

function resultCell(call: Call, permitted: boolean): Cell {
  return permitted
    ? cell(call.say("evalPermitted"), "good")
    : cell(call.say("evalViolation"), "bad");
}

const tookText = (ms: number | null): string => (ms === null ? "-" : `${ms} ms`);

function outcomeText(
  call: Call,
  outcome: Outcome | null,
  servers: number,
  takesOver = true,
): string {
  return outcomeWords(outcome, servers, takesOver)[call.lang];
}

function expectedText(
  call: Call,
  permitted: readonly Outcome[],
  servers: number,
  takesOver = true,
): string {
  const texts = permitted.map((outcome) => outcomeText(call, outcome, servers, takesOver));
  return texts.join(call.say("evalOr"));
}

function faultTable(call: Call, faults: readonly FaultRow[], servers: number): readonly string[] {
  const { say, lang } = call;
  const head = (
    [
      ...["evalResult", "evalFault", "evalFrom", "evalRows"],
      ...["evalExpected", "evalSimulated", "evalTook"],
    ] as const
  ).map((key) => cell(say(key), "head"));
  const rows = faults.map((row) => [
    resultCell(call, row.permitted),
    cell(fill(FAULT_WORDS[row.fault.kind], lang, { what: row.fault.what })),
    cell(row.start),
    cell(row.expected.rows.join(" ")),
    cell(expectedText(call, row.expected.permitted, servers, row.takesOver)),
    cell(outcomeText(call, row.simulated, servers, row.takesOver)),
    cell(tookText(row.takeoverMs)),
  ]);
  const bad = faults.filter(({ permitted }) => !permitted);
  return [...layTable([head, ...rows], call.paint), ...bad.flatMap((row) => badLines(call, row))];
}

function badLines(call: Call, row: FaultRow): readonly string[] {
  const ends = row.servers.map(({ name, shows, runs }) => {
    const groups = runs.length === 0 ? "-" : runs.join(" ");
    return `${name} ${shows} (${groups})`;
  });
  return [
    call.paint("bad", `${row.start} ${row.fault.id}`),
    `  ${call.say("evalEnds")}: ${printable(ends.join(", "))}`,
    ...row.troubles.map((text) => `  ${call.say("evalDuring")}: ${printable(text)}`),
  ];
}

function transitionTable(
  call: Call,
  { transitions }: Evaluation,
  method: SimulatedMethod,
  servers: number,
): readonly string[] {
  const head = (
    [
      ...["evalResult", "evalRow", "evalWhat"],
      ...["evalExpected", "evalSimulated", "evalTook"],
    ] as const
  ).map((key) => cell(call.say(key), "head"));
  const rows = transitions.map(({ row, permitted, tookMs }) => {
    const { operation, expected } = rowWords(row, method, servers);
    return [
      resultCell(call, permitted),
      cell(row),
      cell(operation[call.lang]),
      cell(expected[call.lang]),
      cell(call.say(permitted ? "evalAsExpected" : "evalDiffers")),
      cell(tookText(tookMs)),
    ];
  });
  const bad = transitions.flatMap(({ row, troubles }) =>
    troubles.map((text) => `  ${row} ${call.say("evalDuring")}: ${printable(text)}`),
  );
  return [...layTable([head, ...rows], call.paint), ...bad];
}

/** How often which outcome, and every pair that is not permitted. */
function pairLines(call: Call, pairs: readonly PairRow[], servers: number): readonly string[] {
  const bad = pairs.filter(({ permitted }) => !permitted);
  const data = { count: `${pairs.length}`, bad: `${bad.length}` };
  return [
    call.paint("bold", call.say("evalPairs", data)),
    ...[...countOf(pairs)].map(
      ([outcome, count]) => `  ${count} x ${outcomeText(call, outcome, servers)}`,
    ),
    ...bad.flatMap(({ start, first, second, troubles }) => [
      call.paint("bad", printable(`${start} ${first} > ${second}`)),
      ...troubles.map((text) => `  ${call.say("evalDuring")}: ${printable(text)}`),
    ]),
    ...unknownPairs(call, pairs),
  ];
}

/** Nothing broke, but nobody has a word for it: worth a look, so they are named. */
function unknownPairs(call: Call, pairs: readonly PairRow[]): readonly string[] {
  const unknown = pairs.filter(({ simulated, permitted }) => simulated === null && permitted);
  if (unknown.length === 0) return [];
  const left = unknown.length - UNKNOWN_PAIRS_SHOWN;
  return [
    call.say("evalUnknownPairs"),
    ...unknown
      .slice(0, UNKNOWN_PAIRS_SHOWN)
      .map(({ start, first, second }) => `  ${printable(`${start} ${first} > ${second}`)}`),
    ...(left > 0 ? [`  ${call.say("evalMorePairs", { count: `${left}` })}`] : []),
  ];
}

const UNKNOWN_PAIRS_SHOWN = 20;

function countOf(pairs: readonly PairRow[]): ReadonlyMap<Outcome | null, number> {
  const counts = new Map<Outcome | null, number>();
  for (const { simulated } of pairs) counts.set(simulated, (counts.get(simulated) ?? 0) + 1);
  return counts;
}

/** What a large cluster was not asked. */
function leftOutLines(call: Call, evaluation: Evaluation, servers: number): readonly string[] {
  const { leftOut, faults, pairs } = evaluation;
  const { say } = call;
  const lines: string[] = [];
  const counts = (played: number, left: number) => ({
    count: `${left}`,
    total: `${played + left}`,
    servers: `${servers}`,
  });
  if (leftOut.faults > 0) lines.push(say("evalLeftFaults", counts(faults.length, leftOut.faults)));
  if (leftOut.pairs > 0) {
    lines.push(say("evalLeftPairs", counts(pairs?.length ?? 0, leftOut.pairs)));
  }
  if (lines.length === 0) return [];
  return ["", call.paint("bold", say("evalLeftOut")), ...lines.map((line) => `  ${line}`)];
}

function envelopeTable(
  call: Call,
  config: LoadedConfig,
  envelope: readonly EnvelopeRow[],
): readonly string[] {
  const { say, lang } = call;
  const own = config.budget.protection;
  const words = {
    inside: cell(say("evalInside"), "good"),
    "data-only": cell(say("evalData"), "warn"),
    outside: cell(say("evalOutside"), "warn"),
  } as const;
  const head = [
    cell(say("evalFault"), "head"),
    cell(say("evalExpected"), "head"),
    ...LEVELS.map((level) => cell(`${level}${level === own ? " *" : ""}`, "head")),
    cell(say("evalTwice"), "head"),
  ];
  const rows = envelope.map(({ fault, expected, covers, overlapMs, acceptsTwo }) => [
    cell(fill(FAULT_WORDS[fault], lang, { what: "X" })),
    cell(expectedText(call, expected.permitted, config.servers.length)),
    ...LEVELS.map((level) => words[covers[level]]),
    cell(twiceText(call, overlapMs, acceptsTwo)),
  ]);
  return layTable([head, ...rows], call.paint);
}

function twiceText({ say }: Call, overlapMs: number | null, isAccepted: boolean): string {
  if (overlapMs === null) return say("evalNotPlayed");
  const text = `${Math.round(overlapMs)} ms`;
  return isAccepted && overlapMs > 0 ? `${text} (${say("evalRisk")})` : text;
}

/** Stable keys for scripts; events are left to the manual. */
export function reportJson(
  config: LoadedConfig,
  method: SimulatedMethod,
  evaluation: Evaluation,
): object {
  const { starts, faults, transitions, pairs, envelope, leftOut } = evaluation;
  const ownersOf = ({ owners }: StartState): object =>
    Object.fromEntries(
      config.groups.map(({ name, index }) => [name, nameOf(config, owners[index] ?? 0)]),
    );
  return {
    cluster: config.name,
    method,
    protection: config.budget.protection,
    starts: starts.map((start) => ({ id: start.id, owners: ownersOf(start) })),
    faults: faults.map(({ fault, expected, notes: _, ...row }) => ({
      fault: fault.id,
      kind: fault.kind,
      rows: expected.rows,
      expected: expected.permitted,
      ...row,
    })),
    transitions: transitions.map(({ kind: _, row, ...played }) => ({
      row,
      expected: rowWords(row, method, config.servers.length).expected.en,
      ...played,
    })),
    ...(pairs === null ? {} : { pairs }),
    leftOut,
    notSimulated: unplayed(method, evaluation).map(({ rows, why }) => ({
      rows: rows.split(" "),
      why: why.en,
    })),
    envelope: envelope.map(({ expected, ...row }) => ({
      ...row,
      rows: expected.rows,
      expected: expected.permitted,
    })),
  };
}
