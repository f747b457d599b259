/**
 * Which address and method does what, and who may. One table, so that "who may" is read at a glance and no
 * handler can forget to ask. Source: contract of the telemetry pieces; reliability.md 4.1 (role split).
 */
import type { Role } from "../../../services/telemetry/model.ts";
import {
  type AccountContext,
  deleteUsers,
  getSession,
  getUsers,
  postLogin,
  postLogout,
  postSetup,
  postUsers,
} from "./account-routes.ts";
import type { Method, WebAnswer, WebRequest } from "./answer.ts";
import { type Assets, serveAsset } from "./assets.ts";
import {
  getBootstrap,
  getHealth,
  getMetrics,
  getStatus,
  getStatusCss,
  type ObserveContext,
} from "./observe-routes.ts";
import { postPassword } from "./own-password.ts";
import type { RackRoutes } from "./rack-routes.ts";

/** `anyone` needs no login; `watcher` is anyone, or a login, as `statusAccess` says. */
export type Access = "anyone" | "watcher" | Role;

export interface RouteContext extends AccountContext {
  readonly observe: ObserveContext;
  readonly rack: RackRoutes;
  readonly assets: Assets;
}

export interface Route {
  readonly access: Access;
  handle(request: WebRequest, context: RouteContext): WebAnswer | Promise<WebAnswer>;
}

type Methods = Readonly<Partial<Record<Method, Route>>>;

const observe = (
  access: Access,
  handle: (request: WebRequest, context: ObserveContext) => WebAnswer,
): Methods => ({ GET: { access, handle: (request, context) => handle(request, context.observe) } });

const ROUTES: ReadonlyMap<string, Methods> = new Map<string, Methods>([
  ["/bootstrap.json", observe("anyone", getBootstrap)],
  ["/healthz", observe("anyone", getHealth)],
  ["/status.css", observe("anyone", getStatusCss)],
  ["/status", observe("watcher", getStatus)],
  ["/metrics", observe("watcher", getMetrics)],
  ["/session", { GET: { access: "anyone", handle: getSession } }],
  ["/login", { POST: { access: "anyone", handle: postLogin } }],
  ["/setup", { POST: { access: "anyone", handle: postSetup } }],
  ["/logout", { POST: { access: "anyone", handle: postLogout } }],
  ["/password", { POST: { access: "view", handle: postPassword } }],
  [
    "/users",
    {
      GET: { access: "admin", handle: getUsers },
      POST: { access: "admin", handle: postUsers },
      DELETE: { access: "admin", handle: deleteUsers },
    },
  ],
  [
    "/rack",
    {
      GET: { access: "op", handle: (request, { rack }) => rack.getRack(request) },
      POST: { access: "op", handle: (request, { rack }) => rack.postRack(request) },
    },
  ],
]);

const ASSET_METHODS: Methods = {
  GET: {
    access: "anyone",
    handle: (request, { assets }) => serveAsset(assets, request.path, request.header),
  },
};

/** The methods of an address; null = no such address. */
export function findRoute(path: string): Methods | null {
  if (path === "/" || path.startsWith("/assets/")) return ASSET_METHODS;
  return ROUTES.get(path) ?? null;
}

const RANK: Readonly<Record<Role, number>> = { view: 0, op: 1, admin: 2 };

export const isAtLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];
