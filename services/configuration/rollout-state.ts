/**
 * What the change of a configuration remembers, sees of all servers in one moment, and asks for.
 * Intuition: questions about the others' words stand here, what follows from the answers in rollout.ts.
 * Source: protocol.md 1.9, V3.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Revision, RolloutWords, UnderWay } from "./rollout-words.ts";

/** A text on its way to all servers. */
export interface Draft extends Revision {
  readonly part: "offers" | "takes" | "refuses";
  /** Whole when `have` is its length. */
  readonly bytes: Uint8Array;
  readonly have: number;
  /** `asked`: the executor stores it and hands it to the pulse. */
  readonly prepared: "no" | "asked" | "yes";
  /** The text in force, for a server that was away; nobody waits for an answer. */
  readonly isCatchUp: boolean;
  /** Counter of the view in which it was offered; null = outside. */
  readonly epoch: number | null;
  readonly sinceMs: number;
  /** Newest order to the pulse to install it; null = none. */
  readonly installAtMs: number | null;
}

export interface RolloutState {
  readonly current: Revision;
  readonly byHand: boolean;
  /** Text in force, for those who were away. */
  readonly currentBytes: Uint8Array;
  readonly draft: Draft | null;
  /** Who refused the text in force, and by which text; asked again when it shows something else, or later. */
  readonly refusedBy: readonly string[];
  /** Newest of these refusals; null = none. */
  readonly refusedAtMs: number | null;
  /** Since when the pulse has held a text of which nobody speaks; null = it does not. */
  readonly looseSinceMs: number | null;
  /** Withdrawn here, and perhaps decided on before that was heard; null = nothing. */
  readonly doubt: { readonly draft: Draft; readonly reason: WithdrawReason } | null;
  /** The draft is in force here: this process is to make place for one that runs by it. */
  readonly installed: boolean;
}

/** Another server as seen at one moment. */
export interface PeerSight {
  readonly index: ServerIndex;
  /** In the same view. */
  readonly isIn: boolean;
  /** null = it is silent or says nothing about texts. */
  readonly words: RolloutWords | null;
}

/** What this server sees at one moment. */
export interface Sight {
  readonly atMs: number;
  readonly self: ServerIndex;
  /** Member of a view. */
  readonly isIn: boolean;
  /** The pulse is a new one that knows no view yet. Default false. */
  readonly isUntaught?: boolean;
  /** Of the view; null = outside. */
  readonly coordinator: ServerIndex | null;
  readonly epoch: number | null;
  /** All other servers. */
  readonly peers: readonly PeerSight[];
  /** Something is unclear: a cut, a verdict under way, two owners. */
  readonly hasTrouble: boolean;
  /** T; within it an install that was begun has come to its end. */
  readonly timeoutMs: number;
  /** First 8 hex digits of what this server's pulse runs by and holds ready. */
  readonly pulseHash: string;
  readonly pulseHolds: string | null;
}

export type RolloutEvent =
  | { readonly kind: "seen" }
  /** An operator's text, already checked here. */
  | { readonly kind: "apply"; readonly bytes: Uint8Array; readonly hash: string }
  | { readonly kind: "stored"; readonly hash: string }
  | { readonly kind: "unfit"; readonly hash: string };

export type WithdrawReason = "trouble" | "refused" | "slow" | "outvoted" | "unfit" | "withdrawn";

export type RolloutEffect =
  /** Check it, put it on disk as prepared, hand it to the pulse; answer `stored` or `unfit`. */
  | { readonly kind: "prepare"; readonly revision: Revision; readonly bytes: Uint8Array }
  | { readonly kind: "install"; readonly hash: string }
  /** The pulse runs by it: make it the text in force on disk. */
  | { readonly kind: "installed"; readonly revision: Revision; readonly bytes: Uint8Array }
  | {
      readonly kind: "dropped";
      readonly revision: Revision;
      readonly reason: WithdrawReason;
      /** It was this server's offer and somebody may wait for the outcome. */
      readonly isOwn: boolean;
    }
  /** The pulse holds a text of an agent before this one that nobody brings in any more: take it back. */
  | { readonly kind: "leftover"; readonly hash: string }
  /** Another server has the same text under a higher number. */
  | { readonly kind: "renumbered"; readonly revision: Revision }
  /** The words for the beat have changed. */
  | { readonly kind: "say" };

export interface RolloutStep {
  readonly state: RolloutState;
  readonly effects: readonly RolloutEffect[];
}

/** The same text under a higher number at another server. */
export function numberedHigher({ current }: RolloutState, see: Sight): Revision | null {
  let highest: Revision | null = null;
  for (const { words } of see.peers) {
    const theirs = words?.current;
    if (theirs?.hash !== current.hash || theirs.rev <= (highest ?? current).rev) continue;
    highest = theirs;
  }
  return highest;
}

/** An offer as it is heard, and who makes it. */
export interface Heard {
  readonly from: PeerSight;
  readonly text: UnderWay;
}

/** This server orders what all of its view do. */
export const isCoordinator = ({ isIn, coordinator, self }: Sight): boolean =>
  isIn && coordinator === self;

/** Whose offer goes first: the coordinator's, then by cluster priority. */
export const rankOf = (index: ServerIndex, see: Sight): number =>
  index === see.coordinator ? -1 : index;

/** Offers of texts that this server does not run by, the one that stands first. */
export function offersTo(state: RolloutState, see: Sight): readonly Heard[] {
  const offers = see.peers.flatMap((from): readonly Heard[] => {
    const text = from.words?.underWay ?? null;
    const isOther = text !== null && text.part === "offers" && text.hash !== state.current.hash;
    return isOther ? [{ from, text }] : [];
  });
  return [...offers].sort((a, b) => rankOf(a.from.index, see) - rankOf(b.from.index, see));
}

/** Other members of this server's view; none outside. */
export const membersOf = (see: Sight): readonly PeerSight[] =>
  see.isIn ? see.peers.filter(({ isIn }) => isIn) : [];

/** What a server shows of that text; null = nothing. */
export function shows({ words }: PeerSight, { hash }: Draft): UnderWay | null {
  const theirs = words?.underWay ?? null;
  return theirs?.hash === hash ? theirs : null;
}

/** All of them have it on disk and in their pulses; two operators may bring the same text at one moment. */
export const areReady = (peers: readonly PeerSight[], draft: Draft): boolean =>
  peers.every((peer) => {
    const theirs = shows(peer, draft);
    return theirs !== null && theirs.part !== "refuses" && theirs.ready;
  });

/** It runs by another text. */
export const isOther = ({ words }: PeerSight, hash: string): boolean =>
  words?.current.hash !== hash;
