/**
 * The rules of commands: each prevents a concrete accident. A retained command would act at every
 * reconnect, a duplicate twice, a late one after the outage it was meant for, one without its expectation
 * against a state that its sender has not seen. What is in doubt is refused, never executed.
 * Pure: time and picture are parameters. Source: ecosystem.md 1.4; protocol of firmware/agent/control.ts.
 */
import { createHash } from "node:crypto";
import type { CommandRequest, Role } from "../model.ts";
import { isReplyTopic, type ReadTopic, readCommandTopic } from "../topics.ts";
import { type Duty, decide, dutyOf, witnessOf } from "./decide.ts";
import { type ReadRequest, readRequest } from "./request.ts";
import { dropped, type Ruling, refused, type Stage, type Values } from "./ruling.ts";
import { mayOrder, type OperatorKey, openSigned } from "./signature.ts";

export interface CommandMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The retain flag as published. */
  readonly retain: boolean;
  readonly responseTopic: string | null;
  readonly correlation: Uint8Array | null;
}

/** A ruling and whose it is. */
export interface Judged {
  readonly ruling: Ruling;
  /** Role or key under which the id is remembered, so that the answer has to be; null = it is not. */
  readonly scope: string | null;
  /** Id of the key that signed; null = nobody did. */
  readonly signer: string | null;
}

/** How long an id is remembered; longer than any command is valid, clocks apart included. */
export const MEMORY_MS = 600_000;
/** Commands of one role within that time. An id is never forgotten early: it might act twice. */
export const MEMORY_MAX = 2048;
/** Commands of one signing key within that time; keys are up to 64. */
const SIGNED_MEMORY_MAX = 512;
/** How far a sender's clock may be ahead, ms. */
const AHEAD_MS_MAX = 60_000;
/** The same of a signer: what is replayed within this time of a restart is refused, so it is short. */
const SIGNED_AHEAD_MS_MAX = 10_000;

interface Memory {
  readonly digest: string;
  readonly atMs: number;
  /** Another server led when it came; whether that one acted is not known here. */
  readonly isForeign: boolean;
}

/** A request that was read, under whose name. */
interface Claim {
  readonly request: CommandRequest;
  readonly sentMs: number;
  readonly message: CommandMessage;
  readonly signer: OperatorKey | null;
  readonly scope: string;
}

export class CommandRules {
  /** Wall clock when this memory began, ms; what was sent before may have been carried out. */
  readonly #sinceMs: number;
  /** By scope, then by id. */
  readonly #memory = new Map<string, Map<string, Memory>>();
  /** By signing key: instant of its newest command. Older ones are replays, whatever a clock says. */
  readonly #newestMs = new Map<string, number>();

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  judge(message: CommandMessage, stage: Stage): Judged {
    if (message.payload.length === 0) return nobody({ kind: "silent" });
    const read = readCommandTopic(stage.prefix, message.topic);
    const duty = dutyOf(read.kind === "command" ? read.command : null, stage);
    const isOther = duty === "other";
    const { topic, responseTopic, payload } = message;
    if (message.retain) {
      if (isOther) return nobody({ kind: "silent" });
      if (stage.keys !== null) return nobody(refused("", "command-stored", {}));
      return nobody(dropped("command.retained", topic));
    }
    if (responseTopic !== null && !isReplyTopic(stage.prefix, responseTopic)) {
      if (isOther) return nobody({ kind: "silent" });
      const detail = "response topic outside reply/<account>/<client>";
      return nobody(dropped("command.malformed", detail));
    }
    const opened = stage.keys === null ? null : openSigned(topic, payload, stage.keys);
    if (opened?.kind === "refused") return nobody(isOther ? { kind: "silent" } : opened);
    const signer = opened?.signer ?? null;
    const parsed = readRequest(opened?.payload ?? payload);
    const judged = isOther
      ? this.#overhear(message, read, parsed, signer, stage)
      : this.#weigh(message, read, parsed, signer, duty, stage);
    return { scope: null, ...judged, signer: signer?.id ?? null };
  }

  /** Another server's business; were it to fail now, its command must not act here a second time. */
  #overhear(
    message: CommandMessage,
    read: ReadTopic,
    parsed: ReadRequest,
    signer: OperatorKey | null,
    stage: Stage,
  ): Partial<Judged> & Pick<Judged, "ruling"> {
    if (parsed.kind === "request" && read.kind === "command" && read.role !== "view") {
      const { request, sentMs } = parsed;
      const claim = { request, sentMs, message, signer, scope: scopeOf(read.role, signer) };
      const isLate = this.#lateness(claim, stage) !== null;
      const isNew = this.#memory.get(claim.scope)?.has(request.commandId) !== true;
      const isOld = signer !== null && isLate;
      if (!isOld) this.#remember(claim, stage.atMs, true);
      if (isNew && !isLate && signer === null) {
        return { ruling: witnessOf(read.command, request, stage) };
      }
    }
    return { ruling: { kind: "silent" } };
  }

  #weigh(
    message: CommandMessage,
    read: ReadTopic,
    parsed: ReadRequest,
    signer: OperatorKey | null,
    duty: Duty,
    stage: Stage,
  ): Partial<Judged> & Pick<Judged, "ruling"> {
    if (parsed.kind === "malformed") {
      const { commandId, detail } = parsed;
      return { ruling: refused(commandId ?? "", "command-malformed", { detail }) };
    }
    const { request, sentMs } = parsed;
    const no = (key: string, data: Values): { ruling: Ruling } => {
      return { ruling: refused(request.commandId, key, data) };
    };
    if (read.kind === "unknown") return no("unknown-command", {});
    if (read.kind === "wrong-role")
      return no("wrong-role", { role: read.role, needed: read.needed });
    const { role } = read;
    if (signer !== null && !mayOrder(signer, role)) {
      return no("signature-role", { key: signer.id, role: signer.role, needed: role });
    }
    const claim: Claim = { request, sentMs, message, signer, scope: scopeOf(role, signer) };
    const late = this.#lateness(claim, stage);
    if (role === "view") {
      return { ruling: late ?? decide(read.command, request, duty, stage) };
    }
    const known = this.#recall(claim, stage.atMs);
    if (known?.kind === "again") return { ruling: known, scope: claim.scope };
    if (known !== null || late !== null) return { ruling: known ?? late ?? SILENT };
    if (signer !== null) {
      // Servers that lead one after the other share no memory, but no epoch either.
      if (request.expect?.epoch === undefined) return no("signature-epoch", {});
      const newestMs = this.#newestMs.get(claim.scope) ?? Number.NEGATIVE_INFINITY;
      if (sentMs <= newestMs) return no("signature-order", { key: signer.id });
    }
    if (!this.#remember(claim, stage.atMs, false)) return no("commands-busy", {});
    return { ruling: decide(read.command, request, duty, stage), scope: claim.scope };
  }

  /** Forgets what is older than MEMORY_MS. */
  tick(atMs: number): void {
    for (const [scope, memory] of this.#memory) {
      forget(memory, atMs);
      if (memory.size === 0) this.#memory.delete(scope);
    }
  }

  #lateness({ request, sentMs, signer }: Claim, { nowMs }: Stage): Ruling | null {
    const { commandId, ttlS } = request;
    const aheadMsMax = signer === null ? AHEAD_MS_MAX : SIGNED_AHEAD_MS_MAX;
    if (nowMs > sentMs + ttlS * 1000) return refused(commandId, "command-expired", { ttl: ttlS });
    if (sentMs > nowMs + aheadMsMax) {
      const ahead = Math.round((sentMs - nowMs) / 1000);
      return refused(commandId, "command-early", { ahead });
    }
    // A signed one may be in a stranger's hands: its clock ahead must not carry it over a restart.
    const sinceMs = this.#sinceMs + (signer === null ? 0 : aheadMsMax);
    return sentMs < sinceMs ? refused(commandId, "command-before-start", {}) : null;
  }

  #recall({ request, message, scope }: Claim, atMs: number): Ruling | null {
    const id = request.commandId;
    const memory = this.#memory.get(scope)?.get(id);
    if (memory === undefined || atMs - memory.atMs > MEMORY_MS) return null;
    if (memory.digest !== digestOf(message)) return refused(id, "command-reused", { id });
    if (memory.isForeign) return refused(id, "outcome-unknown", { reason: "deposed" });
    return { kind: "again", commandId: id };
  }

  /** False: the memory is full, and nothing may be forgotten before its time. */
  #remember(claim: Claim, atMs: number, isForeign: boolean): boolean {
    const { request, message, scope, signer, sentMs } = claim;
    const memory = this.#memory.get(scope) ?? new Map<string, Memory>();
    this.#memory.set(scope, memory);
    if (memory.has(request.commandId) && isForeign) return true;
    const most = signer === null ? MEMORY_MAX : SIGNED_MEMORY_MAX;
    if (memory.size >= most) forget(memory, atMs);
    if (memory.size >= most) return false;
    memory.set(request.commandId, { digest: digestOf(message), atMs, isForeign });
    if (signer !== null) {
      this.#newestMs.set(scope, Math.max(this.#newestMs.get(scope) ?? sentMs, sentMs));
    }
    return true;
  }
}

const SILENT: Ruling = { kind: "silent" };

const nobody = (ruling: Ruling): Judged => ({ ruling, scope: null, signer: null });

const scopeOf = (role: Role, signer: OperatorKey | null): string =>
  signer === null ? role : `key ${signer.id}`;

function digestOf({ topic, payload }: CommandMessage): string {
  return createHash("sha256").update(topic).update("\0").update(payload).digest("base64");
}

function forget(memory: Map<string, Memory>, atMs: number): void {
  for (const [id, { atMs: bornMs }] of memory) if (atMs - bornMs > MEMORY_MS) memory.delete(id);
}
