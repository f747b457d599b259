/**
 * A world of a few variables for the runner's own test: power, one detection rule, one client. It
 * proves that stories pass when the cluster behaves and fail, with the reason, when it does not.
 * `flaw` seeds one fault; nothing here imitates the product beyond that.
 */
import type { GroupStatus, StatusDocument } from "../../services/status.ts";
import type { ClusterLine } from "./language.ts";
import type { Answer, LoggedEvent, Machine, World, WorldRecord } from "./world.ts";

export type Flaw =
  | "none"
  /** The standby never takes over. */
  | "asleep"
  /** The standby takes over while the owner still holds the address. */
  | "eager"
  /** The old owner's program goes on after a move. */
  | "ownerless"
  /** A process survives the end of the appliance. */
  | "litter";

interface Machinery {
  readonly on: Map<string, boolean>;
  readonly records: WorldRecord[];
  readonly log: Map<string, LoggedEvent[]>;
  readonly running: Set<string>;
  owner: string | null;
  nowMs: number;
}

const ADDRESS = "127.9.9.101";

export function createFakeWorld(cluster: ClusterLine, flaw: Flaw): World {
  const { servers } = cluster;
  const m: Machinery = {
    on: new Map(servers.map((s) => [s, true])),
    records: [],
    log: new Map(servers.map((s) => [s, []])),
    running: new Set(),
    owner: null,
    nowMs: 0,
  };
  const other = (server: string): string => servers.find((s) => s !== server) ?? server;
  const unsupported = async (): Promise<never> => {
    throw new Error("the fake world has power and one group, nothing else");
  };
  return {
    kind: "fake",
    cluster,
    start: async () => own(m, "SERVER1"),
    close: async () => (flaw === "litter" ? ["pid 1 node"] : []),
    wire: unsupported,
    power: async (server, on) => {
      m.on.set(server, on);
      record(m, { kind: "power", server, on, reason: "order" });
      if (on) return;
      m.running.delete(server);
      if (m.owner === server && flaw !== "asleep") own(m, other(server));
    },
    freeze: unsupported,
    signal: unsupported,
    lose: unsupported,
    signalBroker: unsupported,
    spin: unsupported,
    topic: unsupported,
    killProgram: unsupported,
    disk: unsupported,
    stranger: unsupported,
    kage: async (args): Promise<Answer> => {
      const target = args.at(-1) ?? "";
      if (!servers.includes(target)) return { exit: 2, stdout: "", stderr: "no such server" };
      if (flaw !== "eager" && m.owner !== null) {
        record(m, { kind: "withdraw", server: m.owner, address: ADDRESS });
      }
      if (flaw !== "ownerless" && m.owner !== null) m.running.delete(m.owner);
      own(m, target);
      return { exit: 0, stdout: "moved", stderr: "" };
    },
    order: unsupported,
    wrongKey: unsupported,
    garbage: unsupported,
    replay: unsupported,
    slot: unsupported,
    version: unsupported,
    stateFolder: unsupported,
    script: unsupported,
    secondAppliance: unsupported,
    status: async (server) => (m.on.get(server) === true ? statusOf(cluster, m) : null),
    events: async (server) => m.log.get(server) ?? [],
    machines: async () =>
      servers.map(
        (name): Machine => ({
          name,
          on: m.on.get(name) === true,
          frozen: false,
          incarnation: name,
          pids: {},
        }),
      ),
    client: async () =>
      m.owner === null || m.on.get(m.owner) !== true
        ? null
        : { server: m.owner, life: `${m.owner} ${m.records.length}` },
    records: async () => m.records,
    programs: async () => [...m.running].map((server, i) => ({ server, group: "web", pid: i + 1 })),
    blackBox: async () => "no logs",
  };
}

type Unstamped<R> = R extends unknown ? Omit<R, "atMs"> : never;

function record(m: Machinery, r: Unstamped<WorldRecord>): void {
  m.nowMs += 10;
  m.records.push({ ...r, atMs: m.nowMs });
}

function own(m: Machinery, server: string): void {
  m.owner = server;
  m.running.add(server);
  record(m, { kind: "announce", server, address: ADDRESS });
  const log = m.log.get(server) ?? [];
  log.push({
    seq: log.length,
    at: String(m.nowMs),
    key: "group.started",
    severity: "info",
    text: "",
  });
  m.log.set(server, log);
}

function statusOf(cluster: ClusterLine, m: Machinery): StatusDocument {
  const group: GroupStatus = {
    name: "web",
    state: m.owner === null ? "stopped" : "running",
    owner: m.owner,
    policy: cluster.servers,
  };
  return {
    cluster: {
      name: "fake",
      level: "ok",
      reasons: [],
      epoch: 1,
      method: cluster.method,
      coordinator: "SERVER1",
      survivesFailures: 1,
    },
    servers: cluster.servers.map((name) => ({
      name,
      state: m.on.get(name) === true ? "member" : "off",
      since: null,
      incarnation: null,
    })),
    groups: [group],
    paths: [],
  };
}
