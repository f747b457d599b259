/**
 * `/metrics` in the text format of Prometheus. Labels come from the configuration only, so their number is
 * bounded; when the agent is silent the cluster's series are left out rather than shown with old
 * values. Source: ecosystem.md 4.3; Prometheus exposition formats, text format 0.0.4.
 */
import type { GroupStatus, StatusDocument } from "../../../services/status.ts";
import type { WebIdentity, WebSnapshot } from "./snapshot.ts";

/** Figures of this process. */
export interface Gauges {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly uptimeS: number;
  readonly sessions: number;
  readonly dashboards: number;
  readonly connections: number;
  readonly loginFailures: number;
}

export const METRICS_TYPE = "text/plain; version=0.0.4";

/** 16 servers on three LANs and COM, both ways, are 960. */
const PATHS_MAX = 2_048;
const GROUPS_MAX = 512;
const SERVERS_MAX = 64;
const LABEL_CHARACTERS_MAX = 64;

/** Counters of the snapshot that are shown: name there, name here, meaning. */
const COUNTERS: readonly (readonly [string, string, string])[] = [
  ["failovers", "kage_failovers_total", "Failovers seen since this process started."],
  ["events", "kage_events_total", "Events taken from the agent."],
  ["eventsLost", "kage_events_lost_total", "Events that could not be taken or kept."],
  ["commands", "kage_commands_total", "Commands received over MQTT."],
  ["commandsRejected", "kage_commands_rejected_total", "Commands refused."],
  ["publications", "kage_publications_total", "Messages given to the broker."],
  ["brokerConnects", "kage_broker_connects_total", "Connections made to the broker."],
];

const GROUP_CODES: Readonly<Record<GroupStatus["state"], number>> = {
  unknown: -1,
  stopped: 0,
  starting: 1,
  running: 2,
  stopping: 3,
  failed: 4,
};
const LEVEL_CODES = { ok: 0, degraded: 1, failed: 2 } as const;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Prometheus text format. A status older than `staleMs` gives its age and nothing of the cluster. */
export function metricsText(
  identity: WebIdentity,
  snapshot: WebSnapshot,
  gauges: Gauges,
  staleMs: number,
): string {
  const { status, ageMs } = snapshot;
  const fresh = status !== null && ageMs !== null && ageMs <= staleMs;
  return [
    metric("kage_build_info", "gauge", "Always 1; the version is the label.", [
      [{ version: identity.version, server: identity.server, cluster: identity.cluster }, 1],
    ]),
    plain("kage_broker_connected", "1 while connected to the broker.", snapshot.broker.connected),
    ...(ageMs === null
      ? []
      : [plain("kage_status_age_seconds", "Age of the agent's last word.", ageMs / 1000)]),
    ...(fresh ? clusterMetrics(status) : []),
    ...counterMetrics(snapshot.counters),
    ...processMetrics(gauges),
  ].join("");
}

function clusterMetrics({ cluster, servers, groups, paths }: StatusDocument): string[] {
  const quorum = cluster.epoch !== null && cluster.coordinator !== null;
  return [
    plain("kage_quorum", "1 while this server is in a view with a coordinator.", quorum),
    plain(
      "kage_cluster_level",
      "0 ok, 1 degraded, 2 failed.",
      LEVEL_CODES[cluster.level] ?? LEVEL_CODES.failed,
    ),
    plain(
      "kage_survives_failures",
      "Further server failures that the groups survive.",
      cluster.survivesFailures,
    ),
    metric(
      "kage_node_up",
      "gauge",
      "1 while the server is a member.",
      servers
        .slice(0, SERVERS_MAX)
        .map(({ name, state }) => [{ node: name }, Number(state === "member")]),
    ),
    metric(
      "kage_group_state",
      "gauge",
      "-1 unknown, 0 stopped, 1 starting, 2 running, 3 stopping, 4 failed.",
      groups
        .slice(0, GROUPS_MAX)
        .map(({ name, owner, state }) => [
          { group: name, owner: owner ?? "" },
          GROUP_CODES[state] ?? GROUP_CODES.unknown,
        ]),
    ),
    metric(
      "kage_path_up",
      "gauge",
      "1 while the path carries words from one to the other.",
      paths
        .filter(({ state }) => state !== "unknown")
        .slice(0, PATHS_MAX)
        .map(({ from, to, kind, id, state }) => [
          { from, to, kind, path: id },
          Number(state === "normal"),
        ]),
    ),
  ];
}

function counterMetrics(counters: Readonly<Record<string, number>>): string[] {
  return COUNTERS.flatMap(([key, name, help]) => {
    const value = Object.hasOwn(counters, key) ? counters[key] : undefined;
    return value === undefined ? [] : [metric(name, "counter", help, [[{}, value]])];
  });
}

function processMetrics(gauges: Gauges): string[] {
  return [
    plain("process_resident_memory_bytes", "Resident memory.", gauges.residentBytes),
    plain("nodejs_heap_size_used_bytes", "JavaScript heap in use.", gauges.heapUsedBytes),
    plain("nodejs_external_memory_bytes", "Memory outside of the heap.", gauges.externalBytes),
    plain("kage_web_uptime_seconds", "Since the start of this process.", gauges.uptimeS),
    plain("kage_web_sessions", "Users logged in.", gauges.sessions),
    plain("kage_web_dashboards", "Live dashboards.", gauges.dashboards),
    plain("kage_web_connections", "TCP connections.", gauges.connections),
    metric("kage_web_login_failures_total", "counter", "Logins refused.", [
      [{}, gauges.loginFailures],
    ]),
  ];
}

const plain = (name: string, help: string, value: number | boolean): string =>
  metric(name, "gauge", help, [[{}, Number(value)]]);

/** Samples with equal labels would make the whole answer invalid: the first counts. */
function metric(
  name: string,
  type: "gauge" | "counter",
  help: string,
  samples: readonly Sample[],
): string {
  const lines = new Map<string, string>();
  for (const [labels, value] of samples) {
    const series = `${name}${labelText(labels)}`;
    const shown = Number.isFinite(value) ? String(value) : "NaN";
    if (!lines.has(series)) lines.set(series, `${series} ${shown}\n`);
  }
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${[...lines.values()].join("")}`;
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return entries.length === 0 ? "" : `{${entries.join(",")}}`;
}

/** Backslash, quote and line feed have escapes; other control characters have no place in a name. */
function escapeLabel(value: string): string {
  return value
    .slice(0, LABEL_CHARACTERS_MAX)
    .replace(/[^\P{Cc}\n]/gu, " ")
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n");
}
