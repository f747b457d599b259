/**
 * The page's connection to the broker: MQTT 5 through the server's own `/mqtt`. It reads states and events,
 * sends commands and hands each reply to the one who asked. Nothing is queued while the line is down: an
 * order must never be carried out minutes after the click. Timers are the browser's own, because the
 * library's worker is refused by the strict CSP. Source: ecosystem.md 0 findings 4 and 5, 1.2, 1.4.
 */
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { CommandReply, CommandRequest, Role } from "../../../services/telemetry/model.ts";
import { readJson, readReply } from "../../../services/telemetry/picture/read-message.ts";

export interface LinkEvents {
  /** Connected; the retained states follow. */
  opened(): void;
  lost(): void;
  /** `topic` without the prefix of the cluster. */
  message(topic: string, text: string): void;
}

export interface PageLink {
  /** False = not sent, because there is no connection. */
  send(topic: string, request: CommandRequest, hear: (reply: CommandReply) => void): boolean;
  /** No more replies for this command are wanted. */
  forget(commandId: string): void;
  /** Try at once, e.g. when the page has become visible. */
  nudge(): void;
  close(): void;
}

const ACCOUNTS: Readonly<Record<Role, string>> = { view: "viewer", op: "operator", admin: "admin" };
/** Everything the page shows; `cmd/#` is nobody's to read. */
const FILTERS = ["info", "state", "node/+/state", "node/+/online", "group/+/state", "path/+/state"];
const EVENT_FILTERS = ["event", "event/recent"];
const RECONNECT_LEAST_MS = 1000;
const RECONNECT_MOST_MS = 10_000;
/** A dead line is noticed after one and a half of it. */
const KEEPALIVE_S = 10;
const CONNECT_MS = 8000;

export function openLink(prefix: string, role: Role, events: LinkEvents): PageLink {
  const hearers = new Map<string, (reply: CommandReply) => void>();
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mqtt`;
  const options: IClientOptions = {
    protocolVersion: 5,
    clientId: "",
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: RECONNECT_LEAST_MS,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: "native",
  };
  const client: MqttClient = mqtt.connect(url, options);
  let replyTopic = "";
  let attempts = 0;

  client.on("connect", (packet) => {
    attempts = 0;
    const id = packet.properties?.assignedClientIdentifier ?? client.options.clientId ?? "";
    // Every connection is given an id of its own; keeping the last one would collide with its ghost.
    client.options.clientId = "";
    replyTopic = `${prefix}/reply/${ACCOUNTS[role]}/${id}`;
    events.opened();
    const topics = [...FILTERS, ...EVENT_FILTERS].map((filter) => `${prefix}/${filter}`);
    client.subscribe([...topics, replyTopic], { qos: 1 }, (error) => {
      if (error) client.reconnect();
    });
  });
  client.on("message", (topic, payload) => {
    const text = new TextDecoder().decode(payload);
    if (topic === replyTopic) hear(text);
    else if (topic.startsWith(`${prefix}/`)) events.message(topic.slice(prefix.length + 1), text);
  });
  client.on("close", () => {
    attempts += 1;
    client.options.reconnectPeriod = pauseMs(attempts);
    events.lost();
  });
  // Without a listener an error would end the script; `close` follows and says what matters.
  client.on("error", () => undefined);

  function hear(text: string): void {
    const json = readJson(text);
    const reply = json === null ? null : readReply(json);
    if (reply !== null) hearers.get(reply.commandId)?.(reply);
  }

  return {
    send(topic, request, hear): boolean {
      if (!client.connected) return false;
      hearers.set(request.commandId, hear);
      client.publish(`${prefix}/${topic}`, JSON.stringify(request), {
        qos: 1,
        retain: false,
        properties: { responseTopic: replyTopic, messageExpiryInterval: request.ttlS },
      });
      return true;
    },
    forget: (commandId) => void hearers.delete(commandId),
    nudge(): void {
      if (!client.connected && !client.disconnecting) client.reconnect();
    },
    close: () => void client.end(true),
  };
}

/** Doubles up to the longest, and is spread so that many pages do not come back in one instant. */
function pauseMs(attempt: number): number {
  const most = Math.min(RECONNECT_MOST_MS, RECONNECT_LEAST_MS * 2 ** Math.min(attempt, 6));
  const [spread = 0] = crypto.getRandomValues(new Uint32Array(1));
  return RECONNECT_LEAST_MS + (spread / 2 ** 32) * (most - RECONNECT_LEAST_MS);
}
