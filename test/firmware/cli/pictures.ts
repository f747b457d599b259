/** Hand-written status documents: two servers, one group, two LANs, COM and array. */
import type {
  GroupStatus,
  PathStatus,
  ServerStatus,
  StatusDocument,
} from "../../../services/status.ts";

const path = (
  kind: PathStatus["kind"],
  id: string,
  from: string,
  to: string,
  change: Partial<PathStatus> = {},
): PathStatus => ({ kind, id, from, to, state: "normal", lastHeardMs: 120, ...change });

export const S1: ServerStatus = {
  name: "SERVER1",
  state: "member",
  since: "2026-11-22T00:50:00.000Z",
  incarnation: "a1b2c3d4e5f60718",
};
export const S2: ServerStatus = {
  name: "SERVER2",
  state: "member",
  since: "2026-11-22T00:49:18.000Z",
  incarnation: "0011223344556677",
};
export const WEB: GroupStatus = {
  name: "web",
  state: "running",
  owner: "SERVER1",
  policy: ["SERVER1", "SERVER2"],
};

export const HEALTHY: StatusDocument = {
  cluster: {
    name: "demo",
    level: "ok",
    reasons: [],
    epoch: 7,
    method: "com-disk",
    coordinator: "SERVER1",
    survivesFailures: 1,
  },
  servers: [S1, S2],
  groups: [WEB],
  paths: [
    path("lan-private", "lan1", "SERVER1", "SERVER2"),
    path("lan-private", "lan1", "SERVER2", "SERVER1", { lastHeardMs: 340 }),
    path("lan-public", "lan2", "SERVER1", "SERVER2"),
    path("lan-public", "lan2", "SERVER2", "SERVER1"),
    path("com", "com1", "SERVER1", "SERVER2"),
    path("com", "com1", "SERVER2", "SERVER1"),
    path("disk", "array", "SERVER1", "array"),
    path("disk", "array", "SERVER2", "array"),
  ],
};

/** SERVER2 went down 14 s ago; the public LAN is cut towards SERVER1 and nothing is heard. */
export const DEGRADED: StatusDocument = {
  cluster: {
    ...HEALTHY.cluster,
    level: "degraded",
    epoch: 8,
    reasons: [{ code: "KG-2030", text: "SERVER2 is not heard." }],
    survivesFailures: 0,
  },
  servers: [S1, { ...S2, state: "off", since: "2026-11-22T02:59:46.000Z" }],
  groups: [WEB],
  paths: [
    path("lan-private", "lan1", "SERVER1", "SERVER2", { state: "faulty", lastHeardMs: 14_200 }),
    path("lan-private", "lan1", "SERVER2", "SERVER1", { state: "faulty", lastHeardMs: 14_200 }),
    path("lan-public", "lan2", "SERVER1", "SERVER2"),
    path("lan-public", "lan2", "SERVER2", "SERVER1", { state: "unknown", lastHeardMs: null }),
  ],
};

export function withGroup(change: Partial<GroupStatus>, base = HEALTHY): StatusDocument {
  return { ...base, groups: base.groups.map((group) => ({ ...group, ...change })) };
}

export function withServer(name: string, change: Partial<ServerStatus>): StatusDocument {
  const servers = HEALTHY.servers.map((s) => (s.name === name ? { ...s, ...change } : s));
  return { ...HEALTHY, servers };
}
