/**
 * The program runner after its agent was killed: adoption by the run record, and what is no record.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  findByEnvironment,
  isAlive,
  readProcess,
} from "../../../../hal/drivers/process-tree/process-tree.ts";
import { until, within } from "../../../deadline.ts";
import { cookieOf, runnerSuite, spec, startAgent } from "./runner-world.ts";

const test = runnerSuite("program adoption");

test("architecture 1.8: a program outlives a SIGKILLed agent and is adopted", async (w) => {
  const agent = await startAgent(w.dir, "exec sleep 60");
  const died = once(agent.child, "close");
  agent.child.kill("SIGKILL");
  await within("agent dead", died);
  assert.ok(isAlive(agent.run));
  const adopted = await w.runner.adopt("web", "http");
  assert.is(adopted?.kind, "running");
  assert.equal(adopted?.kind === "running" && adopted.run, agent.run);
  assert.equal(await w.runner.list(), [agent.run]);
  assert.is((await w.runner.start(spec("exec sleep 60"))).kind, "already-running");
  process.kill(agent.run.pid, "SIGTERM");
  assert.equal((await w.nextExit()).end, { kind: "status", status: 143 });
  assert.is(w.exits.length, 1);
});

test("architecture 1.8: an adopted program is stopped as a whole", async (w) => {
  const agent = await startAgent(w.dir, "sleep 60 & exec sleep 60");
  const died = once(agent.child, "close");
  agent.child.kill("SIGKILL");
  await within("agent dead", died);
  await w.runner.adopt("web", "http");
  assert.is((await w.runner.stop("web", "http", 2000)).kind, "stopped");
  assert.equal(findByEnvironment([cookieOf(agent.run)]), []);
  assert.is(w.exits[0]?.duringStop, true);
});

test("architecture 1.8: a program that ended unwatched keeps its status", async (w) => {
  const gate = join(w.dir, "gate");
  const agent = await startAgent(w.dir, `while [ ! -e ${gate} ]; do sleep 0.02; done; exit 5`);
  const died = once(agent.child, "close");
  agent.child.kill("SIGKILL");
  await within("agent dead", died);
  writeFileSync(gate, "");
  await until("program gone", () => !isAlive(agent.run));
  await until("status on record", () => existsSync(join(agent.run.recordDir, "exit")));
  const adopted = await w.runner.adopt("web", "http");
  assert.equal(adopted?.kind === "exited" && adopted.exit.end, { kind: "status", status: 5 });
});

test("P2: a recycled pid is neither adopted nor touched", async (w) => {
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(stranger, "spawn");
  const stat = readProcess(stranger.pid ?? 0);
  if (stat === null) throw new Error("stranger not there");
  const dir = join(w.dir, "run", "programs", "web", "http");
  mkdirSync(dir, { recursive: true });
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  for (const file of ["parent", "program"]) {
    writeFileSync(join(dir, file), `${stat.pid} ${stat.startTicks - 1} ${boot}\n`);
  }
  assert.is((await w.runner.adopt("web", "http"))?.kind, "exited");
  assert.is((await w.runner.stop("web", "http", 0)).kind, "stopped");
  assert.ok(isAlive(stat), "same pid, other start time");
  // The same numbers after a reboot: right pid, right start time, other boot.
  const otherBoot = "00000000-0000-4000-8000-000000000000";
  for (const file of ["parent", "program"]) {
    writeFileSync(join(dir, file), `${stat.pid} ${stat.startTicks} ${otherBoot}\n`);
  }
  assert.is(await w.runner.adopt("web", "http"), null);
  assert.is((await w.runner.stop("web", "http", 0)).kind, "stopped");
  assert.ok(isAlive(stat), "other boot");
  stranger.kill("SIGKILL");
});

test("P4: a torn or foreign record is no record", async (w) => {
  const dir = join(w.dir, "run", "programs", "web", "http");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "program"), `${process.pid} 12`);
  assert.is(await w.runner.adopt("web", "http"), null);
  writeFileSync(join(dir, "program"), Buffer.alloc(300, 0xff));
  assert.is(await w.runner.adopt("web", "http"), null);
  assert.is((await w.runner.start(spec("exec sleep 60"))).kind, "started");
});

test.run();
