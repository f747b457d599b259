/**
 * The rules of commands: each prevents a concrete accident. A retained command would act at every
 * reconnect, a duplicate twice, a late one after the outage it was meant for, one without its expectation
 * against a state that its sender has not seen. What is in doubt is refused, never executed.
 * Pure: time and picture are parameters. Source: ecosystem.md 1.4; protocol of firmware/agent/control.ts.
 */
import { createHash } from "node:crypto";
import type { StatusDocument } from "../status.ts";
import type { CommandRequest, Role } from "./model.ts";
import type { Order } from "./order.ts";
import { readRequest } from "./request.ts";
import { type CommandTopic, isReplyTopic, readCommandTopic } from "./topics.ts";

export interface CommandMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The retain flag as published. */
  readonly retain: boolean;
  readonly responseTopic: string | null;
  readonly correlation: Uint8Array | null;
}

/** What the rules look at; names are those of the configuration. */
export interface Stage {
  readonly prefix: string;
  readonly cluster: string;
  readonly self: string;
  /** Topic id to name. */
  readonly servers: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, string>;
  readonly status: StatusDocument | null;
  /** On the broker of the command another server is heard that leads the cluster. */
  readonly isLedElsewhere: boolean;
  /** The agent has spoken lately. */
  readonly isFresh: boolean;
  /** Monotonic and wall clock, ms. */
  readonly atMs: number;
  readonly nowMs: number;
}

type Values = Readonly<Record<string, string | number>>;

export type Ruling =
  /** Another server's business, or nothing at all. */
  | { readonly kind: "silent" }
  /** Not answered on purpose; the log gets a line. */
  | {
      readonly kind: "dropped";
      readonly key: "command.retained" | "command.malformed";
      readonly detail: string;
    }
  | {
      readonly kind: "refused";
      readonly commandId: string;
      readonly key: string;
      readonly data: Values;
    }
  | { readonly kind: "again"; readonly commandId: string; readonly role: Role }
  | { readonly kind: "ping"; readonly commandId: string }
  | { readonly kind: "snapshot"; readonly commandId: string }
  | {
      readonly kind: "dry-run";
      readonly commandId: string;
      readonly role: Role;
      readonly order: Order;
    }
  | {
      readonly kind: "execute";
      readonly commandId: string;
      readonly role: Role;
      readonly order: Order;
      readonly reason: string | null;
    };

/** How long an id is remembered; longer than any command is valid, clocks apart included. */
export const MEMORY_MS = 600_000;
/** Commands of one role within that time. An id is never forgotten early: it might act twice. */
export const MEMORY_MAX = 2048;
/** How far a sender's clock may be ahead, ms. */
const AHEAD_MS_MAX = 60_000;

interface Memory {
  readonly digest: string;
  readonly atMs: number;
  /** Another server led when it came; whether that one acted is not known here. */
  readonly isForeign: boolean;
}

export class CommandRules {
  /** Wall clock when this memory began, ms; what was sent before may have been carried out. */
  readonly #sinceMs: number;
  readonly #memory: Readonly<Record<"op" | "admin", Map<string, Memory>>> = {
    op: new Map(),
    admin: new Map(),
  };

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  judge(message: CommandMessage, stage: Stage): Ruling {
    if (message.payload.length === 0) return { kind: "silent" };
    const read = readCommandTopic(stage.prefix, message.topic);
    const command = read.kind === "command" ? read.command : null;
    const duty = dutyOf(command, stage);
    if (message.retain) {
      const { topic } = message;
      return duty === "other" ? { kind: "silent" } : dropped("command.retained", topic);
    }
    const { responseTopic } = message;
    if (responseTopic !== null && !isReplyTopic(stage.prefix, responseTopic)) {
      if (duty === "other") return { kind: "silent" };
      return dropped("command.malformed", "response topic outside reply/<account>/<client>");
    }
    const parsed = readRequest(message.payload);
    if (duty === "other") {
      if (parsed.kind === "request" && read.kind === "command") {
        this.#remember(read.role, parsed.request.commandId, message, stage.atMs, true);
      }
      return { kind: "silent" };
    }
    if (parsed.kind === "malformed") {
      return refused(parsed.commandId ?? "", "command-malformed", { detail: parsed.detail });
    }
    const { request, sentMs } = parsed;
    if (read.kind === "unknown") return refused(request.commandId, "unknown-command", {});
    if (read.kind === "wrong-role") {
      const { role, needed } = read;
      return refused(request.commandId, "wrong-role", { role, needed });
    }
    const late = this.#lateness(request, sentMs, stage);
    if (read.role !== "view") {
      const known = this.#recall(read.role, request.commandId, message, stage.atMs);
      if (known !== null) return known;
      if (late !== null) return late;
      if (!this.#remember(read.role, request.commandId, message, stage.atMs, false)) {
        return refused(request.commandId, "commands-busy", {});
      }
    } else if (late !== null) return late;
    return decide(read.role, read.command, request, duty, stage);
  }

  /** Forgets what is older than MEMORY_MS. */
  tick(atMs: number): void {
    for (const memory of Object.values(this.#memory)) {
      for (const [id, { atMs: bornMs }] of memory) {
        if (atMs - bornMs > MEMORY_MS) memory.delete(id);
      }
    }
  }

  #lateness(request: CommandRequest, sentMs: number, { nowMs }: Stage): Ruling | null {
    const { commandId, ttlS } = request;
    if (nowMs > sentMs + ttlS * 1000) return refused(commandId, "command-expired", { ttl: ttlS });
    if (sentMs > nowMs + AHEAD_MS_MAX) {
      const ahead = Math.round((sentMs - nowMs) / 1000);
      return refused(commandId, "command-early", { ahead });
    }
    return sentMs < this.#sinceMs ? refused(commandId, "command-before-start", {}) : null;
  }

  #recall(role: "op" | "admin", id: string, message: CommandMessage, atMs: number): Ruling | null {
    const memory = this.#memory[role].get(id);
    if (memory === undefined || atMs - memory.atMs > MEMORY_MS) return null;
    if (memory.digest !== digestOf(message)) return refused(id, "command-reused", { id });
    if (memory.isForeign) return refused(id, "outcome-unknown", { reason: "deposed" });
    return { kind: "again", commandId: id, role };
  }

  /** False: the memory is full, and nothing may be forgotten before its time. */
  #remember(
    role: Role,
    id: string,
    message: CommandMessage,
    atMs: number,
    isForeign: boolean,
  ): boolean {
    if (role === "view") return true;
    const memory = this.#memory[role];
    if (memory.has(id) && isForeign) return true;
    if (memory.size >= MEMORY_MAX) this.tick(atMs);
    if (memory.size >= MEMORY_MAX) return false;
    memory.set(id, { digest: digestOf(message), atMs, isForeign });
    return true;
  }
}

/**
 * `lead`: this server executes. `local`: nobody leads, but the command is about this very server.
 * `nobody`: nobody leads. `deaf`: this server led last, and its agent is silent. `other`: not ours.
 */
type Duty = "lead" | "local" | "nobody" | "deaf" | "other";

function dutyOf(command: CommandTopic | null, stage: Stage): Duty {
  const { status, self, isFresh, isLedElsewhere } = stage;
  if (status === null) return "deaf";
  const { coordinator } = status.cluster;
  if (coordinator !== null && coordinator !== self) return "other";
  // A detached server sees no coordinator; on a shared broker both would carry the command out.
  if (coordinator === null && isLedElsewhere) return "other";
  if (!isFresh) return "deaf";
  if (coordinator === self) return "lead";
  const isOwn = command?.kind === "node" && stage.servers.get(command.id) === self;
  return isOwn ? "local" : "nobody";
}

function decide(
  role: Role,
  command: CommandTopic,
  request: CommandRequest,
  duty: Duty,
  stage: Stage,
): Ruling {
  const { commandId } = request;
  const { status } = stage;
  if (duty === "deaf" || status === null) {
    return refused(commandId, "agent-silent", { server: stage.self });
  }
  if (command.kind === "view") return { kind: command.action, commandId };
  if (duty === "nobody") return refused(commandId, "no-quorum", {});
  const order = orderOf(command, request, stage, status);
  if ("refusal" in order) return refused(commandId, order.refusal, order.data);
  const mismatch = mismatchOf(command, request, stage, status);
  if (mismatch !== null) return refused(commandId, "expectation-failed", mismatch);
  const name = nameToConfirm(command, stage);
  if (name !== null && request.confirm !== name) {
    return refused(commandId, "confirm-missing", { name });
  }
  if (request.dryRun === true) return { kind: "dry-run", commandId, role, order };
  return { kind: "execute", commandId, role, order, reason: request.reason ?? null };
}

type NoOrder = { readonly refusal: string; readonly data: Values };

function orderOf(
  command: Exclude<CommandTopic, { kind: "view" }>,
  request: CommandRequest,
  stage: Stage,
  status: StatusDocument,
): Order | NoOrder {
  const to = request.args?.to;
  if (to !== undefined && (command.kind !== "group" || command.action === "stop")) {
    return { refusal: "command-malformed", data: { detail: "args.to does not belong here" } };
  }
  if (command.kind === "cluster") {
    return { verb: "cluster.shutdown", args: {}, goal: { kind: "cluster-off" } };
  }
  if (command.kind === "node") {
    const server = stage.servers.get(command.id);
    if (server === undefined) return { refusal: "unknown-server", data: { server: command.id } };
    const states = { detach: "detached", return: "member", shutdown: "off" } as const;
    const state = command.action === "force-return" ? "member" : states[command.action];
    return {
      verb: `server.${command.action}`,
      args: { server },
      goal: { kind: "server", server, state },
    };
  }
  const group = stage.groups.get(command.id);
  const shown = status.groups.find(({ name }) => name === group);
  if (group === undefined || shown === undefined) {
    return { refusal: "unknown-group", data: { group: command.id } };
  }
  const target = to === undefined ? null : (serverNamed(to, stage) ?? undefined);
  if (target === undefined) return { refusal: "unknown-server", data: { server: to ?? "" } };
  return {
    verb: `group.${command.action}`,
    args: target === null ? { group } : { group, to: target },
    goal: {
      kind: "group",
      group,
      state: command.action === "stop" ? "stopped" : "running",
      on: target,
      notOn: command.action === "move" ? shown.owner : null,
    },
  };
}

/** By name or by topic id. */
function serverNamed(text: string, stage: Stage): string | null {
  const names = [...stage.servers.values()];
  return names.find((name) => name === text) ?? stage.servers.get(text) ?? null;
}

/** What differs from `expect`, or null. */
function mismatchOf(
  command: Exclude<CommandTopic, { kind: "view" }>,
  request: CommandRequest,
  stage: Stage,
  status: StatusDocument,
): Values | null {
  const { expect } = request;
  if (expect === undefined) return null;
  const epoch = status.cluster.epoch ?? 0;
  if (expect.epoch !== undefined && expect.epoch !== epoch) {
    return { what: "epoch", actual: epoch, expected: expect.epoch };
  }
  const group = status.groups.find(
    ({ name }) => command.kind === "group" && name === stage.groups.get(command.id),
  );
  const server = status.servers.find(
    ({ name }) => command.kind === "node" && name === stage.servers.get(command.id),
  );
  if (expect.owner !== undefined && expect.owner !== (group?.owner ?? null)) {
    return { what: "owner", actual: group?.owner ?? "-", expected: expect.owner ?? "-" };
  }
  const state = group?.state ?? server?.state ?? status.cluster.level;
  if (expect.state !== undefined && expect.state !== state) {
    return { what: "state", actual: state, expected: expect.state };
  }
  return null;
}

/** Name that the sender has to type for what interrupts the business; null = none. */
function nameToConfirm(
  command: Exclude<CommandTopic, { kind: "view" }>,
  stage: Stage,
): string | null {
  if (command.kind === "cluster") return stage.cluster;
  if (command.kind === "group") {
    return command.action === "start" ? null : (stage.groups.get(command.id) ?? null);
  }
  return command.action === "return" ? null : (stage.servers.get(command.id) ?? null);
}

function digestOf({ topic, payload }: CommandMessage): string {
  return createHash("sha256").update(topic).update("\0").update(payload).digest("base64");
}

const dropped = (key: "command.retained" | "command.malformed", detail: string): Ruling => ({
  kind: "dropped",
  key,
  detail,
});

const refused = (commandId: string, key: string, data: Values): Ruling => ({
  kind: "refused",
  commandId,
  key,
  data,
});
