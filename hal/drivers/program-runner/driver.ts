/**
 * Runs the monitored programs of failover groups so that they outlive the agent, and takes them
 * over again.
 * Intuition: the agent is a guest, the group is the host's reason to be. A program belongs to a
 * small parent that keeps the run record; the agent watches, directly while the parent is its
 * child, by the record after a restart.
 * Source: requirements R44, R51-R53; architecture.md 2; protocol.md P3, P4.
 */
import { join } from "node:path";
import { assert } from "../../base/assert.ts";
import type {
  ProgramAdopted,
  ProgramEnd,
  ProgramExit,
  ProgramPort,
  ProgramRun,
  ProgramSpec,
  ProgramStarted,
  ProgramStopped,
} from "../../ports/host.ts";
import { isAlive, type ProcessIdentity } from "../process-tree/process-tree.ts";
import { makeCgroup, removeCgroup } from "./cgroup.ts";
import { endProgram } from "./ending.ts";
import { DEFAULT_PATH, inheritedEnvironment, programEnvironment } from "./environment.ts";
import { findExecutable } from "./executable.ts";
import { launch } from "./launch.ts";
import { CHECK_INTERVAL_MS, cutLog, openLog } from "./program-log.ts";
import {
  clearRecord,
  isSystemError,
  listRecords,
  livingOf,
  placeRecord,
  type RecordPlace,
  type RunRecord,
  readRecord,
  toSegment,
} from "./record.ts";
import { endOf, Watching } from "./watching.ts";

export interface ProgramRunnerOptions {
  /** Absolute; run records go to `<runDir>/programs`. Should be in memory (tmpfs). */
  readonly runDir: string;
  /** Absolute; output goes to `<stateDir>/log/<group>-<resource>.log`. */
  readonly stateDir: string;
  /** This server's name (KAGE_SERVER). */
  readonly server: string;
  /** From `detectCgroupRoot()`; null = sessions and cookies only. */
  readonly cgroupRoot: string | null;
  /** Hears of trouble that changes no answer, e.g. output that goes nowhere. */
  readonly report: (text: string) => void;
  /**
   * What programs inherit; default: PATH, HOME, USER, LANG, LC_ALL, TZ, TMPDIR, KAGE_TREE of this
   * process.
   */
  readonly baseEnv?: Readonly<Record<string, string>>;
  /** Working folder of programs, default `/`. */
  readonly cwd?: string;
  /** Output file limit, bytes, default 1 MiB; one older part of the same size is kept. */
  readonly logLimitBytes?: number;
  /** Time for KILL to be effective, ms, default 2000. */
  readonly killTimeoutMs?: number;
}

const LOG_LIMIT_BYTES = 1024 * 1024;
const KILL_TIMEOUT_MS = 2000;

export function createProgramRunner(options: ProgramRunnerOptions): ProgramPort {
  return new ProgramRunner(options);
}

class ProgramRunner implements ProgramPort {
  readonly #options: ProgramRunnerOptions;
  readonly #watched = new Map<string, Watching>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #logTimer: NodeJS.Timeout;
  #listener: (exit: ProgramExit) => void = () => undefined;
  #cutting = false;

  constructor(options: ProgramRunnerOptions) {
    assert(options.runDir.startsWith("/") && options.stateDir.startsWith("/"), "absolute folders");
    this.#options = options;
    this.#logTimer = setInterval(() => void this.#cutLogs(), CHECK_INTERVAL_MS).unref();
  }

  start(spec: ProgramSpec): Promise<ProgramStarted> {
    const place = this.#place(spec.group, spec.resource);
    return this.#inTurn(place.dir, async () => {
      try {
        return await this.#start(spec, place);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        return { kind: "failed", detail: `${spec.group}/${spec.resource}: ${error.message}` };
      }
    });
  }

  adopt(group: string, resource: string): Promise<ProgramAdopted | null> {
    const place = this.#place(group, resource);
    return this.#inTurn(place.dir, async () => {
      const known = this.#watched.get(place.dir);
      if (known !== undefined) return { kind: "running", run: known.run };
      const record = await readRecord(place.dir);
      if (record.program === null) return null;
      const run = this.#runOf(group, resource, place, record.program, this.#cgroupOf(place));
      if (isAlive(record.program)) {
        this.#keep(run, record).watchRecord();
        return { kind: "running", run };
      }
      const end = endOf(record.exitStatus);
      return { kind: "exited", exit: { group, resource, pid: run.pid, end, duringStop: false } };
    });
  }

  stop(group: string, resource: string, stopTimeoutMs: number): Promise<ProgramStopped> {
    const place = this.#place(group, resource);
    const beganAtMs = performance.now();
    // Marked at once: an end between the order and its turn is no failure of the program.
    const early = this.#watched.get(place.dir);
    if (early !== undefined) early.stopping = true;
    return this.#inTurn(place.dir, async () => {
      const watched = this.#watched.get(place.dir);
      if (watched !== undefined) watched.stopping = true;
      const record = await this.#tryRead(place.dir);
      const cgroup = this.#cgroupOf(place);
      const recorded = [...livingOf(record), ...(watched === undefined ? [] : ownOf(watched))];
      const ending = { recorded, cookie: place.cookie, cgroup };
      const { left, killed } = await endProgram(ending, stopTimeoutMs, this.#killTimeoutMs());
      if (left.length > 0) {
        const who = `${group}/${resource}: processes ${left.join(", ")}`;
        const detail = `${who} survived SIGKILL; they may hang on a device`;
        return { kind: "failed", left, detail };
      }
      await watched?.awaitEnd();
      await this.#forget(place, cgroup);
      return { kind: "stopped", tookMs: performance.now() - beganAtMs, killed };
    });
  }

  async list(): Promise<readonly ProgramRun[]> {
    const runs: ProgramRun[] = [];
    for (const { group, resource } of await listRecords(this.#options.runDir)) {
      const place = this.#place(group, resource);
      const { program } = await readRecord(place.dir);
      if (program === null || !isAlive(program)) continue;
      runs.push(this.#runOf(group, resource, place, program, this.#cgroupOf(place)));
    }
    return runs;
  }

  onExit(listener: (exit: ProgramExit) => void): void {
    this.#listener = listener;
  }

  close(): void {
    clearInterval(this.#logTimer);
    for (const watched of this.#watched.values()) watched.close();
    this.#watched.clear();
    this.#listener = () => undefined;
  }

  async #start(spec: ProgramSpec, place: RecordPlace): Promise<ProgramStarted> {
    const { group, resource } = spec;
    const running = this.#watched.get(place.dir);
    if (running !== undefined) return { kind: "already-running", run: running.run };
    const base = this.#options.baseEnv ?? inheritedEnvironment();
    const env = programEnvironment(base, spec, this.#options.server, place.cookie);
    const cwd = this.#options.cwd ?? "/";
    const found = await findExecutable(spec.argv[0] ?? "", env["PATH"] ?? DEFAULT_PATH, cwd);
    if (found.kind === "missing") return { kind: "failed", detail: found.detail };
    const record = await readRecord(place.dir);
    if (record.program !== null && isAlive(record.program)) {
      const run = this.#runOf(group, resource, place, record.program, this.#cgroupOf(place));
      this.#keep(run, record).watchRecord();
      return { kind: "already-running", run };
    }
    const cgroup = this.#cgroupOf(place);
    const trouble = record.exists ? await this.#clearLeftovers(record, place, cgroup) : null;
    if (trouble !== null) return { kind: "failed", detail: trouble };
    await clearRecord(place.dir);
    const usable = cgroup !== null && makeCgroup(cgroup) ? cgroup : null;
    const log = await openLog(this.#logPath(group, resource), this.#logLimitBytes());
    if (log.kind === "failed") this.#options.report(`output is lost: ${log.detail}`);
    try {
      return await this.#launch(spec, place, {
        executable: found.path,
        argv: spec.argv,
        env,
        cwd,
        recordDir: place.dir,
        cgroup: usable,
        outputFd: log.kind === "opened" ? log.file.fd : null,
      });
    } finally {
      if (log.kind === "opened") await log.file.close();
    }
  }

  async #launch(
    spec: ProgramSpec,
    place: RecordPlace,
    order: Parameters<typeof launch>[0],
  ): Promise<ProgramStarted> {
    let watched: Watching | null = null;
    let closed: { status: number | null } | null = null;
    const result = await launch(order, (status) => {
      closed = { status };
      watched?.parentEnded(status);
    });
    if (result.kind === "failed") {
      // A late exec must not leave a program that nobody knows of.
      const rest = await this.#clearLeftovers(await readRecord(place.dir), place, order.cgroup);
      return rest === null ? result : { kind: "failed", detail: `${result.detail}; ${rest}` };
    }
    const cgroup = result.inCgroup ? order.cgroup : null;
    const run = this.#runOf(spec.group, spec.resource, place, result.program, cgroup);
    const record = await readRecord(place.dir);
    watched = this.#keep(run, record);
    // Read through a call: the callback above may have run while the record was read.
    const ended = ((): { status: number | null } | null => closed)();
    if (ended !== null) {
      const early = watched;
      setImmediate(() => early.parentEnded(ended.status));
    }
    return { kind: "started", run, outputLost: order.outputFd === null };
  }

  /**
   * Children of a crashed run may hold its port: nothing of it may live when the next run starts.
   */
  async #clearLeftovers(
    record: RunRecord,
    place: RecordPlace,
    cgroup: string | null,
  ): Promise<string | null> {
    const ending = { recorded: livingOf(record), cookie: place.cookie, cgroup };
    const { left } = await endProgram(ending, 0, this.#killTimeoutMs());
    if (left.length === 0) return null;
    return `${place.cookie}: processes ${left.join(", ")} of the run before cannot be killed`;
  }

  #keep(run: ProgramRun, record: RunRecord): Watching {
    const onEnd = (ended: Watching, end: ProgramEnd): void => {
      if (this.#watched.get(run.recordDir) === ended) this.#watched.delete(run.recordDir);
      const { group, resource, pid } = run;
      this.#listener({ group, resource, pid, end, duringStop: ended.stopping });
    };
    const watching = new Watching({ run, record, report: this.#options.report, onEnd });
    this.#watched.set(run.recordDir, watching);
    return watching;
  }

  async #forget(place: RecordPlace, cgroup: string | null): Promise<void> {
    try {
      await clearRecord(place.dir);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.report(`${place.dir}: record of a stopped program stays: ${error.message}`);
    }
    if (cgroup !== null) removeCgroup(cgroup);
  }

  async #tryRead(dir: string): Promise<RunRecord> {
    try {
      return await readRecord(dir);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.report(`${dir}: ${error.message}`);
      return { exists: false, parent: null, program: null, exitStatus: null };
    }
  }

  async #cutLogs(): Promise<void> {
    if (this.#cutting) return;
    this.#cutting = true;
    for (const { run } of this.#watched.values()) {
      try {
        await cutLog(this.#logPath(run.group, run.resource), this.#logLimitBytes());
      } catch (error) {
        if (!isSystemError(error)) throw error;
        this.#options.report(`output of ${run.group}/${run.resource}: ${error.message}`);
      }
    }
    this.#cutting = false;
  }

  /** Orders for one program run one after the other, whoever gives them. */
  #inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key) ?? Promise.resolve();
    const mine = before.then(act, act);
    this.#queues.set(key, mine);
    const clear = (): void => {
      if (this.#queues.get(key) === mine) this.#queues.delete(key);
    };
    mine.then(clear, clear);
    return mine;
  }

  #runOf(
    group: string,
    resource: string,
    place: RecordPlace,
    program: { readonly pid: number; readonly startTicks: number },
    cgroup: string | null,
  ): ProgramRun {
    const { pid, startTicks } = program;
    return { group, resource, pid, startTicks, recordDir: place.dir, cookie: place.cookie, cgroup };
  }

  #place(group: string, resource: string): RecordPlace {
    return placeRecord(this.#options.runDir, this.#options.server, group, resource);
  }

  #cgroupOf(place: RecordPlace): string | null {
    const { cgroupRoot } = this.#options;
    return cgroupRoot === null ? null : join(cgroupRoot, place.cgroupName);
  }

  #logPath(group: string, resource: string): string {
    const name = `${toSegment(group)}-${toSegment(resource)}.log`;
    return join(this.#options.stateDir, "log", name);
  }

  #logLimitBytes(): number {
    return this.#options.logLimitBytes ?? LOG_LIMIT_BYTES;
  }

  #killTimeoutMs(): number {
    return this.#options.killTimeoutMs ?? KILL_TIMEOUT_MS;
  }
}

/** Known from memory, should the record be unreadable by now. */
function ownOf({ run, record }: Watching): ProcessIdentity[] {
  return record.parent === null ? [run] : [run, record.parent];
}
