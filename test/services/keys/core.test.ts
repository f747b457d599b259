/**
 * The rotation core: refusals, every step by hand, and two servers that lose words, processes and disk writes
 * at random while the key is changed; at no moment may one seal with a key that the other does not open.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type KeySight,
  type KeyState,
  ownKeyWords,
  peerHoldsActive,
  RETIRE_MIN_MS,
  RETIRE_MS,
  retireTrouble,
  rotateTrouble,
  step,
} from "../../../services/keys/core.ts";
import type { KeyWords } from "../../../services/keys/key-words.ts";
import {
  ID0,
  ID1,
  ID2,
  K0,
  K1,
  K2,
  playRandom,
  serversOf,
  start,
  stepSaved,
  words,
} from "./key-servers.ts";

/** The sight of SERVER1 on SERVER2; left out = all is well. */
interface Shown {
  readonly atMs?: number;
  readonly wallMs?: number;
  readonly isIn?: boolean;
  readonly isCoordinator?: boolean;
  readonly isPeerIn?: boolean;
  readonly isPeerHeard?: boolean;
  readonly hasTrouble?: boolean;
  readonly peer?: KeyWords | null;
  readonly sealing?: string | null;
  readonly held?: readonly string[];
}

function sight(over: Shown = {}): KeySight {
  const { isCoordinator = true, isPeerIn = true, isPeerHeard = true, ...rest } = over;
  const { peer = words(ID0), isIn = true, ...more } = rest;
  return {
    atMs: 1000,
    wallMs: 1_000_000,
    self: 0,
    isIn,
    coordinator: isCoordinator ? 0 : 1,
    peers: [{ index: 1, isIn: isPeerIn, isHeard: isPeerHeard, words: peer }],
    hasTrouble: false,
    sealing: ID0,
    held: [ID0],
    ...more,
  };
}

const rotated = (state: KeyState, key: Uint8Array, see: KeySight): KeyState =>
  stepSaved(state, { kind: "rotate", key, alone: false }, see);

test("R138: a rotation is refused outside, on a cut, and while the other server is away", () => {
  const state = start();
  assert.is(rotateTrouble(state, false, sight()), null);
  assert.is(rotateTrouble(state, false, sight({ isIn: false })), "key-outside");
  assert.is(rotateTrouble(state, false, sight({ isPeerIn: false })), "key-peer-away");
  assert.is(rotateTrouble(state, false, sight({ hasTrouble: true })), "key-trouble");
  assert.is(rotateTrouble(state, true, sight()), "key-peer-there");
  assert.is(rotateTrouble(state, true, sight({ isPeerIn: false })), "key-peer-there");
  const alone = sight({ isPeerIn: false, isPeerHeard: false, peer: null });
  assert.is(rotateTrouble(state, true, alone), null);
});

test("the next key is offered when it is on disk, and not before", () => {
  const asked = step(start(), { kind: "rotate", key: K1, alone: false }, sight());
  assert.is(asked.effects[0]?.kind, "save");
  assert.is(ownKeyWords(asked.state, sight(), true).offer, null);
  const saved = step(asked.state, { kind: "saved" }, sight()).state;
  assert.equal(ownKeyWords(saved, sight(), true).offer, K1);
  assert.is(ownKeyWords(saved, sight(), false).offer, null);
  // The other one shows that it holds it: it is said no more.
  assert.is(ownKeyWords(saved, sight({ peer: words(ID0, [ID1]) }), true).offer, null);
});

test("a refused save changes nothing and is tried again after a second", () => {
  const asked = step(start(), { kind: "rotate", key: K1, alone: false }, sight());
  const refused = step(asked.state, { kind: "not-saved" }, sight({ atMs: 1000 })).state;
  assert.is(refused.set.next, null);
  const offering = sight({ peer: { ...words(ID0), offer: K2 } });
  assert.is(step(refused, { kind: "seen" }, { ...offering, atMs: 1999 }).effects.length, 0);
  assert.is(step(refused, { kind: "seen" }, { ...offering, atMs: 2000 }).effects.length, 1);
});

test("a held key is shown only when pulse and disk process open it", () => {
  const state = rotated(start(), K1, sight());
  assert.equal(ownKeyWords(state, sight(), true).others, []);
  assert.equal(ownKeyWords(state, sight({ held: [ID0, ID1] }), true).others, [ID1]);
});

test("the next key is sealed with only on firm ground, when both servers open it", () => {
  const state = rotated(start(), K1, sight());
  const well: Shown = { held: [ID0, ID1], peer: words(ID0, [ID1]) };
  const ready = sight(well);
  const not: readonly Shown[] = [
    { held: [ID0] },
    { peer: words(ID0) },
    { peer: null },
    { hasTrouble: true },
    { isIn: false },
    { isPeerIn: false },
    { sealing: null },
  ];
  for (const over of not) {
    const { effects } = step(state, { kind: "seen" }, sight({ ...well, ...over }));
    assert.is(effects.length, 0, JSON.stringify(over));
  }
  const after = stepSaved(state, { kind: "seen" }, ready);
  assert.is(after.set.active.id, ID1);
  assert.is(after.set.old?.id, ID0);
  assert.is(after.set.next, null);
});

test("who holds a next key seals with it as soon as the other does, also during a cut", () => {
  const taken = stepSaved(start(), { kind: "seen" }, sight({ peer: { ...words(ID0), offer: K1 } }));
  assert.is(taken.set.next?.isOwn, false);
  const see = sight({ peer: words(ID1, [ID0]), hasTrouble: true, isIn: false, isPeerIn: false });
  assert.is(stepSaved(taken, { kind: "seen" }, see).set.active.id, ID1);
});

test("two rotations at once: the coordinator keeps its key, the other one takes it", () => {
  const own = rotated(start(), K1, sight());
  const offering = { ...words(ID0), offer: K2 };
  assert.is(step(own, { kind: "seen" }, sight({ peer: offering })).effects.length, 0);
  const see = sight({ peer: offering, isCoordinator: false });
  assert.is(stepSaved(own, { kind: "seen" }, see).set.next?.id, ID2);
});

test("a second order goes on with the key that waits, whoever made it", () => {
  const taken = stepSaved(start(), { kind: "seen" }, sight({ peer: { ...words(ID0), offer: K1 } }));
  const again = rotated(taken, K2, sight());
  assert.is(again.set.next?.id, ID1);
  assert.is(again.set.next?.isOwn, true);
});

test("a server left out is handed the active key, in words for a frame under its own", () => {
  const alone = sight({ isPeerIn: false, isPeerHeard: false, peer: null, held: [ID0, ID1] });
  const next = stepSaved(start(), { kind: "rotate", key: K1, alone: true }, alone);
  const after = stepSaved(next, { kind: "seen" }, alone);
  assert.is(after.set.active.id, ID1);
  const back = sight({ isPeerIn: false, peer: words(ID0), sealing: ID1, held: [ID1, ID0] });
  assert.equal(ownKeyWords(after, back, true).offer, K1);
  assert.is(peerHoldsActive(after, words(ID0)), false);
  assert.is(peerHoldsActive(after, words(ID0, [ID1])), true);
});

test("the old key goes after 24 h, not while somebody who is heard needs it", () => {
  const ready = sight({ held: [ID0, ID1], peer: words(ID0, [ID1]) });
  const after = stepSaved(rotated(start(), K1, sight()), { kind: "seen" }, ready);
  const at = (overMs: number, peer: KeyWords | null, heard = true): KeySight =>
    sight({ wallMs: 1_000_000 + overMs, sealing: ID1, held: [ID1, ID0], peer, isPeerHeard: heard });
  const on = words(ID1, [ID0]);
  assert.is(step(after, { kind: "seen" }, at(RETIRE_MS - 1, on)).effects.length, 0);
  assert.is(step(after, { kind: "seen" }, at(RETIRE_MS, words(ID0))).effects.length, 0);
  for (const see of [at(RETIRE_MS, on), at(RETIRE_MS, null, false)]) {
    const { set } = stepSaved(after, { kind: "seen" }, see);
    assert.is(set.old, null);
    assert.is(set.retired, ID0);
  }
  // The clock was set back: its age counts as nothing, nothing goes early.
  assert.is(step(after, { kind: "seen" }, at(-RETIRE_MS, on)).effects.length, 0);
});

test("by order the old key goes on both servers, not in the first seconds, not while one needs it", () => {
  const ready = sight({ held: [ID0, ID1], peer: words(ID0, [ID1]) });
  const after = stepSaved(rotated(start(), K1, sight()), { kind: "seen" }, ready);
  const at = (overMs: number, peer: KeyWords): KeySight =>
    sight({ wallMs: 1_000_000 + overMs, sealing: ID1, held: [ID1, ID0], peer });
  assert.is(retireTrouble(start(), sight()), "key-no-old");
  assert.is(retireTrouble(after, at(RETIRE_MIN_MS - 1, words(ID1))), "key-too-young");
  assert.is(retireTrouble(after, at(RETIRE_MIN_MS, words(ID0))), "key-peer-behind");
  const see = at(RETIRE_MIN_MS, words(ID1, [ID0]));
  assert.is(retireTrouble(after, see), null);
  assert.is(rotateTrouble(after, false, see), "key-old-there");
  const gone = stepSaved(after, { kind: "retire" }, see);
  assert.is(gone.set.old, null);
  const told = { ...words(ID1), retired: ID0 };
  assert.is(stepSaved(after, { kind: "seen" }, at(20, told)).set.old, null);
  // What was let go is not taken again.
  const offering = at(20, { ...words(ID1), offer: K0 });
  assert.is(step(gone, { kind: "seen" }, offering).effects.length, 0);
});

test("D56: whatever dies, is lost or refused between two steps, each opens what the other seals with", () => {
  for (let seed = 1; seed <= 400; seed += 1) playRandom(seed, 2);
});

test("a rotation that was interrupted anywhere comes to its end when all is well again", () => {
  let ended = 0;
  for (let cut = 1; cut <= 12; cut += 1) {
    const [author, taker] = serversOf(2);
    assert.ok(author && taker);
    author.take({ kind: "rotate", key: K1, alone: false }, author.see(0, false));
    for (let turn = 1; turn <= 40; turn += 1) {
      const [one, other] = turn % 2 === 0 ? [author, taker] : [taker, author];
      if (turn === cut) one.restartAgent();
      one.settle(one.see(turn * 2000, false));
      one.pulse = one.state.set;
      one.take({ kind: "seen" }, one.see(turn * 2000, false));
      other.heard[one.self] = ownKeyWords(one.state, one.see(turn * 2000, false), true);
    }
    assert.is(author.pulse.active.id, ID1, `cut at ${cut}`);
    assert.is(taker.pulse.active.id, ID1, `cut at ${cut}`);
    ended += 1;
  }
  assert.is(ended, 12);
});

test.run();
