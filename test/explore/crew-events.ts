/**
 * What may befall three or more servers, and what an operator may order at the worst moment.
 * Events of one moment are tried in every order only where the order could matter: the visited set takes
 * equal outcomes together, so that no further reduction is needed for links.
 * Source: issue 4 item 7; protocol.md chapter 3 (link events, a pause, a restart with loss of memory).
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Crew } from "./crew.ts";
import { type Host, newAgent, offHost, onHost, restarted } from "./crew-host.ts";
import { type Order, realFits } from "./real-agent.ts";

export type LinkEvent = "one-way" | "two-way" | "isolate" | "heal-all";

export interface CrewMenu {
  readonly links: readonly LinkEvent[];
  /** Rounds of a pause; at most `pausesMax` of them. */
  readonly pauses: readonly number[];
  readonly pausesMax: number;
  readonly restarts: readonly ("remembers" | "forgets" | "agent")[];
  readonly restartsMax: number;
  readonly power: readonly ("off" | "on")[];
  readonly orders: readonly ("leave" | "return" | "move" | "stop" | "start" | "shutdown")[];
  /** Nothing but these events, by their label; null = all of the above. */
  readonly only: readonly string[] | null;
}

export const NO_MENU: CrewMenu = {
  links: [],
  pauses: [],
  pausesMax: 1,
  restarts: [],
  restartsMax: 1,
  power: [],
  orders: [],
  only: null,
};

export type HostChange = (host: Host) => Host;
type Change = (index: number, name: string, by: HostChange) => Crew | null;

interface Act {
  readonly label: string;
  readonly world: Crew;
}

export function eventsOf(
  world: Crew,
  hosts: readonly Host[],
  menu: CrewMenu,
  change: Change,
  config: ClusterConfig,
): readonly Act[] {
  const acts = [...linkEvents(world, hosts.length, menu)];
  const each = (label: string, index: number, by: HostChange, more: Partial<Crew> = {}): void => {
    const next = change(index, label, by);
    if (next !== null) acts.push({ label: `${label} ${index}`, world: { ...next, ...more } });
  };
  for (const host of hosts) {
    const { index } = host;
    if (world.pauses < menu.pausesMax) {
      const pauses = world.pauses + 1;
      for (const pausedFor of menu.pauses) {
        each(`pause for ${pausedFor} rounds`, index, (at) => paused(at, pausedFor), { pauses });
      }
    }
    if (world.restarts < menu.restartsMax && isAwake(host)) {
      const restarts = world.restarts + 1;
      for (const kind of menu.restarts) {
        each(`restart, ${kind}`, index, (at) => anew(at, kind, config), { restarts });
      }
    }
    for (const kind of menu.power) each(`power ${kind}`, index, (at) => power(at, kind, config));
    for (const order of menu.orders) orderAt(host, order, hosts, each);
  }
  return acts.filter(({ label }) => menu.only?.includes(label) ?? true);
}

type Each = (label: string, index: number, by: HostChange, more?: Partial<Crew>) => void;

/** Orders to a server go to it; those to the group to the coordinator of its view. */
function orderAt(
  host: Host,
  order: CrewMenu["orders"][number],
  hosts: readonly Host[],
  each: Each,
): void {
  const { index, real } = host;
  if (!host.on) return;
  if (real === null) {
    if (order === "leave" && host.taught !== null) {
      each("leave", index, (at) => ({ ...at, leaves: true }));
    }
    if (order === "return") each("return", index, asksBack);
    return;
  }
  const give = (label: string, given: Order): void => {
    if (realFits(real, given)) each(label, index, (at) => ordered(at, given));
  };
  const isCoordinator = host.pulse?.membership.view?.epoch.coordinator === index;
  switch (order) {
    case "leave":
      return give("leave", { verb: "server.detach", target: index });
    case "return":
      return give("return", { verb: "server.return", target: index });
    case "move":
      if (!isCoordinator) return;
      for (const { index: target } of hosts) {
        give(`move to ${target}, said at`, { verb: "group.move", target });
      }
      return;
    case "stop":
      return isCoordinator
        ? give("group stop at", { verb: "group.stop", target: null })
        : undefined;
    case "start":
      return isCoordinator
        ? give("group start at", { verb: "group.start", target: null })
        : undefined;
    case "shutdown":
      return isCoordinator
        ? give("cluster shutdown at", { verb: "cluster.shutdown", target: null })
        : undefined;
  }
}

const ordered = (host: Host, order: Order): Host =>
  host.real === null ? host : { ...host, real: { ...host.real, order } };

const paused = (host: Host, pausedFor: number): Host =>
  host.on && host.pausedFor === 0 ? { ...host, pausedFor } : host;

const isAwake = ({ on, will, pausedFor }: Host): boolean => on && !will && pausedFor === 0;

function anew(host: Host, kind: "remembers" | "forgets" | "agent", config: ClusterConfig): Host {
  return kind === "agent" ? newAgent(host, config) : restarted(host, kind === "remembers", config);
}

function power(host: Host, kind: "off" | "on", config: ClusterConfig): Host {
  if (host.on === (kind === "on")) return host;
  return kind === "off" ? offHost(host, config) : onHost(host, config);
}

/** A server outside asks to come in again. */
export function asksBack(host: Host): Host {
  if (!host.on) return host;
  const { real, wish } = host;
  if (real !== null) {
    const order: Order = { verb: "server.return", target: host.index };
    return realFits(real, order) ? ordered(host, order) : host;
  }
  return wish.kind === "detached" ? { ...host, wish: { kind: "return", floor: wish.floor } } : host;
}

function linkEvents(world: Crew, count: number, { links }: CrewMenu): Act[] {
  const acts: Act[] = [];
  const set = (label: string, cut: number): void => {
    if (cut !== world.cut) acts.push({ label, world: { ...world, cut } });
  };
  for (let one = 0; one < count; one += 1) {
    if (links.includes("isolate")) set(`isolate ${one}`, world.cut | maskOf(one, count));
    for (let other = 0; other < count; other += 1) {
      if (one === other) continue;
      const bit = 1 << (one * count + other);
      const both = bit | (1 << (other * count + one));
      if (links.includes("one-way")) {
        set(`${(world.cut & bit) === 0 ? "cut" : "heal"} ${one}>${other}`, world.cut ^ bit);
      }
      if (one < other && links.includes("two-way")) {
        set(`cut ${one}-${other}`, world.cut | both);
        set(`heal ${one}-${other}`, world.cut & ~both);
      }
    }
  }
  if (links.includes("heal-all")) set("heal all", 0);
  return acts;
}

/** All links of one server, both directions. */
function maskOf(one: number, count: number): number {
  let mask = 0;
  for (let other = 0; other < count; other += 1) {
    if (other !== one) mask |= (1 << (one * count + other)) | (1 << (other * count + one));
  }
  return mask;
}
