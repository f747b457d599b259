/**
 * The programs that scripts have loaded (ARMLOAD): started, watched, restarted by their rules, ended by
 * ARMKILL or with their group, taken over by the next agent.
 * Intuition: the program belongs to the group, not to the script that named it; when its restarts are
 * used up the group leaves this server.
 * Source: guide 2.2.4; requirements R155-R160; D21, D22; successor.md 2.1.
 */
import { dirname } from "node:path";
import { unreachable } from "../../hal/base/assert.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import { isSystemError, placeRecord } from "../../hal/drivers/program-runner/record.ts";
import type { ProgramExit, ProgramPort, ProgramSpec } from "../../hal/ports/host.ts";
import type { GroupConfig } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import { judgeLoadEnd } from "../../services/resources/monitored-load.ts";
import type { ServerContext } from "../local.ts";
import {
  type LoadRecord,
  listRecordFolders,
  readLoadRecord,
  removeLoadRecord,
  writeLoadRecord,
} from "./load-record.ts";
import type { Scripts } from "./scripts.ts";
import { SERVICE_WATCH } from "./service-watch.ts";

export interface LoadsOptions {
  readonly programs: ProgramPort;
  readonly scripts: Scripts;
  readonly note: (key: string, data: NoteData) => void;
  /** The group must leave this server. */
  readonly fail: (group: GroupConfig) => void;
}

export type Loaded =
  | { readonly kind: "loaded" }
  | { readonly kind: "refused"; readonly key: string; readonly detail: string };

/** Between TERM and KILL. A service manager stops within 90 s or kills by itself. */
const STOP_MS = 10_000;
const SERVICE_STOP_MS = 95_000;
/** A group with more watched programs has a loop in its script. */
const LOADS_PER_GROUP_MAX = 64;

interface Load {
  readonly group: GroupConfig;
  record: LoadRecord;
  /** Ordered to end: its end means nothing. */
  ending: boolean;
}

/** Resource name of a loaded program; no configured name begins with a tilde. */
export const loadName = (id: string): string => `~${id.toLowerCase()}`;

export class Loads {
  readonly #context: ServerContext;
  readonly #options: LoadsOptions;
  /** By lower-case identity: one name space for all groups of this server (R160). */
  readonly #loads = new Map<string, Load>();
  readonly #closing = new Set<string>();

  constructor(context: ServerContext, options: LoadsOptions) {
    this.#context = context;
    this.#options = options;
    options.scripts.onEndLoads((group) => this.endGroup(group));
  }

  async load(
    group: GroupConfig,
    given: Omit<LoadRecord, "host" | "restartsAtMs">,
  ): Promise<Loaded> {
    const key = given.id.toLowerCase();
    const refuse = (why: string, detail: string): Loaded => ({ kind: "refused", key: why, detail });
    const { scripts } = this.#options;
    const note = await scripts.activeNote(group);
    if (note === null || note.phase === "stopping" || this.#closing.has(group.name)) {
      return refuse("script-not-active", group.name);
    }
    const known = this.#loads.get(key);
    if (known !== undefined) return refuse("load-duplicate", known.group.name);
    const own = [...this.#loads.values()].filter((load) => load.group.name === group.name);
    if (own.length >= LOADS_PER_GROUP_MAX) {
      return refuse("load-failed", `the group has ${LOADS_PER_GROUP_MAX} already`);
    }
    const record = { ...given, host: this.#context.host, restartsAtMs: [] };
    const load: Load = { group, record, ending: false };
    this.#loads.set(key, load);
    const trouble = await this.#start(load);
    if (trouble === null) {
      this.#note("load.started", load, { path: record.argv[0] ?? "" });
      return { kind: "loaded" };
    }
    if (this.#loads.get(key) === load) this.#loads.delete(key);
    return refuse("load-failed", trouble);
  }

  /** Pids that survived; empty when nothing (any more) is there. Null = it was not loaded. */
  async kill(group: GroupConfig, id: string): Promise<readonly number[] | null> {
    const load = this.#loads.get(id.toLowerCase());
    if (load === undefined || load.group.name !== group.name) return null;
    return this.#end(load);
  }

  /** With its group: all at once. */
  async endGroup(group: GroupConfig): Promise<readonly number[]> {
    this.#closing.add(group.name);
    const own = [...this.#loads.values()].filter((load) => load.group.name === group.name);
    const left = await Promise.all(own.map((load) => this.#end(load)));
    this.#closing.delete(group.name);
    return left.flat();
  }

  /** True when the exit was a loaded program's. */
  hear(exit: ProgramExit): boolean {
    const load = this.#loads.get(exit.resource.slice(1));
    if (!exit.resource.startsWith("~") || load?.group.name !== exit.group) return false;
    const status = exit.end.kind === "status" ? exit.end.status : null;
    if (!exit.duringStop) this.#ended(load, status);
    return true;
  }

  /** Takes over what an earlier agent was watching in this group. */
  async adopt(group: GroupConfig): Promise<void> {
    const { programs, scripts } = this.#options;
    for (const dir of await listRecordFolders(dirname(this.#dir(group, "any")))) {
      const record = await readLoadRecord(dir, this.#context.host);
      if (record === null) continue;
      const load: Load = { group, record, ending: false };
      this.#loads.set(record.id.toLowerCase(), load);
      scripts.watchLog(group.name, loadName(record.id));
      const adopted = await programs.adopt(group.name, loadName(record.id));
      if (adopted?.kind === "running") continue;
      const end = adopted?.exit.end;
      this.#ended(load, end?.kind === "status" ? end.status : null);
    }
  }

  #ended(load: Load, status: number | null): void {
    if (load.ending || this.#closing.has(load.group.name)) return;
    const { rules, restartsAtMs } = load.record;
    const verdict = judgeLoadEnd(rules, restartsAtMs, status, monotonicMs());
    const told = { status: status === null ? "unknown" : String(status) };
    switch (verdict.kind) {
      case "ended":
        this.#note("load.ended", load, told);
        return this.#drop(load);
      case "restart": {
        load.record = { ...load.record, restartsAtMs: verdict.restartsAtMs };
        const count = verdict.restartsAtMs.length;
        this.#note("load.restarted", load, { ...told, count, max: rules.restartMax });
        return this.#again(load);
      }
      case "failover":
        this.#note("load.exhausted", load, { ...told, max: rules.restartMax });
        this.#drop(load);
        return this.#options.fail(load.group);
      case "alert":
        this.#note("load.lost", load, { ...told, max: rules.restartMax });
        return this.#drop(load);
      default:
        return unreachable(verdict);
    }
  }

  #again(load: Load): void {
    void this.#start(load).then((trouble) => {
      // It did not even start: as bad as an end.
      if (trouble !== null) this.#ended(load, null);
    });
  }

  /** Null when it runs. */
  async #start(load: Load): Promise<string | null> {
    const { group, record } = load;
    const { programs, scripts } = this.#options;
    const resource = loadName(record.id);
    const argv = record.isService
      ? ["/bin/sh", "-c", SERVICE_WATCH, "kage-service", ...record.argv]
      : record.argv;
    // The variables of the product are not taken from the caller; ARMRSP needs this one, too.
    const { runDir } = this.#context.local;
    const env = { ...record.env, KAGE_RUN_DIR: runDir, KAGE_SCRIPT: this.#cookie(load) };
    const spec: ProgramSpec = {
      group: group.name,
      resource,
      argv,
      env,
      ...scripts.addressesOf(group),
    };
    scripts.watchLog(group.name, resource);
    try {
      await writeLoadRecord(this.#dir(group, resource), record);
      if (load.ending) return null;
      const started = await programs.start(spec);
      return started.kind === "failed" ? started.detail : null;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return error.message;
    }
  }

  async #end(load: Load): Promise<readonly number[]> {
    load.ending = true;
    const resource = loadName(load.record.id);
    const timeoutMs = load.record.isService ? SERVICE_STOP_MS : STOP_MS;
    const stopped = await this.#options.programs.stop(load.group.name, resource, timeoutMs);
    if (stopped.kind === "failed") return stopped.left;
    this.#note("load.killed", load, {});
    await this.#forget(load);
    return [];
  }

  #drop(load: Load): void {
    void this.#forget(load);
  }

  async #forget(load: Load): Promise<void> {
    const key = load.record.id.toLowerCase();
    if (this.#loads.get(key) === load) this.#loads.delete(key);
    try {
      await removeLoadRecord(this.#dir(load.group, loadName(key)));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.note("host.trouble", { text: error.message });
    }
  }

  #note(key: string, load: Load, data: NoteData): void {
    this.#options.note(key, { group: load.group.name, id: load.record.id, ...data });
  }

  #dir(group: GroupConfig, resource: string): string {
    const { runDir, server } = this.#context.local;
    return placeRecord(runDir, server, group.name, resource).dir;
  }

  #cookie(load: Load): string {
    const { runDir, server } = this.#context.local;
    return placeRecord(runDir, server, load.group.name, load.record.script).cookie;
  }
}
