/**
 * The resources of one simulated server, as its agent moves them: each start and each stop takes some
 * milliseconds, may hang, may fail, and a program may end by itself.
 * Source: architecture.md 2; R44-R56; bends.ts (what may be bent).
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentEffect, AgentEvent } from "../../services/failover/state.ts";
import type { SwarmHost } from "./host.ts";

/** Between two looks at a start or a stop that hangs, ms. */
const HUNG_LOOK_MS = 100;
/** From the start of a program that cannot work to its end. */
const PROGRAM_ENDS_MS = 200;

type Move = Extract<AgentEffect, { kind: "resource.start" | "resource.stop" }>;

/** What the programs need of the agent that runs them. */
export interface Mover {
  /** The process lives. */
  readonly isAlive: () => boolean;
  /** Runs now, or at the thaw. */
  readonly do: (run: () => void) => void;
  readonly take: (event: AgentEvent) => void;
  readonly answer: (id: number) => void;
  readonly fail: (id: number, error: string) => void;
}

export class SwarmPrograms {
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #agent: Mover;

  /** `config`: what its agent goes by. */
  constructor(host: SwarmHost, config: ClusterConfig, agent: Mover) {
    this.#host = host;
    this.#config = config;
    this.#agent = agent;
  }

  /** By the agent's text: which groups run here. */
  get running(): boolean[] {
    return this.#config.groups.map(({ index }) => this.#host.running[this.#slot(index)] === true);
  }

  /** Group of the agent's text with that number in the simulator's lists; -1 = it has none. */
  groupAt(slot: number): number {
    return this.#config.groups.findIndex(({ index }) => this.#slot(index) === slot);
  }

  #slot(group: number): number {
    const name = this.#config.groups[group]?.name;
    return name === undefined ? group : this.#host.world.slotOf(name);
  }

  move(effect: Move): void {
    const group = this.#slot(effect.group);
    this.#host.world.trace(`S${this.#host.index} ${effect.kind} ${group}`);
    if (effect.kind === "resource.start") {
      this.#host.running[group] = true;
      this.#host.world.checks.moved(this.#host, group);
    }
    this.#carryOn(effect, group);
  }

  #carryOn(effect: Move, group: number): void {
    const { id, resource } = effect;
    const starts = effect.kind === "resource.start";
    const { startMs, stopMs } = this.#host.bends;
    const bentMs = starts ? startMs : stopMs;
    const tookMs = 1 + this.#host.random.below(60);
    const isHung = bentMs === Number.POSITIVE_INFINITY;
    this.#host.world.clock.after(isHung ? HUNG_LOOK_MS : tookMs + bentMs, () => {
      if (!this.#agent.isAlive()) return;
      // What hangs is looked at again and again, until somebody has set it free.
      if (isHung) return this.#carryOn(effect, group);
      const { startFails, stopFails } = this.#host.bends;
      if (starts ? startFails : stopFails) return this.#refuse(id, starts, group, resource);
      if (!starts && resource === 0) this.#host.running[group] = false;
      if (starts) this.#hasStarted(effect.group, resource);
      this.#agent.answer(id);
    });
  }

  /** The first program of a group ends by itself; `slot`: its number in the simulator's lists. */
  end(slot: number): void {
    const group = this.groupAt(slot);
    const resources = this.#config.groups[group]?.resources ?? [];
    const program = resources.find(({ kind }) => kind === "program");
    if (program === undefined) return;
    const atMs = this.#host.localMs();
    const { name: resource } = program;
    this.#agent.take({ kind: "program.exited", atMs, group, resource, status: "exit 1" });
  }

  /** What did not start is not there; what did not stop still is. */
  #refuse(id: number, starts: boolean, group: number, resource: number): void {
    if (starts && resource === 0) this.#host.running[group] = false;
    this.#agent.fail(id, starts ? "exit 1 at the start" : "still there");
  }

  /** A program of a broken group ends soon after each start. */
  #hasStarted(group: number, resource: number): void {
    const { world, index, broken } = this.#host;
    const resources = this.#config.groups[group]?.resources ?? [];
    const slot = this.#slot(group);
    if (resource === resources.length - 1) {
      world.starts.push({ atMs: world.clock.nowMs, index, group: slot });
    }
    const kind = resources[resource]?.kind;
    if (kind !== "program" || !broken.has(slot)) return;
    world.clock.after(PROGRAM_ENDS_MS, () => this.#agent.do(() => this.end(slot)));
  }
}
