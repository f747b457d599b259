/**
 * What may befall three or more servers, and what an operator may order at the worst moment.
 * Events of one moment are tried in every order only where the order could matter: the visited set takes
 * equal outcomes together, so that no further reduction is needed for links.
 * Source: issue 4 item 7; protocol.md chapter 3 (link events, a pause, a restart with loss of memory).
 */
import { isIn } from "../../services/membership/majority/sight.ts";
import type { Crew } from "./crew.ts";
import { type CrewTexts, ROUND_MS, textAt } from "./crew-config.ts";
import { type Host, newAgent, offHost, onHost, restarted } from "./crew-host.ts";
import { NOW_MS } from "./pack.ts";
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
  /** A new text: prepared on any server, installed by whoever may, whatever the others have by then. */
  readonly texts: readonly ("prepare" | "install" | "drop")[];
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
  texts: [],
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
  texts: CrewTexts,
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
        each(`restart, ${kind}`, index, (at) => anew(at, kind, texts), { restarts });
      }
    }
    for (const kind of menu.power) each(`power ${kind}`, index, (at) => power(at, kind, texts));
    for (const order of menu.orders) orderAt(host, order, hosts, each);
    for (const kind of menu.texts) textOrderAt(host, kind, each);
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

function anew(host: Host, kind: "remembers" | "forgets" | "agent", texts: CrewTexts): Host {
  return kind === "agent" ? newAgent(host, texts) : restarted(host, kind === "remembers", texts);
}

function power(host: Host, kind: "off" | "on", texts: CrewTexts): Host {
  if (host.on === (kind === "on")) return host;
  return kind === "off" ? offHost(host, texts) : onHost(host, texts);
}

/** The next text. What the pulse has taken already nobody drops (rollout.ts). */
function textOrderAt(host: Host, kind: CrewMenu["texts"][number], each: Each): void {
  const { index, on, pulse, draft, text, textOrder } = host;
  if (!on || pulse === null || textOrder !== null || text !== 0) return;
  if ((draft === null) !== (kind === "prepare")) return;
  const { membership } = pulse;
  const mayInstall = !isIn(membership) || membership.view?.epoch.coordinator === index;
  if (kind === "install" && !mayInstall) return;
  each(`text: ${kind} at`, index, (at) => ({ ...at, textOrder: { kind, text: 1 } }));
}

/** Older words are those of a server that is gone. */
const FRESH_MS = 3 * ROUND_MS;

/**
 * In peace the agents hand a text on (rollout.ts): a member takes the newer one of a fellow, a server outside
 * the one of any member, and where nobody is a member the newer one of anybody.
 */
export function handed(host: Host, texts: CrewTexts): Host {
  const { on, pulse, text, draft, textOrder } = host;
  if (!on || pulse === null || textOrder !== null) return host;
  const isMember = isIn(pulse.membership);
  const { hash } = textAt(texts, text);
  const others = pulse.heartbeat.peers.flatMap(({ beat, lanHeardAtMs, index }) => {
    const isFresh = lanHeardAtMs !== null && NOW_MS - lanHeardAtMs <= FRESH_MS;
    return isFresh && index !== host.index && beat !== null ? [beat] : [];
  });
  const members = others.filter(({ state }) => state === "member");
  const fellows = members.filter(({ from }) => pulse.membership.view?.members.includes(from));
  const asked = isMember ? fellows : members.length > 0 ? members : others;
  const isNewerOnly = isMember || members.length === 0;
  const giver = asked.find(
    ({ configHash, configRevision }) =>
      configHash !== hash && (!isNewerOnly || configRevision - 1 > text),
  );
  if (giver === undefined) return host;
  const next = giver.configRevision - 1;
  if (draft !== next) return { ...host, textOrder: { kind: "prepare", text: next } };
  return isMember ? host : { ...host, textOrder: { kind: "install", text: next } };
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
