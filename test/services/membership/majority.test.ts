/**
 * The rules of membership by majority one by one, each on a state written by hand. Whole clusters are played
 * in test/firmware/pulse/majority.test.ts and test/sim. T = 1000 ms, so P = G = 25, M = 51 and A3 = 949 ms
 * (protocol.md 1.2, budget.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ServerState, View } from "../../../hal/base/view.ts";
import type { PulseEvent, Wish } from "../../../services/events.ts";
import { grants } from "../../../services/heartbeat/compose.ts";
import { createHeartbeat } from "../../../services/heartbeat/core.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { judge, observe, step } from "../../../services/membership/majority/core.ts";
import { holdsLease, leaseEndMs } from "../../../services/membership/majority/lease.ts";
import { adopt, agreedView, shownPromise } from "../../../services/membership/majority/propose.ts";
import { isLost } from "../../../services/membership/majority/sight.ts";
import {
  createMajority,
  type Field,
  type MajorityState,
} from "../../../services/membership/majority/state.ts";
import {
  countIn,
  mayLeave,
  quorumOf,
  survivableLosses,
} from "../../../services/membership/majority/votes.ts";
import { majorityConfig } from "../../sim/majority-world.ts";
import { lanBeat } from "../heartbeat/sealer-fixture.ts";

const A3_MS = 949;
const hostOf = (index: number): ReturnType<typeof hostIncarnation> =>
  hostIncarnation(`${index + 1}`.padStart(16, "0"));

function viewOf(counter: number, members: readonly number[], coordinator = 0): View {
  return { epoch: { counter, coordinator, host: hostOf(coordinator) }, members };
}

const everybody = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A member of epoch 5 since 0 ms that has heard nobody yet. */
function member(count: number, self: number, more: Partial<MajorityState> = {}): MajorityState {
  const state = createMajority(self, hostOf(self), count, 0);
  const view = viewOf(5, everybody(count));
  const hosts = everybody(count).map((index) => (index === self ? null : hostOf(index)));
  return { ...state, server: "member", view, floor: 5, hosts, ...more };
}

interface Said {
  readonly state?: ServerState;
  readonly view?: View | null;
  readonly promise?: View | null;
  readonly lapsed?: boolean;
}

/** A peer heard at `heardAtMs` that has acknowledged our beat of `ackedMs` in epoch 5. */
function peer(
  count: number,
  index: number,
  to: number,
  heardAtMs: number,
  ackedMs: number | null,
  said: Said = {},
): PeerHealth {
  const blank = createHeartbeat(to, majorityConfig(count, 1000), 0).peers[index];
  if (blank === undefined) throw new Error(`no server ${index}`);
  const epoch = viewOf(5, []).epoch;
  const beat = lanBeat(index, to, {
    host: hostOf(index),
    stampMs: heardAtMs,
    heardStampMs: heardAtMs,
    view: viewOf(5, everybody(count)),
    hears: 0xffff,
    hearsLanBits: 1,
    configHash: "00000000",
    lapsed: false,
    ...said,
  });
  const acked = ackedMs === null ? null : { epoch, stampMs: ackedMs };
  const heard = { lanHeardAtMs: heardAtMs, heardOwnStampMs: heardAtMs };
  return { ...blank, host: hostOf(index), beat, acked, ...heard };
}

function field(count: number, atMs: number, peers: readonly PeerHealth[], mayOwn = false): Field {
  return { peers, mayOwn, atMs, config: majorityConfig(count, 1000) };
}

const tick = (atMs: number): PulseEvent => ({ kind: "tick", atMs });

const spoken = (atMs: number, wish: Wish, holds: View | null = null): PulseEvent => ({
  kind: "agent.spoke",
  atMs,
  token: { progress: 1, blob: new Uint8Array(0), wish, mayOwn: false, holds },
});

const resume = (ackedStampMs: number, remembered: boolean): Wish => ({
  kind: "resume",
  view: viewOf(5, everybody(3)),
  ackedStampMs,
  remembered,
});

test("D2: more than half: 2 of 2 and 3, 3 of 4 and 5, 9 of 16", () => {
  assert.equal([1, 2, 3, 4, 5, 6, 16].map(quorumOf), [1, 2, 2, 3, 3, 4, 9]);
});

test("D15: planned leaves are not counted, losses are; what the rest survives", () => {
  assert.is(countIn({ ...viewOf(5, [0, 1, 2]), absent: [3, 4] }, 5), 3);
  assert.is(countIn(viewOf(5, [0, 1, 2]), 5), 5);
  assert.is(survivableLosses(viewOf(5, everybody(5)), 5), 2);
  assert.is(survivableLosses(viewOf(5, [0, 1, 2]), 5), 0);
  assert.is(survivableLosses({ ...viewOf(5, [0, 1, 2]), absent: [3, 4] }, 5), 1);
  assert.is(mayLeave(viewOf(5, [0, 1, 2]), 2, 3), true);
  assert.is(mayLeave(viewOf(5, [0, 1]), 1, 3), false, "one of three decides nothing");
});

test("protocol 1.3.2 L7: the lease is carried by the (q-1)-th freshest acknowledgement", () => {
  const acks = (count: number, stamps: readonly (number | null)[]): Field =>
    field(
      count,
      500,
      stamps.map((ms, at) => peer(count, at + 1, 0, 490, ms)),
    );
  assert.is(leaseEndMs(member(3, 0), acks(3, [100, 300])), 300 + A3_MS);
  assert.is(leaseEndMs(member(4, 0), acks(4, [100, 200, 300])), 200 + A3_MS);
  assert.is(leaseEndMs(member(5, 0), acks(5, [100, 200, 300, null])), 200 + A3_MS);
  assert.is(leaseEndMs(member(5, 0), acks(5, [100, null, null, null])), Number.NEGATIVE_INFINITY);
});

test("protocol 1.3.3: an owner gives up at A3, not a millisecond earlier, not at T", () => {
  const peers = [peer(3, 1, 0, 10, 0), peer(3, 2, 0, 10, 0)];
  const before = step(member(3, 0), tick(A3_MS - 1), field(3, A3_MS - 1, peers, true));
  assert.is(before.state.gaveUp, null);
  const after = step(member(3, 0), tick(A3_MS), field(3, A3_MS, peers, true));
  assert.is(after.state.gaveUp, "partition");
});

test("protocol 1.3.3: one without groups has until T, and its lease does not come back by itself", () => {
  const silent = [peer(3, 1, 0, 10, 0), peer(3, 2, 0, 10, 0)];
  const over = step(member(3, 0), tick(A3_MS), field(3, A3_MS, silent)).state;
  assert.is(over.lapsed, true);
  assert.is(judge(over, field(3, 999, silent)).state.gaveUp, null);
  assert.is(judge(over, field(3, 1000, silent)).state.gaveUp, "partition");
  const heard = field(3, 980, [peer(3, 1, 0, 979, 970), peer(3, 2, 0, 979, 970)]);
  assert.is(holdsLease(member(3, 0), heard), true);
  assert.is(holdsLease(over, heard), false);
});

test("protocol 1.4.1: a member whose lease is over gets a new view of the same members", () => {
  const peers = [peer(3, 1, 0, 979, 970), peer(3, 2, 0, 979, 970, { lapsed: true })];
  const { state } = observe(member(3, 0), field(3, 980, peers));
  assert.equal(state.promise, viewOf(6, [0, 1, 2]));
});

test("protocol 1.4.3: a newer view carries the old lease on, no further", () => {
  const shown = { view: viewOf(6, everybody(3), 1) };
  const peers = [peer(3, 1, 0, 899, 0, shown), peer(3, 2, 0, 10, 0)];
  const at = field(3, 900, peers, true);
  const { state } = observe(member(3, 0), at);
  assert.is(state.view?.epoch.counter, 6);
  assert.is(leaseEndMs(state, at), A3_MS);
  assert.is(
    holdsLease(state, at),
    false,
    "nothing starts before the new view's own acknowledgements",
  );
  assert.is(step(state, tick(A3_MS), field(3, A3_MS, peers, true)).state.gaveUp, "partition");
});

test("protocol 1.3.1: whoever has promised a view without a server acknowledges it no more", () => {
  const to = peer(3, 2, 0, 979, 970);
  assert.is(grants(member(3, 0), to, 980, "00000000"), true);
  const promised = member(3, 0, { promise: viewOf(6, [0, 1]) });
  assert.is(grants(promised, to, 980, "00000000"), false);
});

test("protocol 1.4.2: nobody promises to drop a server that he has not lost himself", () => {
  const offered = { promise: viewOf(6, [0, 1]) };
  const offer = (heardAtMs: number): View | null => {
    const peers = [peer(3, 0, 1, 1979, 1970, offered), peer(3, 2, 1, heardAtMs, 970)];
    return adopt(member(3, 1), field(3, 1980, peers)).state.promise;
  };
  assert.is(offer(981), null, "heard 999 ms ago");
  assert.equal(offer(980), offered.promise, "silent for T");
});

test("protocol L10: a longer grant given before counts for the loss", () => {
  const granted = { ...peer(3, 2, 1, 980, 970), grantedMs: 1500 };
  assert.is(isLost(member(3, 1), granted, field(3, 2000, [granted])), false);
  assert.is(isLost(member(3, 1), granted, field(3, 2480, [granted])), true);
});

test("D56: frames that cannot be read are presence, and presence is not silence", () => {
  const quiet = peer(3, 2, 1, 100, 90);
  const present = { ...quiet, presenceAtMs: 1500 };
  assert.is(isLost(member(3, 1), quiet, field(3, 2000, [quiet])), true);
  assert.is(isLost(member(3, 1), present, field(3, 2000, [present])), false);
});

test("protocol 1.3.4 L14: silence counts from when this process listens", () => {
  const quiet = { ...peer(3, 2, 1, 100, 90), lanHeardAtMs: null };
  const woken = member(3, 1, { listensFromMs: 5000 });
  assert.is(isLost(woken, quiet, field(3, 5999, [quiet])), false);
  assert.is(isLost(woken, quiet, field(3, 6000, [quiet])), true);
});

/** Five configured; server 2 is lost, 3 asks to come in; all of the proposal show that they agree. */
function agreeing(view: View, promise: View, held: boolean): View | null {
  const words = new Map<number, Said>([
    [1, { view, promise }],
    [2, { view }],
    [3, { view: null, promise, state: "returning" }],
    [4, { view: null, state: "detached" }],
  ]);
  const peers = [...words].map(([index, said]) =>
    peer(5, index, 0, index === 2 ? 100 : 1979, 970, said),
  );
  const state = member(5, 0, { view, promise, shown: held ? promise : null });
  return agreedView(state, field(5, 1980, peers));
}

test("protocol L8: newcomers have no vote, two members of five install nothing", () => {
  assert.is(agreeing(viewOf(5, [0, 1, 2]), viewOf(6, [0, 1, 3]), true), null);
});

test("protocol 1.4.3, 1.4.8: a majority of members installs, once the own agent holds the promise", () => {
  const planned = { ...viewOf(5, [0, 1, 2]), absent: [3, 4] };
  const promise = { ...viewOf(6, [0, 1]), absent: [3, 4] };
  assert.equal(agreeing(planned, promise, true), promise, "2 of 3 counted");
  assert.is(agreeing(planned, promise, false), null, "not held");
});

test("protocol 1.4.8: a member shows a promise only once its agent holds it", () => {
  const promise = viewOf(6, [0, 1]);
  const state = member(3, 1, { promise });
  assert.is(shownPromise(state), null);
  const other = step(state, spoken(500, resume(0, true), viewOf(7, [0, 1])), field(3, 500, []));
  assert.is(shownPromise(other.state), null, "another promise");
  const held = step(state, spoken(500, resume(0, true), promise), field(3, 500, []));
  assert.equal(shownPromise(held.state), promise);
});

test("protocol 1.4.8 L9: amnesia of both abstains for T(1+2rho)+M; an agent's memory does not", () => {
  const taught = (remembered: boolean): MajorityState => {
    const blank = createMajority(1, hostOf(1), 3, 0);
    const { state } = step(blank, spoken(1000, resume(900, remembered)), field(3, 1000, []));
    return { ...state, hosts: member(3, 1).hosts };
  };
  const to = peer(3, 0, 1, 1990, 1980);
  assert.is(grants(taught(false), to, 2051, "00000000"), false);
  assert.is(grants(taught(false), to, 2052, "00000000"), true, "1000 + 1001 + 51");
  assert.is(grants(taught(true), to, 1001, "00000000"), true);
});

test("protocol 1.4.4: an installed view below the own promise is followed, and the promise still binds", () => {
  const shown = { view: viewOf(6, everybody(3), 1) };
  const peers = [peer(3, 1, 0, 979, 970, shown), peer(3, 2, 0, 979, 970, shown)];
  const bound = member(3, 0, { promise: viewOf(7, [0, 2], 2) });
  const { state } = observe(bound, field(3, 980, peers));
  assert.is(state.view?.epoch.counter, 6);
  assert.equal(state.promise, viewOf(7, [0, 2], 2));
  assert.is(peers[0] !== undefined && grants(state, peers[0], 980, "00000000"), false);
  assert.is(peers[1] !== undefined && grants(state, peers[1], 980, "00000000"), true);
});

test("protocol 1.4.4: a newer view without this server ends an owner and sets another one outside", () => {
  const peers = [peer(3, 1, 0, 979, 970, { view: viewOf(6, [1, 2], 1) })];
  const owner = observe(member(3, 0), field(3, 980, peers, true));
  assert.is(owner.state.gaveUp, "excluded");
  assert.ok(owner.effects.some(({ kind }) => kind === "will.execute"));
  const idle = observe(member(3, 0), field(3, 980, peers));
  assert.is(idle.state.server, "detached");
  assert.not.ok(idle.effects.some(({ kind }) => kind === "will.execute"));
});

test("protocol 1.4.1: a promise that nobody installs for T is taken up by a higher one", () => {
  const orphan = viewOf(6, everybody(3), 2);
  const at = (atMs: number): Field =>
    field(3, atMs, [peer(3, 1, 0, atMs - 1, atMs - 9), peer(3, 2, 0, atMs - 1, atMs - 9)]);
  const stuck = member(3, 0, { promise: orphan, stuckSinceMs: 1000 });
  assert.equal(observe(stuck, at(1999)).state.promise, orphan);
  assert.equal(observe(stuck, at(2000)).state.promise, viewOf(7, everybody(3)));
});

test("protocol 1.7: after the wait a majority of starting servers proposes, a minority does not", () => {
  const proposal = (others: readonly number[], atMs: number): View | null => {
    const words = { state: "starting" as const, view: null };
    const peers = [1, 2, 3, 4].map((index) => {
      const heard = peer(5, index, 0, atMs - 1, null, words);
      return others.includes(index) ? heard : { ...heard, beat: null, lanHeardAtMs: null };
    });
    const state = { ...createMajority(0, hostOf(0), 5, 0), server: "starting" as const };
    return observe({ ...state, waitUntilMs: 3000 }, field(5, atMs, peers)).state.promise;
  };
  assert.is(proposal([1, 2], 2999), null, "the wait lasts");
  assert.equal(proposal([1, 2], 3000), viewOf(1, [0, 1, 2]));
  assert.is(proposal([1], 3000), null, "two of five");
  assert.equal(proposal([1, 2, 3, 4], 10), viewOf(1, everybody(5)), "all are there");
});

test("protocol 1.7: who has agreed to two crossing proposals comes into the one that is installed", () => {
  const first = viewOf(1, everybody(3), 1);
  const second = viewOf(2, everybody(3), 0);
  const starting = { state: "starting" as const, view: null };
  const blank = { ...createMajority(2, hostOf(2), 3, 0), server: "starting" as const };
  const heard = (one: Said, other: Said): Field =>
    field(3, 50, [peer(3, 0, 2, 49, null, other), peer(3, 1, 2, 49, null, one)]);
  const agreed = adopt(blank, heard({ ...starting, promise: first }, starting)).state;
  const raised = adopt(agreed, heard(starting, { ...starting, promise: second })).state;
  assert.equal(raised.promise, second);
  const installed = { state: "member" as const, view: first };
  const { state } = observe(raised, heard(installed, { ...starting, promise: second }));
  assert.is(state.server, "member");
  assert.equal(state.view, first);
  const stranger = observe(blank, heard(installed, starting)).state;
  assert.is(stranger.server, "starting", "it never agreed to that view in this life");
});

test("L3: who came into a view unheard is not taken for another boot of what it was before", () => {
  const next = viewOf(6, everybody(3), 1);
  const before = peer(3, 2, 0, 100, null);
  const told = observe(
    member(3, 0),
    field(3, 980, [peer(3, 1, 0, 979, 970, { view: next }), before]),
  );
  assert.is(told.state.view?.epoch.counter, 6);
  assert.is(told.state.hosts[1], hostOf(1));
  assert.is(told.state.hosts[2], null, "its last word is older than the view");
  const heard = peer(3, 2, 0, 989, 980, { view: next });
  const again = {
    ...heard,
    host: hostOf(9),
    beat: heard.beat && { ...heard.beat, host: hostOf(9) },
  };
  const at = field(3, 990, [peer(3, 1, 0, 989, 980, { view: next }), again]);
  const { state } = observe(told.state, at);
  assert.is(state.hosts[2], hostOf(9));
  assert.is(state.promise, null, "nobody is dropped");
});

test.run();
