/**
 * `kage tune`: looks at the running cluster for a while, reads what its event logs know, and proposes
 * times that cover it, as a difference of the configuration. Changes nothing by itself; `--apply` is an
 * ordinary change of the configuration. Nothing is stopped or provoked for a measurement.
 * Source: D51; guide 3.2.3 (parameters to adjust), 3.2 (evaluate under production load).
 */
import { type Worst, worstBetween } from "../../hal/base/histogram.ts";
import { setValues } from "../../services/configuration/edit.ts";
import { formatPath } from "../../services/configuration/finding.ts";
import { lineDiff } from "../../services/configuration/line-diff.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import {
  type Measurements,
  measureEvents,
  type Proposal,
  proposeTimes,
  type TimedEvent,
} from "../../services/configuration/tuning.ts";
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  fail,
  isTrouble,
  numberOption,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { isRecord, request } from "./client.ts";
import { printable } from "./columns.ts";
import { type ConfigSource, currentText, putText, sourceName } from "./config-text.ts";
import { type AgentAddress, discover } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { agentName } from "./survey.ts";

const FOR_S = 60;
const DAY_S = 86_400;
/** Largest page the agents give. */
const PAGE = 500;
/** As many as an agent keeps (2000), and some. */
const PAGES_MAX = 6;

interface Snapshot {
  readonly server: string;
  readonly late: readonly number[] | null;
  readonly disk: readonly number[] | null;
}

interface Measuring {
  readonly worst: readonly ServerWorst[];
  readonly events: ReturnType<typeof measureEvents>;
}

interface ServerWorst {
  readonly server: string;
  readonly late: Worst | null;
  readonly disk: Worst | null;
}

export async function runTune(call: Call): Promise<ExitCode> {
  const { flags } = call.invocation;
  if (flags.has("apply") && flags.has("dry-run")) {
    const message = call.say("contradiction", { a: "--apply", b: "--dry-run" });
    return fail(call, usageTrouble(message, call.say("seeHelp", { help: "kage help tune" })));
  }
  const bounds = { min: 1, max: DAY_S, whole: false };
  const seconds = numberOption(call, "for", bounds) ?? FOR_S;
  if (isTrouble(seconds)) return fail(call, seconds);
  const source = await currentText(call);
  if (isTrouble(source)) return fail(call, source);
  if (source.kind === "file") return fail(call, notRunning(call));
  const loaded = loadConfiguration(source.text, sourceName(source));
  if (loaded.kind === "refused") return findingsExit(call, sourceName(source), loaded.findings);
  const agents = agentsOf(call, source.agent);
  const measuring = await measure(call, agents, seconds);
  const measured = combine(measuring);
  const proposals = proposeTimes(loaded.config, measured);
  return report(call, source, loaded.config, measuring, measured, proposals);
}

/** Every agent that can be asked from here: on a real server its own, on the virtual appliance all. */
function agentsOf(call: Call, own: AgentAddress): readonly AgentAddress[] {
  const { local, state, dir } = call.invocation.texts;
  if (dir !== undefined) return [own];
  const found = discover({ local, state }, call.io.env, call.say);
  return found.kind === "found" ? found.place.agents : [own];
}

async function measure(
  call: Call,
  agents: readonly AgentAddress[],
  seconds: number,
): Promise<Measuring> {
  const before = await Promise.all(agents.map((agent) => snapshot(call, agent)));
  if (!wantsJson(call)) {
    call.io.stderr.write(`${call.say("tuneMeasuring", { seconds: `${seconds}` })}\n`);
  }
  await call.io.pause(seconds * 1000);
  const after = await Promise.all(agents.map((agent) => snapshot(call, agent)));
  const logs = await Promise.all(agents.map((agent) => readLog(call, agent)));
  const worst = after.map((late, position): ServerWorst => {
    const first = before[position];
    return {
      server: late.server,
      late: worstBetween(first?.late ?? null, late.late),
      disk: worstBetween(first?.disk ?? null, late.disk),
    };
  });
  return { worst, events: measureEvents(logs.flat()) };
}

async function snapshot(call: Call, agent: AgentAddress): Promise<Snapshot> {
  const none = { server: agentName(agent), late: null, disk: null };
  const body = { verb: "status", args: {} };
  const reply = await request(agent.socketPath, body, call.io.queryDeadlineMs, call.io.interrupted);
  const result = reply.kind === "ok" ? reply.body["result"] : null;
  const servers = isRecord(result) && Array.isArray(result["servers"]) ? result["servers"] : [];
  for (const server of servers) {
    const details = isRecord(server) ? server["details"] : null;
    const measured = isRecord(details) ? details["measured"] : null;
    if (!isRecord(measured) || !isRecord(server)) continue;
    const late = countsOf(measured["late"]);
    return { server: String(server["name"]), late, disk: countsOf(measured["disk"]) };
  }
  return none;
}

/** The newest page first; where older ones exist, those too. */
async function readLog(call: Call, agent: AgentAddress): Promise<readonly TimedEvent[]> {
  const newest = await page(call, agent, 0);
  const all = new Map(newest.map((event) => [event.seq, event]));
  const firstSeq = newest[0]?.seq ?? 1;
  for (let after = 1, pages = 0; after < firstSeq && pages < PAGES_MAX; pages += 1) {
    const older = await page(call, agent, after);
    if (older.length === 0) break;
    for (const event of older) all.set(event.seq, event);
    after = older.at(-1)?.seq ?? firstSeq;
  }
  return [...all.values()];
}

type SeqEvent = TimedEvent & { readonly seq: number };

async function page(call: Call, agent: AgentAddress, after: number): Promise<readonly SeqEvent[]> {
  const body = { verb: "events", args: { after, limit: PAGE } };
  const reply = await request(agent.socketPath, body, call.io.queryDeadlineMs, call.io.interrupted);
  const result = reply.kind === "ok" ? reply.body["result"] : null;
  const events = isRecord(result) && Array.isArray(result["events"]) ? result["events"] : [];
  return events.filter(isRecord).flatMap((event) => {
    const { seq, server, key, at, data } = event;
    const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (typeof seq !== "number" || typeof key !== "string" || Number.isNaN(atMs)) return [];
    return [{ seq, server: String(server), key, atMs, data: isRecord(data) ? data : {} }];
  });
}

function combine({ worst, events }: Measuring): Measurements {
  const highest = (list: readonly (Worst | null)[]): number | null => {
    const found = list.flatMap((one) => (one === null ? [] : [one.atMostMs]));
    return found.length === 0 ? null : Math.max(...found);
  };
  const { giveUpMs, spreadMs, scripts } = events;
  return {
    lateMs: highest(worst.map(({ late }) => late)),
    diskMs: highest(worst.map(({ disk }) => disk)),
    giveUpMs,
    spreadMs,
    scripts,
  };
}

async function report(
  call: Call,
  source: ConfigSource,
  config: LoadedConfig,
  measuring: Measuring,
  measured: Measurements,
  proposals: readonly Proposal[],
): Promise<ExitCode> {
  const edited = setValues(
    source.text,
    proposals.map(({ at, proposedMs }) => ({ at, value: proposedMs })),
  );
  const text = edited.kind === "text" ? edited.text : source.text;
  const applies = call.invocation.flags.has("apply");
  if (wantsJson(call) && !applies) {
    const diff = lineDiff(source.text, text);
    const { worst, events } = measuring;
    printJson(call, { ok: true, exit: EXIT.done, servers: worst, ...events, proposals, diff });
    return EXIT.done;
  }
  if (!wantsJson(call)) printLines(call, measuredLines(call, config, measuring, measured));
  if (proposals.length === 0) {
    if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, changed: false, proposals });
    else if (measured.lateMs !== null) {
      printLines(call, [call.paint("good", call.say("tuneGood"))]);
    }
    return EXIT.done;
  }
  if (!wantsJson(call)) {
    printLines(
      call,
      proposals.map((one) => proposalLine(call, one)),
    );
  }
  if (applies) return putText(call, source, text);
  const checked = loadConfiguration(text, sourceName(source));
  if (checked.kind === "refused") return findingsExit(call, sourceName(source), checked.findings);
  printLines(call, [
    ...lineDiff(source.text, text).map(printable),
    call.say("dryRunChange"),
    call.say("tuneApplyDo"),
  ]);
  return EXIT.done;
}

function proposalLine(call: Call, { at, nowMs, proposedMs, reason, measuredMs }: Proposal): string {
  const why = call.say(reason, { measured: `${measuredMs}` });
  const values = { at: formatPath(at), now: `${nowMs}`, proposed: `${proposedMs}`, reason: why };
  return call.paint("warn", call.say("tuneProposal", values));
}

function measuredLines(
  call: Call,
  config: LoadedConfig,
  { worst, events }: Measuring,
  measured: Measurements,
): string[] {
  const { say } = call;
  const number = (value: number | null): string => `${value ?? 0}`;
  const lines = worst.flatMap(({ server: name, late, disk }) => {
    const server = printable(name);
    if (late === null) return [say("tuneNoMeasure", { server })];
    const told = say("tuneLate", { server, late: `${late.atMostMs}`, count: `${late.count}` });
    if (disk === null) return [told];
    const access = { server, took: `${disk.atMostMs}`, count: `${disk.count}` };
    return [told, say("tuneDisk", access)];
  });
  const { spreadMs, giveUpMs, scripts, starts, giveUps } = events;
  const spread = { spread: number(spreadMs === null ? null : spreadMs / 1000), count: `${starts}` };
  if (spreadMs !== null) lines.push(say("tuneSpread", spread));
  if (giveUpMs !== null) {
    lines.push(say("tuneGiveUp", { took: number(giveUpMs), count: `${giveUps}` }));
  }
  for (const { group, resource, run, tookMs, count } of scripts) {
    const name = printable(`${group}/${resource} ${run}`);
    lines.push(say("tuneScript", { name, took: `${tookMs}`, count: `${count}` }));
  }
  const missing = [
    ...(measured.lateMs === null ? ["P"] : []),
    ...(measured.diskMs === null && config.disk !== null ? ["D"] : []),
    ...(giveUpMs === null ? ["G"] : []),
    ...(spreadMs === null ? ["startSyncWaitMs"] : []),
  ];
  if (missing.length > 0) lines.push(say("tuneNothing", { what: missing.join(", ") }));
  return lines;
}

function countsOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((one) => typeof one === "number") ? value : null;
}

function notRunning(call: Call): Trouble {
  const message = call.say("noAgent");
  return { exit: EXIT.unreachable, code: null, message, remedy: call.say("noAgentDo") };
}
