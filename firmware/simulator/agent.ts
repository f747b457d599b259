/**
 * One agent process of the simulator: the real failover core and the real boot decision; programs answer after
 * some milliseconds. It watches its pulse as firmware/agent/pulse-watch.ts does.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs, type Facts } from "../../services/facts.ts";
import { busyGroups } from "../../services/failover/busy.ts";
import { createFailover, nextDeadlineMs, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../services/failover/state.ts";
import { decodeWords, type RequestVerb, type Words } from "../../services/failover/words.ts";
import { decideBoot, isFirstAgent } from "../agent/boot.ts";
import { sameView, sameWish, withNewestAck } from "../agent/duties.ts";
import type { Through } from "../replay/recorder.ts";
import { type DeskOptions, SwarmDesk } from "./desk.ts";
import type { SwarmHost } from "./host.ts";
import { SwarmPrograms } from "./programs.ts";
import { SwarmPulseWatch } from "./pulse-watch.ts";
import { SwarmRecord } from "./record.ts";
import { SwarmRelease } from "./release.ts";

/** A token waits for the word that it goes with, and for so many periods at most. */
const TOKEN_WAITS_WORDS = 1.5;
const FORCED = {
  kind: "will.execute",
  reason: "forced",
  evidence: "by order",
  off: true,
} as const;

export class SwarmAgent {
  readonly #host: SwarmHost;
  /** The text that this process goes by. */
  readonly config: ClusterConfig;
  readonly desk: SwarmDesk | null;
  readonly release: SwarmRelease;
  readonly #record: SwarmRecord;
  readonly #programs: SwarmPrograms;
  readonly #watch: SwarmPulseWatch;
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
  #progress = 0;
  #tokenAtMs = 0;
  /** Moment of the next look, on the world's clock. */
  #lookAtMs = Number.POSITIVE_INFINITY;

  constructor(host: SwarmHost) {
    this.#host = host;
    this.release = new SwarmRelease(host);
    const start = host.startedBy;
    this.config = start?.config ?? host.world.config;
    this.#record = new SwarmRecord(host, this.config, () => this.alive);
    this.#programs = new SwarmPrograms(host, this.config, {
      isAlive: () => this.alive,
      do: (run) => this.do(run),
      take: (event) => this.take(event),
      answer: (id) => this.#answer(id, 0),
      fail: (id, error) => this.#fail(id, error),
    });
    this.#tokenMs = Math.max(50, Math.min(1000, this.config.budget.timeoutMs / 5));
    this.#wordMs = alivePeriodMs(this.config.budget.intervalMs);
    this.#watch = new SwarmPulseWatch(host, this.config);
    this.#through = host.world.through(host.index, "agent");
    this.state = createFailover(host.index, this.config);
    const options: DeskOptions = {
      do: (run) => this.do(run),
      say: () => this.#sendToken(),
      busyGroups: () => busyGroups(this.state, this.config),
    };
    this.desk =
      start === null || host.texts === null
        ? null
        : new SwarmDesk(host, host.texts, start, options);
    this.#arm();
  }

  /** Number of the text that this process goes by; the same text may get a higher one. */
  get revision(): number {
    return this.desk?.state.current.rev ?? this.config.revision;
  }

  /** A text is on its way here, or this process is about to make place for the next one. */
  get isMovingText(): boolean {
    return this.desk !== null && (this.desk.isChanging || this.desk.state.draft !== null);
  }

  /** An operator at this server orders what only a later release knows. */
  orderUnknown(): void {
    this.do(() => {
      this.release.orderUnknown();
      this.#sendToken();
    });
  }

  /** An operator at this server brings another configuration text. */
  apply(bytes: Uint8Array): void {
    this.do(() => this.desk?.apply(bytes));
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

  /** The newest record is not on flash. */
  get isBehind(): boolean {
    return this.#record.isBehind;
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
      this.#watch.greet();
      const will = this.#will;
      if (will !== null) this.#host.toPulse((pulse) => pulse.hearWill(will.revision, will.covers));
      this.desk?.greet();
      if (this.#booted) this.#sendToken();
      this.#arm();
    });
  }

  miss(): void {
    this.do(() => {
      this.desk?.miss();
      this.#watch.miss();
      const { facts } = this.state;
      if (facts !== null) this.#takeFacts({ ...facts, holdsLease: false });
      this.#arm();
    });
  }

  hear(told: Facts): void {
    this.do(() => {
      const facts = this.desk?.hear(told) ?? told;
      this.release.hear(facts);
      this.#watch.hear(facts);
      if (facts.server === "member") this.#host.world.emergencies.settle(this.#host.index);
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
      this.#watch.hearAlive(word);
      this.desk?.hearAlive(word);
      if (atMs - this.#tokenAtMs < this.#tokenMs - 0.75 * this.#wordMs) return;
      this.#sendToken();
      this.take({ kind: "tick", atMs });
    });
  }

  /** `slot`: number of the group in the simulator's lists. */
  order(verb: RequestVerb, slot: number, target: number | null): void {
    this.do(() => {
      const atMs = this.#host.localMs();
      const isOfGroup = verb.startsWith("group.");
      const group = isOfGroup ? this.#programs.groupAt(slot) : slot;
      // What this text does not name is refused before it is an order.
      if (group < 0) return;
      if (isOfGroup && this.desk?.isChanging === true) {
        this.#host.world.answers.push("config-busy");
        return;
      }
      if (verb === "cluster.start-now") this.#host.startNow = true;
      const commandId = `order-${this.#host.world.nextNumber()}`;
      this.take({ kind: "operator.command", atMs, commandId, verb, group, target });
    });
  }

  take(event: AgentEvent): void {
    if (!this.alive) return;
    const before = this.state;
    const { state, effects } = this.#through(step, before, event, this.config);
    this.state = state;
    if (event.kind === "operator.command") this.#host.world.checks.ordered(before, state, effects);
    for (const effect of effects) this.#execute(effect);
    const words = effects.some(({ kind }) => kind === "words.changed");
    const wished = !sameWish(before.wish, state.wish) || !sameView(before.holds, state.holds);
    const due = event.atMs - this.#tokenAtMs >= this.#tokenMs;
    if (words || wished || due) this.#sendToken();
    if (event.kind === "tick") this.desk?.tick();
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
    const tokenMs = Math.max(
      this.#tokenAtMs + this.#tokenMs,
      this.#watch.wordAtMs + TOKEN_WAITS_WORDS * this.#wordMs,
    );
    return Math.min(tokenMs, this.#watch.dueMs(this.#runs()), nextDeadlineMs(this.state));
  }

  #runs(): boolean {
    return this.state.groups.some(({ upCount }) => upCount > 0);
  }

  #look(): void {
    const atMs = this.#host.localMs();
    const due = atMs - this.#tokenAtMs >= this.#tokenMs;
    if (due || atMs >= nextDeadlineMs(this.state)) this.take({ kind: "tick", atMs });
    this.#watch.look(atMs, () => this.#runs());
  }

  #boot(): void {
    const { facts } = this.state;
    if (this.#booted || facts === null) return;
    const running = this.#programs.running;
    const found = this.#record.read();
    const { incarnation: host } = this.#host;
    const seen = { ...found, host, facts, runs: running.some((runs) => runs) };
    const decision = decideBoot({
      ...seen,
      isMajority: this.config.method === "majority",
      atMs: this.#host.localMs(),
      waitUntilMs: this.#host.startSyncEndMs(),
    });
    this.#booted = true;
    const blob = this.#welcome !== null && this.#welcome.length > 0 ? this.#welcome : null;
    const words = blob === null ? this.#record.words(decision.wish) : this.#translate(blob);
    const atMs = this.#host.localMs();
    this.#host.world.trace(`S${this.#host.index} boots as ${JSON.stringify(decision.wish)}`);
    const epoch = this.#record.epochCounter;
    const first = isFirstAgent(seen);
    this.#host.world.emergencies.open(this.#host.index, (key, data) => this.#note(key, data));
    for (const { key, data } of decision.notes) this.#note(key, data);
    this.take({ kind: "restored", atMs, first, words, running, epoch });
    const kept = this.#record.begin(decision.consumes);
    const { wish } = decision;
    const allowed: Wish =
      kept || wish.kind !== "start" ? wish : { kind: "detached", floor: wish.floor };
    this.#host.world.clock.after(2, () => this.do(() => this.#setWish(allowed)));
  }

  #translate(blob: Uint8Array): Words | null {
    return this.desk === null ? decodeWords(blob) : this.desk.translate(blob);
  }

  #setWish(wish: Wish): void {
    this.take({ kind: "wish.set", atMs: this.#host.localMs(), wish });
  }

  #sendToken(): void {
    this.#tokenAtMs = this.#host.localMs();
    const { wish, facts } = this.state;
    if (wish === null || this.#watch.hasGivenUp) return;
    this.#progress += 1;
    const progress = this.#progress;
    const texts = this.desk === null ? {} : { rollout: this.desk.words() };
    const words = { ...ownWords(this.state), unsaved: this.isBehind, ...texts };
    const blob = this.release.encode(words);
    const observing = facts?.server === "observing";
    const relearns = observing && (wish.kind === "leave" || wish.kind === "stop");
    const view = this.#watch.member?.view ?? null;
    const ackedStampMs = this.#watch.member?.ackedMs ?? null;
    const kept: Wish =
      relearns && view !== null
        ? { kind: "resume", view, ackedStampMs, remembered: true }
        : this.#record.allowed(wish);
    const told = withNewestAck(kept, this.#watch.member);
    const { confirmedOff, holds } = this.state;
    const more = { holds, peersOff: confirmedOff };
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
        if (this.#watch.hasGivenUp) return;
        return this.#programs.move(effect);
      case "resource.stop":
        return this.#programs.move(effect);
      case "mark.write":
        if (this.#record.writeMark(this.state)) return this.#answer(effect.id, 3);
        return this.#fail(effect.id, "the state folder refuses the record");
      case "view.hold":
        return this.#record.hold(
          this.state,
          () => this.#answer(effect.id, 0),
          () => this.#fail(effect.id, "the proposed view is not on disk"),
        );
      case "table.persist":
        return this.#record.keep(this.state);
      case "server.off":
        this.#note("shutdown.server", {});
        return host.toPulse(() => host.off("planned"));
      case "give-up":
        this.#note("group.stop-failed", { reason: effect.error });
        return host.toPulse(() => host.executeWillOfAgent());
      case "force-off":
        return host.toPulse(() => host.executeWill(FORCED));
      // A script takes its milliseconds as any resource does.
      case "script.recover":
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

  /** All of the groups is gone and the server stays on: the next agent comes up outside (D24). */
  leave(ended: () => void): void {
    this.do(() => this.#record.leave(this.state, ended));
  }

  /** The first program of `group` ends by itself. */
  endProgram(group: number): void {
    this.#programs.end(group);
  }

  #fail(id: number, error: string): void {
    this.do(() => this.take({ kind: "effect.failed", atMs: this.#host.localMs(), id, error }));
  }

  #note(key: string, data: NoteData): void {
    this.#host.world.note(this.#host.index, key, data);
  }

  #answer(id: number, afterMs: number): void {
    this.#host.world.clock.after(afterMs, () =>
      this.do(() => this.take({ kind: "effect.completed", atMs: this.#host.localMs(), id })),
    );
  }
}
