/**
 * One server's part in giving all servers a new configuration text: offered in pieces, prepared by each
 * (checked, on disk, held by the pulse), installed by the coordinator's view change once all show it.
 * Intuition: nobody drops the old text before everybody has the new one in hand, and who was away is handed
 * it before it may come in. Offers at once: the coordinator's stands, else that of the best priority.
 *
 * | this server            | the others show                  | what happens                                   |
 * |------------------------|----------------------------------|------------------------------------------------|
 * | offers, not ready      | -                                | prepares its own text first                     |
 * | offers                 | take, lowest position p          | the piece at p goes into the next beat          |
 * | offers, ready          | all members take, ready          | the coordinator has its pulse install           |
 * | offers                 | one refuses, or trouble          | withdrawn; the old text stays everywhere        |
 * | takes                  | offers nothing, or is silent     | dropped; the old text stays                     |
 * | outside, takes, ready  | runs by it                       | installs at once: it grants and owns nothing    |
 * | member, brings nothing | bring nothing for 2T             | what an earlier agent left in the pulse goes    |
 * | member                 | outside, other text              | offers the text in force before it may return   |
 *
 * Source: protocol.md 1.9, V3, 1.3.1; work order 3 item 4.
 */
import { createHash } from "node:crypto";
import {
  doubtEnds,
  drop,
  dropping,
  quiet,
  SLOW_MS,
  settleDoubt,
  takeBack,
  withdraw,
} from "./rollout-doubt.ts";
import {
  areReady,
  type Draft,
  type Heard,
  isCoordinator,
  isOther,
  membersOf,
  numberedHigher,
  offersTo,
  type PeerSight,
  type RolloutEffect,
  type RolloutEvent,
  type RolloutState,
  type RolloutStep,
  rankOf,
  type Sight,
  shows,
} from "./rollout-state.ts";
import {
  CONFIG_BYTES_MAX,
  PIECE_BYTES_MAX,
  type Revision,
  type RolloutWords,
  type UnderWay,
} from "./rollout-words.ts";

/** An order to a pulse that was being restarted is lost; it is given again. */
const INSTALL_AGAIN_MS = 500;
/** Who refused is asked again after so many T: often enough for an operator, and two events each. */
const FORGIVEN_TIMEOUTS = 20;

export const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);

const NOTHING_YET = {
  refusedBy: [],
  refusedAtMs: null,
  looseSinceMs: null,
  doubt: null,
  installed: false,
} as const;

export function createRollout(rev: number, byHand: boolean, bytes: Uint8Array): RolloutState {
  const current = { rev, hash: hashOf(bytes) };
  return { current, byHand, currentBytes: bytes, draft: null, ...NOTHING_YET };
}

/** What goes into the beat. */
export function ownRollout(state: RolloutState, peers: readonly PeerSight[]): RolloutWords {
  const { current, byHand, draft } = state;
  if (draft === null) return { current, byHand, underWay: null };
  const { part, rev, hash, bytes } = draft;
  const ready = draft.prepared === "yes";
  const base = { rev, hash, part, ready, length: bytes.length };
  const none = new Uint8Array(0);
  if (part !== "offers") return said(state, { ...base, at: draft.have, piece: none });
  const asked = askedFor(draft, peers);
  return said(state, { ...base, at: asked, piece: bytes.slice(asked, asked + PIECE_BYTES_MAX) });
}

/** Where the one that has least goes on; members first, for nobody else is waited for. */
function askedFor(draft: Draft, peers: readonly PeerSight[]): number {
  const members = peers.filter(({ isIn }) => isIn);
  const lacking = peers.filter(({ words }) => words !== null && words.current.hash !== draft.hash);
  const addressed = draft.isCatchUp ? lacking : members.length > 0 ? members : peers;
  const positions = addressed.flatMap(({ words }) => {
    const theirs = words?.underWay;
    if (theirs?.hash !== draft.hash) return [0];
    // Who brings the same text has it.
    return theirs.part === "offers" ? [] : [theirs.part === "takes" ? theirs.at : 0];
  });
  return positions.length === 0 ? 0 : Math.min(...positions);
}

const said = ({ current, byHand }: RolloutState, underWay: UnderWay): RolloutWords => ({
  current,
  byHand,
  underWay,
});

export function step(before: RolloutState, event: RolloutEvent, see: Sight): RolloutStep {
  const state = before.draft === null ? before : { ...before, looseSinceMs: null };
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
  if (state.installed || state.doubt !== null) return "busy";
  if (state.draft?.part === "takes") return "conflict";
  if (state.draft !== null && !(state.draft.part === "offers" && state.draft.isCatchUp))
    return "busy";
  if (!see.isIn) return "outside";
  return see.hasTrouble ? "trouble" : null;
}

function offer(state: RolloutState, bytes: Uint8Array, hash: string, see: Sight): RolloutStep {
  if (applyTrouble(state, see) !== null) return quiet(state);
  const theirs = see.peers.map(({ words }) => words?.current.rev ?? 0);
  const highest = Math.max(state.current.rev, ...theirs);
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
  // A new pulse knows no view yet: what it shows is no end of one, and what was ready may have been decided on.
  if (state.installed || see.isUntaught === true) return quiet(state);
  const { draft } = state;
  // In force is what the pulse says: from then on nothing withdraws it.
  const held = draft ?? state.doubt?.draft ?? null;
  if (held !== null && held.prepared === "yes" && held.hash.startsWith(see.pulseHash)) {
    if (!held.isCatchUp) return installed(state, held);
  }
  const settled = settleDoubt(state, see);
  if (settled !== null) return settled;
  const renumbered = numberedHigher(state, see);
  if (renumbered !== null) {
    const effects: RolloutEffect[] = [
      { kind: "renumbered", revision: renumbered },
      { kind: "say" },
    ];
    return { state: { ...state, current: renumbered, byHand: false }, effects };
  }
  const heard = hear(state, see);
  if (heard.state !== state) return heard;
  if (draft === null) {
    const forgiving = forgive(state, see);
    const given = catchUp(forgiving, see);
    return given.state === forgiving ? takeBack(forgiving, see) : given;
  }
  return draft.part === "offers" ? lead(state, draft, see) : takeOn(state, draft, see);
}

function installed(state: RolloutState, draft: Draft): RolloutStep {
  const { rev, hash, bytes } = draft;
  return {
    state: { ...state, installed: true },
    effects: [{ kind: "installed", revision: { rev, hash }, bytes }],
  };
}

/** Another server offers: take it, a piece at a time. */
function hear(state: RolloutState, see: Sight): RolloutStep {
  const { draft } = state;
  const offers = offersTo(state, see);
  const best = offers.find(
    (heard) => heard.text.hash === draft?.hash || mayTake(state, heard, see),
  );
  if (best === undefined) return quiet(state);
  const { text } = best;
  if (draft !== null && draft.hash === text.hash) {
    // Several may offer the same text; whoever shows the piece that is next is as good as the first.
    const next = offers.find((one) => one.text.hash === text.hash && one.text.at === draft.have);
    return append(state, draft, next?.text ?? text);
  }
  const empty = new Uint8Array(text.length);
  const taken = newDraft(text, "takes", empty, 0, see);
  const effects: RolloutEffect[] =
    draft === null
      ? doubtEnds(state)
      : [dropping(draft, draft.part === "offers" ? "outvoted" : "withdrawn")];
  const begun = append({ ...state, draft: taken, doubt: null }, taken, text);
  return { state: begun.state, effects: [...effects, { kind: "say" }, ...begun.effects] };
}

function mayTake(state: RolloutState, { from, text }: Heard, see: Sight): boolean {
  const { draft, current, byHand } = state;
  if (text.length === 0 || text.length > CONFIG_BYTES_MAX) return false;
  if (draft?.part === "offers" && !draft.isCatchUp && see.isIn) {
    // Offers at once: one stands everywhere. Prepared by both they would be one.
    if (rankOf(see.self, see) < rankOf(from.index, see)) return false;
  }
  if (see.isIn) return from.isIn && text.rev > current.rev;
  return text.rev > current.rev || !byHand;
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
  if (draft.isCatchUp) return leadCatchUp(state, draft, see);
  const refused = see.peers.some((peer) => shows(peer, draft)?.part === "refuses");
  if (refused) return drop(state, draft, "refused");
  if (see.hasTrouble || !see.isIn || see.epoch !== draft.epoch)
    return withdraw(state, draft, "trouble", see);
  if (see.atMs - draft.sinceMs >= SLOW_MS) return withdraw(state, draft, "slow", see);
  if (draft.prepared !== "yes") return quiet(state);
  const all = areReady(membersOf(see), draft);
  return isCoordinator(see) && all ? order(state, draft, see) : pieces(state, draft, see);
}

/** The others' positions decide which piece the next beat carries. */
function pieces(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const takes = see.peers.some((peer) => shows(peer, draft)?.part === "takes");
  return takes ? { state, effects: [{ kind: "say" }] } : quiet(state);
}

/** Another server's text. */
function takeOn(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const giver = see.peers.find((peer) => shows(peer, draft)?.part === "offers");
  const moved = see.epoch !== draft.epoch;
  if (giver === undefined || (moved && see.isIn && !giver.isIn)) {
    return withdraw(state, draft, "withdrawn", see);
  }
  if (draft.part === "refuses" || draft.prepared !== "yes") return quiet(state);
  // Outside nobody waits for this server: it follows what is in force, not what may yet be withdrawn.
  if (!see.isIn) {
    const isInForce = see.peers.some(({ words }) => words?.current.hash === draft.hash);
    return isInForce ? order(state, draft, see) : quiet(state);
  }
  const others = membersOf(see).filter((peer) => peer !== giver);
  const all = shows(giver, draft)?.ready === true && areReady(others, draft);
  return isCoordinator(see) && all && !see.hasTrouble ? order(state, draft, see) : quiet(state);
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

/** A full disk is a cause that ends; nobody else tells this server that it has. */
function forgive(state: RolloutState, see: Sight): RolloutState {
  const { refusedAtMs } = state;
  const isOld = refusedAtMs !== null && see.atMs - refusedAtMs >= FORGIVEN_TIMEOUTS * see.timeoutMs;
  return isOld ? { ...state, refusedBy: [], refusedAtMs: null } : state;
}

/** A server that runs by another text is handed the one in force. */
function catchUp(state: RolloutState, see: Sight): RolloutStep {
  const { current, currentBytes } = state;
  if (lackOf(state, see).length === 0) return quiet(state);
  const whole = newDraft(current, "offers", currentBytes, currentBytes.length, see);
  const draft: Draft = { ...whole, prepared: "yes", isCatchUp: true };
  return { state: { ...state, draft }, effects: [{ kind: "say" }] };
}

function leadCatchUp(state: RolloutState, draft: Draft, see: Sight): RolloutStep {
  const refusing = see.peers.filter((peer) => shows(peer, draft)?.part === "refuses");
  const marks = refusing.map(markOf).filter((mark) => !state.refusedBy.includes(mark));
  const known = [...state.refusedBy, ...marks].slice(-REFUSALS_MAX);
  const refused = { refusedBy: known, refusedAtMs: see.atMs };
  const next = marks.length === 0 ? state : { ...state, ...refused };
  const isNeeded = see.peers.some(
    (peer) => peer.words !== null && isOther(peer, draft.hash) && !isRefused(next, peer),
  );
  return isNeeded
    ? pieces(next, draft, see)
    : { state: { ...next, draft: null }, effects: [{ kind: "say" }] };
}

/** Who is to be handed the text in force. Of several members the coordinator does it. */
function lackOf(state: RolloutState, see: Sight): readonly PeerSight[] {
  const { current } = state;
  if (see.isIn && see.peers.length > 1 && !isCoordinator(see)) return [];
  return see.peers.filter((peer) => {
    const { words, isIn } = peer;
    if (words === null || !isOther(peer, current.hash)) return false;
    if (isRefused(state, peer)) return false;
    // Whatever it offers itself: what is in force in the view is what it is to come in by.
    if (see.isIn && !isIn && !words.byHand) return true;
    return words.underWay?.part !== "offers" && current.rev > words.current.rev;
  });
}

/** One mark per server that refuses and text that it then runs by. */
const REFUSALS_MAX = 16;

const markOf = ({ index, words }: PeerSight): string => `${index}/${words?.current.hash ?? ""}`;

const isRefused = ({ refusedBy }: RolloutState, peer: PeerSight): boolean =>
  refusedBy.includes(markOf(peer));
