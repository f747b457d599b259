/**
 * The table of the shared-disk method for three and more servers, by hand from the guide's B4-B6 and D6, D7.
 * A plan says who reaches whom on the LAN and whose disk path works; every server judges by what it sees of
 * it. Times: T = 1000 ms, disk wait 2000, M = 50: A3 = 950, J = 4000, an owner leaves from 3950.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Budget } from "../../../services/configuration/model.ts";
import { judgeDisk, type MemberWitness } from "../../../services/quorum/disk.ts";

const J = 4000;
const LEAVE = 3950;
const BUDGET = {
  timeoutMs: 1000,
  diskWaitMs: 2000,
  marginMs: 50,
  a3Ms: 950,
  judgeMs: J,
  leaveMs: LEAVE,
  quietMs: 2000,
  stampLeaseMs: 1950,
  earlyVerdict: false,
} as Budget;

interface Plan {
  readonly count: number;
  /** Pairs that reach each other both ways on some LAN; the rest lost each other `ageMs` ago. */
  readonly links: readonly string[];
  /** Power gone as long ago. */
  readonly dead?: readonly number[];
  /** No path to the disk for long; on the LAN as the links say. */
  readonly blind?: readonly number[];
  /** The slot says `off`. */
  readonly gone?: readonly number[];
  /** Groups run there; everywhere when absent. */
  readonly idle?: readonly number[];
}

function witness(plan: Plan, self: number, index: number, ageMs: number): MemberWitness {
  const { links, dead = [], blind = [], gone = [] } = plan;
  const name = [Math.min(self, index), Math.max(self, index)].join("-");
  const near = links.includes(name) && !dead.includes(index);
  const stamps = !dead.includes(index) && !blind.includes(index) && !gone.includes(index);
  const quiet = gone.includes(index) ? ("gone" as const) : ("silent" as const);
  return {
    index,
    ageMs: near ? 100 : ageMs,
    silenceMs: near ? 50 : ageMs,
    grantedMs: 1000,
    presence: false,
    twoWay: near,
    // Whoever is heard on the LAN lives, whatever its disk says.
    life: near || (stamps && !gone.includes(index)) ? "alive" : quiet,
    stamps,
  };
}

function judge(plan: Plan, self: number, ageMs: number): string {
  const { count, blind = [], idle = [] } = plan;
  const others = Array.from({ length: count }, (_, index) => index).filter((one) => one !== self);
  const members = others.map((index) => witness(plan, self, index, ageMs));
  const stampsInTime = !blind.includes(self);
  const disk = { self, stampsInTime, slept: false, excluded: false, members };
  const mayOwn = !idle.includes(self);
  const rest = { com: "faulty", presence: false, first: false, diskHealthy: stampsInTime } as const;
  const evidence = { ...rest, ageMs, silenceMs: ageMs, mayOwn, grantedMs: 1000, disk };
  const judgement = judgeDisk(evidence, "none", BUDGET);
  return "reason" in judgement ? `${judgement.kind} ${judgement.reason}` : judgement.kind;
}

/** What every living server says, in the order of the servers. */
function all(plan: Plan, ageMs: number): string[] {
  const living = Array.from({ length: plan.count }, (_, index) => index);
  return living
    .filter((index) => plan.dead?.includes(index) !== true)
    .map((index) => judge(plan, index, ageMs));
}

const mesh = (...servers: number[]): string[] =>
  servers.flatMap((a) => servers.filter((b) => b > a).map((b) => `${a}-${b}`));

test("R72, R73, B5: {0, 2} and {1, 3}: the side of the best server stays, the other one leaves", () => {
  const plan = { count: 4, links: [...mesh(0, 2), ...mesh(1, 3)] };
  assert.equal(all(plan, LEAVE - 1), ["wait", "wait", "wait", "wait"]);
  assert.equal(all(plan, LEAVE), ["wait", "stop outranked", "wait", "stop outranked"]);
  assert.equal(all(plan, J), ["survive", "stop outranked", "wait", "stop outranked"]);
});

test("R73, B5: a majority without the best server leaves all the same", () => {
  const plan = { count: 5, links: mesh(1, 2, 3, 4) };
  const out = "stop outranked";
  assert.equal(all(plan, J), ["survive", out, out, out, out]);
});

test("B5: a server without groups leaves at J, one with groups M before", () => {
  const plan = { count: 3, links: mesh(0, 1), idle: [2] };
  assert.is(judge(plan, 2, LEAVE), "wait");
  assert.is(judge(plan, 2, J), "stop outranked");
});

test("R71, B5: sixteen servers and no LAN at all: only the best one goes on", () => {
  const plan = { count: 16, links: [] };
  assert.equal(all(plan, J), ["survive", ...Array(15).fill("stop outranked")]);
});

test("D7: a cut between two servers that both reach the best one resolves nothing", () => {
  const star = Array.from({ length: 15 }, (_, index) => `0-${index + 1}`);
  for (const ageMs of [950, 1000, LEAVE, J, 100 * J]) {
    assert.equal(all({ count: 3, links: ["0-1", "0-2"] }, ageMs), ["wait", "wait", "wait"]);
    assert.equal(all({ count: 16, links: star }, ageMs), Array(16).fill("wait"));
  }
});

test("B5: reaching somebody who reaches the best one is not enough", () => {
  const chain = { count: 3, links: ["0-1", "1-2"] };
  assert.equal(all(chain, LEAVE), ["wait", "wait", "stop outranked"]);
  assert.equal(all(chain, J), ["survive", "wait", "stop outranked"]);
});

test("D6: the best server is dead: the best of the living decides", () => {
  const plan = { count: 4, links: mesh(1, 2), dead: [0] };
  assert.equal(all(plan, LEAVE), ["wait", "wait", "stop outranked"]);
  assert.equal(all(plan, J), ["survive", "wait", "stop outranked"]);
});

test("R69, B8: one of three dies and nothing is cut: the best decides at J, the other follows", () => {
  const plan = { count: 3, links: mesh(0, 1, 2), dead: [2] };
  assert.equal(all(plan, J - 1), ["wait", "wait"]);
  assert.equal(all(plan, J), ["survive", "wait"]);
});

test("B4, D6: the best server has no disk: it stops, and is nobody's top although it is heard", () => {
  const plan = { count: 3, links: mesh(0, 1), blind: [0] };
  assert.equal(all(plan, 1000), ["stop disk-faulty", "wait", "wait"]);
  assert.equal(all(plan, J), ["stop disk-faulty", "survive", "stop outranked"]);
});

test("R74, B6: no disk anywhere and a cut: all stop; without a cut nobody does", () => {
  const blind = [0, 1, 2];
  const out = "stop disk-faulty";
  assert.equal(all({ count: 3, links: mesh(0, 1), blind }, 1000), [out, out, out]);
  assert.equal(all({ count: 3, links: mesh(0, 1, 2), blind }, J), ["wait", "wait", "wait"]);
});

test("1.6: the slots of all who are away say off: taken over at T; of one only: at J", () => {
  const both = { count: 3, links: [], dead: [1, 2], gone: [1, 2] };
  assert.equal(all(both, 999), ["wait"]);
  assert.equal(all(both, 1000), ["survive"]);
  const one = { count: 3, links: [], dead: [1, 2], gone: [1] };
  assert.equal(all(one, J - 1), ["wait"]);
  assert.equal(all(one, J), ["survive"]);
});

test("B5: of every plan of three and four servers at most one server goes on beside those it reaches", () => {
  for (const count of [3, 4]) {
    const pairs = mesh(...Array.from({ length: count }, (_, index) => index));
    for (let bits = 0; bits < 2 ** (pairs.length + count); bits += 1) {
      const links = pairs.filter((_, at) => ((bits >> at) & 1) === 1);
      const blind = pairs.slice(0, count).map((_, at) => at);
      const plan = {
        count,
        links,
        blind: blind.filter((at) => ((bits >> (pairs.length + at)) & 1) === 1),
      };
      const said = all(plan, J);
      const first = said.indexOf("survive");
      assert.is(said.lastIndexOf("survive"), first, JSON.stringify(plan));
      if (first < 0) continue;
      // Who neither stops nor is reached by the one that goes on would run beside it.
      for (const [index, word] of said.entries()) {
        const reached = links.includes(mesh(...[first, index].sort()).join());
        if (word === "wait") assert.ok(reached, `${index} of ${JSON.stringify(plan)}`);
      }
    }
  }
});

test.run();
