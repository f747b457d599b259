/**
 * One server's part in changing the cluster's key while everything runs.
 * Intuition: at every moment each server holds the key that the other one seals with. So the next key is given
 * to all first, is used when all show that they hold it on disk and in their processes, and the one before is
 * let go when nobody seals with it any more. What is on disk is always ahead of what is said.
 *
 * | this server               | the others show                 | what happens                                    |
 * |---------------------------|---------------------------------|-------------------------------------------------|
 * | has a next key of its own | one holds it not                | the key goes with the beat, sealed by the active |
 * | has no such key           | one offers one                  | takes it as next: disk, then processes           |
 * | has a next of its own     | one offers another              | the coordinator's stands, else by priority       |
 * | has a next of its own     | all hold it, on firm ground     | seals with it; the one before becomes old        |
 * | holds a next key          | one seals with it               | seals with it too                                |
 * | has an old key            | all seal with the active        | lets it go when it is 24 h old, or by order      |
 * | is ahead                  | one holds only the old key      | offers the active, in frames sealed by the old   |
 *
 * A step that the disk refuses is tried again. A next key goes only when its maker offers another: the maker is
 * the only one who may begin to use it, so nobody can be using what is dropped. Source: reliability.md 4.3; protocol.md G8; requirements D56, R138.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { type HeldKey, holds, type KeySet, keyId, type NextKey, ringOf } from "./key-set.ts";
import type { KeyWords } from "./key-words.ts";

/** A server that was away gets the new key by itself so long. */
export const RETIRE_MS = 24 * 60 * 60 * 1000;
/** By order not sooner after the change: slots on the array are written anew under the active key by then. */
export const RETIRE_MIN_MS = 10_000;
/** A save that the disk refused is tried again. */
const SAVE_AGAIN_MS = 1000;

export interface KeyState {
  /** On disk. */
  readonly set: KeySet;
  /** Being written; null = nothing. */
  readonly saving: { readonly set: KeySet; readonly sinceMs: number } | null;
  /** Not before this moment another write; the disk has refused. */
  readonly againAtMs: number;
}

/** Another server at one moment. */
export interface KeyPeer {
  readonly index: ServerIndex;
  /** In the same view. */
  readonly isIn: boolean;
  /** Anything of it arrives. */
  readonly isHeard: boolean;
  /** null = it is silent or says nothing about keys. */
  readonly words: KeyWords | null;
}

/** What this server sees at one moment. */
export interface KeySight {
  /** Monotonic. */
  readonly atMs: number;
  /** Wall clock, ms since 1970. */
  readonly wallMs: number;
  readonly self: ServerIndex;
  readonly isIn: boolean;
  /** Of the view; null = outside. */
  readonly coordinator: ServerIndex | null;
  /** All other servers. */
  readonly peers: readonly KeyPeer[];
  /** A cut, a verdict under way, a server on its way in. */
  readonly hasTrouble: boolean;
  /** Key that the own pulse seals with; null = it has not said. */
  readonly sealing: string | null;
  /** Ids that the own pulse, and the disk process where there is one, open. */
  readonly held: readonly string[];
}

export type KeyEvent =
  | { readonly kind: "seen" }
  /** `key`: 32 fresh random bytes, used when no key waits already. `alone`: without those that are no members. */
  | { readonly kind: "rotate"; readonly key: Uint8Array; readonly alone: boolean }
  | { readonly kind: "retire" }
  | { readonly kind: "saved" }
  | { readonly kind: "not-saved" };

export type KeyEffect =
  /** Make it durable, answer `saved` or `not-saved`. */
  | { readonly kind: "save"; readonly set: KeySet }
  | { readonly kind: "note"; readonly key: KeyNote; readonly id: string };

export type KeyNote = "key.taken" | "key.activated" | "key.retired" | "key.outvoted";

export interface KeyStep {
  readonly state: KeyState;
  readonly effects: readonly KeyEffect[];
}

export type KeyRefusal =
  | "key-busy"
  | "key-old-there"
  | "key-outside"
  | "key-trouble"
  | "key-peer-away"
  | "key-peer-there"
  | "key-no-old"
  | "key-too-young"
  | "key-peer-behind";

export const createKeys = (set: KeySet): KeyState => ({ set, saving: null, againAtMs: 0 });

/** An order that is refused at this moment (rotateTrouble, retireTrouble) changes nothing. */
export function step(state: KeyState, event: KeyEvent, see: KeySight): KeyStep {
  switch (event.kind) {
    case "rotate":
      return rotateTrouble(state, event.alone, see) === null
        ? rotate(state, event.key, event.alone, see)
        : quiet(state);
    case "retire":
      return retireTrouble(state, see) === null ? letGo(state, see) : quiet(state);
    case "saved":
      return saved(state);
    case "not-saved":
      return quiet({ ...state, saving: null, againAtMs: see.atMs + SAVE_AGAIN_MS });
    case "seen":
      return follow(state, see);
  }
}

/** Why a rotation is not begun at this moment; null = it is. `alone`: who is no member is left out by order. */
export function rotateTrouble(
  { set, saving }: KeyState,
  alone: boolean,
  see: KeySight,
): KeyRefusal | null {
  if (!see.isIn) return "key-outside";
  const absent = see.peers.filter(({ isIn }) => !isIn);
  const isThere = absent.length === 0 || absent.some(({ isHeard }) => isHeard);
  if (alone && isThere) return "key-peer-there";
  if (!alone && absent.length > 0) return "key-peer-away";
  if (see.hasTrouble) return "key-trouble";
  if (saving !== null || isMakersOwn(set, see)) return "key-busy";
  return set.old === null ? null : "key-old-there";
}

/** Why the old key is not let go at this moment; null = it is. */
export function retireTrouble({ set, saving }: KeyState, see: KeySight): KeyRefusal | null {
  if (set.old === null) return "key-no-old";
  if (saving !== null || set.next !== null) return "key-busy";
  const ageMs = Math.max(0, see.wallMs - set.active.sinceMs);
  if (ageMs < RETIRE_MIN_MS) return "key-too-young";
  if (!isUsed(set, see)) return "key-busy";
  const isBehind = see.peers.some(
    ({ isHeard, words }) => isHeard && words?.active !== set.active.id,
  );
  return isBehind ? "key-peer-behind" : null;
}

/** What goes into the beat. `mayOffer` false = there is no room beside a configuration text. */
export function ownKeyWords(state: KeyState, see: KeySight, mayOffer: boolean): KeyWords {
  const { set } = state;
  const active = see.sealing ?? set.active.id;
  const shown = ringOf(set).filter(({ id }) => id !== active && see.held.includes(id));
  const offer = mayOffer ? offered(set, see) : null;
  return { active, others: shown.map(({ id }) => id), retired: set.retired, offer };
}

/** A server with these words opens what is sealed with the active key; false = not known. */
export const peerHoldsActive = ({ set }: KeyState, peer: KeyWords | null): boolean =>
  peer !== null && knows(peer, set.active.id);

function offered(set: KeySet, see: KeySight): Uint8Array | null {
  const { next, active } = set;
  const words = wordsHeard(see);
  if (!isUsed(set, see) || words.some((theirs) => theirs.active === next?.id)) return null;
  // Whoever is behind gets what is in force before what is to come.
  if (words.some((theirs) => !knows(theirs, active.id))) return active.key;
  const isLacking = words.some((theirs) => next !== null && !knows(theirs, next.id));
  return next?.isOwn === true && isLacking ? next.key : null;
}

/** Of all servers that are heard and say something about keys. */
const wordsHeard = ({ peers }: KeySight): readonly KeyWords[] =>
  peers.flatMap(({ isHeard, words }) => (isHeard && words !== null ? [words] : []));

const knows = (peer: KeyWords, id: string): boolean =>
  peer.active === id || peer.others.includes(id);

/** A key that waits already, whoever made it, is the one: two orders at once are one rotation. */
function rotate(state: KeyState, key: Uint8Array, alone: boolean, see: KeySight): KeyStep {
  const { set } = state;
  const waiting = set.next;
  const fresh = { id: keyId(key), key };
  const next: NextKey = {
    ...(waiting ?? fresh),
    sinceMs: waiting?.sinceMs ?? see.wallMs,
    isOwn: true,
    alone,
  };
  return save(state, { ...set, next }, see);
}

function saved(state: KeyState): KeyStep {
  const { saving, set } = state;
  if (saving === null) return quiet(state);
  const effects: KeyEffect[] = [];
  const { active, next, old, retired } = saving.set;
  const say = (key: KeyNote, id: string): void => void effects.push({ kind: "note", key, id });
  if (next !== null && !next.isOwn && next.id !== set.next?.id) say("key.taken", next.id);
  const isOutvoted = set.next?.isOwn === true && next?.isOwn === false && set.next.id !== next.id;
  if (isOutvoted) say("key.outvoted", set.next.id);
  if (active.id !== set.active.id) say("key.activated", active.id);
  if (set.old !== null && old?.id !== set.old.id && retired !== null) say("key.retired", retired);
  return { state: { ...state, set: saving.set, saving: null }, effects };
}

function follow(state: KeyState, see: KeySight): KeyStep {
  if (state.saving !== null || see.atMs < state.againAtMs) return quiet(state);
  const { set } = state;
  const { next } = set;
  // A living member seals with it: from then on nothing but following is right.
  const isInForce = see.peers.some(({ words }) => next !== null && words?.active === next.id);
  if (next !== null && isInForce) return activate(state, next, see);
  for (const peer of byRank(see)) {
    const taken = take(state, peer, see);
    if (taken !== null) return taken;
  }
  if (set.next !== null && mayActivate(set, set.next, see)) return activate(state, set.next, see);
  return isOver(set, see) ? letGo(state, see) : quiet(state);
}

/** Whose key goes first: the coordinator's, then by cluster priority. */
const rankOf = (index: ServerIndex, see: KeySight): number =>
  index === see.coordinator ? -1 : index;

const byRank = (see: KeySight): readonly KeyPeer[] =>
  [...see.peers].sort((a, b) => rankOf(a.index, see) - rankOf(b.index, see));

/** Another server offers a key; null = it is not for this one. */
function take(state: KeyState, peer: KeyPeer, see: KeySight): KeyStep | null {
  const { set } = state;
  const { words } = peer;
  if (words?.offer == null) return null;
  const key = words.offer;
  const id = keyId(key);
  if (holds(set, id) || id === set.retired) return null;
  if (words.active !== id && !mayTakeNext(set, peer, see)) return null;
  const next: NextKey = {
    ...{ id, key, sinceMs: see.wallMs, isOwn: false, alone: false },
    from: peer.index,
  };
  return save(state, { ...set, next }, see);
}

/** Two made at once: one stands everywhere. */
function mayTakeNext(set: KeySet, peer: KeyPeer, see: KeySight): boolean {
  const { next } = set;
  if (next === null) return true;
  const isMany = see.peers.length > 1;
  if (next.isOwn) {
    const isFirst = see.isIn && rankOf(see.self, see) < rankOf(peer.index, see);
    return !isFirst && (!isMany || peer.isIn);
  }
  if (peer.words !== null && knows(peer.words, next.id)) return false;
  return !isMany || (peer.isIn && isGivenUp(set, next, see));
}

/**
 * Among three and more a key that was taken goes only when its maker shows another in its place: the maker alone
 * may begin to use it, and does so by what others have once shown, which they must not have dropped since.
 */
function isGivenUp({ active, old }: KeySet, next: NextKey, see: KeySight): boolean {
  const words = see.peers.find(({ index }) => index === next.from)?.words ?? null;
  if (words === null || words.active === next.id) return false;
  const offered = words.offer === null ? [] : [keyId(words.offer)];
  const shown = [...words.others, ...offered];
  const isAnother = (id: string): boolean =>
    id !== active.id && id !== old?.id && id !== words.active && id !== next.id;
  return !shown.includes(next.id) && shown.some(isAnother);
}

/** One maker per key among three and more; another may take its place when that one is no member. */
function isMakersOwn({ next }: KeySet, see: KeySight): boolean {
  if (next === null || next.isOwn || see.peers.length === 1) return false;
  return see.peers.some(({ index, isIn }) => index === next.from && isIn);
}

function mayActivate(set: KeySet, next: NextKey, see: KeySight): boolean {
  if (!next.isOwn || !see.isIn || see.hasTrouble || !see.held.includes(next.id)) return false;
  if (!isUsed(set, see)) return false;
  return see.peers.every(({ isIn, isHeard, words }) => {
    if (!isIn) return next.alone && !isHeard;
    return words !== null && knows(words, next.id) && words.active === set.active.id;
  });
}

/** The own pulse seals with what is active on disk. */
const isUsed = (set: KeySet, see: KeySight): boolean => see.sealing === set.active.id;

function activate(state: KeyState, next: NextKey, see: KeySight): KeyStep {
  const { active } = state.set;
  const becomes = ({ id, key }: HeldKey): HeldKey => ({ id, key, sinceMs: see.wallMs });
  const set = { ...state.set, active: becomes(next), next: null, old: becomes(active) };
  return save(state, set, see);
}

/** The old key is 24 h old and nobody who is heard needs it, or another server has let it go. */
function isOver(set: KeySet, see: KeySight): boolean {
  const { old } = set;
  if (old === null || !isUsed(set, see)) return false;
  const isOn = (words: KeyWords | null): boolean => words?.active === set.active.id;
  const isLetGo = see.peers.some(({ words }) => isOn(words) && words?.retired === old.id);
  const isNeeded = see.peers.some(({ isHeard, words }) => isHeard && !isOn(words));
  // Whoever let it go by order saw that nobody needs it, among two; among more somebody may, here.
  if (isLetGo && (see.peers.length === 1 || !isNeeded)) return true;
  return see.wallMs - old.sinceMs >= RETIRE_MS && !isNeeded;
}

function letGo(state: KeyState, see: KeySight): KeyStep {
  const retired = state.set.old?.id ?? state.set.retired;
  return save(state, { ...state.set, old: null, retired }, see);
}

function save(state: KeyState, set: KeySet, see: KeySight): KeyStep {
  const saving = { set, sinceMs: see.atMs };
  return { state: { ...state, saving }, effects: [{ kind: "save", set }] };
}

const quiet = (state: KeyState): KeyStep => ({ state, effects: [] });
