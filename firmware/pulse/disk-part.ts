/**
 * The pulse's part of the shared-disk method: what it stamps, what carries its lease, what it testifies.
 * Intuition: while a LAN acknowledges this server it needs no disk; after that its own stamps carry it, each
 * for one disk wait from its issue, and only until the verdict unless nobody of better priority lives.
 * Source: protocol.md 1.3.6, 1.6, 1.7, G9, G10; requirements B3-B8, R68-R79.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect, Step } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import {
  acknowledgedMs,
  isPresent,
  isTwoWay,
  type PeerHealth,
} from "../../services/heartbeat/peer.ts";
import { isMember, isSole, type MembershipState } from "../../services/membership/state.ts";
import { type DiskStartWitness, type DiskWitness, mustLeave } from "../../services/quorum/disk.ts";
import { excludes, lifeOf, rivalUnless } from "../../services/quorum/disk-witness.ts";
import type { ClaimProgress, Judgement } from "../../services/quorum/judgement.ts";
import type { Stamp, StampStateName } from "../../services/quorum/stamp.ts";
import {
  createStamping,
  type StampContext,
  type StampState,
} from "../../services/quorum/stamp-state.ts";
import * as stamping from "../../services/quorum/stamping.ts";
import type { PulseState } from "./state.ts";

/** What the shared-disk method remembers beside the other cores. */
export interface DiskPart {
  readonly stamps: StampState;
  /** Beginning of this process, or end of its newest long gap: earlier silence was not heard. */
  readonly sleptAtMs: number;
}

type Whole = Pick<PulseState, "membership" | "agent" | "disk" | "tickedAtMs" | "willDone">;

export const createDiskPart = (serverCount: number, atMs: number): DiskPart => ({
  stamps: createStamping(serverCount, atMs),
  sleptAtMs: atMs,
});

export function stepDisk(
  state: Whole,
  event: PulseEvent,
  peer: PeerHealth,
  mayOwn: boolean,
  config: ClusterConfig,
): Step<DiskPart, PulseEffect> {
  const context = contextOf(state, peer, mayOwn, event.atMs, config);
  const next = stamping.step(state.disk.stamps, event, context, config);
  const slept = event.kind === "gap.noticed" && event.gapMs >= config.budget.a3Ms;
  const sleptAtMs = slept ? event.atMs : state.disk.sleptAtMs;
  return { state: { stamps: next.state, sleptAtMs }, effects: next.effects };
}

export function followDisk(
  state: Whole,
  judgement: Judgement,
  peer: PeerHealth,
  mayOwn: boolean,
  atMs: number,
  config: ClusterConfig,
): Step<DiskPart, PulseEffect> {
  const context = contextOf(state, peer, mayOwn, atMs, config);
  const next = stamping.follow(state.disk.stamps, judgement, context, atMs);
  return { state: { ...state.disk, stamps: next.state }, effects: next.effects };
}

/** Moments at which a verdict or an operation is due, ms. */
export function diskDeadlinesMs(
  state: Whole,
  peer: PeerHealth,
  config: ClusterConfig,
): readonly number[] {
  const { judgeMs, leaveMs, quietMs } = config.budget;
  const fromMs = ageFromMs(state.membership, peer);
  const { listensFromMs } = state.membership;
  const heardMs = Math.max(listensFromMs, peer.lanHeardAtMs ?? listensFromMs);
  return [
    stamping.stampLeaseEndMs(state.disk.stamps, config),
    fromMs + leaveMs,
    fromMs + judgeMs,
    heardMs + judgeMs,
    heardMs + quietMs,
  ];
}

/** End of the lease in a common view, ms: LAN, or stamps as long as this server does not have to leave. */
export function diskLeaseEndMs(state: Whole, peer: PeerHealth, config: ClusterConfig): number {
  const { a3Ms, leaveMs } = config.budget;
  const fromMs = ageFromMs(state.membership, peer);
  const witness = witnessOf(state, peer, state.tickedAtMs, config);
  const limitMs = mustLeave(witness) ? fromMs + leaveMs : Number.POSITIVE_INFINITY;
  const stampedMs = stamping.stampLeaseEndMs(state.disk.stamps, config);
  return Math.max(fromMs + a3Ms, Math.min(stampedMs, limitMs));
}

/**
 * Rule 1.3.6 for this method: the reset must come before anybody may take over. Nobody does before T; after
 * that the newest stamp must not become DIO old, and who has to give way is reset before the verdict.
 */
export function isDiskFeedable(
  state: Whole,
  peer: PeerHealth,
  atMs: number,
  config: ClusterConfig,
): boolean {
  const { budget } = config;
  if (budget.protection !== "reset-bounded") return atMs < diskLeaseEndMs(state, peer, config);
  const { marginMs, a3Ms, stampLeaseMs, leaveMs, watchdogMs } = budget;
  const boundMs = marginMs - watchdogMs;
  const ageMs = atMs - ageFromMs(state.membership, peer);
  if (ageMs <= a3Ms + boundMs) return true;
  if (atMs - state.disk.stamps.stampedAtMs > stampLeaseMs + boundMs) return false;
  return !mustLeave(witnessOf(state, peer, atMs, config)) || ageMs <= leaveMs + boundMs;
}

export function witnessOf(
  state: Whole,
  peer: PeerHealth,
  atMs: number,
  config: ClusterConfig,
): DiskWitness {
  const { self, view, listensFromMs } = state.membership;
  const { stamps, sleptAtMs } = state.disk;
  const sight = stamps.slots[peer.index];
  const heardAtMs = Math.max(listensFromMs, peer.lanHeardAtMs ?? listensFromMs);
  const ackedMs = view === null ? null : acknowledgedMs(peer, view);
  const never = Number.NEGATIVE_INFINITY;
  const contactMs = Math.max(ackedMs ?? never, peer.heardOwnStampMs ?? never);
  return {
    self,
    stampsInTime: stamping.isInTime(stamps, atMs, config),
    slept: contactMs < Math.floor(sleptAtMs),
    excluded: view !== null && sight !== undefined && excludes(sight, view),
    members: [
      {
        index: peer.index,
        ageMs: atMs - ageFromMs(state.membership, peer),
        silenceMs: atMs - heardAtMs,
        grantedMs: peer.grantedMs,
        presence: isPresent(peer, atMs, config),
        twoWay: isTwoWay(peer, atMs, config),
        stamps: sight !== undefined && atMs - sight.roseAtMs < config.budget.quietMs,
        life: sight === undefined ? "alive" : lifeOf(sight, peer, heardAtMs, config.budget),
      },
    ],
  };
}

export function startWitnessOf(
  state: Whole,
  atMs: number,
  config: ClusterConfig,
): DiskStartWitness {
  const { self, floor, provisional } = state.membership;
  const { stamps } = state.disk;
  const others = stamps.slots.filter(({ server }) => server !== self);
  // In a common view the other one rests on this server, which is outside; alone it rests on nobody, and that its
  // epoch is known may come from having heard it so.
  const isOver = ({ state: word, epoch }: Stamp): boolean =>
    word === "running" && (provisional !== null || epoch.counter <= floor);
  return {
    stampsInTime: stamping.isInTime(stamps, atMs, config),
    rivals: others.map((sight) => rivalUnless(sight, self, isOver, atMs, config.budget)),
  };
}

/** How far the own claim has come: of the block or, with the shared-disk method, of the start alone. */
export function arbiterOf(
  state: Pick<PulseState, "quorum" | "disk">,
  config: ClusterConfig,
): { readonly claim: ClaimProgress; readonly diskHealthy: boolean } {
  return config.method === "disk" ? state.disk.stamps : state.quorum;
}

/** The evidence in words, for the event log (R108). */
export function describeDisk({ stampsInTime, slept, excluded, members }: DiskWitness): string {
  const own = stampsInTime ? "own stamps in time" : "own stamps not in time";
  const words = members.map(({ life }) => `slot of the other ${life}`);
  const rest = [...(slept ? ["slept"] : []), ...(excluded ? ["left out"] : [])];
  return [own, ...words, ...rest].join(", ");
}

function ageFromMs(members: MembershipState, peer: PeerHealth): number {
  const ackedMs = members.view === null ? null : acknowledgedMs(peer, members.view);
  return Math.max(members.baseMs, ackedMs ?? members.baseMs);
}

function contextOf(
  state: Whole,
  peer: PeerHealth,
  mayOwn: boolean,
  atMs: number,
  config: ClusterConfig,
): StampContext {
  const { membership: members, agent } = state;
  const { self, host, floor, view } = members;
  const inView = view !== null && isMember(members);
  const common = inView && !isSole(view, self);
  const gone = state.willDone === "completed";
  return {
    self,
    host,
    epoch: inView ? view.epoch : { counter: floor, coordinator: self, host },
    word: gone ? "off" : wordOf(members, mayOwn),
    twoWay: isTwoWay(peer, atMs, config) ? 1 << peer.index : 0,
    progress: agent.token?.progress ?? null,
    mayLive: members.gaveUp === null,
    gone,
    carried: !common || atMs < ageFromMs(members, peer) + config.budget.a3Ms,
  };
}

/** `off` only when nothing can run here any more; null before the agent has spoken. */
function wordOf(members: MembershipState, mayOwn: boolean): StampStateName | null {
  if (members.server === "observing") return null;
  // Groups wait for the method's word, as at a start alone (1.8).
  if (members.provisional !== null) return mayOwn ? "running" : "starting";
  if (isMember(members)) return isSole(members.view, members.self) ? "alone" : "running";
  if (mayOwn) return "running";
  return members.server === "starting" ? "starting" : "off";
}
