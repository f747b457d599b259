/**
 * What must hold in every moment of a run, and what must be true once everything has healed.
 * Reading of "acting": a group was started here and neither its stop nor the will nor the power has ended
 * it. A frozen server, and one in its first acts after the thaw, is not counted unless the configuration
 * claims the level reset-bounded (D54). Source: protocol.md 1.3-1.7; D53; guide 1.2.4 A7, H2.
 */
import { compareEpochs, type Epoch, sameEpoch } from "../../hal/base/view.ts";
import { isMember } from "../../services/membership/state.ts";
import type { SwarmHost } from "./host.ts";
import { COM } from "./wires.ts";
import type { World } from "./world.ts";

/** A member may take this long beyond T + DIO to see that its peer went on alone. */
const LEFT_BEHIND_SLACK_MS = 2000;

export class SwarmChecks {
  readonly failures: string[] = [];
  readonly #world: World;
  readonly #shown: (Epoch | null)[] = [null, null];
  readonly #shownBy: string[] = ["", ""];
  readonly #shownAtMs = [0, 0];
  readonly #installed = new Map<string, string>();
  readonly #behindMs = [0, 0];
  #lookedAtMs = 0;
  #double = false;

  constructor(world: World) {
    this.#world = world;
  }

  look(): void {
    const { clock } = this.#world;
    const double = this.#isDouble();
    if (double !== null && !this.#double && !this.#isAccepted()) this.#fail(double);
    this.#double = double !== null;
    const elapsedMs = clock.nowMs - this.#lookedAtMs;
    this.#lookedAtMs = clock.nowMs;
    for (const host of this.#world.hosts) this.#lookBehind(host, elapsedMs);
  }

  viewChanged(host: SwarmHost): void {
    const membership = host.pulse?.state.membership;
    const view = membership?.view;
    if (membership === undefined || view == null || host.pulse === null) return;
    const key = `${view.epoch.counter}/${view.epoch.coordinator}/${view.epoch.host}`;
    const members = view.members.join();
    const before = this.#installed.get(key) ?? members;
    const remembers = host.forgotAtMs < (this.#shownAtMs[host.index] ?? 0);
    if (before !== members && remembers)
      this.#fail(`epoch ${key} with members ${before} and ${members}`);
    this.#installed.set(key, members);
    const shown = this.#shown[host.index] ?? null;
    const sameHost = this.#shownBy[host.index]?.startsWith(host.incarnation) === true;
    const sameProcess = this.#shownBy[host.index] === `${host.incarnation} ${host.pulse.process}`;
    if (shown !== null && sameHost && remembers) {
      const order = compareEpochs(view.epoch, shown);
      if (order < 0 || (order === 0 && sameProcess)) {
        this.#fail(`S${host.index} installs epoch ${key} after ${shown.counter}`);
      }
    }
    this.#shown[host.index] = view.epoch;
    this.#shownAtMs[host.index] = this.#world.clock.nowMs;
    this.#shownBy[host.index] = `${host.incarnation} ${host.pulse.process}`;
  }

  /** Which of the two is wrong at this moment, null = nothing. */
  #isDouble(): string | null {
    const [a, b] = this.#world.hosts;
    if (a === undefined || b === undefined) return null;
    const acts = [this.#acts(a), this.#acts(b)];
    const both = acts[0] === true && acts[1] === true;
    if (both && a.running.some((runs, group) => runs && b.running[group] === true)) {
      return "a group runs on both servers";
    }
    if (this.#world.isSole(0) && acts[1] === true) return "S0 is sole while S1 acts";
    if (this.#world.isSole(1) && acts[0] === true) return "S1 is sole while S0 acts";
    return null;
  }

  #acts(host: SwarmHost): boolean {
    const aware = host.isAware;
    if (!host.on || !host.running.some((runs) => runs)) return false;
    return this.#world.config.budget.protection === "reset-bounded" || aware;
  }

  /** A7 and H2: everything that could have told the truth was in trouble a moment ago. */
  #isAccepted(): boolean {
    const { config, wires, clock, troubleAtMs } = this.#world;
    if (config.method === "com-disk" || config.method === "disk") return false;
    const longMs = 2 * config.budget.timeoutMs + config.budget.abstainMs;
    if (clock.nowMs - troubleAtMs < longMs + 500) return true;
    if (wires.isLanCleanFor(longMs)) return false;
    return config.method === "none" || !wires.isCleanFor(COM, longMs);
  }

  /** A member must not stay in a view whose other member went on without it. */
  #lookBehind(host: SwarmHost, elapsedMs: number): void {
    const { config, wires } = this.#world;
    const state = host.pulse?.state.membership;
    const peer = 1 - host.index;
    const inCommon =
      state !== undefined && isMember(state) && state.view?.members.includes(peer) === true;
    const garbled = wires.isGarbled;
    if (!inCommon || !this.#world.isSole(peer) || garbled) {
      this.#behindMs[host.index] = 0;
      return;
    }
    if (host.isFrozen || host.pulse?.isFrozen === true) return;
    const behindMs = (this.#behindMs[host.index] ?? 0) + elapsedMs;
    this.#behindMs[host.index] = behindMs;
    const { timeoutMs, diskWaitMs, judgeMs } = config.budget;
    if (behindMs > Math.max(judgeMs, timeoutMs + diskWaitMs) + LEFT_BEHIND_SLACK_MS) {
      this.#behindMs[host.index] = Number.NEGATIVE_INFINITY;
      this.#fail(`S${host.index} stays in a view that S${peer} has left`);
    }
  }

  #fail(text: string): void {
    this.failures.push(text);
    this.#world.trace(`FAIL ${text}`);
  }
}

export interface Expected {
  /** Orders of the operator that may leave a group stopped. */
  readonly stopsAsked: boolean;
}

/** After healing and a time of calm: who is where, and is every group served or its absence explained. */
export function judgeEnd(world: World, expected: Expected): string[] {
  const found: string[] = [];
  const calmFromMs = world.clock.nowMs - 3000;
  for (const { atMs, index } of world.views) {
    if (atMs > calmFromMs) found.push(`S${index} still changes its view`);
  }
  for (const { atMs, index } of world.wills) {
    if (atMs > calmFromMs) found.push(`S${index} still gives up`);
  }
  const members = world.hosts.filter((host) => shows(world, host) === "member");
  for (const host of world.hosts) found.push(...judgeHost(world, host, members.length));
  if (members.length === 2) found.push(...judgeViews(world));
  if (members.length > 0) found.push(...judgeGroups(world, members, expected));
  return found;
}

function shows(world: World, host: SwarmHost): string {
  const text = world.shows(host.index);
  return text === "sole member" ? "member" : text;
}

function judgeHost(world: World, host: SwarmHost, members: number): string[] {
  const text = shows(world, host);
  if (text === "member" || text === "detached" || text.startsWith("off (")) return [];
  const state = host.pulse?.state.membership;
  if (text === "returning" && members === 0) return [];
  const other = world.at(1 - host.index);
  const alone = text === "starting" && !other.on && state?.refused != null;
  return alone ? [] : [`S${host.index} ends as ${text}`];
}

function judgeViews(world: World): string[] {
  const [a, b] = world.hosts.map((host) => host.pulse?.state.membership.view ?? null);
  if (a == null || b == null) return ["a member without a view"];
  return sameEpoch(a.epoch, b.epoch) ? [] : ["two members in two views"];
}

function judgeGroups(
  world: World,
  members: readonly SwarmHost[],
  { stopsAsked }: Expected,
): string[] {
  const found: string[] = [];
  for (const group of world.config.groups) {
    const owners = members.filter((host) => host.running[group.index] === true);
    const wanted = members.map((host) => host.agent?.state.groups[group.index]?.desired ?? null);
    if (new Set(wanted).size > 1) found.push(`${group.name}: the agents do not agree`);
    const desired = wanted[0] ?? null;
    if (desired === null && stopsAsked) continue;
    // R54: nobody of its policy is left.
    const isStranded = !members.some(({ index }) => group.policy.some((at) => at === index));
    if (desired === null && isStranded) continue;
    if (desired === null) found.push(`${group.name} is stopped and nobody asked for it`);
    else if (owners.length !== 1 || owners[0]?.index !== desired) {
      found.push(`${group.name} is to run on S${desired}, runs on ${owners.length}`);
    }
  }
  return found;
}
