/**
 * One server's part in changing the cluster's key while everything runs.
 * Intuition: at every moment each server holds the key that the other one seals with. So the next key is given
 * to all first, is used when all show that they hold it on disk and in their processes, and the one before is
 * let go when nobody seals with it any more. What is on disk is always ahead of what is said.
 *
 * | this server               | the other shows                 | what happens                                    |
 * |---------------------------|---------------------------------|-------------------------------------------------|
 * | has a next key of its own | holds it not                    | the key goes with the beat, sealed by the active |
 * | has no such key           | offers one                      | takes it as next: disk, then processes           |
 * | has a next of its own     | offers another                  | the coordinator's stands                         |
 * | has a next of its own     | holds it, on firm ground        | seals with it; the one before becomes old        |
 * | holds a next key          | seals with it                   | seals with it too                                |
 * | has an old key            | seals with the active           | lets it go when it is 24 h old, or by order      |
 * | is ahead                  | holds only the old key          | offers the active, in frames sealed by the old   |
 *
 * A step that the disk refuses is tried again. A next key goes only when its maker offers another: the maker is
 * the only one who may begin to use it, so nobody can be using what is dropped. Source: reliability.md 4.3; protocol.md G8; requirements D56, R138.
 */
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

/** What this server sees at one moment. */
export interface KeySight {
  /** Monotonic. */
  readonly atMs: number;
  /** Wall clock, ms since 1970. */
  readonly wallMs: number;
  readonly isIn: boolean;
  readonly isCoordinator: boolean;
  readonly isPeerIn: boolean;
  /** Anything of the other server arrives. */
  readonly isPeerHeard: boolean;
  /** A cut, a verdict under way, a server on its way in. */
  readonly hasTrouble: boolean;
  readonly peer: KeyWords | null;
  /** Key that the own pulse seals with; null = it has not said. */
  readonly sealing: string | null;
  /** Ids that the own pulse, and the disk process where there is one, open. */
  readonly held: readonly string[];
}

export type KeyEvent =
  | { readonly kind: "seen" }
  /** `key`: 32 fresh random bytes, used when no key waits already. `alone`: without the other server. */
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

/** Why a rotation is not begun at this moment; null = it is. `alone`: the other server is left out by order. */
export function rotateTrouble(
  { set, saving }: KeyState,
  alone: boolean,
  see: KeySight,
): KeyRefusal | null {
  if (!see.isIn) return "key-outside";
  if (alone && (see.isPeerIn || see.isPeerHeard)) return "key-peer-there";
  if (!alone && !see.isPeerIn) return "key-peer-away";
  if (see.hasTrouble) return "key-trouble";
  if (saving !== null) return "key-busy";
  return set.old === null ? null : "key-old-there";
}

/** Why the old key is not let go at this moment; null = it is. */
export function retireTrouble({ set, saving }: KeyState, see: KeySight): KeyRefusal | null {
  if (set.old === null) return "key-no-old";
  if (saving !== null || set.next !== null) return "key-busy";
  const ageMs = Math.max(0, see.wallMs - set.active.sinceMs);
  if (ageMs < RETIRE_MIN_MS) return "key-too-young";
  if (!isUsed(set, see)) return "key-busy";
  if (see.isPeerHeard && see.peer?.active !== set.active.id) return "key-peer-behind";
  return null;
}

/** What goes into the beat. `mayOffer` false = there is no room beside a configuration text. */
export function ownKeyWords(state: KeyState, see: KeySight, mayOffer: boolean): KeyWords {
  const { set } = state;
  const active = see.sealing ?? set.active.id;
  const shown = ringOf(set).filter(({ id }) => id !== active && see.held.includes(id));
  const offer = mayOffer ? offered(set, see) : null;
  return { active, others: shown.map(({ id }) => id), retired: set.retired, offer };
}

/** The other server opens what is sealed with the active key; false = not known. */
export const peerHoldsActive = ({ set }: KeyState, peer: KeyWords | null): boolean =>
  peer !== null && knows(peer, set.active.id);

function offered(set: KeySet, see: KeySight): Uint8Array | null {
  const { peer, isPeerHeard } = see;
  if (peer === null || !isPeerHeard || !isUsed(set, see)) return null;
  // Whoever is behind gets what is in force before what is to come.
  if (!knows(peer, set.active.id)) return peer.active === set.next?.id ? null : set.active.key;
  const { next } = set;
  return next?.isOwn === true && !knows(peer, next.id) ? next.key : null;
}

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
  const { peer } = see;
  // A living member seals with it: from then on nothing but following is right.
  if (set.next !== null && peer?.active === set.next.id) return activate(state, set.next, see);
  const taken = peer?.offer == null ? null : take(state, peer, peer.offer, see);
  if (taken !== null) return taken;
  if (set.next !== null && mayActivate(set, set.next, see)) return activate(state, set.next, see);
  return isOver(set, see) ? letGo(state, see) : quiet(state);
}

/** The other side offers a key; null = it is not for this server. */
function take(state: KeyState, peer: KeyWords, key: Uint8Array, see: KeySight): KeyStep | null {
  const { set } = state;
  const id = keyId(key);
  if (holds(set, id) || id === set.retired) return null;
  const isInForce = peer.active === id;
  // Two at once: the coordinator's stands. What is in force elsewhere stands above both.
  if (set.next?.isOwn === true && see.isCoordinator && !isInForce) return null;
  if (set.next?.isOwn === false && !isInForce && knows(peer, set.next.id)) return null;
  const next: NextKey = { id, key, sinceMs: see.wallMs, isOwn: false, alone: false };
  return save(state, { ...set, next }, see);
}

function mayActivate(set: KeySet, next: NextKey, see: KeySight): boolean {
  const { peer } = see;
  if (!next.isOwn || !see.isIn || see.hasTrouble || !see.held.includes(next.id)) return false;
  if (!isUsed(set, see)) return false;
  if (!see.isPeerIn) return next.alone && !see.isPeerHeard;
  return peer !== null && knows(peer, next.id) && peer.active === set.active.id;
}

/** The own pulse seals with what is active on disk. */
const isUsed = (set: KeySet, see: KeySight): boolean => see.sealing === set.active.id;

function activate(state: KeyState, next: NextKey, see: KeySight): KeyStep {
  const { active } = state.set;
  const becomes = ({ id, key }: HeldKey): HeldKey => ({ id, key, sinceMs: see.wallMs });
  const set = { ...state.set, active: becomes(next), next: null, old: becomes(active) };
  return save(state, set, see);
}

/** The old key is 24 h old and nobody who is heard needs it, or the other server has let it go. */
function isOver(set: KeySet, see: KeySight): boolean {
  const { old } = set;
  if (old === null || !isUsed(set, see)) return false;
  const { peer } = see;
  const isPeerOn = peer !== null && peer.active === set.active.id;
  if (isPeerOn && peer.retired === old.id) return true;
  if (see.wallMs - old.sinceMs < RETIRE_MS) return false;
  return isPeerOn || !see.isPeerHeard;
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
