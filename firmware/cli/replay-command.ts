/**
 * `kage replay`: runs a journal through the cores of this product, prints the timeline and says whether the
 * cores decide what they decided then. Exit 0 = identical, 1 = different, 2 = no usable journal or a wrong
 * option. Needs no cluster, touches nothing. Source: work order 4 item 8 and "Bad input".
 */
import { unreachable } from "../../hal/base/assert.ts";
import { readRing } from "../replay/boxes.ts";
import { VERSION } from "../replay/format.ts";
import { type Journal, type Refusal, readJournal } from "../replay/journal.ts";
import { type Fault, type Moment, type Replayed, replay } from "../replay/replay.ts";
import { asIs, toText } from "../replay/values.ts";
import { usageTrouble } from "./arguments.ts";
import { findBox } from "./blackbox-command.ts";
import { type Call, fail, isTrouble, operand, printJson, printLines, wantsJson } from "./call.ts";
import { layTable, printable } from "./columns.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { readNamed } from "./read-file.ts";
import { decidedWords, eventWords, isDaily } from "./replay-words.ts";
import { productVersion } from "./version.ts";

/** A full box is below 7 MiB. */
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;
/** A value in the last line; the whole of it is in -o json. */
const VALUE_MAX = 120;

export async function runReplay(given: Call): Promise<ExitCode> {
  const call = given.invocation.flags.has("json") ? { ...given, format: "json" } : given;
  const { name: file, ring } = await findBox(call, operand(call, 0));
  const bytes = await (ring === null
    ? readJournalFile(call, file)
    : readRing(ring.runDir, ring.ring));
  if (isTrouble(bytes)) return fail(call, bytes);
  const read = readJournal(bytes);
  if (read.kind === "refused") return fail(call, refusalTrouble(call, file, read));
  const { journal } = read;
  const replayed = replay(journal);
  const span = readSpan(call, replayed.moments);
  if (isTrouble(span)) return fail(call, span);
  const shown = replayed.moments.filter(
    ({ wallMs }) => wallMs >= span.from && wallMs <= span.until,
  );
  if (wantsJson(call)) return printReport(call, file, journal, replayed, shown);
  printLines(call, headLines(call, file, journal, replayed));
  printLines(call, timeline(call, journal, shown, span.isNarrow));
  const { fault, moments } = replayed;
  if (fault !== null) return fail(call, faultTrouble(call, fault, journal));
  const count = `${moments.length}`;
  printLines(call, [call.paint("good", call.say("replaySame", { count }))]);
  return EXIT.done;
}

async function readJournalFile(call: Call, file: string): Promise<Buffer | Trouble> {
  const read = await readNamed(call, file, JOURNAL_BYTES_MAX, call.say("replayForeignDo"));
  if (read.kind === "bytes") return read.bytes;
  return usageTrouble(read.message, call.say("replayForeignDo"));
}

function refusalTrouble(call: Call, file: string, refusal: Refusal): Trouble {
  const { entry, offset } = refusal;
  const at = { entry: `${entry}`, offset: `${offset}` };
  const place = call.say(entry === null ? "replayAtByte" : "replayAtEntry", at);
  const [why, remedy] = refusalWords(call, refusal);
  return usageTrouble(call.say("replayRefused", { file, place, why }), remedy);
}

function refusalWords({ say }: Call, { reason, found }: Refusal): [string, string] {
  switch (reason) {
    case "foreign":
      return [say("replayForeign"), say("replayForeignDo")];
    case "version":
      return [say("replayVersion", { expected: VERSION, found }), say("replayVersionDo")];
    case "damaged":
      return [say("replayDamaged"), say("replayDamagedDo")];
    case "checksum":
      return [say("replayChecksum"), say("replayDamagedDo")];
    case "shape":
      return [say("replayShape"), say("replayVersionDo")];
    case "order":
      return [say("replayOrder", { found }), say("replayDamagedDo")];
    case "role":
      return [say("replayRole", { found }), say("replayRoleDo")];
    case "empty":
      return [say("replayEmpty"), say("replayEmptyDo")];
    default:
      return unreachable(reason);
  }
}

interface Span {
  /** Wall clock, ms. */
  readonly from: number;
  readonly until: number;
  /** The operator asked for a part: then every entry of it is shown. */
  readonly isNarrow: boolean;
}

function readSpan(call: Call, moments: readonly Moment[]): Span | Trouble {
  const beginMs = moments[0]?.wallMs ?? 0;
  const { from, until } = call.invocation.texts;
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : readTime(from, beginMs);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : readTime(until, beginMs);
  const isNarrow = from !== undefined || until !== undefined;
  if (fromMs !== null && untilMs !== null) return { from: fromMs, until: untilMs, isNarrow };
  const option = fromMs === null ? "--from" : "--until";
  const found = (fromMs === null ? from : until) ?? "";
  const help = call.say("seeHelp", { help: "kage help replay" });
  return usageTrouble(call.say("replayBadTime", { option, found }), help);
}

/** A time of day at or after `beginMs`, or seconds behind it; null = neither. */
function readTime(text: string, beginMs: number): number | null {
  if (/^\d{1,7}(\.\d{1,3})?$/.test(text)) return beginMs + Number(text) * 1000;
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d(?:\.\d{1,3})?)$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return null;
  const ofDayMs = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
  const dayMs = Math.floor(beginMs / DAY_MS) * DAY_MS;
  // Behind midnight; a time shortly before the beginning is meant as such.
  const isNext = dayMs + ofDayMs < beginMs - DAY_MS / 2;
  return dayMs + ofDayMs + (isNext ? DAY_MS : 0);
}

const instant = (wallMs: number): string => new Date(wallMs).toISOString();
const timeOf = (wallMs: number): string => instant(wallMs).slice(11, 23);

function headLines(call: Call, file: string, journal: Journal, replayed: Replayed): string[] {
  const { role, server, cluster, product } = journal.identity;
  const { method, hash } = journal.segments[0]?.config ?? { method: "", hash: "" };
  const { moments, gaps } = replayed;
  const first = moments[0]?.wallMs ?? 0;
  const last = moments.at(-1)?.wallMs ?? 0;
  const lines = [
    call.say("replayHead", { file, role, server, cluster, method, hash }),
    call.say("replaySpan", {
      entries: `${moments.length}`,
      from: instant(first).slice(0, 23).replace("T", " "),
      until: timeOf(last),
      seconds: ((last - first) / 1000).toFixed(1),
      product,
    }),
  ];
  const warnings = [];
  if (product !== productVersion()) {
    const versions = { recorded: product, product: productVersion() };
    warnings.push(call.say("replayOtherProduct", versions));
  }
  for (const { from, to } of gaps) {
    warnings.push(call.say("replayGap", { from: `${from}`, to: `${to}` }));
  }
  if (journal.cutAt !== null) {
    const entry = `${moments.at(-1)?.number}`;
    warnings.push(call.say("replayCut", { offset: `${journal.cutAt}`, entry }));
  }
  return [...lines.map(printable), ...warnings.map((w) => call.paint("warn", printable(w))), ""];
}

function timeline(
  call: Call,
  journal: Journal,
  shown: readonly Moment[],
  isNarrow: boolean,
): string[] {
  const config = journal.segments[0]?.config;
  const { server } = journal.identity;
  if (config === undefined || shown.length === 0) return [call.say("replayNothing"), ""];
  const head = [
    call.say("replayTime"),
    call.say("replayEntry"),
    call.say("replayInput"),
    call.say("replayDecided"),
  ];
  const rows = [head.map((text) => ({ text, style: "head" as const }))];
  const plain = (texts: readonly string[]) =>
    texts.map((text) => ({ text, style: "plain" as const }));
  const lines: (typeof rows)[number][] = [];
  let daily = 0;
  const fold = (): void => {
    const text = call.say("replayDaily", { count: `${daily}` });
    if (daily > 0) lines.push(plain(["", "", text]) as never);
    daily = 0;
  };
  for (const moment of shown) {
    if (!isNarrow && isDaily(moment)) {
      daily += 1;
      continue;
    }
    fold();
    const { wallMs, number, event, decided } = moment;
    const words = [eventWords(event, config), decidedWords(decided, config, server, call.lang)];
    lines.push(plain([timeOf(wallMs), `${number}`, ...words]) as never);
  }
  fold();
  return [...layTable([...rows, ...lines], call.paint), ""];
}

function faultTrouble(call: Call, fault: Fault, journal: Journal): Trouble {
  const { at, recorded, replayed } = fault.difference;
  const message = call.say(fault.kind === "decision" ? "replayOther" : "replayOtherState", {
    entry: `${fault.entry}`,
    time: timeOf(fault.wallMs),
    at,
    recorded: shortValue(recorded),
    replayed: shortValue(replayed),
  });
  const remedy = call.say("replayOtherDo", { product: journal.identity.product });
  return { exit: EXIT.failed, code: null, message, remedy };
}

function shortValue(value: unknown): string {
  const text = value === undefined ? "-" : toText(value, asIs);
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX)}...`;
}

function printReport(
  call: Call,
  file: string,
  journal: Journal,
  { moments, fault, gaps }: Replayed,
  shown: readonly Moment[],
): ExitCode {
  const exit = fault === null ? EXIT.done : EXIT.failed;
  const { identity, segments, cutAt } = journal;
  const { config } = segments[0] ?? {};
  const plain = (value: unknown): unknown => JSON.parse(toText(value, asIs));
  printJson(call, {
    ok: fault === null,
    exit,
    file,
    result: fault === null ? "identical" : "different",
    difference: fault === null ? null : plain(fault),
    ...identity,
    replayedBy: productVersion(),
    method: config?.method ?? "",
    configHash: config?.hash ?? "",
    entries: moments.length,
    cutAtByte: cutAt,
    missing: gaps,
    timeline: shown.map(({ number, atMs, wallMs, event, decided }) => ({
      entry: number,
      at: instant(wallMs),
      atMs,
      event: plain(event),
      decided: plain(decided),
    })),
  });
  return exit;
}
