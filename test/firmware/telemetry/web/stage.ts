/**
 * A web server on an ephemeral loopback port with a folder of its own, a clock the test moves, and a client
 * that can say anything: wrong Host, wrong Origin, half a request. Expectations stay with the tests.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WebSnapshot } from "../../../../firmware/telemetry/web/snapshot.ts";
import {
  openWeb,
  type WebOptions,
  type WebServer,
} from "../../../../firmware/telemetry/web/web.ts";
import type { StatusDocument } from "../../../../services/status.ts";
import { until } from "../../../deadline.ts";

export const ADMIN = { user: "admin", password: "correct horse battery" } as const;
export const PASSWORDS = { viewer: "pw-viewer", operator: "pw-operator", admin: "pw-admin" };
const DEADLINE_MS = 10_000;

export interface Stage {
  readonly web: WebServer;
  readonly folder: string;
  /** Added to the clock. */
  skipMs: number;
  snapshot: WebSnapshot;
  readonly codes: string[];
  readonly logged: string[];
  close(): Promise<void>;
}

export const DOCUMENT: StatusDocument = {
  cluster: {
    name: "demo",
    level: "ok",
    reasons: [],
    epoch: 3,
    method: "com",
    coordinator: "SERVER1",
    survivesFailures: 1,
  },
  servers: [
    { name: "SERVER1", state: "member", since: "2026-11-22T10:00:00.000Z", incarnation: null },
    { name: "SERVER2", state: "off", since: null, incarnation: null },
  ],
  groups: [{ name: "web", state: "running", owner: "SERVER1", policy: ["SERVER1", "SERVER2"] }],
  paths: [
    path("lan1", "lan-private", "normal", "SERVER1", "SERVER2"),
    path("lan1", "lan-private", "faulty", "SERVER2", "SERVER1"),
    path("lan2", "lan-private", "normal", "SERVER1", "SERVER2"),
  ],
};

function path(
  id: string,
  kind: "lan-private",
  state: "normal" | "faulty",
  from: string,
  to: string,
) {
  return { kind, id, from, to, state, lastHeardMs: 10 };
}

export const SNAPSHOT: WebSnapshot = {
  status: DOCUMENT,
  ageMs: 400,
  broker: { connected: true },
  counters: { failovers: 2 },
};

/** `prepare` may put files into the folder before the server starts. `clockMs`: the real monotonic one. */
export async function openStage(
  options: Partial<WebOptions> = {},
  prepare: (folder: string) => void = () => undefined,
  clockMs: () => number = () => performance.now(),
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "kage-web-"));
  mkdirSync(join(folder, "page", "assets"), { recursive: true });
  writeFileSync(join(folder, "page", "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(folder, "page", "assets", "main-ABCD2345.js"), "export {};".repeat(100));
  prepare(folder);
  const stage = { skipMs: 0, snapshot: SNAPSHOT, codes: [] as string[], logged: [] as string[] };
  const note = (data: object, text: string): void => {
    stage.logged.push(`${text} ${JSON.stringify(data)}`);
  };
  const web = await openWeb({
    listen: { host: "127.0.0.1", port: 0 },
    identity: {
      cluster: "demo",
      prefix: "kage/v1",
      topicPrefix: "kage/v1/demo",
      server: "SERVER1",
      servers: [
        { name: "SERVER1", url: null },
        { name: "SERVER2", url: "http://127.0.0.2:8090" },
      ],
      virtual: true,
      version: "0.1.0",
    },
    pageFolder: join(folder, "page"),
    usersFile: join(folder, "users.json"),
    setupCodeFile: join(folder, "setup-code"),
    brokerUrl: "mqtt://127.0.0.1:1",
    brokerPasswords: () => PASSWORDS,
    rackSocket: null,
    snapshot: () => stage.snapshot,
    log: { info: note, warn: note, error: note },
    announce: (code) => stage.codes.push(code),
    nowMs: () => clockMs() + stage.skipMs,
    ...options,
    limits: { sweepMs: 10, ...options.limits },
  });
  return Object.assign(stage, {
    web,
    folder,
    async close() {
      await web.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

export interface Said {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
  readonly json: any;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly cookie?: string;
}

/** One request on a connection of its own. POST and DELETE get JSON type and right Origin by default. */
export function ask(web: WebServer, path: string, asking: Asking = {}): Promise<Said> {
  const { method = "GET", body, cookie } = asking;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const changing = method === "POST" || method === "DELETE";
  const headers = {
    ...(changing ? { "content-type": "application/json", origin: web.url } : {}),
    ...(changing ? { "content-length": String(Buffer.byteLength(text)) } : {}),
    ...(cookie === undefined ? {} : { cookie }),
    ...asking.headers,
  };
  return new Promise((resolve, reject) => {
    const { host, port } = web;
    const options = { host, port, path, method, headers, agent: false, timeout: DEADLINE_MS };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const said = bytes.toString("utf8");
        const isJson = String(response.headers["content-type"]).includes("json");
        const json = isJson && said !== "" ? JSON.parse(said) : null;
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, text: said, bytes, json });
      });
    });
    request.on("error", reject);
    request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.end(text);
  });
}

export const post = (web: WebServer, path: string, body: unknown, cookie?: string) =>
  ask(web, path, { method: "POST", body, ...(cookie === undefined ? {} : { cookie }) });

/** The cookie pair of an answer. */
export function cookieOf(said: Said): string {
  return said.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

/** Makes the first administrator with the one-time code; his cookie. */
export async function setUp(stage: Stage): Promise<string> {
  const code = stage.codes[0] ?? "";
  const said = await post(stage.web, "/setup", { code, ...ADMIN });
  if (said.status !== 200) throw new Error(`setup: ${said.status} ${said.text}`);
  return cookieOf(said);
}

/** Adds a user and logs him in; his cookie. */
export async function addUser(
  stage: Stage,
  adminCookie: string,
  user: string,
  role: string,
): Promise<string> {
  const password = `a secret of mine`;
  const made = await post(stage.web, "/users", { user, role, password }, adminCookie);
  if (made.status !== 200) throw new Error(`users: ${made.status} ${made.text}`);
  const said = await post(stage.web, "/login", { user, password });
  if (said.status !== 200) throw new Error(`login: ${said.status} ${said.text}`);
  return cookieOf(said);
}

/** A raw connection. `ended` resolves with everything received once the server has closed it. */
export function dial(web: WebServer): { socket: Socket; ended: Promise<string> } {
  const socket = connect(web.port, web.host);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<string>((resolve) => {
    // A reset is one way in which a server may close.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
  return { socket, ended };
}

export const readText = (stage: Stage, name: string): string =>
  readFileSync(join(stage.folder, name), "utf8");

/** Ms. */
const QUIET_MS = 500;

/** Who is held back tells nobody: that a count stands still for half a second is what is tested. */
export async function standsStill(count: () => number): Promise<void> {
  let last = count();
  let sinceMs = performance.now();
  await until("the count stands still", () => {
    if (count() !== last) sinceMs = performance.now();
    last = count();
    return performance.now() - sinceMs >= QUIET_MS;
  });
}
