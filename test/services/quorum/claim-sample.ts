/** One claim with a value of its own in each field, its writer and its key, for tests of the array's blocks. */
import { crc32 } from "../../../hal/base/crc.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Claim } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";

export const CLUSTER = 0xc1a5_7e12;
/** Whose block it is. */
export const OWNER = { clusterId: CLUSTER, server: 1 };
export const HOST = hostIncarnation("00112233445566ff");
export const CLAIM: Claim = {
  state: "claimed",
  host: HOST,
  epoch: { counter: 7, coordinator: 1, host: hostIncarnation("8899aabbccddeeff") },
  number: 3,
  stampMs: 123_456_789,
};
export const WRITER = hostIncarnation("fedcba9876543210");
/** Bytes 00 to 1f. */
export const CLUSTER_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
export const KEYS = new ClaimKeys(CLUSTER_KEY);

/** Makes the last four bytes of a block the CRC-32 of the rest, big endian. */
export function withCrc(block: Uint8Array): Uint8Array {
  new DataView(block.buffer, block.byteOffset).setUint32(4092, crc32(block.subarray(0, 4092)));
  return block;
}
