/**
 * `kage config get|history|diff|apply|rollback`: the configuration of the running cluster. What would change
 * is shown before anybody is asked, and what was looked at is what is applied: another text that came into
 * force meanwhile is a conflict. Source: work order 3 item 4; ecosystem.md 4.2.
 */

import { userInfo } from "node:os";
import type { ConfigChange } from "../../services/configuration/changes.ts";
import { lineDiff } from "../../services/configuration/line-diff.ts";
import type { ConfigApplied, ConfigPlan, ConfigText, RevisionLine } from "../agent/config-verbs.ts";
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  fail,
  isTrouble,
  numberOption,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { type Reply, request } from "./client.ts";
import { type Cell, layTable, printable } from "./columns.ts";
import { readBounded } from "./config-command.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import type { MessageKey } from "./messages.ts";
import { surveyTrouble } from "./no-agent.ts";
import { replyTrouble } from "./refusal.ts";
import { agentName, ranked, spoken, survey } from "./survey.ts";

const WAIT_S = 60;
const WAIT_S_MAX = 3600;
const FILE_BYTES_MAX = 65_536;

export async function runConfigGet(call: Call, place: Place): Promise<ExitCode> {
  const text = await getText(call, place, operand(call, 0));
  if (isTrouble(text)) return fail(call, text);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...text });
  else call.io.stdout.write(text.text.endsWith("\n") ? text.text : `${text.text}\n`);
  return EXIT.done;
}

export async function runConfigHistory(call: Call, place: Place): Promise<ExitCode> {
  const lines = await getHistory(call, place);
  if (isTrouble(lines)) return fail(call, lines);
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, revisions: lines });
    return EXIT.done;
  }
  const { say } = call;
  const states = {
    current: "configCurrent",
    prepared: "configPrepared",
    old: "configOld",
  } as const;
  const rows = [
    [
      say("configRevision"),
      say("configHash"),
      say("configState"),
      say("configAt"),
      say("configBy"),
    ],
    ...lines.map(({ rev, hash, state, at, by }) => [`${rev}`, hash, say(states[state]), at, by]),
  ];
  const cells = rows.map((row) => row.map((text): Cell => ({ text, style: "plain" })));
  printLines(call, layTable(cells, call.paint));
  return EXIT.done;
}

export async function runConfigDiff(call: Call, place: Place): Promise<ExitCode> {
  const named = operand(call, 0);
  const current = await getText(call, place, "");
  if (isTrouble(current)) return fail(call, current);
  const isOwnText = named === "" || /^\d{1,9}$/.test(named);
  const other = isOwnText ? await earlierText(call, place, named) : await readText(call, named);
  if (isTrouble(other)) return fail(call, other);
  // An earlier one is the left side, a file is what would come.
  const [before, after] = isOwnText ? [other.text, current.text] : [current.text, other.text];
  const lines = lineDiff(before, after);
  if (wantsJson(call)) {
    const { rev, hash } = current;
    printJson(call, { ok: true, exit: EXIT.done, rev, hash, differs: lines.length > 0, lines });
    return EXIT.done;
  }
  const { rev, hash } = current;
  if (lines.length === 0) printLines(call, [call.say("configSame", { rev: `${rev}`, hash })]);
  else printLines(call, drawDiff(call, lines));
  return EXIT.done;
}

export async function runConfigApply(call: Call, place: Place): Promise<ExitCode> {
  const given = await readText(call, operand(call, 0));
  return isTrouble(given) ? fail(call, given) : change(call, place, given.text, null);
}

export async function runConfigRollback(call: Call, place: Place): Promise<ExitCode> {
  const earlier = await earlierText(call, place, operand(call, 0));
  if (isTrouble(earlier)) return fail(call, earlier);
  return change(call, place, earlier.text, earlier.rev);
}

/** `backTo`: number of the earlier text; null = the text of a file. */
async function change(
  call: Call,
  place: Place,
  text: string,
  backTo: number | null,
): Promise<ExitCode> {
  const { io, say, invocation } = call;
  const waitS = numberOption(call, "timeout", { min: 1, max: WAIT_S_MAX, whole: false }) ?? WAIT_S;
  if (isTrouble(waitS)) return fail(call, waitS);
  const current = await getText(call, place, "");
  if (isTrouble(current)) return fail(call, current);
  const planned = await ask(
    call,
    place,
    { verb: "config.plan", args: { text } },
    io.queryDeadlineMs,
  );
  if (isTrouble(planned)) return fail(call, planned);
  const plan = planned as unknown as ConfigPlan;
  const isDry = invocation.flags.has("dry-run");
  const name = backTo === null ? operand(call, 0) : `revision ${backTo}`;
  if (!wantsJson(call)) printPlan(call, plan, current.text, text, name);
  if (plan.hash === plan.newHash || isDry) return endPlan(call, plan, isDry);
  const refused = await confirm(call);
  if (refused !== null) return fail(call, refused);
  const by = `${userInfo().username}${backTo === null ? "" : ` (rollback to ${backTo})`}`;
  const args = { text, expectHash: plan.hash, by };
  const applied = await ask(call, place, { verb: "config.apply", args }, waitS * 1000);
  if (isTrouble(applied)) return fail(call, applied);
  const done = applied as unknown as ConfigApplied;
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...done });
  else {
    const servers = done.servers.join(", ");
    printLines(call, [say("configApplied", { rev: `${done.rev}`, hash: done.hash, servers })]);
  }
  return EXIT.done;
}

function endPlan(call: Call, plan: ConfigPlan, isDry: boolean): ExitCode {
  const { refusal } = plan;
  if (refusal !== null && isDry && plan.hash !== plan.newHash) {
    const { message, remedy } = refusal;
    return fail(call, { exit: EXIT.refused, code: null, message, remedy });
  }
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, dryRun: isDry, ...plan });
  else if (plan.hash !== plan.newHash) printLines(call, [call.say("configWould")]);
  return EXIT.done;
}

/** `name`: of the new text, which the agent knows as `text` only. */
function printPlan(
  call: Call,
  plan: ConfigPlan,
  before: string,
  after: string,
  name: string,
): void {
  const { say } = call;
  const { rev, hash, newHash, changes, warnings } = plan;
  if (hash === newHash) return printLines(call, [say("configSame", { rev: `${rev}`, hash })]);
  printLines(call, [
    ...drawDiff(call, lineDiff(before, after)),
    say("configPlan", { rev: `${rev}`, hash, newHash }),
    ...changes.map((one) => `  ${describe(call, one)}`),
    ...(changes.some(({ needs }) => needs === "offline") ? [] : [`  ${say("configEffect")}`]),
    ...warnings
      .map((one) => printable(one.replace(/^text:/, () => `${name}:`)))
      .map((one) => call.paint("warn", `${say("warning")}: ${one}`)),
  ]);
}

const CHANGE_WORDS: Readonly<Record<ConfigChange["kind"], MessageKey>> = {
  "group-added": "configAdded",
  "group-removed": "configRemoved",
  "group-edited": "configEdited",
  policy: "configPolicy",
  timing: "configTiming",
  failure: "configFailure",
  text: "configText",
  fixed: "configFixed",
};

function describe(call: Call, { kind, at, from, to }: ConfigChange): string {
  return printable(call.say(CHANGE_WORDS[kind], { at, from, to }));
}

function drawDiff(call: Call, lines: readonly string[]): readonly string[] {
  return lines.map(printable).map((line) => {
    if (line.startsWith("+")) return call.paint("good", line);
    return line.startsWith("-") ? call.paint("bad", line) : line;
  });
}

async function confirm(call: Call): Promise<Trouble | null> {
  const { io, say, invocation } = call;
  if (invocation.flags.has("yes")) return null;
  if (!io.canAsk) return usageTrouble(say("cannotAsk"), say("cannotAskDo"));
  const typed = await io.ask(say("configAsk"));
  if (/^(y|yes)$/i.test(typed?.trim() ?? "")) return null;
  return { ...usageTrouble(say("configNotApplied"), say("configNotAppliedDo")), exit: EXIT.failed };
}

async function getText(call: Call, place: Place, rev: string): Promise<ConfigText | Trouble> {
  if (rev !== "" && !/^\d{1,9}$/.test(rev)) {
    const values = { what: "REV", found: rev, min: "1", max: "999999999" };
    return usageTrouble(call.say("badNumber", values), call.say("configNoEarlierDo"));
  }
  const args = rev === "" ? {} : { rev: Number(rev) };
  const got = await ask(call, place, { verb: "config.get", args }, call.io.queryDeadlineMs);
  return isTrouble(got) ? got : (got as unknown as ConfigText);
}

async function getHistory(call: Call, place: Place): Promise<readonly RevisionLine[] | Trouble> {
  const got = await ask(call, place, { verb: "config.history", args: {} }, call.io.queryDeadlineMs);
  if (isTrouble(got)) return got;
  return Array.isArray(got["revisions"]) ? (got["revisions"] as RevisionLine[]) : [];
}

/** Of this number, or the one before the one in force. */
async function earlierText(call: Call, place: Place, rev: string): Promise<ConfigText | Trouble> {
  if (rev !== "") return getText(call, place, rev);
  const lines = await getHistory(call, place);
  if (isTrouble(lines)) return lines;
  const last = lines.find(({ state }) => state === "old");
  if (last !== undefined) return getText(call, place, `${last.rev}`);
  const message = call.say("configNoEarlier");
  return { exit: EXIT.failed, code: null, message, remedy: call.say("configNoEarlierDo") };
}

async function readText(call: Call, file: string): Promise<{ readonly text: string } | Trouble> {
  const read = await readBounded(call, file, FILE_BYTES_MAX);
  if (read.kind === "text") return { text: read.text };
  const { message, remedy } = read;
  return { exit: EXIT.failed, code: null, message, remedy };
}

/** Asks the most trustworthy agent; the next one only while the request was certainly not sent. */
async function ask(
  call: Call,
  place: Place,
  body: { readonly verb: string; readonly args: Readonly<Record<string, unknown>> },
  deadlineMs: number,
): Promise<Readonly<Record<string, unknown>> | Trouble> {
  const seen = await survey(call, place);
  const trouble = await surveyTrouble(call, place, seen);
  if (trouble !== null) return trouble;
  let last: { readonly who: string; readonly reply: Reply } | null = null;
  for (const { agent } of ranked(seen)) {
    const sent = { ...body, ...spoken(call) };
    const reply = await request(agent.socketPath, sent, deadlineMs, call.io.interrupted);
    last = { who: agentName(agent), reply };
    if (reply.kind !== "unreachable") break;
  }
  const { who, reply } = last ?? {
    who: "",
    reply: { kind: "unreachable", detail: "busy" } as const,
  };
  if (reply.kind !== "ok") return replyTrouble(call, who, reply, call.say("refusedDo"));
  const { result } = reply.body;
  return typeof result === "object" && result !== null ? { ...result } : {};
}
