/**
 * The way of one request: gate, route, role, body, handler, answer. Each step can end it with a refusal; a
 * handler is reached only by a request that passed all of them.
 * Source: issue 3 item 7; reliability.md 4.1 (dashboard); RFC 7617 (Basic, for scrapers of `/metrics`).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { SESSION_COOKIE } from "./account-routes.ts";
import {
  type Method,
  refusalBody,
  refuse,
  sendAnswer,
  statusOf,
  type WebAnswer,
  type WebRequest,
} from "./answer.ts";
import { isJson, readBody } from "./body.ts";
import { checkHost, checkOrigin, type GateSettings, readCookie, readTarget } from "./gate.ts";
import { refuseRaw } from "./http-server.ts";
import type { WebLimits } from "./limits.ts";
import type { MqttProxy } from "./mqtt-proxy.ts";
import { SUBPROTOCOL } from "./mqtt-proxy.ts";
import { type Access, findRoute, isAtLeast, type RouteContext } from "./routes.ts";
import type { Session } from "./sessions.ts";
import { isUserName } from "./users-file.ts";

export interface HandleContext extends RouteContext {
  readonly limits: WebLimits;
  readonly gate: GateSettings;
  /** Who may see `/status` and `/metrics`: `open` = everybody who reaches this port. */
  readonly statusAccess: "open" | "login";
  readonly proxy: MqttProxy;
}

export interface RequestHandler {
  handle(incoming: IncomingMessage, response: ServerResponse): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export function createRequestHandler(context: HandleContext): RequestHandler {
  let running = 0;
  return {
    handle(incoming, response) {
      // The browser went away or is too slow: `close` follows, there is nobody to tell.
      response.on("error", () => response.destroy());
      const deadline = setTimeout(() => response.destroy(), context.limits.responseMs);
      response.once("close", () => clearTimeout(deadline));
      const withBody = incoming.method !== "HEAD";
      if (running >= context.limits.requestsMax) {
        sendAnswer(response, refuse("web-busy", {}, { "retry-after": "2" }), withBody);
        return;
      }
      running++;
      answer(incoming, context)
        .catch((error: unknown) => {
          const path = incoming.url?.slice(0, PATH_LOGGED_MAX);
          context.log.error({ fault: faultText(error), path }, "a request failed");
          return refuse("web-internal");
        })
        .then((made) => {
          running--;
          // Whatever was not read of a refused request is not waited for.
          if (!incoming.complete) response.setHeader("connection", "close");
          if (made === null) response.destroy();
          else sendAnswer(response, made, withBody);
        })
        .catch((error: unknown) => {
          context.log.error({ fault: faultText(error) }, "an answer could not be written");
          response.destroy();
        });
    },
    upgrade(incoming, socket, head) {
      socket.on("error", () => socket.destroy());
      const checked = checkUpgrade(incoming, context);
      if ("kind" in checked) return refuseUpgrade(socket, checked);
      try {
        context.proxy.accept(incoming, socket, head, checked);
      } catch (error) {
        // Nobody who can reach this port may end the process.
        context.log.error({ fault: faultText(error) }, "a dashboard could not be opened");
        socket.destroy();
      }
    },
  };
}

/** As much of a bad address as helps to find it. */
const PATH_LOGGED_MAX = 200;

const faultText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Null = the browser has gone. */
async function answer(
  incoming: IncomingMessage,
  context: HandleContext,
): Promise<WebAnswer | null> {
  const method = incoming.method === "HEAD" ? "GET" : incoming.method;
  if (method !== "GET" && method !== "POST" && method !== "DELETE") {
    return refuse("web-wrong-method", { methods: "GET, HEAD, POST, DELETE" });
  }
  const refusal = checkGate(incoming, context, method !== "GET");
  if (refusal !== null) return refusal;
  const target = readTarget(incoming.url ?? "");
  if (target === null) return refuse("web-bad-request", { reason: "malformed address" });
  const methods = findRoute(target.path);
  if (methods === null) return refuse("web-not-found");
  const route = methods[method];
  if (route === undefined) {
    const allowed = Object.keys(methods).join(", ");
    return refuse("web-wrong-method", { methods: allowed }, { allow: allowed });
  }
  if (method !== "GET" && !isJson(headerOf(incoming, "content-type"))) {
    return refuse("web-wrong-type");
  }
  const session = sessionOf(incoming, context);
  const denied = await deny(route.access, session, incoming, context);
  if (denied !== null) return denied;
  const body = method === "GET" ? NO_BODY : await readBody(incoming, context.limits.bodyBytesMax);
  if (body.kind === "gone") return null;
  if (body.kind === "too-large") {
    return refuse("web-too-large", { bytes: context.limits.bodyBytesMax });
  }
  if (body.kind === "malformed") {
    return refuse("web-bad-request", { reason: "expected a JSON object" });
  }
  // A slow body may have outlived the session it began with.
  if (session !== null && !session.open) return refuse("web-login-needed");
  if (session !== null && method !== "GET") {
    context.desk.sessions.touch(session, context.nowMs());
  }
  const request: WebRequest = {
    ...{ method: method satisfies Method, ...target, session, body: body.object },
    address: incoming.socket.remoteAddress ?? "",
    header: (name) => headerOf(incoming, name),
  };
  return route.handle(request, context);
}

const NO_BODY = { kind: "object", object: {} } as const;

/** Host always, Origin where something changes or a WebSocket begins. */
function checkGate(
  incoming: IncomingMessage,
  { gate }: HandleContext,
  withOrigin: boolean,
): WebAnswer | null {
  const host = headerOf(incoming, "host");
  const hosts = incoming.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name));
  const checkedHost = checkHost(hosts.length === 1 ? host : "", gate);
  if (checkedHost.kind === "wrong-host") return refuse("web-wrong-host", checkedHost);
  if (!withOrigin) return null;
  const checked = checkOrigin(headerOf(incoming, "origin"), host, gate);
  return checked.kind === "wrong-origin" ? refuse("web-wrong-origin", checked) : null;
}

async function deny(
  access: Access,
  session: Session | null,
  incoming: IncomingMessage,
  context: HandleContext,
): Promise<WebAnswer | null> {
  if (access === "anyone") return null;
  if (access === "watcher") {
    if (context.statusAccess === "open" || session !== null) return null;
    return denyBasic(incoming, context);
  }
  if (session === null) return refuse("web-login-needed");
  return isAtLeast(session.role, access) ? null : refuse("web-role-needed", { role: access });
}

/** A scraper or a browser without script gives name and password with the request itself. */
async function denyBasic(
  incoming: IncomingMessage,
  context: HandleContext,
): Promise<WebAnswer | null> {
  const challenge = { "www-authenticate": 'Basic realm="kagemusha", charset="UTF-8"' };
  const [scheme = "", encoded = ""] = headerOf(incoming, "authorization").split(" ");
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  const name = pair.slice(0, Math.max(0, colon));
  if (scheme.toLowerCase() !== "basic" || !isUserName(name)) {
    return refuse("web-login-needed", {}, challenge);
  }
  const address = incoming.socket.remoteAddress ?? "";
  const identified = await context.desk.identify(address, name, pair.slice(colon + 1));
  if (identified.kind === "in") return null;
  const { answer: refusal } = identified;
  if (refusal.kind !== "refused" || refusal.key !== "web-wrong-login") return refusal;
  return { ...refusal, headers: challenge };
}

function sessionOf(incoming: IncomingMessage, { desk, nowMs }: HandleContext): Session | null {
  const token = readCookie(headerOf(incoming, "cookie"), SESSION_COOKIE);
  return desk.sessions.find(token, nowMs());
}

function checkUpgrade(incoming: IncomingMessage, context: HandleContext): Session | WebAnswer {
  const refusal = checkGate(incoming, context, true);
  if (refusal !== null) return refusal;
  const target = readTarget(incoming.url ?? "");
  if (target?.path !== "/mqtt") return refuse("web-not-found");
  const asked = headerOf(incoming, "sec-websocket-protocol").split(",");
  if (!asked.some((name) => name.trim() === SUBPROTOCOL)) {
    return refuse("web-bad-request", { reason: `expected the subprotocol ${SUBPROTOCOL}` });
  }
  const session = sessionOf(incoming, context);
  if (session === null) return refuse("web-login-needed");
  return context.proxy.hasRoom(session) ? session : refuse("web-busy");
}

function refuseUpgrade(socket: Duplex, refusal: WebAnswer): void {
  const key = refusal.kind === "refused" ? refusal.key : "web-internal";
  const data = refusal.kind === "refused" ? (refusal.data ?? {}) : {};
  refuseRaw(socket, statusOf(key), `${JSON.stringify(refusalBody(key, data))}\n`);
}

function headerOf(incoming: IncomingMessage, name: string): string {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
