/**
 * What may befall two servers, what an operator may order, and what a change of the configuration does, each
 * at any moment.
 * Source: issue 4 item 7; protocol.md 1.5-1.9.
 */
import type { Pair } from "./pair.ts";
import { type DiskMode, offPair, onPair, type PairHost, restartedPair } from "./pair-host.ts";
import type { Texts } from "./pair-texts.ts";
import { type Order, realFits } from "./real-agent.ts";

export type Cut =
  | "LAN"
  | "LAN 0>1"
  | "LAN 1>0"
  | "COM"
  | "LAN and COM"
  | "LAN and COM 0>1"
  | "LAN and COM 1>0";

export interface PairMenu {
  readonly cuts: readonly Cut[];
  /** Rounds of a pause; at most `pausesMax` of them. */
  readonly pauses: readonly number[];
  readonly pausesMax: number;
  readonly disks: readonly DiskMode[];
  readonly restarts: readonly ("remembers" | "forgets")[];
  readonly restartsMax: number;
  readonly power: readonly ("off" | "on")[];
  readonly orders: readonly ("leave" | "return" | "move" | "shutdown")[];
  readonly texts: readonly ("prepare" | "install" | "drop")[];
}

export const NO_PAIR_MENU: PairMenu = {
  cuts: [],
  pauses: [],
  pausesMax: 1,
  disks: [],
  restarts: [],
  restartsMax: 1,
  power: [],
  orders: [],
  texts: [],
};

export type PairChange = (host: PairHost) => PairHost;
type Change = (whose: readonly number[], name: string, by: PairChange) => Pair | null;

interface Act {
  readonly label: string;
  readonly world: Pair;
}

const BITS: Readonly<Record<Cut, number>> = {
  LAN: 0b0011,
  "LAN 0>1": 0b0001,
  "LAN 1>0": 0b0010,
  COM: 0b1100,
  "LAN and COM": 0b1111,
  "LAN and COM 0>1": 0b0101,
  "LAN and COM 1>0": 0b1010,
};

export function eventsOf(
  world: Pair,
  hosts: readonly PairHost[],
  menu: PairMenu,
  change: Change,
  texts: Texts,
): readonly Act[] {
  const acts = menu.cuts.flatMap((cut) => cutsOf(world, cut));
  const each = (label: string, whose: number[], by: PairChange, more: Partial<Pair> = {}): void => {
    const next = change(whose, label, by);
    if (next === null) return;
    acts.push({ label: `${label} ${whose.join(" and ")}`, world: { ...next, ...more } });
  };
  for (const mode of menu.disks) {
    for (const whose of [[0], [1], [0, 1]]) {
      each(`disk ${mode} of`, whose, (host) => (host.on ? { ...host, mode } : host));
    }
  }
  for (const host of hosts) {
    const whose = [host.index];
    if (world.pauses < menu.pausesMax) {
      const pauses = world.pauses + 1;
      for (const pausedFor of menu.pauses) {
        each(`pause for ${pausedFor} rounds`, whose, (at) => paused(at, pausedFor), { pauses });
      }
    }
    if (world.restarts < menu.restartsMax && host.on && !host.will && host.pausedFor === 0) {
      const restarts = world.restarts + 1;
      for (const kind of menu.restarts) {
        const by: PairChange = (at) => restartedPair(at, kind === "remembers", texts);
        each(`restart, ${kind}`, whose, by, { restarts });
      }
    }
    if (menu.power.includes("off") && host.on) each("power off", whose, (at) => offPair(at, texts));
    if (menu.power.includes("on") && !host.on) each("power on", whose, (at) => onPair(at, texts));
    for (const order of menu.orders) orderAt(host, order, each);
    for (const text of menu.texts) textAt(host, text, each);
  }
  return acts;
}

function cutsOf(world: Pair, cut: Cut): Act[] {
  const acts: Act[] = [];
  const bits = BITS[cut];
  if ((world.cut & bits) !== bits) {
    acts.push({ label: `cut ${cut}`, world: { ...world, cut: world.cut | bits } });
  }
  if ((world.cut & bits) !== 0) {
    acts.push({ label: `heal ${cut}`, world: { ...world, cut: world.cut & ~bits } });
  }
  return acts;
}

type Each = (label: string, whose: number[], by: PairChange, more?: Partial<Pair>) => void;

function orderAt(host: PairHost, order: PairMenu["orders"][number], each: Each): void {
  const { index, real } = host;
  if (!host.on || real === null) return;
  const give = (label: string, given: Order): void => {
    if (realFits(real, given)) each(label, [index], (at) => ordered(at, given));
  };
  const isCoordinator = host.pulse?.membership.view?.epoch.coordinator === index;
  switch (order) {
    case "leave":
      return give("leave", { verb: "server.detach", target: index });
    case "return":
      return give("return", { verb: "server.return", target: index });
    case "move":
      if (!isCoordinator) return;
      give("move to 0, said at", { verb: "group.move", target: 0 });
      return give("move to 1, said at", { verb: "group.move", target: 1 });
    case "shutdown":
      return isCoordinator
        ? give("cluster shutdown at", { verb: "cluster.shutdown", target: null })
        : undefined;
  }
}

const ordered = (host: PairHost, order: Order): PairHost =>
  host.real === null ? host : { ...host, real: { ...host.real, order } };

/** The pulse holds the next text; for the state in which a world begins. */
export const orderedText = (host: PairHost): PairHost => ({ ...host, order: "prepare" });

/** Prepared on either; installed by whoever has the text in hand, whatever the other has by then. */
function textAt(host: PairHost, order: "prepare" | "install" | "drop", each: Each): void {
  if (!host.on || host.order !== null || host.pulse === null || host.stored === 1) return;
  const holds = host.pulse.revision.prepared !== null;
  if (holds === (order === "prepare")) return;
  const isCoordinator = host.pulse.membership.view?.epoch.coordinator === host.index;
  if (order === "install" && !isCoordinator) return;
  each(`text: ${order} at`, [host.index], (at) => ({ ...at, order }));
}

const paused = (host: PairHost, pausedFor: number): PairHost =>
  host.on && host.pausedFor === 0 ? { ...host, pausedFor } : host;

/** Disks work again, whatever was under way. */
export function freed(host: PairHost): PairHost {
  const { operation } = host;
  const fast = operation?.mode === "hung" ? { ...operation, mode: "fast" as const } : operation;
  return { ...host, mode: "fast", operation: fast };
}

/** In peace: who is outside asks to come in, and is handed the text that the other lives by. */
export function asksBack(host: PairHost): PairHost {
  if (!host.on) return host;
  const { real, wish, pulse } = host;
  const beat = pulse?.heartbeat.peers[1 - host.index]?.beat ?? null;
  const isOld = beat !== null && beat.configRevision > 1 && host.stored === 0;
  const holds = pulse !== null && pulse.revision.prepared !== null;
  const order = isOld ? (holds ? ("install" as const) : ("prepare" as const)) : host.order;
  const handed = { ...host, order };
  if (real !== null) {
    const back: Order = { verb: "server.return", target: host.index };
    return realFits(real, back) ? ordered(handed, back) : handed;
  }
  if (wish.kind !== "detached") return handed;
  return { ...handed, wish: { kind: "return", floor: wish.floor } };
}
