/**
 * A member of a view of three to sixteen servers, put into a situation: how many others acknowledge it, how
 * old the newest acknowledgement of the rest is, and what membership by majority then does.
 * Source: guide 1.2.4 J1-J4; protocol.md 1.3; D2, D15.
 */
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { judge, step } from "../../../services/membership/majority/core.ts";
import {
  createMajority,
  type Field,
  type MajorityState,
} from "../../../services/membership/majority/state.ts";
import { majorityConfig } from "../../sim/majority-world.ts";

export interface MajorityCase {
  /** Configured servers, 3-16. */
  readonly servers: number;
  /** Of these on planned leave. */
  readonly absent: number;
  /** Of these lost before, so that the view is without them. */
  readonly lost: number;
  /** This server and the others whose acknowledgements are new. */
  readonly reach: number;
  /** Of the newest own beat that the rest has acknowledged, ms. */
  readonly restAgeMs: number;
  readonly mayOwn: boolean;
  readonly timeoutMs: number;
}

const HOST = hostIncarnation("00000000000000aa");
/** Long after the view was installed. */
const NOW_MS = 100_000_000;

/** The best server's own word: `wait`, or `ES:` with the reason. */
export function askMajority(one: MajorityCase): string {
  const config = majorityConfig(one.servers, one.timeoutMs);
  const counted = one.servers - one.absent;
  const members = Array.from({ length: counted - one.lost }, (_, index) => index);
  const away = Array.from({ length: one.absent }, (_, at) => counted + at);
  const epoch = { counter: 7, coordinator: 0, host: HOST };
  const view: View = away.length === 0 ? { epoch, members } : { epoch, members, absent: away };
  const state: MajorityState = {
    ...createMajority(0, HOST, one.servers, 0),
    server: "member",
    view,
  };
  const others = config.servers.slice(1).map(({ index }) => peerOf(index, view, one));
  const field: Field = { peers: others, mayOwn: one.mayOwn, atMs: NOW_MS, config };
  const seen = step(state, { kind: "tick", atMs: NOW_MS }, field);
  const judged = judge(seen.state, field);
  const { gaveUp } = judged.state;
  return gaveUp === null ? "wait" : `ES:${gaveUp}`;
}

function peerOf(index: number, { epoch }: View, one: MajorityCase): PeerHealth {
  const ageMs = index < one.reach ? 0 : one.restAgeMs;
  // A server on leave or lost is heard and speaks, and carries nobody all the same.
  const isMember = index < one.servers - one.absent - one.lost;
  const stampMs = isMember ? NOW_MS - ageMs : NOW_MS;
  const known = { index, host: HOST, beat: null, lanHeardAtMs: stampMs, presenceAtMs: null };
  return { ...known, acked: { epoch, stampMs }, grantedMs: one.timeoutMs } as unknown as PeerHealth;
}
