/**
 * The pulse's cores as one reducer where a majority decides: heartbeat hears 2-15 peers, membership draws
 * the view and judges by itself, for no arbiter is asked. Same events and effects as for two servers.
 * Source: architecture.md 1.1, 4; protocol.md 1.3-1.4, 1.7; guide 1.2.4 J1-J4.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect, Step } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import {
  composeMajorityBeat,
  type MajorityWords,
  type OwnWords,
} from "../../services/heartbeat/compose.ts";
import * as heartbeat from "../../services/heartbeat/core.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import { loseAgent } from "../../services/membership/change.ts";
import * as majority from "../../services/membership/majority/core.ts";
import { decidesByDisk } from "../../services/membership/majority/disk-rule.ts";
import { resolveAlone } from "../../services/membership/majority/disk-turn.ts";
import * as lease from "../../services/membership/majority/lease.ts";
import { shownPromise } from "../../services/membership/majority/propose.ts";
import { hearsBits, isIn } from "../../services/membership/majority/sight.ts";
import {
  createMajority,
  type Field,
  type MajorityState,
  type Outcome,
} from "../../services/membership/majority/state.ts";
import type { StampState } from "../../services/quorum/stamp-state.ts";
import { createStamping } from "../../services/quorum/stamp-state.ts";
import { type AgentWatch, createAgentWatch, mayOwn, watchAgent } from "./agent-watch.ts";
import { asksBack, sameBytes } from "./beat-news.ts";
import {
  crewDiskDeadlinesMs,
  followCrewDisk,
  hastenCrewDisk,
  type Standing,
  stepCrewDisk,
  usesCrewDisk,
} from "./disk-crew.ts";
import {
  hearTexts,
  type MajorityRevision,
  NO_MAJORITY_REVISION,
  type RevisionTurn,
  takeText,
} from "./majority-revision.ts";

export interface MajorityPulse {
  readonly heartbeat: heartbeat.HeartbeatState;
  readonly membership: MajorityState;
  readonly agent: AgentWatch;
  readonly revision: MajorityRevision;
  readonly nextLanAtMs: number;
  /** Whom this server hears, as its last beats to everybody said. */
  readonly saidHears: number;
  /** Newest tick: every deadline since then is still owed one, whatever was taken in meanwhile. */
  readonly tickedAtMs: number;
  readonly isJudgeDue: boolean;
  /** The will has run to its end: nothing of ours may own anything any more. */
  readonly willDone: "no" | "completed" | "overdue";
  /** What the slots show, where the shared disk decides; null = a majority does. */
  readonly disk: StampState | null;
}

/** A state while one step fills it in; nobody but that step has seen it. */
type MajorityDraft = { -readonly [Part in keyof MajorityPulse]: MajorityPulse[Part] };

/** Written out, as in state.ts. */
const draftOf = (state: MajorityPulse): MajorityDraft => ({
  heartbeat: state.heartbeat,
  membership: state.membership,
  agent: state.agent,
  revision: state.revision,
  nextLanAtMs: state.nextLanAtMs,
  saidHears: state.saidHears,
  tickedAtMs: state.tickedAtMs,
  isJudgeDue: state.isJudgeDue,
  willDone: state.willDone,
  disk: state.disk,
});

export function createPulse(
  self: ServerIndex,
  host: HostIncarnation,
  config: ClusterConfig,
  atMs: number,
): MajorityPulse {
  return {
    heartbeat: heartbeat.createHeartbeat(self, config, atMs),
    membership: createMajority(self, host, config.servers.length, atMs),
    agent: createAgentWatch(atMs),
    revision: NO_MAJORITY_REVISION,
    nextLanAtMs: atMs,
    saidHears: 0,
    tickedAtMs: atMs,
    isJudgeDue: false,
    willDone: "no",
    disk: usesCrewDisk(config) ? createStamping(config.servers.length, atMs) : null,
  };
}

/** All other servers, as heard. */
export function peersOf({ heartbeat: heard, membership }: MajorityPulse): readonly PeerHealth[] {
  return heard.peers.filter(({ index }) => index !== membership.self);
}

export function fieldOf(state: MajorityPulse, atMs: number, config: ClusterConfig): Field {
  const renews = state.revision.renewsSinceMs !== null;
  const field = { peers: peersOf(state), mayOwn: mayOwn(state), renews, atMs, config };
  const { disk } = state;
  return disk === null ? field : { ...field, disk, peersOff: state.agent.token?.peersOff ?? [] };
}

export function holdsLease(state: MajorityPulse, atMs: number, config: ClusterConfig): boolean {
  return lease.holdsLease(state.membership, fieldOf(state, atMs, config));
}

/** One event through all cores. Effects come in the order in which they may be executed. */
export function step(
  state: MajorityPulse,
  event: PulseEvent,
  given: ClusterConfig,
): Step<MajorityPulse, PulseEffect> {
  let config = given;
  const effects: PulseEffect[] = [];
  const { atMs } = event;
  const next = draftOf(state);
  const heard = heartbeat.step(state.heartbeat, event, config);
  const watched = watchAgent(state.agent, event, config);
  effects.push(...heard.effects, ...watched.effects);
  next.heartbeat = heard.state;
  next.agent = watched.state;
  noteWill(next, event);
  const turn = (revised: RevisionTurn): void => {
    next.revision = revised.part;
    config = revised.config;
    effects.push(...revised.effects);
  };
  turn(hearTexts(next.revision, event, next.membership, mayOwn(next), config));
  const take = (outcome: Outcome): void => {
    next.membership = outcome.state;
    effects.push(...outcome.effects);
  };
  if (watched.lost && mayOwn(next)) {
    const gone = loseAgent(next.membership, { atMs, config });
    take({ state: { ...next.membership, ...gone.state }, effects: gone.effects });
  }
  const stepped = takeDisk(next, event, config);
  effects.push(...stepped.effects);
  const field = fieldOf(next, atMs, config);
  take(majority.step(next.membership, event, field));
  if (isWorthALook(state, next, event)) take(majority.observe(next.membership, field));
  const { view: before } = state.membership;
  turn(takeText(next.revision, before, next.membership, field.peers, config, atMs));
  const taught = event.kind === "agent.spoke" && next.membership.view !== state.membership.view;
  const ticks = event.kind === "tick";
  if (ticks) take(majority.judge(next.membership, field));
  if (ticks) take(followDisk(next, field));
  hastenDisk(next, field);
  if (ticks) next.tickedAtMs = atMs;
  next.isJudgeDue = !ticks && (state.isJudgeDue || taught);
  effects.push(...send(state, next, event, config === given ? field : { ...field, config }));
  return { state: next, effects };
}

/** Absolute moment of the next tick, ms: every deadline gets one, also when an event came between. */
export function nextDeadlineMs(state: MajorityPulse, config: ClusterConfig, nowMs: number): number {
  if (state.isJudgeDue) return nowMs;
  const { membership, tickedAtMs, heartbeat: heard } = state;
  const { budget } = config;
  const field = fieldOf(state, nowMs, config);
  const { listensFromMs } = membership;
  let earliestMs = Number.POSITIVE_INFINITY;
  const consider = (markMs: number): void => {
    if (markMs > tickedAtMs && markMs < earliestMs) earliestMs = markMs;
  };
  for (const { lanHeardAtMs, grantedMs } of field.peers) {
    const heardMs = Math.max(listensFromMs, lanHeardAtMs ?? listensFromMs);
    consider(heardMs + Math.max(budget.timeoutMs, grantedMs));
  }
  if (isIn(membership)) {
    consider(lease.leaseEndMs(membership, field));
    consider(lease.verdictAtMs(membership, field));
  }
  consider((membership.stuckSinceMs ?? Number.POSITIVE_INFINITY) + budget.timeoutMs);
  consider(membership.promiseAtMs + budget.timeoutMs);
  consider(membership.baseMs + budget.timeoutMs / 2);
  consider(membership.abstainUntilMs);
  consider(membership.waitUntilMs);
  consider(membership.listenUntilMs ?? Number.POSITIVE_INFINITY);
  consider(heartbeat.nextDeadlineMs(heard, config));
  if (decidesByDisk(field)) for (const markMs of crewDiskDeadlinesMs(field)) consider(markMs);
  if (membership.server === "observing") return earliestMs;
  return Math.min(state.nextLanAtMs, tickedAtMs + budget.intervalMs, earliestMs);
}

/** The disk hears first: a lease that a whole round carries must be known before it is judged. */
function takeDisk(next: MajorityDraft, event: PulseEvent, config: ClusterConfig): Effects {
  const field = fieldOf(next, event.atMs, config);
  if (!decidesByDisk(field)) return { effects: [] };
  const { state, effects } = stepCrewDisk(standingOf(next), event, field);
  next.disk = state;
  return { effects };
}

type Effects = Pick<Outcome, "effects">;

function followDisk(next: MajorityDraft, field: Field): Outcome {
  const now = next.disk === null ? field : { ...field, disk: next.disk };
  if (!decidesByDisk(now)) return { state: next.membership, effects: [] };
  const followed = followCrewDisk(standingOf(next), now);
  next.disk = followed.next.state;
  const { judgement } = followed;
  const told = judgement === null ? null : resolveAlone(next.membership, judgement, now);
  return {
    state: told?.state ?? next.membership,
    effects: [...followed.next.effects, ...(told?.effects ?? [])],
  };
}

function hastenDisk(next: MajorityDraft, field: Field): void {
  const now = next.disk === null ? field : { ...field, disk: next.disk };
  if (decidesByDisk(now)) next.disk = hastenCrewDisk(standingOf(next), now);
}

const standingOf = ({ membership, agent, willDone }: MajorityPulse): Standing => ({
  membership,
  progress: agent.token?.progress ?? null,
  gone: willDone === "completed",
});

/**
 * Beats that say what the last one said are most of all events. What depends on time alone is looked at with
 * every tick, and a tick comes within an interval.
 */
function isWorthALook(before: MajorityPulse, after: MajorityPulse, event: PulseEvent): boolean {
  if (event.kind !== "beat.received" || before.membership !== after.membership) return true;
  const old = before.heartbeat.peers[event.beat.from];
  const heard = after.heartbeat.peers[event.beat.from];
  if (old === undefined || heard === undefined || old.host !== heard.host) return true;
  if (old.beat === heard.beat) return false;
  return old.beat === null || heard.beat === null || hasOtherWords(old.beat, heard.beat);
}

function hasOtherWords(a: LanBeat, b: LanBeat): boolean {
  if (a.state !== b.state || a.mayOwn !== b.mayOwn || a.hears !== b.hears) return true;
  if (a.lapsed !== b.lapsed || a.configHash !== b.configHash) return true;
  // The first acknowledgement there and back makes a server one that hears.
  if ((a.heardStampMs === null) !== (b.heardStampMs === null)) return true;
  return !isSameView(a.view, b.view) || !isSameView(a.promise, b.promise);
}

const isSameView = (a: View | null, b: View | null): boolean =>
  a === b || (a !== null && b !== null && sameEpoch(a.epoch, b.epoch));

function noteWill(state: MajorityDraft, event: PulseEvent): void {
  if (event.kind === "will.done") state.willDone = event.completed ? "completed" : "overdue";
  if (event.kind === "agent.spoke" && state.membership.gaveUp === null) state.willDone = "no";
}

/** Beats go to everybody every interval, and at once when what they say has changed. */
function send(
  before: MajorityPulse,
  state: MajorityDraft,
  event: PulseEvent,
  field: Field,
): readonly PulseEffect[] {
  const { membership } = state;
  const { atMs, config, peers } = field;
  if (membership.server === "observing") return [];
  const hears = hearsBits(field);
  // Nobody drops a server that another one still hears: that it is silent here is what the others wait for.
  const isNews = hears !== state.saidHears || hasNews(before, state);
  const isDue = atMs >= state.nextLanAtMs || isNews;
  const isAsked =
    event.kind === "beat.received" &&
    (asksBack(event) || hasComeIn(before, state, event.beat.from));
  const answers = isAsked ? event.beat.from : null;
  if (!isDue && answers === null) return [];
  const words: OwnWords & MajorityWords = {
    blob: state.agent.token?.blob ?? new Uint8Array(0),
    progress: state.agent.token?.progress ?? 0,
    mayOwn: mayOwn(state),
    claim: 0,
    promise: shownPromise(membership),
    hears,
    lapsed: membership.lapsed,
  };
  const effects: PulseEffect[] = [];
  for (const peer of peers) {
    if (!isDue && peer.index !== answers) continue;
    const beat = composeMajorityBeat(peer, membership, words, atMs, config);
    effects.push({ kind: "lan.send", beat });
    if (beat.ack === null) continue;
    state.heartbeat = heartbeat.recordGrant(state.heartbeat, peer.index, beat.ack.grantedMs);
  }
  if (!isDue) return effects;
  if (isFeedable(state, field)) effects.push({ kind: "watchdog.feed" });
  state.nextLanAtMs = atMs + config.budget.intervalMs;
  state.saidHears = hears;
  return effects;
}

/**
 * It shows this server's view for the first time, so that it can be acknowledged: it waits for that to start
 * what it has to start, and where two beats have crossed it would wait for an interval (1.4.5).
 */
function hasComeIn(before: MajorityPulse, after: MajorityPulse, from: ServerIndex): boolean {
  const mine = after.membership.view;
  const was = before.heartbeat.peers[from]?.beat?.view ?? null;
  const shown = after.heartbeat.peers[from]?.beat?.view ?? null;
  return mine !== null && isSameView(shown, mine) && !isSameView(was, mine);
}

/** Rule 1.3.6: an owner that might be overtaken before its reset would come is not fed. */
function isFeedable(state: MajorityPulse, field: Field): boolean {
  if (state.willDone === "overdue") return false;
  if (!mayOwn(state)) return true;
  if (!isIn(state.membership)) return false;
  const { budget } = field.config;
  if (lease.isUnleased(state.membership, field)) return true;
  const endMs = lease.leaseEndMs(state.membership, field);
  const resets = budget.protection === "reset-bounded";
  return field.atMs <= endMs + (resets ? budget.timeoutMs - budget.a3Ms - budget.watchdogMs : 0);
}

function hasNews(before: MajorityPulse, after: MajorityPulse): boolean {
  const a = before.membership;
  const b = after.membership;
  if (a.server !== b.server || a.view !== b.view || a.promise !== b.promise) return true;
  if (a.shown !== b.shown || before.revision !== after.revision) return true;
  if (a.lapsed !== b.lapsed || mayOwn(before) !== mayOwn(after)) return true;
  return !sameBytes(before.agent.token?.blob, after.agent.token?.blob);
}
