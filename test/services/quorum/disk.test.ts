/**
 * The table of the shared-disk method, row by row from the guide (B1-B8). Times by hand: T = 30 s, DIO 80 s,
 * M = 1.2 s, so A3 = 28.8 s, J = 160 s, an owner that has to give way begins at 158.8 s.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Budget } from "../../../services/configuration/model.ts";
import type { Evidence } from "../../../services/events.ts";
import {
  type DiskStartWitness,
  type DiskWitness,
  judgeDisk,
  judgeDiskStart,
  type MemberWitness,
  type SlotLife,
} from "../../../services/quorum/disk.ts";
import type { Judgement, StartEvidence } from "../../../services/quorum/judgement.ts";

const T = 30_000;
const J = 160_000;
const BUDGET: Budget = {
  timeoutMs: T,
  intervalMs: 3000,
  comIntervalMs: 1000,
  diskWaitMs: 80_000,
  marginMs: 1200,
  a3Ms: 28_800,
  a2Ms: 25_800,
  a1Ms: 19_700,
  comFaultyMs: 0,
  comAliveMs: 0,
  abstainMs: 31_230,
  watchdogMs: 0,
  sigmaMs: 6100,
  claimMs: 1200,
  judgeMs: J,
  leaveMs: J - 1200,
  quietMs: 80_000,
  stampLeaseMs: 78_800,
  stampIntervalMs: 1000,
  earlyVerdict: false,
  protection: "software-bounded",
};

interface Case {
  readonly ageMs: number;
  readonly self?: number;
  readonly mayOwn?: boolean;
  readonly lives?: readonly SlotLife[];
  readonly disk?: Partial<DiskWitness>;
  readonly member?: Partial<MemberWitness>;
  readonly budget?: Partial<Budget>;
}

/** `lives`: the other servers' slots by index, this server's own place left out. */
function judge(row: Case): Judgement {
  const { ageMs, self = 1, mayOwn = true, lives = ["silent"] } = row;
  const indices = Array.from({ length: lives.length + 1 }, (_, index) => index);
  const others = indices.filter((index) => index !== self);
  const members = lives.map((life, at) => ({
    index: others[at] ?? 0,
    ageMs,
    stamps: life === "alive",
    silenceMs: ageMs,
    grantedMs: T,
    presence: false,
    twoWay: false,
    life,
    ...row.member,
  }));
  const evidence: Evidence = {
    ageMs,
    silenceMs: ageMs,
    com: "faulty",
    presence: false,
    mayOwn,
    first: false,
    diskHealthy: true,
    grantedMs: T,
    disk: { self, stampsInTime: true, slept: false, excluded: false, members, ...row.disk },
  };
  return judgeDisk(evidence, "none", { ...BUDGET, ...row.budget });
}

const said = (judgement: Judgement): string =>
  "reason" in judgement ? `${judgement.kind} ${judgement.reason}` : judgement.kind;

test("1.6: before the LAN is lost nothing is judged, whatever the slots say", () => {
  const disk = { stampsInTime: false, slept: true, excluded: true };
  assert.is(said(judge({ ageMs: 28_799, disk })), "wait");
  assert.is(said(judge({ ageMs: T - 1, mayOwn: false, disk })), "wait");
});

test("R69, B8: a peer that writes no more is taken over at J, whatever the priority", () => {
  for (const self of [0, 1]) {
    for (const mayOwn of [true, false]) {
      assert.is(said(judge({ ageMs: J - 1, self, mayOwn })), "wait");
      assert.is(said(judge({ ageMs: J, self, mayOwn })), "survive");
    }
  }
});

test("R70, R74, B4, B6: own stamps not in time: ES, an owner at A3, others at T", () => {
  const disk = { stampsInTime: false };
  for (const life of ["gone", "silent", "alive"] as const) {
    const row = { lives: [life], disk };
    assert.is(said(judge({ ...row, ageMs: 28_800 })), "stop disk-faulty");
    assert.is(said(judge({ ...row, ageMs: 28_800, mayOwn: false })), "wait");
    assert.is(said(judge({ ...row, ageMs: T, mayOwn: false })), "stop disk-faulty");
    assert.is(said(judge({ ...row, ageMs: T, self: 0 })), "stop disk-faulty");
  }
});

test("R71, B5: the best of the living goes on at J", () => {
  assert.is(said(judge({ ageMs: J - 1, self: 0, lives: ["alive"] })), "wait");
  assert.is(said(judge({ ageMs: J, self: 0, lives: ["alive"] })), "survive");
});

test("R73, B5: who is not the best stops: an owner M before J, others at J", () => {
  const row = { self: 1, lives: ["alive"] as const };
  assert.is(said(judge({ ...row, ageMs: 158_799 })), "wait");
  assert.is(said(judge({ ...row, ageMs: 158_800 })), "stop outranked");
  assert.is(said(judge({ ...row, ageMs: J - 1, mayOwn: false })), "wait");
  assert.is(said(judge({ ...row, ageMs: J, mayOwn: false })), "stop outranked");
});

test("R72, B5: who is two-way with the best one follows it, whatever else it has lost", () => {
  const lives = ["alive", "alive"] as const;
  assert.is(said(judge({ ageMs: J, self: 2, lives })), "stop outranked");
  assert.is(said(judge({ ageMs: J, self: 2, lives, member: { twoWay: true } })), "wait");
});

test("D6: the best one is sought among the living only", () => {
  assert.is(said(judge({ ageMs: J, self: 1, lives: ["silent", "alive"] })), "survive");
  assert.is(said(judge({ ageMs: J, self: 2, lives: ["silent", "alive"] })), "stop outranked");
  assert.is(said(judge({ ageMs: J, self: 2, lives: ["silent", "gone"] })), "survive");
});

test("1.6: a slot that says off frees its groups at T", () => {
  assert.is(said(judge({ ageMs: T - 1, lives: ["gone"], mayOwn: false })), "wait");
  assert.is(said(judge({ ageMs: T, lives: ["gone"] })), "survive");
  assert.is(said(judge({ ageMs: T, lives: ["gone", "silent"], self: 2 })), "wait");
});

test("D1: the early verdict takes the silent one at max(T, DIO) and spares the living", () => {
  const budget = { earlyVerdict: true, quietMs: T, diskWaitMs: T, judgeMs: 60_000 };
  assert.is(said(judge({ ageMs: T - 1, budget })), "wait");
  assert.is(said(judge({ ageMs: T, budget })), "survive");
  assert.is(said(judge({ ageMs: T, self: 0, lives: ["alive"], budget })), "wait");
  assert.is(said(judge({ ageMs: 60_000, self: 0, lives: ["alive"], budget })), "survive");
});

test("L10: nobody is taken over before the longest grant given has run out", () => {
  assert.is(said(judge({ ageMs: J, member: { grantedMs: J + 1 } })), "wait");
  assert.is(said(judge({ ageMs: J, member: { silenceMs: J - 1 } })), "wait");
});

test("G8: frames that fail authentication are life: nothing is taken over", () => {
  const member = { presence: true };
  assert.is(said(judge({ ageMs: J, self: 0, lives: ["silent"], member })), "refuse presence");
  assert.is(said(judge({ ageMs: J, self: 0, lives: ["gone"], member })), "refuse presence");
  assert.is(said(judge({ ageMs: J, self: 1, lives: ["silent"], member })), "stop outranked");
});

test("1.6: who slept through the loss stops at T, who was left out as well", () => {
  const disk = { slept: true };
  assert.is(said(judge({ ageMs: T, mayOwn: false, disk })), "stop deposed");
  assert.is(said(judge({ ageMs: T, mayOwn: true, disk })), "wait");
  assert.is(said(judge({ ageMs: T, disk: { excluded: true } })), "stop excluded");
});

function start(
  disk: Partial<DiskStartWitness>,
  claim: "none" | "pending" | "won" | "lost" = "none",
  known: Partial<StartEvidence> = {},
): string {
  const evidence: StartEvidence = {
    overdueMs: 0,
    comHeard: false,
    presence: false,
    first: true,
    diskHealthy: true,
    disk: { stampsInTime: true, rivals: ["none"], ...disk },
    ...known,
  };
  return said(judgeDiskStart(evidence, claim, BUDGET));
}

test("1.7: a start alone: top of the fresh slots, said so on the disk, then everybody read", () => {
  assert.is(start({}, "none", { overdueMs: -1 }), "wait");
  assert.is(start({ rivals: ["unproven"] }), "wait");
  assert.is(start({}), "claim");
  assert.is(start({}, "pending"), "wait");
  assert.is(start({}, "won"), "survive");
});

test("1.7: a rival, a presence or a faulty disk refuse the start and take the word back", () => {
  assert.is(start({ rivals: ["none", "stands"] }), "refuse outranked");
  assert.is(start({ rivals: ["stands"] }, "won"), "withdraw");
  assert.is(start({ stampsInTime: false }), "refuse disk-faulty");
  assert.is(start({ stampsInTime: false }, "won"), "withdraw");
  assert.is(start({}, "none", { presence: true }), "refuse presence");
  assert.is(start({}, "lost"), "withdraw");
});

test.run();
