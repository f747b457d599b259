/**
 * Two servers hand each other a configuration text: pieces, loss, refusal, a cut at every step, two offers at
 * once, a server that was away. The pulses are played by a few lines: what the coordinator installs, the
 * other follows only when it holds it.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  applyTrouble,
  createRollout,
  hashOf,
  ownRollout,
  step,
} from "../../../services/configuration/rollout.ts";
import type {
  RolloutEffect,
  RolloutEvent,
  RolloutState,
  Sight,
} from "../../../services/configuration/rollout-state.ts";
import {
  decodeRollout,
  encodeRollout,
  type RolloutWords,
} from "../../../services/configuration/rollout-words.ts";

const OLD = Buffer.from("old text");
const NEW = Buffer.from("n".repeat(1500));
const OTHER = Buffer.from("o".repeat(700));

interface Side {
  state: RolloutState;
  words: RolloutWords | null;
  holds: string | null;
  pulse: string;
  isIn: boolean;
  fit: boolean;
  effects: RolloutEffect[];
}

class Table {
  readonly sides: [Side, Side];
  nowMs = 0;
  epoch = 5;
  isCut = false;

  constructor(texts: readonly [Buffer, Buffer] = [OLD, OLD], revs = [1, 1], byHand = [true, true]) {
    const side = (self: 0 | 1): Side => {
      const state = createRollout(revs[self] ?? 1, byHand[self] ?? true, texts[self]);
      const pulse = state.current.hash.slice(0, 8);
      return { state, words: null, holds: null, pulse, isIn: true, fit: true, effects: [] };
    };
    this.sides = [side(0), side(1)];
  }

  at(self: number): Side {
    return self === 0 ? this.sides[0] : this.sides[1];
  }

  see(self: number): Sight {
    const side = this.at(self);
    const isIn = side.isIn && this.at(1 - self).isIn;
    return {
      atMs: this.nowMs,
      self,
      isIn: side.isIn,
      coordinator: side.isIn ? (this.at(0).isIn ? 0 : self) : null,
      epoch: side.isIn ? this.epoch : null,
      peers: [{ index: 1 - self, isIn, words: this.isCut ? null : side.words }],
      hasTrouble: this.isCut,
      pulseHash: side.pulse,
      pulseHolds: side.holds,
    };
  }

  tell(self: number, event: RolloutEvent): void {
    const side = this.at(self);
    const { state, effects } = step(side.state, event, this.see(self));
    side.state = state;
    side.effects.push(...effects);
    for (const effect of effects) this.#execute(self, effect);
  }

  /** One exchange of beats; `lost` those of that server do not arrive. */
  round(lost: readonly number[] = []): void {
    this.nowMs += 100;
    for (const self of [0, 1]) {
      if (this.isCut || lost.includes(self)) continue;
      const words = ownRollout(this.at(self).state, this.see(self).peers);
      this.at(1 - self).words = decodeRollout(encodeRollout(words));
    }
    for (const self of [0, 1]) this.tell(self, { kind: "seen" });
  }

  did(self: number, kind: string): number {
    return this.at(self).effects.filter((effect) => effect.kind === kind).length;
  }

  #execute(self: number, effect: RolloutEffect): void {
    const side = this.at(self);
    if (effect.kind === "prepare") {
      const { hash } = effect.revision;
      if (side.fit) side.holds = hash.slice(0, 8);
      this.tell(self, side.fit ? { kind: "stored", hash } : { kind: "unfit", hash });
    }
    if (effect.kind === "dropped") side.holds = null;
    if (effect.kind !== "install" || side.holds !== effect.hash) return;
    side.pulse = effect.hash;
    const other = this.at(1 - self);
    if (side.isIn && other.isIn) {
      this.epoch += 1;
      if (other.holds === effect.hash && !this.isCut) other.pulse = effect.hash;
    }
  }
}

const apply = (table: Table, self: number, bytes: Buffer): void =>
  table.tell(self, { kind: "apply", bytes, hash: hashOf(bytes) });

const pulses = (table: Table): string[] => table.sides.map(({ pulse }) => pulse);
const short = (bytes: Buffer): string => hashOf(bytes).slice(0, 8);

test("1.9: from either server the text reaches both, piece by piece, before anything is installed", () => {
  for (const author of [0, 1]) {
    const table = new Table();
    apply(table, author, NEW);
    let rounds = 0;
    while (!table.sides.every(({ state }) => state.installed) && rounds < 50) {
      const held = table.sides.filter(({ holds }) => holds !== null).length;
      if (pulses(table).includes(short(NEW)))
        assert.is(held, 2, "installed only when both hold it");
      table.round();
      rounds += 1;
    }
    assert.equal(pulses(table), [short(NEW), short(NEW)]);
    assert.equal(
      [table.did(0, "install"), table.did(1, "install")],
      [1, 0],
      "the coordinator, once",
    );
    for (const self of [0, 1]) {
      const done = table.at(self).effects.find(({ kind }) => kind === "installed");
      assert.ok(done?.kind === "installed" && done.revision.rev === 2);
      assert.equal(done?.kind === "installed" ? Buffer.from(done.bytes) : null, NEW);
    }
  }
});

test("1.9: lost beats cost time only", () => {
  for (const lost of [[0], [1], [0, 1]]) {
    const table = new Table();
    apply(table, 0, NEW);
    for (let round = 0; round < 40; round += 1) table.round(round % 3 === 0 ? [] : lost);
    assert.equal(pulses(table), [short(NEW), short(NEW)]);
  }
});

test("1.9: a cut at every step before the install leaves the old text everywhere", () => {
  for (let rounds = 0; rounds < 12; rounds += 1) {
    const table = new Table();
    apply(table, 0, NEW);
    for (let round = 0; round < rounds; round += 1) table.round();
    const was = pulses(table);
    table.isCut = true;
    for (let round = 0; round < 5; round += 1) table.round();
    assert.equal(pulses(table), was, `cut after ${rounds} rounds`);
    if (was[0] === short(OLD)) {
      assert.equal(
        table.sides.map(({ holds }) => holds),
        [null, null],
        "given up on both",
      );
      assert.is(table.did(0, "dropped"), 1);
    }
  }
});

test("1.9: not during trouble, not outside, not while another is under way", () => {
  const table = new Table();
  table.isCut = true;
  assert.is(applyTrouble(table.at(0).state, table.see(0)), "trouble");
  apply(table, 0, NEW);
  assert.is(table.did(0, "prepare"), 0);
  table.isCut = false;
  table.at(0).isIn = false;
  assert.is(applyTrouble(table.at(0).state, table.see(0)), "outside");
  table.at(0).isIn = true;
  apply(table, 0, NEW);
  assert.is(applyTrouble(table.at(0).state, table.see(0)), "busy");
});

test("1.9: the other server refuses, and the old text stays", () => {
  const table = new Table();
  table.at(1).fit = false;
  apply(table, 0, NEW);
  for (let round = 0; round < 20; round += 1) table.round();
  const dropped = table.at(0).effects.find(({ kind }) => kind === "dropped");
  assert.is(dropped?.kind === "dropped" ? dropped.reason : "", "refused");
  assert.equal(pulses(table), [short(OLD), short(OLD)]);
  assert.is(table.at(1).state.draft, null, "and the next one finds it free");
});

test("1.9: of two offers at once the coordinator's stands", () => {
  const table = new Table();
  apply(table, 0, NEW);
  apply(table, 1, OTHER);
  for (let round = 0; round < 20; round += 1) table.round();
  assert.equal(pulses(table), [short(NEW), short(NEW)]);
  const lost = table.at(1).effects.find(({ kind }) => kind === "dropped");
  assert.equal(lost?.kind === "dropped" && [lost.reason, lost.isOwn], ["outvoted", true]);
});

test("1.9: who was away is handed the text in force and changes while it is outside", () => {
  const table = new Table([NEW, OLD], [4, 3], [false, false]);
  table.at(1).isIn = false;
  for (let round = 0; round < 12; round += 1) table.round();
  assert.is(table.at(1).pulse, short(NEW));
  assert.ok(table.at(1).state.installed);
  assert.is(table.did(0, "install"), 0, "whose text it is changes nothing");
});

test("1.9: a server outside does not run ahead of the one that still may withdraw", () => {
  const table = new Table();
  table.at(1).isIn = false;
  apply(table, 0, NEW);
  for (let round = 0; round < 12; round += 1) table.round();
  assert.is(table.at(1).state.draft?.prepared, "yes", "it has the text");
  assert.equal(pulses(table), [short(NEW), short(OLD)], "until the agent there runs by it");
});

test("1.9, V3: the live view wins over a revision that nobody else has, but not over a newer file by hand", () => {
  const alone = new Table([OLD, NEW], [4, 5], [false, false]);
  alone.at(1).isIn = false;
  for (let round = 0; round < 12; round += 1) alone.round();
  assert.is(alone.at(1).pulse, short(OLD));
  const byHand = new Table([OLD, NEW], [4, 5], [false, true]);
  byHand.at(1).isIn = false;
  for (let round = 0; round < 12; round += 1) byHand.round();
  assert.equal(pulses(byHand), [short(OLD), short(NEW)], "a person decides");
});

test("1.9: two that both start agree on the newer text", () => {
  const table = new Table([OLD, NEW], [4, 5], [false, false]);
  for (const side of table.sides) side.isIn = false;
  for (let round = 0; round < 12; round += 1) table.round();
  assert.equal(pulses(table), [short(NEW), short(NEW)]);
});

test("1.9: the same text under two numbers takes the higher one", () => {
  const table = new Table([OLD, OLD], [7, 1], [false, true]);
  table.round();
  assert.equal(
    table.sides.map(({ state }) => state.current.rev),
    [7, 7],
  );
  assert.is(table.did(1, "renumbered"), 1);
  assert.is(table.did(0, "renumbered"), 0);
});

test("1.9: the words survive every truncation and every single wrong byte", () => {
  const table = new Table();
  apply(table, 0, NEW);
  const bytes = encodeRollout(ownRollout(table.at(0).state, []));
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
  const table = new Table();
  apply(table, 0, NEW);
  table.round();
  const { words } = table.at(1);
  const under = words?.underWay;
  assert.ok(words && under);
  const spoiled = { ...under, piece: Uint8Array.from(under.piece, (byte) => byte ^ 1) };
  const see = table.see(1);
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
