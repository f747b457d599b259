/**
 * The watch of a simulated agent on its pulse, as firmware/agent/pulse-watch.ts keeps it: one that is silent is
 * ended, so that its supervisor starts it anew, and when the lease runs out before anybody speaks again, the
 * agent gives up in its stead. Source: R21-R23; protocol.md P7; D24.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { type AliveWord, alivePeriodMs, type Facts, overdueMs } from "../../services/facts.ts";
import type { SwarmHost } from "./host.ts";

const LEAD_MAX_MS = 60;
const STALL_MIN_MS = 100;
const MISSED_WORDS = 3;

export class SwarmPulseWatch {
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #wordMs: number;
  #heardAtMs: number;
  /** Newest word of the pulse of any kind. */
  wordAtMs: number;
  #member: Facts | null = null;
  #greeted = 0;
  #isKilled = false;
  #isLeaseOver = false;
  #isLinked = false;
  /** The pulse knows what this server is. */
  #isTaught = false;

  constructor(host: SwarmHost, config: ClusterConfig) {
    this.#host = host;
    this.#config = config;
    this.#wordMs = alivePeriodMs(config.budget.intervalMs);
    this.#heardAtMs = host.localMs();
    this.wordAtMs = this.#heardAtMs;
  }

  /** Facts of the newest view, with the lease of the newest word; null = there was none. */
  get member(): Facts | null {
    return this.#member;
  }

  /** Its own last will has run: nothing starts any more in this process. */
  get hasGivenUp(): boolean {
    return this.#isLeaseOver;
  }

  greet(): void {
    this.#heardAtMs = this.#host.localMs();
    this.#isKilled = false;
    this.#greeted += 1;
    if (this.#greeted > 1) this.#host.world.note(this.#host.index, "pulse.restarted", {});
    this.#isLinked = true;
    this.#isTaught = false;
  }

  miss(): void {
    this.#isLinked = false;
  }

  hear(facts: Facts): void {
    this.#heardAtMs = this.#host.localMs();
    this.wordAtMs = this.#heardAtMs;
    this.#isTaught = facts.server !== "observing";
    if (facts.view !== null && this.#isTaught) this.#member = facts;
  }

  hearAlive({ leaseUntilMs, ackedMs }: AliveWord): void {
    this.#heardAtMs = this.#host.localMs();
    this.wordAtMs = this.#heardAtMs;
    if (this.#member === null || !this.#isTaught) return;
    this.#member = { ...this.#member, leaseUntilMs, ackedMs };
  }

  /** Own clock; `runs`: this server runs a group. */
  dueMs(runs: boolean): number {
    const stallMs = this.#isKilled ? Number.POSITIVE_INFINITY : this.#heardAtMs + this.#stallMs();
    const untilMs = this.#member?.leaseUntilMs ?? null;
    if (untilMs === null || this.#isLeaseOver || !runs) return stallMs;
    const overdue = this.#heardAtMs + overdueMs(this.#config.budget.intervalMs);
    return Math.min(stallMs, Math.max(untilMs - this.#leadMs(), this.#isCarried ? overdue : 0));
  }

  look(atMs: number, runs: () => boolean): void {
    const silentMs = atMs - this.#heardAtMs;
    if (silentMs >= this.#stallMs() && !this.#isKilled) {
      this.#isKilled = true;
      const data = { silentMs: Math.round(silentMs) };
      this.#host.world.note(this.#host.index, "pulse.stalled", data);
      this.#host.killPulse("stalled");
    }
    const untilMs = this.#member?.leaseUntilMs ?? null;
    if (!runs() || this.#isLeaseOver || untilMs === null) return;
    const isHeard = silentMs < overdueMs(this.#config.budget.intervalMs) && this.#isCarried;
    if (atMs <= untilMs - this.#leadMs() || isHeard) return;
    this.#isLeaseOver = true;
    const { internalFailure = "emergency" } = this.#config;
    this.#host.executeWillOfAgent(internalFailure !== "emergency");
  }

  /** A pulse that was not taught yet speaks, but watches no lease. */
  get #isCarried(): boolean {
    return this.#isLinked && this.#isTaught;
  }

  /** A stopped process is stopped: no reason to wait for three words. */
  #stallMs(): number {
    const missedMs = MISSED_WORDS * this.#wordMs;
    if (this.#host.pulse?.isStopped === true) return missedMs / 2;
    return Math.max(STALL_MIN_MS, missedMs, this.#config.budget.timeoutMs / 2);
  }

  #leadMs(): number {
    return Math.min(LEAD_MAX_MS, this.#config.budget.timeoutMs / 5);
  }
}
