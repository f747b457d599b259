/**
 * Three servers by majority as a small world: links, one pause, one restart of a pulse, and for `c` an
 * operator who starts, stops, moves, takes out and brings back. Beats take no time, answers to
 * them neither; in one hop only the newest of a server to another arrives, for all state is in the beat.
 * Source: issue 4 item 7; protocol.md 1.3-1.4, 1.7, chapter 3.
 */
import { holdsLease } from "../../firmware/pulse/majority-route.ts";
import { pathId, serverName } from "../../hal/base/ids.ts";
import { compareEpochs, sameEpoch, type View } from "../../hal/base/view.ts";
import { computeBudget } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { isIn } from "../../services/membership/majority/sight.ts";
import { quorumOf } from "../../services/membership/majority/votes.ts";
import { NOW_MS, Pool, shift } from "./canon.ts";
import type { Model } from "./search.ts";
import {
  bootHost,
  type Host,
  offHost,
  restarted,
  takeHop,
  takeRound,
  trimmed,
} from "./trio-host.ts";

const INTERVAL_MS = 100;
const TIMEOUT_MS = 1000;
/** No age is looked at beyond T; what lies ahead (abstain 1.2 T, start sync wait 2 T) is not held. */
const FLOOR_MS = NOW_MS - 1.5 * TIMEOUT_MS;
const SHORT_PAUSE = 4;
/** Longer than T, so a gap and a takeover lie in it. */
const LONG_PAUSE = 12;
/** Beats that answer each other within one round, so that nothing is safe because it is slow. */
const HOPS = 8;
const SERVERS = [0, 1, 2];

/** P and G are one round each, so that M is two and A3 falls on a round; W half of T: reset-bounded. */
export function trioConfig(): ClusterConfig {
  const timing = {
    heartbeatTimeoutMs: TIMEOUT_MS,
    heartbeatIntervalMs: INTERVAL_MS,
    comIntervalMs: INTERVAL_MS,
    diskWaitMs: TIMEOUT_MS,
    startSyncWaitMs: 2 * TIMEOUT_MS,
    watchdogTimeoutMs: TIMEOUT_MS / 2,
  };
  const facts = { baud: null, pauseMs: INTERVAL_MS - 1, giveUpMs: INTERVAL_MS };
  const result = computeBudget("majority", timing, facts);
  if (result.kind !== "budget") throw new Error("the times do not fit");
  return {
    name: "explored",
    clusterId: 1,
    revision: 1,
    hash: "00000000",
    method: "majority",
    servers: SERVERS.map((index) => ({
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
  };
}

/** Hosts and beats by their numbers in the pools; a world is a handful of small numbers. */
export interface Trio {
  readonly hosts: readonly number[];
  /** Beat from `a` to `b` under way at `a * 3 + b`; 0 = none. */
  readonly flights: readonly number[];
  /** Bit `a * 3 + b`: nothing passes from `a` to `b`. */
  readonly cut: number;
  readonly used: number;
  readonly pauses: number;
  readonly restarts: number;
  /** Healed for good: detached servers ask to come back, nothing more befalls anybody. */
  readonly calm: boolean;
}

export interface TrioOptions {
  readonly events: number;
  /** a: links, pause, restart, from a settled cluster; c: the operator, also at a cold start. */
  readonly menu: "a" | "c";
}

interface Act {
  readonly label: string;
  readonly world: Trio;
}

export class TrioModel implements Model<Trio> {
  readonly initial: readonly Trio[];
  readonly #config = trioConfig();
  readonly #hosts = new Pool<Host>();
  readonly #beats = new Pool<LanBeat | null>();
  readonly #olderHosts = new Map<number, number>();
  readonly #olderBeats = new Map<number, number>();
  readonly #rounds = new Map<string, { readonly host: number; readonly out: readonly number[] }>();
  readonly #problems = new Map<string, string | null>();
  readonly #options: TrioOptions;

  constructor(options: TrioOptions) {
    this.#options = options;
    this.#beats.idOf(null);
    const cold = this.#cold(["start", "start", "start"]);
    const settled = this.#settled(cold);
    this.initial =
      options.menu === "a" ? [settled] : [settled, cold, this.#cold(["start", "start", "off"])];
  }

  readonly keyOf = ({ hosts, flights, cut, used, pauses, restarts, calm }: Trio): string =>
    `${hosts.join()}|${flights.join()}|${cut}|${used}${pauses}${restarts}${calm ? "c" : ""}`;

  readonly round = (world: Trio): Trio => {
    let next = this.#step(world, false);
    for (let hop = 1; hop <= HOPS && next.flights.some((beat) => beat !== 0); hop += 1) {
      next = this.#step(next, true);
    }
    const hosts = next.hosts.map((id) => this.#older(id, this.#hosts, this.#olderHosts));
    const flights = next.flights.map((id) => this.#older(id, this.#beats, this.#olderBeats));
    return { ...world, hosts, flights };
  };

  readonly events = (world: Trio): readonly Act[] => {
    if (world.calm || world.used >= this.#options.events) return [];
    const used = world.used + 1;
    const acts = [...this.#linkEvents(world)];
    if (this.#options.menu === "a") acts.push(...this.#pauses(world), ...this.#restarts(world));
    else acts.push(...this.#orders(world));
    return acts.map(({ label, world: next }) => ({ label, world: { ...next, used } }));
  };

  readonly heal = (world: Trio): Trio => ({
    ...world,
    cut: 0,
    used: 0,
    pauses: 0,
    restarts: 0,
    calm: true,
  });

  readonly problemOf = (world: Trio): string | null => {
    const key = world.hosts.join();
    const known = this.#problems.get(key);
    if (known !== undefined) return known;
    const problem = problemAmong(
      world.hosts.map((id) => this.#hosts.at(id)),
      this.#config,
    );
    this.#problems.set(key, problem);
    return problem;
  };

  readonly restOf = (world: Trio): "one" | "down" | { readonly problem: string } => {
    const hosts = world.hosts.map((id) => this.#hosts.at(id)).filter(({ on }) => on);
    const views = hosts.map(viewOf);
    const first = views.find((view) => view !== null) ?? null;
    if (first === null) return "down";
    const isOne = views.every((view) => view !== null && sameEpoch(view.epoch, first.epoch));
    const owners = hosts.filter(({ owns }) => owns).length;
    if (isOne && owners === 1 && first.members.length === hosts.length) return "one";
    const what = isOne ? `${owners} owners` : "no common view";
    return { problem: `${what}: ${this.describe(world)}` };
  };

  readonly describe = (world: Trio): string => {
    const cuts = SERVERS.flatMap((from) =>
      SERVERS.filter((to) => (world.cut & (1 << (from * 3 + to))) !== 0).map(
        (to) => `${from}>${to}`,
      ),
    );
    const hosts = world.hosts.map((id) => describeHost(this.#hosts.at(id)));
    return `${hosts.join("  ")}${cuts.length === 0 ? "" : `  cut ${cuts.join(" ")}`}`;
  };

  #cold(kinds: readonly ("start" | "off")[]): Trio {
    const hosts = kinds.map((kind, index) =>
      this.#hosts.idOf(bootHost(index, 1, kind, this.#config)),
    );
    const none = { cut: 0, used: 0, pauses: 0, restarts: 0, calm: false };
    return { hosts, flights: Array.from({ length: 9 }, () => 0), ...none };
  }

  /** Runs on until nothing changes any more. */
  #settled(cold: Trio): Trio {
    const seen = new Set<string>();
    let world = cold;
    while (!seen.has(this.keyOf(world))) {
      seen.add(this.keyOf(world));
      world = this.round(world);
    }
    return world;
  }

  #step(world: Trio, isHop: boolean): Trio {
    const flights = world.flights.map(() => 0);
    const hosts = world.hosts.map((host, index) => {
      const heard = SERVERS.map((from) => {
        const link = from * 3 + index;
        return (world.cut & (1 << link)) === 0 ? (world.flights[link] ?? 0) : 0;
      });
      const turn = this.#turn(host, heard, world.calm, isHop);
      for (const to of SERVERS) flights[index * 3 + to] = turn.out[to] ?? 0;
      return turn.host;
    });
    return { ...world, hosts, flights };
  }

  #older<T>(id: number, pool: Pool<T>, known: Map<number, number>): number {
    const older = known.get(id) ?? pool.idOf(shift(pool.at(id), INTERVAL_MS, FLOOR_MS));
    known.set(id, older);
    return older;
  }

  #turn(
    id: number,
    heard: readonly number[],
    calm: boolean,
    isHop: boolean,
  ): { readonly host: number; readonly out: readonly number[] } {
    const key = `${id}|${heard.join()}|${calm ? 1 : 0}${isHop ? 1 : 0}`;
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const beats = heard.map((beat) => this.#beats.at(beat));
    const asked = calm ? asksBack(this.#hosts.at(id)) : this.#hosts.at(id);
    const turn = (isHop ? takeHop : takeRound)(asked, beats, this.#config);
    const host = this.#hosts.idOf(trimmed(turn.host));
    const out = turn.out.map((beat) => (beat === null ? 0 : this.#beats.idOf(beat)));
    const result = { host, out };
    this.#rounds.set(key, result);
    return result;
  }

  #linkEvents(world: Trio): Act[] {
    const acts: Act[] = [];
    const set = (label: string, cut: number): void => {
      if (cut !== world.cut) acts.push({ label, world: { ...world, cut } });
    };
    for (const one of SERVERS) {
      set(`isolate ${one}`, world.cut | maskOf(one));
      for (const other of SERVERS) {
        if (one === other) continue;
        const bit = 1 << (one * 3 + other);
        set(`${(world.cut & bit) === 0 ? "cut" : "heal"} ${one}>${other}`, world.cut ^ bit);
        if (one > other) continue;
        const both = bit | (1 << (other * 3 + one));
        set(`cut ${one}-${other}`, world.cut | both);
        set(`heal ${one}-${other}`, world.cut & ~both);
      }
    }
    set("heal all", 0);
    return acts;
  }

  #pauses(world: Trio): Act[] {
    if (world.pauses > 0) return [];
    return SERVERS.flatMap((index) =>
      [SHORT_PAUSE, LONG_PAUSE].flatMap((pausedFor) =>
        this.#change(`pause ${index} for ${pausedFor} rounds`, index, world, (host) =>
          host.on ? { ...host, pausedFor } : host,
        ),
      ),
    ).map((act) => ({ ...act, world: { ...act.world, pauses: 1 } }));
  }

  #restarts(world: Trio): Act[] {
    if (world.restarts > 0) return [];
    const may = (host: Host): boolean => host.on && !host.will && host.pausedFor === 0;
    return SERVERS.flatMap((index) => [
      ...this.#change(`restart pulse ${index}, agent remembers`, index, world, (host) =>
        may(host) ? restarted(host, true) : host,
      ),
      ...this.#change(`restart pulse ${index}, both forget`, index, world, (host) =>
        may(host) ? restarted(host, false) : host,
      ),
    ]).map((act) => ({ ...act, world: { ...act.world, restarts: 1 } }));
  }

  #orders(world: Trio): Act[] {
    return SERVERS.flatMap((index) => [
      ...this.#change(`power off ${index}`, index, world, (host) => offHost(host, this.#config)),
      ...this.#change(`power on ${index}, returning`, index, world, (host) =>
        host.on ? host : bootHost(index, host.boot + 1, "return", this.#config),
      ),
      ...this.#change(`power on ${index}, clean`, index, world, (host) =>
        host.on ? host : bootHost(index, host.boot + 1, "start", this.#config),
      ),
      ...this.#change(`leave ${index}`, index, world, (host) =>
        host.on && host.taught !== null ? { ...host, leaves: true } : host,
      ),
      ...this.#change(`return ${index}`, index, world, (host) => asksBack(host)),
      ...this.#move(index, world),
    ]);
  }

  #move(to: number, world: Trio): Act[] {
    let next = world;
    // Said to everybody; the coordinator of the view hears it.
    for (const index of SERVERS) {
      const [act] = this.#change("", index, next, (host) =>
        host.on && host.taught?.view.epoch.coordinator === index ? { ...host, moveTo: to } : host,
      );
      next = act?.world ?? next;
    }
    return next === world ? [] : [{ label: `move to ${to}`, world: next }];
  }

  #change(label: string, index: number, world: Trio, by: (host: Host) => Host): Act[] {
    const old = world.hosts[index] ?? 0;
    const id = this.#hosts.idOf(by(this.#hosts.at(old)));
    if (id === old) return [];
    return [
      { label, world: { ...world, hosts: world.hosts.map((at, i) => (i === index ? id : at)) } },
    ];
  }
}

/** All links of one server, both directions. */
function maskOf(one: number): number {
  let mask = 0;
  for (const other of SERVERS) {
    if (other !== one) mask |= (1 << (one * 3 + other)) | (1 << (other * 3 + one));
  }
  return mask;
}

const asksBack = (host: Host): Host =>
  host.on && host.wish.kind === "detached"
    ? { ...host, wish: { kind: "return", floor: host.wish.floor } }
    : host;

function viewOf({ pulse }: Host): View | null {
  return pulse !== null && isIn(pulse.membership) ? pulse.membership.view : null;
}

/** What must hold in every state; the first that does not. */
function problemAmong(hosts: readonly Host[], config: ClusterConfig): string | null {
  const owners = hosts.filter(({ on, owns }) => on && owns);
  if (owners.length > 1) return `two owners: ${owners.map(({ index }) => index).join(" and ")}`;
  for (const one of hosts) {
    for (const other of hosts) {
      const problem = one === other ? null : problemBetween(one, other, config);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/** One epoch has one crew, and no owner has a lease once a quorum has gone on without it. */
function problemBetween(one: Host, other: Host, config: ClusterConfig): string | null {
  const [mine, theirs] = [viewOf(one), viewOf(other)];
  if (mine === null || theirs === null || one.pulse === null) return null;
  if (sameEpoch(mine.epoch, theirs.epoch)) {
    const isSame = String(mine.members) === String(theirs.members);
    return isSame
      ? null
      : `epoch ${mine.epoch.counter} is ${mine.members} at ${one.index} and ${theirs.members} at ${other.index}`;
  }
  const count = config.servers.length - (theirs.absent?.length ?? 0);
  const isQuorum = theirs.members.length >= quorumOf(count);
  const isNewer = compareEpochs(theirs.epoch, mine.epoch) > 0;
  if (theirs.members.includes(one.index) || !isQuorum || !isNewer || !one.mayOwn) return null;
  if (!holdsLease(one.pulse, NOW_MS, config)) return null;
  const [old, next] = [mine.epoch.counter, theirs.epoch.counter];
  return `owner ${one.index} holds a lease of epoch ${old}, ${other.index} has installed ${next} without it`;
}

function describeHost(host: Host): string {
  if (!host.on) return `${host.index}:off`;
  const { pulse } = host;
  const view = pulse?.membership.view ?? null;
  const where = view === null ? "-" : `${view.epoch.counter}{${view.members.join("")}}`;
  const promise = pulse?.membership.promise ?? null;
  const next = promise === null ? "" : `?${promise.epoch.counter}{${promise.members.join("")}}`;
  const marks = [
    host.owns ? "OWNS" : host.mayOwn ? "may" : "",
    host.will ? "WILL" : "",
    host.pausedFor > 0 ? "paused" : "",
    pulse?.membership.lapsed === true ? "lapsed" : "",
  ].filter((mark) => mark !== "");
  return `${host.index}:${pulse?.membership.server ?? "restarting"} ${where}${next} ${marks.join(" ")}`;
}
