/**
 * The programs that scripts have loaded (ARMLOAD): started, watched, restarted by their rules, ended by
 * ARMKILL or with their group, taken over by the next agent.
 * Intuition: the program belongs to the group, not to the script that named it; when its restarts are
 * used up the group leaves this server. Its identity is the cluster's: one that the other server uses is
 * refused here, before the two could meet at a failover.
 * Source: guide 2.2.4; requirements R155-R160; D21, D22; successor.md 2.1.
 */
import { dirname } from "node:path";
import { unreachable } from "../../hal/base/assert.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import { isSystemError, placeRecord } from "../../hal/drivers/program-runner/record.ts";
import type { ProgramExit, ProgramPort, ProgramSpec } from "../../hal/ports/host.ts";
import type { GroupConfig } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import { type LoadMark, markOf } from "../../services/resources/load-marks.ts";
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
import { endService, SERVICE_WATCH, serviceEnd } from "./service-watch.ts";

export interface LoadsOptions {
  readonly programs: ProgramPort;
  readonly scripts: Scripts;
  readonly note: (key: string, data: NoteData) => void;
  /** The group must leave this server. */
  readonly fail: (group: GroupConfig) => void;
  /** Where else in the cluster, for another group, the identity is used: as told; null = nowhere. */
  readonly elsewhere: (group: GroupConfig, id: string) => string | null;
  /** The marks have changed. */
  readonly changed: () => void;
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
  /** By lower-case identity: one name space for all groups (R160). */
  readonly #loads = new Map<string, Load>();
  readonly #closing = new Set<string>();

  constructor(context: ServerContext, options: LoadsOptions) {
    this.#context = context;
    this.#options = options;
    options.scripts.onEndLoads((group) => this.endGroup(group));
  }

  /** What the other servers are told. */
  get marks(): readonly LoadMark[] {
    return [...this.#loads].map(([id, { group }]) => ({ group: group.index, mark: markOf(id) }));
  }

  /** Programs whose identity is used elsewhere, too: loaded in the same instant. */
  conflicts(): readonly { readonly group: string; readonly id: string; readonly other: string }[] {
    return [...this.#loads.values()].flatMap(({ group, record: { id } }) => {
      const other = this.#options.elsewhere(group, id);
      return other === null ? [] : [{ group: group.name, id, other }];
    });
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
    const used = known?.group.name ?? this.#options.elsewhere(group, given.id);
    if (used !== null) return refuse("load-duplicate", used);
    const own = [...this.#loads.values()].filter((load) => load.group.name === group.name);
    if (own.length >= LOADS_PER_GROUP_MAX) {
      return refuse("load-failed", `the group has ${LOADS_PER_GROUP_MAX} already`);
    }
    const record = { ...given, host: this.#context.host, restartsAtMs: [] };
    const load: Load = { group, record, ending: false };
    this.#keep(key, load);
    const trouble = await this.#start(load);
    if (trouble === null) {
      this.#note("load.started", load, { path: record.argv[0] ?? "" });
      return { kind: "loaded" };
    }
    this.#release(key, load);
    return refuse("load-failed", trouble);
  }

  /** What survived; empty when nothing (any more) is there. Null = it was not loaded. */
  async kill(group: GroupConfig, id: string): Promise<readonly string[] | null> {
    const load = this.#loads.get(id.toLowerCase());
    if (load === undefined || load.group.name !== group.name) return null;
    return this.#end(load);
  }

  /** With its group: all at once. */
  async endGroup(group: GroupConfig): Promise<readonly string[]> {
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

  /**
   * Takes over what an earlier agent was watching in this group. False: one of them is dead. It is not
   * started again here, because it may have died by the last will and the group be another server's; the
   * group is stopped through instead, and starts again where it belongs.
   */
  async adopt(group: GroupConfig): Promise<boolean> {
    const { programs, scripts } = this.#options;
    let isWhole = true;
    for (const dir of await listRecordFolders(dirname(this.#dir(group, "any")))) {
      const record = await readLoadRecord(dir, this.#context.host);
      if (record === null) continue;
      const load: Load = { group, record, ending: false };
      this.#keep(record.id.toLowerCase(), load);
      scripts.watchLog(group.name, loadName(record.id));
      const adopted = await programs.adopt(group.name, loadName(record.id));
      if (adopted?.kind === "running") continue;
      const end = adopted?.exit.end;
      const status = end?.kind === "status" ? end.status : null;
      const verdict = judgeLoadEnd(record.rules, record.restartsAtMs, status, monotonicMs());
      if (verdict.kind === "restart" || verdict.kind === "failover") isWhole = false;
      else this.#ended(load, status);
    }
    return isWhole;
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

  async #end(load: Load): Promise<readonly string[]> {
    load.ending = true;
    const resource = loadName(load.record.id);
    const timeoutMs = load.record.isService ? SERVICE_STOP_MS : STOP_MS;
    const stopped = await this.#options.programs.stop(load.group.name, resource, timeoutMs);
    if (stopped.kind === "failed") return stopped.left.map((pid) => `process ${pid}`);
    // Its watch may have died before it, and a manager that failed is no proof.
    const trouble = load.record.isService ? await this.#endService(load.record) : null;
    if (trouble !== null) return [trouble];
    this.#note("load.killed", load, {});
    await this.#forget(load);
    return [];
  }

  async #endService(record: LoadRecord): Promise<string | null> {
    const end = serviceEnd(record, this.#context.local.runDir);
    const stopped = await endService({ ...end, how: "stop", timeoutMs: SERVICE_STOP_MS });
    if (stopped === null) return null;
    return endService({ ...end, how: "crush", timeoutMs: STOP_MS });
  }

  /** A service is kept until its group ends: its manager may start it again behind our back. */
  #drop(load: Load): void {
    if (!load.record.isService) void this.#forget(load);
  }

  async #forget(load: Load): Promise<void> {
    const key = load.record.id.toLowerCase();
    this.#release(key, load);
    try {
      await removeLoadRecord(this.#dir(load.group, loadName(key)));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.note("host.trouble", { text: error.message });
    }
  }

  #keep(key: string, load: Load): void {
    this.#loads.set(key, load);
    this.#options.changed();
  }

  #release(key: string, load: Load): void {
    if (this.#loads.get(key) !== load) return;
    this.#loads.delete(key);
    this.#options.changed();
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
