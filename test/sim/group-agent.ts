/**
 * A small agent for the simulated majority cluster: one group, the coordinator's table, and the rules of the
 * real failover core on when it may start (lease, everybody else has shown "stopped").
 * Source: protocol.md 1.4.5-1.4.8.
 */
import { fieldOf, holdsLease } from "../../firmware/pulse/majority-route.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { AgentToken } from "../../services/events.ts";
import { carriedByMs } from "../../services/membership/majority/lease.ts";
import { mayLeave } from "../../services/membership/majority/votes.ts";
import type { Host, MajorityWorld } from "./majority-world.ts";

/** What an agent tells the others: whether the group runs, and where it is to run. */
export interface Words {
  readonly runs: "stopped" | "running" | "stopping";
  readonly desired: number | null;
  readonly order: number;
}

/** One turn of the agent: reads the pulse's facts, moves its group, speaks its token. */
export function takeTurn(world: MajorityWorld, host: Host): void {
  const { pulse } = host;
  if (pulse === null) return;
  const { server, view } = pulse.membership;
  const atMs = world.local(host);
  if (host.wish.kind === "leave" && !host.leaves && view !== null) {
    host.wish = { kind: "resume", view, ackedStampMs: null, remembered: true };
  }
  if (server === "member" && view !== null && host.wish.kind !== "leave") {
    const { a3Ms } = world.config.budget;
    const ackedMs = carriedByMs(pulse.membership, fieldOf(pulse, atMs, world.config));
    const heldMs = Math.max(ackedMs, pulse.membership.carriedUntilMs - a3Ms);
    const ackedStampMs = Number.isFinite(heldMs) ? heldMs : null;
    const provisional = pulse.membership.provisional !== null;
    host.taught = { kind: "resume", view, ackedStampMs, remembered: true, provisional };
    host.wish = host.taught;
  }
  if (server !== "observing") host.holds = pulse.membership.promise;
  const mayGo = view !== null && mayLeave(view, host.index, world.hosts.length);
  if (host.leaves && server === "member" && mayGo) host.wish = { kind: "leave" };
  if (server === "detached" && ["resume", "leave"].includes(host.wish.kind)) {
    host.wish = { kind: "detached", floor: pulse.membership.floor };
    host.leaves = false;
  }
  place(host);
  act(world, host);
  host.progress += 1;
  const blob = new TextEncoder().encode(JSON.stringify(host.words));
  const { progress, wish, mayOwn, holds } = host;
  const token: AgentToken = { progress, blob, wish, mayOwn, holds };
  world.inject(host, { kind: "agent.spoke", atMs, token });
}

function wordsOf(host: Host, index: number): Words | null {
  const pulse = host.pulse;
  const view = pulse?.membership.view ?? null;
  const beat = pulse?.heartbeat.peers[index]?.beat ?? null;
  if (view === null || beat?.view == null || !sameEpoch(beat.view.epoch, view.epoch)) return null;
  if (beat.blob.length === 0) return null;
  return JSON.parse(new TextDecoder().decode(beat.blob)) as Words;
}

/** The coordinator keeps the table, everybody else copies it. */
function place(host: Host): void {
  const view = host.pulse?.membership.view ?? null;
  if (view === null || !view.members.includes(host.index)) return;
  const { coordinator } = view.epoch;
  if (coordinator !== host.index) {
    const said = wordsOf(host, coordinator);
    if (said !== null && (said.order !== host.words.order || said.desired !== host.words.desired)) {
      host.words = { ...host.words, desired: said.desired, order: said.order };
    }
    return;
  }
  const others = view.members.filter((index) => index !== host.index);
  const told = others.map((index) => wordsOf(host, index));
  if (told.some((words) => words === null)) return;
  const newest = told.reduce<Words>(
    (best, words) => (words !== null && words.order > best.order ? words : best),
    host.words,
  );
  let { desired, order } = newest;
  const leaving = (index: number): boolean =>
    index === host.index
      ? host.leaves
      : host.pulse?.heartbeat.peers[index]?.beat?.state === "leaving";
  if (desired === null || !view.members.includes(desired) || leaving(desired)) {
    desired = view.members.find((index) => !leaving(index)) ?? null;
    order += 1;
  }
  host.words = { ...host.words, desired, order };
}

function act(world: MajorityWorld, host: Host): void {
  const { pulse, boot } = host;
  if (pulse === null || host.agentBusy || host.will !== null) return;
  const atMs = world.local(host);
  const { membership } = pulse;
  const { view } = membership;
  if (membership.server === "observing") return;
  const isIn = membership.server === "member" || membership.server === "leaving";
  const wanted = isIn && view !== null && host.words.desired === host.index;
  if (wanted && host.words.runs === "stopped" && holdsLease(pulse, atMs, world.config)) {
    const others = view.members.filter((index) => index !== host.index);
    // At rest by the same order: whatever older one it was given, it starts nothing by it any more.
    const isFree = others.every((index) => {
      const said = wordsOf(host, index);
      return said?.runs === "stopped" && said.order === host.words.order;
    });
    if (!isFree) return;
    host.mayOwn = true;
    world.arm(host);
    host.words = { ...host.words, runs: "running" };
    host.agentBusy = true;
    world.clock.after(2 + world.random.below(10), () => {
      if (host.boot !== boot || host.will !== null) return;
      host.agentBusy = false;
      // The will is held and the lease is looked at once more where the effect is carried out.
      if (host.pulse === null || !holdsLease(host.pulse, world.local(host), world.config)) {
        host.words = { ...host.words, runs: "stopped" };
        host.mayOwn = false;
        return;
      }
      host.owns = true;
      world.starts.push({ atMs: world.nowMs, server: host.index });
      world.log.push(`${world.stamp()} S${host.index} runs the group`);
    });
  } else if (!wanted && host.words.runs === "running") {
    host.words = { ...host.words, runs: "stopping" };
    host.agentBusy = true;
    world.clock.after(2 + world.random.below(30), () => {
      if (host.boot !== boot || host.will !== null) return;
      host.agentBusy = false;
      host.owns = false;
      host.mayOwn = false;
      host.words = { ...host.words, runs: "stopped" };
      world.log.push(`${world.stamp()} S${host.index} stopped the group`);
    });
  }
}
