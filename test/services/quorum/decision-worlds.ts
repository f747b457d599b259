/**
 * What each column of decisions.txt means as evidence, and what the product says of it: one asker per table,
 * which gives the answers at the first and at the last millisecond of every band of time.
 * Source: protocol.md 1.2, 1.5-1.7; services/events.ts (Evidence).
 */
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { computeBudget, type DetailedBudget } from "../../../services/configuration/budget.ts";
import type { QuorumMethod } from "../../../services/configuration/model.ts";
import type { ComWord, Evidence } from "../../../services/events.ts";
import { judgeDisk, type MemberWitness, type SlotLife } from "../../../services/quorum/disk.ts";
import type {
  ClaimProgress,
  Judgement,
  StartEvidence,
} from "../../../services/quorum/judgement.ts";
import { METHODS } from "../../../services/quorum/methods.ts";
import type { CopyState } from "../../../services/quorum/mirror.ts";
import {
  type CopyRecord,
  judgeMeeting,
  type MeetingJudgement,
} from "../../../services/quorum/mirror-meeting.ts";
import type { Situation } from "./decision-tables.ts";

/** One answer of the product. */
export interface Answer {
  readonly ageMs: number;
  readonly told: string;
  readonly budget: DetailedBudget;
}

export type Asker = (one: Situation, timeoutMs: number) => readonly Answer[];

const FOREVER_MS = 10_000_000;

const budgets = new Map<string, DetailedBudget>();

/** Disk wait: T for the claim, 2 T where the shared disk decides, so that max(T, DIO) is not T itself. */
export function budgetOf(
  method: QuorumMethod,
  timeoutMs: number,
  earlyVerdict = false,
): DetailedBudget {
  const key = `${method} ${timeoutMs} ${earlyVerdict}`;
  const known = budgets.get(key) ?? computeTimes(method, timeoutMs, earlyVerdict);
  budgets.set(key, known);
  return known;
}

function computeTimes(
  method: QuorumMethod,
  timeoutMs: number,
  earlyVerdict: boolean,
): DetailedBudget {
  const timing = {
    heartbeatTimeoutMs: timeoutMs,
    heartbeatIntervalMs: timeoutMs / 10,
    comIntervalMs: Math.min(1000, timeoutMs / 10),
    diskWaitMs: method === "disk" && !earlyVerdict ? 2 * timeoutMs : timeoutMs,
    startSyncWaitMs: 300_000,
    watchdogTimeoutMs: 0,
    earlyVerdict,
  };
  const isCom = method === "com" || method === "com-disk";
  const result = computeBudget(method, timing, { baud: isCom ? 38400 : null });
  if (result.kind !== "budget") throw new Error("the times do not fit");
  return result.budget;
}

/** First and last millisecond of a band of the claim methods. */
function agesOf(band: string, b: DetailedBudget): readonly number[] {
  const marks: Readonly<Record<string, readonly [number, number]>> = {
    fresh: [0, b.a1Ms - 1],
    first: [b.a1Ms, b.a2Ms - 1],
    second: [b.a2Ms, b.a3Ms - 1],
    late: [b.a3Ms, b.timeoutMs - 1],
    over: [b.timeoutMs, b.timeoutMs + b.diskWaitMs - 1],
    past: [b.timeoutMs + b.diskWaitMs, FOREVER_MS],
  };
  return marks[band] ?? [];
}

/** The same for the shared disk, where the verdict waits for the stamps. */
function stampAgesOf(band: string, b: DetailedBudget): readonly number[] {
  const marks: Readonly<Record<string, readonly [number, number]>> = {
    fresh: [0, b.a3Ms - 1],
    late: [b.a3Ms, b.timeoutMs - 1],
    over: [b.timeoutMs, b.quietMs - 1],
    settled: [b.quietMs, b.leaveMs - 1],
    leaving: [b.leaveMs, b.judgeMs - 1],
    judged: [b.judgeMs, FOREVER_MS],
  };
  return marks[band] ?? [];
}

export function textOf(judgement: Judgement): string {
  switch (judgement.kind) {
    case "survive":
      return "go-on";
    case "stop":
      return `ES:${judgement.reason}`;
    case "refuse":
      return `refuse:${judgement.reason}`;
    case "wait":
    case "claim":
    case "withdraw":
      return judgement.kind;
  }
}

function evidenceOf(one: Situation, ageMs: number, b: DetailedBudget): Evidence {
  const copy = one["copy"] as CopyState | undefined;
  return {
    ageMs,
    silenceMs: one["silence"] === "silent" ? b.timeoutMs : b.timeoutMs - 1,
    com: (one["com"] ?? "together") as ComWord,
    presence: one["frames"] === "refused",
    mayOwn: one["server"] === "owner",
    first: one["order"] === "leads",
    diskHealthy: one["disk"] === "works",
    grantedMs: b.timeoutMs,
    lacksMethod: one["words"] === "lacks",
    ...(copy === undefined ? {} : { mirror: { copies: [copy] } }),
  };
}

export const inView =
  (method: QuorumMethod): Asker =>
  (one, timeoutMs) => {
    const budget = budgetOf(method, timeoutMs);
    const claim = (one["claim"] ?? "none") as ClaimProgress;
    return agesOf(one["age"] ?? "", budget).map((ageMs) => {
      const judgement = METHODS[method]?.judge(evidenceOf(one, ageMs, budget), claim, budget);
      return { ageMs, told: judgement === undefined ? "no method" : textOf(judgement), budget };
    });
  };

export const atStart =
  (method: QuorumMethod): Asker =>
  (one, timeoutMs) => {
    const budget = budgetOf(method, timeoutMs);
    const claim = (one["claim"] ?? "none") as ClaimProgress;
    return startOf(one, budget).map((evidence) => {
      const judgement = METHODS[method]?.judgeStart(evidence, claim, budget);
      const told = judgement === undefined ? "no method" : textOf(judgement);
      return { ageMs: evidence.overdueMs, told, budget };
    });
  };

function startOf(one: Situation, b: DetailedBudget): readonly StartEvidence[] {
  const headMs = b.claimMs + b.sigmaMs;
  const bands: Readonly<Record<string, readonly number[]>> = {
    waiting: [-FOREVER_MS, -1],
    head: [0, headMs - 1],
    over: [headMs, FOREVER_MS],
  };
  const rivals = { none: ["none"], unproven: ["unproven"], stands: ["stands"] } as const;
  const rival = one["rivals"] as keyof typeof rivals | "both" | undefined;
  const copy = one["copy"] as CopyState | undefined;
  return (bands[one["wait"] ?? ""] ?? []).map((overdueMs) => ({
    overdueMs,
    comHeard: one["line"] === "heard",
    presence: one["frames"] === "refused",
    first: one["order"] === "leads",
    diskHealthy: one["disk"] === "works",
    lacksMethod: one["words"] === "lacks",
    ...(rival === undefined
      ? {}
      : {
          disk: {
            stampsInTime: one["stamps"] === "timely",
            rivals: rival === "both" ? (["unproven", "stands"] as const) : rivals[rival],
          },
        }),
    ...(copy === undefined ? {} : { mirror: { copies: [copy], chosen: one["chosen"] === "yes" } }),
  }));
}

function silencesOf(heard: string, b: DetailedBudget): readonly number[] {
  const marks: Readonly<Record<string, readonly number[]>> = {
    T: [0, b.timeoutMs - 1],
    between: [b.timeoutMs, b.judgeMs - 1],
    J: [b.judgeMs, FOREVER_MS],
  };
  return marks[heard] ?? [];
}

const LIVES: Readonly<Record<string, SlotLife>> = { alive: "alive", quiet: "silent", gone: "gone" };

/** Two servers; columns that a table does not have stand for the ordinary case. */
export const byStamps =
  (earlyVerdict: boolean): Asker =>
  (one, timeoutMs) => {
    const budget = budgetOf("disk", timeoutMs, earlyVerdict);
    const life = LIVES[one["other"] ?? ""] ?? "silent";
    const self = one["rank"] === "below" ? 1 : 0;
    const presence = one["frames"] === "refused";
    const ages = stampAgesOf(one["since"] ?? one["span"] ?? "", budget);
    const silences = silencesOf(one["heard"] ?? "", budget);
    return ages.flatMap((ageMs) =>
      silences.map((silenceMs) => {
        const grantedMs = budget.timeoutMs;
        const times = { ageMs, silenceMs, grantedMs };
        const member: MemberWitness = {
          ...times,
          index: 1 - self,
          presence,
          twoWay: false,
          life,
          stamps: life === "alive",
        };
        const witness = {
          self,
          stampsInTime: one["stamps"] !== "late",
          slept: one["slept"] === "slept",
          excluded: one["left"] === "out",
          members: [member],
        };
        const evidence = { ...evidenceOf(one, ageMs, budget), ...times, disk: witness };
        return { ageMs, told: textOf(judgeDisk(evidence, "none", budget)), budget };
      }),
    );
  };

export const byThree: Asker = (one, timeoutMs) => {
  const budget = budgetOf("disk", timeoutMs);
  const self = ["S1", "S2", "S3"].indexOf(one["self"] ?? "");
  const others = [0, 1, 2].filter((index) => index !== self);
  return stampAgesOf(one["since"] ?? "", budget).map((ageMs) => {
    const members = ["one", "two"].map((column, at) =>
      memberOf(one[column] ?? "", others[at] ?? 0, ageMs, budget),
    );
    const witness = { self, stampsInTime: true, slept: false, excluded: false, members };
    const evidence = { ...evidenceOf(one, ageMs, budget), silenceMs: ageMs, disk: witness };
    return { ageMs, told: textOf(judgeDisk(evidence, "none", budget)), budget };
  });
};

function memberOf(word: string, index: number, ageMs: number, b: DetailedBudget): MemberWitness {
  const twoWay = word.startsWith("near");
  const life = twoWay ? "alive" : (LIVES[word.slice("cut-".length)] ?? "silent");
  return {
    index,
    ageMs: twoWay ? b.intervalMs : ageMs,
    silenceMs: twoWay ? b.intervalMs : ageMs,
    grantedMs: b.timeoutMs,
    presence: false,
    twoWay,
    life,
    stamps: word === "near" || word === "cut-alive",
  };
}

const GROUND = { counter: 7, coordinator: 0, host: hostIncarnation("00000000000000aa") };
const OTHER_GROUND = { ...GROUND, counter: 8 };

export const byCopies: Asker = (one, timeoutMs) => {
  const record = (word: string | undefined, pairedIn: typeof GROUND): CopyRecord =>
    word === "rebuilding"
      ? { kind: "rebuilding" }
      : { kind: "whole", pairedIn, wroteAlone: word === "wrote" };
  const source = one["source"] === "own" || one["source"] === "other" ? one["source"] : null;
  const judgement = judgeMeeting({
    own: record(one["own"], GROUND),
    other: record(one["other"], one["ground"] === "same" ? GROUND : OTHER_GROUND),
    ownRuns: one["here"] === "runs",
    otherRuns: one["there"] === "runs",
    source,
  });
  return [{ ageMs: 0, told: meetingText(judgement), budget: budgetOf("mirror", timeoutMs) }];
};

const meetingText = (judgement: MeetingJudgement): string =>
  judgement.kind === "rebuild" ? `rebuild-${judgement.into}` : judgement.kind;
