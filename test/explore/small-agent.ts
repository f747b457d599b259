/**
 * An agent of a few lines with one group: the coordinator's table, and the rules of the real failover core on
 * when a group may start. For worlds that are about the pulses: it has few states of its own.
 * Source: protocol.md 1.4.5-1.4.8; test/sim/group-agent.ts (the same rules in continuous time).
 */
import { fieldOf, holdsLease, type MajorityPulse } from "../../firmware/pulse/majority-route.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentToken } from "../../services/events.ts";
import { carriedByMs } from "../../services/membership/majority/lease.ts";
import { mayLeave } from "../../services/membership/majority/votes.ts";
import type { Host } from "./crew-host.ts";
import { NOW_MS } from "./pack.ts";

export interface Words {
  readonly runs: "stopped" | "running" | "stopping";
  readonly desired: number | null;
  readonly order: number;
}

/** One turn: reads the pulse, moves the group, and says what is to be said. */
export function smallTurn(
  before: Host,
  pulse: MajorityPulse,
  config: ClusterConfig,
): { readonly host: Host; readonly token: AgentToken } {
  const host = act(place(wish(before, pulse, config), pulse), pulse, config);
  const { wish: wished, mayOwn, holds, words } = host;
  const token = { progress: 1, blob: bytesOf(words), wish: wished, mayOwn, holds };
  return { host, token };
}

/** What the agent would teach a new pulse, and what the operator wants of it. */
function wish(host: Host, pulse: MajorityPulse, config: ClusterConfig): Host {
  const { server, view, provisional, carriedUntilMs, floor, promise } = pulse.membership;
  let next = host;
  if (server === "member" && view !== null && host.wish.kind !== "leave") {
    const ackedMs = carriedByMs(pulse.membership, fieldOf(pulse, NOW_MS, config));
    const heldMs = Math.max(ackedMs, carriedUntilMs - config.budget.a3Ms);
    const ackedStampMs = Number.isFinite(heldMs) ? heldMs : null;
    const isProvisional = provisional !== null;
    const taught = {
      kind: "resume" as const,
      view,
      ackedStampMs,
      remembered: true,
      provisional: isProvisional,
    };
    next = { ...next, taught, wish: taught };
  }
  if (server !== "observing") next = { ...next, holds: promise };
  const mayGo = view !== null && mayLeave(view, host.index, config.servers.length);
  if (next.leaves && server === "member" && mayGo) next = { ...next, wish: { kind: "leave" } };
  if (server === "detached" && (next.wish.kind === "resume" || next.wish.kind === "leave")) {
    next = { ...next, wish: { kind: "detached", floor }, leaves: false, taught: null };
  }
  return next;
}

/** The coordinator keeps the table, everybody else copies it. */
function place(host: Host, pulse: MajorityPulse): Host {
  const { view } = pulse.membership;
  if (view === null || !view.members.includes(host.index)) return host;
  const { coordinator } = view.epoch;
  if (coordinator !== host.index) {
    const said = wordsOf(pulse, coordinator);
    if (said === null) return host;
    return { ...host, words: { ...host.words, desired: said.desired, order: said.order } };
  }
  const told = view.members
    .filter((index) => index !== host.index)
    .map((index) => wordsOf(pulse, index));
  let best = host.words;
  for (const words of told) {
    if (words === null) return host;
    if (words.order > best.order) best = words;
  }
  let { desired, order } = best;
  const isLeaving = (index: number): boolean =>
    index === host.index ? host.leaves : pulse.heartbeat.peers[index]?.beat?.state === "leaving";
  if (desired === null || !view.members.includes(desired) || isLeaving(desired)) {
    desired = view.members.find((index) => !isLeaving(index)) ?? null;
    order += 1;
  }
  return { ...host, words: { ...host.words, desired, order } };
}

/** A stop takes a round. */
export const endStop = (host: Host): Host => {
  const words: Words = { ...host.words, runs: "stopped" };
  return { ...host, stops: false, owns: false, mayOwn: false, words };
};

/** Starts with a lease and only what all others, who know the order, show stopped. */
function act(host: Host, pulse: MajorityPulse, config: ClusterConfig): Host {
  const { server, view } = pulse.membership;
  if (server === "observing") return host;
  if (host.stops) return host;
  const carries = holdsLease(pulse, NOW_MS, config);
  // Who has said that it leaves and runs nothing may be dropped at any moment: it starts nothing more.
  const runsOn = server === "member" || (server === "leaving" && host.words.runs !== "stopped");
  const wanted = runsOn && view !== null && host.words.desired === host.index;
  if (wanted && host.words.runs === "stopped" && carries) {
    const others = view.members.filter((index) => index !== host.index);
    // Who has not yet seen this order may be starting by the one before it.
    const isFree = others.every((index) => {
      const said = wordsOf(pulse, index);
      return said?.runs === "stopped" && said.order === host.words.order;
    });
    if (!isFree) return host;
    const words: Words = { ...host.words, runs: "running" };
    // Its effects may come at once: nothing is safe because a start is slow.
    return { ...host, mayOwn: true, owns: true, unfedFor: 0, words };
  }
  if (!wanted && host.words.runs === "running") {
    return { ...host, stops: true, words: { ...host.words, runs: "stopping" } };
  }
  return host;
}

function wordsOf({ membership, heartbeat }: MajorityPulse, index: number): Words | null {
  const beat = heartbeat.peers[index]?.beat ?? null;
  const { view } = membership;
  if (view === null || beat?.view == null || !sameEpoch(beat.view.epoch, view.epoch)) return null;
  return beat.blob.length === 0 ? null : saidIn(beat.blob);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const written = new Map<string, Uint8Array>();

/** The same words are the same bytes: a pulse sees at once that its agent has nothing new to say. */
function bytesOf(words: Words): Uint8Array {
  const text = JSON.stringify([words.runs, words.desired, words.order]);
  const known = written.get(text) ?? encoder.encode(text);
  written.set(text, known);
  return known;
}

const read = new WeakMap<Uint8Array, Words>();

function saidIn(blob: Uint8Array): Words {
  const known = read.get(blob);
  if (known !== undefined) return known;
  const [runs, desired, order] = JSON.parse(decoder.decode(blob));
  const words: Words = { runs, desired, order };
  read.set(blob, words);
  return words;
}
