/**
 * One agent process of the simulator: the real failover core and the real boot decision; programs answer after
 * some milliseconds. It watches its pulse as firmware/agent/pulse-watch.ts does.
 */

import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Wish } from "../../services/events.ts";
import { alivePeriodMs, type Facts, overdueMs } from "../../services/facts.ts";
import { createFailover, nextDeadlineMs, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../services/failover/state.ts";
import { decodeWords, encodeWords, type RequestVerb } from "../../services/failover/words.ts";
import { decideBoot } from "../agent/boot.ts";
import type { SwarmHost } from "./host.ts";
import { SwarmRecord } from "./record.ts";

const LEAD_MAX_MS = 60;
/** From the start of a program that cannot work to its end. */
const PROGRAM_ENDS_MS = 200;

export class SwarmAgent {
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #record: SwarmRecord;
  readonly #tokenMs: number;
  state: FailoverState;
  alive = true;
  #frozenUntilMs = 0;
  #inbox: (() => void)[] = [];
  #booted = false;
  #welcome: Uint8Array | null = null;
  #will: { readonly revision: number; readonly covers: boolean } | null = null;
  #member: Facts | null = null;
  #heardAtMs: number;
  #pulseKilled = false;
  #progress = 0;
  #tokenAtMs = 0;
  #leaseOver = false;
  #linked = false;

  constructor(host: SwarmHost) {
    this.#host = host;
    this.#config = host.world.config;
    this.#record = new SwarmRecord(host);
    this.#tokenMs = Math.max(50, Math.min(1000, this.#config.budget.timeoutMs / 5));
    this.#heardAtMs = host.localMs();
    this.state = createFailover(host.index, this.#config);
    this.#loop();
  }

  get isFrozen(): boolean {
    return this.#host.world.clock.nowMs < this.#frozenUntilMs;
  }

  freeze(untilMs: number): void {
    this.#host.world.trace(`S${this.#host.index} agent frozen until ${untilMs}`);
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#host.world.clock.at(this.#frozenUntilMs, () => {
      if (!this.isFrozen) for (const run of this.#inbox.splice(0)) this.do(run);
    });
  }

  /** It has told its pulse what this server is, and could do so now. */
  get isAble(): boolean {
    return this.alive && !this.isFrozen && this.state.wish !== null;
  }

  /** Runs now, or at the thaw, or never when the process has ended by then. */
  do(run: () => void): void {
    if (!this.alive) return;
    if (this.isFrozen) this.#inbox.push(run);
    else run();
  }

  /** The pulse's socket is open. */
  greet(blob: Uint8Array): void {
    this.do(() => {
      this.#welcome = blob;
      this.#heardAtMs = this.#host.localMs();
      this.#pulseKilled = false;
      this.#linked = true;
      const will = this.#will;
      if (will !== null) this.#host.toPulse((pulse) => pulse.hearWill(will.revision, will.covers));
      if (this.#booted) this.#sendToken();
    });
  }

  miss(): void {
    this.do(() => {
      this.#linked = false;
      const { facts } = this.state;
      if (facts !== null) this.#takeFacts({ ...facts, holdsLease: false });
    });
  }

  hear(facts: Facts): void {
    this.do(() => {
      this.#heardAtMs = this.#host.localMs();
      if (facts.view !== null && facts.server !== "observing") this.#member = facts;
      const was = this.state.facts?.view ?? null;
      this.#takeFacts(facts);
      const left = was !== null && facts.view === null && facts.server !== "observing";
      if (this.#booted && left) this.#record.keep(this.state);
      this.#boot();
    });
  }

  order(verb: RequestVerb, group: number, target: number | null): void {
    this.do(() => {
      const atMs = this.#host.localMs();
      const commandId = "simulator";
      this.take({ kind: "operator.command", atMs, commandId, verb, group, target });
    });
  }

  take(event: AgentEvent): void {
    if (!this.alive) return;
    const before = this.state;
    const { state, effects } = step(before, event, this.#config);
    this.state = state;
    for (const effect of effects) this.#execute(effect);
    const words = effects.some(({ kind }) => kind === "words.changed");
    const due = event.atMs - this.#tokenAtMs >= this.#tokenMs;
    if (words || before.wish !== state.wish || due) this.#sendToken();
  }

  #takeFacts(facts: Facts): void {
    this.take({ kind: "facts.received", atMs: this.#host.localMs(), facts });
  }

  #loop(): void {
    this.#host.world.clock.after(this.#host.world.pace.lookMs + this.#host.latenessMs(), () => {
      if (!this.alive) return;
      if (!this.isFrozen) this.#look();
      this.#loop();
    });
  }

  #look(): void {
    const atMs = this.#host.localMs();
    const due = atMs - this.#tokenAtMs >= this.#tokenMs;
    if (due || atMs >= nextDeadlineMs(this.state)) this.take({ kind: "tick", atMs });
    const { timeoutMs, intervalMs } = this.#config.budget;
    const missedMs = 3 * alivePeriodMs(intervalMs);
    const stallMs = Math.max(100, missedMs, timeoutMs / 2);
    const silentMs = atMs - this.#heardAtMs;
    if (silentMs >= stallMs && !this.#pulseKilled) {
      this.#pulseKilled = true;
      this.#host.killPulse("stalled");
    }
    const until = this.#member?.leaseUntilMs ?? null;
    const leadMs = Math.min(LEAD_MAX_MS, timeoutMs / 5);
    const runs = this.state.groups.some(({ upCount }) => upCount > 0);
    if (!runs || this.#leaseOver || until === null) return;
    if (atMs <= until - leadMs || (silentMs < overdueMs(intervalMs) && this.#linked)) return;
    this.#leaseOver = true;
    this.#host.executeWillOfAgent();
  }

  #boot(): void {
    const { facts } = this.state;
    if (this.#booted || facts === null) return;
    const running = [...this.#host.running];
    const decision = decideBoot({
      loaded: this.#record.loaded(),
      belongs: true,
      host: this.#host.incarnation,
      facts,
      runs: running.some((runs) => runs),
      atMs: this.#host.localMs(),
      waitUntilMs: this.#host.startSyncEndMs(),
    });
    this.#booted = true;
    const kept = this.#welcome !== null && this.#welcome.length > 0 ? this.#welcome : null;
    const words = kept === null ? this.#record.words(decision.wish) : decodeWords(kept);
    const atMs = this.#host.localMs();
    this.#host.world.trace(`S${this.#host.index} boots as ${JSON.stringify(decision.wish)}`);
    const epoch = this.#host.flash?.epoch?.counter ?? 0;
    this.take({ kind: "restored", atMs, first: words === null, words, running, epoch });
    this.#record.begin(decision.consumes);
    this.#host.world.clock.after(2, () => this.do(() => this.#setWish(decision.wish)));
  }

  #setWish(wish: Wish): void {
    this.take({ kind: "wish.set", atMs: this.#host.localMs(), wish });
  }

  #sendToken(): void {
    this.#tokenAtMs = this.#host.localMs();
    const { wish, facts } = this.state;
    if (wish === null) return;
    this.#progress += 1;
    const progress = this.#progress;
    const blob = encodeWords(ownWords(this.state));
    const observing = facts?.server === "observing";
    const relearns = observing && (wish.kind === "leave" || wish.kind === "stop");
    const view = this.#member?.view ?? null;
    const ackedStampMs = this.#member?.ackedMs ?? null;
    const told: Wish =
      relearns && view !== null ? { kind: "resume", view, ackedStampMs, remembered: true } : wish;
    this.#host.toPulse((pulse) => pulse.hearToken(progress, blob, told));
  }

  #execute(effect: AgentEffect): void {
    const host = this.#host;
    switch (effect.kind) {
      case "will.deposit": {
        const { revision } = effect;
        const covers = effect.covers.some((cover) => cover);
        this.#will = { revision, covers };
        return host.toPulse((pulse) => pulse.hearWill(revision, covers));
      }
      case "resource.start":
      case "resource.stop":
        return this.#move(effect);
      case "mark.write":
        this.#record.writeMark(this.state);
        return this.#answer(effect.id, 3);
      case "view.hold":
        return this.#record.hold(this.state, () => this.#answer(effect.id, 0));
      case "table.persist":
        return this.#record.keep(this.state);
      case "server.off":
        return host.toPulse(() => host.off("planned"));
      case "give-up":
        return host.toPulse(() => host.executeWillOfAgent());
      // A script takes its milliseconds as any resource does; nobody here forces a server down.
      case "script.recover":
      case "force-off":
      case "words.changed":
        return;
      case "command.answer":
        host.world.answers.push(effect.code);
        return;
      case "note":
        return host.world.note(host.index, effect.key, effect.data);
    }
  }

  #move(effect: Extract<AgentEffect, { kind: "resource.start" | "resource.stop" }>): void {
    const { id, group, resource } = effect;
    const starts = effect.kind === "resource.start";
    this.#host.world.trace(`S${this.#host.index} ${effect.kind} ${group}`);
    const tookMs = 1 + this.#host.world.random.below(60);
    if (starts) this.#host.running[group] = true;
    this.#host.world.clock.after(tookMs, () => {
      if (!this.alive) return;
      if (!starts && resource === 0) this.#host.running[group] = false;
      if (starts) this.#hasStarted(group, resource);
      this.#answer(id, 0);
    });
  }

  /** A program of a broken group ends soon after each start. */
  #hasStarted(group: number, resource: number): void {
    const { world, index, broken } = this.#host;
    const resources = this.#config.groups[group]?.resources ?? [];
    if (resource === resources.length - 1) {
      world.starts.push({ atMs: world.clock.nowMs, index, group });
    }
    const kind = resources[resource]?.kind;
    if (kind !== "program" || !broken.has(group)) return;
    world.clock.after(PROGRAM_ENDS_MS, () => this.do(() => this.endProgram(group)));
  }

  /** The first program of `group` ends by itself. */
  endProgram(group: number): void {
    const program = this.#config.groups[group]?.resources.find(({ kind }) => kind === "program");
    if (program === undefined) return;
    const atMs = this.#host.localMs();
    this.take({ kind: "program.exited", atMs, group, resource: program.name, status: "exit 1" });
  }

  #answer(id: number, afterMs: number): void {
    this.#host.world.clock.after(afterMs, () =>
      this.do(() => this.take({ kind: "effect.completed", atMs: this.#host.localMs(), id })),
    );
  }
}
