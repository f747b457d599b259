/**
 * Floating addresses on a Linux interface, by one kept-open `ip` and one kept-open `socat`.
 * Intuition: success is what the interface shows afterwards, not what `ip` said; so an address that
 * is already there is adopted and one that is absent is down, and an order lost with its process is
 * repeated. IPv6 addresses come without the kernel's duplicate address detection (it takes a second,
 * and the lease has already settled who owns); where it is wanted, at a cold start, `probe` asks.
 * Source: issue item 4; R115; RFC 5227; RFC 4862 5.4 (nodad); spec/peers.md 4.6; protocol.md P1.
 */
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { assert } from "../../base/assert.ts";
import {
  type AddressPort,
  type AddressUse,
  type ForeignClaim,
  HostFault,
} from "../../ports/host.ts";
import { type AddressAlert, Announcer } from "./announcer.ts";
import { type BatchReply, type InterfaceState, IpBatch } from "./ip-batch.ts";
import type { NeighbourPacket } from "./neighbour.ts";
import { Prober } from "./prober.ts";
import { type ArpPacket, sameAddress } from "./protocol.ts";

export interface LinuxAddressOptions {
  /** Interface that carries the floating addresses, e.g. `pub0`. */
  readonly networkInterface: string;
  readonly onAlert: (alert: AddressAlert) => void;
  /** An order not answered in this time goes to a new process once; default 1000 ms. */
  readonly timeoutMs?: number;
  /** How to call the tools; default by PATH. */
  readonly ip?: readonly string[];
  readonly socat?: readonly string[];
  readonly arping?: readonly string[];
}

const TIMEOUT_MS = 1000;
/** IFNAMSIZ less the end mark; no blanks, so that a name cannot become a command. */
const INTERFACE_NAME = /^[A-Za-z0-9_.:@-]{1,15}$/;

/** Opens the tools; returns at once. Trouble shows at the first order or as an alert. */
export function openLinuxAddresses(options: LinuxAddressOptions): AddressPort {
  return new LinuxAddresses(options);
}

class LinuxAddresses implements AddressPort {
  readonly #options: LinuxAddressOptions;
  readonly #batch: IpBatch;
  readonly #announcer: Announcer;
  readonly #prober: Prober;
  /** Address -> prefix length: what is to be up here. */
  readonly #owned = new Map<string, number>();
  #listener: (claim: ForeignClaim) => void = () => undefined;
  #closed = false;

  constructor(options: LinuxAddressOptions) {
    assert(INTERFACE_NAME.test(options.networkInterface), "an interface name of 1-15 characters");
    this.#options = options;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#batch = new IpBatch(options.ip ?? ["ip"], options.networkInterface, timeoutMs);
    this.#announcer = new Announcer({
      networkInterface: options.networkInterface,
      socat: options.socat ?? ["socat"],
      arping: options.arping ?? ["arping"],
      onAlert: options.onAlert,
      onPacket: (packet) => this.#hear(packet),
      onNeighbour: (packet) => this.#hearNeighbour(packet),
    });
    this.#prober = new Prober(this.#announcer, (address, hardware) => {
      const who = hardware === "" ? "another station" : hardware;
      const detail = `${address}: ${who} on ${options.networkInterface} holds it`;
      options.onAlert({ kind: "probe.answered", detail });
    });
    void this.#look();
  }

  async probe(text: string): Promise<AddressUse> {
    const address = this.#check(text);
    const { state } = await this.#order(() => []);
    if (prefixesOf(state, address).length > 0) return "free";
    const use = await this.#prober.ask(address);
    if (use === "unknown" && !this.#closed) {
      const detail = `${address}: not known whether another station has it; install socat`;
      this.#options.onAlert({ kind: "probe.unavailable", detail });
    }
    return use;
  }

  async up(text: string, prefixLength: number): Promise<void> {
    const address = this.#check(text);
    const bitsMax = isIPv4(address) ? 32 : 128;
    if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bitsMax) {
      const expected = `a prefix length of 0-${bitsMax} bits`;
      throw new HostFault("refused", `${address}/${prefixLength}: expected ${expected}`);
    }
    this.#owned.set(address, prefixLength);
    // An order repeated after a lost process must not undo a `down` that was given meanwhile.
    const isWanted = (): boolean => this.#owned.get(address) === prefixLength;
    const order = (): string[] => (isWanted() ? [this.#addCommand(address, prefixLength)] : []);
    try {
      const { state, errors } = await this.#order(order);
      if (prefixesOf(state, address).length > 0) return;
      throw this.#refusal(`${address}/${prefixLength} is not on`, state, errors);
    } catch (error) {
      if (isWanted()) this.#owned.delete(address);
      throw error;
    }
  }

  async down(text: string): Promise<void> {
    const address = this.#check(text);
    const known = this.#owned.get(address);
    this.#owned.delete(address);
    const dev = `dev ${this.#options.networkInterface}`;
    const first = known === undefined ? [] : [`addr del ${address}/${known} ${dev}`];
    let { state, errors } = await this.#order(() => first);
    const rest = prefixesOf(state, address).map((bits) => `addr del ${address}/${bits} ${dev}`);
    if (rest.length > 0) ({ state, errors } = await this.#order(() => rest));
    if (prefixesOf(state, address).length > 0) {
      throw this.#refusal(`${address} is still on`, state, errors);
    }
    await this.#restore(state);
  }

  announce(text: string): void {
    if (this.#closed) return;
    const address = canonical(text);
    if (address === null || !this.#owned.has(address)) {
      const detail = `${text}: not up here; only an owner may announce`;
      this.#options.onAlert({ kind: "announce.failed", detail });
      return;
    }
    this.#announcer.announce(address);
    // A bond may have taken another hardware address meanwhile: the next announcement shall carry
    // it.
    void this.#look();
  }

  onForeignClaim(listener: (claim: ForeignClaim) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#closed = true;
    this.#prober.close();
    this.#batch.close();
    this.#announcer.close();
  }

  /**
   * Runs one order; a lost one is repeated once by a new process. So is one that does not see the
   * interface: `ip` remembers indexes, and an interface that was made anew has another one.
   */
  async #order(
    commands: () => readonly string[],
  ): Promise<{ state: InterfaceState | null; errors: readonly string[] }> {
    let reply: BatchReply = { kind: "lost", detail: "not asked" };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (this.#closed) throw new HostFault("closed", "the address driver was closed");
      reply = await this.#batch.run(commands());
      if (reply.kind === "answered" && reply.state !== null) {
        if (!this.#closed) this.#announcer.follow(reply.state);
        return reply;
      }
      if (attempt === 0 && reply.kind === "answered") this.#batch.restart();
    }
    if (reply.kind === "answered") return reply;
    const advice = "is iproute2 installed and CAP_NET_ADMIN held?";
    throw new HostFault("unconfirmed", `${reply.detail}; ${advice}`);
  }

  /**
   * Removing a subnet's first IPv4 address takes the others of the subnet along
   * (promote_secondaries 0).
   */
  async #restore(state: InterfaceState | null): Promise<void> {
    if (state === null) return;
    const gone = [...this.#owned].filter(([address]) => prefixesOf(state, address).length === 0);
    if (gone.length === 0) return;
    // Asked again at the time of sending: an address given up meanwhile must not come back.
    await this.#order(() =>
      gone
        .filter(([address]) => this.#owned.has(address))
        .map(([address, bits]) => this.#addCommand(address, bits)),
    );
    const names = gone.map(([address]) => address).join(", ");
    this.#options.onAlert({ kind: "address.restored", detail: `${names}: removed by the kernel` });
  }

  /** Reads the interface so that announcements carry its present index and hardware address. */
  async #look(): Promise<void> {
    const reply = await this.#batch.run([]);
    if (reply.kind === "answered" && reply.state !== null && !this.#closed) {
      this.#announcer.follow(reply.state);
    }
  }

  #hear(packet: ArpPacket): void {
    this.#prober.hear(packet);
    const { senderAddress: address, senderHardware: hardwareAddress } = packet;
    const own = this.#announcer.hardware;
    if (own === "" || hardwareAddress === own || !this.#owned.has(address)) return;
    this.#listener({ address, hardwareAddress });
  }

  /** A probe for an address that is up here is answered by the kernel. */
  #hearNeighbour(packet: NeighbourPacket): void {
    this.#prober.hearNeighbour(packet);
    const address = canonical(packet.target);
    const own = this.#announcer.hardware;
    if (own === "" || packet.hardware === own || packet.form !== "advertisement") return;
    if (address === null || !this.#owned.has(address)) return;
    this.#listener({ address, hardwareAddress: packet.hardware });
  }

  #addCommand(address: string, bits: number): string {
    const flags = isIPv6(address) ? " nodad" : "";
    return `addr add ${address}/${bits} dev ${this.#options.networkInterface}${flags}`;
  }

  #check(text: string): string {
    if (this.#closed) throw new HostFault("closed", "the address driver was closed");
    const address = canonical(text);
    if (address !== null) {
      if (isIPv6(address)) this.#announcer.hearNeighbours();
      return address;
    }
    throw new HostFault("refused", `${text}: expected an IPv4 or IPv6 address without prefix`);
  }

  #refusal(what: string, state: InterfaceState | null, errors: readonly string[]): HostFault {
    const name = this.#options.networkInterface;
    const why =
      state === null ? `interface ${name} is missing` : errors.join("; ") || "no reason given";
    return new HostFault("refused", `${what} ${name}: ${why}`);
  }
}

/** Prefix lengths under which the address is on the interface; none when it is absent. */
function prefixesOf(state: InterfaceState | null, address: string): number[] {
  return (state?.addresses ?? [])
    .filter((one) => sameAddress(one.address, address))
    .map((one) => one.prefixLength);
}

/** One spelling per address, so that the same one is found again; null when it is no address. */
function canonical(text: string): string | null {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return null;
  return new SocketAddress({ address: text, family: "ipv6" }).address;
}
