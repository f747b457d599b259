/**
 * The telemetry process: puts the pure core between the agent's feed, the brokers and the dashboard. It
 * may be killed, stopped or lost at any time; nobody who decides about groups waits for it.
 * Source: ecosystem.md 1.2; architecture.md 2; contract of the telemetry pieces.
 */
import { readFileSync } from "node:fs";
import { freemem, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { TLS_FILES } from "../../flash/broker/mosquitto.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { StatusDocument } from "../../services/status.ts";
import type { BrokerLinkOptions, Subscription } from "../../services/telemetry/broker-link.ts";
import {
  TelemetryCore,
  type TelemetryEffect,
  type TelemetryEvent,
} from "../../services/telemetry/core.ts";
import { DISCOVERY_PREFIX } from "../../services/telemetry/discovery.ts";
import { clientIdOf, topicId } from "../../services/telemetry/topics.ts";
import { productVersion } from "../cli/version.ts";
import { type ServerContext, StartFault, type TelemetryLocal } from "../local.ts";
import { type Log, openLog } from "../log.ts";
import { type AgentLink, openAgentLink } from "./agent-link.ts";
import { brokerFolder } from "./broker-certificate.ts";
import { type BrokerLoop, keepBroker } from "./broker-loop.ts";
import { accountFor, authorityFile, type PlannedBroker, planBrokers } from "./broker-plan.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { ConfigFollow } from "./config-follow.ts";
import { readCredentials } from "./credentials.ts";
import { type DeliveredMark, openDeliveredMark } from "./delivered-mark.ts";
import { KeyWatch, operatorKeysFile } from "./operator-keys.ts";
import { openPeers, textOf } from "./peer-brokers.ts";
import { openWeb, type WebServer } from "./web/web.ts";

/** Speaking, expiry and refreshing are counted in seconds. */
const TICK_MS = 500;
const WEB_RETRY_MS = 5000;
const MIB = 1024 * 1024;

type Input = TelemetryEvent extends infer E
  ? E extends { atMs: number; nowMs: number }
    ? Omit<E, "atMs" | "nowMs">
    : never
  : never;

export class Telemetry {
  readonly #context: ServerContext;
  readonly #options: TelemetryLocal;
  readonly #plan: readonly PlannedBroker[];
  readonly #keys: KeyWatch;
  readonly #certificate: CertificateWatch;
  readonly #log: Log;
  readonly #core: TelemetryCore;
  readonly #mark: DeliveredMark;
  readonly #follow: ConfigFollow;
  readonly #brokers: BrokerLoop[] = [];
  #peers: readonly BrokerLoop[] = [];
  readonly #connected: boolean[] = [];
  readonly #counters = { events: 0, publications: 0 };
  #agent: AgentLink | null = null;
  #web: WebServer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #webTimer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #status: StatusDocument | null = null;
  #ja: readonly string[] = [];
  #statusMs = 0;

  /** Throws StartFault when the local file has no telemetry section. */
  constructor(context: ServerContext) {
    const { local, config } = context;
    if (local.telemetry === undefined) {
      throw new StartFault(`no "telemetry" section in the local file of ${local.server}; add one`);
    }
    this.#context = context;
    this.#options = local.telemetry;
    this.#plan = planBrokers(local.telemetry);
    this.#log = openLog("telemetry", local);
    this.#keys = new KeyWatch(operatorKeysFile(local), this.#log);
    const folder = brokerFolder(local.telemetry);
    this.#certificate = new CertificateWatch(join(folder, TLS_FILES.certificate));
    this.#mark = openDeliveredMark(join(local.stateDir, "telemetry-mark.json"), this.#log);
    this.#follow = new ConfigFollow(local, context.host, config.hash, this.#log);
    this.#core = new TelemetryCore({
      config,
      self: local.server,
      version: productVersion(),
      brokers: this.#plan,
      homeAssistant: local.telemetry.homeAssistant === true,
      startedMs: Date.now(),
      deliveredSeq: this.#mark.seq,
    });
  }

  run(): void {
    const { local } = this.#context;
    this.#agent = openAgentLink(join(local.runDir, "agent.sock"), {
      onOpen: (logSeq) => this.#take({ kind: "feed.opened", logSeq }),
      onLost: () => this.#take({ kind: "feed.lost" }),
      onEvent: (line) => {
        this.#counters.events += 1;
        this.#take({ kind: "feed.events", lines: [line], late: false });
      },
      onStatus: (status, ja) => {
        this.#status = status;
        this.#ja = ja;
        this.#statusMs = monotonicMs();
        const config = this.#follow.look(status, this.#statusMs);
        if (config !== null) this.#adopt(config);
        this.#take({ kind: "feed.status", status, ja });
      },
    });
    this.#lookAround();
    const { prefix } = this.#core;
    const peers = { local, cluster: this.#context.config.name, prefix, log: this.#log };
    this.#peers = openPeers(peers, (server, message) =>
      this.#take({ kind: "peer.heard", server, message }),
    );
    for (const [broker, planned] of this.#plan.entries()) this.#keep(broker, planned);
    this.#timer = setInterval(() => {
      this.#lookAround();
      this.#take({ kind: "tick", metrics: metrics() });
    }, TICK_MS);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        this.close().catch((error: unknown) => this.#log.error({ error }, "end"));
      });
    }
    void this.#openWeb();
  }

  /** Says offline to the brokers and lets the process end. */
  async close(): Promise<void> {
    this.#isEnded = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    clearTimeout(this.#webTimer);
    this.#agent?.close();
    this.#mark.flush();
    const loops = [...this.#brokers, ...this.#peers];
    await Promise.all([...loops.map((loop) => loop.close()), this.#web?.close()]);
  }

  /** Topics, account and page are named after cluster and servers: with others everything begins anew. */
  #adopt(config: LoadedConfig): void {
    const { hash } = config;
    if (identityOf(config) === identityOf(this.#context.config)) {
      this.#log.info({ hash }, "following the configuration in force");
      return this.#take({ kind: "configuration", config });
    }
    this.#log.warn({ hash }, "another cluster or other servers: starting anew");
    this.close().catch((error: unknown) => this.#log.error({ error }, "end"));
  }

  #take(input: Input): void {
    const event = { ...input, atMs: monotonicMs(), nowMs: Date.now() } as TelemetryEvent;
    for (const effect of this.#core.take(event)) this.#execute(effect);
  }

  #execute(effect: TelemetryEffect): void {
    switch (effect.kind) {
      case "publish": {
        const { broker, dispatch } = effect;
        this.#counters.publications += 1;
        this.#brokers[broker]?.publish(dispatch, () =>
          this.#take({ kind: "broker.delivered", broker, token: dispatch.token }),
        );
        return;
      }
      case "agent.order": {
        const { token, verb, args } = effect;
        this.#agent?.order(verb, args).then(
          (answer) => this.#take({ kind: "agent.answered", token, answer }),
          (error: unknown) => this.#log.error({ verb, error }, "order"),
        );
        return;
      }
      case "agent.events":
        this.#agent?.events(effect.after).then(
          (lines) => {
            if (lines !== null) this.#take({ kind: "feed.events", lines, late: true });
          },
          (error: unknown) => this.#log.error({ error }, "events"),
        );
        return;
      case "note":
        return this.#agent?.note(effect.key, effect.data);
      case "mark":
        return this.#mark.set(effect.seq);
    }
  }

  /** Files that others change, or that time does. */
  #lookAround(): void {
    const keys = this.#options.allowRemoteCommands === true ? this.#keys.look() : null;
    if (keys !== null) this.#take({ kind: "operator-keys", keys });
    if (this.#options.brokerTls === undefined || this.#status === null) return;
    const note = this.#certificate.look(monotonicMs(), Date.now());
    if (note !== null) this.#agent?.note(note.key, note.data);
  }

  #keep(broker: number, planned: PlannedBroker): void {
    const loop = keepBroker(
      () => this.#linkOptions(planned),
      {
        onReady: () => {
          this.#connected[broker] = true;
          this.#take({ kind: "broker.connected", broker });
        },
        onLost: () => {
          this.#connected[broker] = false;
          this.#take({ kind: "broker.lost", broker });
        },
        onMessage: (message) => this.#take({ kind: "broker.message", broker, message }),
      },
      this.#log,
    );
    this.#brokers.push(loop);
  }

  #linkOptions(planned: PlannedBroker): BrokerLinkOptions {
    const { config, local } = this.#context;
    const { prefix } = this.#core;
    const states = ["group", "path", "node"].map((kind) => `${kind}/+/state`);
    const retained = ["state", "node/+/online", "alert/+", ...states].map(
      (filter) => `${prefix}/${filter}`,
    );
    // Events of others on a foreign broker prove nothing; peerBrokers brings the true ones.
    const events = planned.isOwn ? [`${prefix}/event`] : [];
    const live = [...events, ...(planned.takesCommands ? [`${prefix}/cmd/#`] : [])];
    const subscriptions: readonly Subscription[] = [
      ...retained.map((filter) => ({ filter, wantsRetained: true })),
      ...live.map((filter) => ({ filter, wantsRetained: false })),
      ...(this.#options.homeAssistant === true
        ? [{ filter: `${DISCOVERY_PREFIX}/status`, wantsRetained: false }]
        : []),
    ];
    const authority = authorityFile(planned, this.#options);
    return {
      url: planned.url,
      clientId: clientIdOf(config.name, local.server),
      ...accountFor(planned, this.#options),
      // Without the file nobody is trusted.
      ca: authority === null ? null : [textOf(authority)].filter((pem) => pem !== null),
      will: { topic: `${prefix}/node/${topicId(local.server)}/online`, payload: "offline" },
      subscriptions,
    };
  }

  /** The dashboard may fail to come up (address in use); MQTT goes on without it, and it tries again. */
  async #openWeb(): Promise<void> {
    const { config, local } = this.#context;
    const options = this.#options;
    const usersFile = options.usersFile ?? join(local.stateDir, "users.json");
    const cut = options.listen.lastIndexOf(":");
    const [own] = this.#plan;
    const authority = own === undefined ? null : authorityFile(own, options);
    try {
      const web = await openWeb({
        listen: {
          host: options.listen.slice(0, cut).replace(/^\[|\]$/g, ""),
          port: Number(options.listen.slice(cut + 1)),
        },
        identity: {
          cluster: config.name,
          prefix: "kage/v1",
          topicPrefix: this.#core.prefix,
          server: local.server,
          servers: config.servers.map(({ name }) => ({ name, url: options.peers?.[name] ?? null })),
          virtual: config.virtual,
          version: productVersion(),
        },
        pageFolder: join(import.meta.dirname, "page"),
        usersFile,
        setupCodeFile: join(dirname(usersFile), "setup-code"),
        brokerUrl: options.brokers[0] ?? "",
        brokerPasswords: () => readCredentials(options.brokerCredentials),
        brokerCa: authority === null ? null : readFileSync(authority, "utf8"),
        rackSocket: options.rackSocket ?? null,
        ...(options.hostNames === undefined ? {} : { hostNames: options.hostNames }),
        ...(options.statusAccess === undefined ? {} : { statusAccess: options.statusAccess }),
        ...(options.tls === undefined
          ? {}
          : {
              tls: {
                cert: readFileSync(options.tls.cert, "utf8"),
                key: readFileSync(options.tls.key, "utf8"),
              },
            }),
        snapshot: () => ({
          status: this.#status,
          ageMs: this.#status === null ? null : monotonicMs() - this.#statusMs,
          broker: { connected: this.#connected[0] === true },
          counters: this.#countersNow(),
          reasonsJa: this.#ja,
        }),
        log: this.#log,
        announce: (code) => process.stdout.write(`one-time code of the dashboard: ${code}\n`),
      });
      // The end was asked for while it came up.
      if (this.#isEnded) await web.close();
      else this.#web = web;
    } catch (error) {
      if (this.#isEnded) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error({ listen: options.listen, reason }, "no dashboard; trying again");
      this.#webTimer = setTimeout(() => void this.#openWeb(), WEB_RETRY_MS);
    }
  }

  #countersNow(): Readonly<Record<string, number>> {
    const core = this.#core.counters();
    return {
      ...core,
      ...this.#counters,
      eventsLost: core["dropped"] ?? 0,
      commands: (core["commandsAccepted"] ?? 0) + (core["commandsRefused"] ?? 0),
      commandsRejected: core["commandsRefused"] ?? 0,
      brokerConnects: this.#brokers.reduce((sum, { connects }) => sum + connects, 0),
    };
  }
}

const identityOf = ({ name, servers, virtual }: LoadedConfig): string =>
  JSON.stringify([name, virtual, ...servers.map((server) => server.name)]);

function metrics(): object {
  return {
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    memoryFreeMib: Math.round(freemem() / MIB),
    telemetryMib: Math.round(process.memoryUsage.rss() / MIB),
  };
}
