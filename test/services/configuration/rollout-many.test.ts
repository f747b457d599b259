/**
 * Three to five servers hand each other a configuration text: the slowest decides the piece, all members have to
 * be ready, of several offers one stands. The pulses are played by a few lines, as for two in rollout.test.ts.
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
  PeerSight,
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
  /** By server: what was heard last. */
  heard: (RolloutWords | null)[];
  holds: string | null;
  pulse: string;
  isIn: boolean;
  fit: boolean;
  effects: RolloutEffect[];
}

class Crowd {
  readonly sides: Side[];
  nowMs = 0;
  epoch = 5;
  hasTrouble = false;
  readonly coordinator: number;

  constructor(count: number, coordinator = 0) {
    this.coordinator = coordinator;
    this.sides = Array.from({ length: count }, (): Side => {
      const state = createRollout(1, false, OLD);
      const pulse = state.current.hash.slice(0, 8);
      const heard = Array.from({ length: count }, () => null);
      return { state, heard, holds: null, pulse, isIn: true, fit: true, effects: [] };
    });
  }

  at(self: number): Side {
    const side = this.sides[self];
    if (side === undefined) throw new Error(`no server ${self}`);
    return side;
  }

  see(self: number): Sight {
    const side = this.at(self);
    const peers = this.sides.flatMap((other, index): PeerSight[] => {
      const isIn = side.isIn && other.isIn;
      return index === self ? [] : [{ index, isIn, words: side.heard[index] ?? null }];
    });
    return {
      atMs: this.nowMs,
      self,
      isIn: side.isIn,
      coordinator: side.isIn ? this.coordinator : null,
      epoch: side.isIn ? this.epoch : null,
      peers,
      hasTrouble: this.hasTrouble,
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

  apply(self: number, bytes: Buffer): void {
    this.tell(self, { kind: "apply", bytes, hash: hashOf(bytes) });
  }

  /** One exchange of beats; those of `lost` reach nobody, `deaf` hear nobody. */
  round(lost: readonly number[] = [], deaf: readonly number[] = []): void {
    this.nowMs += 100;
    const words = this.sides.map(({ state }, self) =>
      decodeRollout(encodeRollout(ownRollout(state, this.see(self).peers))),
    );
    for (const [self, side] of this.sides.entries()) {
      if (deaf.includes(self)) continue;
      side.heard = side.heard.map((old, from) =>
        from === self || lost.includes(from) ? old : (words[from] ?? null),
      );
    }
    for (const self of this.sides.keys()) this.tell(self, { kind: "seen" });
  }

  until(isDone: () => boolean, lost: (round: number) => readonly number[] = () => []): number {
    let rounds = 0;
    for (; !isDone() && rounds < 200; rounds += 1) this.round(lost(rounds));
    return rounds;
  }

  did(self: number, kind: RolloutEffect["kind"]): number {
    return this.at(self).effects.filter((effect) => effect.kind === kind).length;
  }

  /** Hashes in force in the pulses. */
  get inForce(): readonly string[] {
    return this.sides.map(({ pulse }) => pulse);
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
    if (!side.isIn) return;
    this.epoch += 1;
    for (const other of this.sides) {
      if (other.isIn && other.holds === effect.hash) other.pulse = effect.hash;
    }
  }
}

const short = (bytes: Buffer): string => hashOf(bytes).slice(0, 8);
const everywhere = (crowd: Crowd, bytes: Buffer): boolean =>
  crowd.inForce.every((hash) => hash === short(bytes));

test("1.9: from any of five servers the text reaches all; the coordinator installs when all hold it", () => {
  for (const author of [0, 2, 4]) {
    const crowd = new Crowd(5, 2);
    crowd.apply(author, NEW);
    const first = (): boolean => crowd.inForce.includes(short(NEW));
    crowd.until(first);
    assert.equal(
      crowd.sides.map(({ holds }) => holds !== null),
      Array(5).fill(true),
    );
    assert.ok(everywhere(crowd, NEW));
    assert.equal(
      crowd.sides.map((_, index) => crowd.did(index, "install") > 0),
      [false, false, true, false, false],
    );
    crowd.until(() => crowd.sides.every(({ state }) => state.installed));
    for (const self of [0, 1, 2, 3, 4]) {
      const done = crowd.at(self).effects.find(({ kind }) => kind === "installed");
      assert.equal(done?.kind === "installed" ? Buffer.from(done.bytes) : null, NEW);
    }
  }
});

test("1.9: lost beats of single servers cost time only", () => {
  const crowd = new Crowd(4);
  crowd.apply(1, NEW);
  const rounds = crowd.until(
    () => everywhere(crowd, NEW),
    (round) => [round % 4, (round + 1) % 4],
  );
  assert.ok(everywhere(crowd, NEW), `after ${rounds} rounds`);
});

test("1.9: one member that hears nothing keeps the old text everywhere, and the others wait for it", () => {
  const crowd = new Crowd(3);
  crowd.apply(0, NEW);
  for (let round = 0; round < 20; round += 1) crowd.round([2], [2]);
  assert.equal(crowd.inForce, Array(3).fill(short(OLD)));
  assert.is(crowd.did(0, "install"), 0);
  crowd.until(() => everywhere(crowd, NEW));
  assert.ok(everywhere(crowd, NEW), "once it hears again");
});

test("1.9: one member that refuses it withdraws it from all", () => {
  const crowd = new Crowd(4);
  crowd.at(3).fit = false;
  crowd.apply(1, NEW);
  crowd.until(() => crowd.sides.every(({ state }) => state.draft === null) && crowd.nowMs > 1000);
  assert.equal(crowd.inForce, Array(4).fill(short(OLD)));
  const dropped = crowd.at(1).effects.find(({ kind }) => kind === "dropped");
  assert.ok(dropped?.kind === "dropped" && dropped.isOwn && dropped.reason === "refused");
  assert.equal(
    crowd.sides.map(({ holds }) => holds),
    Array(4).fill(null),
  );
});

test("1.9: a cut on the way withdraws it; the takers drop it when the offer is gone", () => {
  const crowd = new Crowd(3);
  crowd.apply(0, NEW);
  for (let round = 0; round < 3; round += 1) crowd.round();
  crowd.hasTrouble = true;
  for (let round = 0; round < 5; round += 1) crowd.round();
  assert.equal(
    crowd.sides.map(({ state }) => state.draft),
    [null, null, null],
  );
  assert.equal(crowd.inForce, Array(3).fill(short(OLD)));
});

test("of two offers at once the coordinator's stands, without it that of the better priority", () => {
  for (const [authors, coordinator, stands] of [
    [[1, 2], 2, 2],
    [[1, 2], 0, 1],
    [[0, 2], 1, 0],
    [[0, 1], 1, 1],
  ] as const) {
    const crowd = new Crowd(4, coordinator);
    const texts = new Map([
      [authors[0], NEW],
      [authors[1], OTHER],
    ]);
    for (const [author, bytes] of texts) crowd.apply(author, bytes);
    const wanted = texts.get(stands as never) ?? OLD;
    crowd.until(() => everywhere(crowd, wanted));
    assert.ok(everywhere(crowd, wanted), `${authors} with coordinator ${coordinator}`);
    const other = authors.find((author) => author !== stands) ?? 0;
    const lost = crowd.at(other).effects.find(({ kind }) => kind === "dropped");
    assert.ok(lost?.kind === "dropped" && lost.reason === "outvoted");
  }
});

test("a third server's order waits while a text is on its way", () => {
  const crowd = new Crowd(3);
  crowd.apply(1, NEW);
  crowd.round();
  assert.is(applyTrouble(crowd.at(2).state, crowd.see(2)), "conflict");
});

test("who was away is handed the text in force by the coordinator, and by nobody else", () => {
  const crowd = new Crowd(4, 1);
  crowd.at(3).isIn = false;
  crowd.apply(1, NEW);
  // While it is offered it reaches the server outside as well, but is in force there only afterwards.
  for (let round = 0; round < 3; round += 1) crowd.round([], [3]);
  crowd.until(() => [0, 1, 2].every((index) => crowd.at(index).state.installed));
  for (const index of [0, 1, 2]) {
    crowd.at(index).state = createRollout(2, false, NEW);
    crowd.at(index).holds = null;
  }
  crowd.until(() => crowd.at(3).pulse === short(NEW));
  assert.is(crowd.at(3).pulse, short(NEW));
  for (const index of [0, 2]) assert.is(crowd.at(index).state.draft, null, `SERVER${index + 1}`);
  crowd.at(3).state = createRollout(2, false, NEW);
  crowd.round();
  crowd.round();
  assert.is(crowd.at(1).state.draft, null, "and the offer ends");
});

test("a server outside that refuses is not asked again, the other one outside is", () => {
  const crowd = new Crowd(4);
  for (const index of [2, 3]) crowd.at(index).isIn = false;
  crowd.at(2).fit = false;
  for (const index of [0, 1]) {
    crowd.at(index).state = createRollout(2, false, NEW);
    crowd.at(index).pulse = short(NEW);
  }
  crowd.until(() => crowd.at(3).pulse === short(NEW));
  assert.is(crowd.at(3).pulse, short(NEW));
  assert.is(crowd.at(2).pulse, short(OLD));
  crowd.at(3).state = createRollout(2, false, NEW);
  for (let round = 0; round < 5; round += 1) crowd.round();
  assert.is(crowd.at(0).state.draft, null);
  assert.is(crowd.at(0).state.refusedBy.length, 1);
});

test.run();
