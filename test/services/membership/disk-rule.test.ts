/**
 * Views of three and more by the shared disk, rule by rule on moments drawn by hand (disk-field.ts has the times:
 * T = DIO = 1000, a lease of 948 ms, J = 2000). Expectations from the guide 1.2.4 B1-B8 and protocol.md 1.4-1.7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type DiskField,
  describeWitness,
  excluder,
  judgeByDisk,
  ownDrop,
  staysByDisk,
  witnessOf,
} from "../../../services/membership/majority/disk-rule.ts";
import {
  holdsLease,
  isLeaseOpen,
  leaseEndMs,
} from "../../../services/membership/majority/lease.ts";
import { adopt, propose } from "../../../services/membership/majority/propose.ts";
import type { MajorityState } from "../../../services/membership/majority/state.ts";
import type { SlotSight, StampState } from "../../../services/quorum/stamp-state.ts";
import {
  bootOf,
  field,
  LEASE_MS,
  member,
  peer,
  rounds,
  saying,
  sight,
  stamp,
  viewOf,
} from "./disk-field.ts";

const NEVER = Number.NEGATIVE_INFINITY;
const without2 = viewOf(6, [0, 1]);

test("R67: a lease is carried by the acknowledgements of all others, the oldest of them", () => {
  const at = (acks: readonly (number | null)[]): DiskField => {
    const peers = acks.map((ms, index) => peer(index + 1, 480, ms));
    return field(500, peers, rounds(500, [], { wholeFromMs: NEVER }));
  };
  assert.is(leaseEndMs(member(0), at([100, 300])), 100 + LEASE_MS);
  assert.is(
    leaseEndMs(member(0), at([null, 300])),
    NEVER,
    "one of two is a majority, and not enough",
  );
});

test("R67, R79: or by a whole round on the disk, from the issue of its write", () => {
  const at = (atMs: number, wholeFromMs: number): DiskField =>
    field(atMs, [peer(1, 0, null), peer(2, 0, null)], rounds(atMs, [], { wholeFromMs }));
  assert.is(leaseEndMs(member(0), at(900, 700)), 700 + LEASE_MS);
  assert.ok(holdsLease(member(0), at(1647, 700)));
  assert.not(holdsLease(member(0), at(1648, 700)));
  assert.not(isLeaseOpen(member(0), at(1648, 700)));
});

test("R67, 1.4.5: a round begun before the view carries nothing in it", () => {
  const at = (wholeFromMs: number): DiskField =>
    field(900, [peer(1, 0, null), peer(2, 0, null)], rounds(900, [], { wholeFromMs }));
  const late = member(0, { baseMs: 800 });
  assert.not(holdsLease(late, at(799)));
  assert.ok(holdsLease(late, at(800)));
});

test("1.3.1: on the word of the disk nothing begins behind the coordinator's text", () => {
  const told = (configHash: string): DiskField => {
    const one = peer(0, 890, null);
    const beat = one.beat === null ? null : { ...one.beat, configHash };
    return field(900, [{ ...one, beat }, peer(2, 0, null)], rounds(900, []));
  };
  const own = told("x").config.hash;
  assert.ok(holdsLease(member(1), told(own)));
  assert.not(holdsLease(member(1), told("ffffffff")));
});

/** What server 2 reads in the slot of server 0, which it hears no more. */
function reads(
  word: ReturnType<typeof stamp> | null,
  more: Partial<MajorityState> = {},
  peers = [peer(0, 100, 0), peer(1, 100, 0)],
): number | null {
  return excluder(member(2, more), field(1500, peers, rounds(1500, [sight(0, word, 1490, 1495)])));
}

test("R73, B5: who reads in a slot that its writer goes on without him is put out", () => {
  assert.is(reads(stamp(0, 6, 0b011)), 0);
  assert.is(reads(stamp(0, 6, 0b001, { state: "alone" })), 0);
  assert.is(reads(null), null);
  assert.is(reads(stamp(0, 6, 0b111)), null, "he is in it");
  assert.is(reads(stamp(0, 5, 0b011)), null, "not above the own view");
  assert.is(reads(stamp(0, 6, 0)), null, "nothing is said about others");
  assert.is(reads(stamp(0, 6, 0b011, { state: "off" })), null);
  assert.is(reads(stamp(0, 6, 0b011, { state: "starting" })), null);
});

test("R73: in a force-returned view nobody is put out by a slot", () => {
  assert.is(reads(stamp(0, 6, 0b011), { provisional: "founded" }), null);
});

test("L3: the word of a boot that is over is void as soon as the next one is heard", () => {
  const old = stamp(0, 6, 0b011, { host: bootOf(0, 9) });
  assert.is(reads(old, {}, [peer(0, 600, 0), peer(1, 100, 0)]), null);
  assert.is(reads(old), 0, "silent: nobody knows which boot is the newer one");
});

test("R73: a server outside the own view and every promise has no say", () => {
  const pair = { view: viewOf(5, [1, 2], 1) };
  assert.is(reads(stamp(0, 6, 0b001), pair), null);
  const promised = { ...pair, promise: viewOf(6, [0, 1, 2], 1) };
  assert.is(reads(stamp(0, 7, 0b011), promised), 0, "a view with the newcomer may be installed");
});

test("R73, 1.4.8: a server that has forgotten its promises heeds every word", () => {
  const forgot = { view: viewOf(5, [1, 2], 1), baseMs: 400, abstainUntilMs: 1453 };
  assert.is(reads(stamp(0, 7, 0b011), forgot), 0);
  const remembered = { ...forgot, abstainUntilMs: NEVER };
  assert.is(reads(stamp(0, 7, 0b011), remembered), null);
});

/** Server 0 drops 2; the slot of 2 drops 0. The own word was read against all slots by `wholeAtMs`. */
function meets(atMs: number, wholeAtMs: number | null): number | null {
  const state = member(0, { promise: without2, shown: without2, promiseAtMs: 900 });
  const more = wholeAtMs === null ? {} : saying(without2, 1000, wholeAtMs);
  const word = sight(2, stamp(2, 6, 0b110), 1010, 1008);
  return excluder(
    state,
    field(atMs, [peer(1, 990, 990), peer(2, 0, 0)], rounds(atMs, [word], more)),
  );
}

test("1.5: of two that put each other out, the one whose word stood first is heeded", () => {
  assert.is(meets(1010, null), 2, "the own word is not written yet, or not read back");
  assert.is(meets(1010, 1010), 2, "the last reading of the announcing round shows it");
  assert.is(meets(1210, 1010), null, "it came later: its writer reads the own word");
});

test("1.5: the own word does not shield from one that it keeps", () => {
  const state = member(0, { promise: without2, shown: without2, promiseAtMs: 900 });
  const word = sight(1, stamp(1, 7, 0b010), 1400, 1398);
  const disk = rounds(1500, [word], saying(without2, 1000, 1010));
  assert.is(excluder(state, field(1500, [peer(1, 500, 500), peer(2, 0, 0)], disk)), 1);
});

test("1.4: the own drop is a proposal of this boot, above the view, that leaves a member out", () => {
  assert.equal(ownDrop(member(0, { promise: without2 })), without2);
  assert.is(ownDrop(member(0, { promise: viewOf(6, [0, 1, 2]) })), null);
  assert.is(ownDrop(member(0, { promise: viewOf(6, [0, 1], 1) })), null, "another's");
  assert.is(ownDrop(member(0, { promise: viewOf(5, [0, 1]) })), null, "not above the view");
  assert.is(ownDrop(member(0, { promise: without2, provisional: "founded" })), null);
  assert.is(ownDrop(member(0)), null);
});

/** Server `self` looks at `atMs`; a peer is heard up to the moment given, null = just now. */
function stays(
  self: number,
  atMs: number,
  heard: readonly (number | null)[],
  more: Partial<MajorityState> = {},
  lives = true,
): readonly number[] | null {
  const others = [0, 1, 2].filter((index) => index !== self);
  const peers = others.map((index, at) =>
    peer(index, heard[at] ?? atMs - 10, heard[at] ?? atMs - 10),
  );
  const sights = others.map((index) => {
    const roseAtMs = lives ? atMs - 100 : 10;
    return sight(
      index,
      stamp(index, 5, 7, { stampMs: lives ? atMs - 110 : 5 }),
      roseAtMs,
      atMs - 10,
    );
  });
  return staysByDisk(member(self, more), field(atMs, peers, rounds(atMs, sights)));
}

test("B5, D6: the best of the living draws the view of those that it reaches", () => {
  assert.equal(stays(0, 1000, [null, 0]), [0, 1]);
  assert.equal(stays(0, 1000, [0, 0]), [0]);
  assert.is(stays(0, 999, [null, 0]), null, "silent for less than T");
  assert.is(stays(1, 1000, [0, null]), null, "server 0 lives and is better");
  assert.equal(stays(1, 1020, [0, null], {}, false), [1, 2], "server 0 is proved silent");
  assert.is(stays(0, 1500, [null, null]), null, "everybody is there");
});

test("B4: who does not stamp in time puts nobody out", () => {
  const peers = [peer(1, 990, 990), peer(2, 0, 0)];
  const word = sight(2, stamp(2, 5, 7, { stampMs: 900 }), 950, 990);
  const at = (more: Partial<StampState>): readonly number[] | null =>
    staysByDisk(member(0), field(1000, peers, rounds(1000, [word], more)));
  assert.equal(at({}), [0, 1]);
  assert.is(at({ stampedAtMs: 52 }), null);
  assert.is(at({ wholeFromMs: 52 }), null);
  assert.is(at({ lastGoodAtMs: 0 }), null);
});

test("1.4: what was written on the own slot stands, although the LAN has healed", () => {
  assert.equal(stays(0, 1500, [null, null], { promise: without2, shown: without2 }), [0, 1]);
  assert.equal(stays(0, 1500, [0, null], { promise: without2, shown: without2 }), [0]);
});

const judged = (self: number, atMs: number, mayOwn: boolean, disk: StampState): string => {
  const others = [0, 1, 2].filter((index) => index !== self);
  const peers = others.map((index) => peer(index, 0, 0));
  const judgement = judgeByDisk(member(self), field(atMs, peers, disk, { mayOwn }));
  return judgement.kind === "stop" ? judgement.reason : judgement.kind;
};

test("R70, B4, B6: without own stamps in time an owner goes at A3, any other at T", () => {
  const late = rounds(940, [], { stampedAtMs: NEVER });
  assert.is(judged(0, 947, true, late), "wait");
  assert.is(judged(0, 948, true, late), "disk-faulty");
  assert.is(judged(0, 999, false, late), "wait");
  assert.is(judged(0, 1000, false, late), "disk-faulty");
});

test("R73, B5: who does not reach a living better one goes at J, an owner M before", () => {
  const at = (atMs: number, mayOwn: boolean): string => {
    const better = sight(0, stamp(0, 5, 7, { stampMs: atMs - 100 }), atMs - 90, atMs - 10);
    return judged(1, atMs, mayOwn, rounds(atMs, [better]));
  };
  assert.is(at(1947, true), "wait");
  assert.is(at(1948, true), "outranked");
  assert.is(at(1999, false), "wait");
  assert.is(at(2000, false), "outranked");
});

test("R78: of the others' slots a witness says alive, silent or gone, and whether their path works", () => {
  const peers = [peer(1, 0, 0), peer(2, 0, 0)];
  const sights = [
    sight(1, stamp(1, 5, 7, { stampMs: 400 }), 500, 1400),
    sight(2, stamp(2, 5, 7, { stampMs: 300 }), 400, 1400),
  ];
  const now = field(1450, peers, rounds(1450, sights));
  const [one, two] = witnessOf(member(0), now).members;
  assert.is(one?.life, "alive");
  assert.is(one?.stamps, true);
  assert.is(two?.life, "silent");
  assert.is(two?.stamps, false);
  assert.match(describeWitness(member(0), now), /own stamps in time, .*slot alive.*slot silent/);
});

test("L3: a later boot in a slot proves nothing of a member that was never heard in the view", () => {
  const word = stamp(2, 5, 7, { host: bootOf(2, 2), stampMs: 1300 });
  const slot = { ...sight(2, word, 1350, 1400), formerHost: bootOf(2) };
  const lifeBy = (hosts: MajorityState["hosts"], one: SlotSight): string | undefined => {
    const now = field(1450, [peer(1, 1440, 1440), peer(2, 0, null)], rounds(1450, [one]));
    return witnessOf(member(0, { hosts }), now).members[1]?.life;
  };
  assert.is(lifeBy([null, bootOf(1), bootOf(2)], slot), "gone", "the boot before was in the view");
  assert.is(lifeBy([null, bootOf(1), null], slot), "alive", "the later boot may be in the view");
  const unseen = { ...slot, formerHost: null };
  assert.is(lifeBy([null, bootOf(1), null], unseen), "alive", "its stamps rise");
  assert.is(lifeBy([null, bootOf(1), null], { ...slot, roseAtMs: 300 }), "silent");
});

test("1.4: who puts a server out promises no view of that server's, others' it does", () => {
  const drops = { promise: without2, shown: without2, promiseAtMs: 1000 };
  const offered = (from: number): unknown => {
    const said = { promise: viewOf(9, [0, 1, 2], from) };
    const peers = [1, 2].map((index) => peer(index, 1490, 1490, index === from ? said : {}));
    return adopt(member(0, drops), field(1500, peers, rounds(1500, []))).state.promise?.epoch
      .counter;
  };
  assert.is(offered(1), 9);
  assert.is(offered(2), 6);
});

test("R76: a drop is not proposed anew before the one that it leaves out could read it", () => {
  const drops = { promise: without2, shown: without2, promiseAtMs: 1000 };
  const at = (atMs: number): unknown => {
    const peers = [peer(1, atMs - 10, atMs - 10), peer(2, 0, 0)];
    return propose(member(0, drops), field(atMs, peers, rounds(atMs, []))).state.promise?.epoch
      .counter;
  };
  assert.is(at(5999), 6, "2 J + T = 5000 ms");
  assert.is(at(6000), 7);
});

test.run();
