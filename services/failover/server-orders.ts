/**
 * Orders to one server itself: detach, return, shut down, force-return, start-now, force-stop, and the
 * statement that the other server is off. Intuition: each is refused where it would take away the last
 * server that carries the groups, or begin a second cluster beside a living one.
 * Source: requirements R185-R191, R203-R209; D15-D19, D25; protocol.md 1.7, 1.8, V4, 2.5.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Facts } from "../facts.ts";
import { wordsOfPeer } from "./orders.ts";
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
  name: string,
  atMs: number,
): Ordered | null {
  if (verb === "cluster.start-now") return startNow(state, atMs);
  if (verb === "server.confirm-off" && target !== null) return confirmOff(state, target, name);
  return isServerVerb(verb) && target === state.self ? serverOrder(state, verb) : null;
}

/** An order to this server itself. */
export function serverOrder(state: FailoverState, verb: ServerVerb): Ordered {
  const { facts } = state;
  if (facts === null) return refused(state, "view-changing");
  switch (verb) {
    case "server.return":
      return takeBack(state, facts);
    case "server.force-return":
    case "server.force-return-loss":
      return forceReturn(state, facts, verb === "server.force-return-loss");
    case "server.force-stop":
      return forceStop(state, facts);
    case "server.detach":
    case "server.shutdown":
      return leave(state, facts, verb === "server.shutdown" ? "off" : "detached");
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

/** An operator has looked: the other server is off. Void as soon as anything of it is heard. */
function confirmOff(state: FailoverState, target: ServerIndex, name: string): Ordered {
  const { facts } = state;
  if (facts === null) return refused(state, "view-changing");
  if (target === state.self || isHeard(facts)) return refused(state, "still-heard");
  const note: AgentEffect = { kind: "note", key: "server.confirmed-off", data: { server: name } };
  return { state: { ...state, peerOff: true }, code: "accepted", effects: [note] };
}

/** What the facts say about an operator's statement and about the newest epoch this server was in. */
export function keepKnowledge(state: FailoverState, facts: Facts): FailoverState {
  const ownEpoch = Math.max(state.ownEpoch, facts.view?.epoch.counter ?? 0);
  const peerOff = state.peerOff && !isHeard(facts);
  return { ...state, ownEpoch, peerOff };
}

function takeBack(state: FailoverState, facts: Facts): Ordered {
  if (facts.server !== "detached") return refused(state, "not-detached");
  if (facts.gaveUp !== null) return refused(state, "shutting-down");
  const { state: theirs } = facts.peer;
  if (theirs === null || theirs === "detached") return refused(state, "all-down");
  if (theirs !== "member") return refused(state, "no-live-member");
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
  if (facts.peer.live === true) return refused(state, "live-member-heard");
  const theirs = wordsOfPeer(facts)?.epoch ?? 0;
  if (theirs > state.ownEpoch && !acceptsLoss) return refused(state, "later-epoch");
  const groups = state.groups.map(stoppedForGood);
  const data = { own: state.ownEpoch, theirs, heard: isHeard(facts) };
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
function forceStop(state: FailoverState, facts: Facts): Ordered {
  if (facts.gaveUp !== null) return refused(state, "shutting-down");
  const outside = facts.view === null;
  const isCarried = !facts.sole && facts.peer.state === "member" && facts.peer.sameView;
  if (!outside && !isCarried) return refused(state, "only-server");
  return { state, code: "accepted", effects: [{ kind: "force-off" }] };
}

function leave(state: FailoverState, facts: Facts, afterLeave: "off" | "detached"): Ordered {
  if (afterLeave === "off" && facts.server === "detached") {
    return { state: { ...state, afterLeave }, code: "accepted", effects: [] };
  }
  if (facts.server !== "member") return refused(state, "not-member");
  if (facts.sole) return refused(state, "only-server");
  return {
    state: { ...state, wish: { kind: "leave" }, afterLeave },
    code: "accepted",
    effects: [],
  };
}

const isHeard = (facts: Facts): boolean => facts.peer.heard === true || facts.peer.state !== null;

const refused = (state: FailoverState, code: ReplyCode): Ordered => ({ state, code, effects: [] });
