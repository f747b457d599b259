/**
 * One moment of a server in a view of three that decides by the shared disk, drawn by hand: what it has heard, what
 * its own rounds carry, what stands in the slots. Times of `crewConfig`: T = DIO = quiet = 1000, M = 52, so A3 = a
 * round's lease = 948, J = 2000, J - M = 1948 (protocol.md 1.2, budget.ts).
 */
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ServerState, View } from "../../../hal/base/view.ts";
import { createHeartbeat } from "../../../services/heartbeat/core.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import type { DiskField } from "../../../services/membership/majority/disk-rule.ts";
import { createMajority, type MajorityState } from "../../../services/membership/majority/state.ts";
import type { Stamp, StampStateName } from "../../../services/quorum/stamp.ts";
import {
  createStamping,
  type Saying,
  type SlotSight,
  type StampState,
  unseen,
} from "../../../services/quorum/stamp-state.ts";
import { crewConfig } from "../../firmware/pulse/crew.ts";
import { lanBeat } from "../heartbeat/sealer-fixture.ts";

export const CONFIG = crewConfig(3);
export const EARLY = crewConfig(3, { earlyVerdict: true });
/** Lease of an acknowledgement and of a whole round, ms. */
export const LEASE_MS = 948;

export const bootOf = (index: number, boot = 1): ReturnType<typeof hostIncarnation> =>
  hostIncarnation(`${boot}${`${index + 1}`.padStart(15, "0")}`);

export function viewOf(counter: number, members: readonly number[], coordinator = 0): View {
  return { epoch: { counter, coordinator, host: bootOf(coordinator) }, members };
}

/** Member of epoch 5 with all three since 0 ms; everybody's boot is known. */
export function member(self: number, more: Partial<MajorityState> = {}): MajorityState {
  const state = createMajority(self, bootOf(self), 3, 0);
  const hosts = [0, 1, 2].map((index) => (index === self ? null : bootOf(index)));
  return { ...state, server: "member", view: viewOf(5, [0, 1, 2]), floor: 5, hosts, ...more };
}

interface Said {
  readonly state?: ServerState;
  readonly view?: View | null;
  readonly promise?: View | null;
  readonly mayOwn?: boolean;
  readonly host?: ReturnType<typeof hostIncarnation>;
  readonly lapsed?: boolean;
}

/** Heard and hearing at `heardAtMs`; acknowledged our beat of `ackedMs` in epoch 5, null = never. */
export function peer(
  index: number,
  heardAtMs: number,
  ackedMs: number | null,
  said: Said = {},
): PeerHealth {
  const blank = createHeartbeat(index === 0 ? 1 : 0, CONFIG, 0).peers[index];
  if (blank === undefined) throw new Error(`no server ${index}`);
  const host = said.host ?? bootOf(index);
  const beat = lanBeat(index, index === 0 ? 1 : 0, {
    stampMs: heardAtMs,
    heardStampMs: heardAtMs,
    state: "member",
    view: viewOf(5, [0, 1, 2]),
    promise: null,
    mayOwn: false,
    hears: 7,
    hearsLanBits: 1,
    configHash: CONFIG.hash,
    lapsed: false,
    ...said,
    host,
  });
  const acked = ackedMs === null ? null : { epoch: viewOf(5, []).epoch, stampMs: ackedMs };
  const heard = { lanHeardAtMs: heardAtMs, heardOwnStampMs: heardAtMs };
  return { ...blank, host, beat, acked, ...heard };
}

/** What a slot shows; `members` 7 = all three, bit per server. */
export function stamp(
  writer: number,
  counter: number,
  members: number,
  more: Partial<Stamp> = {},
): Stamp {
  const state: StampStateName = "running";
  const epoch = { counter, coordinator: writer, host: bootOf(writer) };
  return { state, host: bootOf(writer), epoch, twoWay: 0, members, stampMs: 1, ...more };
}

/** Seen to rise at `roseAtMs`, read last by a reading begun at `readFromMs`. */
export function sight(
  server: number,
  word: Stamp | null,
  roseAtMs: number,
  readFromMs: number,
): SlotSight {
  const rose = word === null ? Number.NEGATIVE_INFINITY : roseAtMs;
  return { ...unseen(server), stamp: word, roseAtMs: rose, moved: true, readFromMs };
}

/** Own rounds have gone well up to `atMs`: the last whole one began 20 ms ago. */
export function rounds(
  atMs: number,
  sights: readonly SlotSight[],
  more: Partial<StampState> = {},
): StampState {
  const slots = [0, 1, 2].map((server) => sights.find((one) => one.server === server));
  return {
    ...createStamping(3, 0),
    connected: true,
    diskHealthy: true,
    lastGoodAtMs: atMs - 5,
    stampedAtMs: atMs - 20,
    wholeFromMs: atMs - 20,
    left: null,
    slots: slots.map((one, server) => one ?? unseen(server)),
    ...more,
  };
}

/** The own slot says `view` since `writtenAtMs`, and every slot was read back until `wholeAtMs`. */
export function saying(view: View, writtenAtMs: number, wholeAtMs: number): Partial<StampState> {
  const members = view.members.reduce((bits, index) => bits | (1 << index), 0);
  const said: Saying = { epoch: view.epoch, members, writtenAtMs, wholeAtMs };
  const standing = stamp(view.epoch.coordinator, view.epoch.counter, members, {
    epoch: view.epoch,
  });
  const whole = { stamp: standing, fromMs: writtenAtMs - 5, writtenAtMs, fresh: true };
  return { saying: said, whole, standing };
}

export function field(
  atMs: number,
  peers: readonly PeerHealth[],
  disk: StampState,
  more: Partial<DiskField> = {},
): DiskField {
  return { peers, mayOwn: false, atMs, config: CONFIG, ...more, disk };
}
