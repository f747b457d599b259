/**
 * Three servers or more by majority as a small world: links, pauses, restarts of processes, power, and an
 * operator who moves, takes out and brings back. Beats take no time, answers to them neither; in one hop only
 * the newest of a server to another arrives, for all state is in the beat.
 * No symmetry is used: rules break ties by the server's number (candidate, placement, epoch), so that two
 * servers that change places are another situation.
 * Source: issue 4 item 7; protocol.md 1.3-1.4, 1.7, chapter 3.
 */
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { CREW_RULES, type CrewTexts, crewTexts, textAt } from "./crew-config.ts";
import { asksBack, type CrewMenu, eventsOf, type HostChange, handed } from "./crew-events.ts";
import { bootHost, type Host, rejoined, takeHop, takeRound, trimmed } from "./crew-host.ts";
import { describeHost, problemAmong, type Sight, settledAs, sightOf } from "./crew-sight.ts";
import { Packer } from "./pack.ts";
import { Pool } from "./pool.ts";
import { createReal } from "./real-agent.ts";
import type { Emit, Model, Rest } from "./search.ts";
import { Table } from "./table.ts";

/** Beats that answer each other within one round, so that nothing is safe because it is slow. */
const HOPS = 8;
/** A cold start is over after the start sync wait and some beats. */
const SETTLE_ROUNDS = 100;

/**
 * `last-owns`: as if an operator had moved the group to the last server. `prepared`: every server holds the
 * next text; `half-prepared`: all but the last do.
 */
export type CrewStart =
  | "settled"
  | "last-owns"
  | "cold"
  | "cold-one-off"
  | "prepared"
  | "half-prepared";

export interface CrewOptions {
  readonly servers: number;
  readonly agent: "small" | "real";
  /** At most so many events. */
  readonly events: number;
  readonly menu: CrewMenu;
  readonly starts: readonly CrewStart[];
  /** Events only within so many rounds of the first state; null = at any time. */
  readonly within: number | null;
  /** Whether every state is also healed and has to come to rest. */
  readonly heals: boolean;
  /** false: a beat arrives in the round after, and its answer in the one after that. */
  readonly isInstant: boolean;
  /** Nothing of the menu is a fault: nobody may end, and the agents hand texts on at any time. */
  readonly isPeaceful: boolean;
  /**
   * A proposal that comes to nothing is made again every T under the next number, for ever: worlds with a
   * higher epoch are looked at and not followed any further. null = all are.
   */
  readonly counterMax: number | null;
}

/** A world, taken apart. */
export interface Crew {
  hosts: number[];
  /** Bit `a * n + b`: nothing passes from `a` to `b`. */
  cut: number;
  /** Number of what is still under way at the end of a round. */
  flights: number;
  used: number;
  pauses: number;
  restarts: number;
  calm: boolean;
  /** Rounds since the first state, as long as that matters. */
  round: number;
}

export class CrewModel implements Model {
  readonly words: number;
  readonly initial: readonly Uint32Array[];
  readonly rest: Rest | null;
  readonly #count: number;
  readonly #texts: CrewTexts;
  readonly #options: CrewOptions;
  readonly #hosts: Pool<Host>;
  readonly #beats: Pool<LanBeat | null>;
  readonly #flights: Table;
  readonly #turns: Table;
  readonly #turnKey: Uint32Array;
  readonly #olderHosts: number[] = [];
  readonly #olderBeats: number[] = [];
  readonly #sights: Sight[] = [];
  readonly #sightIds = new Map<string, number>();
  readonly #sightOf: number[] = [];
  readonly #problems = new Map<string, string | null>();
  readonly #changes = new Map<string, number>();
  readonly #next: Uint32Array;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#count = options.servers;
    this.words = this.#count + 3;
    this.#texts = crewTexts(this.#count);
    const packer = new Packer(CREW_RULES);
    this.#hosts = new Pool(packer);
    this.#beats = new Pool(packer);
    this.#beats.idOf(null);
    this.#turns = new Table(this.#count + 2, this.#count + 1);
    this.#turnKey = new Uint32Array(this.#count + 2);
    this.#flights = new Table(this.#count * this.#count, 0);
    this.#flights.add(new Uint32Array(this.#count * this.#count));
    this.#next = new Uint32Array(this.words);
    this.initial = options.starts.map((start) => this.#packed(this.#start(start)).slice());
    this.rest = options.heals
      ? { heal: this.#heal, round: this.#healedRound, restOf: this.#restOf }
      : null;
  }

  readonly next = (from: Uint32Array, emit: Emit): void => {
    const world = this.#unpacked(from);
    const { counterMax } = this.#options;
    if (counterMax !== null && this.#counterIn(world) > counterMax) return;
    const { within, events } = this.#options;
    const after = this.#played(world);
    emit("", true, this.#packed(after));
    if (world.used >= events || (within !== null && world.round > within)) return;
    const hosts = world.hosts.map((id) => this.#hosts.at(id));
    const change = (index: number, name: string, by: HostChange): Crew | null => {
      const id = this.#changed(world.hosts[index] ?? 0, name, by);
      if (id === world.hosts[index]) return null;
      return { ...world, hosts: world.hosts.map((old, at) => (at === index ? id : old)) };
    };
    for (const { label, world: next } of eventsOf(
      world,
      hosts,
      this.#options.menu,
      change,
      this.#texts,
    )) {
      emit(label, false, this.#packed({ ...next, used: world.used + 1 }));
    }
  };

  #counterIn({ hosts }: Crew): number {
    return Math.max(...hosts.map((id) => this.#sights[this.#sightIdOf(id)]?.counter ?? 0));
  }

  readonly problemOf = (from: Uint32Array): string | null => {
    let key = "";
    const sights: Sight[] = [];
    for (let at = 0; at < this.#count; at += 1) {
      const id = this.#sightIdOf(from[at] ?? 0);
      key += `${id},`;
      const sight = this.#sights[id];
      if (sight !== undefined) sights.push(sight);
    }
    const known = this.#problems.get(key);
    if (known !== undefined) return known;
    const ended = this.#options.isPeaceful ? sights.find(({ on }) => !on) : undefined;
    const problem =
      ended === undefined
        ? problemAmong(sights, this.#count)
        : `${ended.index} has ended, and nothing was wrong`;
    this.#problems.set(key, problem);
    return problem;
  };

  readonly describe = (from: Uint32Array): string => {
    const world = this.#unpacked(from);
    const cuts: string[] = [];
    for (let link = 0; link < this.#count * this.#count; link += 1) {
      const isCut = (world.cut & (1 << link)) !== 0;
      if (isCut) cuts.push(`${Math.floor(link / this.#count)}>${link % this.#count}`);
    }
    const hosts = world.hosts.map((id) => describeHost(this.#hosts.at(id)));
    return `${hosts.join("  ")}${cuts.length === 0 ? "" : `  cut ${cuts.join(" ")}`}`;
  };

  readonly sizes = (): string =>
    `${this.#hosts.size} server situations, ${this.#beats.size} beats, ${this.#turns.size} turns, ` +
    `${this.#sights.length} sights, ${Math.round((this.#hosts.bytes + this.#turns.bytes) / 2 ** 20)} MB`;

  readonly #heal = (from: Uint32Array, into: Uint32Array): void => {
    const blank = { cut: 0, used: 0, pauses: 0, restarts: 0, calm: true, round: 0 };
    into.set(this.#packed({ ...this.#unpacked(from), ...blank }));
  };

  readonly #healedRound = (from: Uint32Array, into: Uint32Array): void => {
    into.set(this.#packed(this.#played(this.#unpacked(from))));
  };

  readonly #restOf = (from: Uint32Array): "one" | "down" | { readonly problem: string } => {
    const hosts = this.#unpacked(from).hosts.map((id) => this.#hosts.at(id));
    const end = settledAs(hosts);
    return typeof end === "string" ? end : { problem: `${end.problem}: ${this.describe(from)}` };
  };

  /** The array is overwritten by the next call. */
  #packed({ hosts, cut, flights, used, pauses, restarts, calm, round }: Crew): Uint32Array {
    const into = this.#next;
    for (let at = 0; at < this.#count; at += 1) into[at] = hosts[at] ?? 0;
    into[this.#count] = cut;
    into[this.#count + 1] = flights;
    into[this.#count + 2] =
      used | (pauses << 4) | (restarts << 6) | ((calm ? 1 : 0) << 8) | (round << 9);
    return into;
  }

  #unpacked(from: Uint32Array): Crew {
    const hosts: number[] = [];
    for (let at = 0; at < this.#count; at += 1) hosts.push(from[at] ?? 0);
    const meta = from[this.#count + 2] ?? 0;
    return {
      hosts,
      cut: from[this.#count] ?? 0,
      flights: from[this.#count + 1] ?? 0,
      used: meta & 15,
      pauses: (meta >> 4) & 3,
      restarts: (meta >> 6) & 3,
      calm: (meta & 256) !== 0,
      round: meta >>> 9,
    };
  }

  #played(world: Crew): Crew {
    const links = this.#count * this.#count;
    let flights = new Uint32Array(links);
    this.#flights.read(world.flights, flights);
    let hosts = world.hosts;
    const hops = this.#options.isInstant ? HOPS : 0;
    for (let hop = 0; hop <= hops; hop += 1) {
      if (hop > 0 && flights.every((beat) => beat === 0)) break;
      const next = new Uint32Array(links);
      hosts = this.#step(hosts, world, flights, next, hop > 0);
      flights = next;
    }
    for (let link = 0; link < links; link += 1) {
      flights[link] = this.#older(flights[link] ?? 0, this.#beats, this.#olderBeats);
    }
    const known = this.#flights.find(flights);
    const { within } = this.#options;
    const isCounted = within !== null && !world.calm && world.used < this.#options.events;
    return {
      ...world,
      hosts: hosts.map((id) => this.#older(id, this.#hosts, this.#olderHosts)),
      flights: known >= 0 ? known : this.#flights.add(flights),
      round: isCounted ? Math.min(world.round + 1, within + 1) : 0,
    };
  }

  #step(
    hosts: readonly number[],
    { cut, calm }: Crew,
    flights: Uint32Array,
    next: Uint32Array,
    isHop: boolean,
  ): number[] {
    return hosts.map((host, index) => {
      const key = this.#turnKey;
      key[0] = host;
      key[1] = (calm ? 1 : 0) + (isHop ? 2 : 0);
      for (let from = 0; from < this.#count; from += 1) {
        const link = from * this.#count + index;
        key[2 + from] = (cut & (1 << link)) === 0 ? (flights[link] ?? 0) : 0;
      }
      const turn = this.#turn(key, calm, isHop);
      for (let to = 0; to < this.#count; to += 1) {
        next[index * this.#count + to] = this.#turns.value(turn, 1 + to);
      }
      return this.#turns.value(turn, 0);
    });
  }

  /** Number of the turn that `key` stands for. */
  #turn(key: Uint32Array, calm: boolean, isHop: boolean): number {
    const known = this.#turns.find(key);
    if (known >= 0) return known;
    const heard: (LanBeat | null)[] = [];
    for (let from = 0; from < this.#count; from += 1) {
      const beat = key[2 + from] ?? 0;
      heard.push(beat === 0 ? null : this.#beats.at(beat));
    }
    const host = rejoined(this.#hosts.at(key[0] ?? 0), this.#texts);
    const asked = calm ? asksBack(host) : host;
    const told = calm || this.#options.isPeaceful ? handed(asked, this.#texts) : asked;
    const turn = (isHop ? takeHop : takeRound)(told, heard, this.#texts);
    const at = this.#turns.add(key);
    this.#turns.put(at, 0, this.#hosts.idOf(trimmed(turn.host, this.#texts)));
    for (const [to, beat] of turn.out.entries()) {
      this.#turns.put(at, 1 + to, beat === null ? 0 : this.#beats.idOf(beat));
    }
    return at;
  }

  #older<T>(id: number, pool: Pool<T>, known: number[]): number {
    const older = known[id];
    if (older !== undefined) return older;
    const next = pool.aged(id);
    while (known.length <= id) known.push(undefined as never);
    known[id] = next;
    return next;
  }

  #changed(id: number, name: string, by: HostChange): number {
    const key = `${id} ${name}`;
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const next = this.#hosts.idOf(trimmed(by(this.#hosts.at(id)), this.#texts));
    this.#changes.set(key, next);
    return next;
  }

  #sightIdOf(host: number): number {
    const known = this.#sightOf[host];
    if (known !== undefined) return known;
    const config = textAt(this.#texts, this.#hosts.at(host).text);
    const sight = sightOf(this.#hosts.at(host), config);
    const text = JSON.stringify(sight);
    const id = this.#sightIds.get(text) ?? this.#sights.length;
    if (id === this.#sights.length) this.#sights.push(sight);
    this.#sightIds.set(text, id);
    while (this.#sightOf.length <= host) this.#sightOf.push(undefined as never);
    this.#sightOf[host] = id;
    return id;
  }

  #start(start: CrewStart): Crew {
    const kinds = Array.from({ length: this.#count }, (_, index) => {
      const isLast = index === this.#count - 1;
      return start === "cold-one-off" && isLast ? ("off" as const) : ("start" as const);
    });
    const hosts = kinds.map((kind, index) => {
      const wish = { kind: "detached" as const, floor: 0 };
      const isReal = this.#options.agent === "real";
      const before = isReal ? createReal(index, wish, 0, textAt(this.#texts, 0)) : null;
      const booted = bootHost(index, 1, kind, before, 0, this.#texts);
      return this.#hosts.idOf(trimmed(booted, this.#texts));
    });
    const blank = { used: 0, pauses: 0, restarts: 0, calm: false, round: 0 };
    const cold: Crew = { hosts, cut: 0, flights: 0, ...blank };
    if (start === "cold" || start === "cold-one-off") return cold;
    const settled = this.#settled(cold);
    if (start === "last-owns") return this.#moved(settled);
    if (start === "settled") return settled;
    return this.#prepared(settled, start === "prepared" ? this.#count : this.#count - 1);
  }

  #prepared(world: Crew, servers: number): Crew {
    const hosts = world.hosts.map((id, index) =>
      index >= servers
        ? id
        : this.#changed(id, "holds the next text", (at) => ({ ...at, draft: 1 })),
    );
    return this.#settled({ ...world, hosts });
  }

  #moved(world: Crew): Crew {
    const last = this.#count - 1;
    const hosts = world.hosts.map((id) =>
      this.#changed(id, "moved to the last", (host) => {
        const { words } = host;
        const isCoordinator = host.pulse?.membership.view?.epoch.coordinator === host.index;
        return isCoordinator
          ? { ...host, words: { ...words, desired: last, order: words.order + 1 } }
          : host;
      }),
    );
    return this.#settled({ ...world, hosts });
  }

  /** Runs on until nothing changes any more. */
  #settled(cold: Crew): Crew {
    let world = cold;
    for (let rounds = 0; rounds < SETTLE_ROUNDS; rounds += 1) world = this.#played(world);
    return { ...world, round: 0 };
  }
}
