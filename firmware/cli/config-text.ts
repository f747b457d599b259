/**
 * The configuration text that a command changes, and the way the new one comes into force: through the
 * agent of the running cluster where one answers, else into the file. Nothing is written that the loader
 * refuses, and nothing over a text that somebody else has changed meanwhile.
 * Source: firmware/agent/config-verbs.ts; protocol.md 1.9; ecosystem.md 4.2.
 */
import { realpathSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { checkDraft, type DraftCheck } from "../../services/configuration/draft.ts";
import { lineDiff } from "../../services/configuration/line-diff.ts";
import { writeSet } from "../enrolment/file-set.ts";
import { type Call, fail, isTrouble, printJson, printLines, wantsJson } from "./call.ts";
import { type NotDone, type Reply, request } from "./client.ts";
import { printable } from "./columns.ts";
import { type AgentAddress, discover } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { localPaths } from "./local-paths.ts";
import { memberFiles, readLocal, setTrouble, textOrNull } from "./member-files.ts";
import { replyTrouble } from "./refusal.ts";
import { agentName, spoken } from "./survey.ts";

/** Two phases over all servers, each bounded by the cluster's own times. */
const APPLY_DEADLINE_MS = 60_000;

export type ConfigSource =
  | {
      readonly kind: "running";
      readonly text: string;
      readonly hash: string;
      readonly agent: AgentAddress;
    }
  | { readonly kind: "file"; readonly text: string; readonly file: string };

/** How the file is called in findings and messages. */
export function sourceName(source: ConfigSource): string {
  return source.kind === "file" ? source.file : "cluster.jsonc";
}

/** The text in force. A cluster that runs but cannot be asked is a trouble, never "not running". */
export async function currentText(call: Call): Promise<ConfigSource | Trouble> {
  const place = findPlace(call);
  if (isTrouble(place)) return place;
  for (const agent of place.agents) {
    const reply = await ask(call, agent, "config.get", {}, call.io.queryDeadlineMs);
    if (reply.kind === "unreachable") continue;
    if (reply.kind !== "ok") return replyTrouble(call, agentName(agent), reply, call.say("hungDo"));
    const result = reply.body["result"];
    const { text, hash } = (result ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof text === "string" && typeof hash === "string") {
      return { kind: "running", text, hash, agent };
    }
    const odd: NotDone = { kind: "malformed", detail: "config.get" };
    return replyTrouble(call, agentName(agent), odd, call.say("hungDo"));
  }
  const text = place.file === null ? null : textOrNull(place.file);
  if (place.file !== null && text !== null) return { kind: "file", text, file: place.file };
  const message = call.say("noChangePlace", { file: place.file ?? "" });
  return { exit: EXIT.refused, code: null, message, remedy: call.say("noChangePlaceDo") };
}

interface EditPlace {
  readonly agents: readonly AgentAddress[];
  readonly file: string | null;
}

/** `--dir` means that folder; otherwise the cluster found here, else the installed one. */
function findPlace(call: Call): EditPlace | Trouble {
  const { dir, local, state } = call.invocation.texts;
  if (dir === undefined) {
    const found = discover({ local, state }, call.io.env, call.say);
    if (found.kind === "found") {
      const { agents } = found.place;
      const paths = agents.map(localPaths).find((one) => one !== null) ?? null;
      // The installed server's agent is found by its socket; its files are where the package puts them.
      return { agents, file: paths?.configFile ?? memberFiles(call).config };
    }
    const isAsked = local !== undefined || state !== undefined;
    if (isAsked || textOrNull(memberFiles(call).config) === null) {
      const remedy = `${found.trouble.remedy}; ${call.say("noChangePlaceDo")}`;
      return { ...found.trouble, remedy };
    }
  }
  const files = memberFiles(call);
  const own = readLocal(call, files.local);
  if (isTrouble(own)) return own;
  if (own === null) return { agents: [], file: files.config };
  const socketPath = join(own.runDir, "agent.sock");
  return {
    agents: [{ server: own.server, socketPath, localFile: files.local }],
    file: files.config,
  };
}

/** Checks `text`, shows what changes, and puts it in force unless `--dry-run`. */
export async function putText(
  call: Call,
  source: ConfigSource,
  text: string,
  next: readonly string[] = [],
): Promise<ExitCode> {
  const checked = checkDraft(text, sourceName(source));
  if (checked.kind === "refused") return findingsExit(call, sourceName(source), checked.findings);
  const diff = lineDiff(source.text, text);
  if (diff.length === 0) {
    if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, changed: false });
    else printLines(call, [call.say("noChange")]);
    return EXIT.done;
  }
  if (call.invocation.flags.has("dry-run")) return showPlan(call, source, text, checked, diff);
  const done =
    source.kind === "running"
      ? await applyText(call, source, text)
      : await writeText(call, source, text);
  if (isTrouble(done)) return fail(call, done);
  if (wantsJson(call)) {
    const warnings = checked.kind === "ok" ? checked.warnings : [];
    printJson(call, { ok: true, exit: EXIT.done, changed: true, warnings, ...done.data });
  } else
    printLines(call, [
      ...paintDiff(call, diff),
      ...warningLines(call, checked),
      ...done.lines,
      ...next,
    ]);
  return EXIT.done;
}

interface DonePart {
  readonly lines: readonly string[];
  readonly data: object;
}

async function applyText(
  call: Call,
  source: Extract<ConfigSource, { kind: "running" }>,
  text: string,
): Promise<DonePart | Trouble> {
  const by = `${userInfo().username}@${agentName(source.agent)}`;
  const args = { text, expectHash: source.hash, by };
  const reply = await ask(call, source.agent, "config.apply", args, APPLY_DEADLINE_MS);
  if (reply.kind !== "ok") {
    return replyTrouble(
      call,
      agentName(source.agent),
      reply,
      call.say("seeHelp", { help: "kage events" }),
    );
  }
  const result = (reply.body["result"] ?? {}) as Readonly<Record<string, unknown>>;
  const servers = Array.isArray(result["servers"]) ? result["servers"].map(String) : [];
  const said = { rev: String(result["rev"]), servers: servers.map(printable).join(", ") };
  return { lines: [call.say("applied", said)], data: { applied: result } };
}

async function writeText(
  call: Call,
  source: Extract<ConfigSource, { kind: "file" }>,
  text: string,
): Promise<DonePart | Trouble> {
  if (textOrNull(source.file) !== source.text) {
    const message = call.say("fileChangedMeanwhile", { file: source.file });
    const remedy = call.say("fileChangedMeanwhileDo");
    return { exit: EXIT.refused, code: null, message, remedy };
  }
  // A link stays a link: what it points to is replaced.
  const file = realpathSync(source.file);
  const mode = statSync(file).mode & 0o777;
  const dir = dirname(file);
  const set = [{ name: basename(file), text, mode, replace: true }];
  const trouble = setTrouble(call, dir, await writeSet(dir, set));
  if (trouble !== null) return trouble;
  const lines = [call.say("editedFile", { file: source.file }), call.say("editedAlone")];
  return { lines, data: { written: source.file } };
}

async function showPlan(
  call: Call,
  source: ConfigSource,
  text: string,
  checked: DraftCheck,
  diff: readonly string[],
): Promise<ExitCode> {
  const plan =
    source.kind === "running"
      ? await ask(call, source.agent, "config.plan", { text }, call.io.queryDeadlineMs)
      : null;
  if (plan !== null && plan.kind !== "ok" && source.kind === "running") {
    return fail(call, replyTrouble(call, agentName(source.agent), plan, call.say("hungDo")));
  }
  const result = plan?.kind === "ok" ? (plan.body["result"] as { refusal?: unknown }) : null;
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, changed: false, diff, plan: result });
    return EXIT.done;
  }
  const refusal = (result?.refusal ?? null) as { message?: unknown; remedy?: unknown } | null;
  const refused =
    refusal === null
      ? []
      : [
          call.paint(
            "warn",
            call.say("wouldRefuse", { message: printable(String(refusal.message)) }),
          ),
          `  ${printable(String(refusal.remedy))}`,
        ];
  printLines(call, [
    ...paintDiff(call, diff),
    ...warningLines(call, checked),
    ...refused,
    call.say("dryRunChange"),
  ]);
  return EXIT.done;
}

function paintDiff(call: Call, diff: readonly string[]): string[] {
  return diff.map((line) => {
    const shown = printable(line);
    if (line.startsWith("-")) return call.paint("bad", shown);
    return line.startsWith("+") ? call.paint("good", shown) : shown;
  });
}

function warningLines(call: Call, checked: DraftCheck): string[] {
  const warnings = checked.kind === "ok" ? checked.warnings : [];
  return warnings.map((one) =>
    call.paint("warn", `${call.say("warning")}: ${printable(one.text)}`),
  );
}

function ask(
  call: Call,
  agent: AgentAddress,
  verb: string,
  args: object,
  deadlineMs: number,
): Promise<Reply> {
  const body = { verb, args, ...spoken(call) };
  return request(agent.socketPath, body, deadlineMs, call.io.interrupted);
}
