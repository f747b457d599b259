/**
 * False takeovers: timeout 100 ms while twice as many busy loops run as there are cores. Nothing
 * is cut, so every change of the answering server or of the epoch is false. The series ends with
 * a real cut, which must still be seen: a detector that never fires would pass the rest.
 * keepalived runs beside, under the same load.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { gone, pause } from "../lab/command.ts";
import { type Row, round } from "./figures.ts";
import { openKagemusha } from "./kagemusha.ts";
import { openKeepalived } from "./keepalived.ts";
import type { Stack } from "./stack.ts";
import { busyShare, type Cut, cutOnce } from "./takeover.ts";
import { monotonicMs, type Tools } from "./tools.ts";

const TIMEOUT_MS = 100;
const HOGS_PER_CORE = 2;

export interface StressResult {
  readonly name: "stress";
  readonly seconds: number;
  readonly hogs: number;
  readonly busy: number;
  readonly stacks: readonly StressSeries[];
  readonly rows: readonly Row[];
}

export interface StressSeries {
  readonly stack: string;
  readonly setting: string;
  readonly falseTakeovers: number;
  readonly worstSilenceMs: number;
  /** null = the final cut was not detected. */
  readonly finalCut: Cut | null;
}

export async function measureStress(
  tools: Tools,
  seconds: number,
  say: (line: string) => void,
): Promise<StressResult> {
  const hogs = HOGS_PER_CORE * availableParallelism();
  const stacks: Stack[] = [];
  let hog: ReturnType<typeof spawn> | null = null;
  try {
    stacks.push(await openKagemusha(tools, "none", TIMEOUT_MS));
    stacks.push(await openKeepalived(tools, TIMEOUT_MS));
    const before = await Promise.all(stacks.map((stack) => stack.takeovers()));
    const owners = await Promise.all(stacks.map((stack) => stack.owner()));
    const fromMs = monotonicMs();
    for (const stack of stacks) stack.probe.forget();
    // It ends by itself should the bench die; the final cuts happen under load too.
    const words = ["--cpu", String(hogs), "--timeout", `${seconds + 120}s`, "--quiet"];
    hog = spawn("stress-ng", words, { stdio: "ignore" });
    say(`stress: ${hogs} busy loops for ${seconds} s at timeout ${TIMEOUT_MS} ms`);
    await pause((seconds * 1000) / 2);
    const busy = await busyShare(2_000);
    await pause((seconds * 1000) / 2 - 2_000);
    const after = await Promise.all(stacks.map((stack) => stack.takeovers()));
    const series: StressSeries[] = [];
    for (const [index, stack] of stacks.entries()) {
      const gaps = stack.probe.gaps().filter((gap) => gap.toMs > fromMs);
      const changes = gaps.filter((gap) => gap.from !== gap.to).length;
      const moved = (await stack.owner()) === owners[index] ? 0 : 1;
      const epochs = (after[index] ?? 0) - (before[index] ?? 0);
      const finalCut = await cutUnderLoad(stack);
      series.push({
        stack: stack.name,
        setting: stack.setting,
        falseTakeovers: Math.max(changes, moved, epochs),
        worstSilenceMs: round(Math.max(0, ...gaps.map((gap) => gap.toMs - gap.fromMs))),
        finalCut,
      });
      say(`stress, ${stack.name}: ${JSON.stringify(series.at(-1))}`);
    }
    return { name: "stress", seconds, hogs, busy, stacks: series, rows: series.flatMap(rowsOf) };
  } finally {
    if (hog !== null) {
      hog.kill("SIGTERM");
      await gone(hog);
    }
    for (const stack of stacks) await stack.close();
  }
}

/** Without the wait for a quiet machine: the load is the point. */
async function cutUnderLoad(stack: Stack): Promise<Cut | null> {
  try {
    return await cutOnce(stack, TIMEOUT_MS, "stress");
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("not within")) return null;
    throw error;
  }
}

function rowsOf(series: StressSeries): Row[] {
  const ours = series.stack === "kagemusha";
  return [
    {
      name: `false takeovers under load, ${series.stack} (${series.setting})`,
      value: `${series.falseTakeovers} (worst silence ${series.worstSilenceMs} ms)`,
      target: ours ? "0" : "",
      met: ours ? series.falseTakeovers === 0 : null,
    },
    {
      name: `final cut under load, ${series.stack}`,
      value: series.finalCut === null ? "not detected" : `outage ${series.finalCut.outageMs} ms`,
      target: ours ? "detected" : "",
      met: ours ? series.finalCut !== null : null,
    },
  ];
}
