/**
 * Runs the scripts of this server's groups: start, stop, recover, each with the ARMS_ variables, its
 * time and its end. Acts and never decides: the failover core orders, the outcome goes back to it.
 * Intuition: a stop is only done when nothing of the script lives here any more, whatever the script
 * says; so every stop ends with a look at the whole host.
 * Source: guide 2.2.4, 3.2.3; requirements R118, R146-R153, R166; D20; protocol.md 1.4.7.
 */
import { join } from "node:path";
import { assert, unreachable } from "../../hal/base/assert.ts";
import type { ProcessIdentity } from "../../hal/drivers/process-tree/process-tree.ts";
import { endProgram } from "../../hal/drivers/program-runner/ending.ts";
import { inheritedEnvironment } from "../../hal/drivers/program-runner/environment.ts";
import { cutLog } from "../../hal/drivers/program-runner/program-log.ts";
import {
  isSystemError,
  placeRecord,
  readRecord,
  toSegment,
} from "../../hal/drivers/program-runner/record.ts";
import { OneShots, TERM_GRACE_MS } from "../../hal/drivers/script-runner/one-shot.ts";
import {
  readScriptNote,
  removeScriptNote,
  type ScriptNote,
  type StartEvent,
  writeScriptNote,
} from "../../hal/drivers/script-runner/script-note.ts";
import { membersOfSession } from "../../hal/drivers/script-runner/session.ts";
import type { ProgramExit, ProgramPort, ProgramSpec } from "../../hal/ports/host.ts";
import type { GroupConfig, ScriptResource } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import {
  connectsDisk,
  type ScriptEvent,
  scriptEnvironment,
} from "../../services/resources/script-environment.ts";
import type { ServerContext } from "../local.ts";

export interface ScriptsOptions {
  /** A runner of its own that parks nothing: a script's children outlive it on purpose. */
  readonly programs: ProgramPort;
  /** False = a session is all that holds a script together. */
  readonly hasCgroups: boolean;
  /** Folder of the helper commands, first on the path of every script. */
  readonly helperFolder: string;
  /** This server's own address for services, and the group's first floating one. */
  readonly addressesOf: (
    group: GroupConfig,
  ) => Pick<ProgramSpec, "publicAddress" | "floatingAddress">;
  readonly note: (key: string, data: NoteData) => void;
}

/** Ends the programs that the scripts of a group have loaded; answers with what survived. */
export type EndLoads = (group: GroupConfig) => Promise<readonly string[]>;

type Run = "start" | "stop" | "recover";

/** What a stop script has asked to end gets this long before KILL. */
const LEFTOVER_TERM_MS = 5000;
const KILL_TIMEOUT_MS = 2000;
/** Output file of each script, as the program runner's default; one older part of the size is kept. */
const LOG_LIMIT_BYTES = 1024 * 1024;
/** A flood is looked at while it is small, a quiet daemon seldom. */
const BUSY_LOOK_MS = 250;
const QUIET_LOOK_MS = 2000;

/** Names of runs beside the resource itself; no resource name has a tilde. */
export const runName = (script: string, run: Run): string =>
  run === "start" ? script : `${script}~${run}`;

export class Scripts {
  readonly #context: ServerContext;
  readonly #options: ScriptsOptions;
  readonly #shots: OneShots;
  readonly #logs = new Set<string>();
  /** Files that could not be cut: told once, tried again. */
  readonly #untrimmed = new Set<string>();
  #logTimer: NodeJS.Timeout | null = null;
  #endLoads: EndLoads = () => Promise.resolve([]);
  #closed = false;

  constructor(context: ServerContext, options: ScriptsOptions) {
    this.#context = context;
    this.#options = options;
    this.#shots = new OneShots(options.programs);
  }

  onEndLoads(endLoads: EndLoads): void {
    this.#endLoads = endLoads;
  }

  /** True when the exit was a script's. */
  hear(exit: ProgramExit): boolean {
    return this.#shots.hear(exit);
  }

  /** Resolves when the start script has ended with 0; rejects with the reason why not. */
  async start(group: GroupConfig, script: ScriptResource, event: StartEvent): Promise<void> {
    const { programs } = this.#options;
    const dir = this.#place(group, script.name).dir;
    // A RECOVER still under way is a courtesy; nothing may run beside the start.
    const recover = runName(script.name, "recover");
    const { exists } = await readRecord(this.#place(group, recover).dir);
    if (exists) await programs.stop(group.name, recover, 0);
    await writeScriptNote(dir, { host: this.#context.host, event, phase: "starting" });
    const failure = await this.#run(group, script, "start", event);
    if (failure?.launched === false) await removeScriptNote(dir);
    if (failure !== null) throw new Error(failure.reason);
    await writeScriptNote(dir, { host: this.#context.host, event, phase: "up" });
  }

  /**
   * Stop script, then everything that lives of the script. Rejects when the script did not end well or
   * something survived: the server must then not say that the group is stopped.
   */
  async stop(group: GroupConfig, script: ScriptResource): Promise<void> {
    const { programs } = this.#options;
    const dir = this.#place(group, script.name).dir;
    const note = await readScriptNote(dir, this.#context.host);
    if (note?.phase === "starting") await programs.stop(group.name, script.name, TERM_GRACE_MS);
    let failure: Failure | null = null;
    if (note !== null) {
      await this.#tryNote(dir, { ...note, phase: "stopping" });
      failure = await this.#run(group, script, "stop", note.event);
    }
    const left = await this.#endAll(group, script, failure === null ? LEFTOVER_TERM_MS : 0);
    if (left.length > 0) {
      const who = `${group.name}/${script.name}: ${left.join(", ")}`;
      throw new Error(`${who} survived; it may hang on a device`);
    }
    if (failure !== null) throw new Error(failure.reason);
    await removeScriptNote(dir);
  }

  /** Runs with event RECOVER unless the group is up here; what it leaves behind is ended. */
  async recover(group: GroupConfig, script: ScriptResource): Promise<void> {
    const note = await readScriptNote(this.#place(group, script.name).dir, this.#context.host);
    if (note !== null || script.recover === null) return;
    await this.#run(group, script, "recover", "RECOVER");
    await this.#options.programs.stop(group.name, runName(script.name, "recover"), TERM_GRACE_MS);
  }

  /** An earlier agent started the group here, and its script had ended well. */
  async isUp(group: GroupConfig, script: ScriptResource): Promise<boolean> {
    this.#watchLog(group.name, script.name);
    const note = await readScriptNote(this.#place(group, script.name).dir, this.#context.host);
    return note?.phase === "up";
  }

  /** Note of the first script of the group that is up or starting here; null = none is. */
  async activeNote(group: GroupConfig): Promise<ScriptNote | null> {
    for (const resource of group.resources) {
      if (resource.kind !== "script") continue;
      const { dir } = this.#place(group, resource.name);
      const note = await readScriptNote(dir, this.#context.host);
      if (note !== null) return note;
    }
    return null;
  }

  environment(group: GroupConfig, script: string, event: ScriptEvent): Record<string, string> {
    const base = inheritedEnvironment();
    const isHome = group.policy[0] === this.#context.self;
    const hasDisk = group.resources.some(({ kind }) => connectsDisk(kind));
    assert(!hasDisk, "the outcome of a disk resource is told to the script");
    const situation = { event, group: group.name, isHome, isDiskConnected: true };
    return {
      ...scriptEnvironment(situation),
      PATH: `${this.#options.helperFolder}:${base["PATH"] ?? ""}`,
      KAGE_RUN_DIR: this.#context.local.runDir,
      KAGE_SCRIPT: this.#place(group, script).cookie,
    };
  }

  addressesOf(group: GroupConfig): Pick<ProgramSpec, "publicAddress" | "floatingAddress"> {
    return this.#options.addressesOf(group);
  }

  /** The output of this run is kept bounded from here on. */
  watchLog(group: string, resource: string): void {
    this.#watchLog(group, resource);
  }

  close(): void {
    this.#closed = true;
    if (this.#logTimer !== null) clearTimeout(this.#logTimer);
  }

  async #run(
    group: GroupConfig,
    script: ScriptResource,
    run: Run,
    event: ScriptEvent,
  ): Promise<Failure | null> {
    const { note } = this.#options;
    const argv = run === "recover" ? (script.recover ?? []) : script[run];
    const resource = runName(script.name, run);
    const timeoutMs = run === "stop" ? script.stopTimeoutMs : script.startTimeoutMs;
    const env = this.environment(group, script.name, event);
    const spec = { group: group.name, resource, argv, env, ...this.#options.addressesOf(group) };
    this.#watchLog(group.name, resource);
    const data = { group: group.name, resource: script.name, run, event, path: argv[0] ?? "" };
    const ended = this.#shots.run(spec, timeoutMs);
    this.#lookLater();
    const end = await ended;
    switch (end.kind) {
      case "ended": {
        if (end.status === 0) {
          note("script.ended", { ...data, tookMs: end.tookMs });
          return null;
        }
        const status = end.status === null ? "unknown" : String(end.status);
        note("script.failed", { ...data, status, log: this.#logPath(group.name, resource) });
        return { launched: true, reason: `${run} script ${argv[0]} ended with status ${status}` };
      }
      case "overdue": {
        note("script.overdue", { ...data, timeoutMs });
        const left = end.left.length === 0 ? "" : `; processes ${end.left.join(", ")} are left`;
        const reason = `${run} script ${argv[0]} did not end within ${timeoutMs} ms${left}`;
        return { launched: true, reason };
      }
      case "failed":
        note("script.not-run", { ...data, reason: end.detail });
        return { launched: false, reason: `${run} script: ${end.detail}` };
      default:
        return unreachable(end);
    }
  }

  /** Loaded programs, both runs, and whatever else carries the script's cookie. */
  async #endAll(
    group: GroupConfig,
    script: ScriptResource,
    termMs: number,
  ): Promise<readonly string[]> {
    const { programs } = this.#options;
    const left = new Set(await this.#endLoads(group));
    const recorded: ProcessIdentity[] = [];
    for (const run of ["start", "stop", "recover"] as const) {
      recorded.push(...(await this.#sessionOf(group, runName(script.name, run))));
      const stopped = await programs.stop(group.name, runName(script.name, run), termMs);
      if (stopped.kind === "failed") for (const pid of stopped.left) left.add(`process ${pid}`);
    }
    const { cookie } = this.#place(group, script.name);
    const family = { recorded, cookie, variable: "KAGE_SCRIPT", cgroups: [] };
    const rest = await endProgram({ ...family, sinceTicks: 0, spared: null }, 0, KILL_TIMEOUT_MS);
    for (const pid of rest.left) left.add(`process ${pid}`);
    return [...left];
  }

  /** Members of a run's session, read before its record is cleared. */
  async #sessionOf(group: GroupConfig, resource: string): Promise<readonly ProcessIdentity[]> {
    if (this.#options.hasCgroups) return [];
    const { parent } = await readRecord(this.#place(group, resource).dir);
    return parent === null ? [] : membersOfSession(parent);
  }

  /** A note that cannot be written must not keep a group from being stopped. */
  async #tryNote(dir: string, note: ScriptNote): Promise<void> {
    try {
      await writeScriptNote(dir, note);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.note("host.trouble", { text: `${dir}: ${error.message}` });
    }
  }

  #place(group: GroupConfig, resource: string): ReturnType<typeof placeRecord> {
    const { runDir, server } = this.#context.local;
    return placeRecord(runDir, server, group.name, resource);
  }

  #logPath(group: string, resource: string): string {
    const name = `${toSegment(group)}-${toSegment(resource)}.log`;
    return join(this.#context.local.stateDir, "log", name);
  }

  #watchLog(group: string, resource: string): void {
    this.#logs.add(this.#logPath(group, resource));
    if (this.#logTimer === null) this.#lookLater();
  }

  /** The runner cuts the output of what it watches; a daemon goes on writing after its script. */
  async #cutLogs(): Promise<void> {
    for (const path of this.#logs) {
      try {
        await cutLog(path, LOG_LIMIT_BYTES);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        const text = `output of a script: ${error.message}`;
        if (!this.#untrimmed.has(path)) this.#options.note("host.trouble", { text });
        this.#untrimmed.add(path);
      }
    }
    this.#lookLater();
  }

  /** The next look comes after this one has ended, however slow the disk is. */
  #lookLater(): void {
    if (this.#closed) return;
    if (this.#logTimer !== null) clearTimeout(this.#logTimer);
    const inMs = this.#shots.isBusy ? BUSY_LOOK_MS : QUIET_LOOK_MS;
    this.#logTimer = setTimeout(() => void this.#cutLogs(), inMs).unref();
  }
}

interface Failure {
  /** False = nothing of it ever ran. */
  readonly launched: boolean;
  readonly reason: string;
}
