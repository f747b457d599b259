/**
 * One server's part in giving all servers a new configuration text: offered in pieces, prepared by each
 * (checked, on disk, held by the pulse), installed by the coordinator's view change once all show it.
 * Intuition: nobody drops the old text before everybody has the new one in hand, and who was away is handed
 * it before it may come in. Two offers at once: the coordinator's stands.
 *
 * | this server            | the other shows                  | what happens                                   |
 * |------------------------|----------------------------------|------------------------------------------------|
 * | offers, not ready      | -                                | prepares its own text first                     |
 * | offers                 | takes, position p                | the piece at p goes into the next beat          |
 * | offers, ready          | takes, ready                     | the coordinator of both has its pulse install   |
 * | offers                 | refuses, or trouble, or silence  | withdrawn; the old text stays everywhere        |
 * | takes                  | offers nothing, or is silent     | dropped; the old text stays                     |
 * | outside, takes, ready  | runs by it                       | installs at once: it grants and owns nothing    |
 * | member                 | outside, other text              | offers the text in force before it may return   |
 *
 * Source: protocol.md 1.9, V3, 1.3.1; work order 3 item 4.
 */
import { createHash } from "node:crypto";
import {
  CONFIG_BYTES_MAX,
  PIECE_BYTES_MAX,
  type Revision,
  type RolloutWords,
  type UnderWay,
} from "./rollout-words.ts";

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
  /** The other server refused the text in force; asked again only when it shows something else. */
  readonly refusedBy: string | null;
  /** The draft is in force here: this process is to make place for one that runs by it. */
  readonly installed: boolean;
}

/** What this server sees at one moment. */
export interface Sight {
  readonly atMs: number;
  /** Member of a view. */
  readonly isIn: boolean;
  readonly isCoordinator: boolean;
  /** The other server is in the same view. */
  readonly isPeerIn: boolean;
  readonly epoch: number | null;
  /** Words of the other server; null = it is silent or says nothing about texts. */
  readonly peer: RolloutWords | null;
  /** Something is unclear: a cut, a verdict under way, two owners. */
  readonly hasTrouble: boolean;
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
  /** The other server has the same text under a higher number. */
  | { readonly kind: "renumbered"; readonly revision: Revision }
  /** The words for the beat have changed. */
  | { readonly kind: "say" };

export interface RolloutStep {
  readonly state: RolloutState;
  readonly effects: readonly RolloutEffect[];
}

/** 131 pieces at one per beat of the guide's 3 s profile, when every second one is lost. */
const SLOW_MS = 900_000;
/** An order to a pulse that was being restarted is lost; it is given again. */
const INSTALL_AGAIN_MS = 500;

export const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);

export function createRollout(rev: number, byHand: boolean, bytes: Uint8Array): RolloutState {
  const current = { rev, hash: hashOf(bytes) };
  return { current, byHand, currentBytes: bytes, draft: null, refusedBy: null, installed: false };
}

/** What goes into the beat. */
export function ownRollout(state: RolloutState, peer: RolloutWords | null): RolloutWords {
  const { current, byHand, draft } = state;
  if (draft === null) return { current, byHand, underWay: null };
  const { part, rev, hash, bytes } = draft;
  const ready = draft.prepared === "yes";
  const base = { rev, hash, part, ready, length: bytes.length };
  const none = new Uint8Array(0);
  if (part !== "offers") return said(state, { ...base, at: draft.have, piece: none });
  const theirs = peer?.underWay;
  const asked = theirs?.part === "takes" && theirs.hash === hash ? theirs.at : 0;
  return said(state, { ...base, at: asked, piece: bytes.slice(asked, asked + PIECE_BYTES_MAX) });
}

const said = ({ current, byHand }: RolloutState, underWay: UnderWay): RolloutWords => ({
  current,
  byHand,
  underWay,
});

export function step(state: RolloutState, event: RolloutEvent, see: Sight): RolloutStep {
  switch (event.kind) {
    case "apply":
      return offer(state, event.bytes, event.hash, see);
    case "stored":
      return prepared(state, event.hash, see);
    case "unfit":
      return unfit(state, event.hash);
    case "seen":
      return follow(state, see);
  }
}

/** Why an operator's text is not taken at this moment; null = it is. */
export function applyTrouble(
  state: RolloutState,
  see: Sight,
): "busy" | "conflict" | "outside" | "trouble" | null {
  if (state.installed) return "busy";
  if (state.draft?.part === "takes") return "conflict";
  if (state.draft !== null && !(state.draft.part === "offers" && state.draft.isCatchUp))
    return "busy";
  if (!see.isIn) return "outside";
  return see.hasTrouble ? "trouble" : null;
}

function offer(state: RolloutState, bytes: Uint8Array, hash: string, see: Sight): RolloutStep {
  if (applyTrouble(state, see) !== null) return quiet(state);
  const highest = Math.max(state.current.rev, see.peer?.current.rev ?? 0);
  const revision = { rev: highest + 1, hash };
  const draft = newDraft(revision, "offers", bytes, bytes.length, see);
  return {
    state: { ...state, draft: { ...draft, prepared: "asked" } },
    effects: [{ kind: "prepare", revision, bytes }],
  };
}

function newDraft(
  { rev, hash }: Revision,
  part: Draft["part"],
  bytes: Uint8Array,
  have: number,
  see: Sight,
): Draft {
  const fixed = { prepared: "no", isCatchUp: false, installAtMs: null } as const;
  return { rev, hash, part, bytes, have, ...fixed, epoch: see.epoch, sinceMs: see.atMs };
}

function prepared(state: RolloutState, hash: string, see: Sight): RolloutStep {
  const { draft } = state;
  if (draft === null || draft.hash !== hash || draft.prepared !== "asked") return quiet(state);
  const next = { ...state, draft: { ...draft, prepared: "yes" as const } };
  const followed = follow(next, see);
  return { state: followed.state, effects: [{ kind: "say" }, ...followed.effects] };
}

function unfit(state: RolloutState, hash: string): RolloutStep {
  const { draft } = state;
  if (draft === null || draft.hash !== hash) return quiet(state);
  if (draft.part === "offers") return drop(state, draft, "unfit");
  const refusing: Draft = { ...draft, part: "refuses", prepared: "no" };
  return { state: { ...state, draft: refusing }, effects: [{ kind: "say" }] };
}

function follow(state: RolloutState, see: Sight): RolloutStep {
  if (state.installed) return quiet(state);
  const { draft } = state;
  // In force is what the pulse says: from then on nothing withdraws it.
  if (draft !== null && draft.prepared === "yes" && draft.hash.startsWith(see.pulseHash)) {
    if (!draft.isCatchUp) return installed(state, draft);
  }
  const theirs = see.peer?.current;
  if (theirs?.hash === state.current.hash && theirs.rev > state.current.rev) {
    const effects: RolloutEffect[] = [{ kind: "renumbered", revision: theirs }, { kind: "say" }];
    return { state: { ...state, current: theirs, byHand: false }, effects };
  }
  const heard = hear(state, see);
  if (heard.state !== state) return heard;
  if (draft === null) return catchUp(state, see);
  return draft.part === "offers" ? lead(state, draft, see) : takeOn(state, draft, see);
}

function installed(state: RolloutState, draft: Draft): RolloutStep {
  const { rev, hash, bytes } = draft;
  return {
    state: { ...state, installed: true },
    effects: [{ kind: "installed", revision: { rev, hash }, bytes }],
  };
}

/** The other side offers: take it, a piece at a time. */
function hear(state: RolloutState, see: Sight): RolloutStep {
  const theirs = see.peer?.underWay ?? null;
  const { draft } = state;
  if (theirs === null || theirs.part !== "offers" || theirs.hash === state.current.hash) {
    return quiet(state);
  }
  if (draft !== null && draft.hash === theirs.hash) return append(state, draft, theirs);
  if (!mayTake(state, theirs, see)) return quiet(state);
  const empty = new Uint8Array(theirs.length);
  const taken = newDraft(theirs, "takes", empty, 0, see);
  const effects: RolloutEffect[] =
    draft === null ? [] : [dropping(draft, draft.part === "offers" ? "outvoted" : "withdrawn")];
  const begun = append({ ...state, draft: taken }, taken, theirs);
  return { state: begun.state, effects: [...effects, { kind: "say" }, ...begun.effects] };
}

function mayTake(state: RolloutState, theirs: UnderWay, see: Sight): boolean {
  const { draft, current, byHand } = state;
  if (theirs.length === 0 || theirs.length > CONFIG_BYTES_MAX) return false;
  if (draft?.part === "offers" && !draft.isCatchUp) {
    // Two offers at once: the coordinator's stands. Prepared by both they would be one.
    if (see.isCoordinator) return false;
  }
  if (see.isIn) return see.isPeerIn && theirs.rev > current.rev;
  return theirs.rev > current.rev || !byHand;
}

function append(state: RolloutState, draft: Draft, theirs: UnderWay): RolloutStep {
  if (draft.part !== "takes" || draft.prepared !== "no") return quiet(state);
  const fits = theirs.length === draft.bytes.length && theirs.at === draft.have;
  if (!fits || theirs.piece.length === 0) return quiet(state);
  const bytes = Uint8Array.from(draft.bytes);
  bytes.set(theirs.piece, draft.have);
  const have = draft.have + theirs.piece.length;
  const grown = { ...draft, bytes, have };
  if (have < bytes.length) return { state: { ...state, draft: grown }, effects: [{ kind: "say" }] };
  if (hashOf(bytes) !== draft.hash) {
    const refusing: Draft = { ...grown, part: "refuses" };
    return { state: { ...state, draft: refusing }, effects: [{ kind: "say" }] };
  }
  const { rev, hash } = draft;
  return {
    state: { ...state, draft: { ...grown, prepared: "asked" } },
    effects: [{ kind: "say" }, { kind: "prepare", revision: { rev, hash }, bytes }],
  };
}

/** This server's own offer. */
function lead(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const theirs = see.peer?.underWay ?? null;
  const isSame = theirs !== null && theirs.hash === draft.hash;
  const refused = isSame && theirs.part === "refuses";
  if (draft.isCatchUp) {
    if (refused)
      return {
        state: { ...state, draft: null, refusedBy: peerMark(see) },
        effects: [{ kind: "say" }],
      };
    const needed = see.peer !== null && see.peer.current.hash !== draft.hash;
    return needed
      ? pieces(state, theirs)
      : { state: { ...state, draft: null }, effects: [{ kind: "say" }] };
  }
  if (refused) return drop(state, draft, "refused");
  if (see.hasTrouble || !see.isIn || see.epoch !== draft.epoch)
    return drop(state, draft, "trouble");
  if (see.atMs - draft.sinceMs >= SLOW_MS) return drop(state, draft, "slow");
  if (draft.prepared !== "yes") return quiet(state);
  const all = !see.isPeerIn || (isSame && theirs.ready && theirs.part === "takes");
  return see.isCoordinator && all ? order(state, draft, see) : pieces(state, theirs);
}

/** The other server's position decides which piece the next beat carries. */
function pieces(state: RolloutState, theirs: UnderWay | null): RolloutStep {
  return theirs?.part === "takes" ? { state, effects: [{ kind: "say" }] } : quiet(state);
}

/** The other server's text. */
function takeOn(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const theirs = see.peer?.underWay ?? null;
  const offered = theirs !== null && theirs.hash === draft.hash && theirs.part === "offers";
  const moved = see.epoch !== draft.epoch;
  if (!offered || (moved && see.isIn && !see.isPeerIn)) return drop(state, draft, "withdrawn");
  if (draft.part === "refuses" || draft.prepared !== "yes") return quiet(state);
  // Outside nobody waits for this server: it follows what is in force, not what may yet be withdrawn.
  if (!see.isIn)
    return see.peer?.current.hash === draft.hash ? order(state, draft, see) : quiet(state);
  return see.isCoordinator && theirs.ready && !see.hasTrouble
    ? order(state, draft, see)
    : quiet(state);
}

function order(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const holds = see.pulseHolds !== null && draft.hash.startsWith(see.pulseHolds);
  const again = draft.installAtMs !== null && see.atMs - draft.installAtMs < INSTALL_AGAIN_MS;
  if (!holds || again) return quiet(state);
  return {
    state: { ...state, draft: { ...draft, installAtMs: see.atMs } },
    effects: [{ kind: "install", hash: draft.hash.slice(0, 8) }],
  };
}

/** A server that runs by another text is handed the one in force. */
function catchUp(state: RolloutState, see: Sight): RolloutStep {
  const { peer } = see;
  const { current, currentBytes } = state;
  if (peer === null || peer.current.hash === current.hash) return quiet(state);
  if (peer.underWay?.part === "offers" || state.refusedBy === peerMark(see)) return quiet(state);
  const isNewer = current.rev > peer.current.rev;
  const isOurs = see.isIn && !see.isPeerIn && !peer.byHand;
  if (!isNewer && !isOurs) return quiet(state);
  const whole = newDraft(current, "offers", currentBytes, currentBytes.length, see);
  const draft: Draft = { ...whole, prepared: "yes", isCatchUp: true };
  return { state: { ...state, draft }, effects: [{ kind: "say" }] };
}

const peerMark = (see: Sight): string => see.peer?.current.hash ?? "";

const quiet = (state: RolloutState): RolloutStep => ({ state, effects: [] });

function drop(state: RolloutState, draft: Draft, reason: WithdrawReason): RolloutStep {
  return {
    state: { ...state, draft: null },
    effects: [dropping(draft, reason), { kind: "say" }],
  };
}

const dropping = (draft: Draft, reason: WithdrawReason): RolloutEffect => ({
  kind: "dropped",
  revision: { rev: draft.rev, hash: draft.hash },
  reason,
  isOwn: draft.part === "offers" && !draft.isCatchUp,
});
