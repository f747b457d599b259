/**
 * The pulse's cores as one reducer: heartbeat hears, quorum judges, membership draws the view.
 * Which core hears which event, in which order, is written here and nowhere else; the product, the
 * simulator and a replay step the same function. Source: architecture.md 1.1, 4, 5; protocol.md 1.3-1.7.
 */
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect, Step } from "../../services/effects.ts";
import type { Evidence, PulseEvent } from "../../services/events.ts";
import {
  composeComBeat,
  composeLanBeat,
  grants,
  type OwnWords,
} from "../../services/heartbeat/compose.ts";
import * as heartbeat from "../../services/heartbeat/core.ts";
import { acknowledgedMs, type PeerHealth } from "../../services/heartbeat/peer.ts";
import { loseAgent } from "../../services/membership/change.ts";
import * as membership from "../../services/membership/core.ts";
import {
  isMember,
  isSole,
  type MembershipState,
  type Surroundings,
} from "../../services/membership/state.ts";
import * as quorum from "../../services/quorum/core.ts";
import { METHODS } from "../../services/quorum/methods.ts";
import * as stamping from "../../services/quorum/stamping.ts";
import { mayOwn, watchAgent } from "./agent-watch.ts";
import { asksBack, hasNews } from "./beat-news.ts";
import {
  type DiskPart,
  diskDeadlinesMs,
  diskLeaseEndMs,
  followDisk,
  isDiskFeedable,
  stepDisk,
} from "./disk-part.ts";
import { beginRevision, endRevision, type Revised } from "./revision-part.ts";
import { draftOf, type PulseDraft, type PulseState } from "./state.ts";
import { askMethod } from "./verdict.ts";

/** One event through all cores. Effects come in the order in which they may be executed. */
export function step(
  state: PulseState,
  event: PulseEvent,
  config: ClusterConfig,
): Step<PulseState, PulseEffect> {
  const run = new Run(state, config);
  const isClaiming = state.quorum.claim !== "none";
  run.revise(beginRevision(state, event, run.around(event.atMs), isClaiming));
  run.heartbeat(event);
  run.agent(event);
  run.membership(event);
  run.alignClaim(event.atMs);
  run.quorum(event);
  run.observe(event.atMs);
  run.revise(endRevision(run.state, run.around(event.atMs)));
  run.alignClaim(event.atMs);
  // A verdict waits for the tick: by then every socket has been drained (protocol.md L14).
  // A pulse that was taught an old view owes one at once, for its lease may be over already.
  const { view } = run.state.membership;
  const taught = event.kind === "agent.spoke" && view !== state.membership.view;
  // A probe may have stood in the way of a claim, whose time is short.
  const freed = event.kind === "disk.answered" && run.state.suspected;
  const ticks = event.kind === "tick";
  if (ticks) run.judge(event.atMs);
  const tickedAtMs = ticks ? event.atMs : state.tickedAtMs;
  run.state.tickedAtMs = tickedAtMs;
  run.state.isJudgeDue = !ticks && (state.isJudgeDue || taught || freed);
  run.send(state, event);
  return { state: run.state, effects: run.effects };
}

/** The other server of a two-server cluster. */
export function peerOf(state: PulseState): PeerHealth | null {
  return state.heartbeat.peers[1 - state.membership.self] ?? null;
}

/** Age of the newest acknowledged own beat in the view; 0 for a sole server, null outside a view. */
export function leaseAgeMs(state: PulseState, atMs: number): number | null {
  const { view, self, baseMs } = state.membership;
  const peer = peerOf(state);
  if (view === null || !isMember(state.membership)) return null;
  if (isSole(view, self) || peer === null) return 0;
  return atMs - Math.max(baseMs, acknowledgedMs(peer, view) ?? baseMs);
}

/** Lease of the present epoch (1.4.5): acknowledged since its ages count, and lately. Sole: needs none. */
export function holdsLease(state: PulseState, atMs: number, config: ClusterConfig): boolean {
  const { view, self, gaveUp, listenUntilMs, conflict, provisional } = state.membership;
  const peer = peerOf(state);
  if (view === null || gaveUp !== null || listenUntilMs !== null || conflict) return false;
  if (provisional !== null) return false;
  if (!isMember(state.membership)) return false;
  if (isSole(view, self)) return true;
  const ackedMs = peer === null ? null : acknowledgedMs(peer, view);
  if (peer === null || ackedMs === null) return false;
  if (ackedMs < Math.floor(state.membership.baseMs)) return false;
  if (config.method === "disk") return atMs < diskLeaseEndMs(state, peer, config);
  return atMs - ackedMs < config.budget.a3Ms;
}

/** Absolute moment of the next tick, ms: every deadline gets one, also when an event came between. */
export function nextDeadlineMs(state: PulseState, config: ClusterConfig, nowMs: number): number {
  if (state.isJudgeDue) return nowMs;
  const { budget } = config;
  const { waitUntilMs, listenUntilMs, view, baseMs, listensFromMs } = state.membership;
  const none = Number.POSITIVE_INFINITY;
  const peer = peerOf(state);
  const ackedMs = view === null || peer === null ? null : acknowledgedMs(peer, view);
  const ageFromMs = Math.max(baseMs, ackedMs ?? baseMs);
  const heardMs = Math.max(listensFromMs, peer?.lanHeardAtMs ?? listensFromMs);
  let earliestMs = none;
  const consider = (markMs: number): void => {
    if (markMs > state.tickedAtMs && markMs < earliestMs) earliestMs = markMs;
  };
  consider(ageFromMs + budget.a1Ms);
  consider(ageFromMs + budget.a2Ms);
  consider(ageFromMs + budget.a3Ms);
  consider(ageFromMs + budget.timeoutMs);
  consider(heardMs + (peer?.grantedMs ?? budget.timeoutMs));
  consider(ageFromMs + budget.timeoutMs + budget.diskWaitMs);
  consider(waitUntilMs);
  consider(waitUntilMs + budget.claimMs + budget.sigmaMs);
  consider(listenUntilMs ?? none);
  if (peer !== null && config.method === "disk") {
    for (const markMs of diskDeadlinesMs(state, peer, config)) consider(markMs);
  }
  const comMs = config.com === null ? none : state.nextComAtMs;
  const claims = config.method === "com-disk";
  const stampMs =
    config.method === "disk" ? stamping.nextDeadlineMs(state.disk.stamps, config) : none;
  const probeMs = claims ? quorum.nextDeadlineMs(state.quorum) : stampMs;
  if (state.membership.server === "observing") return Math.min(probeMs, earliestMs);
  // What is taken in sends the beats that are due as well; it must not put the verdicts off with them.
  const lookMs = state.tickedAtMs + budget.intervalMs;
  return Math.min(state.nextLanAtMs, comMs, lookMs, probeMs, earliestMs);
}

class Run {
  state: PulseDraft;
  readonly effects: PulseEffect[] = [];
  config: ClusterConfig;

  constructor(state: PulseState, config: ClusterConfig) {
    this.state = draftOf(state);
    this.config = config;
  }

  heartbeat(event: PulseEvent): void {
    const next = heartbeat.step(this.state.heartbeat, event, this.config);
    this.state.heartbeat = next.state;
    this.effects.push(...next.effects);
  }

  agent(event: PulseEvent): void {
    const next = watchAgent(this.state.agent, event, this.config);
    this.state.agent = next.state;
    this.effects.push(...next.effects);
    if (event.kind === "will.done") {
      this.state.willDone = event.completed ? "completed" : "overdue";
    }
    if (event.kind === "agent.spoke" && this.state.membership.gaveUp === null) {
      this.state.willDone = "no";
    }
    if (next.lost && mayOwn(this.state)) {
      const { atMs } = event;
      this.take(loseAgent(this.state.membership, { atMs, config: this.config }));
    }
  }

  revise(next: Revised<PulseState> | null): void {
    if (next === null) return;
    this.state = draftOf(next.state);
    this.config = next.config;
    this.effects.push(...next.effects);
  }

  membership(event: PulseEvent): void {
    const around = this.around(event.atMs);
    if (around !== null) this.take(membership.step(this.state.membership, event, around));
  }

  observe(atMs: number): void {
    const around = this.around(atMs);
    if (around !== null) this.take(membership.observe(this.state.membership, around));
  }

  quorum(event: PulseEvent): void {
    const context = this.context();
    const method = METHODS[this.config.method];
    const peer = peerOf(this.state);
    if (method?.stamps === true && peer !== null) {
      return this.takeDisk(stepDisk(this.state, event, peer, mayOwn(this.state), this.config));
    }
    if (context === null || method === null || !method.claims) return;
    const next = quorum.step(this.state.quorum, event, context, this.config);
    this.state.quorum = next.state;
    this.effects.push(...next.effects);
  }

  /** Asks the method, lets the disk follow, and hands the verdict to membership. */
  judge(atMs: number): void {
    const method = METHODS[this.config.method];
    const around = this.around(atMs);
    const context = this.context();
    if (method === null || around === null || context === null) return;
    if (this.state.membership.gaveUp !== null) return;
    const verdict = askMethod(this.state, method, around, atMs);
    if (verdict.seen !== null) this.noteSuspicion(verdict.seen, around.peer);
    if (method.claims) {
      const followed = quorum.follow(this.state.quorum, verdict.judgement, context, atMs);
      this.state.quorum = followed.state;
      this.effects.push(...followed.effects);
    }
    const { judgement, evidence } = verdict;
    if (method.stamps === true) {
      const { peer, mayOwn: owns } = around;
      this.takeDisk(followDisk(this.state, judgement, peer, owns, atMs, this.config));
    }
    this.take(membership.resolve(this.state.membership, judgement, evidence, around));
  }

  /**
   * In a common view only a claim of that view counts; in a sole view one stands, and before any probe.
   */
  alignClaim(atMs: number): void {
    const { view, self } = this.state.membership;
    const { standing } = this.state.quorum;
    const context = this.context();
    if (METHODS[this.config.method]?.claims !== true) return;
    if (context === null || view === null || !isMember(this.state.membership)) return;
    if (this.state.membership.provisional !== null) return;
    const alone = isSole(view, self);
    if (alone && standing === null) {
      this.state.quorum = quorum.stand(this.state.quorum, context, atMs);
    }
    if (!alone && standing !== null && !sameEpoch(standing.epoch, view.epoch)) {
      this.state.quorum = quorum.forget(this.state.quorum, atMs);
    }
  }

  private noteSuspicion(evidence: Evidence, peer: PeerHealth): void {
    const suspected = evidence.ageMs >= this.config.budget.a1Ms;
    if (suspected === this.state.suspected) return;
    const server = this.config.servers[peer.index]?.name ?? "";
    const data = { server, ageMs: Math.round(evidence.ageMs), com: evidence.com };
    const key = suspected ? "peer.suspected" : "peer.heard";
    this.effects.push({ kind: "note", key, data });
    this.state.suspected = suspected;
  }

  /** Beats go out every interval, and at once when what they say has changed. */
  send(before: PulseState, event: PulseEvent): void {
    const { membership: members } = this.state;
    const peer = peerOf(this.state);
    if (members.server === "observing" || peer === null) return;
    const { atMs } = event;
    const { intervalMs, comIntervalMs } = this.config.budget;
    const lanTurn = atMs >= this.state.nextLanAtMs;
    const lanDue = lanTurn || hasNews(before, this.state);
    // At one pace both beats go in one turn: half the wakes for the same words.
    const isJoint = lanTurn && comIntervalMs === intervalMs;
    if (lanDue || asksBack(event) || isFirstWord(before, this.state)) {
      const beat = composeLanBeat(peer, members, this.words(), atMs, this.config);
      this.effects.push({ kind: "lan.send", beat });
      const nextLanAtMs = atMs + this.config.budget.intervalMs;
      const granted = grants(members, peer, atMs, this.config.hash);
      const heard = granted
        ? heartbeat.recordGrant(this.state.heartbeat, peer.index, this.config.budget.timeoutMs)
        : this.state.heartbeat;
      this.state.nextLanAtMs = nextLanAtMs;
      this.state.heartbeat = heard;
    }
    if (this.config.com !== null && (isJoint || atMs >= this.state.nextComAtMs)) {
      const beat = composeComBeat(peer, members, mayOwn(this.state), atMs, this.config);
      this.effects.push({ kind: "com.send", beat });
      this.state.nextComAtMs = atMs + this.config.budget.comIntervalMs;
    }
    // News put the next beat off, so they feed as well; a claim just won must not wait for its turn.
    if (lanDue && this.isFeedable(atMs)) this.effects.push({ kind: "watchdog.feed" });
  }

  /**
   * Rule 1.3.6: a server that might be overtaken before its reset would come is not fed. Methods without a
   * lease-bound owner (COM together, none) go on at T by their own table, so only the claim method binds.
   */
  private isFeedable(atMs: number): boolean {
    const { budget } = this.config;
    if (this.state.willDone === "overdue") return false;
    if (!mayOwn(this.state)) return true;
    const peer = peerOf(this.state);
    if (this.config.method === "disk" && peer !== null) {
      // Outside every view no lease carries what may run here.
      if (!isMember(this.state.membership)) return false;
      const alone = isSole(this.state.membership.view, this.state.membership.self);
      return alone || isDiskFeedable(this.state, peer, atMs, this.config);
    }
    const { claim } = this.state.quorum;
    if (this.config.method !== "com-disk" || claim === "won") return true;
    const age = leaseAgeMs(this.state, atMs);
    if (age === null) return false;
    const resets = budget.protection === "reset-bounded";
    return age <= (resets ? budget.timeoutMs - budget.watchdogMs : budget.a3Ms);
  }

  private words(): OwnWords {
    const { token } = this.state.agent;
    return {
      blob: token?.blob ?? new Uint8Array(0),
      progress: token?.progress ?? 0,
      mayOwn: mayOwn(this.state),
      claim: this.state.quorum.claim === "none" ? 0 : this.state.quorum.claimNumber,
    };
  }

  around(atMs: number): Surroundings | null {
    const peer = peerOf(this.state);
    if (peer === null) return null;
    const { held } = this.state.agent;
    const peerOff = (this.state.agent.token?.peersOff ?? []).length > 0;
    const prepared = this.state.revision.prepared?.hash ?? null;
    const { config } = this;
    return { peer, mayOwn: mayOwn(this.state), held, peerOff, atMs, config, prepared };
  }

  private context(): quorum.ClaimContext | null {
    const peer = peerOf(this.state);
    const { membership: members } = this.state;
    if (peer === null) return null;
    const floor = { counter: members.floor, coordinator: members.self, host: members.host };
    const inView = members.view !== null && isMember(members) && members.provisional === null;
    return {
      host: members.host,
      epoch: inView ? members.view.epoch : floor,
      // A peer that has not shown this epoch may have claimed in the one before it.
      guessed: !inView || this.state.revision.final !== null,
      untold: members.server === "observing",
      peer: peer.index,
      peerBeat: peer.beat,
      peerHost: peer.host,
    };
  }

  private takeDisk(next: Step<DiskPart, PulseEffect>): void {
    this.state.disk = next.state;
    this.effects.push(...next.effects);
  }

  private take(next: Step<MembershipState, PulseEffect>): void {
    this.state.membership = next.state;
    this.effects.push(...next.effects);
  }
}

/** This process has heard the peer for the first time: only now can it acknowledge it, whose lease may wait. */
const isFirstWord = (before: PulseState, after: PulseState): boolean =>
  peerOf(before)?.beat === null && peerOf(after)?.beat !== null;
