/**
 * What must hold in every moment of a run, and what must be true once everything has healed; each by the id
 * of its invariant. Reading of "acting": a group was started here and neither its stop nor the will nor the power has ended
 * it. A frozen server, and one in its first acts after the thaw, is not counted unless the configuration
 * claims the level reset-bounded (D54). Source: protocol.md 1.3-1.7; D53; guide 1.2.4 A7, H2; reliability.md 2.5.
 */

import type { StoreRecord } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import { compareEpochs, type Epoch, sameEpoch, type View } from "../../hal/base/view.ts";
import type { AgentEffect, FailoverState } from "../../services/failover/state.ts";
import { isMember } from "../../services/membership/state.ts";
import { ActChecks } from "./acts.ts";
import { Announced } from "./announced.ts";
import type { SwarmHost } from "./host.ts";
import type { InvariantId, Violation } from "./invariants.ts";
import { judgeTexts, TextChecks } from "./text-checks.ts";
import { COM } from "./wires.ts";
import { Witness } from "./witness.ts";
import type { World } from "./world.ts";

/** A member may take this long beyond T + DIO to see that its peer went on alone. */
const LEFT_BEHIND_SLACK_MS = 2000;
/** All pairs are looked at, which is too much after every frame, and seconds are allowed. */
const BEHIND_STEP_MS = 50;
/** Nobody reads more of them, and an invariant that breaks in every moment must not eat the memory. */
const VIOLATIONS_MAX = 200;

interface Shown {
  readonly epoch: Epoch;
  readonly by: string;
  readonly atMs: number;
}

interface Installed {
  readonly members: string;
  readonly by: SwarmHost;
  readonly atMs: number;
}

export class SwarmChecks {
  readonly found: Violation[] = [];
  /** The texts of what was found. */
  readonly failures: string[] = [];
  readonly #world: World;
  readonly #acts: ActChecks;
  readonly #witness: Witness;
  readonly #texts: TextChecks | null;
  readonly #shown: (Shown | undefined)[] = [];
  readonly #installed = new Map<string, Installed>();
  readonly #behindMs: number[] = [];
  readonly announced: Announced;
  #lookedBehindMs = 0;
  #double = false;

  constructor(world: World) {
    this.#world = world;
    this.announced = new Announced(world);
    const fail = (id: InvariantId, text: string): void => this.fail(id, text);
    this.#acts = new ActChecks(world, fail);
    this.#witness = new Witness(world, fail);
    this.#texts = world.text === null ? null : new TextChecks(world, fail);
  }

  look(): void {
    const { clock, hosts } = this.#world;
    const double = this.#isDouble();
    if (double !== null && !this.#double && !this.#isAccepted()) this.fail(double.id, double.text);
    this.#double = double !== null;
    const elapsedMs = clock.nowMs - this.#lookedBehindMs;
    if (elapsedMs >= BEHIND_STEP_MS) {
      this.#lookedBehindMs = clock.nowMs;
      for (const host of hosts) this.#lookBehind(host, elapsedMs);
    }
    this.#acts.look();
    this.#witness.look();
    this.#texts?.look();
  }

  viewChanged(host: SwarmHost): void {
    const membership = host.pulse?.state.membership;
    const view = membership?.view;
    const { clock } = this.#world;
    if (membership === undefined || view == null || host.pulse === null) return;
    this.#witness.viewChanged(host, view);
    const key = `${view.epoch.counter}/${view.epoch.coordinator}/${view.epoch.host}`;
    const members = view.members.join();
    const before = this.#installed.get(key) ?? { members, by: host, atMs: clock.nowMs };
    const shown = this.#shown[host.index];
    const remembers = host.forgotAtMs < (shown?.atMs ?? 0);
    // Who installed it first may have lost it with its pulse before anybody on its host knew.
    const counts = before.by.forgotAtMs < before.atMs;
    if (before.members !== members && remembers && counts)
      this.fail("S6", `epoch ${key} with members ${before.members} and ${members}`);
    const isFirst = before.members === members && counts;
    this.#installed.set(key, isFirst ? before : { members, by: host, atMs: clock.nowMs });
    const by = `${host.incarnation} ${host.pulse.process}`;
    if (shown?.by.startsWith(host.incarnation) === true && remembers) {
      const order = compareEpochs(view.epoch, shown.epoch);
      if (order < 0 || (order === 0 && shown.by === by)) {
        this.fail("S6", `S${host.index} installs epoch ${key} after ${shown.epoch.counter}`);
      }
    }
    this.#shown[host.index] = { epoch: view.epoch, by, atMs: this.#world.clock.nowMs };
  }

  /** The first effect of a group on `host`. */
  moved(host: SwarmHost, group: number): void {
    this.announced.announce(host, group);
    this.#acts.moved(host, group);
  }

  gaveUp(host: SwarmHost): void {
    this.#acts.gaveUp(host);
  }

  saved(host: SwarmHost, record: StoreRecord): void {
    this.#acts.saved(host, record);
  }

  loaded(host: SwarmHost, read: LoadedRecord): void {
    this.#acts.loaded(host, read);
  }

  answered(commandId: string): void {
    this.#acts.answered(commandId);
  }

  ordered(before: FailoverState, after: FailoverState, effects: readonly AgentEffect[]): void {
    this.#acts.ordered(before, after, effects);
  }

  fail(id: InvariantId, text: string): void {
    if (this.found.length >= VIOLATIONS_MAX) return;
    this.found.push({ id, text });
    this.failures.push(text);
    this.#world.trace(`FAIL ${id} ${text}`);
  }

  /** Who is wrong at this moment, null = nobody. */
  #isDouble(): Violation | null {
    const acting = this.#world.hosts.filter((host) => this.#isActing(host));
    const [a, b] = acting;
    if (a === undefined) return null;
    for (let group = 0; group < this.#world.slots; group += 1) {
      if (b === undefined) break;
      const owners = acting.filter((host) => host.running[group] === true);
      if (owners.length > 1) return { id: "S1", text: "a group runs on both servers" };
    }
    for (const sole of this.#world.hosts) {
      if (!this.#world.goesOn(sole.index)) continue;
      const other = acting.find((host) => host !== sole);
      if (other === undefined) continue;
      return { id: "S5", text: `S${sole.index} is sole while S${other.index} acts` };
    }
    return null;
  }

  #isActing(host: SwarmHost): boolean {
    const aware = host.isAware;
    if (!host.on || !host.running.some((runs) => runs)) return false;
    return host.budget.protection === "reset-bounded" || aware;
  }

  /** A7 and H2: everything that could have told the truth was in trouble a moment ago. */
  #isAccepted(): boolean {
    const { config, wires, clock, troubleAtMs, widest } = this.#world;
    if (config.method === "com-disk" || config.method === "disk") return false;
    const longMs = 2 * widest.timeoutMs + widest.abstainMs;
    if (clock.nowMs - troubleAtMs < longMs + 500) return true;
    if (wires.isLanCleanFor(longMs)) return false;
    return config.method === "none" || !wires.isCleanFor(COM, longMs);
  }

  /** A member must not stay in a view that another member has left for one without it. */
  #lookBehind(host: SwarmHost, elapsedMs: number): void {
    const { widest, wires, hosts } = this.#world;
    const state = host.pulse?.state.membership;
    // Frames of it come in and none can be read: it lives, and where it stands nobody here can know; the alert
    // says so.
    const isUnread = wires.isGarbled || state?.refused === "presence";
    const view = state !== undefined && isMember(state) && !isUnread ? state.view : null;
    const left = view === null ? undefined : hosts.find((other) => wentOn(other, host, view));
    if (left === undefined) {
      this.#behindMs[host.index] = 0;
      return;
    }
    if (host.isFrozen || host.pulse?.isFrozen === true) return;
    const behindMs = (this.#behindMs[host.index] ?? 0) + elapsedMs;
    this.#behindMs[host.index] = behindMs;
    const { timeoutMs, diskWaitMs, judgeMs } = widest;
    if (behindMs > Math.max(judgeMs, timeoutMs + diskWaitMs) + LEFT_BEHIND_SLACK_MS) {
      this.#behindMs[host.index] = Number.NEGATIVE_INFINITY;
      this.fail("L2", `S${host.index} stays in a view that S${left.index} has left`);
    }
  }
}

/** `other` is a member of the view of `host` and goes on in one without it. */
function wentOn(other: SwarmHost, host: SwarmHost, view: View): boolean {
  const state = other.pulse?.state.membership;
  if (other === host || state === undefined || state.view === null) return false;
  if (!view.members.includes(other.index) || !isMember(state)) return false;
  if (state.view.members.includes(host.index)) return false;
  return state.view.members.length === 1 || compareEpochs(state.view.epoch, view.epoch) > 0;
}

export interface Expected {
  /** Orders of the operator that may leave a group stopped. */
  readonly stopsAsked: boolean;
}

/** After healing and a time of calm: who is where, and is every group served or its absence explained. */
export const judgeEnd = (world: World, expected: Expected): string[] =>
  findAtEnd(world, expected).map(({ text }) => text);

/** The same with ids. */
export function findAtEnd(world: World, expected: Expected): Violation[] {
  const found: Violation[] = [];
  const calmFromMs = world.clock.nowMs - 3000;
  // An agent that comes back late is no calm yet: the view waits for it.
  const allThereMs = Math.max(...world.hosts.map(({ agentAtMs }) => agentAtMs));
  const stillFromMs = Math.max(calmFromMs, allThereMs + world.widest.timeoutMs);
  for (const { atMs, index } of world.views) {
    if (atMs > stillFromMs) found.push({ id: "L4", text: `S${index} still changes its view` });
  }
  for (const { atMs, index } of world.wills) {
    if (atMs > calmFromMs) found.push({ id: "L4", text: `S${index} still gives up` });
  }
  const members = world.hosts.filter((host) => shows(world, host) === "member");
  for (const host of world.hosts) found.push(...judgeHost(world, host, members.length));
  if (members.length > 1)
    found.push(...judgeViews(members), ...judgeTexts(world, members), ...judgeReleases(members));
  if (members.length > 0) found.push(...judgeGroups(world, members, expected));
  return found;
}

function shows(world: World, host: SwarmHost): string {
  const text = world.shows(host.index);
  return text === "sole member" ? "member" : text;
}

function judgeHost(world: World, host: SwarmHost, members: number): Violation[] {
  const text = shows(world, host);
  const refused = host.pulse?.state.membership.refused ?? null;
  if (text === "member" && refused !== null) {
    return [{ id: "L6", text: `S${host.index} still refuses what it refused for ${refused}` }];
  }
  if (text === "member" || text === "detached" || text.startsWith("off (")) return [];
  const state = host.pulse?.state.membership;
  if (text === "returning" && members === 0) return [];
  const others = world.hosts.some((other) => other !== host && other.on);
  const alone = text === "starting" && !others && state?.refused != null;
  return alone ? [] : [{ id: "L6", text: `S${host.index} ends as ${text}` }];
}

function judgeViews(members: readonly SwarmHost[]): Violation[] {
  const views = members.map((host) => host.pulse?.state.membership.view ?? null);
  const [first] = views;
  if (first == null || views.includes(null)) return [{ id: "L2", text: "a member without a view" }];
  const isOne = views.every((view) => view !== null && sameEpoch(view.epoch, first.epoch));
  return isOne
    ? []
    : [{ id: "L2", text: `${members.length === 2 ? "two" : "some"} members in two views` }];
}

/** Another release is shown as long as it is there (R207), and no longer. */
function judgeReleases(members: readonly SwarmHost[]): Violation[] {
  const agents = members.flatMap(({ index, agent }) => (agent === null ? [] : [{ index, agent }]));
  return agents.flatMap(({ index, agent }): Violation[] => {
    const { release, state } = agent;
    if (state.facts === null || release.name === "before") return [];
    const shown = release.shownApart(state.facts).join();
    const others = agents.filter((other) => other.agent.release.name !== release.name);
    const are = others.map((other) => other.index).join();
    const text = `S${index} shows another release at [${shown}], it is at [${are}]`;
    return shown === are ? [] : [{ id: "L6", text }];
  });
}

function judgeGroups(
  world: World,
  members: readonly SwarmHost[],
  { stopsAsked }: Expected,
): Violation[] {
  const found: Violation[] = [];
  // What a later text has brought in begins stopped, and nobody has started it.
  const groups = members[0]?.agent?.config.groups ?? world.config.groups;
  for (const group of groups.filter(
    ({ name }) => world.slotOf(name) < world.config.groups.length,
  )) {
    const slot = world.slotOf(group.name);
    const owners = members.filter((host) => host.running[slot] === true);
    const wanted = members.map((host) => host.agent?.state.groups[group.index]?.desired ?? null);
    if (new Set(wanted).size > 1)
      found.push({ id: "L2", text: `${group.name}: the agents do not agree` });
    const desired = wanted[0] ?? null;
    if (desired === null && stopsAsked) continue;
    // R54: nobody of its policy is left.
    const isStranded = !members.some(({ index }) => group.policy.some((at) => at === index));
    if (desired === null && isStranded) continue;
    if (desired === null) {
      found.push({ id: "L1", text: `${group.name} is stopped and nobody asked for it` });
    } else if (owners.length !== 1 || owners[0]?.index !== desired) {
      const text = `${group.name} is to run on S${desired}, runs on ${owners.length}`;
      found.push({ id: "L1", text });
    } else found.push(...judgeAddress(world, desired, slot, group.name));
  }
  return found;
}

/**
 * The switch forwards to whoever announced last. Where two owners have met (A7, H2, or an array that lied), the
 * one who stays announces anew, which is the pulse's address service and has no model of its own here.
 */
function judgeAddress(world: World, owner: number, group: number, name: string): Violation[] {
  const { method } = world.config;
  const last = world.checks.announced.last[group];
  const haveMet = world.notes.some(({ key }) => key === "sole.conflict");
  const mayBeTwo = method === "com" || method === "none" || haveMet;
  if (mayBeTwo || last === undefined || last === owner) return [];
  return [{ id: "L7", text: `${name} runs on S${owner}, S${last} announced it last` }];
}
