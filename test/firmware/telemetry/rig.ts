/**
 * A telemetry process between a hand-held agent and a real broker: the agent's control socket with its
 * real feed, the embedded broker or Debian's mosquitto, and observers with the rights of an account.
 * Everything lives on a loopback block of its own and ends with the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { openControl } from "../../../firmware/agent/control.ts";
import type { LoggedEvent } from "../../../firmware/agent/event-log.ts";
import { Feed } from "../../../firmware/agent/feed.ts";
import { writeBrokerFiles } from "../../../firmware/telemetry/broker-files.ts";
import { type BrokerFilesOptions, brokerFiles } from "../../../flash/broker/mosquitto.ts";
import type { BrokerAccount } from "../../../flash/broker/rights.ts";
import { claimFreeBlock, rackHost, serverHost } from "../../../hal/rack/plan.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { type BrokerLink, openBrokerLink } from "../../../services/telemetry/broker-link.ts";
import type { CommandMessage } from "../../../services/telemetry/commands/rules.ts";
import { until } from "../../deadline.ts";
import { sample, write } from "../../services/configuration/sample.ts";
import { logLine, PREFIX, picture } from "../../services/telemetry/desk-stage.ts";
import { localSample } from "../local-sample.ts";

const MAIN = join(import.meta.dirname, "..", "..", "..", "firmware", "main.js");

/** `tls`: mosquitto as `kage broker setup` sets it up, reached by TLS alone. */
export type BrokerKind = "embedded" | "mosquitto" | "tls";

/** Where things of a rig are, before it runs. */
export interface RigPlace {
  readonly folder: string;
  readonly host: string;
}

/** More for the telemetry section of local.json, and what has to run before the telemetry process. */
export interface RigMore {
  readonly telemetry?: (place: RigPlace) => object;
  readonly before?: (rig: Rig) => Promise<void>;
}

/** Port of the rig's TLS listener. */
export const TLS_PORT = 8883;
/** The cluster's key of a rig. */
export const CLUSTER_KEY = "5a".repeat(32);

export interface Observer {
  readonly link: BrokerLink;
  readonly heard: CommandMessage[];
  /** Newest payload per topic below the prefix. */
  last(topic: string): string | null;
  /** Publishes on a topic below the prefix. */
  send(topic: string, payload: string, more?: { retain?: boolean; topic?: string }): void;
  /** A command below `cmd/` with a response topic. */
  request(topic: string, payload: string, responseTopic: string): void;
}

export interface Rig {
  readonly kind: BrokerKind;
  readonly folder: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly passwords: Readonly<Record<BrokerAccount, string>>;
  /** Orders that reached the agent. */
  readonly orders: {
    readonly verb: string;
    readonly group: number;
    readonly target: number | null;
  }[];
  readonly notes: { readonly key: string }[];
  readonly localFile: string;
  /** A program that ends with the rig. */
  spawn(file: string, args: readonly string[]): ChildProcess;
  readonly telemetry: () => ChildProcess;
  startTelemetry(): void;
  startBroker(): Promise<void>;
  killBroker(): Promise<void>;
  broker(): ChildProcess;
  show(status: StatusDocument): void;
  /** Puts a text in force: the file is replaced, the agent runs by it and shows its groups. */
  configure(value: ReturnType<typeof sample>): void;
  /** Logs the next event. */
  log(key: string): LoggedEvent;
  observe(account: BrokerAccount, filters?: readonly string[]): Promise<Observer>;
}

export async function withRig(
  kind: BrokerKind,
  act: (rig: Rig) => Promise<void>,
  more: RigMore = {},
): Promise<void> {
  const claim = await claimFreeBlock();
  const folder = mkdtempSync(join(tmpdir(), "kage-tel-"));
  const rig = new TelemetryRig(kind, folder, claim.block, more);
  try {
    await rig.open(more.before);
    await act(rig);
  } finally {
    await rig.close();
    await claim.release();
    rmSync(folder, { recursive: true, force: true });
  }
}

class TelemetryRig implements Rig {
  readonly kind: BrokerKind;
  readonly folder: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly passwords: Rig["passwords"];
  readonly orders: Rig["orders"] = [];
  readonly notes: { key: string }[] = [];
  readonly localFile: string;
  readonly #children: ChildProcess[] = [];
  readonly #observers: Observer[] = [];
  readonly #events: LoggedEvent[] = [];
  readonly #feed: Feed;
  #status = picture();
  #control: Server | null = null;
  #broker: ChildProcess | null = null;
  #telemetry: ChildProcess | null = null;

  constructor(kind: BrokerKind, folder: string, block: string, more: RigMore) {
    this.kind = kind;
    this.folder = folder;
    this.address = { host: rackHost(block), port: kind === "tls" ? TLS_PORT : 1883 };
    this.passwords = each(() => randomBytes(12).toString("hex"));
    this.localFile = join(folder, "local.json");
    const configFile = join(folder, "cluster.jsonc");
    const brokerDir = join(folder, "broker");
    mkdirSync(brokerDir);
    const accounts = join(kind === "tls" ? brokerDir : folder, "credentials.json");
    writeFileSync(join(folder, "cluster.key"), `${CLUSTER_KEY}\n`, { mode: 0o600 });
    writeFileSync(configFile, write(sample()));
    writeFileSync(accounts, JSON.stringify(this.passwords), { mode: 0o600 });
    mkdirSync(join(folder, "run"));
    const local = localSample(folder, {
      runDir: join(folder, "run"),
      telemetry: {
        listen: `${serverHost(block, 0)}:0`,
        brokers: [this.#url],
        brokerCredentials: accounts,
        ...(kind !== "tls"
          ? {}
          : {
              brokerTls: { listen: `${this.address.host}:${TLS_PORT}`, folder: brokerDir },
            }),
        ...more.telemetry?.({ folder, host: this.address.host }),
      },
    });
    writeFileSync(this.localFile, JSON.stringify(local));
    this.#feed = new Feed({
      status: () => this.#status,
      lastSeq: () => this.#events.length,
      note: (key) => this.notes.push({ key }),
    });
  }

  get #url(): string {
    const { host, port } = this.address;
    return `${this.kind === "tls" ? "mqtts" : "mqtt"}://${host}:${port}`;
  }

  async open(before?: (rig: Rig) => Promise<void>): Promise<void> {
    const loaded = loadConfiguration(write(sample()), "cluster.jsonc");
    if (loaded.kind !== "ok") throw new Error("the sample is refused");
    const nothing = { kind: "done" as const, result: {} };
    this.#control = openControl(
      join(this.folder, "run", "agent.sock"),
      loaded.config,
      {
        status: () => this.#status,
        events: (after, limit) =>
          after > 0
            ? this.#events.filter(({ seq }) => seq > after).slice(0, limit)
            : this.#events.slice(-limit),
        command: (verb, group, target) => {
          this.orders.push({ verb, group, target });
          return Promise.resolve("accepted");
        },
        script: () => Promise.resolve(nothing),
        fence: () => Promise.resolve({ kind: "off" as const }),
        ...this.#feed.handlers,
      },
      (error) => {
        throw error;
      },
    );
    await this.startBroker();
    await before?.(this);
    this.startTelemetry();
  }

  async close(): Promise<void> {
    for (const { link } of this.#observers) await link.close();
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    this.#control?.close();
  }

  telemetry = (): ChildProcess => this.#alive(this.#telemetry);
  broker = (): ChildProcess => this.#alive(this.#broker);

  startTelemetry(): void {
    this.#telemetry = this.spawn(process.execPath, [MAIN, "telemetry", "--local", this.localFile]);
  }

  async startBroker(): Promise<void> {
    const { host, port } = this.address;
    if (this.kind === "embedded") {
      const where = ["--listen", `${host}:${port}`, "--prefix", PREFIX];
      const accounts = ["--accounts", join(this.folder, "credentials.json")];
      this.#broker = this.spawn(process.execPath, [MAIN, "broker", ...where, ...accounts]);
    } else if (this.kind === "tls") {
      writeBrokerFiles({ localFile: this.localFile, user: userInfo().username });
      const config = join(this.folder, "broker", "mosquitto.conf");
      this.#broker = this.spawn("mosquitto", ["-c", config]);
    } else {
      const options: BrokerFilesOptions = {
        prefix: PREFIX,
        folder: this.folder,
        listen: this.address,
        passwords: this.passwords,
        salts: each(() => randomBytes(12)),
        user: userInfo().username,
      };
      for (const { name, mode, text } of brokerFiles(options)) {
        writeFileSync(join(this.folder, name), text, { mode });
      }
      this.#broker = this.spawn("mosquitto", ["-c", join(this.folder, "mosquitto.conf")]);
    }
    await reachable(host, port);
  }

  async killBroker(): Promise<void> {
    const child = this.broker();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  show(status: StatusDocument): void {
    this.#status = status;
    this.#feed.touch();
  }

  configure(value: ReturnType<typeof sample>): void {
    const text = write(value);
    const loaded = loadConfiguration(text, "cluster.jsonc");
    if (loaded.kind !== "ok") throw new Error("the text is refused");
    writeFileSync(join(this.folder, "cluster.jsonc"), text);
    const shown = picture();
    const details = { configHash: loaded.config.hash };
    const groups = value.groups.map(({ name, policy }) => {
      return { name, policy, state: "stopped" as const, owner: null };
    });
    this.show({ ...shown, cluster: { ...shown.cluster, details }, groups });
  }

  log(key: string): LoggedEvent {
    const line = logLine(this.#events.length + 1, key, Date.now());
    const event: LoggedEvent = { ...line, data: { group: "web" } };
    this.#events.push(event);
    this.#feed.event(event);
    return event;
  }

  async observe(account: BrokerAccount, filters = [`${PREFIX}/#`]): Promise<Observer> {
    const heard: CommandMessage[] = [];
    let ready = false;
    const link = openBrokerLink(
      {
        url: this.#url,
        clientId: `test-${account}-${this.#observers.length}`,
        username: account,
        password: this.passwords[account],
        ca:
          this.kind === "tls" ? readFileSync(join(this.folder, "broker", "ca.pem"), "utf8") : null,
        will: { topic: `${PREFIX}/nothing`, payload: "" },
        subscriptions: filters.map((filter) => ({ filter, wantsRetained: true })),
      },
      {
        onReady: () => {
          ready = true;
        },
        onMessage: (message) => heard.push(message),
        onEnd: () => undefined,
      },
    );
    await until(`${account} to be connected`, () => ready);
    const observer: Observer = {
      link,
      heard,
      last(topic) {
        const found = heard.findLast((message) => message.topic === `${PREFIX}/${topic}`);
        return found === undefined ? null : Buffer.from(found.payload).toString();
      },
      send(topic, payload, more = {}) {
        const publication = {
          topic: more.topic ?? `${PREFIX}/${topic}`,
          payload,
          retain: more.retain ?? false,
          correlation: null,
          expiryS: null,
        };
        link.publish(publication, () => undefined);
      },
      request(topic, payload, responseTopic) {
        const command = { topic: `${PREFIX}/cmd/${topic}`, payload, retain: false };
        const letter = { ...command, correlation: null, expiryS: 30, responseTopic };
        link.publish(letter, () => undefined);
      },
    };
    this.#observers.push(observer);
    return observer;
  }

  spawn(file: string, args: readonly string[]): ChildProcess {
    const stdio = process.env["KAGE_TEST_LOUD"] === undefined ? "ignore" : "inherit";
    const child = spawn(file, args, { stdio: ["pipe", stdio, stdio] });
    child.on("error", (error) => process.stderr.write(`${file}: ${error.message}\n`));
    child.stdin?.on("error", () => child.stdin?.destroy());
    this.#children.push(child);
    return child;
  }

  #alive(child: ChildProcess | null): ChildProcess {
    if (child === null) throw new Error("not started");
    return child;
  }
}

const each = <T>(make: () => T): Readonly<Record<BrokerAccount, T>> => ({
  node: make(),
  viewer: make(),
  operator: make(),
  admin: make(),
});

export async function reachable(host: string, port: number): Promise<void> {
  let open = false;
  const knock = (): void => {
    const socket = createConnection(port, host);
    socket.once("connect", () => {
      open = true;
      socket.destroy();
    });
    socket.once("error", () => {
      socket.destroy();
      knock();
    });
  };
  knock();
  await until(`a broker on ${host}:${port}`, () => open);
}
