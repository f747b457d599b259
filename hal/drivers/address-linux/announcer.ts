/**
 * Announces floating addresses on the segment and hears who else claims them.
 * Intuition: two pipes (ARP both ways, IPv6 out only) opened ahead of any takeover and bound to the
 * interface's index; a new index or a dead pipe means new ones. Without socat, `arping` still
 * announces IPv4, at the price of a fork, and nobody listens: that is told once as an alert, not
 * guessed later.
 * Source: RFC 5227 2.4, 3; RFC 4861 7.2.6; spec/peers.md 4.6.
 */
import { spawn } from "node:child_process";
import { isIPv6 } from "node:net";
import { FramePipe } from "./frame-pipe.ts";
import type { InterfaceState } from "./ip-batch.ts";
import {
  ARP_FRAME_BYTES,
  type ArpPacket,
  cutArpStream,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  encodeArpProbe,
  encodeGratuitousArp,
  encodeNeighbourAdvertisement,
  NA_FRAME_BYTES,
} from "./protocol.ts";

/** Worth an operator's eye; nothing else in the driver changes by it. */
export interface AddressAlert {
  readonly kind: /** No socat: IPv4 is announced by arping, foreign claims are not noticed. */
    | "announce.degraded"
    /** An announcement could not be sent at all. */
    | "announce.failed"
    /** A pipe ended and is opened anew at the next use. */
    | "announcer.lost"
    /** An address went up without being asked for on the segment. */
    | "probe.unavailable"
    /** Another station answered for an address before it went up here. */
    | "probe.answered"
    /** The kernel dropped an address that is ours; it was added again. */
    | "address.restored";
  readonly detail: string;
}

export interface AnnouncerOptions {
  readonly networkInterface: string;
  readonly socat: readonly string[];
  readonly arping: readonly string[];
  /** Every ARP packet heard on the interface. */
  readonly onPacket: (packet: ArpPacket) => void;
  readonly onAlert: (alert: AddressAlert) => void;
}

type PipeKind = "arp" | "na";

/** One second: `arping -c 1` sends at once and then waits for nothing. */
const ARPING_WAIT_S = "1";

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #pipes = new Map<PipeKind, FramePipe>();
  #state: InterfaceState | null = null;
  #heard: Buffer = Buffer.alloc(0);
  #socatMissing = false;
  #closed = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Hardware address last seen on the interface; empty before the first. */
  get hardware(): string {
    return this.#state?.hardware ?? "";
  }

  /** Takes note of the interface and opens the pipes for it. */
  follow(state: InterfaceState): void {
    if (state.index !== this.#state?.index) this.#closePipes();
    this.#state = state;
    this.#pipe("arp");
    this.#pipe("na");
  }

  /** One announcement: both ARP forms, or one neighbour advertisement. */
  announce(address: string): void {
    const hardware = this.hardware;
    if (hardware === "") {
      this.#alert(
        "announce.failed",
        `${address}: interface not seen yet; bring the address up first`,
      );
      return;
    }
    const isSix = isIPv6(address);
    const pipe = this.#pipe(isSix ? "na" : "arp");
    const frames = isSix
      ? [encodeNeighbourAdvertisement(hardware, address)]
      : [
          encodeGratuitousArp("request", hardware, address),
          encodeGratuitousArp("reply", hardware, address),
        ];
    const taken = pipe !== null && frames.every((frame) => pipe.send(frame));
    if (taken) return;
    if (isSix)
      this.#alert("announce.failed", `${address}: install socat to announce IPv6 addresses`);
    else this.#spawnArping(address);
  }

  /**
   * Sends one probe for an IPv4 address. Returns the pipe that asks and listens, so that a caller sees
   * when it was another one than before; null = nobody can ask.
   */
  probe(address: string): object | null {
    if (this.hardware === "") return null;
    const pipe = this.#pipe("arp");
    return pipe?.send(encodeArpProbe(this.hardware, address)) === true ? pipe : null;
  }

  /** The pipe that listens at this moment; null = none. */
  get listener(): object | null {
    return this.#pipes.get("arp") ?? null;
  }

  close(): void {
    this.#closed = true;
    this.#closePipes();
  }

  #pipe(kind: PipeKind): FramePipe | null {
    const open = this.#pipes.get(kind);
    if (open !== undefined || this.#state === null || this.#socatMissing || this.#closed) {
      return open ?? null;
    }
    const isArp = kind === "arp";
    const pipe: FramePipe = new FramePipe({
      command: this.#options.socat,
      interfaceIndex: this.#state.index,
      frameBytes: isArp ? ARP_FRAME_BYTES : NA_FRAME_BYTES,
      ethertype: isArp ? ETHERTYPE_ARP : ETHERTYPE_IPV6,
      onHeard: isArp ? (bytes) => this.#hear(bytes) : null,
      onLost: ({ missing, detail }) => this.#lose(kind, pipe, missing, detail),
    });
    this.#pipes.set(kind, pipe);
    if (isArp) this.#heard = Buffer.alloc(0);
    return pipe;
  }

  #hear(bytes: Buffer): void {
    const { packets, rest } = cutArpStream(Buffer.concat([this.#heard, bytes]));
    this.#heard = rest;
    for (const packet of packets) this.#options.onPacket(packet);
  }

  #lose(kind: PipeKind, pipe: FramePipe, missing: boolean, detail: string): void {
    if (this.#pipes.get(kind) === pipe) this.#pipes.delete(kind);
    if (!missing) {
      this.#alert("announcer.lost", detail);
      return;
    }
    const first = !this.#socatMissing;
    this.#socatMissing = true;
    if (first) {
      this.#alert("announce.degraded", `${detail}; install socat: foreign claims are not noticed`);
    }
  }

  #spawnArping(address: string): void {
    for (const form of ["-U", "-A"]) {
      const [tool = "", ...before] = this.#options.arping;
      const { networkInterface } = this.#options;
      const args = [
        ...before,
        form,
        "-c",
        "1",
        "-w",
        ARPING_WAIT_S,
        "-I",
        networkInterface,
        address,
      ];
      const child = spawn(tool, args, { stdio: "ignore" });
      child.unref();
      child.once("error", (error) => {
        const what = `${address}: neither socat nor arping works (${error.message}); install socat`;
        this.#alert("announce.failed", what);
      });
    }
  }

  #closePipes(): void {
    for (const pipe of this.#pipes.values()) pipe.close();
    this.#pipes.clear();
  }

  #alert(kind: AddressAlert["kind"], detail: string): void {
    if (!this.#closed) this.#options.onAlert({ kind, detail });
  }
}
