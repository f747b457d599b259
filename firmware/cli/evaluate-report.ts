/**
 * The report of `kage evaluate`: tables for people, one object for scripts. Rows that differ from the guide
 * say below the table what the servers came to. Source: guide 3.2.1, 3.2.2; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { type EnvelopeRow, LEVELS } from "../evaluate/envelope.ts";
import type { Evaluation } from "../evaluate/evaluate.ts";
import type { Outcome, SimulatedMethod } from "../evaluate/expected.ts";
import type { PairRow } from "../evaluate/pairs.ts";
import { type FaultRow, nameOf } from "../evaluate/single.ts";
import type { StartState } from "../evaluate/stage.ts";
import {
  FAULT_WORDS,
  NOT_SIMULATED,
  OUTCOME_WORDS,
  TRANSITION_WORDS,
  UNKNOWN_OUTCOME,
} from "../evaluate/words.ts";
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
  return [
    say("evalHead", { file: printable(file), name, method, level, runs: `${runs}` }),
    ...evaluation.starts.map((start) => `  ${startLine(call, config, start)}`),
    "",
    paint("bold", say("evalFaults")),
    ...faultTable(call, evaluation.faults),
    "",
    paint("bold", say("evalTransitions")),
    ...transitionTable(call, evaluation),
    ...(evaluation.pairs === null ? [] : ["", ...pairLines(call, evaluation.pairs)]),
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

function outcomeText(call: Call, outcome: Outcome | null): string {
  return (outcome === null ? UNKNOWN_OUTCOME : OUTCOME_WORDS[outcome])[call.lang];
}

function expectedText(call: Call, permitted: readonly Outcome[]): string {
  return permitted.map((outcome) => outcomeText(call, outcome)).join(call.say("evalOr"));
}

function faultTable(call: Call, faults: readonly FaultRow[]): readonly string[] {
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
    cell(expectedText(call, row.expected.permitted)),
    cell(outcomeText(call, row.simulated)),
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

function transitionTable(call: Call, { transitions }: Evaluation): readonly string[] {
  const head = (["evalResult", "evalRow", "evalWhat", "evalTook"] as const).map((key) =>
    cell(call.say(key), "head"),
  );
  const rows = transitions.map(({ row, permitted, tookMs }) => [
    resultCell(call, permitted),
    cell(row),
    cell(TRANSITION_WORDS[row]?.[call.lang] ?? ""),
    cell(tookText(tookMs)),
  ]);
  const bad = transitions.flatMap(({ row, troubles }) =>
    troubles.map((text) => `  ${row} ${call.say("evalDuring")}: ${printable(text)}`),
  );
  return [...layTable([head, ...rows], call.paint), ...bad];
}

/** How often which outcome, and every pair that is not permitted. */
function pairLines(call: Call, pairs: readonly PairRow[]): readonly string[] {
  const bad = pairs.filter(({ permitted }) => !permitted);
  const data = { count: `${pairs.length}`, bad: `${bad.length}` };
  return [
    call.paint("bold", call.say("evalPairs", data)),
    ...[...countOf(pairs)].map(([outcome, count]) => `  ${count} x ${outcomeText(call, outcome)}`),
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
  ];
  const rows = envelope.map(({ fault, expected, covers }) => [
    cell(fill(FAULT_WORDS[fault], lang, { what: "X" })),
    cell(expectedText(call, expected.permitted)),
    ...LEVELS.map((level) => words[covers[level]]),
  ]);
  return layTable([head, ...rows], call.paint);
}

/** Stable keys for scripts; events are left to the manual. */
export function reportJson(
  config: LoadedConfig,
  method: SimulatedMethod,
  { starts, faults, transitions, pairs, envelope }: Evaluation,
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
    notSimulated: NOT_SIMULATED.map(({ rows, why }) => ({ rows: rows.split(" "), why: why.en })),
    envelope: envelope.map(({ expected, ...row }) => ({
      ...row,
      rows: expected.rows,
      expected: expected.permitted,
    })),
  };
}
