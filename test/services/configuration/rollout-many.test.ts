/**
 * Three to five servers hand each other a configuration text: the slowest decides the piece, all members have to
 * be ready, of several offers one stands. Two servers: rollout.test.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { applyTrouble, createRollout } from "../../../services/configuration/rollout.ts";
import { alike, NEW, OLD, OTHER, short, TextServers } from "./text-servers.ts";

const crowdOf = (count: number, coordinator = 0): TextServers =>
  new TextServers(alike(count), coordinator);
const everywhere = (crowd: TextServers, bytes: Buffer): boolean =>
  crowd.inForce.every((hash) => hash === short(bytes));

test("1.9: from any of five servers the text reaches all; the coordinator installs when all hold it", () => {
  for (const author of [0, 2, 4]) {
    const crowd = crowdOf(5, 2);
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
  const crowd = crowdOf(4);
  crowd.apply(1, NEW);
  const rounds = crowd.until(
    () => everywhere(crowd, NEW),
    (round) => [round % 4, (round + 1) % 4],
  );
  assert.ok(everywhere(crowd, NEW), `after ${rounds} rounds`);
});

test("1.9: one member that hears nothing keeps the old text everywhere, and the others wait for it", () => {
  const crowd = crowdOf(3);
  crowd.apply(0, NEW);
  for (let round = 0; round < 20; round += 1) crowd.round([2], [2]);
  assert.equal(crowd.inForce, Array(3).fill(short(OLD)));
  assert.is(crowd.did(0, "install"), 0);
  crowd.until(() => everywhere(crowd, NEW));
  assert.ok(everywhere(crowd, NEW), "once it hears again");
});

test("1.9: one member that refuses it withdraws it from all", () => {
  const crowd = crowdOf(4);
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
  const crowd = crowdOf(3);
  crowd.apply(0, NEW);
  crowd.rounds(3);
  crowd.hasTrouble = true;
  crowd.rounds(5);
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
    const crowd = crowdOf(4, coordinator);
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
  const crowd = crowdOf(3);
  crowd.apply(1, NEW);
  crowd.round();
  assert.is(applyTrouble(crowd.at(2).state, crowd.see(2)), "conflict");
});

test("who was away is handed the text in force by the coordinator, and by nobody else", () => {
  const crowd = crowdOf(4, 1);
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
  const crowd = crowdOf(4);
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
  crowd.rounds(5);
  assert.is(crowd.at(0).state.draft, null);
  assert.is(crowd.at(0).state.refusedBy.length, 1);
});

test("1.9: two of four bring the same text at one moment, and the others get it from either", () => {
  const crowd = crowdOf(4);
  crowd.apply(0, NEW);
  crowd.apply(3, NEW);
  assert.ok(crowd.until(() => crowd.sides.every(({ state }) => state.installed)) < 30);
  assert.equal(
    crowd.inForce,
    crowd.sides.map(() => short(NEW)),
  );
});

test("L6: who refused for a cause that is over is asked again after a while, and may come in", () => {
  const crowd = crowdOf(3);
  crowd.at(2).isIn = false;
  crowd.at(2).fit = false;
  for (const index of [0, 1]) {
    crowd.at(index).state = createRollout(2, false, NEW);
    crowd.at(index).pulse = short(NEW);
  }
  crowd.rounds(30);
  assert.is(crowd.at(0).state.draft, null, "it has refused and is left alone");
  // Its state folder was full and is not any more.
  crowd.at(2).fit = true;
  crowd.rounds(100);
  assert.is(crowd.at(2).pulse, short(OLD), "not at once: T is ten rounds here");
  assert.ok(crowd.until(() => crowd.at(2).pulse === short(NEW)) < 150);
});

test.run();
