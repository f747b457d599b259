/**
 * Orders of operators on their way between servers: asked in the own words, carried out once by the server
 * that they are for, answered in its words. Orders to groups are for the coordinator, orders to a server for
 * that server. Intuition: a request stands in every beat until it is answered or too old, and a reply stands
 * until its asker has taken it; with one field for each, several askers are answered one after the other.
 * Source: protocol.md 1.4.7; requirements R185-R190.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import { type Facts, onlyPeer, type PeerFact } from "../facts.ts";
import { coordinatorOf, isMany, peerAt, wordsHeard } from "./hear.ts";
import { isCoordinator, order } from "./orders.ts";
import { isServerVerb, orderHere, serverOrder } from "./server-orders.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "./state.ts";
import type { ReplyCode, Request, RequestVerb, Words } from "./words.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

/** An order passed to another server is answered within a few beats, or its outcome is unknown. */
const REQUEST_MIN_MS = 3000;

/** Moment at which the open request is given up, ms; Infinity = none is open. */
export const requestEndMs = (state: FailoverState): number =>
  state.request === null ? Number.POSITIVE_INFINITY : state.requestAtMs + REQUEST_MIN_MS;

/** Carries the order out where it is for this server, else asks the one that it is for. */
export function command(
  state: FailoverState,
  event: Extract<AgentEvent, { kind: "operator.command" }>,
  config: ClusterConfig,
): Result {
  const answer = (code: ReplyCode): AgentEffect[] => [
    { kind: "command.answer", commandId: event.commandId, code },
  ];
  if (!state.restored) return { state, effects: answer("view-changing") };
  const { verb, target } = event;
  const own = orderHere(state, verb, target, config, event.atMs);
  if (own !== null) return { state: own.state, effects: [...own.effects, ...answer(own.code)] };
  const forServer = isServerVerb(verb);
  if (!forServer && isCoordinator(state)) {
    const done = order(state, verb, event.group, target, config, event.atMs);
    return { state: done.state, effects: answer(done.code) };
  }
  const asked = whomToAsk(state.facts, verb, target);
  if (typeof asked === "string") return { state, effects: answer(asked) };
  if (state.request !== null) return { state, effects: answer("group-busy") };
  const number = (Math.floor(event.atMs) % 0xffff) + 1;
  const request = { number, verb, group: event.group, target };
  const { commandId: requestCommand, atMs: requestAtMs } = event;
  const next = { ...state, request, requestTo: asked.index, requestCommand, requestAtMs };
  return { state: next, effects: [] };
}

function whomToAsk(
  facts: Facts | null,
  verb: RequestVerb,
  target: ServerIndex | null,
): PeerFact | ReplyCode {
  const forServer = isServerVerb(verb);
  const missing = forServer ? "target-not-heard" : "no-live-member";
  if (facts === null) return missing;
  const named = forServer ? peerAt(facts, target) : coordinatorOf(facts);
  const asked = onlyPeer(facts) ?? named;
  if (asked === null && !forServer && facts.peers.some(({ state }) => state !== null)) {
    return "not-member";
  }
  if (asked === null || asked.state === null) return missing;
  return forServer || asked.sameView ? asked : "not-member";
}

/** Reads each server's request, and the reply to ours, once each. */
export function serve(state: FailoverState, config: ClusterConfig, atMs: number): Result {
  const { facts } = state;
  if (facts === null) return { state, effects: [] };
  let next = state;
  const effects: AgentEffect[] = [];
  for (const peer of facts.peers) {
    const words = wordsHeard(peer);
    if (words === null) continue;
    const served = obey(next, facts, peer, words, config, atMs);
    const taken = takeReply(served.state, peer, words);
    next = taken.state;
    effects.push(...served.effects, ...taken.effects);
  }
  const kept = withdraw(next, facts);
  return { state: kept.state, effects: [...effects, ...kept.effects] };
}

function obey(
  state: FailoverState,
  facts: Facts,
  peer: PeerFact,
  { request }: Words,
  config: ClusterConfig,
  atMs: number,
): Result {
  const mark = `${peer.host}/${request?.number ?? 0}`;
  if (request === null || state.served[peer.index] === mark) return { state, effects: [] };
  if (isMany(facts) && !isForUs(state, peer, request)) return { state, effects: [] };
  if (isReplyOpen(state, facts, peer)) return { state, effects: [] };
  const { number } = request;
  const done = carryOut(state, request, config, atMs);
  const reply = { to: peer.index, number, code: done.code };
  const served = state.served.map((old, index) => (index === peer.index ? mark : old));
  return { state: { ...done.state, reply, served }, effects: done.effects };
}

function carryOut(
  state: FailoverState,
  { verb, group, target }: Request,
  config: ClusterConfig,
  atMs: number,
): Result & { readonly code: ReplyCode } {
  if (verb === "unknown") return { state, effects: [], code: "other-release" };
  if (isServerVerb(verb)) return serverOrder(state, verb, config);
  return { ...order(state, verb, group, target, config, atMs), effects: [] };
}

/** Of three or more: the named server, or the coordinator of the view that the asker lives in as well. */
function isForUs(state: FailoverState, peer: PeerFact, { verb, target }: Request): boolean {
  // Whoever it names may answer that it is not understood.
  if (verb === "unknown") return target === state.self || isCoordinator(state);
  return isServerVerb(verb) ? target === state.self : isCoordinator(state) && peer.sameView;
}

/** Another asker has not yet taken its answer: this one waits, for its request is repeated. */
function isReplyOpen({ reply }: FailoverState, facts: Facts, asker: PeerFact): boolean {
  if (reply === null || reply.to === asker.index) return false;
  const other = peerAt(facts, reply.to);
  const words = other === null ? null : wordsHeard(other);
  return words?.request?.number === reply.number;
}

function takeReply(state: FailoverState, peer: PeerFact, { reply }: Words): Result {
  const isOurs = reply !== null && reply.to === state.self && state.requestTo === peer.index;
  if (!isOurs || reply.number !== state.request?.number) return { state, effects: [] };
  return close(state, reply.code);
}

/** A coordinator that has changed may have carried the order out or not: the new one is not to do it again. */
function withdraw(state: FailoverState, facts: Facts): Result {
  const { request } = state;
  const stands =
    request === null || request.verb === "unknown" || isServerVerb(request.verb) || !isMany(facts);
  if (stands || facts.view?.epoch.coordinator === state.requestTo) return { state, effects: [] };
  return close(state, "timeout");
}

/** Gives up a request that has waited too long. */
export function expireRequest(state: FailoverState, atMs: number): Result {
  return atMs < requestEndMs(state) ? { state, effects: [] } : close(state, "timeout");
}

function close(state: FailoverState, code: ReplyCode | "timeout"): Result {
  const commandId = state.requestCommand ?? "";
  const next = { ...state, request: null, requestTo: null, requestCommand: null };
  return { state: next, effects: [{ kind: "command.answer", commandId, code }] };
}
