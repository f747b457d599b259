/**
 * From one status document to the state topics of the tree, without envelope: what a reader of the broker
 * sees of cluster, servers, groups, paths and open alerts. Pure; the same picture gives the same topics.
 * Source: ecosystem.md 1.3; model.ts.
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { StatusDocument } from "../status.ts";
import type {
  AlertState,
  ClusterState,
  Envelope,
  GroupState,
  InfoState,
  NodeState,
  PathState,
} from "./model.ts";
import { headlineOf } from "./sentences.ts";
import { topicId } from "./topics.ts";

/** A state without its envelope. */
type Bare<T extends Envelope> = Omit<T, keyof Envelope>;

export interface Projection {
  /** Topic below the prefix. */
  readonly topic: string;
  readonly content: object;
  /** Equal signs = nothing a reader must hear of; ages of words are left out. */
  readonly sign: string;
}

export interface Names {
  /** Name to topic id. */
  readonly servers: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, string>;
}

/** Alerts under one code; more of the same kind say nothing new. */
const ALERTS_PER_CODE_MAX = 16;

/** `ja`: the texts of the reasons in Japanese, in the same order. */
export function project(
  config: ClusterConfig,
  names: Names,
  version: string,
  status: StatusDocument,
  ja: readonly string[],
): readonly Projection[] {
  return [
    plain("info", infoOf(config, version)),
    plain("state", clusterOf(status, ja)),
    ...status.servers.map((server) => {
      const id = names.servers.get(server.name) ?? topicId(server.name);
      const { name, state, since, incarnation } = server;
      const content: Bare<NodeState> = { id, name, state, since, incarnation };
      return plain(`node/${id}/state`, content);
    }),
    ...status.groups.map((group) => {
      const id = names.groups.get(group.name) ?? topicId(group.name);
      const { name, state, owner, policy } = group;
      const content: Bare<GroupState> = { id, name, state, owner, policy };
      return plain(`group/${id}/state`, content);
    }),
    ...pathsOf(status),
    ...alertsOf(status, ja),
  ];
}

function infoOf(config: ClusterConfig, version: string): Bare<InfoState> {
  const name = (index: number): string => config.servers[index]?.name ?? `#${index}`;
  return {
    cluster: config.name,
    version,
    method: config.method,
    timeoutMs: config.timing.heartbeatTimeoutMs,
    intervalMs: config.timing.heartbeatIntervalMs,
    servers: config.servers.map((server) => server.name),
    groups: config.groups.map((group) => ({
      name: group.name,
      policy: group.policy.map(name),
      resources: group.resources.map((resource) => ({ name: resource.name, type: resource.kind })),
    })),
    paths: [
      ...config.lans.map(({ id, kind }) => ({ kind: `lan-${kind}` as const, id })),
      ...(config.com === null ? [] : [{ kind: "com" as const, id: config.com.id }]),
      ...(config.disk === null ? [] : [{ kind: "disk" as const, id: "disk" }]),
    ],
  };
}

function clusterOf(status: StatusDocument, ja: readonly string[]): Bare<ClusterState> {
  const { level, reasons, coordinator, survivesFailures, details } = status.cluster;
  const { configHash: hash, revision } = details ?? {};
  return {
    level,
    reasons: reasons.map((reason, index) => ({ ...reason, ja: ja[index] ?? reason.text })),
    coordinator,
    survivesFailures,
    headline: headlineOf(status),
    configRevision: typeof hash === "string" ? hash : null,
    revision: typeof revision === "number" ? revision : null,
  };
}

function pathsOf(status: StatusDocument): Projection[] {
  const ids = [...new Set(status.paths.map(({ id }) => id))];
  return ids.map((id) => {
    const words = status.paths.filter((path) => path.id === id);
    const kind = words[0]?.kind ?? "lan-private";
    const pairs = words.map(({ from, to, state, lastHeardMs }) => ({
      from,
      to,
      state,
      lastHeardMs: lastHeardMs === null ? null : Math.round(lastHeardMs),
    }));
    const content: Bare<PathState> = { kind, id, pairs };
    const lasting = pairs.map(({ from, to, state }) => `${from}>${to} ${state}`);
    return { topic: `path/${topicId(id)}/state`, content, sign: `${kind} ${lasting.join(",")}` };
  });
}

/** One open alert per reason; a reason that goes takes its topic along. */
function alertsOf(status: StatusDocument, ja: readonly string[]): Projection[] {
  const nth = new Map<string, number>();
  return status.cluster.reasons.flatMap(({ code, text }, index) => {
    const count = (nth.get(code) ?? 0) + 1;
    nth.set(code, count);
    if (count > ALERTS_PER_CODE_MAX) return [];
    const content: Bare<AlertState> = { code, text: { en: text, ja: ja[index] ?? text } };
    return [plain(`alert/${topicId(code)}-${count}`, content)];
  });
}

const plain = (topic: string, content: object): Projection => ({
  topic,
  content,
  sign: JSON.stringify(content),
});
