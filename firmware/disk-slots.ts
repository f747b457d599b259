/**
 * This server's pen and spectacles on the arbitration partition: writes its own claim, reads
 * anyone's.
 * Intuition: trust nothing that was not read since the last trouble. At the start and after every
 * failure the header and the own two copies are read anew; the write then goes to the older copy,
 * and a serial once used is never used again, whether its write is known to have landed or not.
 * Source: protocol.md 1.5; reliability.md 0.5.
 */
import { randomBytes } from "node:crypto";
import type { ServerIndex } from "../hal/base/ids.ts";
import { type ArbitrationArray, ArrayError } from "../hal/ports/array.ts";
import {
  ARBITRATION_VERSION,
  claimBlockIndex,
  decodeHeader,
} from "../services/quorum/arbitration-layout.ts";
import {
  type Claim,
  type ClaimPick,
  type CopyFault,
  encodeClaimCopy,
  isNewerSerial,
  nextSerial,
  pickClaim,
  planWrite,
  type WritePlan,
} from "../services/quorum/claim.ts";
import { CLAIM_NONCE_BYTES, ClaimKeys } from "../services/quorum/claim-tag.ts";

/**
 * `claim` null = state none. `error` says what was expected and what to do; the server has then not
 * won.
 */
export type SlotResult =
  | { readonly ok: true; readonly claim: Claim | null }
  | { readonly ok: false; readonly error: string };

export interface SlotIdentity {
  readonly clusterId: number;
  /** 32 secret bytes, the same on every server: signs own copies, proves everyone's. */
  readonly clusterKey: Uint8Array;
  readonly self: ServerIndex;
  /** By server index; their names are what error texts say. */
  readonly serverNames: readonly string[];
}

/** One operation at a time; the caller awaits each before the next. */
export class ArbitrationSlots {
  readonly #array: ArbitrationArray;
  readonly #identity: SlotIdentity;
  readonly #keys: ClaimKeys;
  #headerGood = false;
  /** Where the next own write goes; null = to be read from the own copies. */
  #plan: WritePlan | null = null;
  #lastSerial: number | null = null;

  constructor(array: ArbitrationArray, identity: SlotIdentity) {
    this.#array = array;
    this.#identity = identity;
    this.#keys = new ClaimKeys(identity.clusterKey);
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
      const copy = { clusterId, server: self, serial, claim };
      const block = encodeClaimCopy(copy, this.#keys, randomBytes(CLAIM_NONCE_BYTES));
      await this.#array.writeBlock(claimBlockIndex(self, plan.copy), block);
      this.#plan = { kind: "write", copy: plan.copy === 0 ? 1 : 0, serial: nextSerial(serial) };
      return { ok: true, claim };
    });
  }

  async read(server: ServerIndex): Promise<SlotResult> {
    const { self, serverNames } = this.#identity;
    const count = serverNames.length;
    if (server >= count) {
      return { ok: false, error: `no server ${server}: expected an index below ${count}` };
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
    return pickClaim(a, b, { clusterId: this.#identity.clusterId, server }, this.#keys);
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

  #unreadable(server: ServerIndex, reason: CopyFault | "conflict"): SlotResult {
    this.#plan = null;
    const name = this.#identity.serverNames[server] ?? `server ${server}`;
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

  #unusedSerial(planned: number): number {
    const last = this.#lastSerial;
    return last === null || isNewerSerial(planned, last) ? planned : nextSerial(last);
  }
}

const hex = (clusterId: number): string => clusterId.toString(16).padStart(8, "0");
