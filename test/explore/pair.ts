/**
 * Two servers with COM and shared disk as a small world, in all four forms of ownership: LAN and COM cut
 * in one or both directions, slow and hung disks, one pause. Beats and disk operations take a round.
 * Source: issue 4 item 7; protocol.md 1.5, chapter 3; guide 1.2.4 C1-C7.
 */
import { pathId, serverName } from "../../hal/base/ids.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import { computeBudget } from "../../services/configuration/budget.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { ComBeat, LanBeat } from "../../services/heartbeat/beat.ts";
import { isMember } from "../../services/membership/state.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";
import { NOW_MS, Pool, shift } from "./canon.ts";
import {
  bootPair,
  type DiskMode,
  isSoleNow,
  landsNow,
  type PairHost,
  takePairRound,
} from "./pair-host.ts";
import type { Model } from "./search.ts";

const INTERVAL_MS = 100;
const TIMEOUT_MS = 1600;
/** Claim, disk wait and stamps: nothing compares moments that are both this far back. */
const FLOOR_MS = NOW_MS - 4 * TIMEOUT_MS;
const SHORT_PAUSE = 4;
const LONG_PAUSE = 20;
/** Rounds after which two that start are together and their disks are known to be good. */
const TOGETHER_ROUNDS = 40;

/** LAN 0>1, LAN 1>0, COM 0>1, COM 1>0. */
const LAN = 0b0011;
const COM = 0b1100;
const CUTS: readonly (readonly [string, number])[] = [
  ["LAN", LAN],
  ["LAN 0>1", 0b0001],
  ["LAN 1>0", 0b0010],
  ["COM", COM],
  ["LAN and COM", LAN | COM],
];
const FORMS: readonly (readonly [boolean, boolean])[] = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
];

/** P, G and each disk operation are one round; T 16 rounds: A1 6.9, A2 11, A3 14. W 5: reset-bounded. */
export function pairConfig(): ClusterConfig {
  const timing = {
    heartbeatTimeoutMs: TIMEOUT_MS,
    heartbeatIntervalMs: INTERVAL_MS,
    comIntervalMs: INTERVAL_MS,
    diskWaitMs: TIMEOUT_MS,
    startSyncWaitMs: 2 * TIMEOUT_MS,
    watchdogTimeoutMs: 500,
  };
  const times = { pauseMs: INTERVAL_MS - 1, giveUpMs: INTERVAL_MS, claimMs: 2 * INTERVAL_MS };
  const result = computeBudget("com-disk", timing, { baud: 38_400, ...times });
  if (result.kind !== "budget") throw new Error("the times do not fit");
  return {
    name: "explored",
    clusterId: 1,
    revision: 1,
    hash: "00000000",
    method: "com-disk",
    servers: [0, 1].map((index) => ({
      name: serverName(`SERVER${index + 1}`),
      index,
      publicInterface: "",
    })),
    lans: [{ id: pathId("lan1"), kind: "private", addresses: [] }],
    com: { id: pathId("com1"), devices: [], baud: 38_400 },
    disk: { paths: [] },
    groups: [],
    timing,
    budget: result.budget,
  };
}

/** Everything by its number in a pool. */
export interface PairWorld {
  readonly hosts: readonly number[];
  /** LAN of 0, LAN of 1, COM of 0, COM of 1; 0 = nothing under way. */
  readonly flights: readonly number[];
  readonly blocks: readonly number[];
  readonly cut: number;
  readonly used: number;
  readonly pauses: number;
  readonly calm: boolean;
}

interface Act {
  readonly label: string;
  readonly world: PairWorld;
}

interface Kept {
  readonly host: number;
  readonly lan: number;
  readonly com: number;
  /** -1 = the own block is as it was. */
  readonly block: number;
}

export class PairModel implements Model<PairWorld> {
  readonly initial: readonly PairWorld[];
  readonly #config = pairConfig();
  readonly #hosts = new Pool<PairHost>();
  readonly #lans = new Pool<LanBeat | null>();
  readonly #coms = new Pool<ComBeat | null>();
  readonly #blocks = new Pool<SlotWord | null>();
  readonly #rounds = new Map<string, Kept>();
  readonly #events: number;

  constructor({ events }: { readonly events: number }) {
    this.#events = events;
    for (const pool of [this.#lans, this.#coms, this.#blocks]) pool.idOf(null);
    this.initial = FORMS.map((form) => this.#together(form));
  }

  readonly keyOf = ({ hosts, flights, blocks, cut, used, pauses, calm }: PairWorld): string =>
    `${hosts.join()}|${flights.join()}|${blocks.join()}|${cut}|${used}${pauses}${calm ? "c" : ""}`;

  readonly round = (world: PairWorld): PairWorld => {
    // What lands in this round has landed before anything is read that was asked for after it.
    const known = world.blocks.map((block, index) => {
      const word = landsNow(this.#hosts.at(world.hosts[index] ?? 0));
      return word === undefined ? block : this.#blocks.idOf(word);
    });
    const turns = world.hosts.map((host, index) => {
      const from = 1 - index;
      const arrives = (bit: number): number =>
        (world.cut & (1 << bit)) === 0 ? (world.flights[bit] ?? 0) : 0;
      const block = known[from] ?? 0;
      return this.#turn(host, arrives(from), arrives(2 + from), block, world.calm);
    });
    const blocks = turns.map(({ block }, index) =>
      block < 0 ? this.#older(world.blocks[index] ?? 0) : block,
    );
    return {
      ...world,
      hosts: turns.map(({ host }) => host),
      flights: [...turns.map(({ lan }) => lan), ...turns.map(({ com }) => com)],
      blocks,
    };
  };

  readonly events = (world: PairWorld): readonly Act[] => {
    if (world.calm || world.used >= this.#events) return [];
    const used = world.used + 1;
    const acts = [...cutsOf(world), ...this.#pauses(world), ...this.#disks(world)];
    return acts.map(({ label, world: next }) => ({ label, world: { ...next, used } }));
  };

  readonly heal = (world: PairWorld): PairWorld => {
    const hosts = world.hosts.map((id) => {
      const host = this.#hosts.at(id);
      const { operation } = host;
      const freed =
        operation?.mode === "hung" ? { ...operation, mode: "fast" as const } : operation;
      return this.#hosts.idOf({ ...host, mode: "fast", operation: freed });
    });
    return { ...world, hosts, cut: 0, used: 0, pauses: 0, calm: true };
  };

  readonly problemOf = (world: PairWorld): string | null => {
    const hosts = world.hosts.map((id) => this.#hosts.at(id));
    const [one, other] = hosts;
    if (one === undefined || other === undefined) return null;
    if (isSoleNow(one) && isSoleNow(other)) return "two sole servers";
    for (const [sole, rival] of [
      [one, other],
      [other, one],
    ] as const) {
      if (isSoleNow(sole) && rival.on && rival.owns) {
        return `${sole.index} is sole while ${rival.index} has effects`;
      }
    }
    const [mine, theirs] = [one.pulse.membership.view, other.pulse.membership.view];
    const isSame = mine !== null && theirs !== null && sameEpoch(mine.epoch, theirs.epoch);
    if (isSame && String(mine.members) !== String(theirs.members)) return "one epoch, two views";
    const isCut = world.used === 1 && world.cut === (LAN | COM);
    return isCut && !one.on && !other.on ? "everything cut at once, and both are down" : null;
  };

  readonly restOf = (world: PairWorld): "one" | "down" | { readonly problem: string } => {
    const hosts = world.hosts.map((id) => this.#hosts.at(id)).filter(({ on }) => on);
    const members = hosts.filter(({ pulse }) => isMember(pulse.membership));
    if (members.length === 0) return "down";
    const first = members[0]?.pulse.membership.view ?? null;
    const isOne = members.every(({ pulse: { membership } }) => {
      return (
        first !== null && membership.view !== null && sameEpoch(membership.view.epoch, first.epoch)
      );
    });
    if (isOne && members.length === hosts.length && first?.members.length === hosts.length) {
      return "one";
    }
    return { problem: `no common view: ${this.describe(world)}` };
  };

  readonly describe = (world: PairWorld): string => {
    const cuts = CUTS.filter(([, bits]) => (world.cut & bits) === bits).map(([name]) => name);
    const hosts = world.hosts.map((id) => describeHost(this.#hosts.at(id)));
    return `${hosts.join("  ")}${cuts.length === 0 ? "" : `  cut ${cuts.join(", ")}`}`;
  };

  #together(form: readonly [boolean, boolean]): PairWorld {
    const none = { cut: 0, used: 0, pauses: 0, calm: false };
    const hosts = [0, 1].map((index) => this.#hosts.idOf(bootPair(index, this.#config)));
    let world: PairWorld = { hosts, flights: [0, 0, 0, 0], blocks: [0, 0], ...none };
    for (let rounds = 0; rounds < TOGETHER_ROUNDS; rounds += 1) world = this.round(world);
    const takesOver = form.includes(true);
    world = {
      ...world,
      hosts: world.hosts.map((id, index) => {
        const owns = form[index] === true;
        return this.#hosts.idOf({ ...this.#hosts.at(id), owns, mayOwn: owns, takesOver });
      }),
    };
    for (let rounds = 0; rounds < TOGETHER_ROUNDS; rounds += 1) world = this.round(world);
    return world;
  }

  #turn(id: number, lan: number, com: number, block: number, calm: boolean): Kept {
    const key = `${id}|${lan}|${com}|${block}|${calm ? 1 : 0}`;
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const host = calm ? asksBack(this.#hosts.at(id)) : this.#hosts.at(id);
    const turn = takePairRound(
      host,
      this.#lans.at(lan),
      this.#coms.at(com),
      this.#blocks.at(block),
      this.#config,
    );
    const earlier = <T>(value: T): T => shift(value, INTERVAL_MS, FLOOR_MS);
    const result: Kept = {
      host: this.#hosts.idOf(earlier(trimmed(turn.host))),
      lan: this.#lans.idOf(earlier(turn.lan)),
      com: this.#coms.idOf(earlier(turn.com)),
      block: turn.landed === undefined ? -1 : this.#blocks.idOf(earlier(turn.landed)),
    };
    this.#rounds.set(key, result);
    return result;
  }

  /** A block that nobody has written stays as it is, a round further back. */
  #older(block: number): number {
    return this.#blocks.idOf(shift(this.#blocks.at(block), INTERVAL_MS, FLOOR_MS));
  }

  #pauses(world: PairWorld): Act[] {
    if (world.pauses > 0) return [];
    return [0, 1].flatMap((index) =>
      [SHORT_PAUSE, LONG_PAUSE].flatMap((pausedFor) =>
        this.#change(
          `pause ${index} for ${pausedFor} rounds`,
          [index],
          { ...world, pauses: 1 },
          {
            pausedFor,
          },
        ),
      ),
    );
  }

  #disks(world: PairWorld): Act[] {
    const modes: readonly DiskMode[] = ["fast", "slow", "hung"];
    return modes.flatMap((mode) =>
      [[0], [1], [0, 1]].flatMap((whose) =>
        this.#change(`disk of ${whose.join(" and ")} ${mode}`, whose, world, { mode }),
      ),
    );
  }

  #change(label: string, whose: readonly number[], world: PairWorld, by: Partial<PairHost>): Act[] {
    const hosts = world.hosts.map((id, index) => {
      const host = this.#hosts.at(id);
      return whose.includes(index) && host.on ? this.#hosts.idOf({ ...host, ...by }) : id;
    });
    const isSame = hosts.every((id, index) => id === world.hosts[index]);
    return isSame ? [] : [{ label, world: { ...world, hosts } }];
  }
}

function cutsOf(world: PairWorld): Act[] {
  const acts: Act[] = [];
  for (const [name, bits] of CUTS) {
    if ((world.cut & bits) !== bits) {
      acts.push({ label: `cut ${name}`, world: { ...world, cut: world.cut | bits } });
    }
    if ((world.cut & bits) !== 0) {
      acts.push({ label: `heal ${name}`, world: { ...world, cut: world.cut & ~bits } });
    }
  }
  return acts;
}

const asksBack = (host: PairHost): PairHost =>
  host.on && host.wish.kind === "detached"
    ? { ...host, wish: { kind: "return", floor: host.wish.floor } }
    : host;

/** Without the health of single paths, which no rule of this method reads. */
function trimmed(host: PairHost): PairHost {
  const { heartbeat } = host.pulse;
  const peers = heartbeat.peers.map((peer) => ({
    ...peer,
    pathHealth: ["unknown" as const],
    pathHeardAtMs: [null],
    comHealth: "unknown" as const,
    aliveSinceMs: null,
  }));
  return { ...host, pulse: { ...host.pulse, heartbeat: { ...heartbeat, peers, startedAtMs: 0 } } };
}

function describeHost(host: PairHost): string {
  if (!host.on) return `${host.index}:off`;
  const { membership, quorum } = host.pulse;
  const { view } = membership;
  const where = view === null ? "-" : `${view.epoch.counter}{${view.members.join("")}}`;
  const marks = [
    host.owns ? "OWNS" : host.mayOwn ? "may" : "",
    host.will ? "WILL" : "",
    host.pausedFor > 0 ? "paused" : "",
    quorum.claim === "none" ? "" : `claim ${quorum.claim}`,
    host.mode === "fast" ? "" : `disk ${host.mode}`,
  ].filter((mark) => mark !== "");
  return `${host.index}:${membership.server} ${where} ${marks.join(" ")}`;
}
