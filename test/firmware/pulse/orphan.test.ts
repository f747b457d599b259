/**
 * A new pulse to which no agent comes: when it looks for one that hangs since before, and whom it takes for
 * it. T = 1 s: A3 lies below T, half of it below 500 ms, and nothing is due in the first 100 ms.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAgentWatch, watchAgent } from "../../../firmware/pulse/agent-watch.ts";
import { findOrphan } from "../../../firmware/pulse/orphan.ts";
import { readProcess } from "../../../hal/drivers/process-tree/process-tree.ts";
import type { PulseEvent } from "../../../services/events.ts";
import { pairConfig } from "./pair.ts";

const CONFIG = pairConfig("none", 1000);

/** Moments at which the watch asks for the end of an orphan, with a tick every 10 ms for 3 s. */
function ends(between: readonly PulseEvent[]): number[] {
  const found: number[] = [];
  let watch = createAgentWatch(0);
  for (let atMs = 0; atMs <= 3000; atMs += 10) {
    const due = between.filter((event) => event.atMs === atMs);
    for (const event of [...due, { kind: "tick", atMs } as const]) {
      const next = watchAgent(watch, event, CONFIG);
      watch = next.state;
      if (next.effects.some(({ kind }) => kind === "orphan.end")) found.push(atMs);
    }
  }
  return found;
}

const TOKEN = {
  progress: 1,
  blob: new Uint8Array(0),
  wish: { kind: "observe" },
  holds: null,
  peerOff: false,
  mayOwn: false,
} as const;

test("R21: a pulse to which no agent comes looks for an older one once, well before the lease of its predecessor is over", () => {
  const found = ends([]);
  assert.is(found.length, 1);
  const [atMs = 0] = found;
  assert.ok(atMs >= 400 && atMs <= 500, `${atMs} ms`);
});

test("R21: an agent that comes in time is no orphan, and a pulse that was away itself waits anew", () => {
  const spoke = { kind: "agent.spoke", atMs: 100, token: TOKEN } as unknown as PulseEvent;
  assert.equal(ends([spoke]), []);
  const [atMs = 0] = ends([{ kind: "gap.noticed", atMs: 300, gapMs: 300 }]);
  assert.ok(atMs >= 700 && atMs <= 800, `${atMs} ms`);
});

test("R22: the orphan is who listens as the agent and is older than this pulse", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kage-orphan-"));
  const listen = `require("net").createServer().listen(process.argv[1], () => console.log("up"))`;
  const start = async (argv: readonly string[]) => {
    const child = spawn(process.execPath, ["-e", ...argv], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    return child;
  };
  const idle = `console.log("up"); setInterval(() => {}, 1000)`;
  assert.is(findOrphan(dir), null, "nobody listens");
  const before = await start([idle]);
  const agent = await start([listen, join(dir, "agent.sock")]);
  const after = await start([idle]);
  try {
    const own = (pid: number | undefined): number => readProcess(pid ?? 0)?.startTicks ?? 0;
    assert.ok(own(before.pid) < own(agent.pid) && own(agent.pid) < own(after.pid));
    assert.is(findOrphan(dir, after.pid)?.pid, agent.pid, "older than the pulse");
    assert.is(findOrphan(dir, before.pid), null, "younger: it is being started");
  } finally {
    const ended = [before, agent, after].map((child) => once(child, "exit"));
    for (const child of [before, agent, after]) child.kill("SIGKILL");
    await Promise.all(ended);
    rmSync(dir, { recursive: true, force: true });
  }
});

test.run();
