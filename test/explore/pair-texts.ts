/**
 * The configurations of a small world of two servers, by number: the one it begins with, the one that an
 * operator brings in, and the blends that the pulses live by in between.
 * Source: protocol.md 1.2, 1.9; services/configuration/budget.ts.
 */
import { pathId, serverName } from "../../hal/base/ids.ts";
import { computeBudget } from "../../services/configuration/budget.ts";
import type { Budget, ClusterConfig, QuorumMethod } from "../../services/configuration/model.ts";
import { withGroup } from "./real-agent.ts";

export const ROUND_MS = 100;

/** Configurations by number; equal ones have one number. */
export class Texts {
  readonly #configs: ClusterConfig[] = [];
  readonly #ids = new Map<string, number>();

  idOf(config: ClusterConfig): number {
    const text = JSON.stringify([config.hash, config.budget]);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#configs.length;
    this.#configs.push(config);
    this.#ids.set(text, id);
    return id;
  }

  at(id: number): ClusterConfig {
    const config = this.#configs[id];
    if (config === undefined) throw new Error(`no configuration has the number ${id}`);
    return config;
  }
}

/** What all texts of a world have in common. */
export interface PairKind {
  readonly method: QuorumMethod;
  /** The product's inequalities for who wins are left aside: safety must not rest on A1 and A2. */
  readonly tight: boolean;
  readonly watchdog: boolean;
}

/** P, G and each disk operation are one round. */
export function pairConfig(
  timeoutMs: number,
  revision: 1 | 2,
  { method, tight, watchdog }: PairKind,
): ClusterConfig {
  const onDisk = method === "disk";
  const isWatched = watchdog && (method === "com-disk" || onDisk);
  const timing = {
    heartbeatTimeoutMs: timeoutMs,
    heartbeatIntervalMs: ROUND_MS,
    comIntervalMs: ROUND_MS,
    diskWaitMs: onDisk ? timeoutMs + 2 * ROUND_MS : 3 * ROUND_MS,
    startSyncWaitMs: timeoutMs,
    watchdogTimeoutMs: isWatched ? 5 * ROUND_MS : 0,
  };
  const baud = method === "com" || method === "com-disk" ? 38_400 : null;
  const times = { pauseMs: ROUND_MS - 1, giveUpMs: ROUND_MS, claimMs: 2 * ROUND_MS };
  const result = computeBudget(method, timing, { baud, ...times });
  if (result.kind !== "budget" && !tight) {
    throw new Error(result.violations.map(({ text }) => text).join("; "));
  }
  const budget = result.kind === "budget" ? result.budget : tightBudget(timeoutMs);
  return withGroup({
    name: "explored",
    clusterId: 1,
    revision,
    hash: String(revision).repeat(8),
    method,
    servers: [0, 1].map((index) => ({
      name: serverName(`SERVER${index + 1}`),
      index,
      publicInterface: "",
    })),
    lans: [{ id: pathId("lan1"), kind: "private", addresses: [] }],
    com: baud === null ? null : { id: pathId("com1"), devices: [], baud },
    disk: method === "com-disk" || onDisk ? { paths: [] } : null,
    groups: [],
    timing,
    budget,
  });
}

/** The model's numbers (protocol.md chapter 3): M = G = 1 round, the claims one round apart. */
function tightBudget(timeoutMs: number): Budget {
  const a3Ms = timeoutMs - ROUND_MS;
  return {
    timeoutMs,
    intervalMs: ROUND_MS,
    comIntervalMs: ROUND_MS,
    diskWaitMs: 3 * ROUND_MS,
    marginMs: ROUND_MS,
    a3Ms,
    a2Ms: a3Ms - ROUND_MS,
    a1Ms: a3Ms - 2 * ROUND_MS,
    comFaultyMs: 3 * ROUND_MS,
    comAliveMs: 2 * ROUND_MS,
    abstainMs: timeoutMs + 2 * ROUND_MS,
    watchdogMs: 0,
    sigmaMs: 2 * ROUND_MS,
    claimMs: 2 * ROUND_MS,
    judgeMs: timeoutMs,
    leaveMs: a3Ms,
    quietMs: timeoutMs,
    stampLeaseMs: 0,
    stampIntervalMs: 0,
    earlyVerdict: false,
    protection: "software-bounded",
  };
}
