/**
 * `kage key rotate|status|retire` on a running cluster: the agents do it, this asks one of them; `kage key offer`
 * gives the key in force by a one-time code to a server that is stopped and has missed a rotation.
 * Only ids are shown. Source: reliability.md 4.3; protocol.md G8; requirements D56, R138.
 */
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { KeyStatus } from "../agent/key-status.ts";
import { showSpan } from "./ages.ts";
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
import { currentText } from "./config-text.ts";
import type { Place } from "./discover.ts";
import { keyText, listenAt, noCluster, offerOnce } from "./enrol-command.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { memberFiles, readLocal } from "./member-files.ts";
import { surveyTrouble } from "./no-agent.ts";
import { replyTrouble } from "./refusal.ts";
import { agentName, ranked, spoken, survey } from "./survey.ts";

const WAIT_S = 60;
const WAIT_S_MAX = 600;
/** The agent answers at the end of the wait what it could not bring about. */
const GRACE_MS = 5000;

type Answered = Readonly<Record<string, unknown>>;

export async function runLiveRotate(call: Call, place: Place): Promise<ExitCode> {
  const { without } = call.invocation.texts;
  const done = await order(call, place, "key.rotate", without === undefined ? {} : { without });
  if (isTrouble(done)) return fail(call, done);
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: EXIT.done, ...done });
    return EXIT.done;
  }
  const values = { id: textOf(done["id"]), before: textOf(done["before"]), servers: listOf(done) };
  printLines(call, [
    call.paint("good", call.say("keyLiveRotated", values)),
    call.say("keyLiveRotatedDo"),
  ]);
  return EXIT.done;
}

export async function runKeyRetire(call: Call, place: Place): Promise<ExitCode> {
  const done = await order(call, place, "key.retire", {});
  if (isTrouble(done)) return fail(call, done);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...done });
  else {
    const values = { id: textOf(done["id"]), servers: listOf(done) };
    printLines(call, [call.paint("good", call.say("keyRetired", values))]);
  }
  return EXIT.done;
}

async function order(
  call: Call,
  place: Place,
  verb: string,
  args: Answered,
): Promise<Answered | Trouble> {
  const waitS = numberOption(call, "timeout", { min: 1, max: WAIT_S_MAX, whole: false }) ?? WAIT_S;
  if (isTrouble(waitS)) return waitS;
  const waitMs = waitS * 1000;
  return ask(call, place, verb, { ...args, waitMs }, waitMs + GRACE_MS);
}

export async function runKeyStatus(call: Call, place: Place): Promise<ExitCode> {
  const got = await ask(call, place, "key.status", {}, call.io.queryDeadlineMs);
  if (isTrouble(got)) return fail(call, got);
  const status = got as unknown as KeyStatus;
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...status });
  else printLines(call, drawStatus(call, status));
  return EXIT.done;
}

function drawStatus(call: Call, { keys, servers, pending }: KeyStatus): readonly string[] {
  const { say } = call;
  const head = [say("keyColumn"), say("keyUse"), say("keyAge"), say("keySince"), say("keyHeldBy")];
  const now = call.io.wallMs();
  const rows = keys.map(({ id, role, since, until }) => {
    const roles = { active: say("keyActive"), next: say("keyNext") } as const;
    const use = role === "old" ? say("keyOld", { until: until ?? "?" }) : roles[role];
    const held = servers.filter(({ holds }) => holds.includes(id)).map(({ server }) => server);
    return [id, use, showSpan(now - Date.parse(since), call.lang), since, held.join(", ") || "-"];
  });
  const cells = [head, ...rows].map((row) =>
    row.map((text): Cell => ({ text: printable(text), style: "plain" })),
  );
  const notes: string[] = [];
  for (const { server, seals, refused } of servers) {
    if (refused) {
      notes.push(call.paint("bad", say("keyRefused", { server })), say("keyRefusedDo", { server }));
    } else if (seals === null) notes.push(call.paint("warn", say("keyUnheard", { server })));
  }
  if (pending !== null) notes.push(call.paint("warn", say("keyPendingLive", { id: pending })));
  return [...layTable(cells, call.paint), ...notes];
}

/** The key in force, to a stopped server of the configuration that has missed it. */
export async function runKeyOffer(call: Call): Promise<ExitCode> {
  const server = operand(call, 0);
  const files = memberFiles(call);
  const local = readLocal(call, files.local);
  if (isTrouble(local)) return fail(call, local);
  if (local === null) return fail(call, noCluster(call, files.local));
  const source = await currentText(call);
  if (isTrouble(source)) return fail(call, source);
  const loaded = loadConfiguration(source.text, files.config);
  if (loaded.kind === "refused") return findingsExit(call, files.config, loaded.findings);
  const names = loaded.config.servers.map(({ name }): string => name);
  const others = names.filter((name) => name !== local.server);
  if (!others.includes(server)) {
    const message = call.say("notInCluster", { server, all: others.join(", ") });
    return fail(call, usageTrouble(message, call.say("oneOf", { all: others.join(", ") })));
  }
  const own = loaded.config.servers.find(({ name }) => name === local.server)?.index ?? 0;
  const at = listenAt(call, loaded.config.lans[0]?.addresses[own]?.host ?? "");
  if (isTrouble(at)) return fail(call, at);
  const key = keyText(call, local);
  if (isTrouble(key)) return fail(call, key);
  const offer = { server, purpose: "key", config: source.text, key, at } as const;
  const trouble = await offerOnce(call, { ...offer, answer: "key accept" });
  if (trouble !== null) return fail(call, trouble);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, given: server });
  return EXIT.done;
}

/** Asks the most trustworthy agent; the next one only while the request was certainly not sent. */
async function ask(
  call: Call,
  place: Place,
  verb: string,
  args: Readonly<Record<string, unknown>>,
  deadlineMs: number,
): Promise<Answered | Trouble> {
  const seen = await survey(call, place);
  const trouble = await surveyTrouble(call, place, seen);
  if (trouble !== null) return trouble;
  let who = "";
  let reply: Reply = { kind: "unreachable", detail: "busy" };
  for (const { agent } of ranked(seen)) {
    who = agentName(agent);
    const body = { verb, args, ...spoken(call) };
    reply = await request(agent.socketPath, body, deadlineMs, call.io.interrupted);
    if (reply.kind !== "unreachable") break;
  }
  if (reply.kind !== "ok") return replyTrouble(call, who, reply, call.say("refusedDo"));
  const { result } = reply.body;
  return typeof result === "object" && result !== null ? { ...result } : {};
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "?");

const listOf = ({ servers }: Answered): string =>
  Array.isArray(servers) ? servers.map(String).join(", ") : "?";
