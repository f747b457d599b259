/**
 * Announces floating addresses on the segment and hears who else claims them.
 * Intuition: pipes opened ahead of any takeover and bound to the interface's index; a new index or a
 * dead pipe means new ones. ARP goes both ways, neighbour advertisements go out; who listens to
 * neighbours is opened with the first IPv6 address, and one more for as long as an address is asked
 * for. Without socat, `arping` still announces IPv4, at the price of a fork, and nobody listens:
 * that is told once as an alert, not guessed later.
 * Source: RFC 5227 2.4, 3; RFC 4861 7.2.6; spec/peers.md 4.6.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import { FramePipe, type FramePipeOptions } from "./frame-pipe.ts";
import type { InterfaceState } from "./ip-batch.ts";
import {
  cutNeighbours,
  encodeNeighbourProbe,
  type NeighbourPacket,
  NONCE_BYTES,
  neighbourListener,
} from "./neighbour.ts";
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
  /** Every neighbour message heard there to a group; some come twice. */
  readonly onNeighbour: (packet: NeighbourPacket) => void;
  readonly onAlert: (alert: AddressAlert) => void;
}

/**
 * `arp`: both ways. `na`: advertisements, out. `nd`: neighbours' messages, in. Behind `dad `: an IPv6
 * address that is asked for, both ways.
 */
type PipeKind = "arp" | "na" | "nd" | `dad ${string}`;

/** One second: `arping -c 1` sends at once and then waits for nothing. */
const ARPING_WAIT_S = "1";

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #pipes = new Map<PipeKind, FramePipe>();
  #state: InterfaceState | null = null;
  #heard: Buffer = Buffer.alloc(0);
  /** Our own probes, should the segment send them back. */
  readonly #nonce = randomBytes(NONCE_BYTES);
  #hearsNeighbours = false;
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
    if (this.#hearsNeighbours) this.#pipe("nd");
  }

  /** From here on IPv6 neighbours are listened to. */
  hearNeighbours(): void {
    this.#hearsNeighbours = true;
    this.#pipe("nd");
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

  /** Opens the pipe that asks and listens for an address; null = nobody can ask. */
  openProbe(address: string): FramePipe | null {
    return this.hardware === "" ? null : this.#pipe(asking(address));
  }

  /**
   * Sends one probe for an address. Returns the pipe that asks and listens, so that a caller sees
   * when it was another one than before; null = nobody can ask.
   */
  probe(address: string): object | null {
    const { hardware } = this;
    if (hardware === "") return null;
    const pipe = this.#pipe(asking(address));
    const frame = isIPv6(address)
      ? encodeNeighbourProbe(hardware, address, this.#nonce)
      : encodeArpProbe(hardware, address);
    return pipe?.send(frame) === true ? pipe : null;
  }

  /** The pipe that listens for an address at this moment; null = none. */
  listener(address: string): object | null {
    return this.#pipes.get(asking(address)) ?? null;
  }

  /** Nobody asks for the address any more. */
  endProbe(address: string): void {
    const kind = asking(address);
    if (kind === "arp") return;
    this.#pipes.get(kind)?.close();
    this.#pipes.delete(kind);
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
    const pipe: FramePipe = new FramePipe({
      command: this.#options.socat,
      interfaceIndex: this.#state.index,
      ...this.#shape(kind, this.#state.index),
      onLost: ({ missing, detail }) => this.#lose(kind, pipe, missing, detail),
    });
    this.#pipes.set(kind, pipe);
    return pipe;
  }

  #shape(
    kind: PipeKind,
    index: number,
  ): Pick<FramePipeOptions, "frameBytes" | "ethertype" | "listener" | "onHeard"> {
    if (kind === "arp") {
      this.#heard = Buffer.alloc(0);
      const onHeard = (bytes: Buffer): void => this.#hear(bytes);
      return { frameBytes: ARP_FRAME_BYTES, ethertype: ETHERTYPE_ARP, onHeard };
    }
    const six = { frameBytes: NA_FRAME_BYTES, ethertype: ETHERTYPE_IPV6 };
    if (kind === "na") return { ...six, onHeard: null };
    const asked = kind === "nd" ? null : kind.slice("dad ".length);
    const onHeard = (bytes: Buffer): void => this.#hearMessages(bytes);
    return { ...six, listener: neighbourListener(index, asked), onHeard };
  }

  #hear(bytes: Buffer): void {
    const { packets, rest } = cutArpStream(Buffer.concat([this.#heard, bytes]));
    this.#heard = rest;
    for (const packet of packets) this.#options.onPacket(packet);
  }

  /** The pieces are whole messages: socat writes one at a time, and less than a pipe takes at once. */
  #hearMessages(bytes: Buffer): void {
    for (const packet of cutNeighbours(bytes)) {
      if (packet.nonce !== this.#nonce.toString("hex")) this.#options.onNeighbour(packet);
    }
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

/** The pipe that asks for an address and hears the answer. */
const asking = (address: string): PipeKind => (isIPv6(address) ? `dad ${address}` : "arp");
