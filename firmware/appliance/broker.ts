/**
 * The embedded broker of the virtual appliance, a process of its own: `main.js broker --listen HOST:PORT
 * --prefix P --accounts FILE`. Rights are those of the mosquitto on an appliance. Its library is for
 * development only and dies of some names, so these are refused before it sees them. Its standard input
 * is its life line: it ends with the launcher. Source: architecture.md 8; ecosystem.md 2.
 */
import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { parseArgs } from "node:util";
import { isBrokerAccount, mayRead, mayWrite } from "../../flash/broker/rights.ts";
import { parseHostPort } from "../../hal/rack/plan.ts";
import { readCredentials } from "../telemetry/credentials.ts";

/** What the launcher waits for on standard output. */
export const BROKER_READY = "broker ready";
/** Exit status: the library is not installed (`npm ci --omit=dev`). */
export const EXIT_NO_LIBRARY = 69;
const EXIT_USAGE = 2;

const CONNECTIONS_MAX = 64;
const PACKET_BYTES_MAX = 512 * 1024;
/** A reader that does not read is cut off rather than queued for. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
const CLIENT_ID = /^[A-Za-z0-9_.@-]{1,128}$/;
/** Names that objects have from birth; as keys they reach the library's own machinery. */
const BORN_NAMES = Object.getOwnPropertyNames(Object.prototype);

type AedesModule = typeof import("aedes");
type Broker = InstanceType<AedesModule["Aedes"]>;
type Client = Parameters<Broker["authorizeForward"]>[0];

/**
 * `broker --listen HOST:PORT --prefix P --accounts FILE`. null = it serves until its standard input ends; else
 * the exit status, 2 for wrong words or {@link EXIT_NO_LIBRARY}.
 */
export async function runBroker(argv: readonly string[]): Promise<number | null> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      listen: { type: "string" },
      prefix: { type: "string" },
      accounts: { type: "string" },
    },
  });
  const at = parseHostPort(values.listen ?? "");
  const { prefix, accounts } = values;
  if (at === null || prefix === undefined || accounts === undefined) {
    process.stderr.write("broker: expected --listen HOST:PORT --prefix P --accounts FILE\n");
    return EXIT_USAGE;
  }
  const library = await loadLibrary();
  if (library === null) return EXIT_NO_LIBRARY;
  const broker = await createBroker(library, prefix, accounts);
  const server = createServer((socket) => serve(broker, socket));
  server.maxConnections = CONNECTIONS_MAX;
  server.on("error", (error) => {
    process.stderr.write(`broker: ${error.message}\n`);
    process.exit(1);
  });
  server.listen(at.port, at.host, () => process.stdout.write(`${BROKER_READY}\n`));
  process.stdin.on("end", () => process.exit(0)).resume();
  process.stdin.on("error", () => process.exit(0));
  return null;
}

async function loadLibrary(): Promise<AedesModule | null> {
  try {
    return await import("aedes");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return null;
  }
}

async function createBroker(
  library: AedesModule,
  prefix: string,
  accountsFile: string,
): Promise<Broker> {
  const accountOf = new WeakMap<object, string>();
  const rights = (client: Client | null): string => accountOf.get(client ?? {}) ?? "";
  const broker = await library.Aedes.createBroker({
    maximumPacketSize: PACKET_BYTES_MAX,
    keepaliveLimit: 120,
    preConnect(_client, packet, done) {
      const { clientId, will } = packet;
      const id = clientId ?? "";
      const isFine = id === "" || (CLIENT_ID.test(id) && !isBornName(id));
      done(null, isFine && !isForbidden(will?.topic ?? ""));
    },
    authenticate(client, username, password, done) {
      const passwords = readCredentials(accountsFile);
      const name = username ?? "";
      const isKnown = passwords !== null && isBrokerAccount(name);
      const fits = isKnown && passwords[name] === (password?.toString("utf8") ?? "");
      if (fits) accountOf.set(client, name);
      done(null, fits);
    },
    authorizePublish(client, packet, done) {
      const account = rights(client);
      // The broker's own words ($SYS) come without a client.
      const isOwn = client === null;
      const may = isOwn || (isBrokerAccount(account) && mayWrite(account, prefix, packet.topic));
      done(may && !isForbidden(packet.topic) ? null : new Error("not authorised"));
    },
    authorizeSubscribe(_client, subscription, done) {
      done(null, isForbidden(subscription.topic) ? null : subscription);
    },
    authorizeForward(client, packet) {
      const account = rights(client);
      return isBrokerAccount(account) && mayRead(account, prefix, packet.topic) ? packet : null;
    },
  });
  // A client's fault is that client's; it has been disconnected.
  for (const event of ["clientError", "connectionError"] as const) {
    broker.on(event, (client, error) => {
      process.stderr.write(`broker: ${client?.id ?? "client"}: ${error.message}\n`);
    });
  }
  return broker;
}

function serve(broker: Broker, socket: Socket): void {
  socket.setNoDelay(true);
  broker.handle(new NameGate(socket));
}

/** A connection that ends when its bytes hold a forbidden name as a whole MQTT string. */
class NameGate extends Duplex {
  readonly #socket: Socket;
  #tail: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#pass(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (e?: Error | null) => void,
  ): void {
    if (this.writableLength > BACKLOG_BYTES_MAX) {
      done(new Error("reads too slowly"));
    } else if (this.#socket.write(chunk)) done();
    else this.#socket.once("drain", () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #pass(chunk: Buffer): void {
    const seen = Buffer.concat([this.#tail, chunk]);
    this.#tail = seen.subarray(-LONGEST_NAME_BYTES);
    if (FORBIDDEN_STRINGS.some((bytes) => seen.includes(bytes))) {
      this.destroy(new Error("a name that this broker does not take"));
    } else if (!this.push(chunk)) this.#socket.pause();
  }
}

/** MQTT 5.0 1.5.4: two bytes of length, then the text. */
const FORBIDDEN_STRINGS: readonly Buffer[] = BORN_NAMES.map((name) =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]),
);
const LONGEST_NAME_BYTES = Math.max(...FORBIDDEN_STRINGS.map(({ length }) => length)) - 1;

const isBornName = (text: string): boolean => BORN_NAMES.includes(text);
const isForbidden = (topic: string): boolean => topic.split("/").some(isBornName);
