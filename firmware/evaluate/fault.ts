/**
 * The faults that a configuration is tried with: every LAN, every arbiter, every server, every process, and
 * the guide's sequences in which an arbiter is known to be faulty before the LANs fall silent.
 * Source: guide 3.2.1 (E1-E20), 1.2.4 (A3-A7, B3-B7, C4-C7, H2); work order 4 item 8.
 */

import { usesDisk } from "../../services/configuration/budget.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { Blow } from "./blow.ts";

export const FAULT_KINDS = [
  "lan",
  "lans",
  "lans-one-way",
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
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** `power:SERVER1`: stable, for scripts. */
  readonly id: string;
  /** LAN, server or group that it befalls, as the operator calls it; empty = no single one. */
  readonly what: string;
  /** One after the other, each settled before the next. */
  readonly blows: readonly Blow[];
  /** Server that is struck, null = none in particular. */
  readonly server: number | null;
  readonly group: number | null;
}

const BOTH = [0, 1] as const;

/** Every single fault of this configuration, in the order in which they are shown. */
export function listFaults(config: LoadedConfig): readonly Fault[] {
  const lans = [...config.lans.keys()];
  const allLans: Blow = { kind: "cut", lans, com: false, from: BOTH };
  const oneWay: Blow = { ...allLans, from: [0] };
  const single = config.lans.length < 2 ? [] : config.lans;
  return [
    ...single.map(({ id }, lan) =>
      fault("lan", id, [{ kind: "cut", lans: [lan], com: false, from: BOTH }]),
    ),
    fault("lans", "", [allLans]),
    fault("lans-one-way", config.servers[0]?.name ?? "", [oneWay], 0),
    ...comFaults(config, allLans),
    ...arrayFaults(config, allLans),
    ...config.servers.flatMap(({ name }, server) => serverFaults(name, server)),
    fault("mains", "", [{ kind: "power", servers: BOTH }]),
    fault("keys", "", [{ kind: "garble" }]),
    ...programFaults(config),
  ];
}

function comFaults(config: LoadedConfig, allLans: Blow): readonly Fault[] {
  if (config.com === null) return [];
  const com: Blow = { kind: "cut", lans: [], com: true, from: BOTH };
  const everything: Blow = { kind: "cut", lans: [...config.lans.keys()], com: true, from: BOTH };
  return [
    fault("com", "", [com]),
    fault("com-lans", "", [com, allLans]),
    fault("everything", "", [everything]),
    ...perServer(config, "com-power", (server) => [com, { kind: "power", servers: [server] }]),
  ];
}

function arrayFaults(config: LoadedConfig, allLans: Blow): readonly Fault[] {
  if (config.disk === null || !usesDisk(config.method)) return [];
  const broken: Blow = { kind: "array", fault: "error", servers: BOTH };
  const stalled: Blow = { kind: "array", fault: "stall", servers: BOTH };
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
  return config.servers.map(({ name }, server) => fault(kind, name, blows(server), server));
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
  return faults.map(([kind, blow]) => fault(kind, name, [blow], server));
}

function programFaults(config: LoadedConfig): readonly Fault[] {
  return config.groups.flatMap(({ name, index, resources }) => {
    if (!resources.some(({ kind }) => kind === "program")) return [];
    const blow = (forGood: boolean): Blow => ({ kind: "program", group: index, forGood });
    return [
      fault("program-once", name, [blow(false)], null, index),
      fault("program-broken", name, [blow(true)], null, index),
    ];
  });
}

function fault(
  kind: FaultKind,
  what: string,
  blows: readonly Blow[],
  server: number | null = null,
  group: number | null = null,
): Fault {
  return { kind, id: what === "" ? kind : `${kind}:${what}`, what, blows, server, group };
}
