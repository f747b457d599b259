/**
 * The coordinator's order table: where each group is to run. One server of the view writes it, all
 * others copy it from its beats; a new coordinator goes on from its copy.
 * Source: protocol.md 1.4.6-1.4.7; requirements R52-R56, R141-R142, R180, R188-R190, D27-D28.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig, GroupConfig } from "../configuration/model.ts";
import type { Facts } from "../facts.ts";
import { place } from "./plan.ts";
import type { AgentEffect, FailoverState, GroupRun } from "./state.ts";
import {
  decodeWords,
  type GroupWords,
  type ReplyCode,
  type RequestVerb,
  type Words,
} from "./words.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

const ORDER_WRAP = 0x10000;

/** Group words are counted by the text that their speaker runs by: by another one they say nothing here. */
export function peerWords(facts: Facts): Words | null {
  return facts.peer.sameView && !facts.peer.configDiffers ? decodeWords(facts.peer.blob) : null;
}

/** Words of the peer whatever view it shows: requests also come from and go to detached servers. */
export function wordsOfPeer(facts: Facts): Words | null {
  if (facts.peer.state === null) return null;
  return peerWords({ ...facts, peer: { ...facts.peer, sameView: true } });
}

/** Some order was ever given in it; a coordinator's words before its first placement are no table. */
export const isTable = (words: Words): boolean =>
  words.groups.some((group) => group.order > 0 || group.desired !== null);

export const isCoordinator = (state: FailoverState): boolean =>
  state.facts?.view?.epoch.coordinator === state.self && state.facts.view !== null;

/**
 * Members that may be given a group now: not leaving. A silent one is a member until the verdict; a pulse
 * that has just restarted has heard nobody yet, and that must not move a group that runs.
 */
export function candidates(state: FailoverState): readonly ServerIndex[] {
  const { facts } = state;
  if (facts?.view == null) return [];
  return facts.view.members.filter((index) => {
    if (index === state.self) return facts.server === "member" && state.wish?.kind !== "leave";
    const { state: shown } = facts.peer;
    return shown === null || shown === "member" || shown === "starting";
  });
}

/** Brings the table up to date: copies it, or as coordinator re-places what lost its server. */
export function keepTable(state: FailoverState, config: ClusterConfig, atMs: number): Result {
  const { facts } = state;
  if (facts?.view == null) return { state, effects: [] };
  return isCoordinator(state)
    ? writeTable(state, facts, config, atMs)
    : copyTable(state, facts, atMs);
}

function copyTable(state: FailoverState, facts: Facts, atMs: number): Result {
  const words = peerWords(facts);
  if (words === null || facts.view === null) return { state, effects: [] };
  const fits = words.groups.length === state.groups.length;
  if (!fits) return { state, effects: [] };
  // Two beats of one millisecond may change places: what came before the first placement undoes none.
  const undoes = state.tableKnown && !isTable(words);
  const groups = state.groups.map((group, index) => {
    const said = words.groups[index];
    if (said === undefined || undoes) return group;
    if (said.order === group.order && said.desired === group.desired) {
      return noticeRun(group, said);
    }
    return {
      ...group,
      desired: said.desired,
      order: said.order,
      stranded: said.stranded === true,
      cause: said.failover === true ? ("failover" as const) : ("move" as const),
      causeAtMs: atMs,
      // From standstill, or handed on by a server that could not bring it up from standstill either.
      cold: group.desired === null || (group.cold && said.state === "failed"),
    };
  });
  const shutdown = words.shutdown > state.shutdown ? words.shutdown : state.shutdown;
  // The epoch is kept as well: both processes may die, and an older view must not be resumed.
  const newEpoch = state.tableEpoch === null || !sameEpoch(state.tableEpoch, facts.view.epoch);
  const changed = newEpoch || groups.some((group, index) => group !== state.groups[index]);
  const tableKnown = state.tableKnown || isTable(words);
  const next = { ...state, groups, shutdown, tableKnown, tableEpoch: facts.view.epoch };
  return { state: next, effects: changed ? [{ kind: "table.persist" }] : [] };
}

function writeTable(
  state: FailoverState,
  facts: Facts,
  config: ClusterConfig,
  atMs: number,
): Result {
  const { view } = facts;
  if (view === null) return { state, effects: [] };
  const newEpoch = state.tableEpoch === null || !sameEpoch(state.tableEpoch, view.epoch);
  const words = peerWords(facts);
  const inView = view.members.includes(facts.peer.index);
  if (newEpoch && inView && words === null) return { state, effects: [] };
  const effects: AgentEffect[] = [];
  const free = candidates(state);
  const groups = state.groups.map((group, index) => {
    const spec = config.groups[index];
    if (spec === undefined) return group;
    const seen = noticeRun(group, words?.groups[index]);
    const failed = rememberFailure(seen, index, state.self, facts.peer.index, words);
    if (!state.tableKnown) return coldPlace(failed, spec, free, atMs);
    return rePlace(failed, spec, free, newEpoch, state.shutdown > 0, atMs, config, effects);
  });
  const changed = groups.some((group, index) => group.order !== state.groups[index]?.order);
  if (changed || newEpoch) effects.push({ kind: "table.persist" });
  return { state: { ...state, groups, tableKnown: true, tableEpoch: view.epoch }, effects };
}

/** Cluster start: every auto group on its best server (R141, R180); manual ones wait (R142). */
function coldPlace(
  group: GroupRun,
  spec: GroupConfig,
  free: readonly ServerIndex[],
  atMs: number,
): GroupRun {
  if (group.desired !== null) return group;
  const desired = spec.startAttribute === "auto" ? place(spec, free, []) : null;
  return desired === null ? group : ordered(group, desired, "start", atMs);
}

/** A group whose server is gone, leaving or unable moves to the next in its policy (R52-R54). */
function rePlace(
  group: GroupRun,
  spec: GroupConfig,
  free: readonly ServerIndex[],
  newEpoch: boolean,
  shuttingDown: boolean,
  atMs: number,
  config: ClusterConfig,
  effects: AgentEffect[],
): GroupRun {
  if (group.desired === null) {
    const again = group.stranded && !shuttingDown ? place(spec, free, group.failedOn) : null;
    return again === null ? group : ordered(group, again, "failover", atMs);
  }
  if (shuttingDown) return ordered(group, null, "move", atMs);
  const fits = free.includes(group.desired) && !group.failedOn.includes(group.desired);
  if (fits) return group;
  const desired = place(spec, free, group.failedOn);
  const from = config.servers[group.desired]?.name ?? "";
  if (desired === null) {
    effects.push({ kind: "note", key: "group.no-server", data: { group: spec.name, from } });
    return { ...ordered(group, null, "failover", atMs), stranded: true };
  }
  const to = config.servers[desired]?.name ?? "";
  const reason = newEpoch ? "server" : "group";
  const data = { group: spec.name, from, to, reason };
  effects.push({ kind: "note", key: "failover.started", data });
  // It failed before it ever ran: the next server has the time that the first one had.
  const cold = group.cold && group.failedOn.includes(group.desired);
  return { ...ordered(group, desired, "failover", atMs), cold };
}

/** Once it runs anywhere under its order, whatever follows is a takeover and no cold start. */
function noticeRun(group: GroupRun, said: GroupWords | undefined): GroupRun {
  const runs = said?.state === "running" && said.order === group.order;
  return runs && group.cold ? { ...group, cold: false } : group;
}

function rememberFailure(
  group: GroupRun,
  index: number,
  self: ServerIndex,
  peer: ServerIndex,
  words: Words | null,
): GroupRun {
  const failed: ServerIndex[] = [];
  if (group.failedOrder === group.order && group.actual === "failed") failed.push(self);
  const said = words?.groups[index];
  if (said?.state === "failed" && said.order === group.order) failed.push(peer);
  const fresh = failed.filter((server) => !group.failedOn.includes(server));
  return fresh.length === 0 ? group : { ...group, failedOn: [...group.failedOn, ...fresh] };
}

export function ordered(
  group: GroupRun,
  desired: ServerIndex | null,
  cause: GroupRun["cause"],
  atMs: number,
): GroupRun {
  const order = (group.order + 1) % ORDER_WRAP;
  const cold = cause === "start";
  return { ...group, desired, order, cause, causeAtMs: atMs, cold, stranded: false };
}

/** An operator's order at the coordinator: the changed state, or the refusal. */
export function order(
  state: FailoverState,
  verb: RequestVerb,
  groupIndex: number,
  target: ServerIndex | null,
  config: ClusterConfig,
  atMs: number,
): { readonly state: FailoverState; readonly code: ReplyCode } {
  if (state.shutdown > 0) return { state, code: "shutting-down" };
  if (verb === "cluster.shutdown") return { state: { ...state, shutdown: 1 }, code: "accepted" };
  if (verb === "group.start" && state.facts?.provisional === true) {
    return { state, code: "provisional" };
  }
  const group = state.groups[groupIndex];
  const spec = config.groups[groupIndex];
  if (group === undefined || spec === undefined) return { state, code: "group-busy" };
  const free = candidates(state);
  const settled = settle(verb, group, spec, target, free, atMs);
  if (typeof settled === "string") return { state, code: settled };
  const groups = state.groups.map((old, index) => (index === groupIndex ? settled : old));
  return { state: { ...state, groups }, code: "accepted" };
}

function settle(
  verb: RequestVerb,
  group: GroupRun,
  spec: GroupConfig,
  target: ServerIndex | null,
  free: readonly ServerIndex[],
  atMs: number,
): GroupRun | ReplyCode {
  const clean = { ...group, failedOn: [] };
  if (target !== null && !spec.policy.includes(target)) return "target-not-in-policy";
  if (target !== null && !free.includes(target)) return "target-not-member";
  switch (verb) {
    case "group.start": {
      if (group.desired !== null) return "already-running";
      const to = target ?? place(spec, free, []);
      return to === null ? "no-other-server" : ordered(clean, to, "start", atMs);
    }
    case "group.stop":
      return group.desired === null ? "already-stopped" : ordered(clean, null, "move", atMs);
    case "group.move": {
      if (group.desired === null) return "not-running";
      const to = target ?? place(spec, free, [group.desired]);
      if (to === null) return "no-other-server";
      return to === group.desired ? "same-server" : ordered(clean, to, "move", atMs);
    }
    case "group.failover": {
      if (group.desired === null) return "not-running";
      // Not back to where it came from: a fault of both servers must not send it round for ever.
      const failedOn = [...new Set([...group.failedOn, group.desired])];
      const to = target ?? place(spec, free, failedOn);
      if (to === null || failedOn.includes(to)) return "no-other-server";
      return ordered({ ...group, failedOn }, to, "failover", atMs);
    }
    default:
      return "group-busy";
  }
}
