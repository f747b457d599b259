/**
 * How long the pulse lets its agent hang: by every heartbeat timeout the agent is ended, and has time to come
 * back, before its groups are given up. Source: R21-R23, D24 (restart first, emergency shutdown only if that
 * fails).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type AgentWatch,
  createAgentWatch,
  graceMs,
  stallMs,
  watchAgent,
} from "../../../firmware/pulse/agent-watch.ts";
import { pairConfig } from "./pair.ts";

/** A restart of the agent takes some seconds on a busy machine. */
const RESTART_MS = 3000;

/** From one second to the longest times that a configuration may have. */
const TIMEOUTS_MS = [1000, 3000, 30_000, 90_000, 180_000, 600_000];

for (const timeoutMs of TIMEOUTS_MS) {
  const config = pairConfig("none", timeoutMs, { heartbeatIntervalMs: timeoutMs / 20 });

  test(`R22, R23: T ${timeoutMs} ms: a hung agent is ended with time to come back`, () => {
    assert.ok(stallMs(config) + RESTART_MS <= graceMs(config), `${stallMs(config)} ms`);
    const wish = { kind: "leave" } as const;
    const token = { progress: 1, blob: new Uint8Array(), mayOwn: true, wish };
    let watch: AgentWatch = { ...createAgentWatch(0), token };
    const killedMs: number[] = [];
    let lostMs: number | null = null;
    for (let atMs = 0; lostMs === null && atMs <= 2 * graceMs(config); atMs += 100) {
      const next = watchAgent(watch, { kind: "tick", atMs }, config);
      watch = next.state;
      if (next.effects.some(({ kind }) => kind === "agent.kill")) killedMs.push(atMs);
      if (next.lost) lostMs = atMs;
    }
    assert.is(killedMs.length, 1, "ended once");
    assert.ok((lostMs ?? 0) - (killedMs[0] ?? 0) >= RESTART_MS, `${killedMs[0]} then ${lostMs}`);
  });
}

test.run();
