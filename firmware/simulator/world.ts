/**
 * Two servers, their wires and their array in virtual time: the real cores, one configuration, one seed,
 * one run, the same every time. Everything that happens is asked for by its user.
 * Source: reliability.md 2.1-2.3; architecture.md 4.
 */
import { Prng } from "../../hal/base/prng.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { NoteData } from "../../services/effects.ts";
import { isMember, isSole } from "../../services/membership/state.ts";
import { SwarmArray } from "./array.ts";
import { SwarmChecks } from "./checks.ts";
import { VirtualClock } from "./clock.ts";
import { SwarmHost } from "./host.ts";
import { Wires } from "./wires.ts";

const TRACE_MAX = 400;
/** A run of minutes with every fault at once notes some hundred events. */
const NOTES_MAX = 2000;

/** What the simulator may choose, because the product leaves it open. All ms. */
export interface Pace {
  /** From the reset by a watchdog to the first word of the next boot. */
  readonly bootMs: number;
  /** Between two looks of an agent at its pulse. */
  readonly lookMs: number;
}

/** A boot so quick meets more of what may go wrong than one of a minute. */
const QUICK: Pace = { bootMs: 300, lookMs: 10 };

/** An event that a server would write into its log. */
export interface Noted {
  readonly atMs: number;
  readonly index: number;
  readonly key: string;
  readonly data: NoteData;
}

/** The last resource of a group has come up. */
export interface GroupStart {
  readonly atMs: number;
  readonly index: number;
  readonly group: number;
}

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
  readonly notes: Noted[] = [];
  readonly starts: GroupStart[] = [];
  /** Outcomes of the orders given, in the order in which they became known. */
  readonly answers: string[] = [];
  /** Newest moment at which a process or a server was in trouble. */
  troubleAtMs = Number.NEGATIVE_INFINITY;
  readonly pace: Pace;
  #number = 0;

  constructor(config: LoadedConfig, seed: number, pace: Pace = QUICK) {
    this.config = config;
    this.pace = pace;
    this.random = new Prng(seed);
    this.wires = new Wires(config.lans.length, this.clock, this.random, (to, frame, garbled) =>
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

  note(index: number, key: string, data: NoteData): void {
    if (this.notes.length < NOTES_MAX)
      this.notes.push({ atMs: this.clock.nowMs, index, key, data });
    this.trace(`S${index} ${key} ${JSON.stringify(data)}`);
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
