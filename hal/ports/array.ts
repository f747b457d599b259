/**
 * The arbitration partition of the shared array as one server reaches it: numbered 4096-byte
 * blocks.
 * Intuition: a post office counter. One customer at a time, and a customer who waits blocks the
 * queue: a hung operation is never overtaken, because a late write that lands after a newer one
 * destroys data.
 * Source: protocol.md 1.5 (claim), hardware.md 5.
 */

/**
 * Size of one block, bytes: no disk in use has a larger logical block, so one block never straddles
 * two.
 */
export const ARRAY_BLOCK_BYTES = 4096;

/**
 * Trouble with the array. `code` is an errno name or one of these: EBUSY a second operation was
 * issued before the first ended (caller's fault), ERANGE no such block, ENOTCONN path to the array
 * down, ECONNRESET path lost while the operation was under way (outcome unknown), EPROTO the other
 * side does not speak the protocol, ECANCELED driver closed, EIO the array refused.
 */
export class ArrayError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "ArrayError";
    this.code = code;
  }
}

/**
 * One path to the array. Operations reject with `ArrayError` and may take for ever: deadlines
 * belong to the process that watches, not to the one that may hang. After an error the next
 * operation starts afresh (opens or connects again).
 */
export interface ArbitrationArray {
  /**
   * The block as the array holds it, never from a cache of this host; a fresh copy of 4096 bytes.
   */
  readBlock(index: number): Promise<Uint8Array>;
  /** Resolves when the array has the block on stable storage. `bytes` is exactly 4096 long. */
  writeBlock(index: number, bytes: Uint8Array): Promise<void>;
  /**
   * Gives the path up; later operations reject with ECANCELED. Hangs as long as an operation hangs.
   */
  close(): Promise<void>;
}
