/**
 * Power cuts, ours and keepalived's in turn, in the same run on the same machine. Of every cut:
 *   outage      silence at the client: from the last answer before the takeover to the first one
 *               after it; further silences within a second are added
 *   age         of the owner's last sign of life on the wire at the instant of the cut
 *   activation  outage - (detection window - age): what the stack adds to its own timeout
 *   answer      outage + age: from the last sign of life to the first answer. It does not depend
 *               on the phase of the cut as the outage does, so it compares stacks whose intervals
 *               differ (ours T/10, VRRP T/3).
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { pause } from "../lab/command.ts";
import { type Row, ratio, round, type Spread, showSpread, spread } from "./figures.ts";
import { type BenchMethod, openKagemusha, otherServer } from "./kagemusha.ts";
import { openKeepalived } from "./keepalived.ts";
import type { Stack } from "./stack.ts";
import { monotonicMs, type Tools } from "./tools.ts";

/** Silences that follow the first within this time belong to the same cut, ms. */
const SETTLE_MS = 1_000;
/** A machine busier than this gives figures of its neighbours; wait for it at most so long. */
const BUSY_SHARE_MAX = 0.5;
const QUIET_WITHIN_MS = 20_000;
const RETURN_WITHIN_MS = 30_000;

export interface Cut {
  readonly owner: string;
  readonly outageMs: number;
  readonly ageMs: number;
  readonly activationMs: number;
  readonly answerMs: number;
  readonly gaps: number;
  /** Busy share of all cores in the second before the cut, 0-1. */
  readonly busy: number;
}

export interface CutSeries {
  readonly stack: string;
  readonly setting: string;
  readonly windowMs: number;
  readonly outageMs: Spread | null;
  readonly activationMs: Spread | null;
  readonly answerMs: Spread | null;
  readonly cuts: readonly Cut[];
}

export interface TakeoverResult {
  readonly timeoutMs: number;
  readonly kagemusha: CutSeries | null;
  readonly keepalived: CutSeries;
  readonly outageRatio: number | null;
  readonly answerRatio: number | null;
  readonly rows: readonly Row[];
}

export interface TakeoverPlan {
  readonly method: BenchMethod;
  readonly timeoutMs: number;
  readonly cuts: number;
  /** False: keepalived alone, to prove the harness. */
  readonly ours: boolean;
}

export async function measureTakeovers(
  tools: Tools,
  plan: TakeoverPlan,
  say: (line: string) => void,
): Promise<TakeoverResult> {
  const stacks: Stack[] = [];
  const cuts = new Map<string, Cut[]>();
  try {
    if (plan.ours) stacks.push(await openKagemusha(tools, plan.method, plan.timeoutMs));
    stacks.push(await openKeepalived(tools, plan.timeoutMs));
    for (let round = 1; round <= plan.cuts; round += 1) {
      for (const stack of stacks) {
        const cut = await cutOnce(stack, plan.timeoutMs);
        cuts.set(stack.name, [...(cuts.get(stack.name) ?? []), cut]);
        say(`${plan.timeoutMs} ms, cut ${round}, ${stack.name}: ${describe(cut)}`);
      }
      await Promise.all(
        stacks.map((stack) => stack.repair(cuts.get(stack.name)?.at(-1)?.owner ?? "")),
      );
    }
  } finally {
    for (const stack of stacks) await stack.close();
  }
  const series = (name: string): CutSeries | null => {
    const stack = stacks.find((one) => one.name === name);
    return stack === undefined ? null : summarise(stack, cuts.get(name) ?? []);
  };
  const keepalived = series("keepalived");
  if (keepalived === null) throw new Error("keepalived was not measured");
  return compare(plan, series("kagemusha"), keepalived);
}

const describe = (cut: Cut): string =>
  [
    `outage ${cut.outageMs} ms, activation ${cut.activationMs} ms`,
    `age ${cut.ageMs} ms, busy ${Math.round(cut.busy * 100)} %`,
  ].join(", ");

/** `load`: `quiet` waits for an idle machine first, `stress` takes it as it is. */
export async function cutOnce(
  stack: Stack,
  timeoutMs: number,
  load: "quiet" | "stress" = "quiet",
): Promise<Cut> {
  const owner = await stack.owner();
  if (owner === null) throw new Error(`${stack.name}: nobody owns the service`);
  const busy = load === "quiet" ? await quiet() : await busyShare(1_000);
  // A random phase: beats and advertisements must not march in step with the bench.
  await pause(randomInt(timeoutMs));
  stack.probe.forget();
  await stack.probe.answers(owner, monotonicMs(), RETURN_WITHIN_MS);
  const cutMs = await stack.cut(owner);
  await stack.probe.answers(otherServer(owner), cutMs, RETURN_WITHIN_MS);
  await pause(SETTLE_MS);
  return judgeCut(stack, owner, cutMs, busy);
}

function judgeCut(stack: Stack, owner: string, cutMs: number, busy: number): Cut {
  const beat = stack.lastBeat(owner, cutMs + 1);
  if (beat === null) throw new Error(`${stack.name}: no sign of life of ${owner} was seen`);
  const gaps = stack.probe.gaps().filter((gap) => gap.toMs > cutMs);
  const outageMs = gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0);
  const ageMs = Math.max(0, cutMs - beat);
  return {
    owner,
    outageMs: round(outageMs),
    ageMs: round(ageMs),
    activationMs: round(outageMs - (stack.windowMs - ageMs)),
    answerMs: round(outageMs + ageMs),
    gaps: gaps.length,
    busy,
  };
}

function summarise(stack: Stack, cuts: readonly Cut[]): CutSeries {
  return {
    stack: stack.name,
    setting: stack.setting,
    windowMs: stack.windowMs,
    outageMs: spread(cuts.map((cut) => cut.outageMs)),
    activationMs: spread(cuts.map((cut) => cut.activationMs)),
    answerMs: spread(cuts.map((cut) => cut.answerMs)),
    cuts,
  };
}

const ACTIVATION_MEDIAN_MAX_MS = 20;
const ACTIVATION_WORST_MAX_MS = 50;
const RATIO_MAX = 1.1;

function compare(
  { timeoutMs }: TakeoverPlan,
  kagemusha: CutSeries | null,
  keepalived: CutSeries,
): TakeoverResult {
  const outageRatio = ratio(kagemusha?.outageMs ?? null, keepalived.outageMs);
  const answerRatio = ratio(kagemusha?.answerMs ?? null, keepalived.answerMs);
  const rows: Row[] = [];
  const add = (name: string, value: string, target = "", met: boolean | null = null): void => {
    rows.push({ name: `${timeoutMs} ms ${name}`, value, target, met });
  };
  if (kagemusha !== null) {
    const { activationMs, outageMs } = kagemusha;
    const fast = (activationMs?.median ?? Number.POSITIVE_INFINITY) <= ACTIVATION_MEDIAN_MAX_MS;
    const bounded = (activationMs?.max ?? Number.POSITIVE_INFINITY) <= ACTIVATION_WORST_MAX_MS;
    const target = `median <= ${ACTIVATION_MEDIAN_MAX_MS}, worst <= ${ACTIVATION_WORST_MAX_MS}`;
    add("activation, kagemusha", showSpread(activationMs, "ms"), target, fast && bounded);
    add(`outage, kagemusha (${kagemusha.setting})`, showSpread(outageMs, "ms"));
  }
  add("activation, keepalived", showSpread(keepalived.activationMs, "ms"));
  add(
    `outage, keepalived (window ${keepalived.windowMs} ms: ${keepalived.setting})`,
    showSpread(keepalived.outageMs, "ms"),
  );
  if (kagemusha !== null) {
    const met = outageRatio !== null && outageRatio <= RATIO_MAX;
    add("outage ratio of medians", String(outageRatio), `<= ${RATIO_MAX}`, met);
    add("ratio from last sign of life to answer", String(answerRatio));
  }
  return { timeoutMs, kagemusha, keepalived, outageRatio, answerRatio, rows };
}

/**
 * Waits for a second in which the machine is not busy; returns that second's share all the same
 * at the deadline.
 */
export async function quiet(): Promise<number> {
  const endMs = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const share = await busyShare(1_000);
    if (share < BUSY_SHARE_MAX || performance.now() > endMs) return share;
  }
}

/** Share of all cores' time that was not idle, 0-1. Source: proc(5), /proc/stat. */
export async function busyShare(overMs: number): Promise<number> {
  const read = (): { total: number; idle: number } => {
    const line = readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "";
    const ticks = line.split(/\s+/).slice(1, 9).map(Number);
    return {
      total: ticks.reduce((sum, value) => sum + value, 0),
      idle: (ticks[3] ?? 0) + (ticks[4] ?? 0),
    };
  };
  const before = read();
  await pause(overMs);
  const after = read();
  const total = after.total - before.total;
  return total <= 0 ? 0 : Math.round((1 - (after.idle - before.idle) / total) * 100) / 100;
}
