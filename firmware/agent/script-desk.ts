/**
 * Everything of this server that has to do with scripts, put together: their runner, the programs they
 * load, the watch over their files, the helper commands and the requests these make.
 * Source: guide 2.2.4; requirements R118, R146-R166; architecture.md 2.
 */
import { join } from "node:path";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { createProgramRunner } from "../../hal/drivers/program-runner/driver.ts";
import { inheritedEnvironment } from "../../hal/drivers/program-runner/environment.ts";
import { installHelperCommands } from "../../hal/drivers/script-runner/helper-commands.ts";
import { ScriptWatch } from "../../hal/drivers/script-runner/script-watch.ts";
import type { ProgramExit, ProgramPort, ProgramSpec } from "../../hal/ports/host.ts";
import type { GroupConfig, ScriptResource } from "../../services/configuration/model.ts";
import { scriptPaths } from "../../services/configuration/script-rules.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Facts } from "../../services/facts.ts";
import { wordsHeard } from "../../services/failover/hear.ts";
import {
  type HeardLoads,
  hearLoads,
  type LoadWords,
  NOTHING_HEARD,
  takenElsewhere,
} from "../../services/resources/load-marks.ts";
import type { ServerContext } from "../local.ts";
import { Loads } from "./loads.ts";
import { lookAtResources } from "./resource-look.ts";
import { type ScriptAnswer, ScriptRequests } from "./script-requests.ts";
import { Scripts } from "./scripts.ts";

export interface ScriptDeskOptions {
  readonly cgroupRoot: string | null;
  /** The entry of the product that the helper commands start. */
  readonly mainJs: string;
  readonly note: (key: string, data: NoteData) => void;
  /** A program of a group's script has used up its restarts. */
  readonly fail: (group: number) => void;
  readonly isOver: () => boolean;
  /** What this server says has changed: loaded programs, fitness of scripts. */
  readonly say: () => void;
}

/** A script that cannot be run as it is. */
export interface UnfitScript {
  readonly path: string;
  readonly reason: string;
}

export class ScriptDesk {
  readonly #context: ServerContext;
  readonly #options: ScriptDeskOptions;
  readonly #programs: ProgramPort;
  readonly #scripts: Scripts;
  readonly #loads: Loads;
  readonly #watch: ScriptWatch;
  readonly #requests: ScriptRequests;
  readonly #helperFolder: string;
  /** By server. */
  #heard: ReadonlyMap<ServerIndex, HeardLoads> = new Map();
  /** Conflicts that have been told. */
  #told: ReadonlySet<string> = new Set();

  constructor(context: ServerContext, options: ScriptDeskOptions) {
    const { local, config } = context;
    const { note, cgroupRoot } = options;
    this.#context = context;
    this.#options = options;
    this.#helperFolder = join(local.runDir, "arm");
    this.#programs = createProgramRunner({
      runDir: local.runDir,
      stateDir: local.stateDir,
      server: local.server,
      cgroupRoot,
      report: (text) => note("host.trouble", { text }),
      // Parking the next run would end what a script has left running on purpose.
      parkDelayMs: null,
    });
    this.#programs.onExit((exit) => this.#hear(exit));
    this.#scripts = new Scripts(context, {
      programs: this.#programs,
      helperFolder: this.#helperFolder,
      hasCgroups: cgroupRoot !== null,
      addressesOf: (group) => addressesOf(context, group),
      note,
    });
    this.#loads = new Loads(context, {
      programs: this.#programs,
      scripts: this.#scripts,
      note,
      fail: (group) => options.fail(group.index),
      elsewhere: (group, id) => this.#elsewhere(group, id),
      changed: options.say,
    });
    this.#watch = new ScriptWatch({
      paths: scriptPaths({ ...config, groups: ownGroups(context) }),
      searchPath: inheritedEnvironment()["PATH"] ?? "",
      onNews: ({ path, verdict, changed }) => {
        if (verdict.kind === "unfit") note("script.unfit", { path, reason: verdict.reason });
        else if (changed) note("script.changed", { path });
        options.say();
      },
    });
    this.#requests = new ScriptRequests({
      config,
      loads: this.#loads,
      note,
      look: (group, all) => lookAtResources(context, group, all),
      nowMs: monotonicMs,
    });
  }

  /** Helper commands in place, files looked at. A folder that refuses is told, and no reason to stay off. */
  open(): void {
    if (!ownGroups(this.#context).some(hasScript)) return;
    try {
      installHelperCommands(this.#helperFolder, process.execPath, this.#options.mainJs);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#options.note("host.trouble", { text: `helper commands: ${error.message}` });
    }
    void this.#watch.start();
  }

  async start(
    group: GroupConfig,
    script: ScriptResource,
    event: "START" | "FAILOVER",
  ): Promise<void> {
    try {
      return await this.#scripts.start(group, script, event);
    } catch (error) {
      // A file that was lost a moment ago stands as a warning with the failure, not seconds later.
      void this.#watch.look();
      throw error;
    }
  }

  stop(group: GroupConfig, script: ScriptResource): Promise<void> {
    return this.#scripts.stop(group, script);
  }

  /** Scripts of this server's groups that cannot be run, by the newest look at each. */
  get unfit(): readonly UnfitScript[] {
    return this.#watch.unfit;
  }

  /** This server's part of the words between agents. */
  words(): { readonly loads: LoadWords; readonly unfit: boolean } {
    return {
      loads: { isWhole: true, marks: this.#loads.marks },
      unfit: this.#watch.unfit.length > 0,
    };
  }

  /** What the other servers have loaded; of one that is not heard nothing stands in the way. */
  hear(facts: Facts): void {
    if (!ownGroups(this.#context).some(hasScript)) return;
    const heard = facts.peers.map((peer): readonly [ServerIndex, HeardLoads] => {
      const words = wordsHeard(peer);
      const before = this.#heard.get(peer.index) ?? NOTHING_HEARD;
      const loads = words === null ? NOTHING_HEARD : hearLoads(before, peer.host, words.loads);
      return [peer.index, loads];
    });
    this.#heard = new Map(heard);
    const conflicts = this.#loads.conflicts();
    for (const conflict of conflicts) {
      if (!this.#told.has(conflict.id)) this.#options.note("load.conflict", { ...conflict });
    }
    this.#told = new Set(conflicts.map(({ id }) => id));
  }

  /** Nobody waits for it; what goes wrong is told by its own event. */
  recover(group: GroupConfig, script: ScriptResource): void {
    this.#scripts.recover(group, script).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#options.note("host.trouble", { text });
    });
  }

  /** Takes over what an earlier agent left; true when every script of the group is up. */
  async adopt(group: GroupConfig): Promise<boolean> {
    const scripts = group.resources.filter((resource) => resource.kind === "script");
    // Also of a group that is half up: a service must be stopped by its own manager.
    const isActive = (await this.#scripts.activeNote(group)) !== null;
    let isUp = !isActive || (await this.#loads.adopt(group));
    for (const script of scripts) {
      if (!(await this.#scripts.isUp(group, script))) isUp = false;
    }
    return isUp;
  }

  answer(verb: string, args: Readonly<Record<string, unknown>>): Promise<ScriptAnswer> {
    return this.#requests.answer(verb, args);
  }

  #elsewhere({ index, parallelOf }: GroupConfig, id: string): string | null {
    const { config } = this.#context;
    // Instances of one parallel group load the same programs, each on its own server (R131).
    const isSibling = (group: number): boolean =>
      parallelOf !== undefined && config.groups[group]?.parallelOf === parallelOf;
    for (const [server, heard] of this.#heard) {
      const marks = heard.marks.filter(({ group }) => !isSibling(group));
      const taken = takenElsewhere({ ...heard, marks }, index, id);
      const name = config.servers[server]?.name ?? "?";
      if (taken !== null) return `${config.groups[taken]?.name ?? "?"} (${name})`;
    }
    return null;
  }

  #hear(exit: ProgramExit): void {
    if (this.#scripts.hear(exit) || this.#options.isOver()) return;
    this.#loads.hear(exit);
  }
}

/** What a program or script of a group is told about addresses. */
export function addressesOf(
  { local, config, self }: ServerContext,
  group: GroupConfig,
): Pick<ProgramSpec, "publicAddress" | "floatingAddress"> {
  const floating = group.resources.find((resource) => resource.kind === "floating-ip");
  const publicLan = config.lans.find((lan) => lan.kind === "public");
  const own = publicLan?.addresses[self]?.host ?? "";
  return {
    publicAddress: local.rack?.serviceAddress ?? own,
    floatingAddress: floating?.kind === "floating-ip" ? floating.address : null,
  };
}

const ownGroups = ({ config, self }: ServerContext): readonly GroupConfig[] =>
  config.groups.filter(({ policy }) => policy.includes(self));

const hasScript = ({ resources }: GroupConfig): boolean =>
  resources.some(({ kind }) => kind === "script");
