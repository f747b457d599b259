/**
 * What of a server of two is written, and how: ages beyond which nothing is compared, fields that no rule
 * reads, and moments of which only the distance counts.
 * Source: protocol.md 1.2, 1.5; services/heartbeat/peer.ts; services/quorum/claim.ts.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import type { QuorumState } from "../../services/quorum/core.ts";
import { NOW_MS, type PackRules } from "./pack.ts";
import type { PairHost } from "./pair-host.ts";
import { ROUND_MS, type Texts } from "./pair-texts.ts";
import { silenced } from "./silence.ts";

/** Over all texts of the world: who changes to a longer time waits longer. */
export function pairRules(configs: readonly ClusterConfig[]): PackRules {
  const budgets = configs.map(({ budget }) => budget);
  const most = (
    key: "timeoutMs" | "diskWaitMs" | "judgeMs" | "abstainMs" | "claimMs" | "sigmaMs",
  ) => Math.max(...budgets.map((budget) => budget[key]));
  const [timeoutMs, abstainMs] = [most("timeoutMs"), most("abstainMs")];
  const [claimMs, sigmaMs] = [most("claimMs"), most("sigmaMs")];
  const verdictMs = Math.max(timeoutMs + most("diskWaitMs"), most("judgeMs"));
  return {
    roundMs: ROUND_MS,
    // The last verdict is at T + DIO, or at the judgement's time of the shared disk.
    oldestMs: Math.ceil(verdictMs / ROUND_MS) * ROUND_MS,
    oldestBy: {
      abstainUntilMs: 0,
      nextLanAtMs: 0,
      nextComAtMs: 0,
      tickedAtMs: 0,
      startedAtMs: 0,
      movedAtMs: 0,
      causeAtMs: 0,
      probeAtMs: 0,
      roundAtMs: 0,
      lastGoodAtMs: 0,
      waitUntilMs: claimMs + Math.ceil(sigmaMs / ROUND_MS) * ROUND_MS + ROUND_MS,
      sinceMs: Math.ceil(abstainMs / ROUND_MS) * ROUND_MS + ROUND_MS,
      comHeardAtMs: timeoutMs,
    },
    fixed: {
      // Health of single paths: for notes only.
      pathHeardAtMs: [],
      pathHealth: [],
      comHealth: "unknown",
      aliveSinceMs: null,
      hearsLanBits: 0,
      // When the disk is called faulty in a note.
      lastGoodAtMs: NOW_MS,
    },
  };
}

/** Farther ahead than any round is played at once. */
const NO_PROBE_MS = NOW_MS + 9 * ROUND_MS;

/**
 * Without what is read of a beat only when it arrives; texts by their number. `isSteady`: a good disk is not
 * probed any more, for where its answers are free a probe is one more of them.
 */
export function trimmed(host: PairHost, texts: Texts, isSteady: boolean): PairHost {
  const { pulse } = host;
  if (pulse === null) return host;
  const { prepared, final } = pulse.revision;
  const named = (config: ClusterConfig | null): ClusterConfig | null =>
    typeof config === "object" && config !== null ? (texts.idOf(config) as never) : config;
  const revision = { prepared: named(prepared), final: named(final) };
  const { promise, server, gaveUp } = pulse.membership;
  const membership = {
    ...pulse.membership,
    promiseAtMs: promise === null ? 0 : pulse.membership.promiseAtMs,
    sinceMs: server === "starting" ? pulse.membership.sinceMs : 0,
  };
  const isGone = host.will && gaveUp !== null;
  const peers = pulse.heartbeat.peers.map(isGone ? silenced : peerTrimmed);
  const heartbeat = { ...pulse.heartbeat, peers };
  const quorum = quorumTrimmed(pulse.quorum, isSteady);
  const operation = operationTrimmed(host.operation);
  return { ...host, operation, pulse: { ...pulse, heartbeat, membership, revision, quorum } };
}

function operationTrimmed(operation: PairHost["operation"]): PairHost["operation"] {
  const claim = operation?.claim ?? null;
  if (operation === null || claim?.state !== "claimed") return operation;
  return { ...operation, claim: { ...claim, number: 1 } };
}

/**
 * Claims are counted without end, but beats and blocks are only ever asked whether there is a number: every
 * claim is the first, until it has been taken down. When the standing one was made is read once more only if
 * a probe writes it again.
 */
function quorumTrimmed(quorum: QuorumState, isSteady: boolean): QuorumState {
  const { claim, standing } = quorum;
  const claimNumber = claim === "none" ? 0 : 1;
  const probeAtMs = isSteady ? NO_PROBE_MS : quorum.probeAtMs;
  const stampMs = isSteady ? NOW_MS : (standing?.stampMs ?? NOW_MS);
  const first = standing === null ? null : { ...standing, number: 1, stampMs };
  return { ...quorum, claimNumber, probeAtMs, standing: first };
}

/** Beyond this age only the distances between the stamps of LAN and COM count; no pause is longer. */
const STAMPS_MS = 18 * ROUND_MS;
/** And those only up to here: w- is 326 ms, w+ 300. */
const APART_MS = 500;

function peerTrimmed(peer: PeerHealth): PeerHealth {
  const { beat, lanTwoWayStampMs, comStampMs, comTwoWayStampMs } = peer;
  const heardStampMs = beat?.heardStampMs == null ? null : 0;
  const words = beat === null ? null : { ...beat, ack: null, heardStampMs };
  const newestMs = Math.max(lanTwoWayStampMs ?? 0, comStampMs ?? 0, comTwoWayStampMs ?? 0);
  const laterMs = Math.max(0, NOW_MS - STAMPS_MS - newestMs);
  const held = (stampMs: number | null): number | null =>
    stampMs === null ? null : Math.max(stampMs, newestMs - APART_MS) + laterMs;
  return {
    ...peer,
    beat: words,
    lanTwoWayStampMs: held(lanTwoWayStampMs),
    comStampMs: held(comStampMs),
    comTwoWayStampMs: held(comTwoWayStampMs),
  };
}

/** The texts themselves again. */
export function rejoined(host: PairHost, texts: Texts): PairHost {
  const { pulse } = host;
  if (pulse === null) return host;
  const { prepared, final } = pulse.revision;
  if (prepared === null && final === null) return host;
  const text = (id: unknown): ClusterConfig | null =>
    typeof id === "number" ? texts.at(id) : (id as ClusterConfig | null);
  return {
    ...host,
    pulse: { ...pulse, revision: { prepared: text(prepared), final: text(final) } },
  };
}
