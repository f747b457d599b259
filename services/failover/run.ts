/**
 * One group on this server: brings its resources up in order and down in reverse, one effect at a time,
 * and decides what a program's end means. Nothing starts without the lease and before every other member
 * shows the group as stopped. Source: requirements R44-R47, R112, R118, R166; protocol.md 1.4.5-1.4.7, D22.
 */
import type { ClusterConfig, GroupConfig, ProgramResource } from "../configuration/model.ts";
import { isAtRest, isMany, toldBy } from "./hear.ts";
import { isNewer } from "./orders.ts";
import { startEvent } from "./scripts.ts";
import type { AgentEffect, FailoverState, GroupRun } from "./state.ts";
import type { Words } from "./words.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

/** Moves every group one step towards what the table and the lease allow. */
export function drive(state: FailoverState, config: ClusterConfig, atMs: number): Result {
  let next = state;
  const effects: AgentEffect[] = [];
  for (const [index, spec] of config.groups.entries()) {
    const driven = driveGroup(next, index, spec, config, atMs);
    next = driven.state;
    effects.push(...driven.effects);
  }
  return { state: next, effects };
}

/** The order table wants the group here and the lease allows it. */
export function isWanted(state: FailoverState, index: number): boolean {
  const group = state.groups[index];
  const { facts } = state;
  if (group === undefined || facts === null || facts.view === null) return false;
  if (facts.gaveUp !== null || group.desired !== state.self) return false;
  if (group.failedOrder === group.order) return false;
  return facts.server === "member" || facts.server === "leaving";
}

function driveGroup(
  state: FailoverState,
  index: number,
  spec: GroupConfig,
  config: ClusterConfig,
  atMs: number,
): Result {
  const group = state.groups[index];
  if (group === undefined || group.pendingId !== null) return { state, effects: [] };
  const wanted = isWanted(state, index) && !group.cleaning;
  if (wanted && group.upCount < spec.resources.length) {
    return mayStart(state, index, spec)
      ? startNext(state, index, spec, atMs)
      : { state, effects: [] };
  }
  if (!wanted && group.upCount > 0 && mustStop(state)) return stopNext(state, index, spec);
  return finish(state, index, spec, wanted, config, atMs);
}

/** Without facts nothing is known; a server that gave up has the will working for it. */
const mustStop = (state: FailoverState): boolean =>
  state.facts !== null && state.facts.gaveUp === null && state.facts.server !== "observing";

function mayStart(state: FailoverState, index: number, spec: GroupConfig): boolean {
  const { facts } = state;
  if (facts === null || !facts.holdsLease || state.willCovers?.[index] !== true) return false;
  if (facts.willRevision < state.willRevision && !isFirstThroughPulse(state, index, spec))
    return false;
  if (isLeaving(state, index)) return false;
  if (facts.sole) return true;
  const told = toldBy(facts);
  if (facts.view === null || told.length < facts.view.members.length - 1) return false;
  return told.every(({ index: server, words }) => {
    if (!isAtRest(words, index) || mayStillObey(state, index, words)) return false;
    if (!isMany(facts) || !spec.policy.includes(server)) return true;
    // At rest by the same order: whatever older one it was given, it starts nothing by it any more.
    const said = words?.groups[index];
    return said?.order === state.groups[index]?.order && said?.desired === state.self;
  });
}

/** A server on its way out begins nothing: the other one drops it as soon as it shows everything stopped. */
function isLeaving(state: FailoverState, index: number): boolean {
  const isAtBeginning = state.groups[index]?.upCount === 0;
  return isAtBeginning && (state.facts?.server !== "member" || state.wish?.kind === "leave");
}

/** "Stopped" from before an order that named the speaker says nothing: that order may still arrive there. */
function mayStillObey(state: FailoverState, index: number, words: Words | null): boolean {
  const elsewhere = state.groups[index]?.elsewhere ?? null;
  const said = words?.groups[index];
  return elsewhere !== null && (said === undefined || !isNewer(said.order, elsewhere));
}

/** An address order travels behind the will on the same line, so the will is held before it acts. */
function isFirstThroughPulse(state: FailoverState, index: number, spec: GroupConfig): boolean {
  return state.groups[index]?.upCount === 0 && spec.resources[0]?.kind === "floating-ip";
}

function startNext(state: FailoverState, index: number, spec: GroupConfig, atMs: number): Result {
  const group = state.groups[index];
  if (group === undefined) return { state, effects: [] };
  const id = state.nextId;
  const effects: AgentEffect[] = [
    {
      kind: "resource.start",
      id,
      group: index,
      resource: group.upCount,
      cold: group.cold,
      event: startEvent(group),
    },
  ];
  const first = group.actual === "stopped" || group.actual === "failed";
  if (first) effects.push({ kind: "note", key: "group.starting", data: { group: spec.name } });
  if (first) effects.push({ kind: "words.changed" });
  const started: GroupRun = {
    ...group,
    pendingId: id,
    actual: "starting",
    causeAtMs: first && group.cause === "start" ? atMs : group.causeAtMs,
    scriptMs: first ? 0 : group.scriptMs,
    scriptSinceMs: spec.resources[group.upCount]?.kind === "script" ? atMs : null,
  };
  return { state: withGroup({ ...state, nextId: id + 1 }, index, started), effects };
}

function stopNext(state: FailoverState, index: number, spec: GroupConfig): Result {
  const group = state.groups[index];
  if (group === undefined) return { state, effects: [] };
  const id = state.nextId;
  const effects: AgentEffect[] = [
    { kind: "resource.stop", id, group: index, resource: group.upCount - 1 },
  ];
  const first = group.actual !== "stopping";
  if (first) effects.push({ kind: "note", key: "group.stopping", data: { group: spec.name } });
  const stopping: GroupRun = { ...group, pendingId: id, actual: "stopping" };
  return { state: withGroup({ ...state, nextId: id + 1 }, index, stopping), effects };
}

/** All resources are where they should be: say so. */
function finish(
  state: FailoverState,
  index: number,
  spec: GroupConfig,
  wanted: boolean,
  config: ClusterConfig,
  atMs: number,
): Result {
  const group = state.groups[index];
  if (group === undefined) return { state, effects: [] };
  const data = { group: spec.name, server: config.servers[state.self]?.name ?? "" };
  if (wanted && group.actual === "starting") {
    const tookMs = Math.round(atMs - group.causeAtMs);
    const effects: AgentEffect[] = [
      { kind: "words.changed" },
      { kind: "note", key: "group.running", data: { ...data, tookMs } },
    ];
    if (group.cause === "failover") {
      const phases = {
        ...data,
        to: data.server,
        ...detection(state, config),
        t3Ms: Math.max(0, tookMs - group.scriptMs),
        t4Ms: group.scriptMs,
      };
      effects.push({ kind: "note", key: "failover.completed", data: phases });
    }
    const running: GroupRun = { ...group, actual: "running", cold: false };
    return { state: withGroup(state, index, running), effects };
  }
  const idle =
    group.actual === "starting" || group.actual === "stopping" || group.actual === "running";
  if (wanted || !idle || group.upCount > 0) return { state, effects: [] };
  const failed = group.failedOrder === group.order;
  const effects: AgentEffect[] = [{ kind: "words.changed" }];
  const key = failed ? "group.failed" : "group.stopped";
  if (!group.cleaning) effects.push({ kind: "note", key, data: { ...data, reason: "" } });
  const actual = failed ? "failed" : "stopped";
  const ended: GroupRun = { ...group, actual, cleaning: false };
  return { state: withGroup(state, index, ended), effects };
}

/** T1 and T2 of the guide as they were: silence up to the timeout, and what the verdict took beyond it. */
function detection(
  state: FailoverState,
  config: ClusterConfig,
): { readonly t1Ms: number; readonly t2Ms: number } {
  const silenceMs = state.facts?.lostAfterMs ?? 0;
  const t1Ms = Math.min(silenceMs, config.budget.timeoutMs);
  return { t1Ms, t2Ms: silenceMs - t1Ms };
}

/** An answered effect moves the group's mark; a failed one turns the group round or the server off. */
export function effectEnded(
  state: FailoverState,
  id: number,
  error: string | null,
  config: ClusterConfig,
  atMs: number,
): Result {
  const index = state.groups.findIndex((group) => group.pendingId === id);
  const group = state.groups[index];
  const spec = config.groups[index];
  if (group === undefined || spec === undefined) return { state, effects: [] };
  const stopping = group.actual === "stopping";
  const scriptMs = group.scriptMs + Math.round(atMs - (group.scriptSinceMs ?? atMs));
  const free = { ...group, pendingId: null, scriptMs, scriptSinceMs: null };
  if (error === null) {
    const upCount = group.upCount + (stopping ? -1 : group.actual === "running" ? 0 : 1);
    return { state: withGroup(state, index, { ...free, upCount }), effects: [] };
  }
  const resource = spec.resources[stopping ? group.upCount - 1 : group.upCount]?.name ?? "";
  const data = { group: spec.name, resource, reason: error };
  const effects: AgentEffect[] = [{ kind: "note", key: "resource.failed", data }];
  if (stopping) {
    effects.push({ kind: "give-up", group: spec.name, error });
    return { state: withGroup(state, index, free), effects };
  }
  // What a start script has begun before it failed is undone by the stop script.
  const isHalfUp = group.actual === "starting" && spec.resources[group.upCount]?.kind === "script";
  const upCount = group.upCount + (isHalfUp ? 1 : 0);
  const failed = { ...free, upCount, failedOrder: group.order };
  return { state: withGroup(state, index, failed), effects };
}

/** Restart inside its window (D21, D22), else the group fails here and goes to the next server. */
export function programEnded(
  state: FailoverState,
  index: number,
  resourceName: string,
  status: string,
  config: ClusterConfig,
  atMs: number,
): Result {
  const group = state.groups[index];
  const spec = config.groups[index];
  const at = spec?.resources.findIndex((resource) => resource.name === resourceName) ?? -1;
  const program = spec?.resources[at];
  if (group === undefined || spec === undefined || program?.kind !== "program") {
    return { state, effects: [] };
  }
  const gone = state.facts === null || state.facts.gaveUp !== null;
  if (gone || at >= group.upCount || group.actual === "stopping") return { state, effects: [] };
  const data = { group: spec.name, resource: resourceName, status };
  const exited: AgentEffect = { kind: "note", key: "program.exited", data };
  const recent = recentRestarts(group, program, atMs);
  if (recent.length >= program.restartMax) {
    const max = program.restartMax;
    const spent: AgentEffect = {
      kind: "note",
      key: "program.restarts-exhausted",
      data: { ...data, max },
    };
    const failed = withGroup(state, index, { ...group, failedOrder: group.order });
    return { state: failed, effects: [exited, spent] };
  }
  const id = state.nextId;
  const restarts = { ...group.restarts, [resourceName]: [...recent, atMs] };
  const again: GroupRun = { ...group, restarts, pendingId: group.pendingId ?? id };
  const next = withGroup({ ...state, nextId: id + 1 }, index, again);
  const restarted: AgentEffect = {
    kind: "note",
    key: "program.restarted",
    data: { ...data, count: recent.length + 1, max: program.restartMax },
  };
  const start: AgentEffect = {
    kind: "resource.start",
    id,
    group: index,
    resource: at,
    cold: false,
    event: startEvent(group),
  };
  return { state: next, effects: [start, exited, restarted] };
}

function recentRestarts(
  group: GroupRun,
  program: ProgramResource,
  atMs: number,
): readonly number[] {
  const all = group.restarts[program.name] ?? [];
  return all.filter((restartedAtMs) => atMs - restartedAtMs < program.restartWindowMs);
}

export function withGroup(state: FailoverState, index: number, group: GroupRun): FailoverState {
  return { ...state, groups: state.groups.map((old, at) => (at === index ? group : old)) };
}
