/**
 * One connection to one broker, MQTT 5, from connecting to its end. Nothing is kept over the end: the
 * outbox knows what has to go again, and a new connection is a new link. The only importer of `mqtt`
 * beside the page. It holds no queue of its own: who publishes without a connection is told so.
 * Source: ecosystem.md 0 findings 4 and 5, 1.2 (session), 1.4 (retained commands); MQTT 5.0.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { CommandMessage } from "./commands/rules.ts";
import type { Publication } from "./outbox.ts";

export interface BrokerLinkOptions {
  /** `mqtt://[user:password@]host:port` or `mqtts://`. */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | null;
  readonly password: string | null;
  /** PEM of the authorities that may have signed an `mqtts` broker; none = nobody. null = the system's. */
  readonly ca: readonly string[] | string | null;
  /** What the broker says of us when we are gone; null = nothing, for one who only listens. */
  readonly will: { readonly topic: string; readonly payload: string } | null;
  readonly subscriptions: readonly Subscription[];
}

export interface Subscription {
  readonly filter: string;
  /** False: what is stored at the broker is not sent at subscribing. */
  readonly wantsRetained: boolean;
}

export interface BrokerLinkHandlers {
  /** Connected and subscribed. */
  onReady(): void;
  onMessage(message: CommandMessage): void;
  /** Once: the link is over, `reason` for the log. */
  onEnd(reason: string): void;
}

/** A command has a response topic, everything else has none. */
export type Letter = Publication & { readonly responseTopic?: string };

export interface BrokerLink {
  /** `done` when the broker has it; false = there is no connection, and nothing was kept. */
  publish(publication: Letter, done: () => void): boolean;
  /** Says offline in order and ends the link. */
  close(): Promise<void>;
}

/** A dead broker is noticed after one and a half of these. */
const KEEPALIVE_S = 5;
const CONNECT_TIMEOUT_MS = 5000;
/** Largest packet taken from a broker: `event/recent` of another server is the largest honest one. */
const PACKET_BYTES_MAX = 512 * 1024;

/** Connects at once. A new try, however this one ends, is a new link. */
export function openBrokerLink(
  options: BrokerLinkOptions,
  handlers: BrokerLinkHandlers,
): BrokerLink {
  const client = connect(options.url, clientOptions(options));
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    client.end(true);
    handlers.onEnd(reason);
  };
  let reason = "the broker closed the connection";
  client.on("error", (error) => {
    reason = error.message || (error as NodeJS.ErrnoException).code || "connection refused";
  });
  client.on("disconnect", (packet) => {
    reason = `the broker ended the session (${packet.reasonCode ?? "no reason"})`;
  });
  client.on("close", () => end(reason));
  client.on("connect", () => {
    subscribe(client, options.subscriptions).then(
      () => {
        if (!ended) handlers.onReady();
      },
      (error: unknown) => end(error instanceof Error ? error.message : String(error)),
    );
  });
  client.on("message", (topic, payload, packet) => {
    const { responseTopic, correlationData } = packet.properties ?? {};
    handlers.onMessage({
      topic,
      payload,
      retain: packet.retain,
      responseTopic: responseTopic ?? null,
      correlation: correlationData ?? null,
    });
  });
  return {
    publish: (publication, done) => !ended && publish(client, publication, done),
    close: () => farewell(client, options, end),
  };
}

function clientOptions(options: BrokerLinkOptions): IClientOptions {
  return {
    protocolVersion: 5,
    clientId: options.clientId,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // A returning telemetry must not get commands of before.
    properties: { sessionExpiryInterval: 0, maximumPacketSize: PACKET_BYTES_MAX },
    ...willOf(options),
    ...(options.username === null ? {} : { username: options.username }),
    ...(options.password === null ? {} : { password: options.password }),
    ...(options.ca === null
      ? {}
      : { ca: typeof options.ca === "string" ? options.ca : [...options.ca] }),
  };
}

function willOf({ will }: BrokerLinkOptions): Pick<IClientOptions, "will"> {
  if (will === null) return {};
  return { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true } };
}

async function subscribe(
  client: MqttClient,
  subscriptions: readonly Subscription[],
): Promise<void> {
  for (const { filter, wantsRetained } of subscriptions) {
    // rap: the retain flag as published, so that a stored command is known as one. nl: no echo.
    const rh = wantsRetained ? 0 : 2;
    const granted = await client.subscribeAsync(filter, { qos: 1, rap: true, nl: true, rh });
    const refused = granted.find(({ qos }) => qos >= 128);
    if (refused !== undefined) throw new Error(`the broker refuses the subscription to ${filter}`);
  }
}

function publish(client: MqttClient, letter: Letter, done: () => void): boolean {
  if (!client.connected) return false;
  const { topic, payload, retain, correlation, expiryS, responseTopic } = letter;
  const properties = {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlation === null ? {} : { correlationData: Buffer.from(correlation) }),
    ...(expiryS === null ? {} : { messageExpiryInterval: expiryS }),
  };
  client.publish(topic, payload, { qos: 1, retain, properties }, (error) => {
    // A refusal of the broker (no right to a topic) is final as well; a lost link ends everything.
    if (error === undefined || error === null || client.connected) done();
  });
  return true;
}

async function farewell(
  client: MqttClient,
  { will }: BrokerLinkOptions,
  end: (reason: string) => void,
): Promise<void> {
  if (client.connected && will !== null) {
    await new Promise<void>((resolve) => {
      client.once("close", resolve);
      client.publish(will.topic, will.payload, { qos: 1, retain: true }, () => resolve());
    });
  }
  end("closed here");
}
