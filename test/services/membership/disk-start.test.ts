/**
 * Beginning without some of the servers by the shared disk, coming out of a force-return, growing again and
 * staying after all. Moments drawn by hand, times as in disk-field.ts. Source: protocol.md 1.7, 1.8; R74, R75.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { observe, step } from "../../../services/membership/majority/core.ts";
import {
  type DiskField,
  highestInSlots,
  isProvenAlone,
  judgeStartByDisk,
} from "../../../services/membership/majority/disk-rule.ts";
import { holdsLease, leaseEndMs } from "../../../services/membership/majority/lease.ts";
import { agreedView, propose } from "../../../services/membership/majority/propose.ts";
import type { MajorityState } from "../../../services/membership/majority/state.ts";
import type { SlotSight, StampState } from "../../../services/quorum/stamp-state.ts";
import {
  bootOf,
  field,
  LEASE_MS,
  member,
  peer,
  rounds,
  sight,
  stamp,
  viewOf,
} from "./disk-field.ts";

const NEVER = Number.NEGATIVE_INFINITY;
/** Server 0 has waited until 2000 for the others and hears nobody. */
const starter = (self: number, more: Partial<MajorityState> = {}): MajorityState =>
  member(self, { server: "starting", view: null, waitUntilMs: 2000, floor: 4, ...more });

function begins(self: number, atMs: number, slot: SlotSight, claim: StampState["claim"]): string {
  const others = [0, 1, 2].filter((index) => index !== self);
  const peers = others.map((index) => ({
    ...peer(index, 0, null),
    lanHeardAtMs: null,
    beat: null,
  }));
  const rest = others.filter((index) => index !== slot.server);
  const empty = rest.map((index) => sight(index, null, 0, atMs - 10));
  const now = field(atMs, peers, rounds(atMs, [slot, ...empty], { claim }));
  const judgement = judgeStartByDisk(starter(self), [self], atMs - 2000, now);
  return judgement.kind;
}

test("R74, R75, 1.7: a start without some is claimed after the wait, by the top of the fresh slots", () => {
  const none = sight(1, null, 0, 2490);
  assert.is(begins(0, 1999, none, "none"), "wait");
  assert.is(begins(0, 2500, none, "none"), "claim");
  assert.is(begins(0, 2500, none, "won"), "survive");
  const starting = sight(0, stamp(0, 4, 0, { state: "starting" }), 2400, 2490);
  assert.is(begins(2, 2500, starting, "none"), "refuse", "server 1 is better and starts as well");
  const worse = sight(2, stamp(2, 4, 0, { state: "starting" }), 2400, 2490);
  assert.is(begins(0, 2500, worse, "none"), "claim");
  const runs = sight(2, stamp(2, 6, 0b100, { state: "alone" }), 2400, 2490);
  assert.is(begins(0, 2500, runs, "none"), "refuse");
  assert.is(begins(0, 2500, runs, "won"), "withdraw");
});

test("1.7: what the claiming round itself has shown is judged before anything begins", () => {
  const at = (slot: SlotSight): MajorityState["promise"] => {
    const peers = [0, 1].map((index) => ({
      ...peer(index, 0, null),
      lanHeardAtMs: null,
      beat: null,
    }));
    const disk = rounds(2500, [slot, sight(1, null, 0, 2496)], { claim: "won" });
    return propose(starter(2), field(2500, peers, disk)).state.promise;
  };
  assert.equal(at(sight(0, null, 0, 2496))?.members, [2]);
  assert.is(at(sight(0, stamp(0, 4, 0, { state: "alone" }), 2500, 2496)), null);
  assert.is(at(sight(0, stamp(0, 4, 0, { state: "starting" }), 2500, 2496)), null);
});

test("1.7: a promise to begin without some is installed only while the slots still allow it", () => {
  const promise = viewOf(5, [0, 1]);
  const state = starter(0, { promise, promiseAtMs: 2400, accepted: [promise.epoch] });
  const said = { state: "starting", view: null, promise } as const;
  const peers = [
    peer(1, 2490, null, said),
    { ...peer(2, 0, null), lanHeardAtMs: null, beat: null },
  ];
  const at = (slot: SlotSight): unknown =>
    agreedView(state, field(2500, peers, rounds(2500, [slot], { claim: "won" })));
  assert.equal(at(sight(2, null, 0, 2490)), promise);
  assert.is(at(sight(2, stamp(2, 6, 0b100, { state: "alone" }), 2480, 2490)), null);
});

test("1.8: a force-returned view is like any other once the slots prove that nobody else lives", () => {
  const view = { ...viewOf(9, [0]), absent: [1, 2] };
  const state = member(0, { view, provisional: "founded", floor: 9 });
  const peers = [1, 2].map((index) => ({
    ...peer(index, 0, null),
    lanHeardAtMs: null,
    beat: null,
  }));
  const at = (atMs: number, slot: SlotSight, claim: StampState["claim"]): unknown => {
    const disk = rounds(atMs, [slot, sight(1, null, 0, atMs - 10)], { claim });
    return propose(state, field(atMs, peers, disk)).state.promise;
  };
  const dead = sight(2, stamp(2, 7, 7), 10, 1490);
  const lives = sight(2, stamp(2, 7, 7), 1480, 1490);
  assert.equal(at(1500, dead, "won"), viewOf(10, [0]));
  assert.is(at(999, dead, "won"), null, "within T of its beginning");
  assert.is(at(1500, dead, "pending"), null);
  assert.is(at(1500, lives, "won"), null);
  const promised = { ...state, promise: viewOf(10, [0]), shown: viewOf(10, [0]) };
  const now = (slot: SlotSight): DiskField => {
    return field(1500, peers, rounds(1500, [slot, sight(1, null, 0, 1490)], { claim: "won" }));
  };
  assert.equal(agreedView(promised, now(dead)), viewOf(10, [0]));
  assert.is(agreedView(promised, now(lives)), null);
  assert.ok(isProvenAlone(state, [0, 1, 2], field(1500, peers, rounds(1500, [lives]))));
});

test("1.4: a new view is above everything that stands in a slot, the own one of an earlier process too", () => {
  const sights = [sight(1, stamp(1, 8, 7), 10, 20), sight(2, stamp(2, 6, 7), 10, 20)];
  const own = stamp(0, 7, 7);
  assert.is(highestInSlots(field(30, [], rounds(30, sights))), 8);
  const left = { counter: 12, coordinator: 0, host: bootOf(0) };
  assert.is(highestInSlots(field(30, [], rounds(30, sights, { left }))), 12);
  assert.is(highestInSlots(field(30, [], rounds(30, [], { standing: own }))), 7);
});

test("1.3.3: who was alone takes no endless lease along into a view with others", () => {
  const sole = member(0, { view: viewOf(5, [0]), hosts: [null, null, null] });
  const promise = viewOf(6, [0, 1]);
  const grown = { ...sole, promise, shown: promise, promiseAtMs: 880 };
  const said = { state: "returning", view: null, promise } as const;
  const asks = peer(1, 895, null, said);
  const now = field(900, [asks, peer(2, 0, null)], rounds(900, []), { mayOwn: true });
  const { state } = observe(grown, now);
  assert.equal(state.view, promise);
  assert.is(
    leaseEndMs(state, { ...now, disk: rounds(900, [], { wholeFromMs: NEVER }) }),
    900 + LEASE_MS,
  );
});

test("1.4: a leaver that stays after all begins nothing before the next view", () => {
  const wish = {
    kind: "resume",
    view: viewOf(5, [0, 1, 2]),
    ackedStampMs: 0,
    remembered: true,
  } as const;
  const token = { progress: 2, blob: new Uint8Array(0), wish, mayOwn: false };
  const now = field(900, [peer(1, 890, 890), peer(2, 890, 890)], rounds(900, []));
  const event = { kind: "agent.spoke", atMs: 900, token } as const;
  const { state } = step(member(0, { server: "leaving" }), event, now);
  assert.is(state.server, "member");
  assert.not(holdsLease(state, now), "the others may have gone on without it");
});

test.run();
