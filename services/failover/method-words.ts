/**
 * Which resolution methods the software of a server carries out, as it says itself in its words: one byte, a bit
 * for each. Intuition: a release number is no promise, a word is; what a number means would have to be guessed.
 * Who carries out "none" has to say so, for the guide knows software levels that are set to it and do not obey
 * it; the other methods are as old as the words, so that whoever is silent about methods carries them out.
 * Source: guide 1.2.4 H3; R102, R103, R207.
 */
import type { QuorumMethod } from "../configuration/model.ts";
import type { Words } from "./words.ts";

/** What this release carries out. The place is the number of the bit: new ones go to the end. */
export const SAID_METHODS = ["com", "com-disk", "disk", "majority", "none"] as const;

/** Methods that a server has to say. */
const ASKED_FOR: readonly QuorumMethod[] = ["none"];

export const isAskedFor = (method: QuorumMethod): boolean => ASKED_FOR.includes(method);

/** Bit set of `methods`; those without a bit are left out. */
export function methodBits(methods: readonly QuorumMethod[]): number {
  return SAID_METHODS.reduce(
    (bits, method, at) => (methods.includes(method) ? bits | (1 << at) : bits),
    0,
  );
}

/** Bits of later releases name methods that are not known here. */
export const methodsOf = (bits: number): readonly QuorumMethod[] =>
  SAID_METHODS.filter((_, at) => (bits & (1 << at)) !== 0);

/** `words`: null = they cannot be read, so that nothing is said. */
export function carriesOut(words: Pick<Words, "methods"> | null, method: QuorumMethod): boolean {
  return !isAskedFor(method) || words?.methods?.includes(method) === true;
}
