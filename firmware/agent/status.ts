/**
 * The status document: one server's honest view of the whole, with the reasons why it is not well.
 * Source: requirements R16, R64, R202, R204; services/status.ts; G11 (what a fault of the arbiter means).
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { GroupState } from "../../hal/base/view.ts";
import type { EventData } from "../../services/catalogue.ts";
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import { usesCom, usesDisk } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Revision } from "../../services/configuration/rollout-words.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Facts, Measured, PeerFact } from "../../services/facts.ts";
import { fellows, lackingHere, peerAt, wordsHeard } from "../../services/failover/hear.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import { countsOf, survivableLosses } from "../../services/membership/majority/votes.ts";
import type {
  GroupStatus,
  PathStatus,
  ServerStatus,
  ShownServerState,
  StatusDocument,
  StatusReason,
} from "../../services/status.ts";
import { releasesApart } from "./release-watch.ts";
import type { UnfitScript } from "./script-desk.ts";

/** Wall-clock instants since when each server shows its state, kept by the agent. */
export interface StateSince {
  readonly state: ShownServerState;
  readonly since: string;
}

/** What is wrong with this server that only its agent knows. */
export interface OwnTrouble {
  /** Its state folder refuses the record. */
  readonly isUnsaved: boolean;
  /** Revisions of the configuration, by server index; absent = nobody has said. */
  readonly revisions?: readonly (Revision | null)[];
  /** Scripts here that cannot be run as they are; absent = none. */
  readonly unfit?: readonly UnfitScript[];
  /** Release of this agent; absent = it is not compared. */
  readonly release?: string;
  /** Data of the event `emergency.recorded`; null or absent = nothing is to be settled. */
  readonly emergency?: NoteData | null;
}

/** The whole document. `since`: by server index, null = not known; reasons are said in `language`. */
export function drawStatus(
  state: FailoverState,
  ownHost: string,
  since: readonly (StateSince | null)[],
  config: ClusterConfig,
  language: "en" | "ja",
  own: OwnTrouble,
): StatusDocument {
  const { facts } = state;
  const name = (index: ServerIndex): string => config.servers[index]?.name ?? `#${index}`;
  const reasons = facts === null ? [] : drawReasons(state, facts, config, language, own);
  const survives = facts === null ? 0 : survivesFailures(facts, config, own);
  const epoch = facts?.view?.epoch ?? null;
  const failed = state.groups.some(({ stranded }, at) => stranded && isGone(state, config, at));
  return {
    cluster: {
      name: config.name,
      level: failed ? "failed" : reasons.length > 0 || survives === 0 ? "degraded" : "ok",
      reasons,
      epoch: epoch?.counter ?? null,
      method: config.method,
      coordinator: epoch === null ? null : name(epoch.coordinator),
      survivesFailures: survives,
      details: {
        protection: config.budget.protection,
        revision: own.revisions?.[state.self]?.rev ?? config.revision,
        configHash: config.hash,
        ...(facts?.view != null && config.method === "majority"
          ? countsOf(facts.view, config.servers.length)
          : {}),
      },
    },
    servers: config.servers.map((server) =>
      withRelease(
        withRevision(drawServer(server.index, state, ownHost, since, config), own, server.index),
        releaseOf(server.index, state, own),
      ),
    ),
    groups: config.groups.map((_, index) => drawGroup(state, index, config)),
    paths: (facts?.paths ?? []).map(
      ({ kind, id, from, to, state: health, lastHeardMs }): PathStatus => ({
        kind,
        id,
        from: name(from),
        to: name(to),
        state: health,
        lastHeardMs,
      }),
    ),
  };
}

/** What is left of the start sync wait, whole seconds; 0 = this server does not wait. */
export function startWaitS(facts: Facts): number {
  return Math.max(0, Math.ceil(((facts.waitUntilMs ?? facts.atMs) - facts.atMs) / 1000));
}

/** State of each server as this one sees it; a silent one is `off`. */
export function shownState(index: ServerIndex, state: FailoverState): ShownServerState {
  const { facts } = state;
  if (index === state.self) {
    return facts === null || facts.server === "observing" ? "starting" : facts.server;
  }
  return (facts === null ? null : peerAt(facts, index)?.state) ?? "off";
}

/** `revision` and `configHash` of a server in its details, as far as it has said so. */
function withRevision(server: ServerStatus, own: OwnTrouble, index: ServerIndex): ServerStatus {
  const said = own.revisions?.[index] ?? null;
  if (said === null) return server;
  const shown = { revision: said.rev, configHash: said.hash.slice(0, 8) };
  return { ...server, details: { ...server.details, ...shown } };
}

/** Release of a server's agent; null = it has not said. */
function releaseOf(index: ServerIndex, state: FailoverState, own: OwnTrouble): string | null {
  if (index === state.self) return own.release ?? null;
  const peer = state.facts === null ? null : peerAt(state.facts, index);
  return peer === null ? null : (wordsHeard(peer)?.release ?? null);
}

const withRelease = (server: ServerStatus, release: string | null): ServerStatus =>
  release === null ? server : { ...server, details: { ...server.details, release } };

function drawServer(
  index: ServerIndex,
  state: FailoverState,
  ownHost: string,
  since: readonly (StateSince | null)[],
  config: ClusterConfig,
): ServerStatus {
  const waitS = index === state.self && state.facts !== null ? startWaitS(state.facts) : 0;
  return {
    name: config.servers[index]?.name ?? `#${index}`,
    state: shownState(index, state),
    since: since[index]?.since ?? null,
    incarnation: index === state.self ? ownHost : hostOf(index, state.facts),
    ...(index === state.self ? ownDetails(waitS, state.facts?.measured) : {}),
  };
}

const hostOf = (index: ServerIndex, facts: Facts | null): string | null =>
  facts === null ? null : (peerAt(facts, index)?.host ?? null);

/** What a server says of itself only. */
function ownDetails(waitS: number, measured: Measured | undefined): Pick<ServerStatus, "details"> {
  if (waitS <= 0 && measured === undefined) return {};
  const wait = waitS > 0 ? { startWaitS: waitS } : {};
  return { details: { ...wait, ...(measured === undefined ? {} : { measured }) } };
}

function drawGroup(state: FailoverState, index: number, config: ClusterConfig): GroupStatus {
  const spec = config.groups[index];
  const group = state.groups[index];
  const name = (at: ServerIndex | null): string | null =>
    at === null ? null : (config.servers[at]?.name ?? `#${at}`);
  const policy = (spec?.policy ?? []).map((at) => name(at) ?? "");
  const shown = ownerOf(state, index);
  return {
    name: spec?.name ?? "",
    state: shown.state,
    owner: name(shown.owner),
    policy,
    details: {
      desired: name(group?.desired ?? null),
      order: group?.order ?? 0,
      ...(spec?.parallelOf === undefined ? {} : { parallelOf: spec.parallelOf }),
    },
  };
}

/** No server is left for it: of a parallel group for none of its instances. */
function isGone(state: FailoverState, config: ClusterConfig, index: number): boolean {
  const parallelOf = config.groups[index]?.parallelOf;
  if (parallelOf === undefined) return true;
  return config.groups.every(
    (spec, at) => spec.parallelOf !== parallelOf || state.groups[at]?.stranded === true,
  );
}

function ownerOf(
  state: FailoverState,
  index: number,
): { readonly state: GroupState | "unknown"; readonly owner: ServerIndex | null } {
  const own = state.groups[index]?.actual ?? "stopped";
  const busy = (actual: GroupState): boolean => actual !== "stopped" && actual !== "failed";
  if (busy(own)) return { state: own, owner: state.self };
  const { facts } = state;
  const heard = (facts?.peers ?? []).filter(({ state: shown }) => shown !== null);
  let isFailed = own === "failed";
  for (const peer of heard) {
    const theirs = wordsHeard(peer)?.groups[index]?.state ?? "stopped";
    if (busy(theirs)) return { state: theirs, owner: peer.index };
    if (theirs === "failed") isFailed = true;
  }
  const known = facts !== null && facts.view !== null;
  if (!known && heard.length === 0) return { state: "unknown", owner: null };
  return { state: isFailed ? "failed" : "stopped", owner: null };
}

/**
 * How many servers may fail one after the other. Of two, one iff both stand, and what resolves the failure is
 * in order (G11). Where a majority decides, as many as leave one of those counted; where the shared disk does,
 * all but the last one of those that write on it (R67, R70). A server whose scripts cannot be run is
 * not counted on to take a group over.
 */
function survivesFailures(facts: Facts, config: ClusterConfig, own: OwnTrouble): number {
  const { view } = facts;
  if (view === null || facts.server !== "member" || facts.refused !== null) return 0;
  const isFit = (peer: PeerFact): boolean =>
    peer.state === "member" && wordsHeard(peer)?.unfit !== true;
  const fit = fellows(facts).filter(isFit);
  if ((own.unfit ?? []).length > 0 || fit.length === 0) return 0;
  if (config.method === "majority") {
    const members = view.members.filter(
      (index) => peerAt(facts, index) === null || fit.some((peer) => peer.index === index),
    );
    return survivableLosses({ ...view, members }, config.servers.length);
  }
  const { method } = config;
  // R103: the failure of such a member ends this server as well.
  if (lackingHere(facts, method).length > 0) return 0;
  // Whoever does not write there goes with the first that fails.
  if (config.servers.length > 2) {
    const writes = facts.paths.filter(({ kind, state }) => kind === "disk" && state === "normal");
    const isCounted = (index: ServerIndex): boolean =>
      peerAt(facts, index) === null || fit.some((peer) => peer.index === index);
    return Math.max(0, writes.filter(({ from }) => isCounted(from)).length - 1);
  }
  const arbiters = facts.paths.filter(
    ({ kind }) => (kind === "com" && usesCom(method)) || (kind === "disk" && usesDisk(method)),
  );
  return arbiters.every(({ state }) => state === "normal") ? 1 : 0;
}

/** This server hears that peer on that path. */
const hears = (facts: Facts, id: string, peer: ServerIndex, self: ServerIndex): boolean =>
  facts.paths.some(
    ({ id: its, from, to, state }) =>
      its === id && from === peer && to === self && state === "normal",
  );

function drawReasons(
  state: FailoverState,
  facts: Facts,
  config: ClusterConfig,
  language: "en" | "ja",
  own: OwnTrouble,
): StatusReason[] {
  const name = (index: ServerIndex): string => config.servers[index]?.name ?? `#${index}`;
  const reasons: StatusReason[] = [];
  const add = (key: string, data: EventData, detail = ""): void => {
    if (!isEventKey(key)) return;
    const { code, text: fixed } = renderEvent(key, data, language);
    // What to do about it stands in the event.
    const [what = ""] = detail.split("; do: ");
    const text = what === "" ? fixed : `${fixed} (${what})`;
    if (!reasons.some((reason) => reason.text === text)) reasons.push({ code, text });
  };
  for (const { kind, id, from, to, state: health, trouble } of facts.paths) {
    if (health !== "faulty") continue;
    const far = from === state.self ? to : from;
    if (kind !== "disk" && peerAt(facts, far)?.state == null) continue;
    const server = name(far);
    if (kind === "disk" && from !== state.self) add("disk.silent-there", { server });
    else if (kind === "disk") add("disk.faulty", {}, trouble);
    else if (kind === "com") add("com.faulty", { server, path: id });
    else if (from !== state.self) add("path.lost", { server, path: id });
    else if (hears(facts, id, far, state.self)) add("path.one-way", { server, path: id });
  }
  for (const { presence, index } of facts.peers) {
    if (presence) add("peer.presence", { server: name(index), reason: "tag" });
  }
  const waitS = startWaitS(facts);
  if (waitS > 0) add("start.waiting", { seconds: waitS });
  if (facts.refused !== null) {
    const outside = facts.server === "starting" ? "start.refused-alone" : "failover-not-possible";
    const key = facts.provisional === true ? "force-return.waiting" : outside;
    add(key, { reason: facts.refused, evidence: "" });
  } else if (facts.provisional === true && config.method === "disk") {
    add("force-return.waiting", { reason: "unproven", evidence: "" });
  }
  const counts = facts.view === null ? null : countsOf(facts.view, config.servers.length);
  if (config.method === "majority" && counts !== null) {
    if (facts.provisional === true) add("force-return.minority", counts);
    else if (counts.members <= counts.needed) add("majority.edge", counts);
  }
  if (own.emergency != null) add("emergency.recorded", own.emergency);
  if (facts.conflict) add("sole.conflict", { epoch: facts.floor });
  for (const { configDiffers, index } of facts.peers) {
    if (!configDiffers) continue;
    const theirs = own.revisions?.[index]?.hash.slice(0, 8) ?? "?";
    add("config.mismatch", { server: name(index), ours: config.hash, theirs });
  }
  for (const { index, theirs } of releasesApart(facts, own.release)) {
    add("release.differs", { server: name(index), ours: own.release ?? "", theirs });
  }
  for (const { index } of lackingHere(facts, config.method)) {
    add("method.unsupported", { server: name(index), method: config.method });
  }
  for (const { state: shown, index } of facts.peers) {
    if (shown === null) add("peer.lost", { server: name(index) });
  }
  if (own.isUnsaved) add("store.unsaved", { server: name(state.self) });
  const told = facts.peers.map((peer) => ({ ...peer, words: wordsHeard(peer) }));
  for (const { words, index } of told) {
    if (words?.unsaved === true) add("store.unsaved", { server: name(index) });
  }
  for (const { path, reason } of own.unfit ?? []) {
    add("script.unfit", { path, server: name(state.self), reason });
  }
  for (const { words, index } of told) {
    if (words?.unfit === true) add("script.unfit-there", { server: name(index) });
  }
  if (facts.server === "detached") add("server.detached", { server: name(state.self) });
  else {
    for (const { state: shown, index } of facts.peers) {
      if (shown === "detached") add("server.detached", { server: name(index) });
    }
  }
  for (const [index, group] of state.groups.entries()) {
    const spec = config.groups[index];
    if (group.stranded) {
      const whole = spec?.parallelOf ?? spec?.name ?? "";
      if (isGone(state, config, index)) add("group.no-server", { group: whole });
      else add("group.degraded", { group: whole, from: name(spec?.policy[0] ?? 0) });
    }
    if (group.actual === "failed") {
      add("group.failed", { group: spec?.name ?? "", server: name(state.self), reason: "" });
    }
  }
  return reasons;
}
