/**
 * What follows from the configuration in force for the topic tree: which name has which topic id, which
 * devices Home Assistant is told of, and which topics therefore have a subject at all. Intuition: a new
 * text replaces all of it in one step. Source: ecosystem.md 1.3, 1.5; protocol.md 1.9.
 */
import type { ClusterConfig } from "../configuration/model.ts";
import { deviceTopic, discover } from "./discovery.ts";
import type { Names } from "./project.ts";
import { assignIds, topicId } from "./topics.ts";

export interface Naming {
  readonly config: ClusterConfig;
  readonly names: Names;
  /** Topic id to name, as commands need it. */
  readonly ids: {
    readonly servers: ReadonlyMap<string, string>;
    readonly groups: ReadonlyMap<string, string>;
  };
  readonly paths: ReadonlySet<string>;
  /** Topic to payload; empty when Home Assistant is not wanted. */
  readonly devices: ReadonlyMap<string, string>;
}

/** `version`: of the product, for the list of devices; `homeAssistant` false = there is none. */
export function nameAll(config: ClusterConfig, version: string, homeAssistant: boolean): Naming {
  const names: Names = {
    servers: assignIds(config.servers.map(({ name }) => name)),
    groups: assignIds(config.groups.map(({ name }) => name)),
  };
  const devices = homeAssistant ? discover(config, names, version) : [];
  const paths = [
    ...config.lans.map(({ id }) => id),
    ...(config.com === null ? [] : [config.com.id]),
  ];
  return {
    config,
    names,
    ids: { servers: swap(names.servers), groups: swap(names.groups) },
    paths: new Set([...paths, ...(config.disk === null ? [] : ["disk"])].map(topicId)),
    devices: new Map(devices.map(({ topic, payload }) => [topic, payload])),
  };
}

/** Of a topic below the prefix: alerts come and go by themselves, the others need their subject. */
export function hasSubject({ ids, paths }: Naming, below: string): boolean {
  const [kind, id = ""] = below.split("/");
  if (kind === "group") return ids.groups.has(id);
  if (kind === "node") return ids.servers.has(id);
  if (kind === "path") return paths.has(id);
  return kind !== "alert";
}

/** Home Assistant's device of what a topic below the prefix is about; null = it has none, or is not wanted. */
export function deviceOf({ config, devices }: Naming, below: string): string | null {
  const [kind, id = ""] = below.split("/");
  if (devices.size === 0 || (kind !== "group" && kind !== "node")) return null;
  return deviceTopic(config.name, kind, id);
}

const swap = (ids: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...ids].map(([name, id]) => [id, name]));
