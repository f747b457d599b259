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
import { type FaultRow, nameOf } from "../evaluate/single.ts";
import type { StartState } from "../evaluate/stage.ts";
import { FAULT_WORDS, NOT_SIMULATED, outcomeWords, transitionWords } from "../evaluate/words.ts";
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
    "",
    paint("bold", say("evalTransitions")),
    ...transitionTable(call, evaluation, method),
    ...(evaluation.pairs === null ? [] : ["", ...pairLines(call, evaluation.pairs, count)]),
    ...leftOutLines(call, evaluation, count),
    "",
    paint("bold", say("evalNotSimulated")),
    ...NOT_SIMULATED.map(({ rows, why }) => `  ${rows}: ${why[call.lang]}`),
    "",
    paint("bold", say("evalEnvelope", { method })),
    ...envelopeTable(
      call,
      config,
      evaluation.envelope.filter((row) => row.method === method),
    ),
    "",
  ];
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

function outcomeText(call: Call, outcome: Outcome | null, servers: number): string {
  return outcomeWords(outcome, servers)[call.lang];
}

function expectedText(call: Call, permitted: readonly Outcome[], servers: number): string {
  const texts = permitted.map((outcome) => outcomeText(call, outcome, servers));
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
    cell(expectedText(call, row.expected.permitted, servers)),
    cell(outcomeText(call, row.simulated, servers)),
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
): readonly string[] {
  const head = (["evalResult", "evalRow", "evalWhat", "evalTook"] as const).map((key) =>
    cell(call.say(key), "head"),
  );
  const rows = transitions.map(({ row, permitted, tookMs }) => [
    resultCell(call, permitted),
    cell(row),
    cell(transitionWords(row, method)[call.lang]),
    cell(tookText(tookMs)),
  ]);
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
  ];
}

function countOf(pairs: readonly PairRow[]): ReadonlyMap<Outcome | null, number> {
  const counts = new Map<Outcome | null, number>();
  for (const { simulated } of pairs) counts.set(simulated, (counts.get(simulated) ?? 0) + 1);
  return counts;
}

/** What a large cluster was not asked. */
function leftOutLines(call: Call, evaluation: Evaluation, servers: number): readonly string[] {
  const { leftOut, faults, pairs } = evaluation;
  const { say, lang } = call;
  const lines: string[] = [];
  const counts = (played: number, left: number) => ({
    count: `${left}`,
    total: `${played + left}`,
    servers: `${servers}`,
  });
  if (leftOut.faults > 0) lines.push(say("evalLeftFaults", counts(faults.length, leftOut.faults)));
  if (leftOut.kinds.length > 0) {
    const kinds = leftOut.kinds.map((kind) => fill(FAULT_WORDS[kind], lang, { what: "X" }));
    lines.push(say("evalLeftKinds", { kinds: kinds.join("; ") }));
  }
  if (leftOut.transitions.length > 0) {
    lines.push(say("evalLeftRows", { rows: leftOut.transitions.join(" ") }));
  }
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
  { starts, faults, transitions, pairs, envelope, leftOut }: Evaluation,
): object {
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
    transitions,
    ...(pairs === null ? {} : { pairs }),
    leftOut,
    notSimulated: NOT_SIMULATED.map(({ rows, why }) => ({ rows: rows.split(" "), why: why.en })),
    envelope: envelope.map(({ expected, ...row }) => ({
      ...row,
      rows: expected.rows,
      expected: expected.permitted,
    })),
  };
}
