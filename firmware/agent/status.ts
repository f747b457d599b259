/**
 * The status document: one server's honest view of the whole, with the reasons why it is not well.
 * Source: requirements R16, R64, R202, R204; services/status.ts; G11 (what a fault of the arbiter means).
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { GroupState } from "../../hal/base/view.ts";
import type { EventData } from "../../services/catalogue.ts";
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Facts } from "../../services/facts.ts";
import { peerWords } from "../../services/failover/orders.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import type {
  GroupStatus,
  PathStatus,
  ServerStatus,
  ShownServerState,
  StatusDocument,
  StatusReason,
} from "../../services/status.ts";

/** Wall-clock instants since when each server shows its state, kept by the agent. */
export interface StateSince {
  readonly state: ShownServerState;
  readonly since: string;
}

export function drawStatus(
  state: FailoverState,
  ownHost: string,
  since: readonly (StateSince | null)[],
  config: ClusterConfig,
  language: "en" | "ja",
): StatusDocument {
  const { facts } = state;
  const name = (index: ServerIndex): string => config.servers[index]?.name ?? `#${index}`;
  const reasons = facts === null ? [] : drawReasons(state, facts, config, language);
  const survives = facts === null ? 0 : survivesFailures(facts, config);
  const epoch = facts?.view?.epoch ?? null;
  const failed = state.groups.some(({ stranded }) => stranded);
  return {
    cluster: {
      name: config.name,
      level: failed ? "failed" : reasons.length > 0 || survives === 0 ? "degraded" : "ok",
      reasons,
      epoch: epoch?.counter ?? null,
      method: config.method,
      coordinator: epoch === null ? null : name(epoch.coordinator),
      survivesFailures: survives,
      details: { protection: config.budget.protection, configHash: config.hash },
    },
    servers: config.servers.map((server) =>
      drawServer(server.index, state, ownHost, since, config),
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

/** State of each server as this one sees it; a silent one is `off`. */
export function shownState(index: ServerIndex, state: FailoverState): ShownServerState {
  const { facts } = state;
  if (index === state.self) {
    return facts === null || facts.server === "observing" ? "starting" : facts.server;
  }
  return facts?.peer.state ?? "off";
}

function drawServer(
  index: ServerIndex,
  state: FailoverState,
  ownHost: string,
  since: readonly (StateSince | null)[],
  config: ClusterConfig,
): ServerStatus {
  return {
    name: config.servers[index]?.name ?? `#${index}`,
    state: shownState(index, state),
    since: since[index]?.since ?? null,
    incarnation: index === state.self ? ownHost : (state.facts?.peer.host ?? null),
  };
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
    details: { desired: name(group?.desired ?? null), order: group?.order ?? 0 },
  };
}

function ownerOf(
  state: FailoverState,
  index: number,
): { readonly state: GroupState | "unknown"; readonly owner: ServerIndex | null } {
  const own = state.groups[index]?.actual ?? "stopped";
  const busy = (actual: GroupState): boolean => actual !== "stopped" && actual !== "failed";
  if (busy(own)) return { state: own, owner: state.self };
  const { facts } = state;
  const heard = facts !== null && facts.peer.state !== null;
  const words = heard ? peerWords({ ...facts, peer: { ...facts.peer, sameView: true } }) : null;
  const theirs = words?.groups[index]?.state ?? "stopped";
  if (heard && busy(theirs)) return { state: theirs, owner: facts.peer.index };
  const known = facts !== null && facts.view !== null;
  if (!known && !heard) return { state: "unknown", owner: null };
  return { state: own === "failed" || theirs === "failed" ? "failed" : "stopped", owner: null };
}

/** One further server may fail iff two members stand, and what resolves the failure is in order (G11). */
function survivesFailures(facts: Facts, config: ClusterConfig): number {
  const two = facts.view !== null && facts.view.members.length === 2 && facts.server === "member";
  if (!two || facts.peer.state !== "member" || facts.refused !== null) return 0;
  const needed = facts.paths.filter(({ kind }) => kind === "com" || kind === "disk");
  const arbiters = config.method === "none" ? [] : needed;
  return arbiters.some(({ state }) => state === "faulty") ? 0 : 1;
}

/** This server hears the peer on that path. */
const hears = (facts: Facts, id: string, self: ServerIndex): boolean =>
  facts.paths.some((path) => path.id === id && path.to === self && path.state === "normal");

function drawReasons(
  state: FailoverState,
  facts: Facts,
  config: ClusterConfig,
  language: "en" | "ja",
): StatusReason[] {
  const name = (index: ServerIndex): string => config.servers[index]?.name ?? `#${index}`;
  const reasons: StatusReason[] = [];
  const add = (key: string, data: EventData): void => {
    if (!isEventKey(key)) return;
    const { code, text } = renderEvent(key, data, language);
    if (!reasons.some((reason) => reason.text === text)) reasons.push({ code, text });
  };
  for (const { kind, id, from, to, state: health } of facts.paths) {
    if (health !== "faulty") continue;
    if (facts.peer.state === null && kind !== "disk") continue;
    const server = name(from === state.self ? to : from);
    if (kind === "disk") add("disk.faulty", {});
    else if (kind === "com") add("com.faulty", { server, path: id });
    else if (from !== state.self) add("path.lost", { server, path: id });
    else if (hears(facts, id, state.self)) add("path.one-way", { server, path: id });
  }
  if (facts.peer.presence) add("peer.presence", { server: name(facts.peer.index), reason: "tag" });
  if (facts.refused !== null) add("failover-not-possible", { reason: facts.refused, evidence: "" });
  if (facts.conflict) add("sole.conflict", { epoch: facts.floor });
  if (facts.peer.configDiffers)
    add("config.mismatch", { server: name(facts.peer.index), ours: config.hash, theirs: "" });
  if (facts.peer.state === null) add("peer.lost", { server: name(facts.peer.index) });
  if (facts.server === "detached") add("server.detached", { server: name(state.self) });
  else if (facts.peer.state === "detached")
    add("server.detached", { server: name(facts.peer.index) });
  for (const [index, group] of state.groups.entries()) {
    const spec = config.groups[index];
    if (group.stranded) add("group.no-server", { group: spec?.name ?? "" });
    if (group.actual === "failed") {
      add("group.failed", { group: spec?.name ?? "", server: name(state.self), reason: "" });
    }
  }
  return reasons;
}
