/**
 * `kage cluster create`: asks or reads the few facts, proposes the method the guide recommends with its
 * reason, checks the text as the agent would, and writes configuration, key and local.json together or
 * not at all. Source: guide 3.1 step 2.3; R105, R106, R210.
 */
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { canonicalIp, parseEndpoint } from "../../services/configuration/address.ts";
import {
  checkDraft,
  type Draft,
  type DraftLan,
  draftText,
  leastServers,
} from "../../services/configuration/draft.ts";
import { type Recommendation, recommendMethod } from "../../services/configuration/recommend.ts";
import { METHODS } from "../../services/configuration/schema.ts";
import { completeSet, type SetFile, writeSet } from "../enrolment/file-set.ts";
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  fail,
  isTrouble,
  numberWithin,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { printable } from "./columns.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { parseLans } from "./lan-words.ts";
import {
  configFile,
  keyFile,
  localFileFor,
  type MemberFiles,
  makeFolders,
  memberFiles,
  setTrouble,
} from "./member-files.ts";
import { type Ask, asker } from "./questions.ts";

/** Times of the guide, ms. */
const TIMEOUT_MS = 30_000;
const START_SYNC_S = 300;
const BEATS_PER_TIMEOUT = 10;
const DAY_S = 86_400;

interface Answers {
  readonly cluster: string;
  readonly server: string;
  readonly lans: readonly DraftLan[];
  readonly com: string | undefined;
  readonly disk: string | undefined;
  readonly publicInterface: string | undefined;
}

type Times = Pick<
  Draft,
  "heartbeatTimeoutMs" | "heartbeatIntervalMs" | "startSyncWaitMs" | "watchdogTimeoutMs"
>;

export async function runCreate(call: Call): Promise<ExitCode> {
  const times = readTimes(call);
  if (isTrouble(times)) return fail(call, times);
  const isInteractive =
    call.io.canAsk && (operand(call, 0) === "" || call.invocation.texts.lan === undefined);
  const ask = asker(call, isInteractive);
  const answers = await gather(call, ask);
  if (isTrouble(answers)) return fail(call, answers);
  const proposal = recommendMethod({
    // Whoever asks for a majority means a cluster of three servers or more.
    servers: leastServers(call.invocation.texts.method),
    sharedDisk: answers.disk !== undefined,
    comCable: answers.com !== undefined,
    mirror: call.invocation.flags.has("mirror"),
    // D49: beside LVM the arbitration partition lies outside the volume group; VxVM owns whole disks.
    volumeManager: call.invocation.texts["volume-manager"] === "vxvm" ? "vxvm" : "none",
  });
  const reason = call.say(proposal.reason);
  if (isInteractive) printLines(call, proposalLines(call, proposal, reason));
  const method = await chooseMethod(call, ask, proposal);
  if (isTrouble(method)) return fail(call, method);
  const draft: Draft = {
    ...answers,
    ...times,
    clusterId: randomBytes(4).toString("hex"),
    method,
    reason: commentOf(call, method, proposal, reason),
  };
  return writeCluster(call, draft, proposal, isInteractive);
}

async function writeCluster(
  call: Call,
  draft: Draft,
  proposal: Recommendation,
  isTold: boolean,
): Promise<ExitCode> {
  const files = memberFiles(call);
  const text = draftText(draft);
  const checked = checkDraft(text, files.config);
  if (checked.kind === "refused") return findingsExit(call, files.config, checked.findings);
  const isDryRun = call.invocation.flags.has("dry-run");
  if (!isDryRun) {
    const rest = setTrouble(call, files.dir, await completeSet(files.dir));
    if (rest !== null) return fail(call, rest);
  }
  const set = memberSet(call, files, draft.server, text);
  if (isTrouble(set)) return fail(call, set);
  if (!isDryRun) {
    const trouble =
      makeFolders(call, files) ?? setTrouble(call, files.dir, await writeSet(files.dir, set));
    if (trouble !== null) return fail(call, trouble);
  }
  const names = set.map(({ name }) => `${files.dir}/${name}`);
  const { method } = draft;
  const reason = call.say(proposal.reason);
  const warnings = checked.warnings;
  if (wantsJson(call)) {
    const recommended = { method: proposal.method, reason, missing: proposal.missing };
    const written = isDryRun ? [] : names;
    const shown = isDryRun ? { text } : {};
    printJson(call, {
      ok: true,
      exit: EXIT.done,
      method,
      recommended,
      written,
      warnings,
      ...shown,
    });
    return EXIT.done;
  }
  const said = call.say(isDryRun ? "dryRunFiles" : "written", { files: names.join(", ") });
  printLines(call, [
    ...(isTold ? [] : proposalLines(call, proposal, reason)),
    ...(method === proposal.method ? [] : [call.say("otherMethod", { method })]),
    ...warnings.map((one) => call.paint("warn", `${call.say("warning")}: ${printable(one.text)}`)),
    ...(isDryRun ? text.trimEnd().split("\n") : []),
    said,
    call.say(leastServers(method) > 2 ? "nextServersAdd" : "nextServerAdd"),
  ]);
  return EXIT.done;
}

function memberSet(
  call: Call,
  files: MemberFiles,
  server: string,
  text: string,
): readonly SetFile[] | Trouble {
  const local = localFileFor(call, files, server);
  if (isTrouble(local)) return local;
  // local.json comes last: an agent that finds it finds the others too.
  const key = keyFile(randomBytes(32).toString("hex"), false);
  return [configFile(text, false), key, ...(local === null ? [] : [local])];
}

async function gather(call: Call, ask: Ask): Promise<Answers | Trouble> {
  const { texts } = call.invocation;
  const cluster = operand(call, 0) || (await ask.text("askCluster", "NAME", ""));
  if (isTrouble(cluster)) return cluster;
  const server = texts.server ?? (await ask.text("askServer", "--server", "SERVER1"));
  if (isTrouble(server)) return server;
  const lanText = texts.lan ?? (await ask.text("askLans", "--lan", null, { server }));
  if (isTrouble(lanText)) return lanText;
  const words = parseLans(lanText);
  if (words.kind === "bad" || words.words.length === 0) {
    const bad = words.kind === "bad" ? words.found : lanText;
    return usageTrouble(call.say("badLan", { found: bad }), call.say("badLanDo"));
  }
  const com = texts.com ?? (await ask.optional("askCom", "/dev/ttyS0"));
  if (isTrouble(com)) return com;
  const disk = texts.disk ?? (await ask.optional("askDisk", ""));
  if (isTrouble(disk)) return disk;
  const found = interfaceOf(words.words.at(-1)?.address ?? "");
  const nic = texts.interface ?? (await ask.optional("askInterface", found ?? "eth0"));
  if (isTrouble(nic)) return nic;
  const lans = words.words.map(({ id, address }, nth): DraftLan => {
    return { id: id ?? `lan${nth + 1}`, kind: nth === 0 ? "private" : "public", address };
  });
  const none = (text: string): string | undefined => (text === "" ? undefined : text);
  return {
    cluster,
    server,
    lans,
    com: none(com),
    disk: none(disk),
    publicInterface: none(nic) ?? (ask.canAsk ? undefined : found),
  };
}

/** The interface of this machine that has the address; undefined = none has it. */
function interfaceOf(address: string): string | undefined {
  const wanted = canonicalIp(parseEndpoint(address)?.host ?? "");
  for (const [name, held] of Object.entries(networkInterfaces())) {
    if ((held ?? []).some((one) => canonicalIp(one.address) === wanted)) return name;
  }
  return undefined;
}

async function chooseMethod(
  call: Call,
  ask: Ask,
  proposal: Recommendation,
): Promise<Draft["method"] | Trouble> {
  const offered = proposal.offered.join(", ");
  const given =
    call.invocation.texts.method ??
    (await ask.text("askMethod", "--method", proposal.method, { offered }));
  if (isTrouble(given)) return given;
  const method = METHODS.find((one) => one === given);
  if (method !== undefined && proposal.offered.includes(method)) return method;
  const message = call.say("notOffered", { method: given, offered });
  return usageTrouble(message, call.say("notOfferedDo"));
}

function readTimes(call: Call): Times | Trouble {
  const read = (
    name: "heartbeat-timeout" | "heartbeat-interval" | "start-sync" | "watchdog",
    otherwise: number,
    max: number,
  ): number | Trouble => {
    const text = call.invocation.texts[name];
    if (text === undefined) return otherwise;
    return numberWithin(call, `--${name}`, text, { min: 0, max, whole: true });
  };
  const timeoutMs = read("heartbeat-timeout", TIMEOUT_MS, 600_000);
  if (isTrouble(timeoutMs)) return timeoutMs;
  const tenth = Math.floor(timeoutMs / BEATS_PER_TIMEOUT);
  const intervalMs = read("heartbeat-interval", tenth, 60_000);
  if (isTrouble(intervalMs)) return intervalMs;
  const startSyncS = read("start-sync", START_SYNC_S, DAY_S);
  if (isTrouble(startSyncS)) return startSyncS;
  const watchdogMs = read("watchdog", 0, 600_000);
  if (isTrouble(watchdogMs)) return watchdogMs;
  return {
    heartbeatTimeoutMs: timeoutMs,
    heartbeatIntervalMs: intervalMs,
    startSyncWaitMs: startSyncS * 1000,
    watchdogTimeoutMs: watchdogMs,
  };
}

function proposalLines(call: Call, proposal: Recommendation, reason: string): string[] {
  const { method, missing } = proposal;
  const lines = [call.paint("bold", call.say("proposal", { method, reason }))];
  return missing.length === 0 ? lines : [...lines, `  ${call.say("lacksCom")}`];
}

/** What the file says about its method: the reason, or what was recommended instead. */
function commentOf(call: Call, method: string, proposal: Recommendation, reason: string): string {
  if (method === proposal.method) return reason;
  return call.say("proposal", { method: proposal.method, reason });
}
