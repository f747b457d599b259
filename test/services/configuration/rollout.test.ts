/**
 * Two servers hand each other a configuration text: pieces, loss, refusal, a cut at every step, two offers at
 * once, a server that was away. Three and more servers: rollout-many.test.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  applyTrouble,
  createRollout,
  ownRollout,
  step,
} from "../../../services/configuration/rollout.ts";
import { decodeRollout, encodeRollout } from "../../../services/configuration/rollout-words.ts";
import {
  alike,
  NEW,
  OLD,
  OTHER,
  ROUND_MS,
  type Start,
  short,
  TextServers,
} from "./text-servers.ts";

/** Both with the old text, put there by hand, where nothing else is said. */
const pairOf = (...starts: readonly Start[]): TextServers =>
  new TextServers(starts.length > 0 ? starts : alike(2, true));

test("1.9: from either server the text reaches both, piece by piece, before anything is installed", () => {
  for (const author of [0, 1]) {
    const pair = pairOf();
    pair.apply(author, NEW);
    let rounds = 0;
    while (!pair.sides.every(({ state }) => state.installed) && rounds < 50) {
      const held = pair.sides.filter(({ holds }) => holds !== null).length;
      if (pair.inForce.includes(short(NEW))) assert.is(held, 2, "installed only when both hold it");
      pair.round();
      rounds += 1;
    }
    assert.equal(pair.inForce, [short(NEW), short(NEW)]);
    assert.equal([pair.did(0, "install"), pair.did(1, "install")], [1, 0], "the coordinator, once");
    for (const self of [0, 1]) {
      const done = pair.at(self).effects.find(({ kind }) => kind === "installed");
      assert.ok(done?.kind === "installed" && done.revision.rev === 2);
      assert.equal(done?.kind === "installed" ? Buffer.from(done.bytes) : null, NEW);
    }
  }
});

test("1.9: lost beats cost time only", () => {
  for (const lost of [[0], [1], [0, 1]]) {
    const pair = pairOf();
    pair.apply(0, NEW);
    for (let round = 0; round < 40; round += 1) pair.round(round % 3 === 0 ? [] : lost);
    assert.equal(pair.inForce, [short(NEW), short(NEW)]);
  }
});

test("1.9: a cut at every step before the install leaves the old text everywhere", () => {
  for (let rounds = 0; rounds < 12; rounds += 1) {
    const pair = pairOf();
    pair.apply(0, NEW);
    pair.rounds(rounds);
    const was = pair.inForce;
    pair.isCut = true;
    pair.rounds(5);
    assert.equal(pair.inForce, was, `cut after ${rounds} rounds`);
    if (was[0] === short(OLD)) {
      assert.is(pair.did(0, "dropped"), 1);
      assert.is(pair.at(0).holds, null, "who decides takes back at once");
      pair.isCut = false;
      pair.rounds(5 + (2 * pair.see(0).timeoutMs) / ROUND_MS);
      assert.equal(
        pair.sides.map(({ holds }) => holds),
        [null, null],
        "given up on both",
      );
    }
  }
});

for (const count of [2, 3]) {
  test(`1.9: of ${count}, trouble that the author alone sees leaves all by one text, and the answer says which`, () => {
    const ends = new Set<string>();
    for (let rounds = 0; rounds < 12; rounds += 1) {
      // The coordinator is asked last: it decides on what the author showed before it withdrew.
      const servers = new TextServers(alike(count, true), count - 1);
      servers.apply(0, NEW);
      servers.rounds(rounds);
      servers.troubled = [0];
      servers.round();
      servers.troubled = [];
      servers.rounds(40);
      const [first = ""] = servers.inForce;
      assert.equal(servers.inForce, Array(count).fill(first), `trouble after ${rounds} rounds`);
      ends.add(first);
      const told = [servers.did(0, "installed"), servers.did(0, "dropped")];
      assert.equal(told, first === short(NEW) ? [1, 0] : [0, 1], `trouble after ${rounds} rounds`);
    }
    assert.equal(ends, new Set([short(OLD), short(NEW)]));
  });
}

test("1.9: a withdrawn text that may yet come is told of when its view is over", () => {
  const servers = new TextServers(alike(2, true), 1);
  servers.apply(0, NEW);
  while (servers.at(0).state.draft?.prepared !== "yes") servers.round();
  servers.isCut = true;
  servers.rounds(1);
  assert.is(servers.at(0).state.draft, null);
  assert.is(servers.did(0, "dropped"), 0, "it may have been decided on");
  assert.is(applyTrouble(servers.at(0).state, { ...servers.see(0), hasTrouble: false }), "busy");
  servers.rounds(100);
  assert.is(servers.did(0, "dropped"), 0, "nobody has said so");
  servers.epoch += 1;
  servers.rounds(1);
  assert.is(servers.did(0, "dropped"), 1);
  assert.is(servers.at(0).holds, null);
});

test("1.9: a new pulse that knows no view yet ends nothing that was shown as ready", () => {
  const pair = pairOf();
  pair.apply(1, NEW);
  while (pair.at(1).state.draft?.prepared !== "yes") pair.round();
  const { state } = pair.at(1);
  const untaught = { ...pair.see(1), isIn: false, coordinator: null, epoch: null };
  const waits = step(state, { kind: "seen" }, { ...untaught, isUntaught: true });
  assert.is(waits.state.draft, state.draft);
  assert.equal(waits.effects, []);
  const outside = step(state, { kind: "seen" }, untaught);
  assert.is(outside.state.draft, null, "outside a view it is given up");
});

test("1.9: what the coordinator has ordered is not dropped when its author takes it back that moment", () => {
  const pair = pairOf();
  pair.apply(1, NEW);
  while (pair.at(0).state.draft?.prepared !== "yes") pair.round();
  const { state } = pair.at(0);
  const sight = pair.see(0);
  assert.ok(state.draft !== null && !state.installed);
  const ordered = { ...state, draft: { ...state.draft, installAtMs: sight.atMs } };
  const waiting = { ...state, draft: { ...state.draft, installAtMs: null } };
  const silent = sight.peers.map((peer) => {
    const words = peer.words === null ? null : { ...peer.words, underWay: null };
    return { ...peer, words };
  });
  const { epoch } = state.draft;
  const taken = { ...sight, epoch, pulseHash: short(OLD), pulseHolds: short(NEW), peers: silent };
  const unordered = step(waiting, { kind: "seen" }, taken);
  assert.ok(
    unordered.effects.some(({ kind }) => kind === "dropped"),
    "before that it is",
  );
  const after = step(ordered, { kind: "seen" }, taken);
  assert.not(after.effects.some(({ kind }) => kind === "dropped"));
  assert.is(after.state.doubt?.draft.hash, state.draft.hash);
  const came = step(after.state, { kind: "seen" }, { ...taken, pulseHash: short(NEW) });
  assert.ok(
    came.effects.some(({ kind }) => kind === "installed"),
    "it came into force after all",
  );
});

test("1.9: not during trouble, not outside, not while another is under way", () => {
  const pair = pairOf();
  pair.isCut = true;
  assert.is(applyTrouble(pair.at(0).state, pair.see(0)), "trouble");
  pair.apply(0, NEW);
  assert.is(pair.did(0, "prepare"), 0);
  pair.isCut = false;
  pair.at(0).isIn = false;
  assert.is(applyTrouble(pair.at(0).state, pair.see(0)), "outside");
  pair.at(0).isIn = true;
  pair.apply(0, NEW);
  assert.is(applyTrouble(pair.at(0).state, pair.see(0)), "busy");
});

test("1.9: the other server refuses, and the old text stays", () => {
  const pair = pairOf();
  pair.at(1).fit = false;
  pair.apply(0, NEW);
  pair.rounds(20);
  const dropped = pair.at(0).effects.find(({ kind }) => kind === "dropped");
  assert.is(dropped?.kind === "dropped" ? dropped.reason : "", "refused");
  assert.equal(pair.inForce, [short(OLD), short(OLD)]);
  assert.is(pair.at(1).state.draft, null, "and the next one finds it free");
});

test("1.9: of two offers at once the coordinator's stands", () => {
  const pair = pairOf();
  pair.apply(0, NEW);
  pair.apply(1, OTHER);
  pair.rounds(20);
  assert.equal(pair.inForce, [short(NEW), short(NEW)]);
  const lost = pair.at(1).effects.find(({ kind }) => kind === "dropped");
  assert.equal(lost?.kind === "dropped" && [lost.reason, lost.isOwn], ["outvoted", true]);
});

test("1.9: who was away is handed the text in force and changes while it is outside", () => {
  const pair = pairOf({ text: NEW, rev: 4, byHand: false }, { text: OLD, rev: 3, byHand: false });
  pair.at(1).isIn = false;
  pair.rounds(12);
  assert.is(pair.at(1).pulse, short(NEW));
  assert.ok(pair.at(1).state.installed);
  assert.is(pair.did(0, "install"), 0, "whose text it is changes nothing");
});

test("1.9: a server outside does not run ahead of the one that still may withdraw", () => {
  const pair = pairOf();
  pair.at(1).isIn = false;
  pair.apply(0, NEW);
  pair.rounds(12);
  assert.is(pair.at(1).state.draft?.prepared, "yes", "it has the text");
  assert.equal(pair.inForce, [short(NEW), short(OLD)], "until the agent there runs by it");
});

test("1.9, V3: the live view wins over a revision that nobody else has, but not over a newer file by hand", () => {
  const alone = pairOf({ text: OLD, rev: 4, byHand: false }, { text: NEW, rev: 5, byHand: false });
  alone.at(1).isIn = false;
  alone.rounds(12);
  assert.is(alone.at(1).pulse, short(OLD));
  const byHand = pairOf({ text: OLD, rev: 4, byHand: false }, { text: NEW, rev: 5, byHand: true });
  byHand.at(1).isIn = false;
  byHand.rounds(12);
  assert.equal(byHand.inForce, [short(OLD), short(NEW)], "a person decides");
});

test("1.9, V3: the live view wins also over one that offers its own text before it is offered anything", () => {
  const pair = pairOf({ text: OLD, rev: 1, byHand: false }, { text: NEW, rev: 2, byHand: false });
  pair.at(1).isIn = false;
  pair.round([], [0]);
  assert.is(pair.at(1).state.draft?.part, "offers");
  pair.rounds(20);
  assert.equal(pair.inForce, [short(OLD), short(OLD)]);
});

test("1.9: two that both start agree on the newer text", () => {
  const pair = pairOf({ text: OLD, rev: 4, byHand: false }, { text: NEW, rev: 5, byHand: false });
  for (const side of pair.sides) side.isIn = false;
  pair.rounds(12);
  assert.equal(pair.inForce, [short(NEW), short(NEW)]);
});

test("1.9: the same text under two numbers takes the higher one", () => {
  const pair = pairOf({ text: OLD, rev: 7, byHand: false }, { text: OLD, rev: 1, byHand: true });
  pair.round();
  assert.equal(
    pair.sides.map(({ state }) => state.current.rev),
    [7, 7],
  );
  assert.is(pair.did(1, "renumbered"), 1);
  assert.is(pair.did(0, "renumbered"), 0);
});

test("1.9, L5: a text that an agent before this one left in the pulse is taken back once nobody brings it", () => {
  const [before] = alike(2, true);
  assert.ok(before !== undefined);
  const pair = pairOf();
  pair.apply(1, NEW);
  pair.until(() => pair.at(1).holds !== null);
  assert.equal(pair.inForce, [short(OLD), short(OLD)]);
  // The author's agent dies with its offer; its pulse still has the text, and the other server drops it.
  pair.restartAgent(1, before);
  pair.rounds(19);
  assert.is(pair.at(1).holds, short(NEW), "within 2T somebody may be about to install it");
  pair.rounds(3);
  assert.equal(
    pair.sides.map(({ holds }) => holds),
    [null, null],
  );
  assert.equal([pair.did(0, "leftover"), pair.did(1, "leftover")], [0, 1]);
  pair.apply(1, NEW);
  pair.rounds(20);
  assert.equal(pair.inForce, [short(NEW), short(NEW)], "and it can be brought again");
});

test("1.9: two operators who bring the same text at one moment get it in force, both", () => {
  const pair = pairOf();
  pair.apply(0, NEW);
  pair.apply(1, NEW);
  const rounds = pair.until(() => pair.sides.every(({ state }) => state.installed));
  assert.ok(rounds < 20, `${rounds} rounds`);
  assert.equal(pair.inForce, [short(NEW), short(NEW)]);
});

test("1.9: while one brings it, a text that an agent has forgotten stays in its pulse", () => {
  const [before] = alike(2, true);
  assert.ok(before !== undefined);
  const pair = pairOf();
  pair.apply(0, NEW);
  pair.until(() => pair.at(1).holds !== null);
  pair.restartAgent(1, before);
  pair.rounds(60);
  assert.equal(pair.inForce, [short(NEW), short(NEW)]);
  assert.is(pair.did(1, "leftover"), 0);
});

test("1.9: the words survive every truncation and every single wrong byte", () => {
  const pair = pairOf();
  pair.apply(0, NEW);
  const bytes = encodeRollout(ownRollout(pair.at(0).state, []));
  assert.equal(decodeRollout(bytes)?.underWay?.length, NEW.length);
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = decodeRollout(bytes.subarray(0, length));
    assert.ok(cut === null || cut.underWay === null, `length ${length}`);
  }
  for (let at = 0; at < 40; at += 1) {
    const wrong = Uint8Array.from(bytes);
    wrong[at] = (wrong[at] ?? 0) ^ 0xff;
    decodeRollout(wrong);
  }
});

test("1.9: a text whose pieces do not add up to its hash is refused", () => {
  const pair = pairOf();
  pair.apply(0, NEW);
  pair.round();
  const words = pair.at(1).heard[0];
  const under = words?.underWay;
  assert.ok(words && under);
  const spoiled = { ...under, piece: Uint8Array.from(under.piece, (byte) => byte ^ 1) };
  const see = pair.see(1);
  let state = createRollout(1, true, OLD);
  for (let piece = 0; piece < 4; piece += 1) {
    const at = piece * 480;
    const part = {
      ...spoiled,
      at,
      piece: NEW.subarray(at, Math.min(NEW.length, at + 480)).map((b) => b ^ 1),
    };
    const peers = [{ index: 0, isIn: true, words: { ...words, underWay: part } }];
    state = step(state, { kind: "seen" }, { ...see, peers }).state;
  }
  assert.is(state.draft?.part, "refuses");
});

test.run();
