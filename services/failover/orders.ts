/**
 * The coordinator's order table: where each group is to run. One server of the view writes it, all
 * others copy it from its beats; a new coordinator goes on from its copy.
 * Source: protocol.md 1.4.6-1.4.7; requirements R52-R56, R141-R142, R180, R188-R190, D27-D28.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig, GroupConfig } from "../configuration/model.ts";
import type { Facts } from "../facts.ts";
import { coordinatorOf, isMany, peerAt, type Told, toldBy, wordsInView } from "./hear.ts";
import { place } from "./plan.ts";
import type { AgentEffect, FailoverState, GroupRun } from "./state.ts";
import type { GroupWords, ReplyCode, RequestVerb, Words } from "./words.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

const ORDER_WRAP = 0x10000;

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
    const shown = peerAt(facts, index)?.state ?? null;
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
  const coordinator = coordinatorOf(facts);
  const words = coordinator === null ? null : wordsInView(coordinator);
  if (words === null || facts.view === null) return { state, effects: [] };
  const told = toldBy(facts);
  const fits = words.groups.length === state.groups.length;
  if (!fits) return { state, effects: [] };
  // Two beats of one millisecond may change places: what came before the first placement undoes none.
  const undoes = state.tableKnown && !isTable(words);
  const sameEpochAsKept =
    state.tableEpoch !== null && sameEpoch(state.tableEpoch, facts.view.epoch);
  const groups = state.groups.map((group, index) => {
    const said = words.groups[index];
    if (said === undefined || undoes) return group;
    // A coordinator that has lost its memory begins with small numbers; it takes the newer row from here.
    if (sameEpochAsKept && isNewer(group.order, said.order)) return group;
    if (said.order === group.order && said.desired === group.desired) {
      return noticeRun(group, index, told);
    }
    const taken = takeOver(group, index, said, told, atMs);
    // Shown as failed under its new order it would count as a second failure before the new try.
    const retries = isMany(facts) && said.desired === state.self && group.actual === "failed";
    return retries ? { ...taken, actual: "stopped" as const } : taken;
  });
  // Whoever shows the commitment has heard it from the coordinator, who may have gone since (G7).
  const shutdown = told.reduce(
    (phase, { words: said }) => ((said?.shutdown ?? 0) > phase ? (said?.shutdown ?? 0) : phase),
    state.shutdown,
  );
  // The epoch is kept as well: both processes may die, and an older view must not be resumed.
  const newEpoch = state.tableEpoch === null || !sameEpoch(state.tableEpoch, facts.view.epoch);
  const changed = newEpoch || groups.some((group, index) => group !== state.groups[index]);
  const tableKnown = state.tableKnown || isTable(words);
  const isSame = !changed && shutdown === state.shutdown && tableKnown === state.tableKnown;
  if (isSame) return { state, effects: [] };
  const { epoch, members } = facts.view;
  const known = { tableKnown, tableEpoch: epoch, tableMembers: members };
  const next = { ...state, groups, shutdown, ...known };
  return { state: next, effects: changed ? [{ kind: "table.persist" }] : [] };
}

/** The row as the table of another server says it. */
function takeOver(
  group: GroupRun,
  index: number,
  said: GroupWords,
  told: readonly Told[],
  atMs: number,
): GroupRun {
  const failedThere = told.some(({ words }) => words?.groups[index]?.state === "failed");
  return {
    ...group,
    desired: said.desired,
    order: said.order,
    stranded: said.stranded === true,
    cause: said.failover === true ? ("failover" as const) : ("move" as const),
    causeAtMs: atMs,
    // From standstill, or handed on by a server that could not bring it up from standstill either.
    cold: group.desired === null || (group.cold && failedThere),
  };
}

/** Keeps the newest order that named another server; a table that begins anew forgets the old one's. */
export function noteElsewhere(before: FailoverState, after: FailoverState): FailoverState {
  let isChanged = false;
  const groups = after.groups.map((group, index) => {
    const { order, desired } = before.groups[index] ?? group;
    if (group.order === order && group.desired === desired) return group;
    const isOther = group.desired !== null && group.desired !== after.self;
    const kept = isNewer(group.order, order) ? group.elsewhere : null;
    const elsewhere = isOther ? group.order : kept;
    isChanged ||= elsewhere !== group.elsewhere;
    return elsewhere === group.elsewhere ? group : { ...group, elsewhere };
  });
  return isChanged ? { ...after, groups } : after;
}

/** Half of the numbers are newer than a given one. */
export const isNewer = (order: number, than: number): boolean => {
  const ahead = (order - than + ORDER_WRAP) % ORDER_WRAP;
  return ahead > 0 && ahead < ORDER_WRAP / 2;
};

/**
 * A new coordinator of three or more may have missed the last orders of the one before, and a new agent that
 * goes on from its record has forgotten its own: it takes each row from whoever has the newest, among those
 * that were in the view in which its own table was kept.
 */
function newestTable(
  state: FailoverState,
  told: readonly Told[],
  atMs: number,
): { readonly groups: readonly GroupRun[]; readonly isKnown: boolean } {
  const { tableKnown, tableMembers } = state;
  const tables = told.flatMap(({ index, words }) => {
    const counts = !tableKnown || tableMembers === null || tableMembers.includes(index);
    return counts && words !== null && isTable(words) ? [words] : [];
  });
  const groups = state.groups.map((group, index) => {
    let best: GroupWords | null = null;
    for (const { groups: rows } of tables) {
      const row = rows[index];
      if (row === undefined) continue;
      const isFirst = best === null && !tableKnown;
      if (isFirst || isNewer(row.order, best?.order ?? group.order)) best = row;
    }
    return best === null ? group : takeOver(group, index, best, told, atMs);
  });
  return { groups, isKnown: tableKnown || tables.length > 0 };
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
  const told = toldBy(facts);
  if (newEpoch && told.some(({ words }) => words === null)) return { state, effects: [] };
  const effects: AgentEffect[] = [];
  const free = candidates(state);
  const isNewAgent = state.tableEpoch === null && state.tableKnown;
  const known =
    newEpoch && (isMany(facts) || isNewAgent)
      ? newestTable(state, told, atMs)
      : { groups: state.groups, isKnown: state.tableKnown };
  const groups = known.groups.map((group, index) => {
    const spec = config.groups[index];
    if (spec === undefined) return group;
    const seen = noticeRun(group, index, told);
    const failed = rememberFailure(seen, index, state.self, told, isMany(facts));
    if (!known.isKnown) return coldPlace(failed, spec, free, atMs, config, effects);
    return rePlace(failed, spec, free, newEpoch, state.shutdown > 0, atMs, config, effects);
  });
  const changed = groups.some((group, index) => group.order !== state.groups[index]?.order);
  if (changed || newEpoch) effects.push({ kind: "table.persist" });
  const isSame = state.tableKnown && groups.every((group, index) => group === state.groups[index]);
  if (!newEpoch && isSame) return { state, effects };
  const { epoch: tableEpoch, members: tableMembers } = view;
  return { state: { ...state, groups, tableKnown: true, tableEpoch, tableMembers }, effects };
}

/**
 * Cluster start: every auto group on its best server (R141, R180), one whose servers are all missing when the
 * first of them comes (R54); manual ones wait (R142).
 */
function coldPlace(
  group: GroupRun,
  spec: GroupConfig,
  free: readonly ServerIndex[],
  atMs: number,
  config: ClusterConfig,
  effects: AgentEffect[],
): GroupRun {
  if (group.desired !== null || spec.startAttribute !== "auto") return group;
  const desired = place(spec, free, []);
  if (desired !== null) return ordered(group, desired, "start", atMs);
  effects.push(missing(spec, spec.policy[0], config));
  return awaitServer(group, "start", atMs);
}

/** Nobody's, until a server of its policy is there. */
function awaitServer(group: GroupRun, cause: GroupRun["cause"], atMs: number): GroupRun {
  return { ...ordered(group, null, cause, atMs), stranded: true };
}

/** Nobody can run the group; of a parallel one the instance of that server is missing. */
function missing(
  { name, parallelOf }: GroupConfig,
  server: ServerIndex | undefined,
  config: ClusterConfig,
): AgentEffect {
  const from = config.servers[server ?? -1]?.name ?? "";
  const key = parallelOf === undefined ? "group.no-server" : "group.degraded";
  return { kind: "note", key, data: { group: parallelOf ?? name, from } };
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
    // What has not run yet, and an instance of a parallel group, takes nothing over: it starts.
    const isStart = spec.parallelOf !== undefined || group.cause === "start";
    const cause = isStart ? "start" : "failover";
    return again === null ? group : ordered(group, again, cause, atMs);
  }
  if (shuttingDown) return ordered(group, null, "move", atMs);
  const fits = free.includes(group.desired) && !group.failedOn.includes(group.desired);
  if (fits) return group;
  const desired = place(spec, free, group.failedOn);
  const from = config.servers[group.desired]?.name ?? "";
  if (desired === null) {
    effects.push(missing(spec, group.desired, config));
    return awaitServer(group, "failover", atMs);
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
function noticeRun(group: GroupRun, index: number, told: readonly Told[]): GroupRun {
  const runs = told.some(({ words }) => {
    const said = words?.groups[index];
    return said?.state === "running" && said.order === group.order;
  });
  return runs && group.cold ? { ...group, cold: false } : group;
}

/** Of three or more, only the server that an order names can have failed under it. */
function rememberFailure(
  group: GroupRun,
  index: number,
  self: ServerIndex,
  told: readonly Told[],
  many: boolean,
): GroupRun {
  const failed: ServerIndex[] = [];
  if (group.failedOrder === group.order && group.actual === "failed") failed.push(self);
  for (const { index: server, words } of told) {
    const said = words?.groups[index];
    const isIts = !many || group.desired === server;
    if (isIts && said?.state === "failed" && said.order === group.order) failed.push(server);
  }
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
    return { state, code: config.method === "majority" ? "no-majority-yet" : "provisional" };
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
      if (to !== null) return ordered(clean, to, "start", atMs);
      return spec.parallelOf === undefined ? "no-other-server" : awaitServer(clean, "start", atMs);
    }
    case "group.stop":
      // One that waits for a server is stopped by order, too: else it would start when that one is back.
      if (group.desired === null && !group.stranded) return "already-stopped";
      return ordered(clean, null, "move", atMs);
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
