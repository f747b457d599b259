/**
 * Formats the arbitration partition: the one act that writes blocks of more than one server.
 * Intuition: the header is the seal on the door. It is broken first and put back last, so that a
 * format cut short leaves a partition that everybody refuses and that may be formatted again.
 * A slot that nobody has written yet is one that the format has signed as "none": zeros never mean it.
 * Source: protocol.md 1.5; hardware.md 5; reliability.md 0.5.
 */
import { randomBytes } from "node:crypto";
import { ARRAY_BLOCK_BYTES, type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import {
  ARBITRATION_BLOCKS,
  ARBITRATION_SLOTS,
  claimBlockIndex,
  decodeHeader,
  encodeHeader,
  isBlank,
} from "../../services/quorum/arbitration-layout.ts";
import { decodeClaimCopy, encodeClaimCopy, FORMAT_WRITER } from "../../services/quorum/claim.ts";
import { CLAIM_NONCE_BYTES, ClaimKeys } from "../../services/quorum/claim-tag.ts";

/** Whose partition it becomes. */
export interface FormatIdentity {
  readonly clusterId: number;
  /** 32 secret bytes, the same on every server; signs the empty copies of all 16 slots. */
  readonly clusterKey: Uint8Array;
}

export type FormatResult =
  | { readonly kind: "formatted" }
  /** The partition already is this cluster's, by id and key: nothing was touched, claims stand. */
  | { readonly kind: "already-formatted" }
  /** Nothing was written. `message` says what was found and what to do. */
  | { readonly kind: "refused"; readonly message: string }
  /** The array failed; run it again. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/**
 * Writes header and two empty copies for each of the 16 slots (132 KiB). Refuses a partition that
 * is neither blank nor half formatted for the same cluster, unless `force`. To be run while the
 * cluster is down.
 */
export async function formatArbitration(
  array: ArbitrationArray,
  { clusterId, clusterKey }: FormatIdentity,
  options: { readonly force?: boolean } = {},
): Promise<FormatResult> {
  const keys = new ClaimKeys(clusterKey);
  try {
    if (options.force !== true) {
      const standing = await inspect(array, clusterId, keys);
      if (standing !== null) return standing;
    }
    await array.writeBlock(0, new Uint8Array(ARRAY_BLOCK_BYTES));
    for (let server = 0; server < ARBITRATION_SLOTS; server++) {
      for (const copy of [0, 1] as const) {
        // Copy 0 carries the newer serial, so that never two copies claim to be equally new.
        const written = { serial: 1 - copy, writer: FORMAT_WRITER, writtenMs: 0 };
        const empty = { clusterId, server, ...written, claim: null };
        const block = encodeClaimCopy(empty, keys, randomBytes(CLAIM_NONCE_BYTES));
        await array.writeBlock(claimBlockIndex(server, copy), block);
      }
    }
    await array.writeBlock(0, encodeHeader(clusterId));
    return { kind: "formatted" };
  } catch (error) {
    if (!(error instanceof ArrayError)) throw error;
    const { code, message } = error;
    return { kind: "failed", code, message };
  }
}

/** Why formatting must not go on; null = the partition is free. */
async function inspect(
  array: ArbitrationArray,
  clusterId: number,
  keys: ClaimKeys,
): Promise<FormatResult | null> {
  const header = decodeHeader(await array.readBlock(0));
  if (header.kind === "good" && header.clusterId === clusterId) {
    const differs = await isOfOtherKey(array, clusterId, keys);
    return differs ? refused("this cluster's own under another key") : KEPT;
  }
  if (header.kind === "good") return refused(`the partition of cluster ${hex(header.clusterId)}`);
  if (header.kind === "foreign") return refused(header.found);
  for (let index = 1; index < ARBITRATION_BLOCKS; index++) {
    const block = await array.readBlock(index);
    const ours = decodeClaimCopy(block, { clusterId, server: serverOf(index) }, keys);
    if (ours.kind !== "good" && !isBlank(block)) return refused(`data in block ${index}`);
  }
  return null;
}

/**
 * True when copies fail authentication and none passes. A single bad one among good ones is no
 * reason to keep the cluster from starting: its server and all others say so when they read it.
 */
async function isOfOtherKey(
  array: ArbitrationArray,
  clusterId: number,
  keys: ClaimKeys,
): Promise<boolean> {
  let failed = false;
  for (let index = 1; index < ARBITRATION_BLOCKS; index++) {
    const owner = { clusterId, server: serverOf(index) };
    const copy = decodeClaimCopy(await array.readBlock(index), owner, keys);
    if (copy.kind === "good") return false;
    failed = failed || copy.reason === "unauthenticated";
  }
  return failed;
}

function refused(found: string): FormatResult {
  return {
    kind: "refused",
    message:
      `arbitration partition not formatted: expected a blank one, found ${found}. ` +
      "Check that the configuration names the right partition; if it does, format with force (erases it)",
  };
}

const KEPT: FormatResult = { kind: "already-formatted" };

/** Server whose copy stands in a block behind the header. */
const serverOf = (index: number): number => Math.floor((index - 1) / 2);

const hex = (clusterId: number): string => clusterId.toString(16).padStart(8, "0");
