/**
 * Home Assistant's device discovery: one retained document per device, so that cluster, servers and
 * groups appear there by themselves. Nothing destructive is offered: its buttons ask nobody back.
 * Source: ecosystem.md 1.1, 1.5; Home Assistant MQTT integration, "Device discovery payload".
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { Names } from "./project.ts";
import { prefixOf, topicId } from "./topics.ts";

/** Home Assistant's default discovery prefix; its birth message is on `<this>/status`. */
export const DISCOVERY_PREFIX = "homeassistant";

export interface Discovery {
  readonly topic: string;
  readonly payload: string;
}

const LEVELS = ["ok", "degraded", "failed"];
const NODE_STATES = [
  ...["starting", "member", "leaving", "detached", "returning", "stopping", "off"],
];
const GROUP_STATES = ["stopped", "starting", "running", "stopping", "failed", "unknown"];

const rootOf = (cluster: string): string => `kage_${topicId(cluster)}`;
const topicOf = (device: string): string => `${DISCOVERY_PREFIX}/device/${device}/config`;

/** Where the document of a server or group stands; an empty one there removes the device. */
export const deviceTopic = (cluster: string, kind: "node" | "group", id: string): string =>
  topicOf(`${rootOf(cluster)}_${kind}_${id}`);

/** One document for the cluster, one for each server and each group. */
export function discover(
  config: ClusterConfig,
  names: Names,
  version: string,
): readonly Discovery[] {
  const root = rootOf(config.name);
  const prefix = prefixOf(config.name);
  const device = (id: string, name: string, components: object): Discovery => ({
    topic: topicOf(id),
    payload: JSON.stringify({
      dev: {
        ids: [id],
        name,
        mf: "Kagemusha",
        mdl: "failover cluster",
        sw: version,
        ...(id === root ? {} : { via_device: root }),
      },
      o: { name: "kagemusha", sw: version },
      cmps: components,
      // Any server's telemetry will do: each can tell the whole picture.
      availability: [...names.servers.values()].map((server) => ({
        topic: `${prefix}/node/${server}/online`,
      })),
      availability_mode: "any",
      qos: 1,
    }),
  });
  return [
    device(root, `Cluster ${config.name}`, clusterParts(root, prefix)),
    ...[...names.servers].map(([name, id]) =>
      device(`${root}_node_${id}`, `Server ${name}`, nodeParts(`${root}_node_${id}`, prefix, id)),
    ),
    ...[...names.groups].map(([name, id]) => {
      const owners = config.servers.map((server) => server.name);
      const parts = groupParts(`${root}_group_${id}`, prefix, id, owners);
      return device(`${root}_group_${id}`, `Group ${name}`, parts);
    }),
  ];
}

function clusterParts(root: string, prefix: string): object {
  const state_topic = `${prefix}/state`;
  return {
    problem: {
      p: "binary_sensor",
      unique_id: `${root}_problem`,
      name: "Problem",
      device_class: "problem",
      state_topic,
      value_template: "{{ 'OFF' if value_json.level == 'ok' else 'ON' }}",
    },
    level: {
      ...enumSensor(`${root}_level`, "Level", LEVELS),
      state_topic,
      value_template: "{{ value_json.level }}",
    },
    survives: {
      p: "sensor",
      unique_id: `${root}_survives`,
      name: "Failures survived",
      state_topic,
      value_template: "{{ value_json.survivesFailures }}",
    },
    event: {
      p: "event",
      unique_id: `${root}_event`,
      name: "Event",
      event_types: ["info", "warning", "error", "critical"],
      state_topic: `${prefix}/event`,
      value_template:
        "{{ {'event_type': value_json.severity, 'code': value_json.code, " +
        "'text': value_json.text.en} | tojson }}",
    },
  };
}

function nodeParts(id: string, prefix: string, server: string): object {
  const state_topic = `${prefix}/node/${server}/state`;
  return {
    running: {
      p: "binary_sensor",
      unique_id: `${id}_running`,
      name: "Member",
      device_class: "running",
      state_topic,
      value_template: "{{ 'ON' if value_json.state == 'member' else 'OFF' }}",
    },
    state: {
      ...enumSensor(`${id}_state`, "State", NODE_STATES),
      state_topic,
      value_template: "{{ value_json.state }}",
    },
  };
}

function groupParts(id: string, prefix: string, group: string, owners: readonly string[]): object {
  const state_topic = `${prefix}/group/${group}/state`;
  return {
    owner: {
      ...enumSensor(`${id}_owner`, "Owner", [...owners, "nobody"]),
      state_topic,
      value_template: "{{ value_json.owner or 'nobody' }}",
    },
    state: {
      ...enumSensor(`${id}_state`, "State", GROUP_STATES),
      state_topic,
      value_template: "{{ value_json.state }}",
    },
  };
}

const enumSensor = (unique_id: string, name: string, options: readonly string[]): object => ({
  p: "sensor",
  device_class: "enum",
  unique_id,
  name,
  options,
});
