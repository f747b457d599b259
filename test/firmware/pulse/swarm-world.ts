/**
 * Two servers, their wires and their array in virtual time; one seed, one run.
 */
import { Prng } from "../../../hal/base/prng.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import { isMember, isSole } from "../../../services/membership/state.ts";
import { SwarmArray } from "./swarm-array.ts";
import { SwarmChecks } from "./swarm-checks.ts";
import { VirtualClock } from "./swarm-clock.ts";
import { SwarmHost } from "./swarm-host.ts";
import { Wires } from "./swarm-wires.ts";

const TRACE_MAX = 400;

export class World {
  readonly clock = new VirtualClock();
  readonly random: Prng;
  readonly config: LoadedConfig;
  readonly array = new SwarmArray();
  readonly wires: Wires;
  readonly hosts: readonly SwarmHost[];
  readonly checks: SwarmChecks;
  readonly traced: string[] = [];
  readonly wills: { readonly atMs: number; readonly index: number; readonly reason: string }[] = [];
  readonly views: { readonly atMs: number; readonly index: number }[] = [];
  /** Newest moment at which a process or a server was in trouble. */
  troubleAtMs = Number.NEGATIVE_INFINITY;
  #number = 0;

  constructor(config: LoadedConfig, seed: number) {
    this.config = config;
    this.random = new Prng(seed);
    this.wires = new Wires(this.clock, this.random, (to, frame, garbled) =>
      this.at(to).pulse?.hear(frame, garbled),
    );
    this.hosts = [new SwarmHost(this, 0), new SwarmHost(this, 1)];
    this.checks = new SwarmChecks(this);
  }

  at(index: number): SwarmHost {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no server ${index}`);
    return host;
  }

  run(forMs: number): void {
    this.clock.runTo(this.clock.nowMs + forMs, () => this.checks.look());
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  troubled(): void {
    this.troubleAtMs = this.clock.nowMs;
  }

  noteWill(index: number, reason: string): void {
    this.wills.push({ atMs: this.clock.nowMs, index, reason });
  }

  noteView(host: SwarmHost): void {
    this.views.push({ atMs: this.clock.nowMs, index: host.index });
    this.checks.viewChanged(host);
  }

  trace(text: string): void {
    this.traced.push(`${this.clock.nowMs.toFixed(1)} ${text}`);
    if (this.traced.length > TRACE_MAX) this.traced.shift();
  }

  isSole(index: number): boolean {
    const state = this.at(index).pulse?.state.membership;
    return state !== undefined && isMember(state) && isSole(state.view, index);
  }

  /** What server `index` is, in one word. */
  shows(index: number): string {
    const host = this.at(index);
    if (!host.on) return `off (${host.offReason})`;
    if (host.pulse === null) return "no pulse";
    const { server, gaveUp } = host.pulse.state.membership;
    if (gaveUp !== null) return `gave up: ${gaveUp}`;
    return this.isSole(index) ? `sole ${server}` : server;
  }
}
