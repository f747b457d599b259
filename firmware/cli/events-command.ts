/**
 * `kage events`: the event log of one agent. Its numbers belong to that agent, so `--follow` stays
 * with it: while it is away that is said once, and the log goes on where it stopped. Of servers that cannot
 * be asked the log is read where they left it, if that is on this machine.
 * Texts come from the event catalogue in the reader's language; an event this version does not know
 * is shown as the agent wrote it. Source: work order 7; R51.
 */
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import {
  type Call,
  fail,
  isTrouble,
  numberOption,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { isRecord, type Reply, request } from "./client.ts";
import { cellWidth, padCells, printable, type Style } from "./columns.ts";
import type { AgentAddress, Place } from "./discover.ts";
import { type Entry, leftLogs, type Page } from "./events-left.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { scalars } from "./last-end.ts";
import { localPaths } from "./local-paths.ts";
import { surveyTrouble } from "./no-agent.ts";
import { records } from "./rack-state.ts";
import { replyTrouble } from "./refusal.ts";
import { agentName, spoken, survey, whyNot } from "./survey.ts";
import { signOf, type Tone } from "./words.ts";

const FOLLOW_MS = 400;
const LIMIT = 50;
/** As many as fit one reply (client.ts REPLY_BYTES_MAX). */
const LIMIT_MAX = 1000;

export async function runEvents(call: Call, place: Place): Promise<ExitCode> {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true };
  const after = numberOption(call, "after", bounds);
  if (isTrouble(after)) return fail(call, after);
  const limit = numberOption(call, "limit", { min: 1, max: LIMIT_MAX, whole: true });
  if (isTrouble(limit)) return fail(call, limit);
  const { server } = call.invocation.texts;
  const result = await survey(call, place, server);
  const trouble = await surveyTrouble(call, place, result, server);
  const page = { after: after ?? null, limit: limit ?? LIMIT };
  if (trouble !== null || result.best === null) {
    return trouble === null ? EXIT.failed : showLeft(call, place, trouble, page);
  }
  const { agent } = result.best;
  const reply = await askEvents(call, agent, page);
  if (reply.kind !== "ok") {
    const refused = replyTrouble(call, agentName(agent), reply, call.say("refusedDo"));
    const exit = refused.exit === EXIT.timeout ? EXIT.unreachable : refused.exit;
    return fail(call, { ...refused, exit });
  }
  const entries = entriesOf(reply.body);
  const follow = call.invocation.flags.has("follow");
  if (call.format === "json" && !follow) printJson(call, { events: entries });
  else if (entries.length > 0) printEntries(call, entries);
  else if (!follow && !wantsJson(call)) printLines(call, [call.say("noEvents")]);
  return follow ? followEvents(call, agent, newest(entries, page.after ?? 0)) : EXIT.done;
}

/**
 * Who is off has left its log behind: it is shown, and the trouble after it, for nobody has answered.
 * As JSON both are one document; as JSON lines the trouble is the last one.
 */
async function showLeft(call: Call, place: Place, trouble: Trouble, page: Page): Promise<ExitCode> {
  if (trouble.exit !== EXIT.unreachable) return fail(call, trouble);
  const { server } = call.invocation.texts;
  const asked = place.agents.filter((agent) => server === undefined || agent.server === server);
  const logs = await leftLogs(call, asked, page);
  if (logs.length === 0) return fail(call, withLog(call, asked, trouble));
  const entries = logs.flatMap((log) => log.entries);
  const where = logs.map((log) => call.say("logShown", { server: log.server, file: log.file }));
  const message = [trouble.message, ...where].join("\n");
  if (call.format === "json") {
    printJson(call, { ok: false, ...trouble, message, events: entries });
    return trouble.exit;
  }
  printEntries(call, entries);
  return fail(call, { ...trouble, message });
}

function withLog(call: Call, asked: readonly AgentAddress[], trouble: Trouble): Trouble {
  const files = asked.flatMap((agent) => localPaths(agent)?.eventFile ?? []);
  const where =
    files.length > 0
      ? call.say("readLogDo", { files: files.join(", ") })
      : call.say("readLogThereDo");
  return { ...trouble, remedy: `${trouble.remedy}; ${where}` };
}

async function followEvents(call: Call, agent: AgentAddress, from: number): Promise<ExitCode> {
  const { io, say } = call;
  const server = agentName(agent);
  let after = from;
  let away = false;
  for (;;) {
    await io.pause(FOLLOW_MS);
    if (io.interrupted.aborted) return EXIT.done;
    const reply = await askEvents(call, agent, { after, limit: LIMIT_MAX });
    if (io.interrupted.aborted) return EXIT.done;
    if (reply.kind !== "ok") {
      const text = say("lostAgent", { server, why: whyNot(call, reply) });
      if (!away) io.stderr.write(`${call.paintError("warn", printable(text))}\n`);
      away = true;
      continue;
    }
    if (away) io.stderr.write(`${printable(say("foundAgent", { server }))}\n`);
    away = false;
    const entries = entriesOf(reply.body);
    printEntries(call, entries);
    after = newest(entries, after);
  }
}

function askEvents(call: Call, agent: AgentAddress, page: Page): Promise<Reply> {
  const args =
    page.after === null ? { limit: page.limit } : { after: page.after, limit: page.limit };
  const body = { verb: "events", args, ...spoken(call) };
  return request(agent.socketPath, body, call.io.queryDeadlineMs, call.io.interrupted);
}

function entriesOf(body: Readonly<Record<string, unknown>>): Entry[] {
  const result = body["result"];
  return records(isRecord(result) ? result["events"] : undefined);
}

function newest(entries: readonly Entry[], before: number): number {
  const numbers = entries.map((entry) => entry["seq"]).filter((seq) => typeof seq === "number");
  return Math.max(before, ...numbers);
}

/** `-o json --follow` cannot be one document, so it prints one per line as jsonl does. */
function printEntries(call: Call, entries: readonly Entry[]): void {
  if (wantsJson(call)) {
    for (const entry of entries) printJson({ ...call, format: "jsonl" }, entry);
  } else {
    printLines(
      call,
      entries.flatMap((entry) => entryLines(call, entry)),
    );
  }
}

function entryLines(call: Call, entry: Entry): string[] {
  const { paint, say } = call;
  const { text, cause, remedy } = textsOf(call, entry);
  const severity = typeof entry["severity"] === "string" ? entry["severity"] : "info";
  const tone = toneOf(severity);
  const style: Style = tone === "quiet" ? "plain" : tone;
  const fixed = [`#${shown(entry["seq"])}`, instant(entry["at"]), shown(entry["server"])];
  const lead = fixed.map((part, column) => padCells(part, [6, 19, 8][column] ?? 0)).join("  ");
  const sign = signOf(tone, call.utf8);
  const first = `${paint("quiet", lead)}  ${paint(style, `${sign} ${text}`)} (${shown(entry["code"])})`;
  if (tone === "quiet" || tone === "good") return [first];
  const indent = " ".repeat(cellWidth(lead) + 4);
  return [
    first,
    ...(cause === "" ? [] : [`${indent}${paint("quiet", `${say("cause")}: ${cause}`)}`]),
    ...(remedy === "" ? [] : [`${indent}${paint("bold", `${say("do")}:`)} ${remedy}`]),
  ];
}

/** Catalogue texts when this version knows the event, else the agent's own. */
function textsOf(call: Call, entry: Entry): { text: string; cause: string; remedy: string } {
  const { key, data } = entry;
  if (typeof key === "string" && isEventKey(key) && isRecord(data)) {
    // As the agent does when it writes the line: its own server, where the event names no other.
    const values = { server: shown(entry["server"]), ...scalars(data) };
    const { text, cause, remedy } = renderEvent(key, values, call.lang);
    return { text, cause, remedy };
  }
  return {
    text: shown(entry["text"]),
    cause: optional(entry["cause"]),
    remedy: optional(entry["remedy"]),
  };
}

function toneOf(severity: string): Tone {
  if (severity === "error" || severity === "critical") return "bad";
  return severity === "warning" ? "warn" : "quiet";
}

/** Local time to the second; JSON has the exact instant. */
function instant(at: unknown): string {
  const date = new Date(typeof at === "number" || typeof at === "string" ? at : Number.NaN);
  if (Number.isNaN(date.getTime())) return shown(at);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const shown = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? printable(String(value)) : "-";
const optional = (value: unknown): string => (typeof value === "string" ? printable(value) : "");
