/**
 * Failover: one server's part in running the groups. Copies or writes the order table, moves its own
 * groups towards it, answers the operator, and leads or follows a cluster shutdown. 2-16 servers.
 * Intuition: the table says where, the lease says whether, the group machine says how.
 * Source: requirements R43-R56, R140-R145, R180-R190; protocol.md 1.4.5-1.4.8; G7.
 */

import type { ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { Wish } from "../events.ts";
import { holdProposal, viewKept } from "./hold.ts";
import { isTable, keepTable, noteElsewhere } from "./orders.ts";
import { command, expireRequest, requestEndMs, serve } from "./requests.ts";
import { drive, effectEnded, isWanted, programEnded } from "./run.ts";
import { groupFails, recoverEffects } from "./scripts.ts";
import { keepKnowledge } from "./server-orders.ts";
import { lead } from "./shutdown.ts";
import type { AgentEffect, AgentEvent, FailoverState, GroupRun } from "./state.ts";
import type { Words } from "./words.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

export function createFailover(self: ServerIndex, config: ClusterConfig): FailoverState {
  const group: GroupRun = {
    desired: null,
    order: 0,
    actual: "stopped",
    upCount: 0,
    pendingId: null,
    failedOrder: null,
    cause: "start",
    causeAtMs: 0,
    scriptMs: 0,
    scriptSinceMs: null,
    cold: false,
    restarts: {},
    stranded: false,
    cleaning: false,
    failedOn: [],
    elsewhere: null,
  };
  return {
    self,
    groups: config.groups.map(() => group),
    facts: null,
    restored: false,
    tableEpoch: null,
    tableMembers: null,
    tableKnown: false,
    nextId: 1,
    wish: null,
    hold: null,
    afterLeave: "detached",
    shutdown: 0,
    marked: "no",
    offAtMs: null,
    offSent: false,
    willRevision: 0,
    willCovers: null,
    request: null,
    requestTo: null,
    requestCommand: null,
    requestAtMs: 0,
    reply: null,
    served: config.servers.map(() => ""),
    ownEpoch: 0,
    confirmedOff: [],
    holds: null,
  };
}

export function step(state: FailoverState, event: AgentEvent, config: ClusterConfig): Result {
  const heard = take(state, event, config);
  // An agent that has not looked at what runs here has no table, no wish and no words of its own: what it
  // said now would read as "all groups are stopped", and another server would start them.
  if (!heard.state.restored) return heard;
  const taken = holdProposal(heard.state);
  const tabled = keepTable(taken.state, config, event.atMs);
  const willed = coverWill(tabled.state);
  const driven = drive(willed.state, config, event.atMs);
  const closed = lead(driven.state, config, event.atMs);
  const all = [heard, taken, tabled, willed, driven, closed].flatMap((result) => result.effects);
  const ends = state.shutdown === 0 && closed.state.shutdown > 0;
  if (ends) all.push({ kind: "note", key: "shutdown.cluster", data: {} });
  // An order of an operator changes the table before the coordinator writes it again.
  if (state.restored && !sameTable(state, closed.state)) all.push({ kind: "table.persist" });
  const changed = !saysTheSame(state, closed.state);
  const effects: AgentEffect[] = changed ? [{ kind: "words.changed" }, ...all] : all;
  const next = noteElsewhere(state, closed.state);
  return { state: next, effects: effects.filter(isFirstOfKind) };
}

/** What this server says in its beats. */
export function ownWords(state: FailoverState): Words {
  return {
    shutdown: state.shutdown,
    marked: state.marked === "written",
    offAfterLeave: state.afterLeave === "off",
    request: state.request,
    reply: state.reply,
    epoch: state.ownEpoch,
    groups: state.groups.map(({ actual, desired, order: number, stranded, cause }) => ({
      state: actual,
      desired,
      order: number,
      stranded,
      ...(cause === "failover" && desired !== null ? { failover: true } : {}),
    })),
  };
}

/** Earliest own deadline, ms; Infinity = none. */
export function nextDeadlineMs(state: FailoverState): number {
  return Math.min(requestEndMs(state), state.offAtMs ?? Number.POSITIVE_INFINITY);
}

function take(state: FailoverState, event: AgentEvent, config: ClusterConfig): Result {
  switch (event.kind) {
    case "facts.received": {
      const { facts } = event;
      const known = keepKnowledge(state, facts);
      if (!state.restored) return { state: known, effects: [] };
      const recover = recoverEffects(known, facts, config);
      const served = follow(serve(known, config, event.atMs));
      return { ...served, effects: [...recover, ...served.effects] };
    }
    case "restored": {
      // An earlier agent may have died before it kept that this server is outside.
      const { facts } = state;
      const outside = facts !== null && facts.view === null && facts.server !== "observing";
      const effects: AgentEffect[] = outside ? [{ kind: "table.persist" }] : [];
      return { state: restore(state, event, config), effects };
    }
    case "wish.set":
      // The record of this boot takes its time to be saved; an order of an operator given since is newer.
      return { state: isOrdered(state.wish) ? state : { ...state, wish: event.wish }, effects: [] };
    case "effect.completed": {
      const kept = viewKept(state, event.id);
      if (kept !== null) return { state: kept, effects: [] };
      return state.marked === "writing" && !isGroupEffect(state, event.id)
        ? { state: { ...state, marked: "written" }, effects: [] }
        : effectEnded(state, event.id, null, config, event.atMs);
    }
    case "effect.failed":
      if (state.hold?.id === event.id) return { state, effects: [] };
      return state.marked === "writing" && !isGroupEffect(state, event.id)
        ? { state: { ...state, marked: "written" }, effects: [uncleanEnd(event.error)] }
        : effectEnded(state, event.id, event.error, config, event.atMs);
    case "program.exited":
      return programEnded(state, event.group, event.resource, event.status, config, event.atMs);
    case "group.failed":
      return groupFails(state, event.group);
    case "operator.command":
      return command(state, event, config);
    case "tick":
      return expireRequest(state, event.atMs);
  }
}

/** Only an operator, or the agent before, has brought this server on its way in or out. */
const isOrdered = (wish: Wish | null): boolean =>
  wish?.kind === "return" || wish?.kind === "found" || wish?.kind === "leave";

/** The shutdown goes on without the mark: the next start is that of a server that failed. */
const uncleanEnd = (reason: string): AgentEffect => ({
  kind: "note",
  key: "shutdown.unclean",
  data: { reason },
});

const isGroupEffect = (state: FailoverState, id: number): boolean =>
  state.groups.some((group) => group.pendingId === id);

function restore(
  state: FailoverState,
  event: Extract<AgentEvent, { kind: "restored" }>,
  config: ClusterConfig,
): FailoverState {
  const groups = state.groups.map((group, index): GroupRun => {
    const said = event.words?.groups[index];
    const runs = event.running[index] ?? false;
    // Whatever is not wholly running may be half up: an address without its program is an owner, too.
    const desired = said?.desired ?? (runs ? state.self : null);
    const order = said?.order ?? group.order;
    const stranded = desired === null && said?.stranded === true;
    const cause = said?.failover === true ? ("failover" as const) : group.cause;
    const kept = { ...group, desired, order, stranded, cause, causeAtMs: event.atMs };
    if (event.first) return kept;
    const upCount = config.groups[index]?.resources.length ?? 0;
    return { ...kept, actual: runs ? "running" : "stopping", upCount, cleaning: !runs };
  });
  const tableKnown = event.words !== null && isTable(event.words);
  const shutdown = event.words?.shutdown ?? 0;
  const marked = event.words?.marked === true ? "written" : "no";
  const afterLeave = event.words?.offAfterLeave === true ? "off" : "detached";
  const ownEpoch = Math.max(state.ownEpoch, event.epoch ?? 0);
  return { ...state, groups, restored: true, tableKnown, shutdown, marked, afterLeave, ownEpoch };
}

/** Keeps the wish in step with what the pulse has made of it. */
function follow(result: Result): Result {
  const { state } = result;
  const { facts } = state;
  if (facts === null) return result;
  const { wish } = state;
  const leaves = wish?.kind === "leave" && !facts.sole;
  if (facts.server === "member" && facts.view !== null && !leaves) {
    if (wish?.kind === "stop") return result;
    const resume = {
      kind: "resume" as const,
      view: facts.view,
      ackedStampMs: facts.ackedMs,
      remembered: true,
      provisional: facts.provisional === true,
    };
    const { afterLeave } = wish?.kind === "leave" ? { afterLeave: "detached" as const } : state;
    return { ...result, state: { ...state, wish: resume, afterLeave } };
  }
  const founds = wish?.kind === "found" && !facts.peers.some(({ live }) => live === true);
  if (facts.server === "detached" && wish?.kind !== "return" && !founds) {
    return { ...result, state: { ...state, wish: { kind: "detached", floor: facts.floor } } };
  }
  return result;
}

/** The will names every group that may run here, before its first start effect (architecture 2). */
function coverWill(state: FailoverState): Result {
  if (!state.restored || state.facts === null || state.facts.gaveUp !== null) {
    return { state, effects: [] };
  }
  const covers = state.groups.map((group, index) => {
    const busy = group.upCount > 0 || group.pendingId !== null;
    return busy || isWanted(state, index);
  });
  const same = covers.every((cover, index) => cover === state.willCovers?.[index]);
  if (same && state.willCovers !== null) return { state, effects: [] };
  const revision = state.willRevision + 1;
  return {
    state: { ...state, willRevision: revision, willCovers: covers },
    effects: [{ kind: "will.deposit", revision, covers }],
  };
}

/** `ownWords` of both are the same; most events leave all that they are drawn from as it was. */
function saysTheSame(a: FailoverState, b: FailoverState): boolean {
  const isUntouched =
    a.groups === b.groups &&
    a.request === b.request &&
    a.reply === b.reply &&
    a.shutdown === b.shutdown &&
    a.marked === b.marked &&
    a.afterLeave === b.afterLeave &&
    a.ownEpoch === b.ownEpoch;
  return isUntouched || JSON.stringify(ownWords(a)) === JSON.stringify(ownWords(b));
}

function sameTable(a: FailoverState, b: FailoverState): boolean {
  return a.groups.every((group, index) => {
    const other = b.groups[index];
    return group.order === other?.order && group.desired === other.desired;
  });
}

/** `words.changed` and `table.persist` say the same thing however often they come. */
function isFirstOfKind(effect: AgentEffect, index: number, all: readonly AgentEffect[]): boolean {
  if (effect.kind !== "words.changed" && effect.kind !== "table.persist") return true;
  return all.findIndex(({ kind }) => kind === effect.kind) === index;
}
