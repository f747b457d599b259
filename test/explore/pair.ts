/**
 * Two servers as a small world: LAN and COM cut in one or both directions or lossy in every round, slow and
 * hung disks, pauses, restarts, power, a change of the configuration and an operator. Beats and disk
 * operations take a round.
 * No symmetry is used: the method tells the servers apart by number (who claims first, who proposes).
 * Source: issue 4 item 7; protocol.md 1.5-1.9, chapter 3; guide 1.2.4 A1-A7, B1-B8, C1-C7, H1-H3.
 */

import type { QuorumMethod } from "../../services/configuration/model.ts";
import type { ComBeat, LanBeat } from "../../services/heartbeat/beat.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import { Packer } from "./pack.ts";
import {
  asksBack,
  eventsOf,
  freed,
  orderedText,
  type PairChange,
  type PairMenu,
} from "./pair-events.ts";
import { bootPair, landsNow, type PairHost, takePairRound } from "./pair-host.ts";
import { DISK_TARRIES, type Free, lossesOf, lossWords } from "./pair-losses.ts";
import { pairRules, rejoined, trimmed } from "./pair-rules.ts";
import { describeHost, type PairSight, problemAmong, settledAs, sightOf } from "./pair-sight.ts";
import { pairConfig, Texts } from "./pair-texts.ts";
import { Pool } from "./pool.ts";
import { createReal } from "./real-agent.ts";
import type { Emit, Model, Rest } from "./search.ts";
import { Table } from "./table.ts";

/** Rounds after which two that start are together and their disks are known to be good. */
const TOGETHER_ROUNDS = 60;

/** Who owns a group at the beginning; `real`: the failover core decides. */
export type PairForm = "both" | "0" | "1" | "nobody";
/** `prepared`: together, and both hold the next text. */
export type PairStart = "together" | "prepared" | "cold" | "one-cold" | "one-detached";

export interface PairOptions {
  readonly method: QuorumMethod;
  readonly timeoutMs: number;
  /** The model's own numbers instead of the product's, whose inequalities ask for a T of 15 rounds. */
  readonly tight: boolean;
  /** false: level software-bounded, nothing resets a server that hangs. */
  readonly watchdog: boolean;
  /** T of the text that an operator brings in. */
  readonly nextTimeoutMs: number;
  readonly agent: "fixed" | "real";
  /** The method promises that never both go on, whatever of the menu befalls them. */
  readonly isBound: boolean;
  readonly forms: readonly PairForm[];
  readonly starts: readonly PairStart[];
  readonly events: number;
  readonly menu: PairMenu;
  readonly within: number | null;
  readonly heals: boolean;
  /** Any beat may be lost and any answer of a disk may tarry, in every round, and is no event. */
  readonly free: readonly Free[];
}

/** A world, taken apart. */
export interface Pair {
  hosts: number[];
  /** LAN of 0, LAN of 1, COM of 0, COM of 1; 0 = nothing under way. */
  flights: number[];
  blocks: number[];
  /** LAN 0>1, LAN 1>0, COM 0>1, COM 1>0. */
  cut: number;
  used: number;
  pauses: number;
  restarts: number;
  calm: boolean;
  round: number;
}

const WORDS = 10;
const COM_FROM_0 = 2;
const ALL_CUT = 0b1111;

export class PairModel implements Model {
  readonly words = WORDS;
  readonly initial: readonly Uint32Array[];
  readonly rest: Rest | null;
  readonly #options: PairOptions;
  readonly #texts = new Texts();
  readonly #hosts: Pool<PairHost>;
  readonly #lans: Pool<LanBeat | null>;
  readonly #coms: Pool<ComBeat | null>;
  readonly #blocks: Pool<SlotWord | null>;
  #turns = new Table(5, 4);
  readonly #turnKey = new Uint32Array(5);
  readonly #olderBlocks: number[] = [];
  readonly #sights: PairSight[] = [];
  readonly #sightIds = new Map<string, number>();
  readonly #sightOf: number[] = [];
  readonly #landing: number[] = [];
  readonly #problems = new Map<string, string | null>();
  readonly #changes = new Map<string, number>();
  readonly #next = new Uint32Array(WORDS);
  readonly #losses: readonly number[];
  #isSteady = false;

  constructor(options: PairOptions) {
    this.#options = options;
    const { timeoutMs, nextTimeoutMs, forms, starts, free, menu } = options;
    this.#texts.idOf(pairConfig(timeoutMs, 1, options));
    this.#texts.idOf(pairConfig(nextTimeoutMs, 2, options));
    const packer = new Packer(
      pairRules([this.#texts.at(0), this.#texts.at(menu.texts.length > 0 ? 1 : 0)]),
    );
    this.#hosts = new Pool(packer);
    this.#lans = new Pool(packer);
    this.#coms = new Pool(packer);
    this.#blocks = new Pool(packer);
    for (const pool of [this.#lans, this.#coms, this.#blocks]) pool.idOf(null);
    this.#losses = lossesOf(free);
    this.initial = starts.flatMap((start) =>
      forms.map((form) => this.#packed(this.#start(start, form)).slice()),
    );
    this.#isSteady = free.length > 0;
    // What was played until here may have been probed.
    if (this.#isSteady) this.#turns = new Table(5, 4);
    this.rest = options.heals
      ? { heal: this.#heal, round: this.#healedRound, restOf: this.#restOf }
      : null;
  }

  readonly next = (from: Uint32Array, emit: Emit): void => {
    const world = this.#unpacked(from);
    for (const loss of this.#losses) {
      emit(lossWords(loss), true, this.#packed(this.#played(world, loss)));
    }
    const { within, events, menu } = this.#options;
    if (world.used >= events || (within !== null && world.round > within)) return;
    const hosts = world.hosts.map((id) => this.#hosts.at(id));
    const change = (whose: readonly number[], name: string, by: PairChange): Pair | null => {
      const next = world.hosts.map((id, at) =>
        whose.includes(at) ? this.#changed(id, name, by) : id,
      );
      const isSame = next.every((id, at) => id === world.hosts[at]);
      return isSame ? null : { ...world, hosts: next };
    };
    for (const { label, world: next } of eventsOf(world, hosts, menu, change, this.#texts)) {
      emit(label, false, this.#packed({ ...next, used: world.used + 1 }));
    }
  };

  readonly problemOf = (from: Uint32Array): string | null => {
    const first = this.#sightIdOf(from[0] ?? 0);
    const second = this.#sightIdOf(from[1] ?? 0);
    const key = `${first},${second}`;
    const down = this.#bothDown(from);
    if (down !== undefined) return down;
    const known = this.#problems.get(key);
    if (known !== undefined) return known;
    const [one, other] = [this.#sights[first], this.#sights[second]];
    const { isBound } = this.#options;
    const problem =
      one === undefined || other === undefined ? null : problemAmong(one, other, isBound);
    this.#problems.set(key, problem);
    return problem;
  };

  /** G2: with the disk as arbiter one server is to survive when everything is cut in one moment (C7). */
  #bothDown(from: Uint32Array): string | undefined {
    const { method, agent, heals } = this.#options;
    const { hosts, cut, used } = this.#unpacked(from);
    if (method !== "com-disk" || agent !== "fixed" || heals) return undefined;
    if (used !== 1 || cut !== ALL_CUT) return undefined;
    const isAnyOn = hosts.some((id) => this.#sights[this.#sightIdOf(id)]?.on === true);
    return isAnyOn ? undefined : "everything cut in one moment, and both are down";
  }

  readonly describe = (from: Uint32Array): string => {
    const world = this.#unpacked(from);
    const cuts = ["LAN 0>1", "LAN 1>0", "COM 0>1", "COM 1>0"].filter(
      (_, bit) => (world.cut & (1 << bit)) !== 0,
    );
    const hosts = world.hosts.map((id) => describeHost(this.#hosts.at(id)));
    return `${hosts.join("  ")}${cuts.length === 0 ? "" : `  cut ${cuts.join(", ")}`}`;
  };

  readonly sizes = (): string =>
    `${this.#hosts.size} server situations, ${this.#lans.size} beats, ${this.#turns.size} turns, ` +
    `${this.#sights.length} sights, ${Math.round((this.#hosts.bytes + this.#turns.bytes) / 2 ** 20)} MB`;

  readonly #heal = (from: Uint32Array, into: Uint32Array): void => {
    const world = this.#unpacked(from);
    const hosts = world.hosts.map((id) => this.#changed(id, "freed", freed));
    const blank = { cut: 0, used: 0, pauses: 0, restarts: 0, calm: true, round: 0 };
    into.set(this.#packed({ ...world, hosts, ...blank }));
  };

  readonly #healedRound = (from: Uint32Array, into: Uint32Array): void => {
    into.set(this.#packed(this.#played(this.#unpacked(from), 0)));
  };

  readonly #restOf = (from: Uint32Array): "one" | "down" | { readonly problem: string } => {
    const hosts = this.#unpacked(from).hosts.map((id) => this.#hosts.at(id));
    const end = settledAs(hosts, this.#options.agent === "real");
    return typeof end === "string" ? end : { problem: `${end.problem}: ${this.describe(from)}` };
  };

  /** The array is overwritten by the next call. */
  #packed({ hosts, flights, blocks, cut, used, pauses, restarts, calm, round }: Pair): Uint32Array {
    const into = this.#next;
    for (let at = 0; at < 2; at += 1) {
      into[at] = hosts[at] ?? 0;
      into[6 + at] = blocks[at] ?? 0;
    }
    for (let at = 0; at < 4; at += 1) into[2 + at] = flights[at] ?? 0;
    into[8] = cut | (used << 4) | (pauses << 8) | (restarts << 10) | ((calm ? 1 : 0) << 12);
    into[9] = round;
    return into;
  }

  #unpacked(from: Uint32Array): Pair {
    const meta = from[8] ?? 0;
    return {
      hosts: [from[0] ?? 0, from[1] ?? 0],
      flights: [from[2] ?? 0, from[3] ?? 0, from[4] ?? 0, from[5] ?? 0],
      blocks: [from[6] ?? 0, from[7] ?? 0],
      cut: meta & 15,
      used: (meta >> 4) & 15,
      pauses: (meta >> 8) & 3,
      restarts: (meta >> 10) & 3,
      calm: (meta & (1 << 12)) !== 0,
      round: from[9] ?? 0,
    };
  }

  /** One round; `loss` are the links and disks that fail in it alone. */
  #played(world: Pair, loss: number): Pair {
    // What lands in this round has landed before anything is read that was asked for after it.
    const known = world.blocks.map((block, index) => this.#landed(world.hosts[index] ?? 0, block));
    const turns = world.hosts.map((host, index) => {
      const from = 1 - index;
      const key = this.#turnKey;
      key[0] = host;
      key[1] = this.#arrives(world, loss, from);
      key[2] = this.#arrives(world, loss, COM_FROM_0 + from);
      key[3] = known[from] ?? 0;
      key[4] = (world.calm ? 1 : 0) + ((loss >> (DISK_TARRIES + index)) & 1 ? 2 : 0);
      return this.#turn(key);
    });
    const value = (at: number, word: number): number => this.#turns.value(turns[at] ?? 0, word);
    const block = (at: number): number => {
      const landed = value(at, 3);
      return landed === 0 ? this.#older(world.blocks[at] ?? 0) : landed - 1;
    };
    const { within } = this.#options;
    const isCounted = within !== null && !world.calm && world.used < this.#options.events;
    return {
      ...world,
      hosts: [value(0, 0), value(1, 0)],
      flights: [value(0, 1), value(1, 1), value(0, 2), value(1, 2)],
      blocks: [block(0), block(1)],
      round: isCounted ? Math.min(world.round + 1, within + 1) : 0,
    };
  }

  #arrives(world: Pair, loss: number, bit: number): number {
    return ((world.cut | loss) & (1 << bit)) === 0 ? (world.flights[bit] ?? 0) : 0;
  }

  /** Number of the turn that `key` stands for; what it leaves is a round older. */
  #turn(key: Uint32Array): number {
    const known = this.#turns.find(key);
    if (known >= 0) return known;
    const at = this.#turns.add(key);
    const flags = key[4] ?? 0;
    const host = rejoined(this.#hosts.at(key[0] ?? 0), this.#texts);
    const asked = (flags & 1) !== 0 ? asksBack(host) : host;
    const { operation } = asked;
    const isLate = (flags & 2) !== 0 && operation !== null;
    // One round more than it would have taken: any number of times, so any time, or never.
    const waits = isLate
      ? { ...asked, operation: { ...operation, left: operation.left + 1 } }
      : asked;
    const turn = takePairRound(
      waits,
      this.#lans.at(key[1] ?? 0),
      this.#coms.at(key[2] ?? 0),
      this.#blocks.at(key[3] ?? 0),
      this.#texts,
    );
    this.#turns.put(
      at,
      0,
      this.#hosts.aged(this.#hosts.idOf(trimmed(turn.host, this.#texts, this.#isSteady))),
    );
    this.#turns.put(at, 1, this.#lans.aged(this.#lans.idOf(turn.lan)));
    this.#turns.put(at, 2, this.#coms.aged(this.#coms.idOf(turn.com)));
    const { landed } = turn;
    if (landed !== undefined) {
      this.#turns.put(at, 3, 1 + this.#blocks.aged(this.#blocks.idOf(landed)));
    }
    return at;
  }

  /** A block that nobody has written stays as it is, a round further back. */
  #older(block: number): number {
    const known = this.#olderBlocks[block];
    if (known !== undefined) return known;
    const older = this.#blocks.aged(block);
    this.#olderBlocks[block] = older;
    return older;
  }

  #landed(host: number, block: number): number {
    let known = this.#landing[host];
    if (known === undefined) {
      const word = landsNow(this.#hosts.at(host));
      known = word === undefined ? 0 : 1 + this.#blocks.idOf(word);
      this.#landing[host] = known;
    }
    return known === 0 ? block : known - 1;
  }

  #changed(id: number, name: string, by: PairChange): number {
    const key = `${id} ${name}`;
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const changed = by(rejoined(this.#hosts.at(id), this.#texts));
    const next = this.#hosts.idOf(trimmed(changed, this.#texts, this.#isSteady));
    this.#changes.set(key, next);
    return next;
  }

  #sightIdOf(host: number): number {
    const known = this.#sightOf[host];
    if (known !== undefined) return known;
    const sight = sightOf(rejoined(this.#hosts.at(host), this.#texts), this.#texts);
    const text = JSON.stringify(sight);
    const id = this.#sightIds.get(text) ?? this.#sights.length;
    if (id === this.#sights.length) this.#sights.push(sight);
    this.#sightIds.set(text, id);
    this.#sightOf[host] = id;
    return id;
  }

  #start(start: PairStart, form: PairForm): Pair {
    const blank = { cut: 0, used: 0, pauses: 0, restarts: 0, calm: false, round: 0 };
    const hosts = [0, 1].map((index) => this.#booted(index, start));
    const cold: Pair = { hosts, flights: [0, 0, 0, 0], blocks: [0, 0], ...blank };
    if (start !== "together" && start !== "prepared") return cold;
    let world = this.#run(cold, TOGETHER_ROUNDS);
    if (this.#options.agent === "real") return { ...world, round: 0 };
    const takesOver = form !== "nobody";
    const owning = world.hosts.map((id, index) => {
      const owns = form === "both" || form === String(index);
      const by: PairChange = (host) => ({ ...host, owns, mayOwn: owns, takesOver });
      return this.#changed(id, `form ${form} ${index}`, by);
    });
    world = this.#run({ ...world, hosts: owning }, TOGETHER_ROUNDS);
    if (start === "prepared") {
      const told = world.hosts.map((id) => this.#changed(id, "is handed the text", orderedText));
      world = this.#run({ ...world, hosts: told }, 1);
    }
    return { ...world, round: 0 };
  }

  #booted(index: number, start: PairStart): number {
    const wish = { kind: "detached" as const, floor: 0 };
    const config = this.#texts.at(0);
    const before = this.#options.agent === "real" ? createReal(index, wish, 0, config) : null;
    const isAside = index === 1 && start === "one-detached";
    const kind = isAside ? ("detached" as const) : ("start" as const);
    const host = bootPair(index, 1, kind, before, 0, this.#texts);
    const isOff = index === 1 && start === "one-cold";
    const begun = isOff ? { ...host, on: false, pulse: null } : host;
    return this.#hosts.idOf(trimmed(begun, this.#texts, false));
  }

  #run(from: Pair, rounds: number): Pair {
    let world = from;
    for (let round = 0; round < rounds; round += 1) world = this.#played(world, 0);
    return world;
  }
}
