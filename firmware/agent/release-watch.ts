/**
 * Servers that run another release than this one: allowed while the machines are brought up to date one after
 * the other, and shown until it is over.
 * Intuition: two editions of one manual on two desks are fine for an afternoon, if both readers know it.
 * Source: requirements R207 (rolling upgrade), D56; spec/peers.md G7.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Facts } from "../../services/facts.ts";
import { wordsHeard } from "../../services/failover/hear.ts";
import { BLOB_BYTES_MAX } from "../../services/heartbeat/codec.ts";
import { productVersion } from "../cli/version.ts";

/** Of this process: what is installed meanwhile counts from its next start. */
export const RELEASE = productVersion();

/** Words that leave so many bytes free would have carried it: 32 letters and what stands before them. */
const RELEASE_BYTES_MAX = 40;

export interface ReleaseApart {
  readonly index: ServerIndex;
  /** `older` = of before the words carried a release. */
  readonly theirs: string;
}

/** Servers heard by this one whose release is known to be another. `ours` absent = nothing is compared. */
export function releasesApart(facts: Facts, ours: string | undefined): readonly ReleaseApart[] {
  if (ours === undefined) return [];
  return facts.peers.flatMap((peer) => {
    const words = wordsHeard(peer);
    // Beside a piece of a configuration text there may have been no room for it.
    const isFull = peer.blob.length > BLOB_BYTES_MAX - RELEASE_BYTES_MAX;
    if (words === null || (words.release === undefined && isFull)) return [];
    const theirs = words.release ?? "older";
    return theirs === ours ? [] : [{ index: peer.index, theirs }];
  });
}

/** Notes each difference once when it is first seen, and its end. */
export class ReleaseWatch {
  readonly #note: (key: string, data: NoteData) => void;
  readonly #name: (index: ServerIndex) => string;
  readonly #apart = new Map<ServerIndex, string>();

  constructor(name: (index: ServerIndex) => string, note: (key: string, data: NoteData) => void) {
    this.#name = name;
    this.#note = note;
  }

  look(facts: Facts | null, ours: string = RELEASE): void {
    if (facts === null) return;
    const apart = new Map(releasesApart(facts, ours).map(({ index, theirs }) => [index, theirs]));
    for (const peer of facts.peers) {
      const { index } = peer;
      const theirs = apart.get(index);
      const before = this.#apart.get(index);
      const words = wordsHeard(peer);
      if (theirs === before || words === null) continue;
      if (theirs === undefined && words.release === undefined) continue;
      const data = { server: this.#name(index), ours, theirs: theirs ?? ours };
      this.#note(theirs === undefined ? "release.same" : "release.differs", data);
      if (theirs === undefined) this.#apart.delete(index);
      else this.#apart.set(index, theirs);
    }
  }
}
