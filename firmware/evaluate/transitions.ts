/**
 * The guide's state transitions (3.2.2) played in the simulator over one configuration: start, stop, order,
 * return, each with what must be true afterwards, written by hand from the table.
 * Source: guide 3.2.2 (S1-S12), 3.3; R56, R141-R142; D18-D19, D25; protocol.md 1.7-1.8.
 */
import { assert } from "../../hal/base/assert.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { quorumOf } from "../../services/membership/majority/votes.ts";
import type { World } from "../simulator/world.ts";
import { nameOf } from "./single.ts";
import {
  allMembers,
  areOneView,
  BOOT_MS,
  bestOf,
  calmCluster,
  newWorld,
  order,
  orderMs,
  runsAt,
  runUntil,
  type StartState,
} from "./stage.ts";

export const TRANSITIONS: readonly string[] = [
  ...["S1", "S2", "S3", "S4", "S5", "S6"],
  ...["S7", "S8", "S9", "S10", "S11", "S12"],
];

export interface TransitionRow {
  readonly kind: "played";
  /** Row of 3.2.2. */
  readonly row: string;
  /** From the operation to its end, of several orders all of them together, ms; null = it came to none. */
  readonly tookMs: number | null;
  /** What was missing, empty = as the guide expects. */
  readonly troubles: readonly string[];
  readonly permitted: boolean;
}

/** What the configuration lacks for a row: any group, or one that may run on two servers. */
export type Lack = "group" | "second-server";

export interface AbsentRow {
  readonly kind: "absent";
  readonly row: string;
  readonly lacks: Lack;
}

/** One row of TRANSITIONS; one that the configuration has nothing for is not played. */
export function runTransition(config: LoadedConfig, row: string): TransitionRow | AbsentRow {
  const play = PLAYS[row];
  assert(play !== undefined, `no row ${row} in 3.2.2`);
  const drill = new Drill(config);
  const lacks = play(drill);
  if (lacks !== null) return { kind: "absent", row, lacks };
  const { troubles, tookMs } = drill;
  const all = [...troubles, ...(drill.world?.checks.failures ?? [])];
  return { kind: "played", row, tookMs, troubles: all, permitted: all.length === 0 };
}

/** null = played. */
type Play = (drill: Drill) => Lack | null;

/** Owners by group; null = stopped. */
type Owners = (number | null)[];

class Drill {
  readonly config: LoadedConfig;
  readonly home: StartState;
  /** Server that runs the first group. */
  readonly active: number;
  world: World | null = null;
  readonly troubles: string[] = [];
  tookMs: number | null = null;

  constructor(config: LoadedConfig) {
    this.config = config;
    this.home = { id: "home", owners: config.groups.map(({ policy }) => Number(policy[0])) };
    this.active = this.home.owners[0] ?? 0;
  }

  /** Server to which the first group goes next. */
  get standby(): number {
    return bestOf(this.config, 0, [this.active]) ?? this.others[0] ?? this.active;
  }

  /** All servers but the active one. */
  get others(): readonly number[] {
    return this.all.filter((server) => server !== this.active);
  }

  get all(): readonly number[] {
    return this.config.servers.map(({ index }) => index);
  }

  /** All members, every group at home; false = trouble is noted. */
  calm(): World {
    this.world = calmCluster(this.config, this.home);
    if (this.world !== null) return this.world;
    this.troubles.push("the cluster does not start");
    this.world = newWorld(this.config);
    return this.world;
  }

  /** Groups that start with the cluster, each on the best of `present` that may run it. */
  automatic(present: readonly number[]): Owners {
    const absent = this.all.filter((server) => !present.includes(server));
    return this.config.groups.map(({ startAttribute, index }) =>
      startAttribute === "auto" ? bestOf(this.config, index, absent) : null,
    );
  }

  /** All groups where they were, those of `gone` on the best other server. */
  without(gone: number): Owners {
    return this.config.groups.map(({ index }) => {
      const owner = this.home.owners[index] ?? null;
      return owner === gone ? bestOf(this.config, index, [gone]) : owner;
    });
  }

  reach(what: string, reached: (world: World) => boolean, limitMs = orderMs(this.config)): void {
    const { world } = this;
    if (world === null || this.troubles.length > 0) return;
    const fromMs = world.clock.nowMs;
    if (runUntil(world, () => reached(world), limitMs)) {
      this.tookMs = (this.tookMs ?? 0) + Math.round(world.clock.nowMs - fromMs);
    } else {
      const shown = world.hosts.map(
        (host) => `${nameOf(this.config, host.index)} ${world.shows(host.index)}`,
      );
      this.tookMs = null;
      this.troubles.push(`not reached: ${what}; ${shown.join(", ")}`);
    }
  }

  /** Powers everything off in order, so that the clean mark is written. */
  shutDown(): World {
    const world = this.calm();
    order(world, this.active, "cluster.shutdown", 0, null);
    this.reach("all servers off", isAllOff);
    return world;
  }
}

const isAllOff = (world: World): boolean =>
  world.hosts.every(({ on, offReason }) => !on && offReason === "planned");

const showsAs = (server: number, text: string) => (world: World) => world.shows(server) === text;

/** `servers` alone, from cold: their groups start when the wait for the others is over. */
function startSome(drill: Drill, servers: readonly number[]): null {
  const world = drill.shutDown();
  world.run(BOOT_MS);
  drill.tookMs = null;
  const fromMs = world.clock.nowMs;
  for (const server of servers) world.at(server).power();
  const owners = drill.automatic(servers);
  const waitMs = drill.config.timing.startSyncWaitMs;
  const up = (): boolean => areOneView(world, servers) && runsAt(world, owners);
  drill.reach("the groups start", up, waitMs + orderMs(drill.config));
  const tookMs = world.clock.nowMs - fromMs;
  // The wait counts from the start of the system by that server's own clock, which may be fast.
  if (drill.troubles.length === 0 && tookMs < waitMs * 0.999) {
    drill.troubles.push(
      `started after ${Math.round(tookMs)} ms, before the start sync wait was over`,
    );
  }
  return null;
}

/** The active server and as many as make it a majority; of two servers, it alone. */
function startEnough(drill: Drill): null {
  if (drill.config.method !== "majority") return startSome(drill, [drill.active]);
  const others = drill.others.slice(0, quorumOf(drill.all.length) - 1);
  return startSome(
    drill,
    [drill.active, ...others].sort((a, b) => a - b),
  );
}

/** The standby alone; where a majority decides, one server fewer than that, and nothing starts (J2, D55). */
function startTooFew(drill: Drill): null {
  if (drill.config.method !== "majority") return startSome(drill, [drill.standby]);
  const world = drill.shutDown();
  world.run(BOOT_MS);
  const few = drill.others.slice(0, quorumOf(drill.all.length) - 1);
  for (const server of few) world.at(server).power();
  world.run(drill.config.timing.startSyncWaitMs + orderMs(drill.config));
  for (const server of few) {
    const shows = world.shows(server);
    const name = nameOf(drill.config, server);
    if (shows !== "starting") drill.troubles.push(`${name} is ${shows} without a majority`);
    if (world.at(server).running.includes(true)) drill.troubles.push(`${name} runs a group`);
  }
  drill.tookMs = null;
  return null;
}

/** An order after which the struck server's groups run on the other one. */
function leave(drill: Drill, verb: "server.detach" | "server.shutdown" | "power"): null {
  const world = drill.calm();
  const { active, standby } = drill;
  if (verb === "power") world.at(active).off("cut");
  else order(world, standby, verb, 0, active);
  const gone =
    verb === "server.detach" ? "detached" : verb === "power" ? "off (cut)" : "off (planned)";
  const owners = drill.without(active);
  drill.reach(`failover to ${nameOf(drill.config, standby)}`, (now) => {
    return showsAs(active, gone)(now) && areOneView(now, drill.others) && runsAt(now, owners);
  });
  return null;
}

function moveFirst(drill: Drill): Lack | null {
  const group = drill.config.groups.find(({ policy }) => policy.length > 1);
  if (group === undefined) return drill.config.groups.length === 0 ? "group" : "second-server";
  const world = drill.calm();
  const target = Number(group.policy[1]);
  const owners: Owners = [...drill.home.owners];
  owners[group.index] = target;
  order(world, drill.active, "group.move", group.index, target);
  drill.reach(
    "the group runs on the other server",
    (now) => runsAt(now, owners) && allMembers(now),
  );
  return null;
}

function stopFirst(drill: Drill, startsAgain: boolean): Lack | null {
  if (drill.config.groups.length === 0) return "group";
  const world = drill.calm();
  const stopped: Owners = [...drill.home.owners];
  stopped[0] = null;
  order(world, drill.active, "group.stop", 0, null);
  drill.reach("the group is stopped", (now) => runsAt(now, stopped) && allMembers(now));
  if (!startsAgain) return null;
  drill.tookMs = null;
  order(world, drill.active, "group.start", 0, drill.home.owners[0] ?? null);
  drill.reach("the group runs", (now) => runsAt(now, drill.home.owners) && allMembers(now));
  return null;
}

/** The failed server comes up detached, is returned, and is the standby: nothing moves back (R56). */
function returnOne(drill: Drill): null {
  leave(drill, "power");
  const { world, active, standby } = drill;
  if (world === null) return null;
  world.run(BOOT_MS);
  world.at(active).power();
  drill.reach("it comes up detached", showsAs(active, "detached"));
  // Both have heard each other by then.
  world.run(drill.config.budget.timeoutMs);
  drill.tookMs = null;
  order(world, standby, "server.return", 0, active);
  const owners = drill.without(active);
  // A group that only the returned server may run is placed there again.
  const placed = owners.map((owner, group) => owner ?? drill.home.owners[group] ?? null);
  drill.reach("it is a member and nothing has moved back", (now) => {
    return allMembers(now) && (runsAt(now, owners) || runsAt(now, placed));
  });
  return null;
}

/** All down: one is the base, the others return into it; the groups wait for their order. */
function returnAll(drill: Drill): null {
  const world = drill.calm();
  for (const host of world.hosts) host.off("cut");
  world.run(BOOT_MS);
  for (const host of world.hosts) host.power();
  const { active, config } = drill;
  drill.reach("all come up detached", (now) =>
    drill.all.every((server) => showsAs(server, "detached")(now)),
  );
  world.run(config.budget.timeoutMs);
  drill.tookMs = null;
  order(world, active, "server.force-return", 0, active);
  drill.reach("the base is a member", (now) => now.isSole(active));
  for (const other of drill.others) {
    order(world, active, "server.return", 0, other);
    drill.reach("the returned one is a member", showsAs(other, "member"));
  }
  const none: Owners = config.groups.map(() => null);
  drill.reach("all are members, the groups are stopped", (now) => {
    return allMembers(now) && runsAt(now, none);
  });
  for (const [group, owner] of drill.home.owners.entries()) {
    order(world, active, "group.start", group, owner);
    none[group] = owner;
    drill.reach("the groups start", (now) => runsAt(now, none));
  }
  return null;
}

function startAll(drill: Drill): null {
  const world = newWorld(drill.config);
  drill.world = world;
  for (const host of world.hosts) host.power();
  const owners = drill.automatic(drill.all);
  const limitMs = drill.config.timing.startSyncWaitMs + orderMs(drill.config);
  drill.reach(
    "all servers and groups run",
    (now) => allMembers(now) && runsAt(now, owners),
    limitMs,
  );
  return null;
}

function shutDownAll(drill: Drill): null {
  const world = drill.shutDown();
  world.run(BOOT_MS);
  for (const host of world.hosts) host.power();
  const owners = drill.automatic(drill.all);
  const limitMs = drill.config.timing.startSyncWaitMs + orderMs(drill.config);
  drill.reach(
    "all is normal after the restart",
    (now) => allMembers(now) && runsAt(now, owners),
    limitMs,
  );
  return null;
}

const PLAYS: Readonly<Record<string, Play>> = {
  S1: startAll,
  S2: startEnough,
  S3: startTooFew,
  S4: shutDownAll,
  S5: (drill) => leave(drill, "server.detach"),
  S6: (drill) => leave(drill, "server.shutdown"),
  S7: (drill) => leave(drill, "power"),
  S8: moveFirst,
  S9: (drill) => stopFirst(drill, false),
  S10: (drill) => stopFirst(drill, true),
  S11: returnOne,
  S12: returnAll,
};
