/**
 * `/mqtt`: turns a WebSocket upgrade of a logged-in browser into a connection to this server's own broker
 * under the broker account of the user's role. The browser never sees that account's password, and the
 * broker needs no port that a browser can reach. Source: ecosystem.md 1.2, 2; issue 3 item 7.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { type WebSocket, WebSocketServer } from "ws";
import type { Role } from "../../../services/telemetry/model.ts";
import type { Log } from "../../log.ts";
import type { WebLimits } from "./limits.ts";
import { CLOSE, type Dialled, type MqttLink, openLink } from "./mqtt-link.ts";
import type { Session } from "./sessions.ts";

/** Passwords of the broker's accounts; null = the file is not there, then nobody gets through. */
export interface BrokerPasswords {
  readonly viewer: string;
  readonly operator: string;
  readonly admin: string;
}

export interface ProxyOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly brokerUrl: string;
  /** PEM; null = the system's authorities. */
  readonly brokerCa: string | null;
  passwords(): BrokerPasswords | null;
  readonly limits: WebLimits;
  readonly log: Log;
  nowMs(): number;
  onUse(session: Session): void;
}

export interface MqttProxy {
  /** True when a further dashboard of this session may be opened. */
  hasRoom(session: Session): boolean;
  /** Host, origin, session and room were checked by the caller. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: Session): void;
  sweep(nowMs: number): void;
  close(): void;
  readonly count: number;
}

/** Broker account of each role (the broker's access list names these). */
export const ACCOUNT_OF = {
  view: "viewer",
  op: "operator",
  admin: "admin",
} as const satisfies Readonly<Record<Role, keyof BrokerPasswords>>;

export const SUBPROTOCOL = "mqtt";

/** Registered ports of MQTT (IANA). */
const TCP_PORT = 1883;
const TLS_PORT = 8883;

export function createMqttProxy(options: ProxyOptions): MqttProxy {
  const { limits, log } = options;
  const links = new Map<MqttLink, Session>();
  const door = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytesMax,
    // Compression would cost memory per browser and helps little behind a LAN.
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  });

  function open(webSocket: WebSocket, session: Session): void {
    const passwords = options.passwords();
    if (passwords === null) {
      log.error({}, "no broker accounts: telemetry.brokerCredentials of local.json cannot be read");
      webSocket.close(CLOSE.tryLater, "no broker accounts");
      return;
    }
    const username = ACCOUNT_OF[session.role];
    const clientId = `web-${session.user}-${randomBytes(6).toString("hex")}`;
    const link = openLink({
      webSocket,
      account: { username, password: passwords[username], clientId },
      limits,
      nowMs: options.nowMs,
      dial: () => dialBroker(options.brokerUrl, options.brokerCa),
      onUse: () => options.onUse(session),
      onEnd(code, reason) {
        links.delete(link);
        forget();
        log.info({ user: session.user, clientId, code, reason }, "dashboard ended");
      },
    });
    const forget = session.onEnd((reason) => link.end(CLOSE.sessionEnded, `session: ${reason}`));
    links.set(link, session);
    log.info({ user: session.user, role: session.role, clientId }, "dashboard opened");
  }

  return {
    hasRoom(session) {
      const own = [...links.values()].filter((holder) => holder === session).length;
      return links.size < limits.socketsMax && own < limits.socketsPerSession;
    },
    accept(request, socket, head, session) {
      door.handleUpgrade(request, socket, head, (webSocket) => {
        // The session may have ended while the handshake was being written.
        if (session.open) open(webSocket, session);
        else webSocket.close(CLOSE.sessionEnded, "session: ended");
      });
    },
    sweep(nowMs) {
      for (const link of [...links.keys()]) link.sweep(nowMs);
    },
    close() {
      for (const link of [...links.keys()]) link.end(CLOSE.goingAway, "server stops");
    },
    get count() {
      return links.size;
    },
  };
}

/** Throws Error for a URL that is none of the two schemes. */
export function checkBrokerUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol !== "mqtt:" && protocol !== "mqtts:") {
    throw new Error(`broker "${url}": expected mqtt://host:port or mqtts://host:port`);
  }
}

/** Over TLS nothing is written before the certificate was checked. */
function dialBroker(url: string, brokerCa: string | null): Dialled {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "mqtts:") {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const trust = brokerCa === null ? {} : { ca: brokerCa };
    const socket = connectTls({ host, port: Number(port || TLS_PORT), ...name, ...trust });
    return { socket, readyEvent: "secureConnect" };
  }
  return { socket: connectTcp({ host, port: Number(port || TCP_PORT) }), readyEvent: "connect" };
}
