/**
 * The faults that a configuration is tried with: every LAN, every arbiter, every server, every process, and
 * the guide's sequences in which an arbiter is known to be faulty before the LANs fall silent.
 * Source: guide 3.2.1 (E1-E20), 1.2.4 (A3-A7, B3-B7, C4-C7, H2, J1-J4); work order 4 item 8.
 */
import { usesDisk } from "../../services/configuration/budget.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Blow } from "./blow.ts";

export const FAULT_KINDS = [
  "lan",
  "lans",
  "lans-one-way",
  "lans-deaf",
  "isolate",
  "split-minority",
  "split-half",
  "between",
  "between-best",
  "com",
  "com-lans",
  "com-power",
  "everything",
  "array-path",
  "array",
  "array-stall",
  "array-lans",
  "array-power",
  "array-stall-power",
  "power",
  "power-minority",
  "power-majority",
  "mains",
  "freeze-short",
  "freeze-long",
  "kill-pulse",
  "kill-agent",
  "kill-both",
  "hang-pulse",
  "hang-agent",
  "keys",
  "program-once",
  "program-broken",
  "move-power",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** `power:SERVER1`: stable, for scripts. */
  readonly id: string;
  /** LAN, server or group that it befalls, as the operator calls it; empty = no single one. */
  readonly what: string;
  /** One after the other, each settled before the next; a move is left half done. */
  readonly blows: readonly Blow[];
  /** Servers that are struck; empty = none in particular. */
  readonly servers: readonly number[];
  readonly group: number | null;
}

const all = ({ servers }: LoadedConfig): readonly number[] => servers.map(({ index }) => index);

/** Every single fault of this configuration, in the order in which they are shown. */
export function listFaults(config: LoadedConfig): readonly Fault[] {
  const lans = [...config.lans.keys()];
  const allLans: Blow = { kind: "cut", lans, com: false, from: all(config) };
  const single = config.lans.length < 2 ? [] : config.lans;
  const isMany = config.servers.length > 2;
  const mute = isMany ? all(config) : [0];
  return [
    ...single.map(({ id }, lan) =>
      fault("lan", id, [{ kind: "cut", lans: [lan], com: false, from: all(config) }]),
    ),
    fault("lans", "", [allLans]),
    ...mute.map((server) => {
      const oneWay: Blow = { ...allLans, from: [server] };
      return fault("lans-one-way", nameOf(config, server), [oneWay], [server]);
    }),
    ...(isMany ? splitFaults(config) : []),
    ...comFaults(config, allLans),
    ...arrayFaults(config, allLans),
    ...config.servers.flatMap(({ name }, server) => serverFaults(name, server)),
    ...(isMany ? lossFaults(config) : []),
    fault("mains", "", [{ kind: "power", servers: all(config) }]),
    fault("keys", "", [{ kind: "garble" }]),
    ...programFaults(config),
    ...moveFaults(config),
  ];
}

/** The cluster falls into parts, or one direction or one pair of all LANs fails. */
function splitFaults(config: LoadedConfig): readonly Fault[] {
  const servers = all(config);
  const count = servers.length;
  const few = Math.floor((count - 1) / 2);
  const part = (side: readonly number[]): readonly Blow[] => [{ kind: "part", side }];
  const deaf = servers.map((server) =>
    fault("lans-deaf", nameOf(config, server), [{ kind: "deaf", server }], [server]),
  );
  const alone = servers.map((server) =>
    fault("isolate", nameOf(config, server), part([server]), [server]),
  );
  // The best and the worst priorities; a minority of one is isolated already.
  const sides = few < 2 ? [] : [servers.slice(0, few), servers.slice(count - few)];
  const minorities = sides.map((side) =>
    fault("split-minority", namesOf(config, side), part(side), side),
  );
  const half = servers.slice(0, count / 2);
  const halves =
    count % 2 === 0 ? [fault("split-half", namesOf(config, half), part(half), half)] : [];
  // Neighbours in priority, and the two ends.
  const couples = servers.map((one) => [one, (one + 1) % count] as const);
  const pairs = couples.map(([one, other]) => {
    const blows: readonly Blow[] = [{ kind: "between", one, other }];
    const what = namesOf(config, [one, other]);
    // Where the disk decides, who does not reach the best priority has to go.
    const far = config.method === "disk" && (one === 0 || other === 0) ? [one + other] : [];
    return fault(far.length > 0 ? "between-best" : "between", what, blows, far);
  });
  return [...deaf, ...alone, ...minorities, ...halves, ...pairs];
}

/**
 * Several servers lose power in one instant: each number of them, the one nearest to what a majority bears
 * first, from the best priority and from the worst.
 */
function lossFaults(config: LoadedConfig): readonly Fault[] {
  const servers = all(config);
  const count = servers.length;
  const bearable = Math.floor((count - 1) / 2);
  const numbers = servers
    .filter((number) => number >= 2 && number < count)
    .sort((a, b) => Math.abs(a - bearable) - Math.abs(b - bearable));
  return numbers.flatMap((number) => {
    const kind = 2 * (count - number) > count ? "power-minority" : "power-majority";
    return [servers.slice(0, number), servers.slice(count - number)].map((gone) =>
      fault(kind, namesOf(config, gone), [{ kind: "power", servers: gone }], gone),
    );
  });
}

const nameOf = (config: LoadedConfig, server: number): string =>
  config.servers[server]?.name ?? `server ${server}`;

/** `SERVER1+SERVER2`; more than three are told by the first, the last and their number. */
function namesOf(config: LoadedConfig, servers: readonly number[]): string {
  const names = servers.map((server) => nameOf(config, server));
  if (names.length <= 3) return names.join("+");
  return `${names[0]}..${names.at(-1)} (${names.length})`;
}

function comFaults(config: LoadedConfig, allLans: Blow): readonly Fault[] {
  if (config.com === null) return [];
  const com: Blow = { kind: "cut", lans: [], com: true, from: all(config) };
  const everything: Blow = {
    kind: "cut",
    lans: [...config.lans.keys()],
    com: true,
    from: all(config),
  };
  return [
    fault("com", "", [com]),
    fault("com-lans", "", [com, allLans]),
    fault("everything", "", [everything]),
    ...perServer(config, "com-power", (server) => [com, { kind: "power", servers: [server] }]),
  ];
}

function arrayFaults(config: LoadedConfig, allLans: Blow): readonly Fault[] {
  if (config.disk === null || !usesDisk(config.method)) return [];
  const broken: Blow = { kind: "array", fault: "error", servers: all(config) };
  const stalled: Blow = { kind: "array", fault: "stall", servers: all(config) };
  return [
    ...perServer(config, "array-path", (server) => [
      { kind: "array", fault: "error", servers: [server] },
    ]),
    fault("array", "", [broken]),
    fault("array-stall", "", [stalled]),
    fault("array-lans", "", [broken, allLans]),
    ...perServer(config, "array-power", (server) => [broken, { kind: "power", servers: [server] }]),
    ...perServer(config, "array-stall-power", (server) => [
      stalled,
      { kind: "power", servers: [server] },
    ]),
  ];
}

function perServer(
  config: LoadedConfig,
  kind: FaultKind,
  blows: (server: number) => readonly Blow[],
): readonly Fault[] {
  return config.servers.map(({ name }, server) => fault(kind, name, blows(server), [server]));
}

function serverFaults(name: string, server: number): readonly Fault[] {
  const kill = (pulse: boolean, agent: boolean): Blow => ({ kind: "kill", server, pulse, agent });
  const faults: readonly (readonly [FaultKind, Blow])[] = [
    ["power", { kind: "power", servers: [server] }],
    ["freeze-short", { kind: "freeze", server, length: "short" }],
    ["freeze-long", { kind: "freeze", server, length: "long" }],
    ["kill-pulse", kill(true, false)],
    ["kill-agent", kill(false, true)],
    ["kill-both", kill(true, true)],
    ["hang-pulse", { kind: "hang", server, process: "pulse" }],
    ["hang-agent", { kind: "hang", server, process: "agent" }],
  ];
  return faults.map(([kind, blow]) => fault(kind, name, [blow], [server]));
}

function programFaults(config: LoadedConfig): readonly Fault[] {
  return config.groups.flatMap(({ name, index, resources }) => {
    if (!resources.some(({ kind }) => kind === "program")) return [];
    const blow = (forGood: boolean): Blow => ({ kind: "program", group: index, forGood });
    return [
      fault("program-once", name, [blow(false)], [], index),
      fault("program-broken", name, [blow(true)], [], index),
    ];
  });
}

/**
 * The coordinator is lost in the middle of a planned move, of one group: they all go the same way. In a calm
 * cluster it is the server of best cluster priority.
 */
function moveFaults(config: LoadedConfig): readonly Fault[] {
  const group = config.groups.find(({ policy }) => policy.length > 1);
  if (group === undefined) return [];
  const blows: readonly Blow[] = [
    { kind: "move", group: group.index },
    { kind: "power", servers: [COORDINATOR] },
  ];
  return [fault("move-power", group.name, blows, [COORDINATOR], group.index)];
}

const COORDINATOR = 0;

function fault(
  kind: FaultKind,
  what: string,
  blows: readonly Blow[],
  servers: readonly number[] = [],
  group: number | null = null,
): Fault {
  return { kind, id: what === "" ? kind : `${kind}:${what}`, what, blows, servers, group };
}
