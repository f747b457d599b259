/**
 * The pulse's cores as one reducer: heartbeat hears, quorum judges, membership draws the view.
 * Which core hears which event, in which order, is written here and nowhere else; the product, the
 * simulator and a replay step the same function. Source: architecture.md 1.1, 4, 5; protocol.md 1.3-1.7.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect, Step } from "../../services/effects.ts";
import type { AgentToken, Evidence, PulseEvent } from "../../services/events.ts";
import {
  composeComBeat,
  composeLanBeat,
  grants,
  type OwnWords,
} from "../../services/heartbeat/compose.ts";
import * as heartbeat from "../../services/heartbeat/core.ts";
import { acknowledgedMs, isTwoWay, type PeerHealth } from "../../services/heartbeat/peer.ts";
import * as membership from "../../services/membership/core.ts";
import {
  createMembership,
  isMember,
  isSole,
  type MembershipState,
} from "../../services/membership/state.ts";
import * as quorum from "../../services/quorum/core.ts";
import { gatherEvidence, gatherStartEvidence } from "../../services/quorum/evidence.ts";
import { type Judgement, type Method, WAIT } from "../../services/quorum/judgement.ts";
import { METHODS } from "../../services/quorum/methods.ts";
import { watchAgent } from "./agent-watch.ts";

export interface AgentWatch {
  readonly token: AgentToken | null;
  /** Last moment at which the agent's progress counter moved. */
  readonly movedAtMs: number;
  readonly killed: boolean;
}

export interface PulseState {
  readonly heartbeat: heartbeat.HeartbeatState;
  readonly quorum: quorum.QuorumState;
  readonly membership: MembershipState;
  readonly agent: AgentWatch;
  readonly nextLanAtMs: number;
  readonly nextComAtMs: number;
  readonly suspected: boolean;
  /** A verdict is owed although no deadline lies ahead. */
  readonly isJudgeDue: boolean;
  /** The will has run to its end: nothing of ours may own anything any more. */
  readonly willDone: "no" | "completed" | "overdue";
}

export function createPulse(
  self: ServerIndex,
  host: HostIncarnation,
  config: ClusterConfig,
  atMs: number,
): PulseState {
  return {
    heartbeat: heartbeat.createHeartbeat(self, config, atMs),
    quorum: quorum.createQuorum(atMs),
    membership: createMembership(self, host, config.servers.length, atMs),
    agent: { token: null, movedAtMs: atMs, killed: false },
    nextLanAtMs: atMs,
    nextComAtMs: atMs,
    suspected: false,
    isJudgeDue: false,
    willDone: "no",
  };
}

/** One event through all cores. Effects come in the order in which they may be executed. */
export function step(
  state: PulseState,
  event: PulseEvent,
  config: ClusterConfig,
): Step<PulseState, PulseEffect> {
  const run = new Run(state, config);
  run.heartbeat(event);
  run.agent(event);
  run.membership(event);
  run.alignClaim(event.atMs);
  run.quorum(event);
  run.observe(event.atMs);
  run.alignClaim(event.atMs);
  // A verdict waits for the tick: by then every socket has been drained (protocol.md L14).
  // A pulse that was taught an old view owes one at once, for its lease may be over already.
  const { view } = run.state.membership;
  const taught = event.kind === "agent.spoke" && view !== state.membership.view;
  if (event.kind === "tick") run.judge(event.atMs);
  run.state = { ...run.state, isJudgeDue: event.kind !== "tick" && (state.isJudgeDue || taught) };
  run.send(state, event);
  return { state: run.state, effects: run.effects };
}

/** Groups may be running on this server: a will is deposited and has not been executed to its end. */
export function mayOwn(state: PulseState): boolean {
  return state.willDone !== "completed" && (state.agent.token?.mayOwn ?? false);
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

/** Lease of the present epoch: acknowledged in it, and young enough (1.4.5). A sole server needs none. */
export function holdsLease(state: PulseState, atMs: number, config: ClusterConfig): boolean {
  const { view, self, gaveUp, listenUntilMs, conflict } = state.membership;
  const peer = peerOf(state);
  if (view === null || gaveUp !== null || listenUntilMs !== null || conflict) return false;
  if (!isMember(state.membership)) return false;
  if (isSole(view, self)) return true;
  const ackedMs = peer === null ? null : acknowledgedMs(peer, view);
  return ackedMs !== null && atMs - ackedMs < config.budget.a3Ms;
}

/** Absolute moment at which something has to be looked at again even if nothing happens, ms. */
export function nextDeadlineMs(state: PulseState, config: ClusterConfig, nowMs: number): number {
  if (state.isJudgeDue) return nowMs;
  const { budget } = config;
  const { waitUntilMs, listenUntilMs, view, baseMs, listensFromMs } = state.membership;
  const none = Number.POSITIVE_INFINITY;
  const peer = peerOf(state);
  const ackedMs = view === null || peer === null ? null : acknowledgedMs(peer, view);
  const ageFromMs = Math.max(baseMs, ackedMs ?? baseMs);
  const heardMs = Math.max(listensFromMs, peer?.lanHeardAtMs ?? listensFromMs);
  const marks = [
    ageFromMs + budget.a1Ms,
    ageFromMs + budget.a2Ms,
    ageFromMs + budget.a3Ms,
    ageFromMs + budget.timeoutMs,
    heardMs + (peer?.grantedMs ?? budget.timeoutMs),
    ageFromMs + budget.timeoutMs + budget.diskWaitMs,
    waitUntilMs,
    waitUntilMs + budget.claimMs + budget.sigmaMs,
    listenUntilMs ?? none,
  ].filter((mark) => mark > nowMs);
  const comMs = config.com === null ? none : state.nextComAtMs;
  const probeMs = config.method === "com-disk" ? quorum.nextDeadlineMs(state.quorum) : none;
  const beatMs =
    state.membership.server === "observing" ? none : Math.min(state.nextLanAtMs, comMs);
  return Math.min(beatMs, probeMs, ...marks);
}

class Run {
  state: PulseState;
  readonly effects: PulseEffect[] = [];
  readonly config: ClusterConfig;

  constructor(state: PulseState, config: ClusterConfig) {
    this.state = state;
    this.config = config;
  }

  heartbeat(event: PulseEvent): void {
    const next = heartbeat.step(this.state.heartbeat, event, this.config);
    this.state = { ...this.state, heartbeat: next.state };
    this.effects.push(...next.effects);
  }

  agent(event: PulseEvent): void {
    const next = watchAgent(this.state.agent, event, this.config);
    this.state = { ...this.state, agent: next.state };
    this.effects.push(...next.effects);
    if (event.kind === "will.done") {
      this.state = { ...this.state, willDone: event.completed ? "completed" : "overdue" };
    }
    if (event.kind === "agent.spoke" && this.state.membership.gaveUp === null) {
      this.state = { ...this.state, willDone: "no" };
    }
    if (next.lost && mayOwn(this.state)) {
      const around = this.around(event.atMs);
      if (around === null) return;
      const evidence = "agent did not come back";
      const gone = membership.giveUp(this.state.membership, "agent-lost", evidence, true, around);
      this.take(gone);
    }
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
    if (context === null || method === null || !method.claims) return;
    const next = quorum.step(this.state.quorum, event, context, this.config);
    this.state = { ...this.state, quorum: next.state };
    this.effects.push(...next.effects);
  }

  /** Asks the method, lets the disk follow, and hands the verdict to membership. */
  judge(atMs: number): void {
    const method = METHODS[this.config.method];
    const around = this.around(atMs);
    const context = this.context();
    if (method === null || around === null || context === null) return;
    if (this.state.membership.gaveUp !== null) return;
    const { judgement, evidence } = this.ask(method, around.peer, atMs);
    if (method.claims) {
      const followed = quorum.follow(this.state.quorum, judgement, context, atMs);
      this.state = { ...this.state, quorum: followed.state };
      this.effects.push(...followed.effects);
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
    const alone = isSole(view, self);
    if (alone && standing === null) {
      this.state = { ...this.state, quorum: quorum.stand(this.state.quorum, context, atMs) };
    }
    if (!alone && standing !== null && !sameEpoch(standing.epoch, view.epoch)) {
      this.state = { ...this.state, quorum: quorum.forget(this.state.quorum, atMs) };
    }
  }

  private ask(
    method: Method,
    peer: PeerHealth,
    atMs: number,
  ): { readonly judgement: Judgement; readonly evidence: string } {
    const { membership: members, quorum: claims } = this.state;
    const none = { judgement: WAIT, evidence: "" };
    if (members.server === "starting") {
      if (isTwoWay(peer, atMs, this.config)) return none;
      const overdueMs = atMs - members.waitUntilMs;
      const start = gatherStartEvidence(
        members.self,
        claims.diskHealthy,
        peer,
        overdueMs,
        atMs,
        this.config,
      );
      const heard =
        peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < this.config.budget.timeoutMs;
      const known = { ...start, presence: start.presence || heard };
      const judgement = method.judgeStart(known, claims.claim, this.config.budget);
      return { judgement, evidence: describeStart(known.comHeard, known.presence, claims.claim) };
    }
    const listening = members.listenUntilMs !== null || members.server === "stopping";
    if (members.view === null || !isMember(members) || listening) return none;
    if (isSole(members.view, members.self)) return none;
    const standing = {
      self: members.self,
      view: members.view,
      baseMs: members.baseMs,
      listensFromMs: members.listensFromMs,
      mayOwn: mayOwn(this.state),
      diskHealthy: claims.diskHealthy,
    };
    const evidence = gatherEvidence(standing, peer, atMs, this.config);
    this.noteSuspicion(evidence, peer);
    const judgement = method.judge(evidence, claims.claim, this.config.budget);
    return { judgement, evidence: describe(evidence, claims.claim) };
  }

  private noteSuspicion(evidence: Evidence, peer: PeerHealth): void {
    const suspected = evidence.ageMs >= this.config.budget.a1Ms;
    if (suspected === this.state.suspected) return;
    const server = this.config.servers[peer.index]?.name ?? "";
    const data = { server, ageMs: Math.round(evidence.ageMs), com: evidence.com };
    const key = suspected ? "peer.suspected" : "peer.heard";
    this.effects.push({ kind: "note", key, data });
    this.state = { ...this.state, suspected };
  }

  /** Beats go out every interval, and at once when what they say has changed. */
  send(before: PulseState, event: PulseEvent): void {
    const { membership: members } = this.state;
    const peer = peerOf(this.state);
    if (members.server === "observing" || peer === null) return;
    const { atMs } = event;
    const lanDue = atMs >= this.state.nextLanAtMs || hasNews(before, this.state);
    if (lanDue || isUnproven(event)) {
      const beat = composeLanBeat(peer, members, this.words(), atMs, this.config);
      this.effects.push({ kind: "lan.send", beat });
      const nextLanAtMs = atMs + this.config.budget.intervalMs;
      const granted = grants(members, peer, atMs);
      const heard = granted
        ? heartbeat.recordGrant(this.state.heartbeat, peer.index, this.config.budget.timeoutMs)
        : this.state.heartbeat;
      this.state = { ...this.state, nextLanAtMs, heartbeat: heard };
    }
    if (this.config.com !== null && atMs >= this.state.nextComAtMs) {
      const beat = composeComBeat(peer, members, mayOwn(this.state), atMs, this.config);
      this.effects.push({ kind: "com.send", beat });
      this.state = { ...this.state, nextComAtMs: atMs + this.config.budget.comIntervalMs };
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

  private around(atMs: number): membership.Surroundings | null {
    const peer = peerOf(this.state);
    return peer === null ? null : { peer, mayOwn: mayOwn(this.state), atMs, config: this.config };
  }

  private context(): quorum.ClaimContext | null {
    const peer = peerOf(this.state);
    const { membership: members } = this.state;
    if (peer === null) return null;
    const floor = { counter: members.floor, coordinator: members.self, host: members.host };
    const inView = members.view !== null && isMember(members);
    return {
      host: members.host,
      epoch: inView ? members.view.epoch : floor,
      guessed: !inView,
      untold: members.server === "observing",
      peer: peer.index,
      peerBeat: peer.beat,
      peerHost: peer.host,
    };
  }

  private take(next: Step<MembershipState, PulseEffect>): void {
    this.state = { ...this.state, membership: next.state };
    this.effects.push(...next.effects);
  }
}

/** A beat of a process that has not yet echoed our challenge is answered at once, so that it can. */
const isUnproven = (event: PulseEvent): boolean =>
  event.kind === "beat.received" && !event.proven && event.beat.kind === "lan-beat";

function hasNews(before: PulseState, after: PulseState): boolean {
  const a = before.membership;
  const b = after.membership;
  if (a.server !== b.server || a.view !== b.view || a.promise !== b.promise) return true;
  if (mayOwn(before) !== mayOwn(after) || before.quorum.claim !== after.quorum.claim) return true;
  return !sameBytes(before.agent.token?.blob, after.agent.token?.blob);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((byte, index) => byte === b[index]);
}

function describe(evidence: Evidence, claim: string): string {
  const age = Math.round(evidence.ageMs);
  const silence = Math.round(evidence.silenceMs);
  const presence = evidence.presence ? ", frames that fail authentication" : "";
  return `unacknowledged ${age} ms, LAN silent ${silence} ms, COM ${evidence.com}, claim ${claim}${presence}`;
}

function describeStart(comHeard: boolean, presence: boolean, claim: string): string {
  return `start alone: COM ${comHeard ? "heard" : "silent"}, presence ${presence}, claim ${claim}`;
}
