/**
 * This server's pen and spectacles on the arbitration partition: writes its own claim, reads
 * anyone's.
 * Intuition: trust nothing that was not read since the last trouble. At the start and after every
 * failure the header and the own two copies are read anew; the write then goes to the older copy,
 * and a serial once used is never used again, whether its write is known to have landed or not.
 * Of the others' slots it remembers the newest write it has read and believes none that is older
 * (claim-freshness.ts); a reading that looks stale is taken once more, since two writes that fall
 * between the reading of the two copies look the same. A slot whose very bytes were proved once needs no key
 * any more: a server that is off leaves its last word under a key that the others have let go.
 * Source: protocol.md 1.5; reliability.md 0.5.
 */
import { randomBytes } from "node:crypto";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import {
  ARBITRATION_VERSION,
  claimBlockIndex,
  decodeHeader,
} from "../../services/quorum/arbitration-layout.ts";
import {
  type ClaimPick,
  type ClaimWrite,
  type CopyFault,
  encodeClaimCopy,
  isNewerSerial,
  nextSerial,
  pickClaim,
  planWrite,
  tornSerial,
  type WritePlan,
} from "../../services/quorum/claim.ts";
import { judgeFreshness, type SlotMemory } from "../../services/quorum/claim-freshness.ts";
import { CLAIM_NONCE_BYTES, ClaimKeys } from "../../services/quorum/claim-tag.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";

/**
 * `claim` null = state none. `error` says what was expected and what to do; the server has then not
 * won.
 */
export type SlotResult =
  | { readonly ok: true; readonly claim: SlotWord | null }
  | { readonly ok: false; readonly error: string };

export interface SlotIdentity {
  readonly clusterId: number;
  /** 32 secret bytes, the same on every server: signs own copies, proves everyone's. */
  readonly clusterKey: Uint8Array;
  /** Further keys of the set that prove copies while one key takes the other's place. Default none. */
  readonly otherKeys?: readonly Uint8Array[];
  /** The key before a person gave this server another: proves its own slot only. Default none. */
  readonly formerKey?: Uint8Array | null;
  readonly self: ServerIndex;
  /** This boot of this server: stands in every copy it writes. */
  readonly host: HostIncarnation;
  /** By server index; their names are what error texts say. */
  readonly serverNames: readonly string[];
}

/** Both copies as they were when a key proved them, and what they said. */
interface ProvedSlot {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly pick: ClaimPick;
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** One operation at a time; the caller awaits each before the next. */
export class ArbitrationSlots {
  readonly #array: ArbitrationArray;
  readonly #identity: SlotIdentity;
  readonly #keys: ClaimKeys;
  #headerGood = false;
  /** Where the next own write goes; null = to be read from the own copies. */
  #plan: WritePlan | null = null;
  #lastSerial: number | null = null;
  #lastWrittenMs = 0;
  /** Of the other servers' slots. */
  readonly #memories = new Map<ServerIndex, SlotMemory>();
  readonly #proved = new Map<ServerIndex, ProvedSlot>();

  constructor(array: ArbitrationArray, identity: SlotIdentity) {
    this.#array = array;
    this.#identity = identity;
    const { clusterKey, otherKeys = [], formerKey = null, self } = identity;
    const former = formerKey === null ? null : { server: self, key: formerKey };
    this.#keys = new ClaimKeys(clusterKey, former);
    this.#keys.setKeys([clusterKey, ...otherKeys]);
  }

  /** The cluster keys from this moment on: the first one tags, each of them is believed. */
  setKeys(keys: readonly Uint8Array[]): void {
    this.#keys.setKeys(keys);
  }

  /** What this reader has seen of the slot; null = nothing yet. */
  memoryOf(server: ServerIndex): SlotMemory | null {
    return this.#memories.get(server) ?? null;
  }

  /**
   * What an earlier disk process of this server has seen of the slot. A memory of our own stays: it
   * is not older.
   */
  recall(server: ServerIndex, memory: SlotMemory): void {
    if (!this.#memories.has(server)) this.#memories.set(server, memory);
  }

  /**
   * Reads header and own copies ahead of the first claim; `claim` is the one that stands in the own
   * slot.
   */
  async prepare(): Promise<SlotResult> {
    return await this.read(this.#identity.self);
  }

  async write(claim: SlotWord | null): Promise<SlotResult> {
    return await this.#guarded(async () => {
      const { clusterId, self, host } = this.#identity;
      const plan = this.#plan ?? planWrite(await this.#pick(self));
      if (plan.kind === "refused") return this.#unreadable(self, plan.reason);
      const serial = this.#unusedSerial(plan.serial);
      this.#plan = null;
      this.#lastSerial = serial;
      // Two writes in one millisecond must not look like one.
      this.#lastWrittenMs = Math.max(this.#lastWrittenMs + 1, monotonicMs());
      const written = { serial, writer: host, writtenMs: this.#lastWrittenMs };
      const copy = { clusterId, server: self, ...written, claim };
      const block = encodeClaimCopy(copy, this.#keys, randomBytes(CLAIM_NONCE_BYTES));
      await this.#array.writeBlock(claimBlockIndex(self, plan.copy), block);
      this.#plan = { kind: "write", copy: plan.copy === 0 ? 1 : 0, serial: nextSerial(serial) };
      return { ok: true, claim };
    });
  }

  async read(server: ServerIndex): Promise<SlotResult> {
    const { serverNames } = this.#identity;
    const count = serverNames.length;
    if (server >= count) {
      return { ok: false, error: `no server ${server}: expected an index below ${count}` };
    }
    return await this.#guarded(async () => {
      const first = await this.#readOnce(server);
      return first ?? (await this.#readOnce(server)) ?? this.#putBack(server);
    });
  }

  /** Null when what stands there is older than what has been read before. */
  async #readOnce(server: ServerIndex): Promise<SlotResult | null> {
    const pick = await this.#pick(server);
    if (pick.kind === "unreadable") return this.#unreadable(server, pick.reason);
    if (server === this.#identity.self) this.#plan = planWrite(pick);
    else if (!this.#isFresh(server, pick.write)) return null;
    return { ok: true, claim: pick.claim };
  }

  #isFresh(server: ServerIndex, write: ClaimWrite): boolean {
    const verdict = judgeFreshness(this.memoryOf(server), write);
    if (verdict.kind === "fresh") this.#memories.set(server, verdict.memory);
    return verdict.kind === "fresh";
  }

  /** Both copies one after the other; why a write in between does no harm is in protocol.md 1.5. */
  async #pick(server: ServerIndex): Promise<ClaimPick> {
    const a = await this.#array.readBlock(claimBlockIndex(server, 0));
    const b = await this.#array.readBlock(claimBlockIndex(server, 1));
    const { clusterId, self } = this.#identity;
    const pick = pickClaim(a, b, { clusterId, server }, this.#keys);
    const isTorn = pick.kind === "unreadable" && pick.reason === "torn";
    if (isTorn && server === self) this.#lastSerial ??= tornSerial(a, b);
    return server === self ? pick : this.#recognise(server, a, b, pick);
  }

  /** The same bytes say the same, although the key that proved them is gone: nobody has written since (D56). */
  #recognise(server: ServerIndex, a: Uint8Array, b: Uint8Array, pick: ClaimPick): ClaimPick {
    const old = this.#proved.get(server);
    const isSame = old !== undefined && isEqual(old.a, a) && isEqual(old.b, b);
    if (pick.kind === "readable") {
      if (!isSame) this.#proved.set(server, { a: Buffer.from(a), b: Buffer.from(b), pick });
      return pick;
    }
    return isSame && pick.reason === "unauthenticated" ? old.pick : pick;
  }

  async #guarded(operation: () => Promise<SlotResult>): Promise<SlotResult> {
    try {
      if (!this.#headerGood) {
        const trouble = await this.#headerTrouble();
        if (trouble !== null) return { ok: false, error: trouble };
        this.#headerGood = true;
      }
      return await operation();
    } catch (error) {
      if (!(error instanceof ArrayError)) throw error;
      this.#headerGood = false;
      this.#plan = null;
      return { ok: false, error: `${error.code}: ${error.message}` };
    }
  }

  async #headerTrouble(): Promise<string | null> {
    const header = decodeHeader(await this.#array.readBlock(0));
    const expected = this.#identity.clusterId;
    if (header.kind === "good" && header.clusterId === expected) return null;
    const found =
      header.kind === "good"
        ? `cluster ${hex(header.clusterId)}`
        : header.kind === "blank"
          ? "a blank block"
          : header.found;
    return (
      `foreign or unformatted arbitration partition: expected the header of cluster ${hex(expected)}, ` +
      `found ${found}; do: check that the configuration names the right partition, stop the cluster, format it once`
    );
  }

  /**
   * Looks at the header again before the next operation: under a good one the own slot may be written
   * on, whatever has happened to the other's, so that slots overwritten together heal together.
   */
  #unreadable(server: ServerIndex, reason: CopyFault | "conflict"): SlotResult {
    this.#headerGood = false;
    if (server === this.#identity.self) this.#plan = null;
    const name = this.#nameOf(server);
    const who = "find out who else writes there, stop the cluster, format with force";
    if (reason === "unauthenticated") {
      return {
        ok: false,
        error:
          `the copy of ${name} fails authentication: key differs or block forged; do: give every ` +
          `server the same key file; if it is the same, or was changed on all of them, ${who}`,
      };
    }
    return {
      ok: false,
      error:
        `slot of ${name} is unreadable (${reason}): expected a claim block of cluster ` +
        `${hex(this.#identity.clusterId)}, format version ${ARBITRATION_VERSION}; do: ${who}`,
    };
  }

  #putBack(server: ServerIndex): SlotResult {
    const seen = this.memoryOf(server)?.newest;
    return {
      ok: false,
      error:
        `slot of ${this.#nameOf(server)} shows an old copy: expected write ${seen?.serial} of boot ` +
        `${seen?.writer} or a later one; do: find out what puts old data back on the array ` +
        "(snapshot, mirror, cache) and end it; if it stays, stop the cluster and format with force",
    };
  }

  #nameOf(server: ServerIndex): string {
    return this.#identity.serverNames[server] ?? `server ${server}`;
  }

  #unusedSerial(planned: number): number {
    const last = this.#lastSerial;
    return last === null || isNewerSerial(planned, last) ? planned : nextSerial(last);
  }
}

const hex = (clusterId: number): string => clusterId.toString(16).padStart(8, "0");
