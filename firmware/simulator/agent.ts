/**
 * One agent process of the simulator: the real failover core and the real boot decision; programs answer after
 * some milliseconds. It watches its pulse as firmware/agent/pulse-watch.ts does.
 */

import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs, type Facts, overdueMs } from "../../services/facts.ts";
import { createFailover, nextDeadlineMs, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../services/failover/state.ts";
import { decodeWords, encodeWords, type RequestVerb } from "../../services/failover/words.ts";
import { decideBoot, isFirstAgent } from "../agent/boot.ts";
import { sameView, sameWish, withNewestAck } from "../agent/duties.ts";
import type { Through } from "../replay/recorder.ts";
import type { SwarmHost } from "./host.ts";
import { SwarmRecord } from "./record.ts";

const LEAD_MAX_MS = 60;
const STALL_MIN_MS = 100;
/** A token waits for the word that it goes with, and for so many periods at most. */
const TOKEN_WAITS_WORDS = 1.5;
/** Between two looks at a start or a stop that hangs, ms. */
const HUNG_LOOK_MS = 100;
/** From the start of a program that cannot work to its end. */
const PROGRAM_ENDS_MS = 200;

export class SwarmAgent {
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #record: SwarmRecord;
  readonly #through: Through;
  readonly #tokenMs: number;
  readonly #wordMs: number;
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
  /** The pulse knows what this server is. */
  #isTaught = false;
  /** Newest word of the pulse of any kind. */
  #wordAtMs: number;
  /** Moment of the next look, on the world's clock. */
  #lookAtMs = Number.POSITIVE_INFINITY;

  constructor(host: SwarmHost) {
    this.#host = host;
    this.#config = host.world.config;
    this.#record = new SwarmRecord(host);
    this.#tokenMs = Math.max(50, Math.min(1000, this.#config.budget.timeoutMs / 5));
    this.#wordMs = alivePeriodMs(this.#config.budget.intervalMs);
    this.#heardAtMs = host.localMs();
    this.#wordAtMs = this.#heardAtMs;
    this.#through = host.world.through(host.index, "agent");
    this.state = createFailover(host.index, this.#config);
    this.#arm();
  }

  get isFrozen(): boolean {
    return this.#host.world.clock.nowMs < this.#frozenUntilMs;
  }

  freeze(untilMs: number): void {
    this.#host.world.trace(`S${this.#host.index} agent frozen until ${untilMs}`);
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#host.world.clock.at(this.#frozenUntilMs, () => {
      if (this.isFrozen) return;
      for (const run of this.#inbox.splice(0)) this.do(run);
      this.#arm();
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
      this.#isTaught = false;
      const will = this.#will;
      if (will !== null) this.#host.toPulse((pulse) => pulse.hearWill(will.revision, will.covers));
      if (this.#booted) this.#sendToken();
      this.#arm();
    });
  }

  miss(): void {
    this.do(() => {
      this.#linked = false;
      const { facts } = this.state;
      if (facts !== null) this.#takeFacts({ ...facts, holdsLease: false });
      this.#arm();
    });
  }

  hear(facts: Facts): void {
    this.do(() => {
      this.#heardAtMs = this.#host.localMs();
      this.#wordAtMs = this.#heardAtMs;
      this.#isTaught = facts.server !== "observing";
      if (facts.view !== null && this.#isTaught) this.#member = facts;
      const was = this.state.facts?.view ?? null;
      this.#takeFacts(facts);
      const left = was !== null && facts.view === null && facts.server !== "observing";
      if (this.#booted && left) this.#record.keep(this.state);
      this.#boot();
      this.#arm();
    });
  }

  /** A token goes with a word of the pulse, as in firmware/agent/agent.ts. */
  hearAlive(word: AliveWord): void {
    this.do(() => {
      const atMs = this.#host.localMs();
      this.#heardAtMs = atMs;
      this.#wordAtMs = atMs;
      const { leaseUntilMs, ackedMs } = word;
      if (this.#member !== null && this.#isTaught) {
        this.#member = { ...this.#member, leaseUntilMs, ackedMs };
      }
      if (atMs - this.#tokenAtMs < this.#tokenMs - 0.75 * this.#wordMs) return;
      this.#sendToken();
      this.take({ kind: "tick", atMs });
    });
  }

  order(verb: RequestVerb, group: number, target: number | null): void {
    this.do(() => {
      const atMs = this.#host.localMs();
      if (verb === "cluster.start-now") this.#host.startNow = true;
      const commandId = `order-${this.#host.world.nextNumber()}`;
      this.take({ kind: "operator.command", atMs, commandId, verb, group, target });
    });
  }

  take(event: AgentEvent): void {
    if (!this.alive) return;
    const before = this.state;
    const { state, effects } = this.#through(step, before, event, this.#config);
    this.state = state;
    if (event.kind === "operator.command") this.#host.world.checks.ordered(before, state, effects);
    for (const effect of effects) this.#execute(effect);
    const words = effects.some(({ kind }) => kind === "words.changed");
    const wished = !sameWish(before.wish, state.wish) || !sameView(before.holds, state.holds);
    const due = event.atMs - this.#tokenAtMs >= this.#tokenMs;
    if (words || wished || due) this.#sendToken();
    this.#arm();
  }

  #takeFacts(facts: Facts): void {
    this.take({ kind: "facts.received", atMs: this.#host.localMs(), facts });
  }

  /** Sets the next look for the first moment at which there may be something to see. */
  #arm(): void {
    if (!this.alive) return;
    const { clock, pace } = this.#host.world;
    const atMs = this.#host.localMs();
    const restMs = Math.max(pace.lookMs, this.#dueMs() - atMs);
    if (clock.nowMs + restMs >= this.#lookAtMs) return;
    const lookAtMs = clock.nowMs + restMs + this.#host.latenessMs();
    this.#lookAtMs = lookAtMs;
    clock.at(lookAtMs, () => {
      if (this.#lookAtMs !== lookAtMs || !this.alive) return;
      this.#lookAtMs = Number.POSITIVE_INFINITY;
      // A frozen process looks when it thaws.
      if (this.isFrozen) return;
      this.#look();
      this.#arm();
    });
  }

  /** Own clock. */
  #dueMs(): number {
    const { timeoutMs } = this.#config.budget;
    const tokenMs = Math.max(
      this.#tokenAtMs + this.#tokenMs,
      this.#wordAtMs + TOKEN_WAITS_WORDS * this.#wordMs,
    );
    const stallMs = this.#pulseKilled
      ? Number.POSITIVE_INFINITY
      : this.#heardAtMs + this.#stallMs();
    const untilMs = this.#member?.leaseUntilMs ?? null;
    let overMs = Number.POSITIVE_INFINITY;
    if (untilMs !== null && !this.#leaseOver && this.#runs()) {
      const leadMs = Math.min(LEAD_MAX_MS, timeoutMs / 5);
      const overdue = this.#heardAtMs + overdueMs(this.#config.budget.intervalMs);
      overMs = Math.max(untilMs - leadMs, this.#linked ? overdue : 0);
    }
    return Math.min(tokenMs, stallMs, overMs, nextDeadlineMs(this.state));
  }

  #stallMs(): number {
    return Math.max(STALL_MIN_MS, 3 * this.#wordMs, this.#config.budget.timeoutMs / 2);
  }

  #runs(): boolean {
    return this.state.groups.some(({ upCount }) => upCount > 0);
  }

  #look(): void {
    const atMs = this.#host.localMs();
    const due = atMs - this.#tokenAtMs >= this.#tokenMs;
    if (due || atMs >= nextDeadlineMs(this.state)) this.take({ kind: "tick", atMs });
    const { timeoutMs, intervalMs } = this.#config.budget;
    const silentMs = atMs - this.#heardAtMs;
    if (silentMs >= this.#stallMs() && !this.#pulseKilled) {
      this.#pulseKilled = true;
      this.#host.killPulse("stalled");
    }
    const until = this.#member?.leaseUntilMs ?? null;
    const leadMs = Math.min(LEAD_MAX_MS, timeoutMs / 5);
    if (!this.#runs() || this.#leaseOver || until === null) return;
    if (atMs <= until - leadMs || (silentMs < overdueMs(intervalMs) && this.#linked)) return;
    this.#leaseOver = true;
    this.#host.executeWillOfAgent();
  }

  #boot(): void {
    const { facts } = this.state;
    if (this.#booted || facts === null) return;
    const running = [...this.#host.running];
    const found = this.#record.read();
    const { loaded } = found;
    const decision = decideBoot({
      ...found,
      host: this.#host.incarnation,
      facts,
      runs: running.some((runs) => runs),
      isMajority: this.#config.method === "majority",
      atMs: this.#host.localMs(),
      waitUntilMs: this.#host.startSyncEndMs(),
    });
    this.#booted = true;
    const kept = this.#welcome !== null && this.#welcome.length > 0 ? this.#welcome : null;
    const words = kept === null ? this.#record.words(decision.wish) : decodeWords(kept);
    const atMs = this.#host.localMs();
    this.#host.world.trace(`S${this.#host.index} boots as ${JSON.stringify(decision.wish)}`);
    const epoch = this.#host.flash?.epoch?.counter ?? 0;
    const { incarnation: host } = this.#host;
    const first = isFirstAgent({ loaded, host, facts, runs: running.some((runs) => runs) });
    this.take({ kind: "restored", atMs, first, words, running, epoch });
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
    const kept: Wish =
      relearns && view !== null ? { kind: "resume", view, ackedStampMs, remembered: true } : wish;
    const told = withNewestAck(kept, this.#member);
    const { confirmedOff, holds } = this.state;
    const more = { holds, peerOff: confirmedOff.length > 0 };
    this.#host.toPulse((pulse) => pulse.hearToken(progress, blob, told, more));
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
        if (this.#record.writeMark(this.state)) return this.#answer(effect.id, 3);
        return this.#fail(effect.id, "the state folder refuses the record");
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
        host.world.checks.answered(effect.commandId);
        return;
      case "note":
        return host.world.note(host.index, effect.key, effect.data);
    }
  }

  #move(effect: Extract<AgentEffect, { kind: "resource.start" | "resource.stop" }>): void {
    const { id, group, resource } = effect;
    const starts = effect.kind === "resource.start";
    this.#host.world.trace(`S${this.#host.index} ${effect.kind} ${group}`);
    const { startMs, stopMs } = this.#host.bends;
    const bentMs = starts ? startMs : stopMs;
    const tookMs = 1 + this.#host.random.below(60);
    if (starts) {
      this.#host.running[group] = true;
      this.#host.world.checks.moved(this.#host, group);
    }
    const isHung = bentMs === Number.POSITIVE_INFINITY;
    this.#host.world.clock.after(isHung ? HUNG_LOOK_MS : tookMs + bentMs, () => {
      if (!this.alive) return;
      // What hangs is looked at again and again, until somebody has set it free.
      if (isHung) return this.#move(effect);
      const { startFails, stopFails } = this.#host.bends;
      if (starts ? startFails : stopFails) {
        return this.#refuse(id, starts, group, resource);
      }
      if (!starts && resource === 0) this.#host.running[group] = false;
      if (starts) this.#hasStarted(group, resource);
      this.#answer(id, 0);
    });
  }

  /** What did not start is not there; what did not stop still is. */
  #refuse(id: number, starts: boolean, group: number, resource: number): void {
    if (starts && resource === 0) this.#host.running[group] = false;
    this.#fail(id, starts ? "exit 1 at the start" : "still there");
  }

  #fail(id: number, error: string): void {
    this.do(() => this.take({ kind: "effect.failed", atMs: this.#host.localMs(), id, error }));
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
