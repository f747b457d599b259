/**
 * Heartbeat: what has been heard of each peer, on which path, and what of ours it has acknowledged.
 * Intuition: hearing a peer proves that it lives; only its acknowledgement proves that it knows we do.
 * One quiet path is weather, all quiet paths are an absence that quorum/ has to explain.
 * Source: requirements R1-R16, D7-D9; protocol.md 1.3, 1.5.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { PulseEffect, Step } from "../effects.ts";
import type { PulseEvent } from "../events.ts";
import type { ComBeat, LanBeat } from "./beat.ts";
import { type PathHealth, type PeerHealth, peerDraft } from "./peer.ts";

export interface HeartbeatState {
  readonly self: ServerIndex;
  /** By server index; this server's own entry stays untouched. */
  readonly peers: readonly PeerHealth[];
  readonly startedAtMs: number;
}

export function createHeartbeat(
  self: ServerIndex,
  config: ClusterConfig,
  atMs: number,
): HeartbeatState {
  const peers = config.servers.map((server) => emptyPeer(server.index, config));
  return { self, peers, startedAtMs: atMs };
}

/** Events other than heard frames and ticks leave the state as it is. */
export function step(
  state: HeartbeatState,
  event: PulseEvent,
  config: ClusterConfig,
): Step<HeartbeatState, PulseEffect> {
  switch (event.kind) {
    case "beat.received": {
      const peer = state.peers[event.beat.from];
      if (peer === undefined) return { state, effects: [] };
      if (!event.proven) {
        return { state: replacePeer(state, { ...peer, unprovenAtMs: event.atMs }), effects: [] };
      }
      const heard =
        event.beat.kind === "lan-beat"
          ? hearLan(freshIfRebooted(peer, event.beat.host, config), event.beat, event, config)
          : hearCom(freshIfRebooted(peer, event.beat.host, config), event.beat, event.atMs);
      return watchPaths(replacePeer(state, heard), heard.index, event.atMs, config);
    }
    case "presence.noticed": {
      const peer = state.peers[event.from];
      if (peer === undefined) return { state, effects: [] };
      const fresh =
        peer.presenceAtMs !== null && event.atMs - peer.presenceAtMs < config.budget.timeoutMs;
      const next = replacePeer(state, { ...peer, presenceAtMs: event.atMs });
      const data = { server: nameOf(peer.index, config), reason: event.reason };
      return { state: next, effects: fresh ? [] : [{ kind: "note", key: "peer.presence", data }] };
    }
    case "tick":
      return watchAll(state, event.atMs, config);
    default:
      return { state, effects: [] };
  }
}

/** Earliest moment at which a path's health may change by silence alone, ms; Infinity = never. */
export function nextDeadlineMs(state: HeartbeatState, config: ClusterConfig): number {
  let earliest = Number.POSITIVE_INFINITY;
  const consider = (heardAtMs: number | null, health: PathHealth): void => {
    if (heardAtMs === null || health !== "normal") return;
    earliest = Math.min(earliest, heardAtMs + config.budget.timeoutMs);
  };
  for (const peer of state.peers) {
    if (peer.index === state.self) continue;
    for (const [path, heardAtMs] of peer.pathHeardAtMs.entries()) {
      consider(heardAtMs, peer.pathHealth[path] ?? "unknown");
    }
    consider(peer.comHeardAtMs, peer.comHealth);
  }
  return earliest;
}

/** Remembers the largest grant given, so that a lowered T never voids an older, longer one (L10). */
export function recordGrant(
  state: HeartbeatState,
  to: ServerIndex,
  grantedMs: number,
): HeartbeatState {
  const peer = state.peers[to];
  if (peer === undefined || peer.grantedMs >= grantedMs) return state;
  return replacePeer(state, { ...peer, grantedMs });
}

function emptyPeer(index: ServerIndex, config: ClusterConfig): PeerHealth {
  return {
    index,
    host: null,
    beat: null,
    lanHeardAtMs: null,
    lanTwoWayStampMs: null,
    acked: null,
    heardOwnStampMs: null,
    pathHeardAtMs: config.lans.map(() => null),
    pathHealth: config.lans.map(() => "unknown" as const),
    comHeardAtMs: null,
    comBeat: null,
    comStampMs: null,
    comTwoWayStampMs: null,
    comHealth: "unknown",
    aliveSinceMs: null,
    unprovenAtMs: null,
    presenceAtMs: null,
    grantedMs: config.budget.timeoutMs,
  };
}

/** Stamps of an older boot are another clock: everything but the paths' health starts anew. */
function freshIfRebooted(
  peer: PeerHealth,
  host: HostIncarnation,
  config: ClusterConfig,
): PeerHealth {
  if (peer.host === null || peer.host === host) return peer;
  const { pathHeardAtMs, pathHealth, comHealth, comHeardAtMs, aliveSinceMs, unprovenAtMs } = peer;
  const kept = { pathHeardAtMs, pathHealth, comHealth, comHeardAtMs, aliveSinceMs, unprovenAtMs };
  return { ...emptyPeer(peer.index, config), ...kept };
}

function hearLan(
  peer: PeerHealth,
  beat: LanBeat,
  event: { readonly path: number; readonly atMs: number },
  config: ClusterConfig,
): PeerHealth {
  const pathHeardAtMs = peer.pathHeardAtMs.slice();
  if (event.path < pathHeardAtMs.length) pathHeardAtMs[event.path] = event.atMs;
  const next = peerDraft(peer);
  next.pathHeardAtMs = pathHeardAtMs;
  if (peer.beat !== null && beat.stampMs < peer.beat.stampMs) return next;
  const ownMs = beat.heardStampMs;
  // A peer that has not heard this boot yet repeats what the boot before said, by a clock that was further on.
  const isOwn = ownMs !== null && ownMs <= event.atMs;
  if (isOwn && (peer.heardOwnStampMs === null || ownMs > peer.heardOwnStampMs)) {
    next.heardOwnStampMs = ownMs;
    next.lanTwoWayStampMs = beat.stampMs;
    if (wasAway(peer, beat.stampMs, config)) next.comTwoWayStampMs = beat.stampMs;
  }
  next.host = beat.host;
  next.beat = beat;
  next.acked = newestAck(peer, beat);
  next.lanHeardAtMs = event.atMs;
  return next;
}

/**
 * Both ways fell silent together and the LAN is back first, as after a pulse that hung: the serial line, some
 * frames slower, has missed nothing yet and is not faulty for it. Only where the disk arbitrates: with COM alone
 * what is not known stays faulty (D9, protocol.md G4).
 */
function wasAway(peer: PeerHealth, stampMs: number, config: ClusterConfig): boolean {
  const { lanTwoWayStampMs: lanMs, comTwoWayStampMs: comMs } = peer;
  if (config.method !== "com-disk" || lanMs === null || comMs === null) return false;
  const { comFaultyMs } = config.budget;
  return stampMs - lanMs > comFaultyMs && lanMs - comMs <= comFaultyMs;
}

function newestAck(peer: PeerHealth, beat: LanBeat): PeerHealth["acked"] {
  if (beat.ack === null || beat.view === null) return peer.acked;
  const { epoch } = beat.view;
  const { stampMs } = beat.ack;
  const newer =
    peer.acked === null || !sameEpoch(peer.acked.epoch, epoch) || stampMs > peer.acked.stampMs;
  return newer ? { epoch, stampMs } : peer.acked;
}

function hearCom(peer: PeerHealth, beat: ComBeat, atMs: number): PeerHealth {
  if (peer.comStampMs !== null && beat.stampMs < peer.comStampMs) return peer;
  const next = peerDraft(peer);
  next.host = beat.host;
  next.comBeat = beat;
  next.comHeardAtMs = atMs;
  next.comStampMs = beat.stampMs;
  if (beat.hearsCom) next.comTwoWayStampMs = beat.stampMs;
  return next;
}

function replacePeer(state: HeartbeatState, peer: PeerHealth): HeartbeatState {
  const peers = state.peers.slice();
  peers[peer.index] = peer;
  return { self: state.self, peers, startedAtMs: state.startedAtMs };
}

function watchAll(
  state: HeartbeatState,
  atMs: number,
  config: ClusterConfig,
): Step<HeartbeatState, PulseEffect> {
  let next = state;
  const effects: PulseEffect[] = [];
  for (const peer of state.peers) {
    if (peer.index === state.self || isSteady(peer, atMs, config)) continue;
    const watched = watchPaths(next, peer.index, atMs, config);
    next = watched.state;
    effects.push(...watched.effects);
  }
  return { state: next, effects };
}

/**
 * Turns silence and speech of single paths into notes; no path alone declares anybody lost (R9). A peer
 * that is silent everywhere is one loss, not one per cable: its paths are then unknown.
 */
function watchPaths(
  state: HeartbeatState,
  index: ServerIndex,
  atMs: number,
  config: ClusterConfig,
): Step<HeartbeatState, PulseEffect> {
  const peer = state.peers[index];
  if (peer === undefined || isSteady(peer, atMs, config)) return { state, effects: [] };
  const effects: PulseEffect[] = [];
  const server = nameOf(index, config);
  const alive = isHeardOnAny(peer, atMs, config);
  const aliveSinceMs = alive ? (peer.aliveSinceMs ?? atMs) : null;
  if (peer.aliveSinceMs !== null && !alive)
    effects.push({ kind: "note", key: "peer.lost", data: { server } });
  const pathHealth = peer.pathHealth.map((old, path) => {
    const health = healthOf(peer.pathHeardAtMs[path] ?? null, aliveSinceMs, atMs, config);
    const data = { server, path: config.lans[path]?.id ?? "" };
    effects.push(...healthNotes(old, health, "path.lost", "path.restored", data));
    return health;
  });
  let comHealth = peer.comHealth;
  if (config.com !== null) {
    comHealth = healthOf(peer.comHeardAtMs, aliveSinceMs, atMs, config);
    const data = { server, path: config.com.id };
    effects.push(...healthNotes(peer.comHealth, comHealth, "com.faulty", "com.restored", data));
  }
  const same = sameHealth(pathHealth, peer.pathHealth) && comHealth === peer.comHealth;
  if (effects.length === 0 && same && aliveSinceMs === peer.aliveSinceMs) return { state, effects };
  return { state: replacePeer(state, { ...peer, pathHealth, comHealth, aliveSinceMs }), effects };
}

/** Nothing would be other than it is known to be: most beats and ticks end here. */
function isSteady(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  const { aliveSinceMs, pathHealth, pathHeardAtMs, comHeardAtMs, comHealth } = peer;
  if (isHeardOnAny(peer, atMs, config) !== (aliveSinceMs !== null)) return false;
  for (let path = 0; path < pathHealth.length; path += 1) {
    const health = healthOf(pathHeardAtMs[path] ?? null, aliveSinceMs, atMs, config);
    if (health !== pathHealth[path]) return false;
  }
  return config.com === null || healthOf(comHeardAtMs, aliveSinceMs, atMs, config) === comHealth;
}

function isHeardOnAny(peer: PeerHealth, atMs: number, config: ClusterConfig): boolean {
  const { timeoutMs } = config.budget;
  for (const heardMs of peer.pathHeardAtMs) {
    if (heardMs !== null && atMs - heardMs < timeoutMs) return true;
  }
  return peer.comHeardAtMs !== null && atMs - peer.comHeardAtMs < timeoutMs;
}

/** A path that never spoke is faulty once the peer has been heard elsewhere for T. */
function healthOf(
  heardAtMs: number | null,
  aliveSinceMs: number | null,
  atMs: number,
  config: ClusterConfig,
): PathHealth {
  if (aliveSinceMs === null) return "unknown";
  const sinceMs = atMs - Math.max(heardAtMs ?? aliveSinceMs, aliveSinceMs);
  if (sinceMs >= config.budget.timeoutMs) return "faulty";
  const spoke = heardAtMs !== null && atMs - heardAtMs < config.budget.timeoutMs;
  return spoke ? "normal" : "unknown";
}

function healthNotes(
  old: PathHealth,
  health: PathHealth,
  lostKey: string,
  restoredKey: string,
  data: Readonly<Record<string, string>>,
): PulseEffect[] {
  if (old === health) return [];
  if (health === "faulty") return [{ kind: "note", key: lostKey, data }];
  const works = old === "faulty" && health === "normal";
  return works ? [{ kind: "note", key: restoredKey, data }] : [];
}

function sameHealth(a: readonly PathHealth[], b: readonly PathHealth[]): boolean {
  return a.every((health, index) => health === b[index]);
}

const nameOf = (index: ServerIndex, config: ClusterConfig): string =>
  config.servers[index]?.name ?? `#${index}`;
