/**
 * The life of a started appliance: power on, wait until it serves, say what to try, and at the first
 * signal shut the cluster down in order, at the second cut the power.
 * Source: issue 2 item 6.
 */
import type { Rack } from "../../hal/rack/rack.ts";
import { request } from "../cli/client.ts";
import { type ApplianceDirs, serverPlaces } from "../places.ts";
import type { Configured } from "./configure.ts";
import type { ApplianceOptions } from "./options.ts";
import { beginAnew, PowerNews } from "./power-news.ts";
import { lookReady, type Readiness, type ReadyTargets } from "./ready.ts";
import type { Moment, Signals } from "./signals.ts";
import type { ApplianceView } from "./view.ts";

export interface Run {
  readonly rack: Rack;
  readonly set: Configured;
  readonly dirs: ApplianceDirs;
  readonly options: ApplianceOptions;
  /** null: no dashboard. */
  readonly view: ApplianceView | null;
  readonly signals: Signals;
  say(text: string): void;
}

const LOOK_MS = 100;
/** Beyond the start sync wait; a loaded machine needs some seconds for the processes alone. */
const READY_MS = 30_000;
const READY_PER_SERVER_MS = 3000;
/** An order is accepted at once or not at all. */
const ORDER_DEADLINE_MS = 2000;
/** Groups stop within their own stop timeouts; then power is cut. */
const SHUTDOWN_MS = 15_000;
const SHUTDOWN_PER_SERVER_MS = 1000;
/** One agent tells the others; who is still on after this long is told directly. */
const REPEAT_ORDER_MS = 3000;

/** Resolves with the exit code when everything is off and released. */
export async function watchUntilEnd(run: Run): Promise<number> {
  const { signals } = run;
  const news = openNews(run);
  try {
    if (run.options.power) await bringUp(run, signals.first);
    else run.say("ready: all servers are off; npx kage rack power on SERVER1");
    await signals.first.reached;
    await shutDown(run, signals.second);
  } finally {
    news.close();
    const left = await run.rack.close();
    await run.view?.close();
    for (const message of left) run.say(message);
  }
  run.say("off: no process and no socket is left");
  return 0;
}

function openNews({ rack, set, dirs, options, signals, say }: Run): PowerNews {
  const news = new PowerNews({
    servers: set.layout.plan.servers,
    groups: set.config.groups.map(({ name }) => name),
    state: stateOption(options, dirs),
    stateDirOf: (server) => serverPlaces(dirs, server).stateDir,
    isPowered: rack.isPowered,
    cutPaths: rack.cutPaths,
    isEnding: signals.first.isReached,
    say,
  });
  rack.log.watch((event) => news.hear(event));
  return news;
}

/** What the commands need to find this appliance; empty when it is where they look anyway. */
const stateOption = (options: ApplianceOptions, dirs: ApplianceDirs): string =>
  options.stateDir === null ? "" : ` --state ${dirs.stateDir}`;

async function bringUp(run: Run, end: Moment): Promise<void> {
  const { rack, set, dirs, say } = run;
  const { servers } = set.layout.plan;
  const results = await Promise.all(servers.map((name) => rack.power(name, true, "launcher")));
  for (const [index, result] of results.entries()) {
    say(result.kind === "done" ? `power: ${servers[index]} on` : result.message);
  }
  const auto = set.config.groups.filter((group) => group.startAttribute === "auto");
  const targets: ReadyTargets = {
    servers: servers.map((name) => ({ name, agentSocket: serverPlaces(dirs, name).agentSocket })),
    floating: set.layout.floating.filter((at) => auto.some((group) => group.name === at.group)),
  };
  const patienceMs = READY_MS + servers.length * READY_PER_SERVER_MS;
  const last = await waitReady(targets, set.config.timing.startSyncWaitMs + patienceMs, end);
  if (last === null) return;
  if (last.ready) invite(run, last);
  else if (last.detached.length === servers.length) explainAllDown(run);
  else if (last.detached.length > 0) explainDetached(run, last);
  else explain(run, last);
}

/** null: told to end meanwhile. */
async function waitReady(
  targets: ReadyTargets,
  limitMs: number,
  end: Moment,
): Promise<Readiness | null> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const seen = await lookReady(targets);
    if (end.isReached()) return null;
    if (seen.ready || seen.isSettled || performance.now() >= endMs) return seen;
    await pause(LOOK_MS, end);
  }
}

function invite(run: Run, { answers }: Readiness): void {
  const { say, set, dirs } = run;
  const [answer] = answers;
  const url = answer === undefined ? "" : `http://${answer.at.address}:${answer.at.port}`;
  const group = answer?.at.group ?? set.config.groups[0]?.name ?? "GROUP";
  const owner = answer?.text ?? "SERVER1";
  const other = set.layout.plan.servers.find((name) => name !== owner) ?? "SERVER2";
  const state = stateOption(run.options, dirs);
  const serves =
    answer === undefined ? "all servers are members" : `${url} answers: ${answer.text}`;
  say(`ready: ${serves}`);
  for (const line of run.view?.invitation() ?? []) say(line);
  const tries: readonly (readonly [line: string, remark: string])[] = [
    [`npx kage status --watch${state}`, ""],
    [`curl ${url}`, "who serves?"],
    [`npx kage group move ${group} --to ${other}${state}`, ""],
    [`npx kage rack power off ${other}${state}`, "the group comes back"],
    [`npx kage rack power on ${other}${state}`, "comes up detached"],
    [`npx kage server return ${other}${state}`, ""],
    [`npx kage rack cut lan1${state}`, "nothing moves, a warning stands"],
    [`npx kage rack restore lan1${state}`, ""],
    ...cutTries(set, owner, state),
    [`npx kage events${state}`, ""],
  ];
  const width = Math.max(...tries.map(([line]) => line.length));
  const shown = tries.map(([line, remark]) =>
    remark === "" ? `  ${line}` : `  ${line.padEnd(width)}  # ${remark}`,
  );
  say(["", "Try in another terminal:", ...shown].join("\n"));
  say(`Configuration: ${set.configFile}`);
  say("Ctrl-C here shuts the cluster down and leaves nothing behind.");
}

/** Where three and more decide: who is cut off gives up, and the others go on. */
function cutTries(
  { config, layout }: Configured,
  owner: string,
  state: string,
): readonly (readonly [line: string, remark: string])[] {
  const { servers } = layout.plan;
  if (servers.length === 2) return [];
  const onDisk = config.method === "disk";
  // Of servers that decide by the disk the one of best cluster priority would go on, and the others stop.
  const away = onDisk ? servers.at(-1) : owner;
  const remark = onDisk
    ? "it reads on the disk that the others go on, and gives up"
    : "it gives up, the majority goes on";
  return [
    [`npx kage rack cut lan1 lan2 --server ${away}${state}`, remark],
    [`npx kage rack restore lan1 lan2${state}`, ""],
  ];
}

/** Not every server comes back by itself: one that did not leave in order waits for a person (R203). */
function explainDetached(run: Run, seen: Readiness): void {
  invite(run, seen);
  const state = stateOption(run.options, run.dirs);
  for (const name of seen.detached) {
    run.say(
      `${name} is detached, because it did not leave the cluster in order last time. Return it:`,
    );
    run.say(`  npx kage server return ${name}${state}`);
  }
}

function explainAllDown({ say, set, dirs, options }: Run): void {
  const groups = set.config.groups.map(({ name }) => name);
  say("ready: all servers are detached, because the last run ended without a cluster shutdown.");
  for (const line of beginAnew(set.layout.plan.servers, groups, stateOption(options, dirs)))
    say(line);
  say("Or start with --fresh, and the servers forget their last run.");
}

function explain(run: Run, { missing }: Readiness): void {
  run.say("not ready in time, still waiting for:");
  for (const line of missing) run.say(`  ${line}`);
  const [server] = run.set.layout.plan.servers;
  const file = serverPlaces(run.dirs, server ?? "SERVER1").consoleFile;
  run.say(`  see ${file} and supervisor.log beside it; the appliance goes on trying`);
}

/** Orderly: groups stop, the clean mark is written, servers switch themselves off. */
async function shutDown(run: Run, cutPower: Moment): Promise<void> {
  const { rack, set, dirs, say } = run;
  const on = set.layout.plan.servers.filter((name) => rack.isPowered(name));
  if (on.length === 0) return;
  say("shutting the cluster down (Ctrl-C again cuts the power)");
  const agents = (): string[] =>
    on.filter((name) => rack.isPowered(name)).map((name) => serverPlaces(dirs, name).agentSocket);
  let accepted = await orderShutdown(agents().slice(0, 1));
  let repeatMs = performance.now() + (accepted ? REPEAT_ORDER_MS : 0);
  const endMs = performance.now() + SHUTDOWN_MS + on.length * SHUTDOWN_PER_SERVER_MS;
  while (!cutPower.isReached() && performance.now() < endMs) {
    if (agents().length === 0) return;
    if (performance.now() >= repeatMs) {
      repeatMs = endMs;
      // Whoever is left has not heard of it: a cut-off server or one that hangs.
      accepted = (await orderShutdown(agents())) || accepted;
      if (!accepted) break;
    }
    await pause(LOOK_MS, cutPower);
  }
  say("no orderly shutdown: cutting the power");
}

/** True when one of the agents took the order. */
async function orderShutdown(sockets: readonly string[]): Promise<boolean> {
  const body = { verb: "cluster.shutdown", args: {} };
  const replies = await Promise.all(
    sockets.map((socket) => request(socket, body, ORDER_DEADLINE_MS)),
  );
  return replies.some((reply) => reply.kind === "ok");
}

async function pause(ms: number, early: Moment): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, early.reached]);
  clearTimeout(timer);
}
