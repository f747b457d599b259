/**
 * Runs the monitored programs of failover groups so that they outlive the agent, and takes them
 * over again.
 * Intuition: the agent is a guest, the group is the host's reason to be. A program belongs to a
 * small parent that keeps the run record; the agent watches, directly while the parent is its
 * child, by the record after a restart.
 * Source: requirements R44, R51-R53; architecture.md 2; protocol.md P3, P4.
 */
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
import { listCgroup, removeCgroup } from "./cgroup.ts";
import { type Ending, endProgram } from "./ending.ts";
import type { Parent } from "./launch.ts";
import { makeParent, orderKey } from "./making.ts";
import { type Held, Parking } from "./parking.ts";
import { CHECK_INTERVAL_MS, cutLog } from "./program-log.ts";
import {
  clearRecord,
  isSystemError,
  type Known,
  listRecords,
  livingOf,
  type RecordPlace,
  type RunRecord,
  readRecord,
} from "./record.ts";
import { type ProgramRunnerOptions, type Settings, settle } from "./settings.ts";
import { endOf, Watching } from "./watching.ts";

export function createProgramRunner(options: ProgramRunnerOptions): ProgramPort {
  return new ProgramRunner(options);
}

class ProgramRunner implements ProgramPort {
  readonly #settings: Settings;
  readonly #parking: Parking;
  readonly #watched = new Map<string, Watching>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #logTimer: NodeJS.Timeout;
  #listener: (exit: ProgramExit) => void = () => undefined;
  #cutting = false;

  constructor(options: ProgramRunnerOptions) {
    this.#settings = settle(options);
    const prepare = (spec: ProgramSpec): void => void this.prepare(spec);
    this.#parking = new Parking(this.#settings.parkDelayMs, prepare);
    this.#logTimer = setInterval(() => void this.#cutLogs(), CHECK_INTERVAL_MS).unref();
  }

  prepare(spec: ProgramSpec): Promise<void> {
    const place = this.#settings.place(spec.group, spec.resource);
    return this.#inTurn(place.dir, async () => {
      try {
        const trouble = await this.#prepare(spec, place);
        if (trouble !== null) this.#settings.report(`not prepared, starts late: ${trouble}`);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        this.#settings.report(`${place.cookie}: not prepared, starts late: ${error.message}`);
      }
    });
  }

  start(spec: ProgramSpec): Promise<ProgramStarted> {
    const place = this.#settings.place(spec.group, spec.resource);
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
    const place = this.#settings.place(group, resource);
    return this.#inTurn(place.dir, async () => {
      const known = this.#watched.get(place.dir);
      if (known !== undefined) return { kind: "running", run: known.run };
      const record = await readRecord(place.dir);
      if (record.program === null) return null;
      const run = this.#runOf(group, resource, place, record.program);
      if (isAlive(record.program)) {
        this.#keep(run, record).watchRecord();
        return { kind: "running", run };
      }
      const end = endOf(record.exitStatus);
      return { kind: "exited", exit: { group, resource, pid: run.pid, end, duringStop: false } };
    });
  }

  stop(group: string, resource: string, stopTimeoutMs: number): Promise<ProgramStopped> {
    const place = this.#settings.place(group, resource);
    const beganAtMs = performance.now();
    // Marked at once: an end between the order and its turn is no failure of the program.
    const early = this.#watched.get(place.dir);
    if (early !== undefined) early.stopping = true;
    return this.#inTurn(place.dir, async () => {
      const watched = this.#watched.get(place.dir);
      if (watched !== undefined) watched.stopping = true;
      const record = await this.#tryRead(place.dir);
      const recorded = [
        ...livingOf(record),
        ...(watched === undefined ? [] : livingOf(knownOf(watched))),
      ];
      const nets = this.#netsOf(place, this.#parking.get(place.dir));
      const ending = { recorded, sinceTicks: 0, ...nets };
      const { killTimeoutMs } = this.#settings;
      const { left, killed } = await endProgram(ending, stopTimeoutMs, killTimeoutMs);
      if (left.length > 0) {
        const who = `${group}/${resource}: processes ${left.join(", ")}`;
        const detail = `${who} survived SIGKILL; they may hang on a device`;
        return { kind: "failed", left, detail };
      }
      await watched?.awaitEnd();
      await this.#forget(place, nets.cgroups);
      this.#parking.cleaned(place.dir);
      this.#parking.later(place.dir);
      return { kind: "stopped", tookMs: performance.now() - beganAtMs, killed };
    });
  }

  async list(): Promise<readonly ProgramRun[]> {
    const runs: ProgramRun[] = [];
    for (const { group, resource } of await listRecords(this.#settings.runDir)) {
      const place = this.#settings.place(group, resource);
      const { program } = await readRecord(place.dir);
      if (program === null || !isAlive(program)) continue;
      runs.push(this.#runOf(group, resource, place, program));
    }
    return runs;
  }

  onExit(listener: (exit: ProgramExit) => void): void {
    this.#listener = listener;
  }

  close(): void {
    clearInterval(this.#logTimer);
    this.#parking.close();
    for (const watched of this.#watched.values()) watched.close();
    this.#watched.clear();
    this.#listener = () => undefined;
  }

  /** Null when a parent waits for this order, or when the order will find its program alive. */
  async #prepare(spec: ProgramSpec, place: RecordPlace): Promise<string | null> {
    const { dir } = place;
    const key = orderKey(spec, place, this.#settings);
    this.#parking.remember(dir, spec);
    if (this.#parking.get(dir)?.key === key) return null;
    this.#parking.drop(dir);
    const running = this.#watched.get(dir);
    if (running === undefined) {
      const record = await readRecord(dir);
      if (record.program !== null && isAlive(record.program)) return null;
      const trouble = record.exists ? await this.#clearLeftovers(record, place, null) : null;
      if (trouble !== null) return trouble;
      await clearRecord(dir);
    }
    const folders = this.#settings.cgroups(place);
    const cgroup = folders.find((folder) => folder !== running?.run.cgroup) ?? null;
    const made = await makeParent({ spec, place, cgroup, runs: "later" }, this.#settings);
    if (made.kind === "failed") return made.detail;
    const { parent } = made;
    const parked = await parent.parked();
    if (parked.kind === "failed") {
      parent.end();
      return parked.detail;
    }
    const behind = running === undefined ? null : knownOf(running);
    const { identity } = parked;
    this.#parking.hold(dir, { key, parent, identity, cgroup: made.cgroup, behind });
    return null;
  }

  async #start(spec: ProgramSpec, place: RecordPlace): Promise<ProgramStarted> {
    const running = this.#watched.get(place.dir);
    if (running !== undefined) return { kind: "already-running", run: running.run };
    this.#parking.remember(place.dir, spec);
    const held = this.#parking.take(place.dir, orderKey(spec, place, this.#settings));
    if (held !== null) {
      const started = await this.#startParked(spec, place, held);
      if (started.kind !== "failed") return started;
      this.#settings.report(`parked parent: ${started.detail}; the program is started anew`);
    }
    const record = await readRecord(place.dir);
    if (record.program !== null && isAlive(record.program)) {
      const run = this.#runOf(spec.group, spec.resource, place, record.program);
      this.#keep(run, record).watchRecord();
      return { kind: "already-running", run };
    }
    const isUsed = record.exists || held !== null;
    const trouble = isUsed ? await this.#clearLeftovers(record, place, null) : null;
    if (trouble !== null) return { kind: "failed", detail: trouble };
    await clearRecord(place.dir);
    const cgroup = this.#settings.cgroups(place)[0] ?? null;
    const made = await makeParent({ spec, place, cgroup, runs: "now" }, this.#settings);
    if (made.kind === "failed") return made;
    return this.#launch(spec, place, made);
  }

  /** One word to the parked parent; nothing is read but the processes of a run that crashed. */
  async #startParked(spec: ProgramSpec, place: RecordPlace, held: Held): Promise<ProgramStarted> {
    const { behind, parent, cgroup } = held;
    const trouble = behind === null ? null : await this.#clearLeftovers(behind, place, held);
    if (trouble === null) return this.#launch(spec, place, { parent, cgroup, outputLost: false });
    parent.end();
    return { kind: "failed", detail: trouble };
  }

  async #launch(
    spec: ProgramSpec,
    place: RecordPlace,
    made: { readonly parent: Parent; readonly cgroup: string | null; readonly outputLost: boolean },
  ): Promise<ProgramStarted> {
    const { parent, outputLost } = made;
    const result = await parent.go();
    if (result.kind === "failed") {
      // A late exec must not leave a program that nobody knows of.
      parent.end();
      const rest = await this.#clearLeftovers(await readRecord(place.dir), place, null);
      return rest === null ? result : { kind: "failed", detail: `${result.detail}; ${rest}` };
    }
    const cgroup = result.inCgroup ? made.cgroup : null;
    const run = runAt(place, spec.group, spec.resource, result.program, cgroup);
    const watched = this.#keep(run, { program: result.program, parent: result.parent });
    // The answer to the start comes before the news of an end, however short the run was.
    void parent.ended.then((status) => setImmediate(() => watched.parentEnded(status)));
    this.#parking.later(place.dir);
    return { kind: "started", run, outputLost };
  }

  /**
   * Children of a crashed run may hold its port: nothing of it may live when the next run starts.
   */
  async #clearLeftovers(
    known: Known,
    place: RecordPlace,
    held: Held | null,
  ): Promise<string | null> {
    // A crashed run that this agent has watched began clean: all it left is younger than itself.
    const sinceTicks = held?.behind?.program?.startTicks ?? 0;
    const nets = this.#netsOf(place, held);
    const ending = { recorded: livingOf(known), sinceTicks, ...nets };
    const { left } = await endProgram(ending, 0, this.#settings.killTimeoutMs);
    if (left.length === 0) return null;
    return `${place.cookie}: processes ${left.join(", ")} of the run before cannot be killed`;
  }

  /** Where to look for what a run brought into the world, but not for the parent of the next. */
  #netsOf(place: RecordPlace, held: Held | null): Pick<Ending, "cookie" | "cgroups" | "spared"> {
    const cgroups = this.#settings.cgroups(place).filter((folder) => folder !== held?.cgroup);
    return { cookie: place.cookie, cgroups, spared: held?.identity ?? null };
  }

  #keep(run: ProgramRun, known: Known): Watching {
    const onEnd = (ended: Watching, end: ProgramEnd): void => {
      if (this.#watched.get(run.recordDir) === ended) this.#watched.delete(run.recordDir);
      const { group, resource, pid } = run;
      this.#listener({ group, resource, pid, end, duringStop: ended.stopping });
    };
    const watching = new Watching({ run, known, report: this.#settings.report, onEnd });
    this.#watched.set(run.recordDir, watching);
    return watching;
  }

  async #forget(place: RecordPlace, cgroups: readonly string[]): Promise<void> {
    try {
      await clearRecord(place.dir);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#settings.report(`${place.dir}: record of a stopped program stays: ${error.message}`);
    }
    for (const cgroup of cgroups) removeCgroup(cgroup);
  }

  async #tryRead(dir: string): Promise<RunRecord> {
    try {
      return await readRecord(dir);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#settings.report(`${dir}: ${error.message}`);
      return { exists: false, parent: null, program: null, exitStatus: null };
    }
  }

  async #cutLogs(): Promise<void> {
    if (this.#cutting) return;
    this.#cutting = true;
    for (const { run } of this.#watched.values()) {
      try {
        await cutLog(this.#settings.logPath(run.group, run.resource), this.#settings.logLimitBytes);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        this.#settings.report(`output of ${run.group}/${run.resource}: ${error.message}`);
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

  /** A run of an earlier agent: the kernel knows its folder. */
  #runOf(
    group: string,
    resource: string,
    place: RecordPlace,
    program: ProcessIdentity,
  ): ProgramRun {
    const folders = this.#settings.cgroups(place);
    const cgroup = folders.find((folder) => listCgroup(folder).includes(program.pid)) ?? null;
    return runAt(place, group, resource, program, cgroup);
  }
}

function runAt(
  place: RecordPlace,
  group: string,
  resource: string,
  { pid, startTicks }: ProcessIdentity,
  cgroup: string | null,
): ProgramRun {
  return { group, resource, pid, startTicks, recordDir: place.dir, cookie: place.cookie, cgroup };
}

/** Known from memory, should the record be unreadable by now. */
const knownOf = ({ run, known }: Watching): Known => ({ parent: known.parent, program: run });
