/**
 * Where the switch forwards the floating address of each group: to whoever announced it last. An owner that hears
 * somebody else announce it answers, by the product's own rule.
 * Source: RFC 5227 2.4; requirements R112-R114; reliability.md 2.5 (L7).
 */
import {
  createReannounce,
  judgeForeignClaim,
  type ReannounceState,
} from "../../services/resources/reannounce.ts";
import type { SwarmHost } from "./host.ts";
import { COM } from "./wires.ts";
import type { World } from "./world.ts";

/** From an announcement to the owner's answer: two processes and a wire, ms. */
const ANSWER_MS = 3;

export class Announced {
  /** Server that announced last, by group. */
  readonly last: number[] = [];
  readonly #world: World;
  readonly #quarrels = new Map<string, ReannounceState>();

  constructor(world: World) {
    this.#world = world;
  }

  announce(host: SwarmHost, group: number): void {
    const { clock, hosts } = this.#world;
    this.last[group] = host.index;
    for (const owner of hosts) {
      if (owner === host || !this.#isHeard(host, owner)) continue;
      clock.after(ANSWER_MS, () => this.#answer(owner, group));
    }
  }

  #isHeard(from: SwarmHost, to: SwarmHost): boolean {
    const { wires } = this.#world;
    const lans = wires.paths.filter((path) => path !== COM);
    return lans.some((path) => wires.at(path, from.index, to.index)?.cut === false);
  }

  #answer(owner: SwarmHost, group: number): void {
    const { pulse } = owner;
    if (!owner.on || owner.isFrozen || pulse === null || pulse.isFrozen) return;
    if (owner.running[group] !== true) return;
    const key = `${owner.incarnation} ${group}`;
    const before = this.#quarrels.get(key) ?? createReannounce();
    const nowMs = owner.localMs();
    const holds = pulse.state.holdsLease(nowMs, pulse.config);
    const { state, announce } = judgeForeignClaim(before, nowMs, holds);
    this.#quarrels.set(key, state);
    if (announce) this.last[group] = owner.index;
  }
}
