/**
 * Floating addresses in the hands of the pulse: no address goes up, and no announcement goes out, without
 * a look at the lease in the same turn. While this server listens (it was away too long) its addresses
 * are down; while two sole views face each other nobody announces. At a cold start, and only there, the
 * segment is asked first whether another station has the address.
 * Source: protocol.md 1.5, D53; peers.md 4.6 (5 + 5 announcements); R112-R115.
 */
import type { AddressPort } from "../../hal/ports/host.ts";
import type { NoteData } from "../../services/effects.ts";
import {
  announceSchedule,
  createReannounce,
  judgeForeignClaim,
  type ReannounceState,
} from "../../services/resources/reannounce.ts";

interface Held {
  readonly address: string;
  readonly prefixLength: number;
  /** Absolute moments of announcements still to be made, ascending, ms. */
  due: number[];
  damping: ReannounceState;
}

export interface AddressRules {
  /** The lease as it is in this very turn. */
  readonly mayAnnounce: () => boolean;
  readonly now: () => number;
  readonly note: (key: string, data: NoteData) => void;
}

export class Addresses {
  readonly #port: AddressPort;
  readonly #rules: AddressRules;
  readonly #held = new Map<string, Held>();
  readonly #probing = new Set<string>();
  #suspended = false;
  /** Addresses are up and may not be announced: another owner has been met. */
  #isSilenced = false;

  constructor(port: AddressPort, rules: AddressRules) {
    this.#port = port;
    this.#rules = rules;
    port.onForeignClaim((claim) => this.#answerClaim(claim.address, claim.hardwareAddress));
  }

  /** Brings an address up; rejects without a lease, and at a cold start when another station has it. */
  async up(address: string, prefixLength: number, isCold = false): Promise<void> {
    this.#demandLease();
    if (isCold && !this.#held.has(address)) await this.#demandFree(address);
    const held: Held = { address, prefixLength, due: [], damping: createReannounce() };
    this.#held.set(address, held);
    await this.#port.up(address, prefixLength);
    if (!this.#held.has(address) || this.#suspended) return;
    held.due = announceSchedule(this.#rules.now());
    this.tick();
  }

  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  async down(address: string): Promise<void> {
    this.#held.delete(address);
    this.#probing.delete(address);
    await this.#port.down(address);
  }

  /** Sends what is due. Called after every step, so that the lease has just been looked at. */
  tick(): void {
    const now = this.#rules.now();
    this.#speakAgain(now);
    for (const held of this.#held.values()) {
      const due = held.due.filter((atMs) => atMs <= now);
      if (due.length === 0) continue;
      held.due = held.due.filter((atMs) => atMs > now);
      if (this.#suspended || !this.#rules.mayAnnounce()) continue;
      for (const _ of due) this.#port.announce(held.address);
    }
  }

  /** Who stays after two owners have met says so: the clients have heard the other one last. */
  #speakAgain(nowMs: number): void {
    const isSilenced = this.#held.size > 0 && !this.#rules.mayAnnounce();
    const isOver = this.#isSilenced && !isSilenced;
    this.#isSilenced = isSilenced;
    if (!isOver) return;
    for (const held of this.#held.values()) held.due = announceSchedule(nowMs);
  }

  /** Earliest announcement still to be made; Infinity = none. */
  nextDeadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { due } of this.#held.values()) earliest = Math.min(earliest, due[0] ?? earliest);
    return earliest;
  }

  /** Takes all addresses down, or up again, without forgetting them. */
  suspend(suspended: boolean, onError: (error: unknown) => void): void {
    if (suspended === this.#suspended) return;
    this.#suspended = suspended;
    for (const { address, prefixLength } of this.#held.values()) {
      const done = suspended ? this.#port.down(address) : this.up(address, prefixLength);
      done.catch(onError);
    }
  }

  #demandLease(): void {
    if (!this.#rules.mayAnnounce()) throw new Error("no lease: the address stays down");
  }

  /** What a will or a lost lease took away during the question must not come up by its answer. */
  async #demandFree(address: string): Promise<void> {
    this.#probing.add(address);
    const use = await this.#port.probe(address);
    if (use === "in-use") {
      this.#probing.delete(address);
      this.#rules.note("address.in-use", { address });
      const remedy = "free it or choose another one, then start the group again";
      throw new Error(`${address} is in use by another station; ${remedy}`);
    }
    if (!this.#probing.delete(address)) throw new Error(`${address} was given up meanwhile`);
    this.#demandLease();
  }

  #answerClaim(address: string, hardwareAddress: string): void {
    const held = this.#held.get(address);
    if (held === undefined) return;
    const now = this.#rules.now();
    const judged = judgeForeignClaim(held.damping, now, this.#rules.mayAnnounce());
    held.damping = judged.state;
    if (judged.alert) this.#rules.note("address.foreign-claim", { address, by: hardwareAddress });
    if (!judged.announce) return;
    this.#port.announce(address);
    this.#rules.note("address.reannounced", { address, by: hardwareAddress });
  }
}
