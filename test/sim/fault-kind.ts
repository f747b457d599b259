/**
 * What a fault kind is: what it does to the simulated cluster, how strong, whether the protection levels cover
 * it, and its own stream of chance. Intuition: one card per fault, and the pack is the catalogue.
 * Source: reliability.md 2.2-2.3; protocol.md (protection levels), D54; work order 4 item 5.
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World } from "../../firmware/simulator/world.ts";
import { Prng } from "../../hal/base/prng.ts";

export const LEVELS = ["reset-bounded", "storage-bounded", "software-bounded"] as const;
export type Level = (typeof LEVELS)[number];

/** `data-only`: nothing is written twice on fenced disks, addresses are not covered (D54). */
export type Cover = "inside" | "data-only" | "outside";
export type Covers = Readonly<Record<Level, Cover>>;

/** Whatever the level, the promise holds. */
export const INSIDE: Covers = {
  "reset-bounded": "inside",
  "storage-bounded": "inside",
  "software-bounded": "inside",
};
/** Who sleeps and wakes is stopped in time by a watchdog only. */
export const ASLEEP: Covers = {
  "reset-bounded": "inside",
  "storage-bounded": "data-only",
  "software-bounded": "outside",
};
/** An assumption that every level rests on is false: only the alert is promised. */
export const OUTSIDE: Covers = {
  "reset-bounded": "outside",
  "storage-bounded": "outside",
  "software-bounded": "outside",
};

export type Medium =
  | "lan"
  | "com"
  | "array"
  | "power"
  | "watchdog"
  | "process"
  | "clock"
  | "store"
  | "order"
  | "text"
  | "release"
  | "program";

/** What a fault is struck with. */
export interface Blow {
  readonly world: World;
  /** Server that is struck; kinds that strike no single one say so. */
  readonly host: SwarmHost;
  readonly amount: number;
  /** Of this fault alone: dropping another one from the plan does not move it. */
  readonly random: Prng;
}

export interface FaultKind {
  readonly name: string;
  readonly medium: Medium;
  /** One sentence. */
  readonly does: string;
  /** What `amount` counts; "-" = it has none. */
  readonly unit: "ms" | "percent" | "count" | "bytes" | "LAN" | "group" | "-";
  /** Smallest and largest amount that storms draw. */
  readonly range: readonly [number, number];
  readonly covers: Covers;
  /** Without it the kind strikes nothing; `many`: three servers and more, `pair`: exactly two. */
  readonly needs?: "com" | "array" | "watchdog" | "many" | "pair";
  readonly strike: (blow: Blow) => void;
  /** Ends it; kinds without are over at once, or end with the healing. */
  readonly end?: (blow: Blow) => void;
}

const HEALED = new WeakSet<World>();

/** From here on nothing more befalls this world. */
export const markHealed = (world: World): void => {
  HEALED.add(world);
};

/** Strikes so many times, so far apart, until the healing. */
export function repeat({ world }: Blow, times: number, everyMs: number, act: () => void): void {
  for (let turn = 0; turn < times; turn += 1) later({ world }, turn * everyMs, act);
}

/** In so many ms, unless everything has healed by then. */
export function later({ world }: Pick<Blow, "world">, ms: number, act: () => void): void {
  world.clock.after(ms, () => {
    if (!HEALED.has(world)) act();
  });
}

/** One more sign of chance for the `at`-th fault of a plan. */
export function streamOf(seed: number, name: string, at: number): Prng {
  let hash = 0x811c9dc5 ^ seed;
  for (const text of [name, String(at)]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  return new Prng(hash >>> 0);
}

export function onAll(world: World, act: (host: SwarmHost) => void): void {
  for (const host of world.hosts) act(host);
}

export const otherThan = ({ world, host }: Blow): SwarmHost => {
  const other = world.hosts.find((candidate) => candidate !== host);
  if (other === undefined) throw new Error("a cluster has two servers at least");
  return other;
};
