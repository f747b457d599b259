/**
 * What membership does with the words of the shared disk, three servers: who goes, who says why it may not begin,
 * and what a long gap means. Moments drawn by hand, times as in disk-field.ts. Source: protocol.md 1.3.5, 1.5-1.8.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { judge, step } from "../../../services/membership/majority/core.ts";
import {
  judgeAlone,
  leaveByDisk,
  listensFirst,
  obeySlots,
  resolveAlone,
  takenAlongMs,
  wakeOnDisk,
} from "../../../services/membership/majority/disk-turn.ts";
import type { MajorityState } from "../../../services/membership/majority/state.ts";
import type { StampState } from "../../../services/quorum/stamp-state.ts";
import { CONFIG, field, member, peer, rounds, sight, stamp, viewOf } from "./disk-field.ts";

const silent = (index: number): PeerHealth => ({
  ...peer(index, 0, null),
  lanHeardAtMs: null,
  heardOwnStampMs: null,
  beat: null,
});

test("R73: whoever reads that another goes on without it gives up and is switched off, groups or not", () => {
  for (const mayOwn of [true, false]) {
    const word = sight(0, stamp(0, 6, 0b001, { state: "alone" }), 990, 995);
    const now = field(1000, [peer(0, 0, 0), peer(1, 0, 0)], rounds(1000, [word]), { mayOwn });
    const { state, effects } = obeySlots(member(2), now);
    assert.is(state.gaveUp, "excluded");
    const will = effects.find(({ kind }) => kind === "will.execute");
    assert.ok(will?.kind === "will.execute" && will.off);
    assert.match(will.evidence, /the slot of SERVER1 goes on without this server/);
  }
});

test("R73: without such a word, or by a majority, nothing is obeyed", () => {
  const now = field(1000, [peer(0, 0, 0), peer(1, 0, 0)], rounds(1000, []));
  assert.is(obeySlots(member(2), now).state.gaveUp, null);
  const { disk: _, ...majority } = now;
  assert.is(obeySlots(member(2), majority).state.gaveUp, null);
});

test("R70: the verdict of the table is looked for at every tick, and says what was seen", () => {
  const now = field(1000, [peer(1, 0, 0), peer(2, 0, 0)], rounds(1000, [], { stampedAtMs: 0 }));
  const { state, effects } = judge(member(0), now);
  assert.is(state.gaveUp, "disk-faulty");
  const will = effects.find(({ kind }) => kind === "will.execute");
  assert.ok(will?.kind === "will.execute");
  assert.match(will.evidence, /own stamps not in time, SERVER2: unacknowledged 1000 ms/);
});

test("R93, R79: an owner whose lease ends goes before anything else is looked at", () => {
  const late = rounds(1000, [], { wholeFromMs: 51 });
  const peers = [peer(1, 0, 0), peer(2, 0, 0)];
  const over = step(
    member(0),
    { kind: "tick", atMs: 999 },
    field(999, peers, late, { mayOwn: true }),
  );
  assert.is(over.state.gaveUp, "disk-faulty");
  const open = step(
    member(0),
    { kind: "tick", atMs: 998 },
    field(998, peers, late, { mayOwn: true }),
  );
  assert.is(open.state.gaveUp, null, "51 + 948 = 999");
});

const starter = (self: number, more: Partial<MajorityState> = {}): MajorityState =>
  member(self, { server: "starting", view: null, waitUntilMs: 2000, floor: 4, ...more });

test("R74: only the first of the starters asks the slots, and only while somebody is missing", () => {
  const disk = rounds(2500, [sight(1, null, 0, 2490), sight(2, null, 0, 2490)]);
  const asks = (index: number): PeerHealth =>
    peer(index, 2490, null, { state: "starting", view: null });
  const at = (self: number, peers: readonly PeerHealth[]): string | null =>
    judgeAlone(starter(self), field(2500, peers, disk))?.kind ?? null;
  assert.is(at(0, [silent(1), silent(2)]), "claim");
  assert.is(at(0, [asks(1), silent(2)]), "claim");
  assert.is(at(1, [asks(0), silent(2)]), null, "server 0 is first");
  assert.is(at(0, [asks(1), asks(2)]), null, "all are here");
  assert.is(at(0, [peer(1, 2490, null), silent(2)]), null, "a member is heard: join it");
});

test("R75: a start that is refused is said once, with what the slots showed", () => {
  const runs = sight(2, stamp(2, 6, 0b100, { state: "alone" }), 2400, 2490);
  const disk = rounds(2500, [runs, sight(1, null, 0, 2490)]);
  const now = field(2500, [silent(1), silent(2)], disk);
  const judgement = judgeAlone(starter(0), now);
  assert.is(judgement?.kind, "refuse");
  if (judgement === null) return;
  const { state, effects } = resolveAlone(starter(0), judgement, now);
  assert.is(state.refused, "outranked");
  const note = effects.find((one) => one.kind === "note" && one.key === "start.refused-alone");
  assert.match(JSON.stringify(note), /hears 0 of 2 other servers.*slot of SERVER3 alone/);
  assert.equal(resolveAlone(state, judgement, now).effects, []);
});

test("1.8: a force-returned view asks the slots after T, by its first member alone", () => {
  const view = { ...viewOf(9, [0, 1]), absent: [2] };
  const disk: StampState = rounds(1500, [sight(2, stamp(2, 7, 7), 10, 1490)]);
  const kind = (self: number, atMs: number): string | null => {
    const state = member(self, { view, provisional: "founded", floor: 9 });
    const peers = [peer(1 - self, atMs - 10, null), silent(2)];
    return judgeAlone(state, field(atMs, peers, disk))?.kind ?? null;
  };
  assert.is(kind(0, 999), "wait");
  assert.is(kind(0, 1500), "claim");
  assert.is(kind(1, 1500), null);
});

test("1.3.5: an owner that slept is past its lease when its rounds do not carry it either", () => {
  const longer = { ...CONFIG, budget: { ...CONFIG.budget, a3Ms: 948, stampLeaseMs: 1548 } };
  const now = field(2000, [peer(1, 0, 0), peer(2, 0, 0)], rounds(2000, []), {
    mayOwn: true,
    config: longer,
  });
  assert.is(wakeOnDisk(member(0), 947, now), null, "no gap of a lease");
  assert.equal(wakeOnDisk(member(0), 1547, now)?.effects, []);
  assert.is(wakeOnDisk(member(0), 1548, now), null, "as everywhere: it is deposed");
  assert.is(wakeOnDisk(member(0), 1000, { ...now, mayOwn: false }), null);
});

test("1.5, G8: who is alone and slept lets its addresses go until it has heard whether somebody began", () => {
  const sole = member(0, { view: viewOf(5, [0]) });
  const now = field(2000, [silent(1), silent(2)], rounds(2000, []), { mayOwn: true });
  const { state } = wakeOnDisk(sole, 948, now) ?? { state: sole };
  assert.is(state.listenUntilMs, 2200, "two intervals");
  const heard = (atMs: number): number | null =>
    leaveByDisk(state, field(atMs, [silent(1), silent(2)], rounds(atMs, []))).state.listenUntilMs;
  assert.is(heard(2199), 2200);
  assert.is(heard(2200), null);
});

test("1.5: a new process that is told of a sole view by nobody who has heard all along listens first", () => {
  const now = field(2000, [silent(1), silent(2)], rounds(2000, []));
  assert.is(listensFirst(viewOf(5, [0]), true, 0, now), 2200);
  assert.is(listensFirst(viewOf(5, [0]), false, 0, now), null);
  assert.is(listensFirst(viewOf(5, [0, 1]), true, 0, now), null);
});

test("1.3.3: an endless lease ends A3 after the view in which others count", () => {
  const now = field(2000, [], rounds(2000, []));
  assert.is(takenAlongMs(Number.POSITIVE_INFINITY, now), 2948);
  assert.is(takenAlongMs(2100, now), 2100);
  assert.is(takenAlongMs(Number.NEGATIVE_INFINITY, now), Number.NEGATIVE_INFINITY);
});

test.run();
