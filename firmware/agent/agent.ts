/**
 * The agent process: the failover core, its executors, the record on flash, the event log and the control
 * socket. It decides nothing about life and lease; it asks the pulse and obeys.
 * Source: architecture.md 2, 4; requirements R21-R23, R43-R56.
 */
import { join } from "node:path";
import { monotonicMs } from "../../hal/base/clock.ts";
import { detectCgroupRoot } from "../../hal/drivers/program-runner/cgroup.ts";
import { createProgramRunner } from "../../hal/drivers/program-runner/driver.ts";
import type { ProgramExit, ProgramPort } from "../../hal/ports/host.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import { type AliveWord, alivePeriodMs, type Facts } from "../../services/facts.ts";
import { busyGroups } from "../../services/failover/busy.ts";
import { createFailover, nextDeadlineMs, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../services/failover/state.ts";
import { encodeWords, type RequestVerb } from "../../services/failover/words.ts";
import type { StatusDocument } from "../../services/status.ts";
import type { ServerContext } from "../local.ts";
import { type Log, openLog } from "../log.ts";
import { openBlackBox } from "../replay/black-box.ts";
import type { Through } from "../replay/recorder.ts";
import { Scheduler } from "../scheduler.ts";
import { decideBoot, isFirstAgent } from "./boot.ts";
import { openControl } from "./control.ts";
import { Distribution } from "./distribution.ts";
import { inOrder, sameView, sameWish, withNewestAck } from "./duties.ts";
import { Emergency } from "./emergency.ts";
import { EventLog } from "./event-log.ts";
import { Executor } from "./executor.ts";
import { Feed } from "./feed.ts";
import { Fence } from "./fence.ts";
import { Keeper } from "./keeper.ts";
import { OperatorOrders } from "./operator-orders.ts";
import { osStartMs } from "./os-start.ts";
import { PulseLink } from "./pulse-link.ts";
import { PulseWatch } from "./pulse-watch.ts";
import { rehearseTakeover } from "./rehearse.ts";
import { ReleaseWatch, SOFTWARE } from "./release-watch.ts";
import { ScriptDesk } from "./script-desk.ts";
import { Since } from "./since.ts";
import { drawStatus } from "./status.ts";

export class Agent {
  readonly #context: ServerContext;
  readonly #events: EventLog;
  readonly #feed: Feed;
  readonly #programs: ProgramPort;
  readonly #pulse: PulseLink;
  readonly #executor: Executor;
  readonly #scripts: ScriptDesk;
  readonly #keeper: Keeper;
  readonly #texts: Distribution;
  readonly #emergency: Emergency;
  readonly #fence: Fence;
  readonly #watch: PulseWatch;
  readonly #through: Through;
  readonly #scheduler: Scheduler<AgentEvent>;
  readonly #tokenMs: number;
  readonly #wordMs: number;
  readonly #orders = new OperatorOrders((command) => this.#scheduler.push(command));
  readonly #startedMs = monotonicMs();
  #state: FailoverState;
  readonly #since: Since;
  readonly #releases: ReleaseWatch;
  #running: readonly boolean[] | null = null;
  #welcome: Uint8Array | null = null;
  #lastWill: object | null = null;
  #booted = false;
  /** A new pulse does not know the addresses of the groups that run here. */
  #unheld = false;
  #progress = 0;
  #tokenAtMs = 0;
  #wordAtMs = 0;

  constructor(context: ServerContext) {
    this.#context = context;
    const { local, config, self } = context;
    const log: Log = openLog("agent", local);
    this.#events = new EventLog(local.stateDir, local.server, log, (event) =>
      this.#feed.event(event),
    );
    this.#feed = new Feed({
      status: (language) => this.#status(language),
      lastSeq: () => this.#events.lastSeq,
      note: (key, data) => this.#note(key, data),
    });
    this.#through = openBlackBox("agent", context, (key, data) => this.#note(key, data)).through;
    this.#state = createFailover(self, config);
    this.#since = new Since(config.servers.length);
    const nameOf = (at: number): string => config.servers[at]?.name ?? `#${at}`;
    this.#releases = new ReleaseWatch(nameOf, (key, data) => this.#note(key, data), config.method);
    this.#tokenMs = Math.max(50, Math.min(1000, config.budget.timeoutMs / 5));
    this.#wordMs = alivePeriodMs(config.budget.intervalMs);
    this.#programs = createProgramRunner({
      runDir: local.runDir,
      stateDir: local.stateDir,
      server: local.server,
      // A virtual server has no kernel of its own; its power cut would leave the groups of its life behind.
      cgroupRoot: local.rack === undefined ? detectCgroupRoot() : null,
      report: (text) => log.warn({}, text),
    });
    this.#programs.onExit((exit) => this.#programExited(exit));
    this.#keeper = new Keeper(context, (key, data) => this.#note(key, data));
    const restart = (): void => {
      this.#events.flush();
      process.exit(0);
    };
    this.#texts = new Distribution(context, {
      note: (key, data) => this.#note(key, data),
      send: (message) => this.#pulse.send(message),
      say: () => this.#sendToken(monotonicMs()),
      busyGroups: () => busyGroups(this.#state, config),
      restart,
    });
    this.#fence = new Fence(context, (key, data) => this.#note(key, data));
    this.#emergency = new Emergency(local.stateDir);
    this.#pulse = new PulseLink(join(local.runDir, "pulse.sock"), {
      onWelcome: (blob, pid) => this.#greet(blob, pid),
      onFacts: (facts) => this.#hear(facts),
      onAlive: (word) => this.#hearAlive(word),
      onNote: (key, data, at) => this.#events.add(key, data, at),
      onGone: () => this.#miss(),
    });
    this.#scripts = new ScriptDesk(context, {
      cgroupRoot: local.rack === undefined ? detectCgroupRoot() : null,
      mainJs: process.argv[1] ?? "",
      note: (key, data) => this.#note(key, data),
      fail: (group) => this.#scheduler.push({ kind: "group.failed", atMs: monotonicMs(), group }),
      isOver: () => this.#watch.hasGivenUp,
      say: () => this.#sayScripts(),
    });
    this.#executor = new Executor(context, this.#programs, this.#pulse, this.#scripts);
    const note = (key: string, data: NoteData): void => this.#note(key, data);
    this.#watch = new PulseWatch(context, note, () => this.#keeper.leave(this.#state, restart));
    this.#scheduler = new Scheduler<AgentEvent>({
      take: (event) => this.#take(event),
      tick: (atMs) => ({ kind: "tick", atMs }),
      gap: (atMs) => ({ kind: "tick", atMs }),
      gapMs: Number.POSITIVE_INFINITY,
      sleepMaxMs: this.#tokenMs + 2 * this.#wordMs,
      nextDeadlineMs: () =>
        Math.min(
          nextDeadlineMs(this.#state),
          this.#watch.nextDeadlineMs(monotonicMs()),
          // A token goes with a word of the pulse; this minds the words that do not come.
          Math.max(this.#tokenAtMs + this.#tokenMs, this.#wordAtMs + 1.5 * this.#wordMs),
        ),
    });
  }

  async run(): Promise<void> {
    this.#emergency.open((key, data, at) => this.#events.add(key, data, at));
    rehearseTakeover(this.#context.self, this.#context.config);
    await this.#keeper.open();
    await this.#texts.open();
    this.#scripts.open();
    this.#running = await this.#executor.adopt();
    const { local, config } = this.#context;
    openControl(
      join(local.runDir, "agent.sock"),
      config,
      {
        status: (language) => this.#status(language),
        events: (after, limit) => this.#events.after(after, limit),
        command: (verb, group, target) => this.#command(verb, group, target),
        fence: (target) => this.#fence.run(target, this.#state.facts),
        script: (verb, args) =>
          (verb.startsWith("script.") ? this.#scripts : this.#texts).answer(verb, args),
        ...this.#feed.handlers,
      },
      (error) => {
        throw error;
      },
    );
    this.#scheduler.start();
    this.#boot();
  }

  #status(language: "en" | "ja"): StatusDocument {
    const { host, config } = this.#context;
    return drawStatus(this.#state, host, this.#since.all, config, language, {
      isUnsaved: this.#keeper.isBehind,
      emergency: this.#emergency.record,
      unfit: this.#scripts.unfit,
      release: SOFTWARE.release,
      revisions: this.#texts.revisions,
    });
  }

  #take(event: AgentEvent): void {
    const before = this.#state;
    const { state, effects } = this.#through(step, before, event, this.#context.config);
    this.#state = state;
    this.#since.look(state);
    this.#releases.look(state.facts);
    this.#feed.touch();
    for (const effect of inOrder(effects)) this.#execute(effect);
    const wished = !sameWish(before.wish, state.wish) || !sameView(before.holds, state.holds);
    if (wished || event.atMs - this.#tokenAtMs >= this.#tokenMs) this.#sendToken(event.atMs);
    if (event.kind !== "tick") return;
    const runs = state.groups.some((group) => group.upCount > 0);
    this.#watch.tick(event.atMs, this.#pulse.isUp, runs);
    this.#keeper.tick(event.atMs);
    this.#texts.tick(event.atMs);
  }

  #execute(effect: AgentEffect): void {
    switch (effect.kind) {
      case "will.deposit": {
        const covers = effect.covers.some((cover) => cover);
        this.#lastWill = { kind: "will", revision: effect.revision, covers };
        return this.#pulse.send(this.#lastWill);
      }
      case "resource.start":
        if (this.#watch.hasGivenUp) return;
        return this.#follow(
          effect.id,
          this.#executor.start(effect.group, effect.resource, effect.cold, effect.event),
        );
      case "script.recover":
        return this.#executor.recover(effect.group, effect.resource);
      case "resource.stop":
        return this.#follow(effect.id, this.#executor.stop(effect.group, effect.resource));
      case "mark.write":
        return this.#follow(effect.id, this.#keeper.writeMark(this.#state));
      case "view.hold":
        return this.#follow(effect.id, this.#keeper.hold(this.#state));
      case "table.persist":
        return this.#keeper.keepTable(this.#state);
      case "server.off":
        this.#note("shutdown.server", {});
        return this.#pulse.send({ kind: "off" });
      case "force-off":
        return this.#pulse.send({ kind: "give-up", error: "by order", reason: "forced" });
      case "give-up":
        this.#note("group.stop-failed", { group: effect.group, reason: effect.error });
        return this.#pulse.send({ kind: "give-up", error: `${effect.group}: ${effect.error}` });
      case "command.answer":
        return this.#orders.answer(effect);
      case "words.changed":
        return this.#sendToken(monotonicMs());
      case "note":
        return this.#note(effect.key, effect.data);
    }
  }

  #follow(id: number, done: Promise<void>): void {
    done.then(
      () => this.#scheduler.push({ kind: "effect.completed", atMs: monotonicMs(), id }),
      (reason: unknown) => {
        const error = reason instanceof Error ? reason.message : String(reason);
        this.#scheduler.push({ kind: "effect.failed", atMs: monotonicMs(), id, error });
      },
    );
  }

  #greet(blob: Uint8Array, pulsePid: number): void {
    this.#welcome = blob;
    this.#unheld = this.#booted;
    this.#watch.greet(pulsePid, monotonicMs());
    if (this.#lastWill !== null) this.#pulse.send(this.#lastWill);
    this.#texts.greet();
    if (this.#booted) this.#sendToken(monotonicMs());
  }

  #hear(told: Facts): void {
    const facts = this.#texts.hear(told);
    const was = this.#state.facts?.view ?? null;
    this.#wordAtMs = monotonicMs();
    this.#scripts.hear(facts);
    if (facts.server === "member") this.#emergency.settle();
    this.#watch.hear(facts, this.#wordAtMs);
    this.#scheduler.push({ kind: "facts.received", atMs: monotonicMs(), facts });
    const left = was !== null && facts.view === null && facts.server !== "observing";
    if (this.#booted && left) this.#keeper.keepTable(this.#state);
    if (this.#unheld && facts.holdsLease) this.#handAddressesOver();
    this.#boot();
  }

  /** So that the pulse announces and defends them, and takes them down when it has to. */
  #handAddressesOver(): void {
    this.#unheld = false;
    for (const [index, group] of this.#state.groups.entries()) {
      if (group.actual !== "running") continue;
      this.#executor.handOver(index).catch((error: unknown) => {
        this.#note("host.trouble", {
          text: error instanceof Error ? error.message : String(error),
        });
      });
    }
  }

  #hearAlive(word: AliveWord): void {
    const atMs = monotonicMs();
    this.#wordAtMs = atMs;
    this.#watch.hearAlive(word, atMs);
    this.#texts.hearAlive(word);
    if (atMs - this.#tokenAtMs < this.#tokenMs - 0.75 * this.#wordMs)
      return this.#scheduler.touch();
    this.#sendToken(atMs);
    this.#scheduler.push({ kind: "tick", atMs });
  }

  #miss(): void {
    this.#watch.lose();
    this.#texts.miss();
    const { facts } = this.#state;
    if (facts === null) return;
    const lost = { ...facts, holdsLease: false };
    this.#scheduler.push({ kind: "facts.received", atMs: monotonicMs(), facts: lost });
  }

  /** Once: record, running programs and the pulse's first facts are all there. */
  #boot(): void {
    const { facts } = this.#state;
    if (this.#booted || facts === null || this.#running === null) return;
    const { host, config } = this.#context;
    const atMs = monotonicMs();
    const { loaded, belongs, hasRun } = this.#keeper;
    const runs = this.#running.some((one) => one);
    const found = { loaded, host, facts, runs, hasRun };
    const decision = decideBoot({
      ...found,
      belongs,
      isMajority: config.method === "majority",
      atMs,
      waitUntilMs: osStartMs(process.env, this.#startedMs) + config.timing.startSyncWaitMs,
    });
    this.#booted = true;
    for (const { key, data } of decision.notes) this.#note(key, data);
    this.#unheld = runs;
    const first = isFirstAgent(found);
    const kept = this.#welcome !== null && this.#welcome.length > 0 ? this.#welcome : null;
    const words = kept === null ? this.#keeper.words(decision.wish) : this.#texts.translate(kept);
    const epoch = this.#keeper.epochCounter;
    this.#scheduler.push({ kind: "restored", atMs, words, running: this.#running, first, epoch });
    void this.#executor.prepare();
    void this.#begin(decision.consumes, decision.wish);
  }

  /** The mark is erased before the pulse may grant anything; a state folder that refuses keeps us out. */
  async #begin(consumes: boolean, wish: FailoverState["wish"]): Promise<void> {
    if (wish === null) return;
    const kept = await this.#keeper.begin(consumes);
    const floor = wish.kind === "start" ? wish.floor : 0;
    const allowed = kept || wish.kind !== "start" ? wish : { kind: "detached" as const, floor };
    this.#scheduler.push({ kind: "wish.set", atMs: monotonicMs(), wish: allowed });
  }

  #sendToken(atMs: number): void {
    this.#tokenAtMs = atMs;
    const { wish, facts } = this.#state;
    if (wish === null || this.#watch.hasGivenUp) return;
    this.#progress = (this.#progress + 1) >>> 0;
    const unsaved = this.#keeper.isBehind;
    const parts = { ...this.#texts.words(), ...this.#scripts.words(), ...SOFTWARE };
    const words = { ...ownWords(this.#state), unsaved, ...parts };
    const blob = Buffer.from(encodeWords(words)).toString("base64");
    const relearns =
      facts?.server === "observing" && (wish.kind === "leave" || wish.kind === "stop");
    const kept = relearns ? (this.#watch.resumeWish() ?? wish) : this.#allowed(wish);
    const told = withNewestAck(kept, this.#watch.member);
    const { confirmedOff: peersOff, holds } = this.#state;
    const token = { kind: "token", progress: this.#progress, blob, wish: told, peersOff };
    this.#pulse.send(holds === null ? token : { ...token, holds });
  }

  /** At once: the other server must not give the same identity away, nor count on a script that is lost. */
  #sayScripts(): void {
    this.#feed.touch();
    if (this.#booted) this.#sendToken(monotonicMs());
  }

  /** A return, forced or not, waits until this boot is on disk; with space the next try lets it go on by itself. */
  #allowed(wish: Wish): Wish {
    const enters = wish.kind === "return" || wish.kind === "found";
    if (!enters || this.#keeper.hasBegun) return wish;
    return { kind: "detached", floor: wish.floor };
  }

  #programExited(exit: ProgramExit): void {
    if (exit.duringStop || this.#watch.hasGivenUp) return;
    const group = this.#context.config.groups.findIndex(({ name }) => name === exit.group);
    const status = exit.end.kind === "status" ? String(exit.end.status) : "unknown";
    const { resource } = exit;
    this.#scheduler.push({ kind: "program.exited", atMs: monotonicMs(), group, resource, status });
  }

  #command(verb: RequestVerb, group: number, target: number | null): Promise<string> {
    if (this.#texts.isChanging && verb.startsWith("group.")) return Promise.resolve("config-busy");
    return this.#orders.ask(verb, group, target, monotonicMs());
  }

  #note(key: string, data: NoteData): void {
    this.#events.add(key, data, Date.now());
  }
}
