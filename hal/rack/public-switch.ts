/**
 * The switch of the public LAN with its clients behind it: it listens on every floating address and
 * forwards a connection to the server that announced the address last, as switches and neighbours'
 * ARP tables do. It writes down every claim and every answer, which makes it the oracle of ownership.
 * A connection breaks when the address moves, the server goes dark or its cable is pulled. A stranger,
 * a station of nobody's cluster, may be put on the segment to hold an address (R115).
 * Source: issue 2 item 5; architecture.md 7; contract: announce, withdraw, probe (answered by in-use or
 * free) and foreign-claim over UDP.
 */
import type { Socket as UdpSocket } from "node:dgram";
import { connect, createServer, type Server, type Socket } from "node:net";
import { readAddressMessage } from "../base/message.ts";
import type { Cabinet } from "./cabinet.ts";
import { closeListener, listenOn } from "./com-line.ts";
import { bindSocket, closeSocket } from "./lan-segment.ts";
import type { HostPort } from "./plan.ts";
import { resetSocket } from "./reset-socket.ts";
import { SWITCH_PATH } from "./wiring.ts";

export interface FloatingState {
  readonly address: string;
  readonly port: number;
  readonly announcer: string | null;
}

export interface PublicSwitch {
  state(): readonly FloatingState[];
  /** Breaks what may no longer flow; called after a cut. */
  recheck(): void;
  /** Puts a foreign station with that address on the segment, or takes it off; false = no such address. */
  setStranger(address: string, on: boolean): boolean;
  /** Power lost: the server's claims end and its connections break. */
  becomeDark(server: string): void;
  close(): Promise<void>;
}

export interface PublicSwitchOptions {
  /** `port`: the server's UDP port on the switch; `serviceHost`: where its services listen. */
  readonly servers: readonly {
    readonly name: string;
    readonly port: HostPort;
    readonly serviceHost: string;
  }[];
  /** Floating addresses with the one TCP port that clients use on each. */
  readonly floating: readonly HostPort[];
  readonly cabinet: Cabinet;
}

/** Connections per floating address; a client that leaks them meets this wall and not the rack's end. */
const CONNECTIONS_MAX = 1024;
const CLAIMS = ["announce", "withdraw", "probe"] as const;

interface Uplink {
  readonly name: string;
  readonly serviceHost: string;
  readonly socket: UdpSocket;
  /** Where the server's address process was heard last. */
  heardFrom: HostPort | null;
}

interface Floating {
  readonly at: HostPort;
  readonly listener: Server;
  readonly connections: Set<Connection>;
  announcer: Uplink | null;
  /** A foreign station has the address too. */
  isStrangerOn: boolean;
}

interface Connection {
  readonly uplink: Uplink;
  readonly client: Socket;
  readonly upstream: Socket;
}

/** Binds all listeners; rejects with the system's error when an address is taken. */
export async function createPublicSwitch(options: PublicSwitchOptions): Promise<PublicSwitch> {
  const publicSwitch = new RackSwitch(options);
  try {
    await publicSwitch.open();
  } catch (error) {
    await publicSwitch.close();
    throw error;
  }
  return publicSwitch;
}

class RackSwitch implements PublicSwitch {
  readonly #options: PublicSwitchOptions;
  readonly #floatings: readonly Floating[];
  readonly #uplinks: Uplink[] = [];

  constructor(options: PublicSwitchOptions) {
    this.#options = options;
    this.#floatings = options.floating.map((at) => ({
      at,
      listener: createServer({ allowHalfOpen: true, noDelay: true }),
      connections: new Set(),
      announcer: null,
      isStrangerOn: false,
    }));
  }

  async open(): Promise<void> {
    const { cabinet } = this.#options;
    for (const { name, port, serviceHost } of this.#options.servers) {
      const socket = await bindSocket(port);
      const uplink: Uplink = { name, serviceHost, socket, heardFrom: null };
      this.#uplinks.push(uplink);
      socket.on("error", (error) => {
        cabinet.record({ kind: "trouble", text: `${SWITCH_PATH} ${name}: ${error.message}` });
      });
      socket.on("message", (bytes, source) => {
        this.#hear(uplink, bytes, { host: source.address, port: source.port });
      });
    }
    for (const floating of this.#floatings) {
      floating.listener.on("connection", (client) => this.#admit(floating, client));
      await listenOn(floating.listener, floating.at);
    }
  }

  state(): readonly FloatingState[] {
    return this.#floatings.map(({ at, announcer }) => ({
      address: at.host,
      port: at.port,
      announcer: announcer?.name ?? null,
    }));
  }

  recheck(): void {
    for (const one of this.#floatings) breakConnections(one, ({ uplink }) => !this.#isUp(uplink));
  }

  setStranger(address: string, on: boolean): boolean {
    const floating = this.#floatings.find((one) => one.at.host === address);
    if (floating === undefined) return false;
    floating.isStrangerOn = on;
    const before = floating.announcer;
    if (!on || before === null) return true;
    // It speaks as it comes: from then on the segment believes it, until the owner says otherwise.
    floating.announcer = null;
    breakConnections(floating, () => true);
    this.#tellClaim(before, address);
    return true;
  }

  becomeDark(server: string): void {
    for (const one of this.#floatings) {
      breakConnections(one, ({ uplink }) => uplink.name === server);
      if (one.announcer?.name === server) one.announcer = null;
    }
    for (const uplink of this.#uplinks) if (uplink.name === server) uplink.heardFrom = null;
  }

  async close(): Promise<void> {
    for (const one of this.#floatings) breakConnections(one, () => true);
    await Promise.all(this.#floatings.map((one) => closeListener(one.listener)));
    await Promise.all(this.#uplinks.map((uplink) => closeSocket(uplink.socket)));
  }

  #isUp(uplink: Uplink): boolean {
    const { cabinet } = this.#options;
    return cabinet.isPowered(uplink.name) && !cabinet.isCut(SWITCH_PATH, uplink.name);
  }

  #hear(uplink: Uplink, bytes: Buffer, source: HostPort): void {
    if (!this.#isUp(uplink)) return;
    const claim = readAddressMessage(bytes, CLAIMS);
    const floating = this.#floatings.find((one) => one.at.host === claim?.address);
    if (claim === null || floating === undefined) {
      const heard = claim === null ? "no claim" : `unknown address ${claim.address}`;
      const text = `${SWITCH_PATH} ${uplink.name}: ${heard}`;
      this.#options.cabinet.record({ kind: "trouble", text });
      return;
    }
    uplink.heardFrom = source;
    if (claim.kind === "announce") this.#announce(uplink, floating);
    else if (claim.kind === "withdraw") this.#withdraw(uplink, floating);
    else this.#answerProbe(uplink, floating, source);
  }

  #answerProbe(uplink: Uplink, floating: Floating, source: HostPort): void {
    const { announcer, isStrangerOn } = floating;
    const isOthers = announcer !== null && announcer !== uplink && this.#isUp(announcer);
    const kind = isStrangerOn || isOthers ? "in-use" : "free";
    const answer = JSON.stringify({ kind, address: floating.at.host });
    uplink.socket.send(answer, source.port, source.host);
  }

  #tellClaim(holder: Uplink, address: string): void {
    if (holder.heardFrom === null || !this.#isUp(holder)) return;
    const { host, port } = holder.heardFrom;
    holder.socket.send(JSON.stringify({ kind: "foreign-claim", address }), port, host);
  }

  #announce(uplink: Uplink, floating: Floating): void {
    const address = floating.at.host;
    const before = floating.announcer;
    const previous = before?.name ?? null;
    this.#options.cabinet.record({ kind: "announce", server: uplink.name, address, previous });
    floating.announcer = uplink;
    if (before === null || before === uplink) return;
    breakConnections(floating, (connection) => connection.uplink !== uplink);
    this.#tellClaim(before, address);
  }

  #withdraw(uplink: Uplink, floating: Floating): void {
    const address = floating.at.host;
    this.#options.cabinet.record({ kind: "withdraw", server: uplink.name, address });
    if (floating.announcer !== uplink) return;
    floating.announcer = null;
    breakConnections(floating, () => true);
  }

  #admit(floating: Floating, client: Socket): void {
    const uplink = floating.announcer;
    if (uplink === null || !this.#isUp(uplink) || floating.connections.size >= CONNECTIONS_MAX) {
      client.on("error", () => client.destroy());
      resetSocket(client);
      return;
    }
    forward(floating, uplink, client, (bytes) => {
      const { host: address, port } = floating.at;
      const { cabinet } = this.#options;
      cabinet.record({ kind: "answer", server: uplink.name, address, port, bytes });
    });
  }
}

/** Joins client and service; both ends are reset when either breaks. */
function forward(
  floating: Floating,
  uplink: Uplink,
  client: Socket,
  onAnswer: (bytes: number) => void,
): void {
  const upstream = connect({
    host: uplink.serviceHost,
    port: floating.at.port,
    allowHalfOpen: true,
    noDelay: true,
  });
  const connection: Connection = { uplink, client, upstream };
  floating.connections.add(connection);
  upstream.on("data", (bytes) => onAnswer(bytes.length));
  client.pipe(upstream);
  upstream.pipe(client);
  const broken = (): void => breakConnection(floating, connection);
  // A refused or reset end is passed on to the other end as a reset, which is all a switch can do.
  client.on("error", broken);
  upstream.on("error", broken);
  const closed = (): void => {
    if (client.destroyed && upstream.destroyed) floating.connections.delete(connection);
  };
  client.on("close", closed);
  upstream.on("close", closed);
}

function breakConnections(floating: Floating, picks: (one: Connection) => boolean): void {
  for (const connection of [...floating.connections]) {
    if (picks(connection)) breakConnection(floating, connection);
  }
}

function breakConnection(floating: Floating, connection: Connection): void {
  floating.connections.delete(connection);
  for (const end of [connection.client, connection.upstream]) {
    resetSocket(end);
  }
}
