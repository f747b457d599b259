/** Garbage for a wire: random bytes of every length that a frame of the product may have. */
import { randomBytes } from "node:crypto";

/** A frame of the product is below 1,400 bytes. */
const GARBAGE_BYTES_MAX = 1400;

/** The `index`-th piece of a run: lengths differ from piece to piece and reach the longest frame. */
export function garbagePiece(index: number): Buffer {
  return randomBytes(1 + ((index * 37) % GARBAGE_BYTES_MAX));
}

/** What is written into a server's block of the array: two copies' worth. */
export function slotBytes(content: "wiped" | "foreign", bytes: number): Buffer {
  return content === "wiped" ? Buffer.alloc(bytes) : randomBytes(bytes);
}
