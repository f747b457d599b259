/**
 * The last stamp of a server that gives up with the shared-disk method: when it may be written and what it
 * keeps waiting. Expectations by hand from protocol.md 1.3.7 and 1.6.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Farewell, hasSaidFarewell, isFarewellOpen } from "../../../firmware/pulse/farewell.ts";
import { step } from "../../../firmware/pulse/route.ts";
import type { PulseState } from "../../../firmware/pulse/state.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { PulseEvent } from "../../../services/events.ts";
import type { Stamp } from "../../../services/quorum/stamp.ts";
import { Pair, pairConfig } from "./pair.ts";

const CONFIG = pairConfig("disk", 1000);

/** An owner in a common view, taken out of its world: every event by hand. */
class Leaver {
  state: PulseState;
  nowMs: number;
  readonly asked: PulseEffect[] = [];

  constructor() {
    const pair = new Pair(CONFIG);
    pair.run(1000);
    pair.own(0, true);
    pair.run(2000);
    assert.is(pair.shows(0), "member");
    this.state = pair.at(0).state;
    this.nowMs = pair.nowMs;
  }

  take(event: PulseEvent): void {
    const { state, effects } = step(this.state, event, CONFIG);
    this.state = state;
    this.asked.push(...effects);
  }

  /** Every millisecond a tick and the answer to what is asked. */
  run(forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) {
      this.nowMs += 1;
      const { nowMs: atMs } = this;
      this.take({ kind: "tick", atMs });
      const { operation, slots } = this.state.disk.stamps;
      if (operation === null) continue;
      const { id, kind: op } = operation;
      const claim = slots[1]?.stamp ?? null;
      this.take({ kind: "disk.answered", atMs, id, op, ok: true, claim, error: "" });
    }
  }

  /** Not scheduled for longer than its lease: the verdict is to give up (L5). */
  oversleep(): void {
    this.nowMs += 5000;
    this.take({ kind: "gap.noticed", atMs: this.nowMs, gapMs: 5000 });
    assert.is(this.state.membership.gaveUp, "deposed");
    this.asked.length = 0;
  }

  done(completed: boolean): void {
    this.take({ kind: "will.done", atMs: this.nowMs, completed, off: true });
  }

  written(): Stamp[] {
    return this.asked.flatMap((effect) =>
      effect.kind === "claim.write" && effect.claim !== null ? [effect.claim as Stamp] : [],
    );
  }
}

test("1.6, P1: nothing says off while the will runs", () => {
  const leaver = new Leaver();
  leaver.oversleep();
  leaver.run(2000);
  const said = leaver.written().map(({ state }) => state);
  assert.ok(said.length > 2);
  assert.not.ok(said.includes("off"));
});

test("1.6, P1: nothing says off after a will that left something behind", () => {
  const leaver = new Leaver();
  leaver.oversleep();
  leaver.done(false);
  leaver.run(2000);
  assert.not.ok(leaver.written().some(({ state }) => state === "off"));
  assert.not.ok(isFarewellOpen(leaver.state, CONFIG));
});

test("1.6: off is written when the will is proved done, and only then the host may go", () => {
  const leaver = new Leaver();
  leaver.run(20);
  leaver.oversleep();
  // The readings after the gap show the disk healthy again.
  leaver.run(300);
  leaver.done(true);
  assert.ok(isFarewellOpen(leaver.state, CONFIG));
  leaver.run(5);
  assert.is(leaver.written().at(-1)?.state, "off");
  assert.not.ok(isFarewellOpen(leaver.state, CONFIG));
  assert.not.ok(hasSaidFarewell(leaver.state), "its beats say detached, they may go on");
});

test("1.6: a member that is ended by an order is silent on the LANs once off is written", () => {
  const leaver = new Leaver();
  leaver.done(true);
  leaver.run(5);
  assert.ok(hasSaidFarewell(leaver.state));
});

test("1.6: a faulty disk, another method or a will under way keep nobody waiting", () => {
  const leaver = new Leaver();
  assert.not.ok(isFarewellOpen(leaver.state, CONFIG), "no will");
  leaver.take({ kind: "disk.gone", atMs: leaver.nowMs });
  leaver.done(true);
  assert.not.ok(isFarewellOpen(leaver.state, CONFIG), "no disk");
  const other = new Leaver();
  other.done(true);
  assert.not.ok(isFarewellOpen(other.state, pairConfig("com-disk", 1000)));
});

test("1.6: the waiting ends with the stamp, and not with an event before the will was reported", async () => {
  const leaver = new Leaver();
  const farewell = new Farewell();
  let ended = false;
  const waited = farewell.begin().then(() => {
    ended = true;
  });
  farewell.look(leaver.state, CONFIG);
  await Promise.resolve();
  assert.not.ok(ended);
  leaver.done(true);
  farewell.look(leaver.state, CONFIG);
  await Promise.resolve();
  assert.not.ok(ended);
  leaver.run(5);
  farewell.look(leaver.state, CONFIG);
  await waited;
  assert.ok(ended);
});

test.run();
