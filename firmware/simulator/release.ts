/**
 * The release of which one simulated agent is, and how another one's words look: the release before says none, the
 * lacking one does not say which methods it carries out, the later one says more than this one understands: a part,
 * a flag, an order. What is installed meanwhile counts from the next start of a process.
 * Intuition: the same language, with a new word here and there.
 * Source: R102, R207, D56; spec/peers.md G7; services/failover/words.ts (layout of the tail).
 */
import type { NoteData } from "../../services/effects.ts";
import type { Facts } from "../../services/facts.ts";
import { SAID_METHODS } from "../../services/failover/method-words.ts";
import { decodeWords, encodeWords, type Words } from "../../services/failover/words.ts";
import { BLOB_BYTES_MAX } from "../../services/heartbeat/codec.ts";
import { ReleaseWatch, releasesApart } from "../agent/release-watch.ts";
import type { SwarmHost } from "./host.ts";

export const RELEASES = ["lacking", "before", "present", "later"] as const;
export type ReleaseName = (typeof RELEASES)[number];

type Said = Pick<Words, "release" | "methods">;

/** What each says of itself in its words. */
const SAID: Readonly<Record<ReleaseName, Said>> = {
  lacking: { release: "0.9.0" },
  before: { methods: SAID_METHODS },
  present: { release: "1.0.0", methods: SAID_METHODS },
  later: { release: "1.1.0", methods: SAID_METHODS },
};
/** A part of a kind that this release does not know, 3 bytes long. */
const LATER_PART = Uint8Array.of(9, 3, 0xaa, 0xbb, 0xcc);
/** A flag of a later release, and where flags and request stand. */
const LATER_FLAG = 0x80;
const FLAGS_AT = 2;
const REQUEST_AT = 3;
const LATER_VERB = 0x77;
const NO_TARGET = 0xff;
/** Far from the numbers that the core gives its own requests. */
const ORDER_FIRST = 0x7000;
const ORDERS = 0x0fff;
/** What nobody has answered within it is given up, ms. */
const ORDER_MS = 3000;

export class SwarmRelease {
  readonly name: ReleaseName;
  readonly #host: SwarmHost;
  readonly #watch: ReleaseWatch;
  /** Number of an order of the later release that nobody has answered; null = none. */
  #order: number | null = null;

  constructor(host: SwarmHost) {
    this.#host = host;
    this.name = host.release;
    const nameOf = (at: number): string => host.world.config.servers[at]?.name ?? `#${at}`;
    const { config } = host.world;
    const note = (key: string, data: NoteData): void => host.world.note(host.index, key, data);
    this.#watch = new ReleaseWatch(nameOf, note, config.method);
  }

  /** An operator's tool of the later release asks for what this one has never heard of, for a while. */
  orderUnknown(): void {
    const order = ORDER_FIRST + (this.#host.world.nextNumber() & ORDERS);
    this.#order = order;
    this.#host.world.clock.after(ORDER_MS, () => {
      if (this.#order === order) this.#order = null;
    });
  }

  encode(words: Words): Uint8Array {
    const plain = encodeWords({ ...words, ...SAID[this.name] });
    const asks = this.#order !== null && words.request === null;
    if (this.name !== "later" && !asks) return plain;
    const hasRoom = plain.length + LATER_PART.length <= BLOB_BYTES_MAX;
    // A part stands behind others only: without them the words end before the parts.
    const isTailed = hasRoom && decodeWords(plain)?.methods !== undefined;
    const bytes = isTailed ? Uint8Array.of(...plain, ...LATER_PART) : Uint8Array.from(plain);
    if (this.name === "later") bytes[FLAGS_AT] = (bytes[FLAGS_AT] ?? 0) | LATER_FLAG;
    if (asks) {
      const number = this.#order ?? 0;
      bytes.set([number >> 8, number & 0xff, LATER_VERB, 0, NO_TARGET], REQUEST_AT);
    }
    return bytes;
  }

  hear(facts: Facts): void {
    if (this.name !== "before") this.#watch.look(facts, SAID[this.name].release);
    for (const peer of facts.peers) {
      if (this.#order === null || peer.state === null) continue;
      const reply = decodeWords(peer.blob)?.reply ?? null;
      if (reply?.to !== this.#host.index || reply.number !== this.#order) continue;
      this.#order = null;
      this.#host.world.answers.push(reply.code);
    }
  }

  /** Servers that this one shows as of another release. */
  shownApart(facts: Facts): readonly number[] {
    const ours = SAID[this.name].release;
    return releasesApart(facts, ours).map(({ index }) => index);
  }
}
