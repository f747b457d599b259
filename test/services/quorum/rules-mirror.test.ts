/**
 * Rules G1-G3 of the guide and the decisions on mirrors, D12-D14. There is no mirror driver: what it will say
 * of the copies is given by hand, and the method's table is asked for both servers. T = 1000 ms.
 */
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { recommendMethod } from "../../../services/configuration/recommend.ts";
import type { Evidence } from "../../../services/events.ts";
import { METHODS } from "../../../services/quorum/methods.ts";
import type { CopyState } from "../../../services/quorum/mirror.ts";
import {
  type CopyRecord,
  judgeMeeting,
  type Meeting,
} from "../../../services/quorum/mirror-meeting.ts";
import { type Pair, started } from "../../firmware/pulse/pair.ts";
import { budgetOf, textOf } from "./decision-worlds.ts";
import { ruleBook } from "./rule-book.ts";
import { after, configured, cutLans, outcome, T } from "./rule-worlds.ts";

const test = ruleBook(["G1", "G2", "G3", "D12", "D13", "D14"]);

const BUDGET = budgetOf("mirror", T);
const FACTS = {
  servers: 2,
  sharedDisk: false,
  comCable: true,
  mirror: true,
  volumeManager: "none",
} as const;

/** What the method says to a server that has lost the other one on all LANs for that long. */
function says(ageMs: number, copy: CopyState, mayOwn: boolean): string {
  const evidence: Evidence = {
    ageMs,
    silenceMs: ageMs,
    com: "faulty",
    presence: false,
    mayOwn,
    first: false,
    diskHealthy: false,
    grantedMs: T,
    mirror: { copies: [copy] },
  };
  const judgement = METHODS.mirror?.judge(evidence, "none", BUDGET);
  return judgement === undefined ? "no method" : textOf(judgement);
}

const pairedIn = { counter: 4, coordinator: 0, host: hostIncarnation("00000000000000aa") };
const quiet: CopyRecord = { kind: "whole", pairedIn, wroteAlone: false };
const wrote: CopyRecord = { kind: "whole", pairedIn, wroteAlone: true };

const meets = (meeting: Partial<Meeting>): unknown =>
  judgeMeeting({
    own: wrote,
    other: wrote,
    ownRuns: true,
    otherRuns: true,
    source: null,
    ...meeting,
  });

test("G1: a mirror is of two servers; the product refuses the method as long as it has no driver", () => {
  for (const servers of [2, 3]) {
    assert.match(configured("mirror", { servers }), 'one of "com"');
  }
});

test("G2, R95, R96: where data is mirrored the method is chosen by itself, and there is no other", () => {
  for (const sharedDisk of [false, true]) {
    for (const comCable of [false, true]) {
      const { method, offered } = recommendMethod({ ...FACTS, sharedDisk, comCable });
      assert.is(method, "mirror");
      assert.equal(offered, ["mirror"]);
    }
  }
});

test("G3: all LANs cut: both servers fail over, at T", () => {
  for (const mayOwn of [true, false]) {
    assert.is(says(T - 1, "paired", mayOwn), "wait");
    assert.is(says(T, "paired", mayOwn), "go-on");
  }
});

test("D12: both run on for as long as the networks are cut, with none and with a mirror", () => {
  assert.equal(after("none", 0, cutLans), ["goes on", "goes on"]);
  for (const ageMs of [T, 100 * T, 10_000 * T]) {
    assert.is(says(ageMs, "ahead", true), "go-on");
  }
});

/** Two whole pulses that have both gone on; from the moment of healing they live by a mirror. */
function healed(owners: readonly number[]): Pair {
  const pair = started("none", 0);
  cutLans(pair);
  pair.run(3 * T);
  assert.equal(outcome(pair), ["goes on", "goes on"]);
  for (const self of [0, 1]) pair.own(self, owners.includes(self));
  for (const node of pair.nodes) node.config = { ...node.config, method: "mirror" };
  pair.cutLan(false);
  pair.run(20 * T);
  return pair;
}

test("D12: a mirror whose networks are healed: both still run, and neither announces its addresses", () => {
  const pair = healed([0, 1]);
  assert.equal(outcome(pair), ["goes on", "goes on"]);
  for (const self of [0, 1]) {
    assert.ok(pair.acts(self));
    assert.not(pair.holds(self), "the lease that allows an announcement");
    assert.is(pair.at(self).notes.filter((key) => key === "sole.conflict").length, 1);
  }
  assert.equal(meets({}), { kind: "hold" });
});

test("D13: when the groups of one side are stopped the other one announces again", () => {
  const pair = healed([0, 1]);
  pair.own(0, false);
  pair.run(5 * T);
  assert.equal(
    outcome(pair),
    ["detached", "goes on"],
    "also against the priority: it was the choice",
  );
  assert.ok(pair.holds(1));
});

test("D13: a side that runs nothing gives way by itself: there is nothing to choose", () => {
  assert.equal(outcome(healed([1])), ["detached", "goes on"]);
});

test("D13: after a double failover nothing is copied before an operator has chosen", () => {
  for (const own of [quiet, wrote]) {
    for (const other of [quiet, wrote]) {
      assert.equal(meets({ own, other }), { kind: "hold" });
    }
  }
  // Also when the groups of one side have been stopped since: both have written.
  assert.equal(meets({ otherRuns: false }), { kind: "hold" });
  assert.equal(meets({ ownRuns: false, otherRuns: false }), { kind: "hold" });
});

test("D13: the operator picks the source; the other side's groups stop first, then it is rebuilt", () => {
  assert.equal(meets({ source: "other" }), { kind: "give-way" });
  assert.equal(meets({ source: "own" }), { kind: "await-stop" });
  assert.equal(meets({ source: "other", ownRuns: false }), { kind: "rebuild", into: "own" });
  assert.equal(meets({ source: "own", otherRuns: false }), { kind: "rebuild", into: "other" });
});

test("D13: a diverged copy takes nothing over and starts nothing by itself", () => {
  for (const mayOwn of [true, false]) {
    assert.is(says(T, "diverged", mayOwn), "refuse:mirror-diverged");
  }
});

test("D14: none is not for mirrors, and not for shared disks", () => {
  assert.not(recommendMethod(FACTS).offered.includes("none"));
  assert.match(configured("none", { servers: 2, disk: true }), "protects the shared disk");
});

test.run();
