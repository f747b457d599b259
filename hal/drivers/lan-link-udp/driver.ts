/**
 * LAN heartbeat path over one UDP socket bound to this server's own address on that path.
 * Intuition: bound to one address, the socket speaks on one interface only, so two paths never share
 * fate by routing. Where the address is missing (interface not up yet) it is tried again for ever.
 * Its counterpart in tests is another socket of this driver on loopback, and the rack's wires.
 * Source: requirements R2, R3; udp(7), ip(7).
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP, isIPv6 } from "node:net";
import { assert } from "../../base/assert.ts";
import { type After, after } from "../../base/clock.ts";
import type { PathId, ServerIndex } from "../../base/ids.ts";
import type {
  LanLink,
  LanLinkCounters,
  LanLinkHandlers,
  LanLinkState,
} from "../../ports/lan-link.ts";

/** No frame is longer than one Ethernet packet. */
const FRAME_BYTES_MAX = 1500;
/** Frames that Node may hold while the system takes none: one for each peer of the largest cluster. */
const SEND_QUEUE_MAX = 16;
const REBIND_FIRST_MS = 100;
/** An interface that comes up is used within two seconds. */
const REBIND_MAX_MS = 2000;

export interface Endpoint {
  /** Literal IPv4 or IPv6 address: a heartbeat does not depend on a name service. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

export interface UdpLanLinkOptions extends LanLinkHandlers {
  readonly path: PathId;
  readonly bind: Endpoint;
  /** Where frames for each server go, in the order of the server list; null for this server. */
  readonly to: readonly (Endpoint | null)[];
  /** Addresses that frames may come from; null = any (virtual appliance: all come from the rack). */
  readonly sources: ReadonlySet<string> | null;
  /** First wait before another try to bind, ms, doubled up to 2000; default 100. */
  readonly rebindFirstMs?: number;
  readonly after?: After;
}

/** Opens the path; the first `onState` tells whether it is usable. Asserts literal addresses. */
export function createUdpLanLink(options: UdpLanLinkOptions): LanLink {
  return new UdpLanLink(options);
}

interface Peer {
  readonly endpoint: Endpoint;
  /** Kept per peer so that sending a frame makes no closure. */
  readonly onSent: (error: Error | null) => void;
  failure: string | null;
}

class UdpLanLink implements LanLink {
  readonly path: PathId;
  readonly counters: LanLinkCounters = {
    sent: 0,
    dropped: 0,
    failed: 0,
    received: 0,
    oversized: 0,
    strangers: 0,
  };
  readonly #options: UdpLanLinkOptions;
  readonly #peers: readonly (Peer | null)[];
  #socket: Socket | null = null;
  #isOpen = false;
  #isEnded = false;
  #reported: string | null = null;
  #rebindMs: number;
  #cancelRebind: (() => void) | null = null;

  constructor(options: UdpLanLinkOptions) {
    for (const endpoint of [options.bind, ...options.to]) {
      if (endpoint !== null) assertEndpoint(endpoint, isIP(options.bind.host));
    }
    this.path = options.path;
    this.#options = options;
    this.#rebindMs = options.rebindFirstMs ?? REBIND_FIRST_MS;
    this.#peers = options.to.map((endpoint, index) => endpoint && this.#peer(endpoint, index));
    this.#bind();
  }

  send(to: ServerIndex, frame: Uint8Array): void {
    const peer = this.#peers[to];
    assert(peer !== undefined && peer !== null, "frames go to another configured server");
    const socket = this.#socket;
    if (socket === null || !this.#isOpen || socket.getSendQueueCount() >= SEND_QUEUE_MAX) {
      this.counters.dropped += 1;
      return;
    }
    socket.send(frame, peer.endpoint.port, peer.endpoint.host, peer.onSent);
  }

  close(): Promise<void> {
    this.#isEnded = true;
    this.#cancelRebind?.();
    return this.#dropSocket();
  }

  #bind(): void {
    const { host, port } = this.#options.bind;
    const family = isIPv6(host) ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // Addresses are literal: answering at once keeps a send from waiting for the resolver's turn.
      lookup: (address, _options, done) => done(null, address, family),
    });
    this.#socket = socket;
    socket.on("message", (bytes, sender) => this.#receive(bytes, sender));
    socket.on("error", (error) => this.#lose(socket, error));
    socket.bind({ address: host, port, exclusive: true }, () => {
      if (this.#isEnded || socket !== this.#socket) return;
      this.#isOpen = true;
      this.#rebindMs = this.#options.rebindFirstMs ?? REBIND_FIRST_MS;
      this.#report({ kind: "open" }, "open");
    });
  }

  #lose(socket: Socket, error: Error): void {
    if (this.#isEnded || socket !== this.#socket) return;
    void this.#dropSocket();
    const { host, port } = this.#options.bind;
    const code = codeOf(error);
    const text =
      `LAN path ${this.path}: UDP ${host}:${port} is not usable (${code}); expected this server's ` +
      "own address on an interface that is up, with a free port. It is tried again.";
    this.#report({ kind: "closed", code, text }, code);
    this.#cancelRebind = (this.#options.after ?? after)(this.#rebindMs, () => this.#bind());
    this.#rebindMs = Math.min(this.#rebindMs * 2, REBIND_MAX_MS);
  }

  #receive(bytes: Uint8Array, sender: RemoteInfo): void {
    if (this.#isEnded) return;
    if (bytes.length > FRAME_BYTES_MAX) {
      this.counters.oversized += 1;
      return;
    }
    const { sources } = this.#options;
    if (sources !== null && !sources.has(sender.address)) {
      this.counters.strangers += 1;
      return;
    }
    this.counters.received += 1;
    this.#options.onFrame(bytes);
  }

  #peer(endpoint: Endpoint, to: ServerIndex): Peer {
    const peer: Peer = {
      endpoint,
      failure: null,
      onSent: (error) => this.#sent(peer, to, error),
    };
    return peer;
  }

  #sent(peer: Peer, to: ServerIndex, error: Error | null): void {
    const failure = error === null ? null : codeOf(error);
    if (failure === null) this.counters.sent += 1;
    else this.counters.failed += 1;
    if (failure === peer.failure || this.#isEnded) return;
    peer.failure = failure;
    this.#options.onState(
      failure === null
        ? { kind: "send-recovered", to }
        : { kind: "send-failed", to, code: failure },
    );
  }

  #report(state: LanLinkState, mark: string): void {
    if (mark === this.#reported) return;
    this.#reported = mark;
    this.#options.onState(state);
  }

  #dropSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => socket.close(() => resolve()));
  }
}

function assertEndpoint({ host, port }: Endpoint, family: number): void {
  assert(isIP(host) !== 0, `LAN address is a literal IP address, not "${host}"`);
  assert(isIP(host) === family, `LAN addresses of one path are of one family, unlike "${host}"`);
  assert(Number.isInteger(port) && port > 0 && port < 65536, "UDP port is 1 to 65535");
}

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.name;
}
