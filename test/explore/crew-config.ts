/**
 * The configurations of a small cluster by majority, the one it begins with and the one that an operator
 * brings in, and what of its servers' states no rule reads.
 * Source: protocol.md 1.2; services/configuration/budget.ts.
 */
import { pathId, serverName } from "../../hal/base/ids.ts";
import { computeBudget } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PackRules } from "./pack.ts";
import { withGroup } from "./real-agent.ts";

export const ROUND_MS = 100;
/** The product demands ten beats per timeout. */
export const TIMEOUT_MS = 10 * ROUND_MS;

/** By number: 0 is the one in force at the beginning, 1 the next. Times are the same (1.9). */
export type CrewTexts = readonly ClusterConfig[];

export const crewTexts = (servers: number): CrewTexts => [
  crewConfig(servers, 1),
  crewConfig(servers, 2),
];

export function textAt(texts: CrewTexts, id: number): ClusterConfig {
  const config = texts[id];
  if (config === undefined) throw new Error(`no configuration has the number ${id}`);
  return config;
}

/** P and G are one round each, so that M is two and A3 falls on a round; W half of T: reset-bounded. */
function crewConfig(servers: number, revision: 1 | 2): ClusterConfig {
  const timing = {
    heartbeatTimeoutMs: TIMEOUT_MS,
    heartbeatIntervalMs: ROUND_MS,
    comIntervalMs: ROUND_MS,
    diskWaitMs: TIMEOUT_MS,
    startSyncWaitMs: 2 * TIMEOUT_MS,
    watchdogTimeoutMs: TIMEOUT_MS / 2,
  };
  const facts = { baud: null, pauseMs: ROUND_MS - 1, giveUpMs: ROUND_MS };
  const result = computeBudget("majority", timing, facts);
  if (result.kind !== "budget") throw new Error("the times do not fit");
  return withGroup({
    name: "explored",
    clusterId: 1,
    revision,
    hash: String(revision).repeat(8),
    method: "majority",
    servers: Array.from({ length: servers }, (_, index) => ({
      name: serverName(`SERVER${index + 1}`),
      index,
      publicInterface: "",
    })),
    lans: [{ id: pathId("lan1"), kind: "private", addresses: [] }],
    com: null,
    disk: null,
    groups: [],
    timing,
    budget: result.budget,
  });
}

/**
 * Nothing compares an age that is above T with a greater one: lease, silence, two-way, promise, stuck. A
 * moment that lies ahead (abstain, start sync wait) counts until it has come.
 */
export const CREW_RULES: PackRules = {
  roundMs: ROUND_MS,
  oldestMs: TIMEOUT_MS,
  oldestBy: {
    waitUntilMs: 0,
    abstainUntilMs: 0,
    nextLanAtMs: 0,
    // Looked at by the driver only, which looks every round here.
    tickedAtMs: 0,
    // A lease that was over for M carries nobody's verdict.
    carriedUntilMs: 3 * ROUND_MS,
    // A start counts abstaining from it.
    sinceMs: 13 * ROUND_MS,
    startedAtMs: 0,
    // The agents here are never late.
    movedAtMs: 0,
    causeAtMs: 0,
  },
  fixed: {
    // Health of single paths and of COM: for notes only.
    lanTwoWayStampMs: null,
    pathHeardAtMs: [],
    pathHealth: [],
    comHealth: "unknown",
    aliveSinceMs: null,
    hearsLanBits: 0,
    hearsCom: false,
  },
};
