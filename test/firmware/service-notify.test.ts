/**
 * Words to the service manager: ready once, alive as often as asked, nothing without a manager.
 * Source: sd_notify(3); ecosystem.md 4.3.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startServiceNotify, watchdogPeriodMs } from "../../firmware/service-notify.ts";
import { until } from "../deadline.ts";

async function withTool(act: (tool: string, said: () => string[]) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kage-notify-"));
  const tool = join(folder, "tool.sh");
  const log = join(folder, "log");
  writeFileSync(tool, `#!/bin/sh\necho "$* $NOTIFY_SOCKET" >>${log}\n`, { mode: 0o755 });
  const said = (): string[] =>
    existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
  try {
    await act(tool, said);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const silent = (text: string): void => {
  throw new Error(text);
};

test("ready once, then alive in a third of the manager's patience", async () => {
  await withTool(async (tool, said) => {
    const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: "/run/n", WATCHDOG_USEC: "60000" };
    const notify = startServiceNotify({ env, pid: 1, onTrouble: silent, tool });
    await until(
      "two signs of life",
      () => said().filter((line) => line.startsWith("WATCHDOG=1")).length >= 2,
    );
    notify.stop();
    assert.equal(
      said().filter((line) => line.startsWith("--ready")),
      ["--ready /run/n"],
    );
  });
});

test("without a manager no process is started", async () => {
  await withTool(async (tool) => {
    const onTrouble = silent;
    startServiceNotify({
      env: { WATCHDOG_USEC: "1000" },
      pid: 1,
      onTrouble,
      tool: `${tool}.absent`,
    });
  });
});

test("a tool that is missing is told once", async () => {
  const told: string[] = [];
  const env = { NOTIFY_SOCKET: "/run/n", WATCHDOG_USEC: "9000" };
  const onTrouble = (text: string): void => void told.push(text);
  const notify = startServiceNotify({ env, pid: 1, onTrouble, tool: "/nonexistent/notify" });
  await until("a word of trouble", () => told.length > 0);
  notify.stop();
  assert.is(told.length, 1);
  assert.match(told[0] ?? "", "install systemd's tools");
});

test("the period is a third, and only for the process that is meant", () => {
  assert.is(watchdogPeriodMs({ WATCHDOG_USEC: "30000000" }, 5), 10_000);
  assert.is(watchdogPeriodMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "5" }, 5), 10_000);
  assert.is(watchdogPeriodMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "6" }, 5), null);
  for (const odd of ["", "0", "-1", "x"])
    assert.is(watchdogPeriodMs({ WATCHDOG_USEC: odd }, 5), null);
});

const tools = ["systemd-notify", "socat"].filter((t) => spawnSync(t, ["-h"]).error === undefined);
if (tools.length === 2) {
  test("systemd's own tool puts the words onto the socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kage-notify-"));
    const socket = join(folder, "n");
    // systemd-notify waits until its manager has read the word; ours closes what it is handed.
    const listener = spawn("socat", ["-u", `UNIX-RECV:${socket}`, "-"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let heard = "";
    listener.stdout.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
    });
    try {
      await until("the socket", () => existsSync(socket));
      const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: socket };
      const notify = startServiceNotify({ env, pid: 1, onTrouble: () => undefined });
      await until("READY=1", () => heard.includes("READY=1"));
      notify.stop();
    } finally {
      listener.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
    assert.match(heard, "READY=1");
  });
}

test.run();
