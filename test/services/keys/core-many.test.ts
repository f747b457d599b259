/**
 * The rotation core among three to five servers: who is waited for, whose key stands, who may be left out, and
 * servers that lose words, processes and disk writes at random; at no moment may one member seal with a key that
 * another does not open. Two servers: core.test.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type KeyPeer,
  type KeySight,
  type KeyState,
  ownKeyWords,
  RETIRE_MIN_MS,
  RETIRE_MS,
  retireTrouble,
  rotateTrouble,
  step,
} from "../../../services/keys/core.ts";
import { keyId } from "../../../services/keys/key-set.ts";
import type { KeyWords } from "../../../services/keys/key-words.ts";
import {
  ID0,
  ID1,
  ID2,
  K1,
  K2,
  playRandom,
  serversOf,
  start,
  stepSaved,
  words,
} from "./key-servers.ts";

const offer = (key: Uint8Array): KeyWords => ({ ...words(ID0, [keyId(key)]), offer: key });

/** Sight of SERVER3 of four; `shown` by server, the own place is ignored. */
function sight(shown: readonly Partial<KeyPeer>[] = [], more: Partial<KeySight> = {}): KeySight {
  const peers = [0, 1, 2, 3].flatMap((index): KeyPeer[] => {
    const well = { index, isIn: true, isHeard: true, words: words(ID0) };
    return index === 2 ? [] : [{ ...well, ...shown[index] }];
  });
  const own = { self: 2, isIn: true, coordinator: 1, sealing: ID0, held: [ID0] };
  return { atMs: 1000, wallMs: 1_000_000, ...own, peers, hasTrouble: false, ...more };
}

const rotated = (alone: boolean, see: KeySight): KeyState =>
  stepSaved(start(), { kind: "rotate", key: K1, alone }, see);

const seen = { kind: "seen" } as const;
const holding: Partial<KeyPeer> = { words: words(ID0, [ID1]) };

test("R138: with three others a rotation waits for all members, and names who is away", () => {
  assert.is(rotateTrouble(start(), false, sight()), null);
  const away: Partial<KeyPeer> = { isIn: false, isHeard: false, words: null };
  assert.is(rotateTrouble(start(), false, sight([{}, {}, {}, away])), "key-peer-away");
  assert.is(rotateTrouble(start(), true, sight([{}, {}, {}, away])), null);
  assert.is(rotateTrouble(start(), true, sight([{}, {}, {}, { isIn: false }])), "key-peer-there");
  assert.is(rotateTrouble(start(), true, sight()), "key-peer-there", "nobody is away");
});

test("the next key is said until the last one holds it, and used only then", () => {
  const state = rotated(false, sight());
  const held = { held: [ID0, ID1] };
  assert.equal(ownKeyWords(state, sight([holding, {}, {}, holding], held), true).offer, K1);
  const all = sight([holding, holding, {}, holding], held);
  assert.is(ownKeyWords(state, all, true).offer, null);
  for (const missing of [0, 1, 3]) {
    const shown = [0, 1, 2, 3].map((index) => (index === missing ? {} : holding));
    assert.is(step(state, seen, sight(shown, held)).effects.length, 0, `SERVER${missing + 1}`);
  }
  assert.is(stepSaved(state, seen, all).set.active.id, ID1);
});

test("a member that is left out by order is one that is off; as soon as it is heard nothing is used", () => {
  const off: Partial<KeyPeer> = { isIn: false, isHeard: false, words: null };
  const held = { held: [ID0, ID1] };
  const state = rotated(true, sight([{}, {}, {}, off]));
  const ready = [holding, holding, {}, off];
  const back = [holding, holding, {}, { isIn: false }];
  assert.is(step(state, seen, sight(back, held)).effects.length, 0);
  assert.is(stepSaved(state, seen, sight(ready, held)).set.active.id, ID1);
});

test("who is behind is handed the key in force, and nothing of what is to come", () => {
  const held = { held: [ID0, ID1] };
  const all = sight([holding, holding, {}, holding], held);
  const after = stepSaved(rotated(false, sight()), seen, all);
  const on: Partial<KeyPeer> = { words: words(ID1, [ID0]) };
  const behind = sight([on, on, {}, { isIn: false, words: words(ID0) }], {
    sealing: ID1,
    held: [ID1, ID0],
  });
  assert.equal(ownKeyWords(after, behind, true).offer, K1);
  assert.is(
    retireTrouble(after, { ...behind, wallMs: 1_000_000 + RETIRE_MIN_MS }),
    "key-peer-behind",
  );
  const day = { ...behind, wallMs: 1_000_000 + RETIRE_MS };
  assert.is(step(after, seen, day).effects.length, 0, "kept for the one that needs it");
});

test("of two keys made at once the coordinator's stands, without it that of the better priority", () => {
  const own = rotated(false, sight());
  const offers = (index: number): KeySight =>
    sight([0, 1, 2, 3].map((at) => (at === index ? { words: offer(K2) } : {})));
  assert.is(stepSaved(own, seen, offers(1)).set.next?.id, ID2, "the coordinator's");
  assert.is(stepSaved(own, seen, offers(0)).set.next?.id, ID2, "of better priority");
  assert.is(step(own, seen, offers(3)).effects.length, 0, "not of a worse one");
});

test("a key that was taken goes only when its maker shows another one in its place", () => {
  const taken = stepSaved(start(), seen, sight([{ words: offer(K1) }]));
  assert.is(taken.set.next?.id, ID1);
  assert.is(taken.set.next?.from, 0);
  const rival: Partial<KeyPeer> = { words: offer(K2) };
  for (const [maker, why] of [
    [{ words: offer(K1) }, "it still offers its own"],
    [{ words: words(ID0, [ID1]) }, "it still holds its own"],
    [{ words: words(ID0) }, "a word without room for keys is no word against it"],
    [{ words: null, isHeard: false }, "it is silent"],
  ] as const) {
    assert.is(step(taken, seen, sight([maker, rival])).effects.length, 0, why);
  }
  const outvoted = { words: words(ID0, [ID2]) };
  assert.is(stepSaved(taken, seen, sight([outvoted, rival])).set.next?.id, ID2);
  const outside = { ...rival, isIn: false };
  assert.is(step(taken, seen, sight([outvoted, outside])).effects.length, 0, "from outside: no");
});

test("a key that waits has one maker: an order elsewhere is refused while that one is a member", () => {
  const taken = stepSaved(start(), seen, sight([{ words: offer(K1) }]));
  assert.is(rotateTrouble(taken, false, sight()), "key-busy");
  const gone = sight([{ isIn: false, isHeard: false, words: null }]);
  assert.is(rotateTrouble(taken, true, gone), null);
});

test("D56: among three to five, whatever dies or is lost, each opens what every other seals with", () => {
  for (let seed = 1; seed <= 300; seed += 1) playRandom(seed, 3 + (seed % 3));
});

test("a rotation among five comes to its end when all is well, from whichever server it is ordered", () => {
  for (let author = 0; author < 5; author += 1) {
    const all = serversOf(5);
    const maker = all[author];
    maker?.take({ kind: "rotate", key: K1, alone: false }, maker.see(0, false));
    for (let turn = 1; turn <= 60; turn += 1) {
      for (const one of all) {
        one.settle(one.see(turn * 2000, false));
        one.pulse = one.state.set;
        one.take(seen, one.see(turn * 2000, false));
        const said = ownKeyWords(one.state, one.see(turn * 2000, false), true);
        for (const other of all) other.heard[one.self] = said;
      }
    }
    assert.equal(
      all.map(({ pulse }) => pulse.active.id),
      Array(5).fill(ID1),
      `ordered on SERVER${author + 1}`,
    );
  }
});

test.run();
