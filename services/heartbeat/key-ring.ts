/**
 * Which of the cluster's keys a frame is sealed with, and with which it is tried.
 * Intuition: a server that is known to hold the active key is spoken to under it. One that is not, and was
 * heard last under the key before, is answered under that one: so a server that was away during a change hears
 * us, and gets the new key in the words of the beat. A key that is still to come opens but never seals.
 * Bounded work: a LAN frame names its key by one byte, so garbage costs one decryption; a serial frame does
 * not, so garbage costs three, at the pace of the line.
 * Source: reliability.md 4.3 (receive accepts prev, cur, next).
 */
import { assert } from "../../hal/base/assert.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";

export interface SealingKey {
  readonly id: string;
  /** Byte that names the key in a LAN frame. */
  readonly hint: number;
  /** 32 secret bytes. */
  readonly key: Uint8Array;
  readonly role: "active" | "next" | "old";
}

export class KeyRing {
  /** The active one first. */
  readonly keys: readonly SealingKey[];
  readonly #active: SealingKey;
  readonly #holders: ReadonlySet<ServerIndex>;

  constructor(keys: readonly SealingKey[], holders: readonly ServerIndex[]) {
    const [active] = keys;
    assert(active?.role === "active", "the first key is the active one");
    this.keys = keys;
    this.#active = active;
    this.#holders = new Set(holders);
  }

  /** `heard`: id of the key under which the peer was heard last. */
  sealingFor(to: ServerIndex, heard: string | null): SealingKey {
    if (heard === null || heard === this.#active.id || this.#holders.has(to)) return this.#active;
    return this.keys.find(({ id, role }) => id === heard && role === "old") ?? this.#active;
  }

  /** `hint` null = the frame does not name its key. Empty = none of ours. */
  toTry(hint: number | null, heard: string | null): readonly SealingKey[] {
    if (hint !== null) return this.keys.filter((key) => key.hint === hint);
    if (heard === null || heard === this.#active.id) return this.keys;
    return this.keys.toSorted((a, b) => Number(b.id === heard) - Number(a.id === heard));
  }
}
