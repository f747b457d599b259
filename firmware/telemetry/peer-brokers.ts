/**
 * Ears at the other servers' brokers: where every server has its own, this is how their events reach this
 * one's. By TLS against the cluster's own authority, by an account that may read events and nothing else; it
 * tells them nothing. Its loss costs events of others here, never anything of the cluster.
 * Source: ecosystem.md 1.2 (each broker gets the whole view, and no bridge between brokers).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PEER_ACCOUNT, TLS_FILES } from "../../flash/broker/mosquitto.ts";
import type { CommandMessage } from "../../services/telemetry/commands/rules.ts";
import { clientIdOf, topicId } from "../../services/telemetry/topics.ts";
import type { Local } from "../local.ts";
import type { Log } from "../log.ts";
import { brokerFolder } from "./broker-certificate.ts";
import { type BrokerLoop, keepBroker } from "./broker-loop.ts";

export interface PeerOptions {
  readonly local: Local;
  readonly cluster: string;
  /** `kage/v1/<cluster>`. */
  readonly prefix: string;
  readonly log: Log;
}

/** One connection per entry of `peerBrokers`; `onMessage` with the server whose broker said it. */
export function openPeers(
  { local, cluster, prefix, log }: PeerOptions,
  onMessage: (server: string, message: CommandMessage) => void,
): readonly BrokerLoop[] {
  const { telemetry, server: self } = local;
  const folder = brokerFolder(telemetry);
  const peers = Object.entries(telemetry?.peerBrokers ?? {}).filter(([name]) => name !== self);
  return peers.map(([server, url]) => {
    const options = () => ({
      url,
      clientId: `${clientIdOf(cluster, self)}-at-${topicId(server)}`,
      username: PEER_ACCOUNT,
      password: peerPassword(join(folder, "credentials.json")),
      // Never the system's authorities: without the file nobody is trusted.
      ca: [textOf(join(folder, TLS_FILES.authority))].filter((pem) => pem !== null),
      will: null,
      subscriptions: [
        { filter: `${prefix}/event/recent`, wantsRetained: true },
        { filter: `${prefix}/event`, wantsRetained: false },
      ],
    });
    const nothing = (): void => undefined;
    const handlers = {
      onReady: nothing,
      onLost: nothing,
      onMessage: (message: CommandMessage) => onMessage(server, message),
    };
    return keepBroker(options, handlers, log);
  });
}

function peerPassword(file: string): string | null {
  const text = textOf(file);
  if (text === null) return null;
  try {
    const value = (JSON.parse(text) as Readonly<Record<string, unknown>> | null)?.[PEER_ACCOUNT];
    return typeof value === "string" ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** null: it cannot be read. */
export function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
