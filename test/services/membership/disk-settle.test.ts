/**
 * When a view by the shared disk may be installed that leaves somebody out: he has read it, or is past his round,
 * or owns nothing. Moments drawn by hand, times as in disk-field.ts. Source: protocol.md 1.4-1.6; B5, B8, D1.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isSettled } from "../../../services/membership/majority/disk-rule.ts";
import type { SlotSight, StampState } from "../../../services/quorum/stamp-state.ts";
import {
  bootOf,
  EARLY,
  field,
  member,
  peer,
  rounds,
  saying,
  sight,
  stamp,
  viewOf,
} from "./disk-field.ts";

const without2 = viewOf(6, [0, 1]);
const DROPS = { promise: without2, shown: without2, promiseAtMs: 1000 } as const;
const READ_BACK = saying(without2, 1100, 1110);
const near = peer(1, 2000, 2000);

function settled(
  atMs: number,
  slot: SlotSight,
  more: Partial<StampState> = READ_BACK,
  away = peer(2, 0, 0),
  config = {},
): boolean {
  const now = field(atMs, [near, away], rounds(atMs, [slot], more), config);
  return isSettled(member(0, DROPS), without2, now);
}

test("R69, R76: a living one that may hang has had one disk wait to read its absence", () => {
  const living = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 1090, 2085);
  assert.not(settled(2099, living));
  assert.ok(settled(2100, living), "1000 ms after the answer of the write");
  assert.not(settled(2100, living, {}), "nothing stands on the own slot");
  const other = saying(viewOf(6, [0]), 1100, 1110);
  assert.not(settled(2100, living, other), "another word stands there");
});

test("1.3.4: nor before everything that was granted to it is over", () => {
  const living = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 1090, 2085);
  const heard = peer(2, 1950, 0);
  assert.ok(settled(2100, living, READ_BACK, heard), "heard, but nothing acknowledged for T");
  const longer = { ...heard, grantedMs: 3000 };
  assert.not(settled(3999, living, READ_BACK, longer));
  assert.ok(settled(4000, living, READ_BACK, longer));
});

test("D56, G8: whoever cannot be understood lives", () => {
  const silent = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 60, 2085);
  assert.ok(settled(2100, silent));
  assert.not(settled(2100, silent, READ_BACK, { ...peer(2, 0, 0), presenceAtMs: 1500 }));
});

test("D1: with the early verdict one that was proved silent is out at once, else at J", () => {
  const silent = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 60, 1060);
  assert.not(settled(1999, silent), "J = 2000");
  assert.ok(settled(2000, silent));
  assert.ok(settled(1111, silent, READ_BACK, peer(2, 0, 0), { config: EARLY }));
  assert.not(
    settled(1111, silent, {}, peer(2, 0, 0), { config: EARLY }),
    "it has to stand there first",
  );
});

test("R77: a slot that says off proves it as soon as the own word stands", () => {
  const off = sight(2, stamp(2, 5, 0, { state: "off", stampMs: 60 }), 1060, 1105);
  assert.ok(settled(1111, off));
  assert.not(settled(1111, off, {}));
  const older = sight(2, stamp(2, 5, 0, { state: "off", stampMs: 60 }), 1060, 1105);
  assert.not(settled(1111, older, READ_BACK, peer(2, 70, 0)), "it has spoken after that");
});

test("L3: a later boot proves it, once the own word stands", () => {
  const rebooted = peer(2, 1090, null, { host: bootOf(2, 2), view: null, state: "starting" });
  const living = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 1090, 1105);
  assert.ok(settled(1111, living, READ_BACK, rebooted));
  assert.not(settled(1111, living, {}, rebooted));
});

test("R203: who is outside by his own word needs nothing on the disk, a starter does", () => {
  const living = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 1090, 1105);
  const outside = peer(2, 1090, 700, { state: "detached", view: null });
  assert.ok(settled(1111, living, {}, outside));
  const owning = peer(2, 1090, 700, { state: "detached", view: null, mayOwn: true });
  assert.not(settled(1111, living, {}, owning));
  const starting = peer(2, 1090, 700, { state: "starting", view: null });
  assert.not(settled(1111, living, {}, starting));
  assert.ok(settled(1111, living, READ_BACK, starting));
});

test("1.4: the word outside of one that was never heard in the view may be older than its coming in", () => {
  const living = sight(2, stamp(2, 5, 7, { stampMs: 50 }), 1090, 1105);
  const before = peer(2, 1090, null, { state: "returning", view: null });
  assert.not(settled(1111, living, {}, before));
  assert.not(
    settled(1111, living, READ_BACK, before),
    "it heard nothing since the word was written",
  );
  const later = { ...living, roseAtMs: 1300, readFromMs: 2085 };
  assert.not(settled(2089, later, READ_BACK, before));
  assert.ok(settled(2100, later, READ_BACK, before), "it could read its absence for a disk wait");
  const answers = peer(2, 1105, null, { state: "returning", view: null });
  assert.ok(settled(1111, living, READ_BACK, answers), "outside after the word was written");
});

test("1.4: a newcomer of a view that was only promised counts like one that is dropped", () => {
  // View {0, 1}; server 1 has let server 2 in and died; server 0 never saw that view.
  const alone = viewOf(7, [0]);
  const state = member(0, {
    view: viewOf(5, [0, 1]),
    promise: alone,
    shown: alone,
    promiseAtMs: 1000,
  });
  const off = sight(1, stamp(1, 6, 0, { state: "off", stampMs: 60 }), 1060, 1105);
  const judged = (atMs: number, newcomer: SlotSight, said = saying(alone, 1100, 1110)): boolean => {
    const peers = [peer(1, 0, 0), peer(2, 0, null, { view: null, state: "returning" })];
    return isSettled(state, alone, field(atMs, peers, rounds(atMs, [off, newcomer], said)));
  };
  const running = sight(2, stamp(2, 6, 7, { stampMs: 50 }), 1090, 1105);
  assert.not(judged(1111, running));
  assert.not(judged(2099, { ...running, readFromMs: 2085 }));
  assert.ok(judged(2100, { ...running, readFromMs: 2085 }), "it could read its absence");
  assert.ok(judged(1111, sight(2, stamp(2, 5, 0, { state: "starting" }), 1090, 1105)));
  assert.ok(judged(1111, sight(2, stamp(2, 5, 0, { state: "off" }), 1090, 1105)));
  assert.ok(judged(1111, sight(2, null, 0, 1105)), "it has never written");
  assert.ok(judged(2400, { ...running, readFromMs: 2095 }), "silent for a whole wait");
});

test.run();
