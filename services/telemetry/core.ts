/**
 * Telemetry: decides what each broker is told and what becomes of a command. It is a view and never a
 * means of transport of the cluster: nothing here is waited for by anybody who decides about life.
 * In: the agent's feed, the brokers' words, ticks. Out: publications, orders to the agent, notes.
 * Pure: `atMs` is monotonic, `nowMs` wall-clock time. Source: ecosystem.md 1.2-1.4.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { StatusDocument } from "../status.ts";
import { TopicBoard } from "./board.ts";
import { type AgentAnswer, CommandDesk, type Desk } from "./commands/desk.ts";
import { type CommandMessage, CommandRules } from "./commands/rules.ts";
import type { BrokerDuty, Stage } from "./commands/ruling.ts";
import type { OperatorKey } from "./commands/signature.ts";
import { DISCOVERY_PREFIX } from "./discovery.ts";
import type { LogLine } from "./events.ts";
import { Leftovers } from "./leftovers.ts";
import { deviceOf, hasSubject, type Naming, nameAll } from "./naming.ts";
import { type Dispatch, LETTER, Outbox } from "./outbox.ts";
import { isEvent, parse, text } from "./payload.ts";
import { PeerTrail } from "./peer-trail.ts";
import { project } from "./project.ts";
import { type Own, SpeakerWatch } from "./speaker.ts";
import { prefixOf } from "./topics.ts";
import { EventTrail } from "./trail.ts";

export interface TelemetrySetup {
  /** In force at the start. */
  readonly config: ClusterConfig;
  readonly self: string;
  readonly version: string;
  /** In the order of local.json; the first is this server's own. */
  readonly brokers: readonly BrokerDuty[];
  readonly homeAssistant: boolean;
  /** Wall clock at the start of this process, ms. */
  readonly startedMs: number;
  /** Last event that a former life of this process has delivered; 0 = none. */
  readonly deliveredSeq: number;
}

interface At {
  readonly atMs: number;
  readonly nowMs: number;
}

export type TelemetryEvent = At &
  (
    | { readonly kind: "feed.opened"; readonly logSeq: number }
    | { readonly kind: "feed.lost" }
    /** Another text of the same cluster came into force. */
    | { readonly kind: "configuration"; readonly config: ClusterConfig }
    | {
        readonly kind: "feed.status";
        readonly status: StatusDocument;
        readonly ja: readonly string[];
      }
    /** `late`: asked for after a gap; more lines may follow the last. */
    | { readonly kind: "feed.events"; readonly lines: readonly LogLine[]; readonly late: boolean }
    | { readonly kind: "broker.connected"; readonly broker: number }
    | { readonly kind: "broker.lost"; readonly broker: number }
    | { readonly kind: "broker.message"; readonly broker: number; readonly message: CommandMessage }
    | { readonly kind: "broker.delivered"; readonly broker: number; readonly token: number }
    | { readonly kind: "agent.answered"; readonly token: number; readonly answer: AgentAnswer }
    /** From the own broker of `server`, by a connection that has proved to be its. */
    | { readonly kind: "peer.heard"; readonly server: string; readonly message: CommandMessage }
    | { readonly kind: "operator-keys"; readonly keys: readonly OperatorKey[] }
    | { readonly kind: "tick"; readonly metrics: object }
  );

export type TelemetryEffect =
  | { readonly kind: "publish"; readonly broker: number; readonly dispatch: Dispatch }
  | {
      readonly kind: "agent.order";
      readonly token: number;
      readonly verb: string;
      readonly args: Readonly<Record<string, string>>;
    }
  /** Asks the event log for the lines after `after`. */
  | { readonly kind: "agent.events"; readonly after: number }
  | {
      readonly kind: "note";
      readonly key: string;
      readonly data: Readonly<Record<string, string | number>>;
    }
  /** Events up to here are delivered; kept over a restart. */
  | { readonly kind: "mark"; readonly seq: number };

/** A status is pushed at least every 2 s; three misses mean that the agent is silent. */
export const FRESH_MS = 6000;
const METRICS_MS = 10_000;

interface Bond {
  readonly outbox: Outbox;
  readonly speaker: SpeakerWatch;
  readonly leftovers: Leftovers;
  speaks: boolean;
}

export class TelemetryCore {
  readonly prefix: string;
  readonly #setup: TelemetrySetup;
  readonly #bonds: readonly Bond[];
  readonly #desk: CommandDesk;
  readonly #trail: EventTrail;
  readonly #peers = new PeerTrail();
  readonly #board: TopicBoard;
  #naming: Naming;
  #effects: TelemetryEffect[] = [];
  #status: StatusDocument | null = null;
  #keys: readonly OperatorKey[] = [];
  #ja: readonly string[] = [];
  #statusAtMs = Number.NEGATIVE_INFINITY;
  #metricsMs = Number.NEGATIVE_INFINITY;
  #markedSeq: number;

  constructor(setup: TelemetrySetup) {
    this.#setup = setup;
    this.prefix = prefixOf(setup.config.name);
    this.#naming = nameAll(setup.config, setup.version, setup.homeAssistant);
    this.#bonds = setup.brokers.map(() => ({
      outbox: new Outbox(`${this.prefix}/event`),
      speaker: new SpeakerWatch(),
      leftovers: new Leftovers(),
      speaks: false,
    }));
    this.#desk = new CommandDesk(new CommandRules(setup.startedMs), this.prefix, setup.self);
    this.#board = new TopicBoard(setup.self);
    this.#trail = new EventTrail(setup.deliveredSeq);
    this.#markedSeq = setup.deliveredSeq;
  }

  take(event: TelemetryEvent): readonly TelemetryEffect[] {
    this.#effects = [];
    this.#step(event);
    this.#speakOrYield(event);
    this.#drain();
    return this.#effects;
  }

  /** Counters for `/metrics`: events lost, publications waiting. */
  counters(): Readonly<Record<string, number>> {
    const sum = (of: (bond: Bond) => number): number =>
      this.#bonds.reduce((total, bond) => total + of(bond), 0);
    return {
      dropped: sum(({ outbox }) => outbox.dropped),
      waiting: sum(({ outbox }) => outbox.waiting),
      ...this.#desk.counters(),
    };
  }

  #step(event: TelemetryEvent): void {
    switch (event.kind) {
      case "feed.opened":
        return this.#openFeed(event.logSeq);
      case "feed.lost":
        this.#statusAtMs = Number.NEGATIVE_INFINITY;
        return;
      case "configuration":
        this.#naming = nameAll(event.config, this.#setup.version, this.#setup.homeAssistant);
        return;
      case "feed.status":
        return this.#hearStatus(event);
      case "feed.events":
        return this.#hearEvents(event.lines, event.late);
      case "broker.connected":
        return this.#greet(event.broker, event.atMs);
      case "broker.lost":
        return this.#part(event.broker);
      case "broker.message":
        return this.#hearBroker(event);
      case "broker.delivered":
        return this.#settle(event.broker, event.token);
      case "agent.answered":
        return this.#work(this.#desk.answered(event.token, event.answer, this.#stage(event)));
      case "peer.heard":
        return this.#hearPeer(event.server, event.message);
      case "operator-keys":
        this.#keys = event.keys;
        return;
      case "tick":
        return this.#tick(event, event.metrics);
      default:
        return unreachable(event);
    }
  }

  #openFeed(logSeq: number): void {
    if (logSeq < this.#markedSeq) this.#markedSeq = 0;
    this.#effects.push({ kind: "agent.events", after: this.#trail.open(logSeq) });
  }

  #hearStatus({
    status,
    ja,
    atMs,
    nowMs,
  }: At & { status: StatusDocument; ja: readonly string[] }): void {
    this.#status = status;
    this.#ja = ja;
    this.#statusAtMs = atMs;
    this.#draw(atMs, nowMs);
    this.#work(this.#desk.look(status, this.#stage({ atMs, nowMs })));
  }

  #draw(atMs: number, nowMs: number): void {
    const { config, names } = this.#naming;
    if (this.#status === null) return;
    const drawn = project(config, names, this.#setup.version, this.#status, this.#ja);
    this.#board.draw(drawn, this.#epoch, atMs, nowMs);
  }

  get #epoch(): number {
    return this.#status?.cluster.epoch ?? 0;
  }

  #hearEvents(lines: readonly LogLine[], late: boolean): void {
    const { news, askAfter } = this.#trail.take(lines, late);
    for (const { outbox } of this.#bonds) for (const message of news) outbox.event(message);
    if (askAfter !== null) this.#effects.push({ kind: "agent.events", after: askAfter });
  }

  #greet(broker: number, atMs: number): void {
    const bond = this.#bonds[broker];
    if (bond === undefined) return;
    const online = `${this.prefix}/node/${this.#ownId}/online`;
    bond.speaker.becomeConnected(atMs);
    for (const topic of bond.outbox.topics()) bond.outbox.forget(topic);
    bond.outbox.becomeConnected();
    this.#speakOrYield({ atMs, nowMs: 0 });
    bond.outbox.put(online, "online");
  }

  #part(broker: number): void {
    const bond = this.#bonds[broker];
    if (bond === undefined) return;
    bond.outbox.becomeLost();
    bond.speaker.becomeLost();
    bond.leftovers.forget();
    bond.speaks = false;
  }

  get #ownId(): string {
    return this.#naming.names.servers.get(this.#setup.self) ?? "";
  }

  #hearBroker(event: At & { broker: number; message: CommandMessage }): void {
    const { broker, message } = event;
    const bond = this.#bonds[broker];
    if (bond === undefined) return;
    const { topic } = message;
    if (topic === `${DISCOVERY_PREFIX}/status`) {
      if (text(message) === "online") bond.outbox.repeat(`${DISCOVERY_PREFIX}/`);
      return;
    }
    const head = `${this.prefix}/`;
    if (!topic.startsWith(head)) return;
    const below = topic.slice(head.length);
    if (below.startsWith("cmd/")) {
      if (this.#setup.brokers[broker]?.takesCommands !== true) return;
      return this.#work(this.#desk.judge(broker, message, this.#stage(event, broker)));
    }
    bond.leftovers.hear(below, message.payload.length === 0);
    const online = /^node\/([^/]+)\/online$/.exec(below)?.[1];
    if (online !== undefined) {
      const server = this.#naming.ids.servers.get(online);
      if (server !== undefined) bond.speaker.hearOnline(server, text(message) === "online");
      return;
    }
    const heard = parse(message);
    if (heard === null) return;
    const { by, epoch, coordinator } = heard;
    if (below === "state" && typeof by === "string" && typeof epoch === "number") {
      if (by !== this.#setup.self) {
        bond.speaker.hearState({ by, epoch, leads: coordinator === by, atMs: event.atMs });
      }
    } else if (below === "event" && broker === 0 && isEvent(heard)) this.#trail.remember(heard);
  }

  /** On the own broker only: the peer tells the shared ones itself. */
  #hearPeer(server: string, message: CommandMessage): void {
    const topic = `${this.prefix}/event`;
    for (const event of this.#peers.take(server, message)) {
      this.#trail.remember(event);
      this.#bonds[0]?.outbox.letter({ ...LETTER, topic, payload: JSON.stringify(event) });
    }
  }

  #settle(broker: number, token: number): void {
    const bond = this.#bonds[broker];
    bond?.outbox.delivered(token);
    if (broker !== 0 || bond === undefined || bond.outbox.ackedSeq <= this.#markedSeq) return;
    this.#markedSeq = bond.outbox.ackedSeq;
    this.#effects.push({ kind: "mark", seq: this.#markedSeq });
  }

  #tick(at: At, metrics: object): void {
    if (this.#isFresh(at.atMs)) this.#draw(at.atMs, at.nowMs);
    const events = this.#trail.changedRecent();
    if (events !== null) this.#board.put("event/recent", { events }, this.#epoch, at.nowMs);
    this.#work(this.#desk.tick(this.#stage(at)));
    if (at.atMs - this.#metricsMs < METRICS_MS) return;
    this.#metricsMs = at.atMs;
    const age = at.atMs - this.#statusAtMs;
    const content = { ...metrics, statusAgeMs: Number.isFinite(age) ? Math.round(age) : null };
    const payload = this.#board.envelop(content, this.#epoch, at.nowMs);
    const topic = `${this.prefix}/node/${this.#ownId}/metrics`;
    for (const { outbox } of this.#bonds) {
      if (outbox.isConnected) outbox.letter({ ...LETTER, topic, payload });
    }
  }

  #isFresh(atMs: number): boolean {
    return atMs - this.#statusAtMs < FRESH_MS;
  }

  #stage({ atMs, nowMs }: At, broker = -1): Stage {
    const own = this.#own(atMs);
    return {
      prefix: this.prefix,
      cluster: this.#naming.config.name,
      self: this.#setup.self,
      ...this.#naming.ids,
      status: this.#status,
      isLedElsewhere: this.#bonds[broker]?.speaker.isLedByAnother(own, atMs) === true,
      isOnline: (server) => this.#bonds[broker]?.speaker.isOnline(server) === true,
      isFresh: this.#isFresh(atMs),
      keys: this.#setup.brokers[broker]?.wantsSignature === true ? this.#keys : null,
      atMs,
      nowMs,
    };
  }

  #work({ letters, orders, notes }: Desk): void {
    for (const { broker, ...letter } of letters) this.#bonds[broker]?.outbox.letter(letter);
    for (const order of orders) this.#effects.push({ kind: "agent.order", ...order });
    for (const note of notes) this.#effects.push({ kind: "note", ...note });
  }

  #speakOrYield({ atMs }: At): void {
    const own = this.#own(atMs);
    for (const bond of this.#bonds) {
      const speaks = bond.speaker.speaks(own, atMs);
      if (bond.speaks && !speaks && own.epoch !== null) this.#yield(bond);
      bond.speaks = speaks;
      if (speaks) this.#speak(bond);
    }
  }

  #own(atMs: number): Own {
    return {
      self: this.#setup.self,
      servers: this.#naming.config.servers.map(({ name }) => name),
      epoch: this.#isFresh(atMs) ? (this.#status?.cluster.epoch ?? 0) : null,
      coordinator: this.#status?.cluster.coordinator ?? null,
    };
  }

  #speak({ outbox, leftovers }: Bond): void {
    const { devices } = this.#naming;
    const head = `${this.prefix}/`;
    for (const [below, payload] of this.#board.entries()) outbox.put(`${head}${below}`, payload);
    for (const [topic, payload] of devices) outbox.put(topic, payload);
    for (const topic of outbox.topics()) {
      const isOurs = topic.startsWith(head);
      if (isOurs ? this.#isGone(topic.slice(head.length)) : !devices.has(topic))
        outbox.clear(topic);
    }
    for (const below of leftovers.take()) {
      if (!this.#isGone(below)) continue;
      outbox.put(`${head}${below}`, "");
      const device = deviceOf(this.#naming, below);
      if (device !== null) outbox.put(device, "");
    }
  }

  #isGone(below: string): boolean {
    return !this.#board.has(below) && !hasSubject(this.#naming, below);
  }

  /** Another server speaks: what it publishes must not be overwritten, not even after a reconnect. */
  #yield({ outbox }: Bond): void {
    const online = `${this.prefix}/node/${this.#ownId}/online`;
    for (const topic of outbox.topics()) if (topic !== online) outbox.forget(topic);
  }

  #drain(): void {
    for (const [broker, { outbox }] of this.#bonds.entries()) {
      for (const dispatch of outbox.take())
        this.#effects.push({ kind: "publish", broker, dispatch });
    }
  }
}
