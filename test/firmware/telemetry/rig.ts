/**
 * A telemetry process between a hand-held agent and a real broker: the agent's control socket with its
 * real feed, the embedded broker or Debian's mosquitto, and observers with the rights of an account.
 * Everything lives on a loopback block of its own and ends with the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { openControl } from "../../../firmware/agent/control.ts";
import type { LoggedEvent } from "../../../firmware/agent/event-log.ts";
import { Feed } from "../../../firmware/agent/feed.ts";
import { type BrokerFilesOptions, brokerFiles } from "../../../flash/broker/mosquitto.ts";
import type { BrokerAccount } from "../../../flash/broker/rights.ts";
import { claimFreeBlock, rackHost, serverHost } from "../../../hal/rack/plan.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { type BrokerLink, openBrokerLink } from "../../../services/telemetry/broker-link.ts";
import type { CommandMessage } from "../../../services/telemetry/commands.ts";
import { until } from "../../hal/rack/bench-rig.ts";
import { sample, write } from "../../services/configuration/sample.ts";
import { logLine, PREFIX, picture } from "../../services/telemetry/desk-stage.ts";

const MAIN = join(import.meta.dirname, "..", "..", "..", "firmware", "main.js");

export type BrokerKind = "embedded" | "mosquitto";

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
  readonly telemetry: () => ChildProcess;
  startTelemetry(): void;
  startBroker(): Promise<void>;
  killBroker(): Promise<void>;
  broker(): ChildProcess;
  show(status: StatusDocument): void;
  /** Logs the next event. */
  log(key: string): LoggedEvent;
  observe(account: BrokerAccount, filters?: readonly string[]): Promise<Observer>;
}

export async function withRig(kind: BrokerKind, act: (rig: Rig) => Promise<void>): Promise<void> {
  const claim = await claimFreeBlock();
  const folder = mkdtempSync(join(tmpdir(), "kage-tel-"));
  const rig = new TelemetryRig(kind, folder, claim.block);
  try {
    await rig.open();
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
  readonly #localFile: string;
  readonly #children: ChildProcess[] = [];
  readonly #observers: Observer[] = [];
  readonly #events: LoggedEvent[] = [];
  readonly #feed: Feed;
  #status = picture();
  #control: Server | null = null;
  #broker: ChildProcess | null = null;
  #telemetry: ChildProcess | null = null;

  constructor(kind: BrokerKind, folder: string, block: string) {
    this.kind = kind;
    this.folder = folder;
    this.address = { host: rackHost(block), port: 1883 };
    this.passwords = each(() => randomBytes(12).toString("hex"));
    this.#localFile = join(folder, "local.json");
    const configFile = join(folder, "cluster.jsonc");
    const accounts = join(folder, "credentials.json");
    writeFileSync(configFile, write(sample()));
    writeFileSync(accounts, JSON.stringify(this.passwords), { mode: 0o600 });
    mkdirSync(join(folder, "run"));
    const local = {
      server: "SERVER1",
      configFile,
      keyFile: join(folder, "cluster.key"),
      stateDir: folder,
      runDir: join(folder, "run"),
      off: { kind: "command", argv: ["true"] },
      watchdog: { kind: "none" },
      addresses: { kind: "linux" },
      telemetry: {
        listen: `${serverHost(block, 0)}:0`,
        brokers: [`mqtt://${this.address.host}:${this.address.port}`],
        brokerCredentials: accounts,
      },
    };
    writeFileSync(this.#localFile, JSON.stringify(local));
    this.#feed = new Feed({
      status: () => this.#status,
      lastSeq: () => this.#events.length,
      note: (key) => this.notes.push({ key }),
    });
  }

  async open(): Promise<void> {
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
    this.#telemetry = this.#spawn(process.execPath, [
      MAIN,
      "telemetry",
      "--local",
      this.#localFile,
    ]);
  }

  async startBroker(): Promise<void> {
    const { host, port } = this.address;
    if (this.kind === "embedded") {
      const where = ["--listen", `${host}:${port}`, "--prefix", PREFIX];
      const accounts = ["--accounts", join(this.folder, "credentials.json")];
      this.#broker = this.#spawn(process.execPath, [MAIN, "broker", ...where, ...accounts]);
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
      this.#broker = this.#spawn("mosquitto", ["-c", join(this.folder, "mosquitto.conf")]);
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
        url: `mqtt://${this.address.host}:${this.address.port}`,
        clientId: `test-${account}-${this.#observers.length}`,
        username: account,
        password: this.passwords[account],
        ca: null,
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

  #spawn(file: string, args: readonly string[]): ChildProcess {
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

async function reachable(host: string, port: number): Promise<void> {
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
