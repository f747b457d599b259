/**
 * Carries out what the failover core asks for on this server: addresses through the pulse, programs
 * through the runner, the will before either. Executors act and never decide.
 * Source: architecture.md 2, 4.
 */
import type { ProgramPort, ProgramSpec } from "../../hal/ports/host.ts";
import type {
  GroupConfig,
  ProgramResource,
  ResourceConfig,
} from "../../services/configuration/model.ts";
import type { ServerContext } from "../local.ts";
import type { PulseLink } from "./pulse-link.ts";
import { addressesOf, type ScriptDesk } from "./script-desk.ts";

export class Executor {
  readonly #context: ServerContext;
  readonly #programs: ProgramPort;
  readonly #pulse: PulseLink;
  readonly #scripts: ScriptDesk;

  constructor(
    context: ServerContext,
    programs: ProgramPort,
    pulse: PulseLink,
    scripts: ScriptDesk,
  ) {
    this.#scripts = scripts;
    this.#context = context;
    this.#programs = programs;
    this.#pulse = pulse;
  }

  /** `cold`: the group has run nowhere since it was ordered to start, so its address is probed. */
  async start(
    groupIndex: number,
    resourceIndex: number,
    cold: boolean,
    event: "START" | "FAILOVER",
  ): Promise<void> {
    const { group, resource } = this.#find(groupIndex, resourceIndex);
    if (resource.kind === "script") return this.#scripts.start(group, resource, event);
    if (resource.kind === "program") return this.#startProgram(group, resource);
    const { address, prefixLength } = resource;
    return this.#pulse.order({ kind: "address.up", address, prefixLength, cold });
  }

  /** Tells the pulse of a running group's addresses again. */
  async handOver(groupIndex: number): Promise<void> {
    const group = this.#context.config.groups[groupIndex];
    for (const [index, resource] of (group?.resources ?? []).entries()) {
      if (resource.kind === "floating-ip") await this.start(groupIndex, index, false, "START");
    }
  }

  async stop(groupIndex: number, resourceIndex: number): Promise<void> {
    const { group, resource } = this.#find(groupIndex, resourceIndex);
    if (resource.kind === "floating-ip") {
      return this.#pulse.order({ kind: "address.down", address: resource.address });
    }
    if (resource.kind === "script") return this.#scripts.stop(group, resource);
    const stopped = await this.#programs.stop(group.name, resource.name, resource.stopTimeoutMs);
    if (stopped.kind === "failed") throw new Error(stopped.detail);
  }

  /** Runs the script with event RECOVER; nobody waits for it. */
  recover(groupIndex: number, resourceIndex: number): void {
    const { group, resource } = this.#find(groupIndex, resourceIndex);
    if (resource.kind === "script") this.#scripts.recover(group, resource);
  }

  /** Adopts what an earlier agent left running: one answer per group. */
  async adopt(): Promise<readonly boolean[]> {
    const running: boolean[] = [];
    for (const group of this.#context.config.groups) {
      const programs = group.resources.filter((resource) => resource.kind === "program");
      const watched = group.resources.filter(({ kind }) => kind !== "floating-ip");
      let alive = watched.length > 0 && (await this.#scripts.adopt(group));
      for (const program of programs) {
        const adopted = await this.#programs.adopt(group.name, program.name);
        if (adopted?.kind !== "running") alive = false;
      }
      running.push(alive);
    }
    return running;
  }

  /**
   * Makes ready whatever may run here, so that a takeover or a restart costs one write. Once: the runner
   * does so again by itself after each start and stop.
   */
  async prepare(): Promise<void> {
    const { config, self } = this.#context;
    for (const group of config.groups.filter(({ policy }) => policy.includes(self))) {
      for (const resource of group.resources) {
        if (resource.kind === "program") {
          await this.#programs.prepare(this.#specOf(group, resource));
        }
      }
    }
  }

  async #startProgram(group: GroupConfig, program: ProgramResource): Promise<void> {
    const started = await this.#programs.start(this.#specOf(group, program));
    if (started.kind === "failed") throw new Error(started.detail);
  }

  #specOf(group: GroupConfig, program: ProgramResource): ProgramSpec {
    return {
      group: group.name,
      resource: program.name,
      argv: program.argv,
      env: program.env,
      ...addressesOf(this.#context, group),
    };
  }

  #find(
    groupIndex: number,
    resourceIndex: number,
  ): { readonly group: GroupConfig; readonly resource: ResourceConfig } {
    const group = this.#context.config.groups[groupIndex];
    const resource = group?.resources[resourceIndex];
    if (group === undefined || resource === undefined) {
      throw new Error(`no resource ${resourceIndex} in group ${groupIndex}`);
    }
    return { group, resource };
  }
}
