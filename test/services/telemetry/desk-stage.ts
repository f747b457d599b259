/**
 * A telemetry core with a hand-held clock: a server's picture, a broker that acknowledges at once, and
 * what was published, ordered and noted. Pictures are written out by hand.
 */
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { GroupStatus, ServerStatus, StatusDocument } from "../../../services/status.ts";
import type { BrokerDuty } from "../../../services/telemetry/commands/ruling.ts";
import {
  TelemetryCore,
  type TelemetryEffect,
  type TelemetryEvent,
} from "../../../services/telemetry/core.ts";
import type { LogLine } from "../../../services/telemetry/events.ts";
import type { CommandReply } from "../../../services/telemetry/model.ts";
import type { Dispatch } from "../../../services/telemetry/outbox.ts";
import { sample, write } from "../configuration/sample.ts";

export const PREFIX = "kage/v1/lab";
/** 2026-11-22T12:00:00Z */
export const START_MS = Date.UTC(2026, 10, 22, 12);
export const REPLY_TO = `${PREFIX}/reply/operator/console-1`;

export function loadSample(): ClusterConfig {
  const loaded = loadConfiguration(write(sample()), "lab.jsonc");
  if (loaded.kind !== "ok") throw new Error(JSON.stringify(loaded.findings));
  return loaded.config;
}

export function picture(
  change: {
    readonly epoch?: number | null;
    readonly coordinator?: string | null;
    readonly owner?: string | null;
    readonly state?: GroupStatus["state"];
    readonly second?: ServerStatus["state"];
    readonly reasons?: StatusDocument["cluster"]["reasons"];
  } = {},
): StatusDocument {
  const { epoch = 7, coordinator = "SERVER1", owner = "SERVER1", state = "running" } = change;
  const server = (name: string, shown: ServerStatus["state"]): ServerStatus => ({
    name,
    state: shown,
    since: "2026-11-22T11:00:00.000Z",
    incarnation: "00112233aabbccdd",
  });
  return {
    cluster: {
      name: "lab",
      level: change.reasons === undefined ? "ok" : "degraded",
      reasons: change.reasons ?? [],
      epoch,
      method: "com-disk",
      coordinator,
      survivesFailures: 1,
      details: { configHash: "0badcafe" },
    },
    servers: [server("SERVER1", "member"), server("SERVER2", change.second ?? "member")],
    groups: [{ name: "web", state, owner, policy: ["SERVER1", "SERVER2"] }],
    paths: [
      {
        kind: "lan-private",
        id: "lan1",
        from: "SERVER2",
        to: "SERVER1",
        state: "normal",
        lastHeardMs: 12,
      },
    ],
  };
}

export function logLine(seq: number, key = "group.running", atMs = START_MS + seq): LogLine {
  return {
    seq,
    at: new Date(atMs).toISOString(),
    code: "KG-4011",
    key,
    severity: "info",
    server: "SERVER1",
    text: "Group web runs on SERVER1.",
    cause: "",
    remedy: "",
    ja: { text: "グループ web が動作しています。", cause: "", remedy: "" },
    data: { group: "web" },
  };
}

type Input = TelemetryEvent extends infer E
  ? E extends { atMs: number; nowMs: number }
    ? Omit<E, "atMs" | "nowMs">
    : never
  : never;

export interface CommandFields {
  readonly topic?: string;
  readonly payload?: string | Uint8Array;
  readonly retain?: boolean;
  readonly responseTopic?: string | null;
  readonly correlation?: string;
  /** Default 0: the server's own. */
  readonly broker?: number;
}

export class DeskStage {
  readonly core: TelemetryCore;
  readonly published: (Dispatch & { readonly broker: number })[] = [];
  readonly orders: Extract<TelemetryEffect, { kind: "agent.order" }>[] = [];
  readonly notes: Extract<TelemetryEffect, { kind: "note" }>[] = [];
  readonly asked: number[] = [];
  readonly marks: number[] = [];
  /** False: publications stay unacknowledged. */
  acknowledges = true;
  atMs = 1000;

  constructor(
    change: {
      readonly self?: string;
      readonly deliveredSeq?: number;
      readonly homeAssistant?: boolean;
      readonly config?: ClusterConfig;
      readonly brokers?: readonly BrokerDuty[];
    } = {},
  ) {
    this.core = new TelemetryCore({
      config: change.config ?? loadSample(),
      self: change.self ?? "SERVER1",
      version: "0.1.0",
      brokers: change.brokers ?? [{ takesCommands: true }],
      homeAssistant: change.homeAssistant ?? false,
      startedMs: START_MS - 60_000,
      deliveredSeq: change.deliveredSeq ?? 0,
    });
  }

  get nowMs(): number {
    return START_MS + this.atMs - 1000;
  }

  take(input: Input): void {
    const event = { ...input, atMs: this.atMs, nowMs: this.nowMs } as TelemetryEvent;
    const acks: { readonly broker: number; readonly token: number }[] = [];
    for (const effect of this.core.take(event)) {
      if (effect.kind === "publish") {
        const { broker, dispatch } = effect;
        this.published.push({ ...dispatch, broker });
        acks.push({ broker, token: dispatch.token });
      } else if (effect.kind === "agent.order") this.orders.push(effect);
      else if (effect.kind === "note") this.notes.push(effect);
      else if (effect.kind === "agent.events") this.asked.push(effect.after);
      else this.marks.push(effect.seq);
    }
    if (!this.acknowledges) return;
    for (const ack of acks) this.take({ kind: "broker.delivered", ...ack });
  }

  /** Time passes in ticks; the agent goes on speaking unless it is said to be silent. */
  pass(ms: number, status: StatusDocument | null = null): void {
    for (let passed = 0; passed < ms; passed += 500) {
      this.atMs += 500;
      if (status !== null) this.see(status);
      this.take({ kind: "tick", metrics: {} });
    }
  }

  see(status: StatusDocument, ja: readonly string[] = []): void {
    this.take({ kind: "feed.status", status, ja });
  }

  connect(broker = 0): void {
    this.take({ kind: "broker.connected", broker });
  }

  lose(): void {
    this.take({ kind: "broker.lost", broker: 0 });
  }

  hear(topic: string, payload: string | Uint8Array, retain = false): void {
    this.command({ topic: `${PREFIX}/${topic}`, payload, retain, responseTopic: null });
  }

  command(fields: CommandFields = {}): void {
    const { payload = request({}), retain = false } = fields;
    const message = {
      topic: fields.topic ?? `${PREFIX}/cmd/op/group/web/move`,
      payload: typeof payload === "string" ? Buffer.from(payload) : payload,
      retain,
      responseTopic: fields.responseTopic === undefined ? REPLY_TO : fields.responseTopic,
      correlation: Buffer.from(fields.correlation ?? "c1"),
    };
    this.take({ kind: "broker.message", broker: fields.broker ?? 0, message });
  }

  /** Everything on one topic below the prefix, parsed, oldest first. */
  on(topic: string): Record<string, unknown>[] {
    return this.published
      .filter((one) => one.topic === `${PREFIX}/${topic}`)
      .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  }

  replies(): CommandReply[] {
    return this.published
      .filter(({ topic }) => topic.startsWith(`${PREFIX}/reply/`))
      .map(({ payload }) => JSON.parse(payload) as CommandReply);
  }
}

/** A move of `web` to SERVER2 as an operator's console sends it, 1 s ago. */
export function request(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    commandId: "cmd-00000001",
    args: { to: "SERVER2" },
    confirm: "web",
    ts: new Date(START_MS - 1000).toISOString(),
    ttlS: 30,
    ...change,
  });
}

/** Coordinator SERVER1 with a broker. */
export function ready(): DeskStage {
  const stage = new DeskStage();
  stage.see(picture());
  stage.connect();
  return stage;
}
