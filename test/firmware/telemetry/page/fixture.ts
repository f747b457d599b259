/**
 * A stand-in for the telemetry process, on a loopback port: serves the bundle under the strict policy,
 * knows one user per role, pipes `/mqtt` into a broker of its own and answers commands from a fake
 * cluster. Also run by hand: `node fixture.js [PORT]` keeps it open.
 * Source: contract of the telemetry pieces (HTTP, WS /mqtt, /rack).
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { CommandReply, CommandRequest } from "../../../../services/telemetry/model.ts";
import { FakeCluster, PREFIX } from "./fake-cluster.ts";
import { FakePeople, PASSWORD } from "./fake-people.ts";
import { type FakeShape, PAIR } from "./fake-shape.ts";

export interface Fixture {
  readonly url: string;
  readonly cluster: FakeCluster;
  readonly people: FakePeople;
  /** Every live page loses its connection and none gets a new one until `setDead(false)`. */
  setDead(isDead: boolean): void;
  /** Ends every live connection once. */
  dropConnections(): void;
  publish(topic: string, payload: object | string, retain?: boolean): void;
  /** Violations of the content security policy and requests for unknown things. */
  readonly notFound: string[];
  close(): Promise<void>;
}

export interface FixtureOptions {
  /** Folder of the bundle: `dist/firmware/telemetry/page`. */
  readonly folder: string;
  readonly shape?: FakeShape;
  readonly setupNeeded?: boolean;
  readonly port?: number;
}

export const POLICY =
  "default-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
  "form-action 'self'; object-src 'none'";
export const SETUP_CODE = "ABCD-2345";

/** As the telemetry repeats it. */
const STATE_MS = 5000;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export async function openFixture(options: FixtureOptions): Promise<Fixture> {
  const broker = await Aedes.createBroker();
  const sessions = new Map<string, string>();
  const notFound: string[] = [];
  const people = new FakePeople();
  let isDead = false;
  let queue: Promise<void> = Promise.resolve();
  let setupNeeded = options.setupNeeded === true;

  const publish = (topic: string, payload: object | string, retain = false): void => {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const packet = { cmd: "publish", qos: 1, dup: false, retain } as const;
    const sent = { ...packet, topic: `${PREFIX}/${topic}`, payload: Buffer.from(text) };
    // One after the other: this broker drops a retained message that a later one has overtaken.
    queue = queue.then(() => new Promise((done) => broker.publish(sent, () => done())));
  };
  const shape = options.shape ?? PAIR;
  const cluster = new FakeCluster(publish, shape);
  cluster.publishAll();
  const repeat = setInterval(() => cluster.publishState(), STATE_MS);

  broker.on("publish", (packet, client) => {
    if (client === null || !packet.topic.startsWith(`${PREFIX}/cmd/`)) return;
    const request = JSON.parse(packet.payload.toString()) as CommandRequest;
    const to = String((packet.properties as { responseTopic?: string } | undefined)?.responseTopic);
    const answer = (reply: CommandReply): void => publish(to.slice(PREFIX.length + 1), reply);
    cluster.command(packet.topic.slice(PREFIX.length + 1), request, answer);
  });

  const userOf = (request: IncomingMessage): string | undefined =>
    sessions.get(/kage_session=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");

  const enter = (response: ServerResponse, user: string): void => {
    const token = randomBytes(16).toString("hex");
    sessions.set(token, user);
    response.setHeader("set-cookie", `kage_session=${token}; HttpOnly; SameSite=Strict; Path=/`);
    json(response, 200, { user, role: people.roleOf(user) });
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    const user = userOf(request);
    const { method = "GET" } = request;
    const body = method === "GET" ? {} : await bodyOf(request);
    const told = user === undefined ? null : people.answer(method, path, user, body);
    if (isDead) response.destroy();
    else if (told !== null) json(response, told.status, told.body);
    else if (path === "/bootstrap.json") json(response, 200, bootstrap());
    else if (path === "/session") {
      if (user === undefined) refuse(response, 401);
      else json(response, 200, { user, role: people.roleOf(user) });
    } else if (path === "/login") {
      const name = String(body["user"]);
      const known = people.accounts.get(name)?.password;
      if (known !== undefined && body["password"] === known) enter(response, name);
      else refuse(response, 401);
    } else if (path === "/setup") {
      if (body["code"] !== SETUP_CODE) refuse(response, 403);
      else {
        setupNeeded = false;
        enter(response, String(body["user"]));
      }
    } else if (path === "/logout") {
      for (const [token, name] of sessions) if (name === user) sessions.delete(token);
      json(response, 200, { ok: true });
    } else if (path === "/rack" && user !== undefined) {
      json(response, 200, method === "POST" ? cluster.rack(body) : cluster.rackStatus());
    } else file(response, path);
  }

  const bootstrap = (): object => ({
    cluster: "example",
    prefix: "kage/v1",
    topicPrefix: PREFIX,
    server: shape.servers[0],
    servers: shape.servers.map((name, index) => ({
      name,
      url: index === 0 ? null : `http://127.0.0.${index + 1}:8090/`,
    })),
    virtual: shape.servers.length === 2,
    setupNeeded,
    version: "0.1.0",
  });

  function file(response: ServerResponse, path: string): void {
    const name = path === "/" ? "index.html" : path.slice(1);
    const type = TYPES[extname(name)];
    if (type === undefined || !/^(index\.html|assets\/[\w.-]+)$/.test(name)) {
      notFound.push(path);
      refuse(response, 404);
      return;
    }
    response.setHeader("content-type", type);
    response.end(readFileSync(join(options.folder, name)));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (isDead || userOf(request) === undefined) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (live) => {
      const stream = createWebSocketStream(live);
      // A page that goes away resets its stream; that is the end of it, not a failure.
      stream.on("error", () => stream.destroy());
      broker.handle(stream);
    });
  });
  await new Promise<void>((opened) => server.listen(options.port ?? 0, "127.0.0.1", opened));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/`,
    cluster,
    people,
    publish,
    notFound,
    dropConnections() {
      for (const live of sockets.clients) live.terminate();
    },
    setDead(dead) {
      isDead = dead;
      if (dead) for (const live of sockets.clients) live.terminate();
    },
    async close() {
      clearInterval(repeat);
      for (const live of sockets.clients) live.terminate();
      await new Promise<void>((closed) => broker.close(closed));
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number): void {
  json(response, status, {
    ok: false,
    code: "KG-9701",
    text: {
      en: "The user name or the password is wrong.",
      ja: "ユーザ名またはパスワードが違います。",
    },
    remedy: { en: "Check both and try again.", ja: "確認して再度入力してください。" },
  });
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString() || "{}") as Record<string, unknown>;
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(import.meta.dirname, "../../../../firmware/telemetry/page");
  const servers = Number(process.argv[3] ?? 2);
  const shape =
    servers === 2
      ? PAIR
      : {
          servers: Array.from({ length: servers }, (_, index) => `SERVER${index + 1}`),
          groups: Array.from(
            { length: Number(process.argv[4] ?? 32) },
            (_, index) => `group${index + 1}`,
          ),
        };
  const fixture = await openFixture({ folder, port: Number(process.argv[2] ?? 8099), shape });
  process.stdout.write(`${fixture.url} operator ${PASSWORD}\n`);
}
