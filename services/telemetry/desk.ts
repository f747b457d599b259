/**
 * The life of a command after the rules: asked of the agent, running, done or failed, with an answer for
 * each stage and a line of audit at the end. A duplicate gets the last answer again.
 * Pure: time is a parameter. Source: ecosystem.md 1.4; order.ts, commands.ts.
 */
import type { StatusDocument } from "../status.ts";
import { type CommandMessage, type CommandRules, MEMORY_MS, type Stage } from "./commands.ts";
import type { AgentAnswer } from "./core.ts";
import type { AuditLine, Bilingual, CommandReply, CommandStatus, Role } from "./model.ts";
import { GoalWatch, type Order, planOf } from "./order.ts";
import type { Publication } from "./outbox.ts";
import { refusalOf, sentence } from "./sentences.ts";
import { isReplyTopic } from "./topics.ts";

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
/** Nobody waits longer for an answer, s. */
const REPLY_EXPIRY_S = 60;

interface Sender {
  readonly broker: number;
  readonly topic: string;
  readonly replyTo: string | null;
  readonly correlation: Uint8Array | null;
}

interface Task {
  readonly commandId: string;
  readonly role: Role;
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
  /** Last answer per role and id, as long as the rules remember the id. */
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
    const sender: Sender = { broker, topic, replyTo: allowed ? responseTopic : null, correlation };
    const ruling = this.#rules.judge(message, stage);
    switch (ruling.kind) {
      case "silent":
        break;
      case "dropped":
        this.#counts.dropped += 1;
        this.#note(ruling.key, { topic, detail: ruling.detail }, stage);
        this.#audit(sender, null, null, "ignored", null, stage);
        break;
      case "refused": {
        const refusal = refusalOf(ruling.key, ruling.data);
        const status = ruling.key === "command-expired" ? "expired" : "rejected";
        const draft: Draft = { status, ...refusal, plan: [] };
        this.#counts.refused += 1;
        if (ruling.key === "command-malformed" || ruling.key === "unknown-command") {
          this.#note("command.malformed", { topic, detail: refusal.text.en }, stage);
        }
        this.#finish(sender, ruling.commandId, null, draft, stage);
        this.#keepAnswer(topic, ruling.commandId, draft, stage.atMs);
        break;
      }
      case "again": {
        this.#counts.repeated += 1;
        const kept = this.#answers.get(`${ruling.role} ${ruling.commandId}`);
        const unknown: Draft = { status: "failed", ...refusalOf("outcome-unknown", {}), plan: [] };
        this.#reply(sender, ruling.commandId, kept?.draft ?? unknown, stage);
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
        this.#remember(ruling.role, ruling.commandId, draft, stage.atMs);
        this.#finish(sender, ruling.commandId, null, draft, stage);
        break;
      }
      case "execute":
        this.#begin(sender, ruling, stage);
        break;
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
      this.#remember(task.role, task.commandId, draft, stage.atMs);
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

  #begin(
    sender: Sender,
    ruling: { commandId: string; role: Role; order: Order; reason: string | null },
    stage: Stage,
  ): void {
    this.#counts.accepted += 1;
    this.#token += 1;
    const { order, commandId, role, reason } = ruling;
    const { status } = stage;
    const plan = status === null ? [] : planOf(order, status);
    const watch = status === null ? null : new GoalWatch(order.goal, status);
    const sinceMs = stage.atMs;
    this.#tasks.set(this.#token, { commandId, role, order, sender, reason, plan, sinceMs, watch });
    const draft: Draft = { ...told("accepted", {}), status: "accepted", plan };
    this.#remember(role, commandId, draft, stage.atMs);
    this.#reply(sender, commandId, draft, stage);
    this.#orders.push({ token: this.#token, verb: order.verb, args: order.args });
  }

  #follow(token: number, task: Task, status: StatusDocument, stage: Stage): void {
    const progress = task.watch?.judge(status);
    const last = this.#answers.get(`${task.role} ${task.commandId}`)?.draft.status;
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
    this.#remember(task.role, task.commandId, draft, stage.atMs);
    this.#finish(task.sender, task.commandId, task.reason, draft, stage);
  }

  #keepAnswer(topic: string, commandId: string, draft: Draft, atMs: number): void {
    const role = topic.slice(this.#prefix.length + "/cmd/".length).split("/")[0];
    if (role !== "op" && role !== "admin") return;
    // Only the first answer of an id counts: refusing a reused one must not replace it.
    if (!this.#answers.has(`${role} ${commandId}`)) this.#remember(role, commandId, draft, atMs);
  }

  #remember(role: Role, commandId: string, draft: Draft, atMs: number): void {
    if (commandId !== "") this.#answers.set(`${role} ${commandId}`, { draft, atMs });
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
    const { topic, replyTo, broker } = sender;
    const ts = new Date(stage.nowMs).toISOString();
    const by = this.#self;
    const line: AuditLine = { v: 1, ts, by, topic, commandId, reason, replyTo, status, code };
    this.#letters.push({
      broker,
      topic: `${this.#prefix}/audit`,
      payload: JSON.stringify(line),
      retain: false,
      correlation: null,
      expiryS: null,
    });
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
