/**
 * A server that says that it stands outside and owns nothing is no member any more, whatever else its words are:
 * by another text, or with an epoch that happens to be that of the view it has left.
 * Source: protocol.md 1.4.3, 1.9; found by seeds 500211 and 500042.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createPulse } from "../../../firmware/pulse/state.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { LanBeat } from "../../../services/heartbeat/beat.ts";
import { grants } from "../../../services/heartbeat/compose.ts";
import { type PeerHealth, showsView } from "../../../services/heartbeat/peer.ts";
import { joinOrPart } from "../../../services/membership/join.ts";
import type { MembershipState } from "../../../services/membership/state.ts";
import { pairConfig } from "../../firmware/pulse/pair.ts";
import { lanBeat } from "../heartbeat/sealer-fixture.ts";

const HOST = hostIncarnation("00000000000000a1");
const PEER_HOST = hostIncarnation("00000000000000b2");
const AT_MS = 100_000;
const config = pairConfig("disk");
const epoch = { counter: 2, coordinator: 1, host: PEER_HOST };

const { membership, heartbeat } = createPulse(0, HOST, config, 0);
const member: MembershipState = {
  ...membership,
  server: "member",
  view: { epoch, members: [0, 1] },
  hosts: [null, PEER_HOST],
  baseMs: 0,
};

/** The other server is outside and shows the epoch of the common view as the highest that it knows. */
const OUTSIDE: Partial<LanBeat> = {
  host: PEER_HOST,
  state: "detached",
  view: { epoch, members: [] },
  promise: null,
  mayOwn: false,
  configHash: config.hash,
};

function heard(changes: Partial<LanBeat>): { beat: LanBeat; peer: PeerHealth } {
  const beat = lanBeat(1, 0, { ...OUTSIDE, ...changes });
  const empty = heartbeat.peers[1];
  if (empty === undefined) throw new Error("no peer");
  return { beat, peer: { ...empty, host: beat.host, beat, lanHeardAtMs: AT_MS } };
}

function after(changes: Partial<LanBeat>): MembershipState {
  const { beat, peer } = heard(changes);
  const around = { peer, mayOwn: true, held: null, peerOff: false, atMs: AT_MS, config };
  return joinOrPart(member, beat, around).state;
}

test("1.9: a member outside by another text is dropped, for its groups wait", () => {
  assert.equal(after({ configHash: "0badc0de" }).view?.members, [0]);
  assert.equal(after({}).view?.members, [0]);
});

test("1.9: a member by another text that stays, or may own something, is not dropped", () => {
  const inView = { state: "member", view: { epoch, members: [0, 1] } } as const;
  assert.equal(after({ configHash: "0badc0de", ...inView }).view?.members, [0, 1]);
  assert.equal(after({ configHash: "0badc0de", mayOwn: true }).view?.members, [0, 1]);
});

test("1.3.1: who is outside shows no view, though the highest epoch that it knows is that of ours", () => {
  const { peer } = heard({});
  assert.not(showsView(peer, { epoch, members: [0, 1] }));
  assert.not(grants(member, peer, AT_MS, config.hash));
  const shown = heard({ state: "member", view: { epoch, members: [0, 1] } }).peer;
  assert.ok(showsView(shown, { epoch, members: [0, 1] }));
  assert.ok(grants(member, shown, AT_MS, config.hash));
});

test.run();
