/**
 * Planned move (order to answer from the other server) and crash of the service (kill to the
 * first answer of its successor on the same server). keepalived's clean stop is measured beside
 * the move; it does not restart services.
 */
import { pause, readProc } from "../lab/command.ts";
import { signalProcess } from "../lab/server.ts";
import { groupPrograms } from "../lab/server-processes.ts";
import { type Row, round, type Spread, showSpread, spread } from "./figures.ts";
import { openKagemusha, otherServer } from "./kagemusha.ts";
import { openKeepalived } from "./keepalived.ts";
import type { Stack } from "./stack.ts";
import { quiet } from "./takeover.ts";
import { monotonicMs, type Tools } from "./tools.ts";

const TIMEOUT_MS = 1_000;
const MOVE_WITHIN_MS = 15_000;
const RESTART_WITHIN_MS = 5_000;
const SETTLE_MS = 500;
const MOVE_MAX_MS = 50;
const CRASH_MAX_MS = 30;

export interface OrderResult {
  readonly name: "move" | "crash";
  readonly kagemusha: Spread | null;
  readonly keepalived: Spread | null;
  readonly rows: readonly Row[];
}

export async function measureMoves(
  tools: Tools,
  times: number,
  say: (line: string) => void,
): Promise<OrderResult> {
  const outages = new Map<string, number[]>();
  const stacks: Stack[] = [];
  try {
    stacks.push(await openKagemusha(tools, "com-disk", TIMEOUT_MS));
    stacks.push(await openKeepalived(tools, TIMEOUT_MS));
    for (let turn = 1; turn <= times; turn += 1) {
      for (const stack of stacks) {
        const ms = await moveOnce(stack);
        outages.set(stack.name, [...(outages.get(stack.name) ?? []), ms]);
        say(`move ${turn}, ${stack.name}: ${ms} ms without an answer`);
      }
    }
  } finally {
    for (const stack of stacks) await stack.close();
  }
  const kagemusha = spread(outages.get("kagemusha") ?? []);
  const keepalived = spread(outages.get("keepalived") ?? []);
  const met = kagemusha !== null && kagemusha.max <= MOVE_MAX_MS;
  const rows: Row[] = [
    {
      name: "planned move, kagemusha",
      value: showSpread(kagemusha, "ms"),
      target: `<= ${MOVE_MAX_MS}`,
      met,
    },
    {
      name: "clean stop, keepalived (same window)",
      value: showSpread(keepalived, "ms"),
      target: "",
      met: null,
    },
  ];
  return { name: "move", kagemusha, keepalived, rows };
}

/** Sum of the silences from the order until the other server answers steadily. */
async function moveOnce(stack: Stack): Promise<number> {
  const from = await stack.owner();
  if (from === null) throw new Error(`${stack.name}: nobody owns the service`);
  await quiet();
  stack.probe.forget();
  await stack.probe.answers(from, monotonicMs(), MOVE_WITHIN_MS);
  const orderMs = monotonicMs();
  const finish = await stack.move(from);
  await stack.probe.answers(otherServer(from), orderMs, MOVE_WITHIN_MS);
  await pause(SETTLE_MS);
  const gaps = stack.probe.gaps().filter((gap) => gap.toMs > orderMs);
  await finish();
  return round(gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0));
}

export async function measureCrashes(
  tools: Tools,
  times: number,
  say: (line: string) => void,
): Promise<OrderResult> {
  const stack = await openKagemusha(tools, "com-disk", TIMEOUT_MS);
  const values: number[] = [];
  try {
    for (let turn = 1; turn <= times; turn += 1) {
      await quiet();
      const owner = await stack.owner();
      if (owner === null) throw new Error("nobody owns the service");
      const pid = echoPid(stack, owner, tools);
      stack.probe.forget();
      await stack.probe.answers(owner, monotonicMs(), RESTART_WITHIN_MS);
      const killMs = monotonicMs();
      signalProcess(pid, "SIGKILL");
      const answer = await stack.probe.answers(owner, killMs + IN_FLIGHT_MS, RESTART_WITHIN_MS);
      values.push(round(answer.atMs - killMs));
      say(`crash ${turn}: first answer after ${values.at(-1)} ms`);
      await pause(SETTLE_MS);
    }
  } finally {
    await stack.close();
  }
  const kagemusha = spread(values);
  const row: Row = {
    name: "crash of the service to first answer, kagemusha",
    value: showSpread(kagemusha, "ms"),
    target: `<= ${CRASH_MAX_MS}`,
    met: kagemusha !== null && kagemusha.max <= CRASH_MAX_MS,
  };
  return { name: "crash", kagemusha, keepalived: null, rows: [row] };
}

/** An answer sent just before the kill may still be on its way. */
const IN_FLIGHT_MS = 0.5;

function echoPid(stack: Stack, owner: string, tools: Tools): number {
  const found = groupPrograms(stack.cabinet.bay(owner)).find(({ pid }) =>
    (readProc(`/proc/${pid}/cmdline`) ?? "").startsWith(`${tools.echo}\0`),
  );
  if (found === undefined) throw new Error(`${owner} runs no echo program`);
  return found.pid;
}
