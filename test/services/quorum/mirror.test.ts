/**
 * The data-mirror method by the state of the own copy: in a common view, at a start alone, after a
 * force-return, and when two copies meet. Expectations by hand; T = 1000 ms, M = 25 + 25 + 1 = 51, A3 = 949.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { renderEvent } from "../../../services/catalogue.ts";
import type { Budget } from "../../../services/configuration/model.ts";
import type { Evidence } from "../../../services/events.ts";
import type { Judgement, StartEvidence } from "../../../services/quorum/judgement.ts";
import { type CopyState, judgeMirror, judgeMirrorStart } from "../../../services/quorum/mirror.ts";
import {
  type CopyRecord,
  compareCopies,
  judgeMeeting,
} from "../../../services/quorum/mirror-meeting.ts";

const T = 1000;
const A3 = 949;
const BUDGET = { timeoutMs: T, a3Ms: A3 } as Budget;
const LOST: Evidence = {
  ageMs: T,
  silenceMs: T,
  com: "faulty",
  presence: false,
  mayOwn: false,
  first: false,
  diskHealthy: false,
  grantedMs: T,
};

const said = (judgement: Judgement): string =>
  "reason" in judgement ? `${judgement.kind} ${judgement.reason}` : judgement.kind;

const judge = (copy: CopyState, more: Partial<Evidence> = {}): string =>
  said(judgeMirror({ ...LOST, mirror: { copies: [copy] }, ...more }, "none", BUDGET));

test("G3, 1.5: whole copies go on at T, not a millisecond before, whoever owns", () => {
  for (const copy of ["paired", "ahead"] as const) {
    for (const mayOwn of [true, false]) {
      assert.is(judge(copy, { mayOwn, ageMs: T - 1 }), "wait");
      assert.is(judge(copy, { mayOwn, silenceMs: T - 1 }), "wait");
      assert.is(judge(copy, { mayOwn, grantedMs: T + 1 }), "wait");
      assert.is(judge(copy, { mayOwn }), "survive");
    }
  }
});

test("1.3.1: a copy that lacks writes takes nothing over; what it ran stops before the other begins", () => {
  for (const copy of ["behind", "rebuilding"] as const) {
    assert.is(judge(copy), "refuse mirror-behind");
    assert.is(judge(copy, { mayOwn: true, ageMs: A3 - 1, silenceMs: A3 }), "wait");
    assert.is(judge(copy, { mayOwn: true, ageMs: A3, silenceMs: A3 }), "stop mirror-behind");
    // One-way loss: it still hears the other one, which does not hear it and takes over at T.
    assert.is(judge(copy, { mayOwn: true, ageMs: A3, silenceMs: 0 }), "stop mirror-behind");
  }
});

test("1.2.3: a driver that is silent or has never spoken means that nothing is taken over", () => {
  for (const mayOwn of [true, false]) {
    assert.is(judge("unknown", { mayOwn }), "refuse mirror-unknown");
    assert.is(said(judgeMirror({ ...LOST, mayOwn }, "none", BUDGET)), "refuse mirror-unknown");
  }
});

test("1.3.1: of several volumes the gravest decides for all", () => {
  const asked = (copies: readonly CopyState[], mayOwn: boolean): string =>
    said(judgeMirror({ ...LOST, mayOwn, mirror: { copies } }, "none", BUDGET));
  assert.is(asked(["paired", "ahead"], true), "survive");
  assert.is(asked(["paired", "diverged"], true), "refuse mirror-diverged");
  assert.is(asked(["unknown", "diverged", "paired"], false), "refuse mirror-diverged");
  assert.is(asked(["paired", "unknown"], false), "refuse mirror-unknown");
  assert.is(asked(["unknown", "diverged", "rebuilding"], true), "stop mirror-behind");
  assert.is(asked(["unknown", "behind"], false), "refuse mirror-behind");
  assert.is(asked([], true), "refuse mirror-unknown");
});

test("D56: frames that fail authentication are life: nothing is taken over, what runs goes on", () => {
  for (const mayOwn of [true, false]) {
    assert.is(judge("paired", { mayOwn, presence: true }), "refuse presence");
  }
});

const WAITED: StartEvidence = {
  overdueMs: 0,
  comHeard: false,
  presence: false,
  first: false,
  diskHealthy: false,
};

const start = (copy: CopyState, chosen = false, more: Partial<StartEvidence> = {}): string =>
  said(
    judgeMirrorStart({ ...WAITED, mirror: { copies: [copy], chosen }, ...more }, "none", BUDGET),
  );

// Own copy, start alone after the wait (S2, S3), the same as base of a force-return (S12).
const STARTS: readonly (readonly [CopyState, string, string])[] = [
  ["paired", "survive", "survive"],
  ["ahead", "survive", "survive"],
  ["behind", "refuse mirror-behind", "survive"],
  ["diverged", "refuse mirror-diverged", "survive"],
  ["rebuilding", "refuse mirror-behind", "refuse mirror-behind"],
  ["unknown", "refuse mirror-unknown", "refuse mirror-unknown"],
];

for (const [copy, alone, base] of STARTS) {
  test(`D55, S2, S3, S12: ${copy}: a start alone, and as the chosen base`, () => {
    assert.is(start(copy), alone);
    assert.is(start(copy, true), base);
    for (const chosen of [false, true]) {
      assert.is(start(copy, chosen, { overdueMs: -1 }), "wait");
      assert.is(start(copy, chosen, { presence: true }), "refuse presence");
    }
  });
}

test("S12: a choice helps no volume that is not whole or not known, whatever the others are", () => {
  const begin = (copies: readonly CopyState[], chosen: boolean): string =>
    said(judgeMirrorStart({ ...WAITED, mirror: { copies, chosen } }, "none", BUDGET));
  assert.is(begin(["behind", "diverged", "paired"], true), "survive");
  assert.is(begin(["diverged", "rebuilding"], true), "refuse mirror-behind");
  assert.is(begin(["diverged", "unknown"], true), "refuse mirror-unknown");
  assert.is(begin(["paired", "behind"], false), "refuse mirror-behind");
  assert.is(begin([], true), "refuse mirror-unknown");
});

test("1.7: a server whose driver has said nothing does not start alone", () => {
  assert.is(said(judgeMirrorStart(WAITED, "none", BUDGET)), "refuse mirror-unknown");
});

const epoch = (counter: number) => ({
  counter,
  coordinator: 0,
  host: hostIncarnation("00000000000000aa"),
});
const whole = (wroteAlone: boolean, counter = 4): CopyRecord => ({
  kind: "whole",
  pairedIn: epoch(counter),
  wroteAlone,
});
const half: CopyRecord = { kind: "rebuilding" };

test("1.3.1: who has what the other one lacks", () => {
  assert.is(compareCopies(whole(false), whole(false)), "equal");
  assert.is(compareCopies(whole(true), whole(false)), "own");
  assert.is(compareCopies(whole(false), whole(true)), "other");
  assert.is(compareCopies(whole(true), whole(true)), "both");
  // Last equal at different times: a disk of long ago was put back, or a copy restored from a backup.
  for (const own of [true, false]) {
    assert.is(compareCopies(whole(own, 4), whole(false, 5)), "both");
    assert.is(compareCopies(whole(own, 5), whole(false, 4)), "both");
  }
  assert.is(compareCopies(half, whole(false)), "other");
  assert.is(compareCopies(whole(false), half), "own");
  assert.is(compareCopies(half, half), "none-whole");
});

const idle = { ownRuns: false, otherRuns: false, source: null } as const;

test("1.3.1: after a one-sided outage the one that stayed away is rebuilt, on both servers' word", () => {
  const stayed = { own: whole(true), other: whole(false), ...idle, ownRuns: true };
  assert.equal(judgeMeeting(stayed), { kind: "rebuild", into: "other" });
  const away = { own: whole(false), other: whole(true), ...idle, otherRuns: true };
  assert.equal(judgeMeeting(away), { kind: "rebuild", into: "own" });
});

test("1.3.1: a rebuild that was cut off goes on in the same direction", () => {
  const source = { own: whole(true), other: half, ...idle, ownRuns: true };
  assert.equal(judgeMeeting(source), { kind: "rebuild", into: "other" });
  const target = { own: half, other: whole(true), ...idle, otherRuns: true };
  assert.equal(judgeMeeting(target), { kind: "rebuild", into: "own" });
});

test("D13: nothing is copied over a server that runs groups, and half a copy is never the source", () => {
  assert.equal(judgeMeeting({ own: half, other: whole(true), ...idle, ownRuns: true }), {
    kind: "hold",
  });
  for (const source of ["own", "other", null] as const) {
    assert.equal(judgeMeeting({ own: half, other: whole(false), ...idle, source }), {
      kind: "rebuild",
      into: "own",
    });
    assert.equal(judgeMeeting({ own: half, other: half, ...idle, source }), { kind: "lost" });
  }
});

test("equal copies pair, unless groups run on both", () => {
  const equal = { own: whole(false), other: whole(false), ...idle };
  assert.equal(judgeMeeting(equal), { kind: "pair" });
  assert.equal(judgeMeeting({ ...equal, ownRuns: true }), { kind: "pair" });
  assert.equal(judgeMeeting({ ...equal, ownRuns: true, otherRuns: true }), { kind: "hold" });
});

test("whatever is asked on both servers, they never rebuild each other, nor both stop", () => {
  const records = [half, whole(false), whole(true), whole(false, 5), whole(true, 5)];
  const flags = [true, false];
  const mirrored = { own: "other", other: "own" } as const;
  for (const own of records) {
    for (const other of records) {
      for (const ownRuns of flags) {
        for (const otherRuns of flags) {
          for (const source of ["own", "other", null] as const) {
            const here = judgeMeeting({ own, other, ownRuns, otherRuns, source });
            const there = judgeMeeting({
              own: other,
              other: own,
              ownRuns: otherRuns,
              otherRuns: ownRuns,
              source: source === null ? null : mirrored[source],
            });
            const opposite =
              here.kind === "rebuild"
                ? { kind: "rebuild", into: mirrored[here.into] }
                : here.kind === "give-way"
                  ? { kind: "await-stop" }
                  : here.kind === "await-stop"
                    ? { kind: "give-way" }
                    : here;
            assert.equal(there, opposite, JSON.stringify({ own, other, ownRuns, otherRuns }));
          }
        }
      }
    }
  }
});

test("style 30: the reasons are words in both languages, never code words", () => {
  for (const reason of ["mirror-behind", "mirror-diverged", "mirror-unknown"]) {
    for (const language of ["en", "ja"] as const) {
      const data = { reason, method: "mirror", evidence: "" };
      const { text } = renderEvent("emergency-shutdown", data, language);
      assert.not.match(text, reason);
    }
  }
});

test.run();
