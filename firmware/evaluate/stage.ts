/**
 * A simulated cluster brought into a start state: all servers members, every group running, on the servers
 * that the state names. Start states differ only in who runs what; groups that an operator starts are
 * started here too, else nothing could be said about them.
 * Source: guide 1.3.2 (one-way, two-way standby); work order 4 item 8.
 */
import { usesDisk } from "../../services/configuration/budget.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { RequestVerb } from "../../services/failover/words.ts";
import { World } from "../simulator/world.ts";

/** The same run every time; another seed would only move the milliseconds of starts and frames. */
const SEED = 20260501;

/** An agent looks before its lease ends; with long times it need not look often, and runs are quicker. */
const LOOK_MIN_MS = 10;
const LOOK_MAX_MS = 50;
/** A server needs about a minute from its reset until its processes speak. */
export const BOOT_MS = 60_000;

export interface StartState {
  /** `home`, or the server on which everything runs that may run there. */
  readonly id: string;
  /** Server of each group, by its index. */
  readonly owners: readonly number[];
}

/** Each distribution of the groups once: at home, then everything on one server after the other. */
export function listStarts(config: LoadedConfig): readonly StartState[] {
  const home = config.groups.map(({ policy }) => Number(policy[0]));
  const states = [
    { id: "home", owners: home },
    ...config.servers.map(({ name }, server) => ({
      id: name as string,
      owners: config.groups.map(({ policy }, group) =>
        policy.some((index) => index === server) ? server : (home[group] ?? 0),
      ),
    })),
  ];
  const seen = new Set<string>();
  return states.filter(({ owners }) => {
    const key = owners.join();
    return !seen.has(key) && seen.add(key);
  });
}

/** Runs until `reached`, at most `limitMs`; false = it was not reached. */
export function runUntil(world: World, reached: () => boolean, limitMs: number): boolean {
  const endMs = world.clock.nowMs + limitMs;
  while (!reached()) {
    if (world.clock.nowMs >= endMs) return false;
    world.run(STEP_MS);
  }
  return true;
}

const STEP_MS = 20;

/** What an operator sees as done within this time is done: some views, starts and stops, ms. */
export function orderMs(config: LoadedConfig): number {
  const { timeoutMs, judgeMs } = config.budget;
  const diskWaitMs = usesDisk(config.method) ? config.budget.diskWaitMs : 0;
  return judgeMs + 2 * timeoutMs + diskWaitMs + ORDER_SLACK_MS;
}

const ORDER_SLACK_MS = 5000;

/** Gives an order to the agent of `at`; the answer stands in `world.answers`. */
export function order(
  world: World,
  at: number,
  verb: RequestVerb,
  group: number,
  target: number | null,
): void {
  world.at(at).agent?.order(verb, group, target);
}

export const allMembers = (world: World): boolean =>
  world.hosts.every((host) => world.shows(host.index) === "member");

/** Exactly `servers` are members of one view. */
export function areOneView(world: World, servers: readonly number[]): boolean {
  return servers.every((server) => {
    const members = world.at(server).pulse?.state.membership.view?.members ?? [];
    const isIn = ["member", "sole member"].includes(world.shows(server));
    return isIn && members.join() === servers.join();
  });
}

/** Best server of a group's policy that is none of `not`; null = there is none (R54, D28). */
export function bestOf(
  { groups }: LoadedConfig,
  group: number,
  not: readonly number[],
): number | null {
  const policy: readonly number[] = groups[group]?.policy ?? [];
  return policy.find((server) => !not.includes(server)) ?? null;
}

/** Every group runs on the server that `owners` names, and nowhere else. */
export function runsAt(world: World, owners: readonly (number | null)[]): boolean {
  return world.hosts.every((host) =>
    owners.every((owner, group) => {
      const actual = host.agent?.state.groups[group]?.actual ?? "stopped";
      if (owner !== host.index) return host.running[group] === false || !host.on;
      return host.running[group] === true && actual === "running";
    }),
  );
}

/** Servers without power, everything whole. */
export function newWorld(config: LoadedConfig): World {
  const lookMs = Math.max(LOOK_MIN_MS, Math.min(LOOK_MAX_MS, config.budget.timeoutMs / 200));
  return new World(config, SEED, { pace: { bootMs: BOOT_MS, lookMs } });
}

/** A calm cluster in `start`, or null when it did not come up so. */
export function calmCluster(config: LoadedConfig, start: StartState): World | null {
  const world = newWorld(config);
  for (const host of world.hosts) host.power();
  const limitMs = config.timing.startSyncWaitMs + orderMs(config);
  const first = config.groups.map(({ startAttribute, policy }) =>
    startAttribute === "auto" ? Number(policy[0]) : null,
  );
  const up = (): boolean => allMembers(world) && runsAt(world, first);
  if (!runUntil(world, up, limitMs)) return null;
  for (const [group, owner] of start.owners.entries()) {
    const at = first[group] ?? null;
    if (at === null) order(world, 0, "group.start", group, owner);
    else if (at !== owner) order(world, 0, "group.move", group, owner);
    else continue;
    first[group] = owner;
    if (!runUntil(world, () => runsAt(world, first), limitMs)) return null;
  }
  // Stamps and words of every path have been seen, and no start is still young.
  world.run(Math.max(config.budget.timeoutMs / 2, CALM_MS));
  return world;
}

const CALM_MS = 1000;
