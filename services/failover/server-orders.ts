/**
 * Orders to one server itself: detach, return, shut down, force-return, start-now, force-stop, and the
 * statement that another server is off. Intuition: each is refused where it would take away the last
 * server that carries the groups, or begin a second cluster beside a living one.
 * Source: requirements R185-R191, R203-R209; D15-D19, D25; protocol.md 1.7, 1.8, V4, 2.5.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { Facts } from "../facts.ts";
import { mayLeave } from "../membership/majority/votes.ts";
import { isHeard, peerAt, wordsHeard } from "./hear.ts";
import type { AgentEffect, FailoverState, GroupRun } from "./state.ts";
import type { ReplyCode, RequestVerb } from "./words.ts";

export interface Ordered {
  readonly state: FailoverState;
  readonly code: ReplyCode;
  readonly effects: readonly AgentEffect[];
}

type ServerVerb = Exclude<Extract<RequestVerb, `server.${string}`>, "server.confirm-off">;

/** The verb names a server, which then obeys it itself. */
export const isServerVerb = (verb: RequestVerb): verb is ServerVerb =>
  verb.startsWith("server.") && verb !== "server.confirm-off";

/** What the asked server does by itself: orders to it, and what only it can know. null = not such a one. */
export function orderHere(
  state: FailoverState,
  verb: RequestVerb,
  target: ServerIndex | null,
  config: ClusterConfig,
  atMs: number,
): Ordered | null {
  if (verb === "cluster.start-now") return startNow(state, atMs);
  if (verb === "server.confirm-off" && target !== null) {
    // A majority is made of servers that are there; a person's word about one makes none.
    if (config.method === "majority") return refused(state, "majority-counts");
    return confirmOff(state, target, config.servers[target]?.name ?? "");
  }
  return isServerVerb(verb) && target === state.self ? serverOrder(state, verb, config) : null;
}

/** An order to this server itself. */
export function serverOrder(
  state: FailoverState,
  verb: ServerVerb,
  config: ClusterConfig,
): Ordered {
  const { facts } = state;
  if (facts === null) return refused(state, "view-changing");
  switch (verb) {
    case "server.return":
      return takeBack(state, facts);
    case "server.force-return":
    case "server.force-return-loss":
      return forceReturn(state, facts, verb === "server.force-return-loss");
    case "server.force-stop":
      return forceStop(state, facts, config);
    case "server.detach":
    case "server.shutdown":
      return leave(state, facts, verb === "server.shutdown" ? "off" : "detached", config);
  }
}

/** Ends the start sync wait: from now on this server judges alone by the method's rule (1.7). */
function startNow(state: FailoverState, atMs: number): Ordered {
  const { facts, wish } = state;
  const waits = facts?.server === "starting" && (facts.waitUntilMs ?? 0) > atMs;
  if (wish?.kind !== "start" || !waits) return refused(state, "not-waiting");
  const effects: AgentEffect[] = [{ kind: "note", key: "start.wait-cancelled", data: {} }];
  const next = { ...state, wish: { ...wish, waitUntilMs: Math.floor(atMs) } };
  return { state: next, code: "accepted", effects };
}

/** An operator has looked: that server is off. Void as soon as anything of it is heard. */
function confirmOff(state: FailoverState, target: ServerIndex, name: string): Ordered {
  const { facts } = state;
  if (facts === null) return refused(state, "view-changing");
  const peer = peerAt(facts, target);
  if (peer === null || isHeard(peer)) return refused(state, "still-heard");
  const note: AgentEffect = { kind: "note", key: "server.confirmed-off", data: { server: name } };
  const confirmedOff = [...new Set([...state.confirmedOff, target])];
  return { state: { ...state, confirmedOff }, code: "accepted", effects: [note] };
}

/** New facts, and what they say about operators' statements, the newest epoch of this server, and promises. */
export function keepKnowledge(state: FailoverState, facts: Facts): FailoverState {
  const ownEpoch = Math.max(state.ownEpoch, facts.view?.epoch.counter ?? 0);
  const confirmedOff = state.confirmedOff.filter((index) => {
    const peer = peerAt(facts, index);
    return peer !== null && !isHeard(peer);
  });
  // A pulse that has not yet been told who it is has promised nothing and asks for what it had.
  const holds = facts.server === "observing" ? state.holds : facts.promise;
  // The first facts of an agent say which will the pulse still has from the one before.
  const willRevision = state.facts === null ? facts.willRevision : state.willRevision;
  return { ...state, facts, willRevision, ownEpoch, confirmedOff, holds };
}

function takeBack(state: FailoverState, facts: Facts): Ordered {
  if (facts.server !== "detached") return refused(state, "not-detached");
  if (facts.gaveUp !== null) return refused(state, "shutting-down");
  const isDown = facts.peers.every(({ state: shown }) => shown === null || shown === "detached");
  if (isDown) return refused(state, "all-down");
  const isAnyIn = facts.peers.some(({ state: shown }) => shown === "member");
  if (!isAnyIn) return refused(state, "no-live-member");
  const wish = { kind: "return" as const, floor: facts.floor };
  return { state: { ...state, wish }, code: "accepted", effects: [] };
}

/**
 * This server becomes the base of the cluster's information. What it knows of the groups is that nobody
 * wants them anywhere: nothing starts before an operator says so (D25).
 */
function forceReturn(state: FailoverState, facts: Facts, acceptsLoss: boolean): Ordered {
  if (facts.server !== "detached") return refused(state, "not-detached");
  if (facts.gaveUp !== null) return refused(state, "shutting-down");
  if (facts.peers.some(({ live }) => live === true)) return refused(state, "live-member-heard");
  const theirs = Math.max(...facts.peers.map((peer) => wordsHeard(peer)?.epoch ?? 0));
  if (theirs > state.ownEpoch && !acceptsLoss) return refused(state, "later-epoch");
  const groups = state.groups.map(stoppedForGood);
  const heard = facts.peers.some(isHeard) ? "others-heard" : "nobody-heard";
  const data = { own: state.ownEpoch, theirs, heard };
  const next: FailoverState = {
    ...state,
    groups,
    tableKnown: true,
    wish: { kind: "found", floor: facts.floor },
  };
  const note: AgentEffect = { kind: "note", key: "force-return.ordered", data };
  return { state: next, code: "accepted", effects: [note] };
}

/** A row that says "ordered to be stopped", as an operator's stop leaves it. */
function stoppedForGood(group: GroupRun): GroupRun {
  const order = (group.order + 1) % 0x10000 || 1;
  return { ...group, desired: null, order, stranded: false, failedOn: [], cause: "move" };
}

/** The will and off, without the courtesy of a leave: for a server whose programs hang. */
function forceStop(state: FailoverState, facts: Facts, config: ClusterConfig): Ordered {
  if (facts.gaveUp !== null) return refused(state, "shutting-down");
  const outside = facts.view === null;
  const isCarried =
    !facts.sole && facts.peers.some(({ state: shown, sameView }) => shown === "member" && sameView);
  if (!outside && !isCarried) return refused(state, "only-server");
  if (!outside && !leavesMajority(state, facts, config)) return refused(state, "below-majority");
  return { state, code: "accepted", effects: [{ kind: "force-off" }] };
}

function leave(
  state: FailoverState,
  facts: Facts,
  afterLeave: "off" | "detached",
  config: ClusterConfig,
): Ordered {
  if (afterLeave === "off" && facts.server === "detached") {
    return { state: { ...state, afterLeave }, code: "accepted", effects: [] };
  }
  if (facts.server !== "member") return refused(state, "not-member");
  if (facts.sole) return refused(state, "only-server");
  if (!leavesMajority(state, facts, config)) return refused(state, "below-majority");
  return {
    state: { ...state, wish: { kind: "leave" }, afterLeave },
    code: "accepted",
    effects: [],
  };
}

/** Where a majority decides, the others must be one: those that are heard and not leaving themselves (D15). */
function leavesMajority({ self }: FailoverState, facts: Facts, config: ClusterConfig): boolean {
  const { view } = facts;
  if (config.method !== "majority" || view === null) return true;
  const members = view.members.filter(
    (index) => index === self || peerAt(facts, index)?.state === "member",
  );
  return mayLeave({ ...view, members }, self, config.servers.length);
}

const refused = (state: FailoverState, code: ReplyCode): Ordered => ({ state, code, effects: [] });
