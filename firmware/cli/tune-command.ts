/**
 * `kage tune`: looks at the running cluster for a while, reads what its event logs know, and proposes
 * times that cover it, as a difference of the configuration. Changes nothing by itself; `--apply` is an
 * ordinary change of the configuration. Nothing is stopped or provoked for a measurement.
 * Source: D51; guide 3.2.3 (parameters to adjust), 3.2 (evaluate under production load).
 */
import type { Worst } from "../../hal/base/histogram.ts";
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
import { startLoad } from "./tune-load.ts";
import { type Figures, measureServers, type ServerFigures } from "./tune-measure.ts";

const FOR_S = 60;
const DAY_S = 86_400;
/** Largest page the agents give. */
const PAGE = 500;
/** As many as an agent keeps (2000), and some. */
const PAGES_MAX = 6;

interface Measuring {
  readonly servers: readonly ServerFigures[];
  /** Busy processes of the load; 0 = none was made. */
  readonly load: number;
  readonly events: ReturnType<typeof measureEvents>;
}

/** `makeLoad` stands in for the real one in tests. */
export async function runTune(call: Call, makeLoad = startLoad): Promise<ExitCode> {
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
  const measuring = await measure(call, agents, seconds, flags.has("load") ? makeLoad : null);
  if (call.io.interrupted.aborted) return fail(call, interrupted(call));
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
  makeLoad: typeof startLoad | null,
): Promise<Measuring> {
  if (!wantsJson(call)) {
    call.io.stderr.write(`${call.say("tuneMeasuring", { seconds: `${seconds}` })}\n`);
  }
  const { servers, count } = await measureServers(call, agents, seconds * 1000, makeLoad);
  const logs = await Promise.all(agents.map((agent) => readLog(call, agent)));
  return { servers, load: count, events: measureEvents(logs.flat()) };
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

function combine({ servers, events }: Measuring): Measurements {
  const parts = servers.flatMap((server) => [server, ...(server.loaded ? [server.loaded] : [])]);
  const highest = (list: readonly (Worst | null)[]): number | null => {
    const found = list.flatMap((one) => (one === null ? [] : [one.atMostMs]));
    return found.length === 0 ? null : Math.max(...found);
  };
  const { giveUpMs, spreadMs, scripts } = events;
  return {
    lateMs: highest(parts.flatMap(({ late, heard }) => [late, heard])),
    diskMs: highest(parts.map(({ disk }) => disk)),
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
    const { servers, load, events } = measuring;
    const unseen = unseenOf(config, servers);
    const seen = { servers, unseen, load, ...events };
    printJson(call, { ok: true, exit: EXIT.done, ...seen, proposals, diff });
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

/** Servers of the configuration whose own agent did not answer. */
function unseenOf(config: LoadedConfig, servers: readonly ServerFigures[]): readonly string[] {
  const seen = new Set(servers.flatMap(({ server, isSeen }) => (isSeen ? [server] : [])));
  return config.servers.map(({ name }): string => name).filter((name) => !seen.has(name));
}

function figureLines(call: Call, { server, peer }: ServerFigures, figures: Figures): string[] {
  const { late, disk, heard } = figures;
  const { say } = call;
  const name = printable(server);
  const told = (key: "tuneLate" | "tuneDisk" | "tuneHeard", worst: Worst | null): string[] => {
    if (worst === null) return [];
    const at = `${worst.atMostMs}`;
    const values = { server: name, peer: printable(peer ?? "?"), late: at, took: at };
    return [say(key, { ...values, count: `${worst.count}` })];
  };
  return [...told("tuneLate", late), ...told("tuneDisk", disk), ...told("tuneHeard", heard)];
}

function serverLines(call: Call, config: LoadedConfig, measuring: Measuring): string[] {
  const { servers, load } = measuring;
  const { say } = call;
  const silent = servers.filter(({ isSeen }) => !isSeen);
  return [
    ...servers.flatMap((one) => figureLines(call, one, one)),
    ...silent.map(({ server }) => say("tuneNoMeasure", { server: printable(server) })),
    ...(load === 0 ? [] : [say("tuneLoaded", { count: `${load}` })]),
    ...servers.flatMap((one) => (one.loaded === null ? [] : figureLines(call, one, one.loaded))),
    ...unseenOf(config, servers)
      .filter((name) => !silent.some(({ server }) => server === name))
      .map((name) => call.paint("warn", say("tuneUnseen", { server: printable(name) }))),
    ...(load === 0 ? [call.paint("quiet", say("tuneNoLoad"))] : []),
  ];
}

function measuredLines(
  call: Call,
  config: LoadedConfig,
  measuring: Measuring,
  measured: Measurements,
): string[] {
  const { say } = call;
  const number = (value: number | null): string => `${value ?? 0}`;
  const lines = serverLines(call, config, measuring);
  const { events } = measuring;
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

function notRunning(call: Call): Trouble {
  const message = call.say("noAgent");
  return { exit: EXIT.unreachable, code: null, message, remedy: call.say("noAgentDo") };
}

function interrupted(call: Call): Trouble {
  const remedy = call.say("seeHelp", { help: "kage help tune" });
  return { exit: EXIT.failed, code: null, message: call.say("tuneInterrupted"), remedy };
}
