/**
 * What the slots testify; expectations by hand from protocol.md 1.6, 1.7. Times: max(T, DIO) = 2000 ms.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type HostIncarnation, hostIncarnation } from "../../../hal/base/ids.ts";
import type { Budget } from "../../../services/configuration/model.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { excludes, lifeOf, rivalOf } from "../../../services/quorum/disk-witness.ts";
import type { Stamp, StampStateName } from "../../../services/quorum/stamp.ts";
import type { SlotSight } from "../../../services/quorum/stamp-state.ts";

const BOOT = hostIncarnation("00000000000000aa");
const NEXT_BOOT = hostIncarnation("00000000000000bb");
const BUDGET = { quietMs: 2000, diskWaitMs: 2000 } as Budget;
/** Newest LAN beat of the peer: sent at 5000 by its clock, heard at 10,000 by ours. */
const HEARD_MS = 10_000;
const PEER = { host: BOOT, beat: { stampMs: 5000 } } as PeerHealth;

const stamp = (
  stampMs: number,
  state: StampStateName = "running",
  host: HostIncarnation = BOOT,
  counter = 7,
): Stamp => ({ state, host, epoch: { counter, coordinator: 0, host }, twoWay: 0, stampMs });

const sight = (written: Stamp | null, over: Partial<SlotSight> = {}): SlotSight => ({
  server: 0,
  stamp: written,
  formerHost: null,
  roseAtMs: Number.NEGATIVE_INFINITY,
  moved: true,
  readFromMs: Number.NEGATIVE_INFINITY,
  ...over,
});

const life = (one: SlotSight): string => lifeOf(one, PEER, HEARD_MS, BUDGET);

test("1.6: silence is proven by a reading begun when the wait was over, not by a later answer", () => {
  assert.is(life(sight(null, { readFromMs: 11_999 })), "alive");
  assert.is(life(sight(null, { readFromMs: 12_000 })), "silent");
});

test("B3: a stamp above the newest LAN beat is life and restarts the wait", () => {
  const after = stamp(5001);
  assert.is(life(sight(after, { roseAtMs: 11_000, readFromMs: 12_999 })), "alive");
  assert.is(life(sight(after, { roseAtMs: 11_000, readFromMs: 13_000 })), "silent");
});

test("B3: a stamp that is not above it is no life, however late it was read", () => {
  assert.is(life(sight(stamp(5000), { roseAtMs: 11_900, readFromMs: 12_000 })), "silent");
});

test("R78: nothing read is no silence", () => {
  assert.is(life(sight(null)), "alive");
});

test("1.6: off counts only when it is newer than what was heard on the LAN", () => {
  assert.is(life(sight(stamp(5001, "off"), { roseAtMs: 10_100, readFromMs: 10_050 })), "gone");
  assert.is(life(sight(stamp(4900, "off"), { roseAtMs: 9000, readFromMs: 10_050 })), "alive");
});

test("L3: a boot that followed the known one frees it, one of long ago does not", () => {
  const rebooted = stamp(10, "off", NEXT_BOOT);
  assert.is(life(sight(rebooted, { formerHost: BOOT, readFromMs: 10_050 })), "gone");
  assert.is(life(sight(stamp(10, "off", NEXT_BOOT), { readFromMs: 10_050 })), "alive");
});

test("1.4.4: alone in a newer epoch leaves this server out, in an older one it is history", () => {
  const view = { epoch: { counter: 7, coordinator: 0, host: BOOT }, members: [0, 1] };
  assert.ok(excludes(sight(stamp(1, "alone", BOOT, 8)), view));
  assert.not(excludes(sight(stamp(1, "alone", BOOT, 6)), view));
  assert.not(excludes(sight(stamp(1, "running", BOOT, 8)), view));
});

const rival = (one: SlotSight, self = 1, atMs = 20_000): string =>
  rivalOf(one, self, 7, atMs, BUDGET);

test("1.7: fresh slots: running or alone stands, starting stands by priority, off never", () => {
  const fresh = { roseAtMs: 19_500, readFromMs: 19_900 };
  assert.is(rival(sight(stamp(1, "running"), fresh)), "stands");
  assert.is(rival(sight(stamp(1, "alone"), fresh)), "stands");
  assert.is(rival(sight(stamp(1, "starting"), fresh)), "stands");
  assert.is(rival(sight(stamp(1, "starting"), { ...fresh, server: 1 }), 0), "none");
  assert.is(rival(sight(stamp(1, "off"), fresh)), "none");
});

test("1.7: silent slots: only who went on in an epoch unknown here stands", () => {
  const silent = { roseAtMs: 17_000, readFromMs: 19_900 };
  assert.is(rival(sight(stamp(1, "alone", BOOT, 8), silent)), "stands");
  assert.is(rival(sight(stamp(1, "running", BOOT, 7), silent)), "none");
  assert.is(rival(sight(stamp(1, "starting"), silent)), "none");
});

test("1.7: what was not read lately, or once only, proves nothing", () => {
  assert.is(rival(sight(stamp(1, "off"), { roseAtMs: 1, readFromMs: 18_000 })), "unproven");
  assert.is(rival(sight(null)), "unproven");
  const once = { roseAtMs: 19_500, readFromMs: 19_400, moved: false };
  assert.is(rival(sight(stamp(1, "running"), once)), "unproven");
});

test.run();
