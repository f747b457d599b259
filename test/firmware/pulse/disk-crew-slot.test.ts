/**
 * What stands in the own slot of one of three servers that decide by the shared disk, and when a round is due for it.
 * Moments drawn by hand (services/membership/disk-field.ts). Source: protocol.md 1.4.8, 1.6-1.8, G9.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  crewDiskDeadlinesMs,
  followCrewDisk,
  hastenCrewDisk,
  stepCrewDisk,
  usesCrewDisk,
} from "../../../firmware/pulse/disk-crew.ts";
import type { MajorityState } from "../../../services/membership/majority/state.ts";
import type { Stamp } from "../../../services/quorum/stamp.ts";
import type { StampState } from "../../../services/quorum/stamp-state.ts";
import {
  CONFIG,
  field,
  member,
  peer,
  rounds,
  saying,
  stamp,
  viewOf,
} from "../../services/membership/disk-field.ts";
import { pairConfig } from "./pair.ts";

const without2 = viewOf(6, [0, 1]);

/** What the round that is due at 1000 writes. */
function writes(more: Partial<MajorityState>, mayOwn = false, gone = false): Stamp | null {
  const standing = { membership: member(0, more), progress: 7, gone };
  const disk = rounds(1000, [], { roundAtMs: 1000 });
  const now = field(1000, [peer(1, 990, 990), peer(2, 0, 0)], disk, { mayOwn });
  return stepCrewDisk(standing, { kind: "tick", atMs: 1000 }, now).state.standing;
}

test("R67: the slot names the members of the view, and of a drop only when the agent holds it as well", () => {
  assert.is(writes({})?.members, 0b111);
  assert.is(writes({})?.epoch.counter, 5);
  assert.is(writes({ promise: without2 })?.members, 0b111, "the next pulse would not know of it");
  const held = writes({ promise: without2, shown: without2 });
  assert.is(held?.members, 0b011);
  assert.is(held?.epoch.counter, 6);
  const others = viewOf(6, [0, 1], 1);
  assert.is(writes({ promise: others, shown: others })?.members, 0b111, "another's is his to say");
});

test("R68: alone, running, starting or off: off only when nothing can run here any more", () => {
  assert.is(writes({})?.state, "running");
  assert.is(writes({ view: viewOf(5, [0]) })?.state, "alone");
  const alone = viewOf(6, [0]);
  assert.is(writes({ promise: alone, shown: alone })?.state, "alone", "it is about to be");
  const outside = { server: "detached", view: null } as const;
  assert.is(writes(outside)?.state, "off");
  assert.is(writes(outside, true)?.state, "running");
  assert.is(writes({ server: "starting", view: null })?.state, "starting");
  assert.is(writes({ gaveUp: "excluded", ...outside }, false, true)?.state, "off");
  assert.is(writes({ server: "observing", view: null }), null, "the agent has not spoken");
});

test("1.8: of a force-returned view nobody is put out", () => {
  const view = { ...viewOf(9, [0]), absent: [1, 2] };
  assert.is(writes({ view, provisional: "founded" })?.members, 0);
  assert.is(writes({ view, provisional: "founded" })?.state, "starting");
  assert.is(writes({ view, provisional: "founded" }, true)?.state, "running");
});

test("R67: news for the slot do not wait for the next turn", () => {
  const due = (more: Partial<MajorityState>, own: Partial<StampState>): number => {
    const disk = rounds(1000, [], { roundAtMs: 1150, ...own });
    const now = field(1000, [peer(1, 990, 990), peer(2, 0, 0)], disk);
    return hastenCrewDisk({ membership: member(0, more), progress: 7, gone: false }, now).roundAtMs;
  };
  const drop = { promise: without2, shown: without2 };
  const view = { standing: stamp(0, 5, 7) };
  assert.is(due({}, view), 1150);
  assert.is(due(drop, view), 1000);
  assert.is(due(drop, saying(without2, 900, 910)), 1150, "it stands there");
  assert.is(due(drop, {}), 1150, "nothing was written yet: the first round is due anyway");
});

test("R67: the end of the disk wait is a moment at which something is due", () => {
  const at = (more: Partial<StampState>): readonly number[] =>
    crewDiskDeadlinesMs(field(1000, [], rounds(1000, [], { roundAtMs: 1150, ...more })));
  assert.equal(at({}), [1150, Number.POSITIVE_INFINITY]);
  assert.equal(at(saying(without2, 900, 910)), [1150, 1900]);
});

test("R74: whoever is in a view claims nothing: a claim that stands is withdrawn", () => {
  const now = field(
    1000,
    [peer(1, 990, 990), peer(2, 990, 990)],
    rounds(1000, [], { claim: "won" }),
  );
  const { judgement, next } = followCrewDisk(
    { membership: member(0), progress: 7, gone: false },
    now,
  );
  assert.is(judgement, null);
  assert.is(next.state.claim, "none");
});

test("R67: three and more with the method disk, and no others", () => {
  assert.ok(usesCrewDisk(CONFIG));
  assert.not(usesCrewDisk(pairConfig("disk")));
  assert.not(usesCrewDisk({ ...CONFIG, method: "majority" }));
});

test.run();
