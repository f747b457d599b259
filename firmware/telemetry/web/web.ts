/**
 * The dashboard's web server: puts together page, accounts, MQTT proxy, rack panel and the plain views, and
 * listens. It decides nothing about the cluster, and nothing of the cluster waits for it.
 * Source: issue 3 item 7; contract of the telemetry pieces (HTTP); ecosystem.md 3.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../../log.ts";
import { type AccountDesk, openAccountDesk } from "./account-desk.ts";
import { type Assets, loadAssets } from "./assets.ts";
import { createRequestHandler, type HandleContext } from "./handle.ts";
import { createHttpServer, type TlsTexts } from "./http-server.ts";
import { WEB_LIMITS, type WebLimits } from "./limits.ts";
import type { Gauges } from "./metrics.ts";
import {
  type BrokerPasswords,
  checkBrokerUrl,
  createMqttProxy,
  type MqttProxy,
} from "./mqtt-proxy.ts";
import { createRackRoutes } from "./rack-routes.ts";
import type { WebIdentity, WebSnapshot } from "./snapshot.ts";

export interface WebOptions {
  /** Port 0 = any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly identity: WebIdentity;
  /** Folder with `index.html` and `assets/`; missing = `/` says so, everything else works. */
  readonly pageFolder: string;
  readonly usersFile: string;
  /** Default file of the contract: `<stateDir>/setup-code`. */
  readonly setupCodeFile: string;
  /** This server's own broker, `mqtt://host:port`. */
  readonly brokerUrl: string;
  /** PEM of the authority that signed an `mqtts` broker's certificate; null = the system's. */
  readonly brokerCa?: string | null;
  /** Asked for each dashboard, so that a changed file counts at once. */
  brokerPasswords(): BrokerPasswords | null;
  /** The virtual appliance's control socket; null = none. */
  readonly rackSocket: string | null;
  /** PEM texts; without them plain HTTP. */
  readonly tls?: TlsTexts;
  /** Further names of this server beside addresses and `localhost`. Default none. */
  readonly hostNames?: readonly string[];
  /**
   * Who may see `/status` and `/metrics`. Default: `open` on a loopback address, which only this machine
   * reaches, else `login` (cookie or Basic).
   */
  readonly statusAccess?: "open" | "login";
  snapshot(): WebSnapshot;
  readonly log: Log;
  /** Shows the one-time code on the console; it must not go to a log. */
  announce(code: string): void;
  readonly limits?: Partial<WebLimits>;
  /** Monotonic ms. Default `performance.now()`. */
  nowMs?(): number;
  /** Wall clock, ms since 1970. Default `Date.now()`. */
  wallMs?(): number;
}

export interface WebServer {
  readonly host: string;
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** `http://host:port` without a slash at the end. */
  readonly url: string;
  /** Ends dashboards, sessions and connections; resolves when the port is free. */
  close(): Promise<void>;
}

/** Rejects when the address cannot be listened on, the page folder is no page or the broker URL is none. */
export async function openWeb(options: WebOptions): Promise<WebServer> {
  checkBrokerUrl(options.brokerUrl);
  const limits = { ...WEB_LIMITS, ...options.limits };
  const nowMs = options.nowMs ?? (() => performance.now());
  const { log, usersFile, setupCodeFile, announce } = options;
  const assets = await loadAssets(options.pageFolder);
  const desk = await openAccountDesk({ usersFile, setupCodeFile, limits, log, nowMs, announce });
  const proxy = createMqttProxy({
    brokerUrl: options.brokerUrl,
    brokerCa: options.brokerCa ?? null,
    passwords: () => options.brokerPasswords(),
    ...{ limits, log, nowMs },
    onUse: (session) => desk.sessions.touch(session, nowMs()),
  });
  const server = createHttpServer(limits, options.tls);
  const gauges = createGauges(server, desk, proxy);
  const handler = createRequestHandler(
    contextOf(options, { limits, nowMs, assets, desk, proxy, gauges }),
  );
  server.on("request", handler.handle);
  server.on("upgrade", handler.upgrade);
  await listen(server, options.listen);
  const stopSweeping = sweepEvery(limits.sweepMs, desk, proxy, nowMs, log);
  return {
    ...placeOf(server, options.tls !== undefined),
    close() {
      stopSweeping();
      proxy.close();
      desk.sessions.endUnless(() => false, "shutdown");
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface Parts {
  readonly limits: WebLimits;
  nowMs(): number;
  readonly assets: Assets;
  readonly desk: AccountDesk;
  readonly proxy: MqttProxy;
  gauges(): Gauges;
}

function contextOf(options: WebOptions, parts: Parts): HandleContext {
  const { limits, nowMs, assets, desk, proxy, gauges } = parts;
  const secure = options.tls !== undefined;
  const loopback = /^(127\.|::1$|localhost$)/.test(options.listen.host);
  const hostNames = (options.hostNames ?? []).map((name) => name.toLowerCase());
  return {
    ...{ limits, nowMs, assets, desk, proxy, secure },
    log: options.log,
    gate: { secure, hostNames },
    statusAccess: options.statusAccess ?? (loopback ? "open" : "login"),
    rack: createRackRoutes({ rackSocket: options.rackSocket }),
    observe: {
      identity: options.identity,
      staleMs: limits.staleMs,
      snapshot: () => options.snapshot(),
      gauges,
      setupNeeded: () => desk.setupNeeded,
      usersDamaged: () => desk.users.state.kind === "damaged",
      wallMs: options.wallMs ?? Date.now,
    },
  };
}

/** Counts connections itself: the server's own count needs a callback. */
function createGauges(server: Server, desk: AccountDesk, proxy: MqttProxy): () => Gauges {
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    socket.once("close", () => connections--);
  });
  return () => {
    const memory = process.memoryUsage();
    return {
      residentBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      externalBytes: memory.external,
      uptimeS: Math.round(process.uptime()),
      sessions: desk.sessions.count,
      dashboards: proxy.count,
      connections,
      loginFailures: desk.loginFailures,
    };
  };
}

function listen(server: Server, where: WebOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where.port, where.host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

function placeOf(server: Server, secure: boolean): Pick<WebServer, "host" | "port" | "url"> {
  const { address: host, port, family } = server.address() as AddressInfo;
  const name = family === "IPv6" ? `[${host}]` : host;
  return { host, port, url: `${secure ? "https" : "http"}://${name}:${port}` };
}

/** One look at a time: a slow disk must not pile up looks at the users file. */
function sweepEvery(
  everyMs: number,
  desk: AccountDesk,
  proxy: MqttProxy,
  nowMs: () => number,
  log: Log,
): () => void {
  let looking = false;
  const timer = setInterval(() => {
    desk.sessions.sweep(nowMs());
    proxy.sweep(nowMs());
    if (looking) return;
    looking = true;
    desk
      .refresh()
      .catch((error: unknown) =>
        log.error({ fault: String(error) }, "users could not be looked at"),
      )
      .finally(() => {
        looking = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
