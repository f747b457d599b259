/**
 * The life of a command after the rules: asked of the agent, running, done or failed, with an answer for
 * each stage and a line of audit at the end. A duplicate gets the last answer again.
 * Pure: time is a parameter. Source: ecosystem.md 1.4; order.ts, commands.ts.
 */
import type { StatusDocument } from "../../status.ts";
import type { AuditLine, Bilingual, CommandReply, CommandStatus } from "../model.ts";
import type { Publication } from "../outbox.ts";
import { refusalOf, sentence } from "../sentences.ts";
import { isReplyTopic } from "../topics.ts";
import { Witness } from "../witness.ts";
import { GoalWatch, lastWordOf, type Order, planOf, subjectOf } from "./order.ts";
import { type CommandMessage, type CommandRules, type Judged, MEMORY_MS } from "./rules.ts";
import { type Refused, type Ruling, refused, type Stage } from "./ruling.ts";

/** What the agent made of an order. `key` is one of the catalogue's refusals. */
export type AgentAnswer =
  | { readonly kind: "accepted" }
  | {
      readonly kind: "refused";
      readonly key: string;
      readonly data: Readonly<Record<string, string>>;
    }
  | { readonly kind: "silent" };

/** What the desk wants done. */
export interface Desk {
  readonly letters: readonly (Publication & { readonly broker: number })[];
  readonly orders: readonly {
    readonly token: number;
    readonly verb: string;
    readonly args: Readonly<Record<string, string>>;
  }[];
  readonly notes: readonly {
    readonly key: string;
    readonly data: Readonly<Record<string, string | number>>;
  }[];
}

/** An order that is not carried out after this long is reported as open, ms. */
const GOAL_MS_MAX = 120_000;
/** One line in the event log per key and time, whatever a broken sender publishes. */
const NOTE_EVERY_MS = 10_000;
/** This server's own is the first. */
const OWN_BROKER = 0;
/** Nobody waits longer for an answer, s. */
const REPLY_EXPIRY_S = 60;

interface Sender {
  readonly broker: number;
  readonly topic: string;
  readonly replyTo: string | null;
  readonly correlation: Uint8Array | null;
  /** Id of the key that signed; null = the broker's own account is trusted, or nobody signed. */
  readonly signer: string | null;
  /** It came over a broker that is not this server's own. */
  readonly isOutside: boolean;
}

interface Task {
  readonly commandId: string;
  /** Under which the rules remember the id. */
  readonly scope: string;
  readonly order: Order;
  readonly sender: Sender;
  readonly reason: string | null;
  readonly plan: readonly Bilingual[];
  readonly sinceMs: number;
  watch: GoalWatch | null;
}

interface Draft {
  readonly status: CommandStatus;
  readonly code: string | null;
  readonly text: Bilingual;
  readonly hint: Bilingual;
  readonly plan: readonly Bilingual[];
}

const NO_TEXT: Bilingual = { en: "", ja: "" };

export class CommandDesk {
  readonly #rules: CommandRules;
  readonly #prefix: string;
  readonly #self: string;
  readonly #tasks = new Map<number, Task>();
  readonly #witness = new Witness<Sender>();
  /** Last answer per scope and id, as long as the rules remember the id. */
  readonly #answers = new Map<string, { readonly draft: Draft; readonly atMs: number }>();
  readonly #noted = new Map<string, { atMs: number; count: number }>();
  readonly #counts = { accepted: 0, refused: 0, repeated: 0, dropped: 0 };
  #token = 0;
  #letters: (Publication & { broker: number })[] = [];
  #orders: Desk["orders"][number][] = [];
  #notes: Desk["notes"][number][] = [];

  constructor(rules: CommandRules, prefix: string, self: string) {
    this.#rules = rules;
    this.#prefix = prefix;
    this.#self = self;
  }

  counters(): Readonly<Record<string, number>> {
    const { accepted, refused, repeated, dropped } = this.#counts;
    return {
      commandsAccepted: accepted,
      commandsRefused: refused,
      commandsRepeated: repeated,
      commandsDropped: dropped,
    };
  }

  judge(broker: number, message: CommandMessage, stage: Stage): Desk {
    const { topic, responseTopic, correlation } = message;
    const allowed = responseTopic !== null && isReplyTopic(this.#prefix, responseTopic);
    const { ruling, scope, signer } = this.#rules.judge(message, stage);
    const replyTo = allowed ? responseTopic : null;
    const isOutside = stage.keys !== null;
    const sender: Sender = { broker, topic, replyTo, correlation, signer, isOutside };
    switch (ruling.kind) {
      case "silent":
        break;
      case "witness": {
        const { commandId, order } = ruling;
        const { status, atMs } = stage;
        if (status !== null) this.#witness.take(commandId, sender, order, status, atMs);
        break;
      }
      case "dropped":
        this.#counts.dropped += 1;
        this.#note(ruling.key, { topic, detail: ruling.detail }, stage);
        this.#audit(sender, null, null, "ignored", null, stage);
        break;
      case "refused":
        this.#refuse(sender, ruling, scope, stage);
        break;
      case "again": {
        this.#counts.repeated += 1;
        const kept = this.#answers.get(`${scope} ${ruling.commandId}`);
        const unknown: Draft = { status: "failed", ...refusalOf("outcome-unknown", {}), plan: [] };
        this.#reply(sender, ruling.commandId, kept?.draft ?? unknown, stage);
        if (isOutside) this.#audit(sender, ruling.commandId, null, "ignored", null, stage);
        break;
      }
      case "ping":
        this.#reply(sender, ruling.commandId, told("pong", { server: this.#self }), stage);
        break;
      case "snapshot":
        this.#reply(sender, ruling.commandId, told("pong", { server: this.#self }), stage, {
          data: stage.status,
        });
        break;
      case "dry-run": {
        const plan = stage.status === null ? [] : planOf(ruling.order, stage.status);
        const draft = { ...told("dry-run", {}), plan };
        this.#remember(scope, ruling.commandId, draft, stage.atMs);
        this.#finish(sender, ruling.commandId, null, draft, stage);
        break;
      }
      case "execute": {
        const { commandId, order, expects } = ruling;
        const name = subjectOf(order.goal) || stage.cluster;
        if (expects && this.#isTaken(order)) {
          this.#refuse(sender, refused(commandId, "order-underway", { name }), scope, stage);
        } else this.#begin(sender, ruling, scope, stage);
        break;
      }
    }
    return this.#flush();
  }

  answered(token: number, answer: AgentAnswer, stage: Stage): Desk {
    const task = this.#tasks.get(token);
    if (task === undefined) return this.#flush();
    if (answer.kind === "accepted") {
      const { status } = stage;
      task.watch ??= status === null ? null : new GoalWatch(task.order.goal, status);
      const draft: Draft = { ...told("running", {}), status: "running", plan: task.plan };
      this.#remember(task.scope, task.commandId, draft, stage.atMs);
      this.#reply(task.sender, task.commandId, draft, stage);
      if (status !== null) this.#follow(token, task, status, stage);
      return this.#flush();
    }
    this.#tasks.delete(token);
    const key = answer.kind === "refused" ? answer.key : "outcome-unknown";
    const data = answer.kind === "refused" ? answer.data : { reason: "pulse-lost" };
    const status = answer.kind === "refused" ? "rejected" : "failed";
    const draft: Draft = { status, ...refusalOf(key, data), plan: [] };
    this.#end(task, draft, stage);
    return this.#flush();
  }

  /** A new picture: who has reached the goal? */
  look(status: StatusDocument, stage: Stage): Desk {
    for (const [token, task] of this.#tasks) this.#follow(token, task, status, stage);
    for (const { commandId, sender, now } of this.#witness.look(status, stage.atMs)) {
      this.#finish(sender, commandId, null, told("done", { now }), stage);
    }
    return this.#flush();
  }

  tick(stage: Stage): Desk {
    this.#rules.tick(stage.atMs);
    for (const [key, { atMs }] of this.#answers) {
      if (stage.atMs - atMs > MEMORY_MS) this.#answers.delete(key);
    }
    for (const [token, task] of this.#tasks) {
      if (stage.atMs - task.sinceMs < GOAL_MS_MAX) continue;
      this.#tasks.delete(token);
      const now = stage.status === null ? undefined : task.watch?.judge(stage.status).now;
      const seconds = GOAL_MS_MAX / 1000;
      const refusal = refusalOf("goal-late", { seconds, now: now ?? NO_TEXT });
      this.#end(task, { status: "failed", ...refusal, plan: task.plan }, stage);
    }
    return this.#flush();
  }

  /**
   * Two who have seen the same picture both expect rightly as long as it does not move, so the first
   * order on its subject takes the expectation with it.
   */
  #isTaken({ goal }: Order): boolean {
    return [...this.#tasks.values()].some(
      ({ order, watch }) =>
        order.goal.kind === goal.kind &&
        subjectOf(order.goal) === subjectOf(goal) &&
        watch?.isUntouched !== false,
    );
  }

  #begin(
    sender: Sender,
    ruling: Extract<Ruling, { kind: "execute" }>,
    scope: Judged["scope"],
    stage: Stage,
  ): void {
    this.#counts.accepted += 1;
    this.#token += 1;
    const { order, commandId, reason } = ruling;
    const { status } = stage;
    const plan = status === null ? [] : planOf(order, status);
    const watch = status === null ? null : new GoalWatch(order.goal, status);
    const sinceMs = stage.atMs;
    const task = { commandId, scope: scope ?? "", order, sender, reason, plan, sinceMs, watch };
    this.#tasks.set(this.#token, task);
    const last = lastWordOf(order.goal);
    const words = last === null ? told("accepted", {}) : told("accepted-last", { server: last });
    const draft: Draft = { ...words, status: "accepted", plan };
    this.#remember(scope, commandId, draft, stage.atMs);
    this.#reply(sender, commandId, draft, stage);
    if (sender.signer !== null) {
      this.#note("command.signed", { topic: sender.topic, detail: sender.signer }, stage);
    }
    this.#orders.push({ token: this.#token, verb: order.verb, args: order.args });
  }

  #follow(token: number, task: Task, status: StatusDocument, stage: Stage): void {
    const progress = task.watch?.judge(status);
    const last = this.#answers.get(`${task.scope} ${task.commandId}`)?.draft.status;
    // Before the agent has answered, a goal that holds may hold for another reason.
    if (progress === undefined || progress.kind === "pending" || last !== "running") return;
    this.#tasks.delete(token);
    const draft: Draft =
      progress.kind === "reached"
        ? { ...told("done", { now: progress.now }), plan: task.plan }
        : { status: "failed", ...refusalOf("goal-failed", { now: progress.now }), plan: task.plan };
    this.#end(task, draft, stage);
  }

  #end(task: Task, draft: Draft, stage: Stage): void {
    this.#remember(task.scope, task.commandId, draft, stage.atMs);
    this.#finish(task.sender, task.commandId, task.reason, draft, stage);
  }

  #refuse(sender: Sender, ruling: Refused, scope: Judged["scope"], stage: Stage): void {
    const { key, data, commandId } = ruling;
    const refusal = refusalOf(key, data);
    const status = key === "command-expired" ? "expired" : "rejected";
    const draft: Draft = { status, ...refusal, plan: [] };
    this.#counts.refused += 1;
    const { topic } = sender;
    const detail = refusal.text.en;
    if (sender.isOutside) this.#note("command.refused-outside", { topic, detail }, stage);
    else if (key === "command-malformed" || key === "unknown-command") {
      this.#note("command.malformed", { topic, detail }, stage);
    }
    this.#finish(sender, commandId, null, draft, stage);
    this.#remember(scope, commandId, draft, stage.atMs);
  }

  /** Only what the rules remember, so that the answers are bounded as their memory is. */
  #remember(scope: Judged["scope"], commandId: string, draft: Draft, atMs: number): void {
    if (scope !== null) this.#answers.set(`${scope} ${commandId}`, { draft, atMs });
  }

  #finish(
    sender: Sender,
    commandId: string,
    reason: string | null,
    draft: Draft,
    stage: Stage,
  ): void {
    this.#reply(sender, commandId, draft, stage);
    this.#audit(sender, commandId, reason, draft.status, draft.code, stage);
  }

  #reply(
    sender: Sender,
    commandId: string,
    draft: Draft,
    stage: Stage,
    more: { readonly data?: unknown } = {},
  ): void {
    if (sender.replyTo === null) return;
    const ts = new Date(stage.nowMs).toISOString();
    const reply: CommandReply = { v: 1, commandId, ...draft, ts, by: this.#self };
    this.#letters.push({
      broker: sender.broker,
      topic: sender.replyTo,
      payload: JSON.stringify({ ...reply, ...more }),
      retain: false,
      correlation: sender.correlation,
      expiryS: REPLY_EXPIRY_S,
    });
  }

  #audit(
    sender: Sender,
    commandId: string | null,
    reason: string | null,
    status: AuditLine["status"],
    code: string | null,
    stage: Stage,
  ): void {
    const { topic, replyTo, broker, signer, isOutside } = sender;
    const ts = new Date(stage.nowMs).toISOString();
    const by = this.#self;
    const what = { topic, commandId, reason, replyTo, status, code };
    const line: AuditLine = { v: 1, ts, by, ...what, signer, outside: isOutside };
    const payload = JSON.stringify(line);
    const letter = { topic: `${this.#prefix}/audit`, payload, retain: false, correlation: null };
    this.#letters.push({ ...letter, broker, expiryS: null });
    // A broker of somebody else must not be the only one that knows what was ordered over it.
    if (broker !== OWN_BROKER) this.#letters.push({ ...letter, broker: OWN_BROKER, expiryS: null });
  }

  #note(key: string, data: Readonly<Record<string, string>>, { atMs }: Stage): void {
    const last = this.#noted.get(key) ?? { atMs: Number.NEGATIVE_INFINITY, count: 0 };
    last.count += 1;
    this.#noted.set(key, last);
    if (atMs - last.atMs < NOTE_EVERY_MS) return;
    last.atMs = atMs;
    this.#notes.push({ key, data: { ...data, count: last.count } });
  }

  #flush(): Desk {
    const desk = { letters: this.#letters, orders: this.#orders, notes: this.#notes };
    this.#letters = [];
    this.#orders = [];
    this.#notes = [];
    return desk;
  }
}

const told = (
  key: Parameters<typeof sentence>[0],
  data: Parameters<typeof sentence>[1],
): Draft => ({
  status: "done",
  code: null,
  text: sentence(key, data),
  hint: NO_TEXT,
  plan: [],
});
