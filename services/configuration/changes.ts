/**
 * What separates two configurations, and whether the step from one to the other may be taken while the
 * cluster runs. Intuition: what runs keeps its name and its resources, what carries the lease changes only
 * with its epoch, and what sockets and priorities hang on does not change under a running cluster at all.
 * Source: protocol.md 1.9, V3, 1.2; work order 3 item 4.
 */
import type { Budget, ClusterConfig, GroupConfig, QuorumMethod, TimingInput } from "./model.ts";

/** One difference, e.g. `group-added` at `web2`. `from` and `to` are short and may be empty. */
export interface ConfigChange {
  readonly kind:
    | "group-added"
    | "group-removed"
    | "group-edited"
    | "policy"
    | "timing"
    | "failure"
    | "text"
    | "fixed";
  /** Name of the group, or the key. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  /**
   * `live`: takes effect at install, nothing stops. `stopped-group`: that group must be stopped. `offline`:
   * not while the cluster runs.
   */
  readonly needs: "live" | "stopped-group" | "offline";
}

type Compared = ClusterConfig & { readonly virtual?: boolean };

/** Longest value shown of either side, characters. */
const SHOWN_CHARACTERS_MAX = 60;

/** The lease arithmetic of these is proven for two budgets at a time; see blend.ts. */
const BLENDABLE: readonly QuorumMethod[] = ["com", "com-disk", "none"];

/** Empty = the same text. Text that says the same in other words is one change of kind `text`. */
export function compareConfigs(old: Compared, next: Compared): readonly ConfigChange[] {
  const changes = [
    ...fixedChanges(old, next),
    ...timingChanges(old, next),
    ...failureChanges(old, next),
    ...groups(old, next),
  ];
  if (changes.length > 0 || old.hash === next.hash) return changes;
  return [{ kind: "text", at: "", from: "", to: "", needs: "live" }];
}

/** Names of the groups that have to be stopped everywhere before the step. */
export function groupsToStop(changes: readonly ConfigChange[]): readonly string[] {
  return changes.filter(({ needs }) => needs === "stopped-group").map(({ at }) => at);
}

function fixedChanges(old: Compared, next: Compared): ConfigChange[] {
  const values = (config: Compared): Readonly<Record<string, unknown>> => ({
    "cluster.name": config.name,
    "cluster.id": config.clusterId.toString(16),
    method: config.method,
    servers: config.servers.map(({ name, publicInterface }) => `${name} ${publicInterface}`.trim()),
    lans: config.lans,
    com: config.com,
    disk: config.disk,
    virtual: config.virtual === true,
    "timing.watchdogTimeoutMs": config.timing.watchdogTimeoutMs,
  });
  const before = values(old);
  return Object.entries(values(next)).flatMap(([at, value]): ConfigChange[] => {
    if (same(before[at], value)) return [];
    return [{ kind: "fixed", at, from: show(before[at]), to: show(value), needs: "offline" }];
  });
}

function timingChanges(old: Compared, next: Compared): ConfigChange[] {
  const keys = Object.keys(next.timing).filter((key) => key !== "watchdogTimeoutMs");
  const needs = BLENDABLE.includes(next.method) ? "live" : "offline";
  const changes = (keys as (keyof TimingInput)[]).flatMap((key): ConfigChange[] => {
    const [from, to] = [old.timing[key], next.timing[key]];
    if (from === to) return [];
    // The wait at the start belongs to no lease.
    const own = key === "startSyncWaitMs" ? "live" : needs;
    return [{ kind: "timing", at: `timing.${key}`, from: `${from}`, to: `${to}`, needs: own }];
  });
  if (changes.length > 0 || same(old.budget, next.budget)) return changes;
  const shown = ({ marginMs, claimMs }: Budget): string => `margin ${marginMs}, claim ${claimMs}`;
  const at = "timing (pauseMs, giveUpMs, claimMs)";
  return [{ kind: "timing", at, from: shown(old.budget), to: shown(next.budget), needs }];
}

/** Each server goes by its own text's level, and no lease hangs on it (D24). */
function failureChanges(old: Compared, next: Compared): ConfigChange[] {
  const { internalFailure: from = "emergency" } = old;
  const { internalFailure: to = "emergency" } = next;
  if (from === to) return [];
  return [{ kind: "failure", at: "internalFailure", from, to, needs: "live" }];
}

function groups(old: Compared, next: Compared): ConfigChange[] {
  const removed = old.groups.flatMap(({ name }): ConfigChange[] => {
    if (next.groups.some((group) => group.name === name)) return [];
    return [{ kind: "group-removed", at: name, from: name, to: "", needs: "stopped-group" }];
  });
  return [...removed, ...next.groups.flatMap((group) => groupChange(old, next, group))];
}

function groupChange(old: Compared, next: Compared, group: GroupConfig): ConfigChange[] {
  const { name } = group;
  const was = old.groups.find((candidate) => candidate.name === name);
  if (was === undefined) {
    return [{ kind: "group-added", at: name, from: "", to: policyOf(next, group), needs: "live" }];
  }
  const changes: ConfigChange[] = [];
  if (!same(was.resources, group.resources)) {
    const [from, to] = [show(names(was)), show(names(group))];
    changes.push({ kind: "group-edited", at: name, from, to, needs: "stopped-group" });
  }
  const [from, to] = [policyOf(old, was), policyOf(next, group)];
  if (from !== to) changes.push({ kind: "policy", at: name, from, to, needs: "live" });
  return changes;
}

const names = (group: GroupConfig): string[] => group.resources.map(({ name }) => name);

function policyOf(config: Compared, group: GroupConfig): string {
  const servers = group.policy.map((index) => config.servers[index]?.name ?? `#${index}`);
  return `${group.startAttribute}: ${servers.join(", ")}`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text;
}
