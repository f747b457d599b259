/**
 * The agent watches the pulse (guide 1.2.1(3), R21-R23): one that is silent is ended so that its supervisor
 * starts it anew, and when it does not come back before the lease it carried runs out, the agent executes
 * the last will in its stead. At a level other than `emergency` (D24) the server stays on when everything of the
 * groups is proved gone: without a pulse nobody holds a lease, so that not even `restart` can spare them.
 * Source: architecture.md 2; protocol.md P7; D24.
 */
import { join } from "node:path";
import { type ProcessIdentity, readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import { findListener } from "../../hal/drivers/process-tree/socket-owner.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs, type Facts, overdueMs } from "../../services/facts.ts";
import { drawFullWill } from "../full-will.ts";
import { openHostPorts } from "../host-ports.ts";
import type { ServerContext } from "../local.ts";
import { executeWill } from "../will.ts";
import { keepEmergency } from "./emergency.ts";

/** A real-time pulse is never this late. */
const STALL_MIN_MS = 100;
/** One late word is load, three are a pulse that does not run. */
const MISSED_WORDS = 3;
/** The will takes some 20 ms and this process may be late itself: begin before the lease ends. */
const LEAD_MAX_MS = 60;
const WILL_MS = 1000;
/**
 * A pulse that is being started may take so long to greet, on a busy host; one that is stopped by a signal
 * is not waited for.
 */
const GREETING_MS = 5000;
/** One turn of the event loop: whatever has arrived is read before the second look. */
const SECOND_LOOK_MS = 2;
/** Past that moment it looks this often. */
const LOOK_MS = 10;

export class PulseWatch {
  readonly #context: ServerContext;
  readonly #note: (key: string, data: NoteData) => void;
  readonly #onOutside: () => void;
  #identity: ProcessIdentity | null = null;
  #member: Facts | null = null;
  #heardAtMs = 0;
  /** First look at which the socket was connected; null = it was not. */
  #linkedAtMs: number | null = null;
  /** The pulse at the other end has said who it is. */
  #isKnown = false;
  /** It knows what this server is: a new pulse that was not taught yet speaks of no lease at all. */
  #isTaught = false;
  #greeted = 0;
  #killed = false;
  /** When a look first found the pulse overdue; only a second one, with the socket read in between, counts. */
  #doubtedAtMs: number | null = null;
  #gone = false;

  /** `onOutside`: the groups are given up and the server stays on, in no view any more (D24). */
  constructor(
    context: ServerContext,
    note: (key: string, data: NoteData) => void,
    onOutside: () => void,
  ) {
    this.#context = context;
    this.#note = note;
    this.#onOutside = onOutside;
  }

  greet(pid: number, atMs: number): void {
    this.#heardAtMs = atMs;
    this.#doubtedAtMs = null;
    const identity = readProcess(pid);
    this.#identity = identity === null ? null : { pid, startTicks: identity.startTicks };
    this.#killed = false;
    this.#isKnown = true;
    this.#isTaught = false;
    this.#greeted += 1;
    if (this.#greeted > 1) this.#note("pulse.restarted", {});
  }

  /** The connection is gone: whoever comes next has to greet. */
  lose(): void {
    this.#linkedAtMs = null;
    this.#isKnown = false;
    this.#identity = null;
    this.#killed = false;
  }

  /** The last will has been executed here: nothing may start any more in this process. */
  get hasGivenUp(): boolean {
    return this.#gone;
  }

  hear(facts: Facts, atMs: number): void {
    this.#heardAtMs = atMs;
    this.#doubtedAtMs = null;
    this.#isTaught = facts.server !== "observing";
    if (facts.view !== null && this.#isTaught) this.#member = facts;
  }

  hearAlive(word: AliveWord, atMs: number): void {
    this.#heardAtMs = atMs;
    this.#doubtedAtMs = null;
    const { leaseUntilMs, ackedMs } = word;
    if (this.#member === null || !this.#isTaught) return;
    this.#member = { ...this.#member, leaseUntilMs, ackedMs };
  }

  /** Facts of the newest view, with the lease of the newest word; null = there was none. */
  get member(): Facts | null {
    return this.#member;
  }

  /** What a new pulse has to be taught before it can go on leaving or stopping. */
  resumeWish(): Wish | null {
    const known = this.#member;
    if (known?.view == null) return null;
    return { kind: "resume", view: known.view, ackedStampMs: known.ackedMs, remembered: true };
  }

  tick(atMs: number, connected: boolean, runs: boolean): void {
    if (this.#gone) return;
    this.#linkedAtMs = connected ? (this.#linkedAtMs ?? atMs) : null;
    const { budget } = this.#context.config;
    const missedMs = MISSED_WORDS * alivePeriodMs(budget.intervalMs);
    // Half of T: a slow pulse gets its chance, a stopped one can still be back before the lease ends.
    const stallMs = Math.max(STALL_MIN_MS, missedMs, budget.timeoutMs / 2);
    const silentMs = atMs - this.#heardAtMs;
    // What a connection has not brought yet is not missed before it could come.
    const quietMs = this.#isKnown ? silentMs : atMs - (this.#linkedAtMs ?? atMs);
    const hangsAfterMs = this.#isKnown ? stallMs : Math.max(stallMs, GREETING_MS);
    // A stopped process is stopped: no reason to wait for three words.
    const lateMs = missedMs / 2;
    const overdueAfterMs = overdueMs(budget.intervalMs);
    // This process may have been late itself, between reading the socket and looking at the clock.
    const doubted = this.#doubtedAtMs !== null;
    const isDoubtful = connected && quietMs >= Math.min(lateMs, overdueAfterMs);
    this.#doubtedAtMs = isDoubtful ? (this.#doubtedAtMs ?? atMs) : null;
    if (isDoubtful && doubted && !this.#killed) {
      if (quietMs >= hangsAfterMs || (quietMs >= lateMs && this.#isStopped())) this.#end(quietMs);
    }
    const until = this.#member?.leaseUntilMs ?? null;
    // A pulse that was not taught yet speaks, but watches no lease: until then this watch is the only one.
    const isCarried = connected && this.#isKnown && this.#isTaught;
    const missed = !isCarried || (silentMs >= overdueAfterMs && doubted);
    const overdue = until !== null && atMs > until - this.#leadMs() && missed;
    if (runs && overdue) void this.#giveUp(connected);
  }

  /** Moment at which the watch has to look again, ms; Infinity = the pulse is not missed. */
  nextDeadlineMs(nowMs: number): number {
    const until = this.#member?.leaseUntilMs ?? null;
    if (this.#gone) return Number.POSITIVE_INFINITY;
    const secondLookMs = (this.#doubtedAtMs ?? Number.NEGATIVE_INFINITY) + SECOND_LOOK_MS;
    if (secondLookMs > nowMs) return secondLookMs;
    if (until === null) return Number.POSITIVE_INFINITY;
    return Math.max(until - this.#leadMs(), nowMs + LOOK_MS);
  }

  /** Stopped by a signal (state T of proc(5)): it will not come back by waiting. */
  #isStopped(): boolean {
    const identity = this.#whoListens();
    return identity !== null && readProcess(identity.pid)?.state === "T";
  }

  /** A pulse that was stopped before it could greet is known to the kernel alone. */
  #whoListens(): ProcessIdentity | null {
    this.#identity ??= findListener(join(this.#context.local.runDir, "pulse.sock"));
    return this.#identity;
  }

  #leadMs(): number {
    return Math.min(LEAD_MAX_MS, this.#context.config.budget.timeoutMs / 5);
  }

  #end(silentMs: number): void {
    this.#killed = true;
    this.#note("pulse.stalled", { silentMs: Math.round(silentMs) });
    const identity = this.#whoListens();
    if (identity === null || readProcess(identity.pid)?.startTicks !== identity.startTicks) return;
    process.kill(identity.pid, "SIGKILL");
  }

  /** For the status after the restart (R108); a folder that refuses must not keep the server up. */
  #keep(record: NoteData): void {
    try {
      keepEmergency(this.#context.local.stateDir, record);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#note("host.trouble", { text });
    }
  }

  async #giveUp(connected: boolean): Promise<void> {
    this.#gone = true;
    const { method, internalFailure = "emergency" } = this.#context.config;
    const ports = openHostPorts(this.#context, (text) => this.#note("host.trouble", { text }));
    // A pulse that only hangs would wake as the owner; the next one knows no view before it is taught one.
    const pulse = internalFailure === "emergency" ? null : this.#whoListens();
    const kill =
      pulse === null ? [] : [{ role: "pulse", pid: pulse.pid, startTime: pulse.startTicks }];
    const { kind } = await executeWill(
      drawFullWill(this.#context, kill),
      { addresses: ports.addresses },
      WILL_MS,
    );
    const isProved = kind === "completed" && (pulse !== null || !connected);
    const staysOn = internalFailure !== "emergency" && isProved;
    const evidence = `pulse did not come back before the end of the lease; will ${kind}`;
    const epoch = this.#member?.floor ?? 0;
    const data = { method, reason: "pulse-lost", evidence, epoch };
    if (staysOn) {
      this.#note("give-up.started", data);
      return this.#onOutside();
    }
    this.#note("emergency-shutdown", data);
    this.#keep({ ...data, at: new Date().toISOString() });
    ports.off.off("emergency");
  }
}
