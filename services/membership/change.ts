/**
 * The ways in which this server's place changes: it installs a view, it is detached, or it gives up.
 * Intuition: every rule elsewhere ends in one of these three, so what a change has to carry along (floor,
 * promise, bases of the ages) is written once. Source: protocol.md 1.3.7, 1.4.3-1.4.4, 1.5.5-1.5.7.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import type { ServerState, View } from "../../hal/base/view.ts";
import type { PulseEffect } from "../effects.ts";
import type { StopReason } from "../events.ts";
import { isSole, type MembershipState, note, type Result, type Surroundings } from "./state.ts";

/** Executes the last will: final for this host incarnation. `if-left`: off only for what outlives the will. */
export function giveUp(
  state: MembershipState,
  reason: StopReason,
  evidence: string,
  off: boolean | "if-left",
  around: Pick<Surroundings, "atMs">,
): Result {
  if (state.gaveUp !== null) return done(state);
  const next = become(state, "detached", around.atMs);
  const ends = off === "if-left" ? { off: false, offIfLeft: true } : { off };
  return {
    state: { ...next, gaveUp: reason, view: null, promise: null, provisional: null },
    effects: [{ kind: "will.execute", reason, evidence, ...ends }, { kind: "agent.tell" }],
  };
}

/** D24: the agent is gone for good. No lease is lost by that, so how far this server goes is its operator's choice. */
export function loseAgent(
  state: MembershipState,
  { atMs, config }: Pick<Surroundings, "atMs" | "config">,
): Result {
  const off = config.internalFailure === "service-stop" ? "if-left" : true;
  return giveUp(state, "agent-lost", "agent did not come back", off, { atMs });
}

/** Every method that shares data shuts the server down; "none" has nothing to protect but its address. */
export const isBound = (around: Surroundings): boolean => around.config.method !== "none";

export function installSole(state: MembershipState, reason: string, around: Surroundings): Result {
  const counter = state.floor + 1;
  const epoch = { counter, coordinator: state.self, host: state.host };
  return install(state, { epoch, members: [state.self] }, reason, around);
}

export function install(
  state: MembershipState,
  view: View,
  reason: string,
  around: Surroundings,
): Result {
  const alone = isSole(view, state.self);
  const leaving = (state.server === "leaving" && !alone) || state.server === "stopping";
  const next = leaving ? state : become(state, "member", around.atMs);
  const names = view.members.map((index) => around.config.servers[index]?.name ?? `#${index}`);
  const hosts = view.members.includes(around.peer.index)
    ? hostsWith(state, around.peer.index, around.peer.host)
    : hostsWith(state, around.peer.index, null);
  const installed: MembershipState = {
    ...next,
    view,
    hosts,
    baseMs: around.atMs,
    carriedMs: null,
    listensFromMs: around.atMs,
    floor: Math.max(state.floor, view.epoch.counter),
    promise: null,
    refused: null,
    conflict: false,
    provisional: null,
  };
  const data = { epoch: view.epoch.counter, members: names.join(", "), reason };
  return told(installed, [note("view.installed", data)]);
}

export function detach(
  state: MembershipState,
  counter: number,
  effect: PulseEffect,
  around: Pick<Surroundings, "atMs">,
): Result {
  const floor = Math.max(state.floor, counter);
  const outside = { ...state, view: null, promise: null, floor, provisional: null };
  const next = become(outside, "detached", around.atMs);
  return told({ ...next, conflict: false, refused: null }, [effect]);
}

export function hostsWith(
  state: MembershipState,
  index: number,
  host: HostIncarnation | null,
): readonly (HostIncarnation | null)[] {
  return state.hosts.map((old, at) => (at === index ? host : old));
}

export function become(state: MembershipState, server: ServerState, atMs: number): MembershipState {
  return state.server === server ? state : { ...state, server, sinceMs: atMs };
}

export function told(state: MembershipState, effects: readonly PulseEffect[]): Result {
  return { state, effects: [...effects, { kind: "agent.tell" }] };
}

export const done = (state: MembershipState): Result => ({ state, effects: [] });

export const nameOf = (index: number, around: Pick<Surroundings, "config">): string =>
  around.config.servers[index]?.name ?? `#${index}`;
