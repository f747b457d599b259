/** The load of `kage tune`: busy while it is wanted, gone with its time, its order and its parent. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startLoad } from "../../../firmware/cli/tune-load.ts";
import { until } from "../../deadline.ts";

const MODULE = join(import.meta.dirname, "../../../firmware/cli/tune-load.js");

/** Direct children of a process, by the kernel's word. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

/** Clock ticks of computing so far; null = there is no such process any more. */
function ticksOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return fields[0] === "Z" ? null : Number(fields[11]);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

test("D51: the load computes until it is stopped, and nothing of it is left", async () => {
  const before = childrenOf(process.pid);
  const load = await startLoad(60_000, 2);
  const pids = childrenOf(process.pid).filter((pid) => !before.includes(pid));
  assert.is(load.count, 2);
  assert.is(pids.length, 2);
  await until("both to compute", () => pids.every((pid) => (ticksOf(pid) ?? 0) > 2));
  await load.stop();
  assert.ok(pids.every((pid) => ticksOf(pid) === null));
});

test("D51: the load ends by itself after its time", async () => {
  const before = childrenOf(process.pid);
  const load = await startLoad(50, 1);
  const pids = childrenOf(process.pid).filter((pid) => !before.includes(pid));
  await until("its end", () => pids.every((pid) => ticksOf(pid) === null));
  await load.stop();
});

test("D51: a kage that is killed leaves no load behind", async () => {
  const code = `import { startLoad } from ${JSON.stringify(MODULE)}; await startLoad(60_000, 1); console.log("on");`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(parent.stdout, "data");
  const pids = childrenOf(parent.pid ?? 0);
  assert.is(pids.length, 1);
  parent.kill("SIGKILL");
  await until("the load to be gone", () => pids.every((pid) => ticksOf(pid) === null));
});

test.run();
