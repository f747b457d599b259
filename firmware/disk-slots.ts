/**
 * This server's pen and spectacles on the arbitration partition: writes its own claim, reads
 * anyone's.
 * Intuition: trust nothing that was not read since the last trouble. At the start and after every
 * failure the header and the own two copies are read anew; the write then goes to the older copy,
 * and a serial once used is never used again, whether its write is known to have landed or not.
 * Source: protocol.md 1.5.
 */
import type { ServerIndex } from "../hal/base/ids.ts";
import { type ArbitrationArray, ArrayError } from "../hal/ports/array.ts";
import { claimBlockIndex, decodeHeader } from "../services/quorum/arbitration-layout.ts";
import {
  type Claim,
  type ClaimPick,
  encodeClaimCopy,
  isNewerSerial,
  nextSerial,
  pickClaim,
  planWrite,
  type WritePlan,
} from "../services/quorum/claim.ts";

/**
 * `claim` null = state none. `error` says what was expected and what to do; the server has then not
 * won.
 */
export type SlotResult =
  | { readonly ok: true; readonly claim: Claim | null }
  | { readonly ok: false; readonly error: string };

export interface SlotIdentity {
  readonly clusterId: number;
  readonly self: ServerIndex;
  readonly serverCount: number;
}

/** One operation at a time; the caller awaits each before the next. */
export class ArbitrationSlots {
  readonly #array: ArbitrationArray;
  readonly #identity: SlotIdentity;
  #headerGood = false;
  /** Where the next own write goes; null = to be read from the own copies. */
  #plan: WritePlan | null = null;
  #lastSerial: number | null = null;

  constructor(array: ArbitrationArray, identity: SlotIdentity) {
    this.#array = array;
    this.#identity = identity;
  }

  /**
   * Reads header and own copies ahead of the first claim; `claim` is the one that stands in the own
   * slot.
   */
  async prepare(): Promise<SlotResult> {
    return await this.read(this.#identity.self);
  }

  async write(claim: Claim | null): Promise<SlotResult> {
    return await this.#guarded(async () => {
      const { clusterId, self } = this.#identity;
      const plan = this.#plan ?? planWrite(await this.#pick(self));
      if (plan.kind === "refused") return this.#unreadable(self, plan.reason);
      const serial = this.#unusedSerial(plan.serial);
      this.#plan = null;
      this.#lastSerial = serial;
      const block = encodeClaimCopy({ clusterId, server: self, serial, claim });
      await this.#array.writeBlock(claimBlockIndex(self, plan.copy), block);
      this.#plan = { kind: "write", copy: plan.copy === 0 ? 1 : 0, serial: nextSerial(serial) };
      return { ok: true, claim };
    });
  }

  async read(server: ServerIndex): Promise<SlotResult> {
    const { self, serverCount } = this.#identity;
    if (server >= serverCount) {
      return { ok: false, error: `no server ${server}: expected an index below ${serverCount}` };
    }
    return await this.#guarded(async () => {
      const pick = await this.#pick(server);
      if (pick.kind === "unreadable") return this.#unreadable(server, pick.reason);
      if (server === self) this.#plan = planWrite(pick);
      return { ok: true, claim: pick.claim };
    });
  }

  /** Both copies one after the other; why a write in between does no harm is in protocol.md 1.5. */
  async #pick(server: ServerIndex): Promise<ClaimPick> {
    const a = await this.#array.readBlock(claimBlockIndex(server, 0));
    const b = await this.#array.readBlock(claimBlockIndex(server, 1));
    return pickClaim(a, b, { clusterId: this.#identity.clusterId, server });
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
      `found ${found}; do: check that the configuration names the right partition, then format it once`
    );
  }

  #unreadable(server: ServerIndex, reason: string): SlotResult {
    this.#plan = null;
    return {
      ok: false,
      error:
        `slot of server ${server} is unreadable (${reason}): expected a claim block of cluster ` +
        `${hex(this.#identity.clusterId)}; do: find out who else writes there, stop the cluster, format with force`,
    };
  }

  #unusedSerial(planned: number): number {
    const last = this.#lastSerial;
    return last === null || isNewerSerial(planned, last) ? planned : nextSerial(last);
  }
}

const hex = (clusterId: number): string => clusterId.toString(16).padStart(8, "0");
