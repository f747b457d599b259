/**
 * What may fail in every round of a world of two servers and is no event: a beat that is lost, an answer of a
 * disk that takes one round more. Any number of times in a row is a cut, or a disk that hangs.
 * Source: protocol.md chapter 3 (the claim model).
 */

export type Free = "lan" | "com" | "disk";

/** Bits 0-3 as in a cut (LAN 0>1, LAN 1>0, COM 0>1, COM 1>0), then the disk of 0 and that of 1. */
export const DISK_TARRIES = 4;

/** All combinations of what may fail in one round; 0 = nothing does. */
export function lossesOf(free: readonly Free[]): readonly number[] {
  const bits = [
    ...(free.includes("lan") ? [0, 1] : []),
    ...(free.includes("com") ? [2, 3] : []),
    ...(free.includes("disk") ? [DISK_TARRIES, DISK_TARRIES + 1] : []),
  ];
  return Array.from({ length: 1 << bits.length }, (_, choice) =>
    bits.reduce((loss, bit, at) => loss | (((choice >> at) & 1) << bit), 0),
  );
}

const LOSS_WORDS = [
  "LAN 0>1 lost",
  "LAN 1>0 lost",
  "COM 0>1 lost",
  "COM 1>0 lost",
  "disk of 0 tarries",
  "disk of 1 tarries",
];

/** What is lost, for the way to a violation. */
export const lossWords = (loss: number): string =>
  LOSS_WORDS.filter((_, bit) => (loss & (1 << bit)) !== 0).join(", ");
