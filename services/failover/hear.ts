/**
 * What this server knows of the others' agents: who they are in the view, and their words where these can be
 * read here. Intuition: words count only from a server that lives in the same view by the same text; for a
 * group to be free everybody else has to have said so.
 * Source: protocol.md 1.4.6-1.4.7, 1.9; R102.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { QuorumMethod } from "../configuration/model.ts";
import type { Facts, PeerFact } from "../facts.ts";
import { carriesOut, isAskedFor } from "./method-words.ts";
import { decodeWords, type Words } from "./words.ts";

/** Another member and its words in this view; null = none that can be read. */
export interface Told {
  readonly index: ServerIndex;
  readonly words: Words | null;
}

/** Three servers or more: an order may have reached a third one that nobody here has heard since. */
export const isMany = (facts: Facts): boolean => facts.peers.length > 1;

/** null = it is this server, or none is named. */
export const peerAt = (facts: Facts, index: ServerIndex | null): PeerFact | null =>
  facts.peers.find((peer) => peer.index === index) ?? null;

/** The other servers of this server's view; none outside a view. */
export function fellows(facts: Facts): readonly PeerFact[] {
  const members = facts.view?.members ?? [];
  return facts.peers.filter(({ index }) => members.includes(index));
}

/** The server that writes the order table; null = this one, or there is no view. */
export const coordinatorOf = (facts: Facts): PeerFact | null =>
  peerAt(facts, facts.view?.epoch.coordinator ?? null);

/** Read once: a peer repeats the same words in every beat, and every look at the facts asks for them. */
const read = new WeakMap<Uint8Array, { readonly words: Words | null }>();

function wordsOf(blob: Uint8Array): Words | null {
  const known = read.get(blob);
  if (known !== undefined) return known.words;
  const words = decodeWords(blob);
  read.set(blob, { words });
  return words;
}

/** Words in this view. Group words are counted by their speaker's text: by another one they say nothing. */
export function wordsInView(peer: PeerFact): Words | null {
  return peer.sameView && !peer.configDiffers ? wordsOf(peer.blob) : null;
}

/** Words whatever view it shows: requests also come from and go to detached servers. null = silent. */
export function wordsHeard(peer: PeerFact): Words | null {
  return peer.state === null || peer.configDiffers ? null : wordsOf(peer.blob);
}

/**
 * Whether the newest words in a server's beats leave it open that its software carries out `method`, whatever
 * view and text it lives by. `from` null = it was never heard, so that nothing is known against it.
 */
export function lacksMethod(
  from: { readonly blob: Uint8Array } | null,
  method: QuorumMethod,
): boolean {
  return from !== null && isAskedFor(method) && !carriesOut(wordsOf(from.blob), method);
}

/** The others that do not say that their software carries out `method`; who was never heard says nothing. */
export const lacking = (facts: Facts, method: QuorumMethod): readonly PeerFact[] =>
  facts.peers.filter((peer) => lacksMethod(peer, method));

/** Those of them that are heard and live by this server's text: what an operator has to put right. */
export const lackingHere = (facts: Facts, method: QuorumMethod): readonly PeerFact[] =>
  lacking(facts, method).filter(({ state, configDiffers }) => state !== null && !configDiffers);

/** What every other member of the view says in it. */
export const toldBy = (facts: Facts): readonly Told[] =>
  fellows(facts).map((peer) => ({ index: peer.index, words: wordsInView(peer) }));

/** Anything of it arrives, on whatever path. */
export const isHeard = (peer: PeerFact): boolean => peer.heard === true || peer.state !== null;

/** Not running and not on its way up or down, as far as `words` say. */
export function isAtRest(words: Words | null, group: number): boolean {
  const shown = words?.groups[group]?.state;
  return shown === "stopped" || shown === "failed";
}
