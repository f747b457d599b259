/**
 * Asks the configured method what the moment means: at the start whether this server may begin alone, in a
 * common view whether it goes on, claims or stops. Nobody is asked who is sole, outside, listening or
 * stopping. The words go into the event log, so that a verdict can be followed afterwards.
 * Source: protocol.md 1.5, 1.7; R108.
 */
import type { Evidence } from "../../services/events.ts";
import { isTwoWay } from "../../services/heartbeat/peer.ts";
import { isMember, isSole, type Surroundings } from "../../services/membership/state.ts";
import { gatherEvidence, gatherStartEvidence } from "../../services/quorum/evidence.ts";
import { type Judgement, type Method, WAIT } from "../../services/quorum/judgement.ts";
import { arbiterOf, describeDisk, startWitnessOf, witnessOf } from "./disk-part.ts";
import { askProvisional, sworn } from "./provisional.ts";
import type { PulseState } from "./state.ts";

export interface Verdict {
  readonly judgement: Judgement;
  /** In words; empty while nothing was asked. */
  readonly evidence: string;
  /** What the method saw in a common view; null = it was not asked about one. */
  readonly seen: Evidence | null;
}

const LACKS = "the other server does not say that it carries out the method";

const UNASKED: Verdict = { judgement: WAIT, evidence: "", seen: null };

export function askMethod(
  state: PulseState,
  method: Method,
  around: Surroundings,
  atMs: number,
): Verdict {
  const { membership: members } = state;
  const { peer, config } = around;
  const claims = arbiterOf(state, config);
  if (members.server === "starting") return askStart(state, method, around, atMs);
  const listening = members.listenUntilMs !== null || members.server === "stopping";
  if (members.view === null || !isMember(members) || listening) return UNASKED;
  if (members.provisional !== null) return askProvisional(state, method, around, atMs);
  if (isSole(members.view, members.self)) return UNASKED;
  const standing = {
    self: members.self,
    view: members.view,
    baseMs: members.baseMs,
    listensFromMs: members.listensFromMs,
    mayOwn: around.mayOwn,
    diskHealthy: claims.diskHealthy,
  };
  const heard = gatherEvidence(standing, peer, atMs, config);
  const disk = witnessOf(state, peer, atMs, config);
  const seen = config.method === "disk" ? { ...heard, disk } : heard;
  const judgement = method.judge(seen, claims.claim, config.budget);
  return { judgement, evidence: describe(seen, claims.claim), seen };
}

function askStart(state: PulseState, method: Method, around: Surroundings, atMs: number): Verdict {
  const { peer, config } = around;
  const { membership: members } = state;
  const claims = arbiterOf(state, config);
  if (isTwoWay(peer, atMs, config)) return UNASKED;
  const overdueMs = atMs - members.waitUntilMs;
  const { diskHealthy } = claims;
  const start = gatherStartEvidence(members.self, diskHealthy, peer, overdueMs, atMs, config);
  const heard = peer.lanHeardAtMs !== null && atMs - peer.lanHeardAtMs < config.budget.timeoutMs;
  const known = {
    ...start,
    presence: start.presence || heard,
    disk: startWitnessOf(state, atMs, config),
  };
  const judgement = method.judgeStart(known, claims.claim, config.budget);
  const lacks = known.lacksMethod === true ? `, ${LACKS}` : "";
  const evidence = `${describeStart(known.comHeard, known.presence, claims.claim)}${lacks}`;
  return sworn({ judgement, evidence, seen: null }, state, around, atMs);
}

function describe(evidence: Evidence, claim: string): string {
  const age = Math.round(evidence.ageMs);
  const silence = Math.round(evidence.silenceMs);
  const presence = evidence.presence ? ", frames that fail authentication" : "";
  const lan = `unacknowledged ${age} ms, LAN silent ${silence} ms`;
  if (evidence.disk !== undefined) return `${lan}, ${describeDisk(evidence.disk)}${presence}`;
  const lacks = evidence.lacksMethod === true ? `, ${LACKS}` : "";
  return `${lan}, COM ${evidence.com}, claim ${claim}${lacks}${presence}`;
}

function describeStart(comHeard: boolean, presence: boolean, claim: string): string {
  return `start alone: COM ${comHeard ? "heard" : "silent"}, presence ${presence}, claim ${claim}`;
}
