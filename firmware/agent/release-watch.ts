/**
 * Servers that run another release than this one: allowed while the machines are brought up to date one after
 * the other, and shown until it is over. Servers whose software does not say that it carries out the method of
 * this cluster are not let in beside it, and shown as well.
 * Intuition: two editions of one manual on two desks are fine for an afternoon, if both readers know it.
 * Source: requirements R207 (rolling upgrade), R102, D56; spec/peers.md G7.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { QuorumMethod } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Facts } from "../../services/facts.ts";
import { lackingHere, wordsHeard } from "../../services/failover/hear.ts";
import { SAID_METHODS } from "../../services/failover/method-words.ts";
import { BLOB_BYTES_MAX } from "../../services/heartbeat/codec.ts";
import { productVersion } from "../cli/version.ts";

/** Of this process: what is installed meanwhile counts from its next start. */
export const RELEASE = productVersion();

/** What the words say of the software of this server. */
export const SOFTWARE = { release: RELEASE, methods: SAID_METHODS } as const;

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

/** Notes each difference, and each lack, once when it is first seen, and its end. */
export class ReleaseWatch {
  readonly #note: (key: string, data: NoteData) => void;
  readonly #name: (index: ServerIndex) => string;
  readonly #method: QuorumMethod;
  readonly #apart = new Map<ServerIndex, string>();
  readonly #lacking = new Set<ServerIndex>();

  /** `method`: of the text that this server lives by. */
  constructor(
    name: (index: ServerIndex) => string,
    note: (key: string, data: NoteData) => void,
    method: QuorumMethod,
  ) {
    this.#name = name;
    this.#note = note;
    this.#method = method;
  }

  look(facts: Facts | null, ours: string = RELEASE): void {
    if (facts === null) return;
    this.#lookForMethod(facts);
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

  /** What is silent, or lives by another text, is as it was. */
  #lookForMethod(facts: Facts): void {
    const lacking = lackingHere(facts, this.#method);
    for (const peer of facts.peers) {
      const { index, state, configDiffers } = peer;
      const lacks = lacking.includes(peer);
      if (state === null || configDiffers || lacks === this.#lacking.has(index)) continue;
      const data = { server: this.#name(index), method: this.#method };
      this.#note(lacks ? "method.unsupported" : "method.supported", data);
      if (lacks) this.#lacking.add(index);
      else this.#lacking.delete(index);
    }
  }
}
